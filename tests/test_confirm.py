"""From the preview to the gateway: what was shown is what is ordered, asked for, and kept, once."""

import ast
import inspect
import re
from pathlib import Path

import pytest
from sqlalchemy import delete, select, update

from storefront import checkout, orders
from storefront.catalog.models import Product, Variant
from storefront.customers.models import CustomerAddress
from storefront.kit.db import db, transaction
from storefront.kit.errors import ShopError
from storefront.orders.models import Order
from storefront.payments.models import Bill, GatewayConfig, PaymentMethod
from storefront.shipping.models import ServiceLevel
from storefront.stock.models import BACKORDER, DEDUCT_ON_PAID, UNTRACKED

import stage
from purchases import at_once

STOREFRONT = Path(__file__).resolve().parent.parent / "storefront"


@pytest.fixture
def alice(play):
    """Alice, with two mugs in her cart."""
    play.shelves(mug=9)
    alice = play.visitor("alice")
    play.fill_cart(alice, mug=2)
    return alice


def method(code, **values):
    """Change a way to pay."""
    with transaction():
        db.session.execute(update(PaymentMethod).filter_by(code=code).values(**values))


# --- the preview


def test_the_preview_shows_everything(play, alice):
    """Lines, shipping, tax, total, addresses, the way to pay, and how long goods are held. (CNF-02, CNF-19)."""
    play.shop(payment_window_min=25)
    page = play.to_preview(alice, **{"Full name": "Alice Q. Byrne"})
    for words in ("2 × Mug", "€25.00", "Standard", "€4.90", "VAT", "€4.99", "€29.90", "Card"):
        assert page.has(words), words
    for words in ("Alice Q. Byrne", "H91 E2R8", "alice@example.com"):
        assert page.has(words), words
    assert page.has("We keep the goods for 25 minutes while you pay.")
    assert page.has("Confirm and pay €29.90")


def test_the_preview_writes_nothing(play, alice):
    """CNF-04, SEC-09: looking at the preview, five times, leaves every row of every table as it was."""
    play.to_preview(alice)
    before = play.tables()
    for _ in range(5):
        assert alice.get("/checkout/preview").status == 200
    assert play.tables() == before


# --- confirm


def test_confirm_takes_two_steps(play, alice):
    """CNF-03, RED-01, RED-05: confirm is answered 303 to a page of ours, which holds the form to the gateway."""
    play.to_preview(alice)
    answer = alice.press("Confirm and pay", follow=False)
    bill = play.last_bill()
    assert answer.status == 303 and answer.headers["Location"] == f"/pay/{bill.key}" == bill.next_step
    page = alice.get(f"/pay/{bill.key}")
    form, _ = page.form("Continue to payment page")
    assert form.method == "post" and form.action.endswith(f"/sandbox/{bill.reference}")
    assert "leave.js" in page.html and "data-leave" in page.html


def test_the_order_is_there_before_the_shopper_leaves(play, alice):
    """CNF-06, BIL-11, EVT-01, ORD-22: in HOLD, unpaid, numbered, with its goods, its bill and its copies."""
    play.to_preview(alice)
    alice.press("Confirm and pay", follow=False)  # and the browser dies
    order = play.last_order()
    assert (order.status, order.payment_status) == ("HOLD", "UNPAID")
    assert [(line.title, line.sku, line.qty, line.unit_minor) for line in order.lines] == [("Mug", "MUG", 2, 1250)]
    assert (order.shipping_address.city, order.email) == ("Galway", "alice@example.com")
    (bill,) = play.bills(order)
    assert (bill.amount_minor, bill.currency, bill.status) == (order.due_minor, "EUR", "CREATED")
    assert play.holds(order) == {"HELD": 2} and order.hold_expires_at is not None
    assert play.in_cart(alice) == {"Mug": 2}


def test_the_number_is_shown_everywhere(play, alice):
    """CNF-07: on the page that leaves, on the order's page, and in the letter."""
    play.to_preview(alice)
    order, _, _ = play.confirm(alice)
    assert alice.page.has(order.number)
    assert alice.get(f"/orders/{order.key}").has(order.number)
    play.run("deliver_events")
    (letter,) = play.mails()
    assert order.number in letter["Subject"]
    assert order.number in letter.get_body(("plain",)).get_content()


def test_numbers_are_unique(play):
    """CNF-08: twenty who confirm at the same moment get twenty numbers, none of them twice. INV-14."""
    play.shelves(mug=100)
    crowd = [play.visitor(f"buyer {n}") for n in range(20)]
    for buyer in crowd:
        play.fill_cart(buyer, mug=1)
        play.to_preview(buyer)
    pages = at_once(*(lambda buyer=buyer: buyer.press("Confirm and pay") for buyer in crowd))
    assert [page.steps for page in pages] == [[303, 200]] * 20
    placed = play.orders()
    assert len({order.number for order in placed}) == len({order.key for order in placed}) == 20
    assert {order.status for order in placed} == {"HOLD"} and play.on_shelf("mug") == 80


def test_only_one_place_makes_orders():
    """CNF-09: one line of the shop calls the constructor of an order, and only the checkout's steps reach it."""
    makers, placers = [], []
    for path in STOREFRONT.rglob("*.py"):
        for node in ast.walk(ast.parse(path.read_text())):
            called = node.func if isinstance(node, ast.Call) else None
            where = str(path.relative_to(STOREFRONT))
            if isinstance(called, ast.Name) and called.id == "Order":
                makers.append(where)
            if isinstance(called, ast.Attribute) and called.attr == "place" and ast.unparse(called.value) == "orders":
                placers.append(where)
    assert makers == ["orders/placing.py"] and placers == ["checkout/reversible.py"]


def test_checkout_takes_a_cart_and_a_payment_choice():
    """CNF-10: the signature of the one way in."""
    asked = inspect.signature(checkout.place).parameters
    assert list(asked)[:4] == ["basket", "method", "quote_token", "confirm_token"]
    assert all(one.default is not inspect.Parameter.empty for one in list(asked.values())[4:])


def test_a_way_to_pay_says_why_it_cannot_be_chosen(play, alice):
    """CNF-11: a method with a maximum cannot be chosen beyond it and says so; forcing it is refused."""
    method("pickup", active=True, countries=[], max_minor=2000)
    play.to_preview(alice)
    page = alice.get("/checkout/payment")
    (row,) = [one for one in page.form("Review order")[0].controls if one.label.startswith("Pay on pickup")]
    assert row.disabled and "Up to €20.00." in row.label
    pickup = db.session.scalar(select(PaymentMethod.id).filter_by(code="pickup"))
    answer = alice.post("/checkout/payment", {"choice": str(pickup)})
    assert answer.status == 400 and answer.has("Choose how you would like to pay.")
    assert alice.get("/checkout/preview").has("Card")


def test_no_way_to_pay_is_said_in_words(play, alice):
    """CNF-11: with nothing to choose there is a sentence and no order."""
    play.to_preview(alice)
    method("card", max_minor=100)
    page = alice.press("Confirm and pay")
    assert page.path == "/checkout/payment" and page.has("There is no way to pay this online")
    assert not play.orders()


def test_a_way_to_pay_of_another_country_is_refused(play, alice):
    """CNF-11: methods for some countries or currencies only."""
    method("pickup", active=True, countries=["LV"])
    play.to_preview(alice)
    assert alice.get("/checkout/payment").has("Not for addresses in this country.")


def test_paying_on_pickup_goes_to_fulfilment_at_once(play, alice):
    """CNF-13, RED-04, RED-10: a method that approves by itself has no bill and no page to leave for."""
    method("pickup", active=True, countries=[])
    play.to_preview(alice)
    alice.get("/checkout/payment")
    alice.press("Review order", choice="Pay on pickup")
    page = alice.press("Confirm and pay")
    order = play.last_order()
    assert page.steps == [303, 200] and page.path == f"/orders/{order.key}"
    assert page.has(f"Order {order.number} is confirmed") and page.has("To pay: €29.90")
    assert (order.status, order.payment_status, play.bills(order)) == ("PROCESSING", "UNPAID", [])
    assert play.holds(order) == {"COMMITTED": 2} and play.in_cart(alice) == {}
    play.run("deliver_events")
    assert play.letters() == [f"The Test Shop: order {order.number} confirmed"]


def test_race_16_confirming_twice_shows_the_order_even_when_its_cart_is_closed(play, alice):
    """The same form again, after the cart was closed by the order, leads to the order. RACE-16, CNF-03."""
    method("pickup", active=True, countries=[])
    play.to_preview(alice)
    alice.get("/checkout/payment")
    preview = alice.press("Review order", choice="Pay on pickup")
    alice.press("Confirm and pay")
    alice.page = preview
    page = alice.press("Confirm and pay")
    assert page.path == f"/orders/{play.last_order().key}" and len(play.orders()) == 1


def test_short_stock_names_the_line(play, alice):
    """CNF-14, ERR-11: what is not there any more is named with what is left; there is no order, the cart stays."""
    play.shelves(poster=9)
    play.fill_cart(alice, poster=1)
    play.to_preview(alice)
    play.held_order(play.visitor("bob"), mug=8)
    page = alice.press("Confirm and pay")
    assert page.status == 409 and page.has("Mug: Only 1 left.") and page.has("Nothing was charged.")
    assert len(play.orders()) == 1 and play.in_cart(alice) == {"Mug": 2, "Poster": 1}
    assert play.on_shelf("poster") == 9
    alice.get("/cart")
    alice.press("Update", quantity="1")
    play.to_preview(alice)
    assert play.confirm(alice).order.goods_minor == 2500


def test_race_17_another_price_is_shown_beside_the_old_one(play, alice):
    """Repriced between preview and confirm: 409 with old and new, no order; then as shown. RACE-17, CNF-18, INV-12."""
    play.to_preview(alice)
    play.reprice("mug", 1300)
    page = alice.press("Confirm and pay")
    assert page.status == 409 and not play.orders()
    rows = re.sub(r"\s+", " ", page.text)
    assert page.has("This is what is different:") and "Mug 2 × €12.50 2 × €13.00" in rows
    assert "To pay €29.90 €30.90" in rows
    assert play.confirm(alice).order.total_minor == 3090


@pytest.mark.parametrize("change", ["shipping", "days", "tax", "level gone", "address"])
def test_race_17_whatever_else_changes_is_shown_again(play, alice, change):
    """Shipping, its days, taxes or addresses changed since the preview: nothing is ordered unseen. RACE-17, INV-12.

    CNF-18.
    """
    play.to_preview(alice)
    with transaction():
        if change == "shipping":
            db.session.execute(update(ServiceLevel).values(params={"amount_minor": 777}))
        elif change == "days":
            db.session.execute(update(ServiceLevel).values(days_min=30, days_max=40))
        elif change == "tax":
            db.session.execute(update(stage.TaxRate).values(rate_ppm=230_000))
        elif change == "level gone":
            chosen = db.session.scalar(select(ServiceLevel).filter_by(name="Standard"))
            db.session.delete(chosen)
        else:
            db.session.execute(update(CustomerAddress).values(city="Cork"))
    assert alice.press("Confirm and pay").status == 409
    assert not play.orders()
    assert play.confirm(alice).order.status == "HOLD"


def test_race_18_changes_after_confirm_do_not_touch_the_order(play, alice):
    """Rename, reprice, delete: the order stands. RACE-18, RACE-37, CAT-02, ORD-18, ORD-19, SHP-16, RAC-13.

    INV-13, RULE-08.
    """
    play.to_preview(alice)
    order, bill, _ = play.confirm(alice)
    before = alice.get(f"/orders/{order.key}").text
    with transaction():
        variant = play.variant("mug")
        product = db.session.get(Product, variant.product_id)
        product.title, variant.options, variant.weight_g = "Bucket", {"Size": "XL"}, 99
        db.session.execute(update(ServiceLevel).values(name="Pigeon", params={"amount_minor": 1}))
        db.session.execute(update(stage.TaxRate).values(rate_ppm=1))
        db.session.execute(update(PaymentMethod).values(label="Shells"))
    play.reprice("mug", 1)
    after = alice.get(f"/orders/{order.key}").text
    start = before.index(f"Order {order.number}")
    assert after[after.index(f"Order {order.number}") :].split("Your cart")[0] == before[start:].split("Your cart")[0]
    play.gateway_says("paid", bill)
    with transaction():
        product_id = db.session.scalar(select(Variant.product_id).filter_by(sku="MUG"))
        db.session.execute(delete(Product).where(Product.id == product_id))
    order = play.last_order()
    (line,) = order.lines
    assert (line.variant_id, line.title, line.sku, line.unit_minor, line.weight_g) == (None, "Mug", "MUG", 1250, 300)
    assert (order.status, order.total_minor, order.tax_minor) == ("PROCESSING", 2990, 499)
    assert order.service_level["name"] == "Standard" and order.payment_method["label"] == "Card"
    page = alice.get(f"/orders/{order.key}")
    assert page.has("2 × Mug") and page.has("€29.90")


def test_race_22_the_last_units_go_to_those_who_confirm_first(play):
    """Twelve buyers, three units: three orders, nine polite pages, full carts. RACE-22, RAC-08, CAT-10.

    INV-20, INV-24.
    """
    play.shelves(mug=3)
    crowd = [play.visitor(f"buyer {n}") for n in range(12)]
    for buyer in crowd:
        play.fill_cart(buyer, mug=1)
        play.to_preview(buyer)
    pages = at_once(*(lambda buyer=buyer: buyer.press("Confirm and pay") for buyer in crowd))
    assert sorted(page.status for page in pages) == [200] * 3 + [409] * 9
    for page in pages:
        assert page.status == 200 or (page.has("Nothing was charged.") and page.has("Mug: Sold out."))
    assert sorted(order.status for order in play.orders() if order.status != "FAILED") == ["HOLD"] * 3
    assert play.on_shelf("mug") == 0
    assert all(play.in_cart(buyer) == {"Mug": 1} for buyer in crowd)


@pytest.mark.parametrize(
    ("policy", "on_hand", "held", "left"),
    [(DEDUCT_ON_PAID, 5, {}, 5), (BACKORDER, 1, {"HELD": 2}, -1), (UNTRACKED, 0, {}, 0)],
)
def test_each_policy_holds_what_it_promises(play, policy, on_hand, held, left):
    """Set aside at confirm, or only when the money is there, or never counted. (CAT-08, STK-01, STK-02, INV-21)."""
    play.shelves(policy=policy, mug=on_hand)
    placed = play.held_order(mug=2)
    assert play.holds(placed.order) == held and play.on_shelf("mug") == left


# --- the page that leaves


def test_race_36_the_page_that_leaves_presses_its_button_once(play, alice):
    """The first view goes by itself; later ones offer three choices. RACE-36, RED-02, RED-03, CNF-05."""
    play.to_preview(alice)
    order, bill, _ = play.confirm(alice)
    first = alice.page
    assert first.has(f"Taking you to Sandbox Pay to pay €29.90 for order {order.number}.")
    assert "data-leave" in first.html and first.headers["Cache-Control"] == "no-store"
    for _ in range(2):
        later = alice.get(f"/pay/{bill.key}")
        assert "data-leave" not in later.html and "leave.js" not in later.html
        assert later.form("Continue to payment page") and later.form("Cancel order")
        assert later.link("Change the cart") == "/cart" and later.link("Use another way to pay")
        assert later.has("Nothing was charged")
    assert play.bills(order)[0].status == "REDIRECTED" and play.last_order().status == "HOLD"
    assert later.form("Continue to payment page")[0].values() == first.form("Continue to payment page")[0].values()


def test_only_the_gateway_can_be_posted_to(play, alice):
    """RED-08: the page that leaves allows forms to the configured gateway, every other page to the shop only."""
    with transaction():
        config = db.session.scalar(select(GatewayConfig).filter_by(name="sandbox"))
        config.properties = {"page": "https://pay.example/hosted"}
    play.to_preview(alice)
    page = play.confirm(alice).shopper.page
    assert page.form("Continue to payment page")[0].action == f"https://pay.example/hosted/{play.last_bill().reference}"
    assert "form-action 'self' https://pay.example" in page.headers["Content-Security-Policy"]
    assert page.headers["Content-Security-Policy"].endswith("form-action 'self' https://pay.example")
    assert alice.get("/cart").headers["Content-Security-Policy"].endswith("form-action 'self'")


@pytest.mark.parametrize("field", ["amount", "currency", "reference", "ok_url", "notify_url", "signature"])
def test_what_the_browser_changes_the_gateway_refuses(play, alice, field):
    """RED-06, SEC-04: every field of the form is signed; an altered one gets no payment page."""
    play.to_preview(alice)
    play.confirm(alice)
    form, _ = alice.page.form("Continue to payment page")
    sent = {**dict(form.values()), field: {"amount": "1", "currency": "USD"}.get(field, "x")}
    answer = alice.post(form.action, sent, csrf=False)
    assert answer.status == 400 and answer.has("its signature is missing or wrong")
    assert alice.get(form.action).status == 404


def test_a_smaller_signed_sum_is_not_a_payment_of_the_order(play, alice):
    """RED-06, SEC-04: even if the gateway were fooled, another sum than the bill's pays nothing. INV-03, RULE-03."""
    play.to_preview(alice)
    bill = play.confirm(alice).bill
    play.gateway_says("paid", bill, amount="1")
    assert play.last_order().status == "REVIEW" and play.last_order().payment_status != "PAID"


def test_each_attempt_has_its_own_reference_and_key(play, alice):
    """RED-09, ACT-13: number and attempt; the key in the address is another one and cannot be guessed."""
    play.to_preview(alice)
    order = play.confirm(alice).order
    alice.post(f"/orders/{order.key}/pay")
    first, second = play.bills(order)
    assert (first.reference, second.reference) == (f"{order.number}-1", f"{order.number}-2")
    assert first.key != second.key and len(first.key) >= 22 and order.number not in first.key
    assert second.expires_at is not None and second.amount_minor == order.due_minor
    assert alice.get(f"/pay/{first.key}").path == f"/orders/{order.key}"  # the old one leads home


def test_confirming_again_makes_a_new_amount(play, alice):
    """RED-07: the cart is changed and confirmed again: a new order, bill and amount; the old attempt is closed."""
    play.to_preview(alice)
    order, old, _ = play.confirm(alice)
    alice.get("/cart")
    alice.press("Update", quantity="3")
    play.to_preview(alice)
    new = play.confirm(alice).bill
    assert (old.amount_minor, new.amount_minor) == (2990, 4240)
    first = db.session.get(Order, order.id)
    assert (first.status, first.close_reason) == ("CANCELLED", "superseded")
    assert [db.session.get(Bill, one.id).status for one in (old, new)] == ["CANCELLED", "REDIRECTED"]
    page = alice.get(f"/orders/{order.key}")
    assert page.has("was replaced by a newer one") and page.link(f"Go to order {play.last_order().number}")


def test_a_gateway_that_is_down_costs_nothing(play, alice):
    """ERR-01, ERR-08: 503 with Retry-After and what to do; FAILED, goods free, cart full; then it works."""
    with transaction():
        config = db.session.scalar(select(GatewayConfig).filter_by(name="sandbox"))
        config.properties = {**config.properties, "down": True}
    play.to_preview(alice)
    page = alice.press("Confirm and pay")
    assert page.status == 503 and page.headers["Retry-After"]
    assert page.has("The payment service does not answer") and page.has("Nothing was charged")
    assert (play.last_order().status, play.on_shelf("mug")) == ("FAILED", 9)
    assert play.in_cart(alice) == {"Mug": 2}
    with transaction():
        config = db.session.scalar(select(GatewayConfig).filter_by(name="sandbox"))
        config.properties = {name: value for name, value in config.properties.items() if name != "down"}
    play.to_preview(alice)
    assert play.confirm(alice).order.status == "HOLD"


def test_refusals_are_one_tree():
    """ACT-30, ERR-12: every refusal of checkout and orders is one tree of errors with a sentence."""
    for kind in (checkout.steps.QuoteChanged, orders.PaymentPending):
        assert issubclass(kind, ShopError) and kind.code != ShopError.code
