"""The four steps and the order's page: each step has a guard and a way back, and what was typed is not lost."""

from datetime import timedelta
from itertools import pairwise

import pytest
from sqlalchemy import select, update

from storefront.customers.models import Customer, CustomerAddress
from storefront.kit import clock
from storefront.kit.db import db, transaction
from storefront.orders.models import Order, OrderAddress
from storefront.payments.models import PaymentMethod
from storefront.shipping.models import ServiceLevel, ShippingRegion
from storefront.stock.models import UNTRACKED

import stage
from purchases import ADDRESS


@pytest.fixture
def alice(play):
    """Alice, with a mug in her cart."""
    play.shelves(mug=9)
    alice = play.visitor("alice")
    play.fill_cart(alice, mug=1)
    return alice


def fields(page, button):
    """What stands in the form with this button, by name."""
    return dict(page.form(button)[0].values())


def to_address(shopper):
    """The address step, from the cart."""
    shopper.get("/cart")
    return shopper.click("Go to checkout")


# --- the steps


def test_skipping_ahead_leads_to_the_missing_step(play, alice):
    """CNF-01: whoever asks for a later step is led to the first that is missing; an empty cart leads to the cart."""
    stranger = play.visitor()
    for step in ("address", "shipping", "payment", "preview"):
        assert stranger.get(f"/checkout/{step}").path == "/cart"
    for step in ("shipping", "payment", "preview"):
        assert alice.get(f"/checkout/{step}").path == "/checkout/address"
    assert alice.post("/checkout/preview", {"quote_token": "x"}).path == "/checkout/address"
    alice.press("Continue to shipping", ADDRESS)
    assert alice.get("/checkout/preview").path == "/checkout/payment"
    alice.press("Review order")
    for step in ("address", "shipping", "payment", "preview"):  # and every step can be gone back to
        assert alice.get(f"/checkout/{step}").path == f"/checkout/{step}"


def test_going_back_and_forth_keeps_every_choice(play, alice):
    """CNF-04, SHP-05, ADR-11: what was picked is picked when one comes back, any number of times."""
    to_address(alice)
    alice.press("Continue to shipping", ADDRESS)
    alice.press("Continue to payment", choice="Express")
    assert alice.press("Review order").has("€22.30")
    for _ in range(3):
        page = alice.get("/checkout/address")
        assert fields(page, "Continue to shipping")["line1"] == "1 Quay Street"
        alice.get("/checkout/shipping")
        chosen = [one for one in alice.page.form("Continue to payment")[0].controls if one.checked]
        assert len(chosen) == 1 and chosen[0].label.startswith("Express")
        assert alice.get("/checkout/preview").has("€22.30")
    assert play.in_cart(alice) == {"Mug": 1}


def test_changing_one_thing_from_the_preview_leads_back_to_it(play, alice):
    """CNF-04: the links "Change" lead to a step and from there back to the preview."""
    to_address(alice)
    alice.press("Continue to shipping", ADDRESS)
    alice.press("Continue to payment")
    alice.press("Review order")
    alice.get(alice.page.link("Change the address"))
    page = alice.press("Review order", Address="8 New Road")
    assert page.path == "/checkout/preview" and page.has("8 New Road")
    alice.get(page.link("Change the shipping"))
    page = alice.press("Review order", choice="Express")
    assert page.path == "/checkout/preview" and page.has("Express")


def test_nothing_that_travels_needs_no_delivery(play):
    """ORD-07: for goods that do not travel the shipping step is left out and only an invoice address is asked for."""
    play.shop()
    with transaction():
        stage.put_on_shelf("song", 0, requires_shipping=False, policy=UNTRACKED)
    alice = play.visitor("alice")
    play.fill_cart(alice, song=1)
    page = to_address(alice)
    assert page.heading == "Your details"
    page = alice.press("Continue to payment", ADDRESS)
    assert page.path == "/checkout/payment"
    assert alice.get("/checkout/shipping").path == "/checkout/payment"
    alice.press("Review order")
    order = play.confirm(alice).order
    assert (order.total_minor, order.shipping_minor, order.service_level) == (1250, 0, {})


def test_an_account_may_be_needed(play, alice):
    """CNF-17: with require_account a guest is sent to sign in and comes back; without it nobody is asked."""
    assert to_address(alice).path == "/checkout/address"
    play.shop(require_account=True)
    page = to_address(alice)
    assert page.path == "/account/sign-in"
    play.signed_in(shopper=alice)
    assert to_address(alice).path == "/checkout/address"


# --- the address


def test_another_country_keeps_what_was_typed(play, alice):
    """ADR-11: the form follows the country; nothing typed is lost and no fault is found."""
    to_address(alice)
    typed = {"Email": "a@example.com", "Full name": "Alice <b>", "Address": "5 Elm", "Country": "Germany"}
    page = alice.press("Update the form", typed)
    assert page.status == 200 and not page.has("There is a problem")
    kept = fields(page, "Continue to shipping")
    assert (kept["email"], kept["name"], kept["line1"], kept["country"]) == (
        "a@example.com",
        "Alice <b>",
        "5 Elm",
        "DE",
    )


def test_a_wrong_postcode_says_what_to_do_and_keeps_the_rest(play, alice):
    """CNF-15, ADR-05: 400, a summary that leads to the field, the sentence at the field, everything still there."""
    to_address(alice)
    page = alice.press("Continue to shipping", {**ADDRESS, "Postcode": "12", "Email": "not an address"})
    assert page.status == 400 and page.has("There is a problem")
    assert page.has("Enter a postcode like A65 F4E2")
    assert 'href="#postcode"' in page.html and 'href="#email"' in page.html
    assert 'aria-invalid="true"' in page.html and page.title.startswith("Error")
    kept = fields(page, "Continue to shipping")
    assert (kept["postcode"], kept["email"], kept["line1"]) == ("12", "not an address", "1 Quay Street")
    assert alice.press("Continue to shipping", {"Email": "a@example.com", "Postcode": ""}).path == "/checkout/shipping"


def test_every_needed_field_is_named(play, alice):
    """CNF-15, ERR-09: an empty form is 400 and lists each field that is missing."""
    to_address(alice)
    page = alice.press("Continue to shipping")
    assert page.status == 400
    for sentence in ("Enter your email address", "Enter the full name", "Enter the street", "Enter the city"):
        assert page.has(sentence)


def test_the_invoice_may_go_elsewhere(play, alice):
    """ADR-02, ADR-08, ADR-10: the billing address is one of its own on the preview, the order and the parcel."""
    to_address(alice)
    page = alice.press("Continue to shipping", {**ADDRESS, "The invoice goes to another address": True})
    assert page.path == "/checkout/address" and page.has("Address for the invoice")
    billing = {
        "billing_name": "Byrne Ltd",
        "billing_line1": "2 Office Park",
        "billing_city": "Berlin",
        "billing_country": "DE",
        "billing_postcode": "10115",
    }
    page = alice.press("Continue to shipping", {**billing, "billing_postcode": "1"})
    assert page.status == 400 and 'href="#billing_postcode"' in page.html
    alice.press("Continue to shipping", billing)
    alice.press("Continue to payment")
    page = alice.press("Review order")
    assert page.has("2 Office Park") and page.has("1 Quay Street")
    placed = play.confirm(alice)
    assert (placed.order.billing_address.line1, placed.order.shipping_address.line1) == (
        "2 Office Park",
        "1 Quay Street",
    )
    play.gateway_says("paid", placed.bill)
    (parcel,) = play.last_order().shipments
    assert db.session.get(OrderAddress, parcel.address_id).line1 == "1 Quay Street"


def test_an_address_that_nothing_reaches_cannot_pass(play, alice):
    """ADR-07: a country outside every region is not offered; a region that lost its levels is refused in words."""
    page = to_address(alice)
    countries = page.form("Continue to shipping")[0].filled({})
    assert dict(countries)["country"] == "IE"
    page = alice.press("Continue to shipping", {**ADDRESS, "country": "JP"})
    assert page.status == 400 and page.has("Choose a country from the list")
    with transaction():
        region = ShippingRegion(name="Bavaria", countries=["DE"], subdivisions=["BY"])
        db.session.add(region)
        db.session.flush()
        db.session.add(ServiceLevel(region_id=region.id, name="Bote", params={"amount_minor": 1}, currency="EUR"))
        db.session.scalar(select(ShippingRegion).filter_by(name="Europe")).countries = ["IE"]
    german = {**ADDRESS, "country": "DE", "Postcode": "10115"}
    page = alice.press("Continue to shipping", german)
    assert page.status == 400 and page.has("We do not send to this address. Choose another address.")


def test_who_has_a_book_chooses_and_who_has_none_types(play):
    """ADR-06, ADR-05: an address typed by a customer is in the book; the preferred one is filled in next time."""
    play.shelves(mug=9)
    alice = play.signed_in()
    play.fill_cart(alice, mug=1)
    page = to_address(alice)
    assert fields(page, "Continue to shipping")["line1"] == ""
    assert fields(page, "Continue to shipping")["email"] == "alice@example.com"
    alice.press("Continue to shipping", ADDRESS)
    person = db.session.scalar(select(Customer).filter_by(email="alice@example.com"))
    (row,) = db.session.scalars(select(CustomerAddress).filter_by(customer_id=person.id))
    assert row.line1 == "1 Quay Street"
    to_address(alice)
    alice.press("Continue to shipping", ADDRESS)  # the same once more is the same row
    assert len(db.session.scalars(select(CustomerAddress).filter_by(customer_id=person.id)).all()) == 1


def test_race_38_the_book_may_change_after_the_order(play):
    """Editing and deleting the address leave the order's copy. RACE-38, ADR-08."""
    play.shelves(mug=9)
    alice = play.signed_in()
    order, _, _ = play.held_order(alice, mug=1)
    with transaction():
        db.session.execute(update(CustomerAddress).values(line1="Nowhere", name="Nobody"))
    assert alice.get(f"/orders/{order.key}").has("1 Quay Street")
    with transaction():
        for row in db.session.scalars(select(CustomerAddress)):
            db.session.delete(row)
    page = alice.get(f"/orders/{order.key}")
    assert page.has("1 Quay Street") and page.has("Alice Byrne")


# --- the order's page


def test_a_key_is_the_only_way_in(play):
    """RET-09, SEC-01: without the exact key there is no such order: 404 for every guess, in every address."""
    play.shelves(mug=9)
    order, bill, _ = play.held_order(mug=1)
    stranger = play.visitor()
    assert len(order.key) >= 22  # 128 bits
    guesses = (order.key[:-1], order.key + "x", order.key.swapcase(), order.number, str(order.id), "x" * 22, bill.key)
    for guess in guesses:
        for path in (f"/orders/{guess}", f"/orders/{guess}/status", f"/orders/{guess}/pay"):
            assert stranger.get(path).status == 404
        for deed in ("pay", "cancel", "keep"):
            assert stranger.post(f"/orders/{guess}/{deed}").status == 404
    assert stranger.get(f"/pay/{order.key}").status == 404
    assert play.last_order().status == "HOLD"
    assert stranger.get(f"/orders/{order.key}").status == 200


def test_guessing_is_slow(play, rate_limits):
    """RET-09: after a while a guesser is told to wait."""
    play.shop()
    guesser = play.visitor()
    answers = [guesser.get(f"/orders/{number:022}/status").status for number in range(125)]
    assert set(answers) == {404, 429} and answers[-1] == 429


def test_paying_later_through_the_key(play):
    """RET-10, RED-09: an unpaid order begins a new attempt with a new reference; the old attempt is closed."""
    play.shelves(mug=9)
    order, first, _ = play.held_order(mug=1)
    later = play.visitor("another browser")
    later.get(f"/orders/{order.key}")
    page = later.press("Pay now")
    assert page.steps == [303, 200] and page.path.startswith("/pay/")
    second = play.last_bill()
    assert (second.reference, second.attempt_no) == (f"{order.number}-2", 2)
    assert second.key != first.key and second.amount_minor == first.amount_minor
    assert [bill.status for bill in play.bills(order)] == ["CANCELLED", "REDIRECTED"]
    later.press("Continue to payment page")
    assert later.press("Pay").has("is paid")


def test_another_way_to_pay_never_approves_by_itself(play):
    """RET-10: a held order cannot slip into fulfilment unpaid by choosing to pay on pickup."""
    play.shelves(mug=9)
    with transaction():
        db.session.execute(
            update(PaymentMethod).where(PaymentMethod.code == "pickup").values(active=True, countries=[])
        )
    order, _, alice = play.held_order(mug=1)
    page = alice.get(f"/orders/{order.key}/pay")
    assert page.has("Card") and not page.has("Pay on pickup")
    pickup = db.session.scalar(select(PaymentMethod.id).filter_by(code="pickup"))
    alice.post(f"/orders/{order.key}/pay", {"choice": str(pickup)})
    assert play.last_order().status == "HOLD"
    assert [bill.backend for bill in play.bills(order)] == ["sandbox", "sandbox"]


def test_a_paid_order_is_not_paid_again(play):
    """CNF-16, ERR-10, RET-10: paying, keeping or cancelling a paid order is 409 and shows the receipt."""
    play.shelves(mug=9)
    order, _, alice = play.paid_order(mug=1)
    for deed in ("pay", "cancel", "keep"):
        page = alice.post(f"/orders/{order.key}/{deed}")
        assert page.status == 409 and page.has("There is a problem")
        assert page.has(f"Order {order.number} is paid") and page.has("1 × Mug")
    assert play.last_order().status == "PROCESSING" and len(play.bills(order)) == 1
    assert alice.get(f"/orders/{order.key}/pay").path == f"/orders/{order.key}"


def test_an_order_of_last_week_is_ordered_afresh(play):
    """Closed by time and older than a day, its prices do not stand any more: it is ordered afresh. RET-10."""
    play.shelves(mug=9)
    order, _, alice = play.held_order(mug=1)
    play.wait(hours=30)
    play.run("close_unpaid_orders")
    page = alice.get(f"/orders/{order.key}")
    assert page.has("Nothing was charged") and not any(form.button("Pay now") for form in page.forms)
    play.reprice("mug", 1300)
    alice.get("/cart")
    alice.press("Remove")
    page = alice.post(f"/orders/{order.key}/pay")
    assert (page.path, page.steps) == ("/cart", [303, 200])
    assert page.has(f"What was in order {order.number} is in your cart, at the prices of today.")
    assert page.has("was €12.50, now €13.00") and play.in_cart(alice) == {"Mug": 1}
    assert play.last_order().status == "CANCELLED" and len(play.bills(order)) == 1


def test_an_order_that_time_closed_can_be_paid_while_its_prices_stand(play):
    """RET-10: within a day the goods are taken again; if they are gone, that is said and nothing moves."""
    play.shelves(mug=1)
    order, _, alice = play.held_order(mug=1)
    play.wait(minutes=50)
    play.run("close_unpaid_orders")
    alice.get(f"/orders/{order.key}")
    assert alice.press("Pay now").path.startswith("/pay/")
    assert (play.last_order().status, play.on_shelf("mug")) == ("HOLD", 0)

    play.wait(minutes=50)
    play.run("close_unpaid_orders")
    page = alice.get(f"/orders/{order.key}")
    play.held_order(play.visitor("bob"), mug=1)
    page = alice.press("Pay now")
    assert page.status == 409 and page.has("Something has gone since you ordered")
    assert play.orders()[0].status == "CANCELLED"


def test_goods_are_kept_longer_three_times(play):
    """RET-10: "Keep for me" prolongs the hold by the window, three times; then it is 409 and the button is gone."""
    play.shelves(mug=9)
    order, _, alice = play.held_order(mug=1)
    ends = [play.last_order().hold_expires_at]
    for _ in range(3):
        play.wait(minutes=20)
        alice.get(f"/orders/{order.key}")
        assert alice.press("Keep for me").steps == [303, 200]
        ends.append(play.last_order().hold_expires_at)
    assert all(later - sooner >= timedelta(minutes=20) for sooner, later in pairwise(ends))
    page = alice.get(f"/orders/{order.key}")
    assert not any(form.button("Keep for me") for form in page.forms)
    page = alice.post(f"/orders/{order.key}/keep")
    assert page.status == 409 and page.has("We cannot keep the goods any longer than this.")
    assert play.last_order().hold_expires_at == ends[-1]


def test_cancelling_keeps_the_cart_and_gives_the_goods_back(play):
    """RAC-11, CNF-05: the shopper cancels; nothing is charged, the cart is as it was, others can have the goods."""
    play.shelves(mug=2)
    order, _, alice = play.at_gateway(mug=2)
    alice.get(f"/orders/{order.key}")
    page = alice.press("Cancel order")
    assert page.has(f"Order {order.number} is cancelled") and page.has("Nothing was charged")
    order = play.last_order()
    assert (order.status, order.close_reason) == ("CANCELLED", "shopper")
    assert (play.on_shelf("mug"), play.in_cart(alice)) == (2, {"Mug": 2})
    assert [one.status for one in play.bills(order)] == ["CANCELLED"]
    assert alice.post(f"/orders/{order.key}/cancel").status == 200  # twice is once


def test_an_order_whose_payment_is_on_its_way_cannot_be_cancelled(play):
    """RET-10: while the gateway says "pending", cancelling and paying again are 409 and say why."""
    play.shelves(mug=9)
    order, bill, alice = play.at_gateway(mug=1)
    play.gateway_says("pending", bill)
    page = alice.get(f"/orders/{order.key}")
    assert not any(form.button("Cancel order") or form.button("Pay now") for form in page.forms)
    for deed in ("cancel", "pay"):
        page = alice.post(f"/orders/{order.key}/{deed}")
        assert page.status == 409 and page.has("being processed")
        assert page.has("waits for your transfer")
    assert play.last_order().status == "HOLD" and play.holds(order) == {"HELD": 1}


def test_the_status_is_small_and_asked_for_cheaply(play):
    """RET-07: the same answer has the same ETag and is 304; a change gives another."""
    play.shelves(mug=9)
    order, bill, alice = play.at_gateway(mug=1)
    path = f"/orders/{order.key}/status"
    first = alice.get(path)
    assert first.json()["state"] == "unpaid" and first.json()["order"] == "HOLD"
    told = {"changed", "url", "link", "payable"}
    assert set(first.json()) == {"state", "version", "label", "order", "payment", "hold_until", "cart_version"} | told
    again = alice.get(path, headers={"If-None-Match": first.headers["ETag"]})
    assert (again.status, again.answer.content) == (304, b"")
    play.gateway_says("paid", bill)
    paid = alice.get(path, headers={"If-None-Match": first.headers["ETag"]})
    assert paid.status == 200 and paid.json()["state"] == "paid"
    cart = alice.get("/cart/status")
    assert alice.get("/cart/status", headers={"If-None-Match": cart.headers["ETag"]}).status == 304


def test_the_address_is_hidden_after_two_weeks(play):
    """RET-09: the link alone shows the full address for 14 days; its owner, signed in, sees it later too."""
    play.shelves(mug=9)
    owner = play.signed_in()
    order, bill, _ = play.held_order(owner, mug=1)
    play.gateway_says("paid", bill)
    stranger = play.visitor()
    assert stranger.get(f"/orders/{order.key}").has("H91 E2R8")
    assert not stranger.page.has("alice@example.com")
    with transaction():
        before = clock.now() - timedelta(days=15)
        db.session.execute(update(Order).values(placed_at=before))
    page = stranger.get(f"/orders/{order.key}")
    assert not page.has("H91 E2R8") and not page.has("Alice Byrne") and page.has("Ireland")
    assert owner.get(f"/orders/{order.key}").has("H91 E2R8")
