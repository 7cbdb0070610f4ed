"""Codes in the cart: what shoppers type, what they are told, and who holds the last use."""

from datetime import timedelta

import pytest
from sqlalchemy import event, select, update
from sqlalchemy.engine import Engine

from storefront import cart, promotions
from storefront.cart.models import Cart
from storefront.customers.models import Customer
from storefront.kit import clock
from storefront.kit.db import db, transaction
from storefront.orders.models import OrderAdjustment

import stage
from promoting import apply_code, counts, offer
from purchases import PASSWORD


def test_a_code_takes_ten_percent_off_through_the_whole_purchase(play, right_books):
    """Cart, preview, order, admin figures and letter show before and after. PRM-05, PRM-01."""
    play.shelves(mug=5)
    number = offer(code="welcome-10", limit_total=5)
    alice = play.visitor("alice")
    play.fill_cart(alice, mug=2)
    page = apply_code(alice, "Welcome 10")
    assert page.has("The code counts.") and page.has("Was €25.00 Now €22.50") and page.has("Discount -€2.50")
    page = play.to_preview(alice)
    assert page.has("Confirm and pay €27.40") and page.has("10 % of €25.00 is €2.50")
    placed = play.confirm(alice)
    assert counts(number) == (0, 1)
    assert (placed.order.goods_minor, placed.order.discount_minor, placed.order.total_minor) == (2500, 250, 2740)
    alice.press("Continue to payment page")
    alice.press("Pay")
    assert counts(number) == (1, 0)
    page = alice.get(f"/orders/{placed.order.key}")
    assert page.has("Was €25.00 Now €22.50") and page.has("Why is my total what it is?")
    play.run("deliver_events")
    assert any("(was €25.00)" in mail.get_body(("plain",)).get_content() for mail in play.mails())


MESSAGES = {
    "unknown": (None, "We do not know this code", 400),
    "over": ({"ends_at": -1}, "The code SPRING ended on", 409),
    "not yet": ({"starts_at": 1}, "The code SPRING is valid from", 409),
    "switched off": ({"on": False}, "The code SPRING is not valid any more.", 409),
    "used up": ({"coupon": {"limit": 0}}, "The code SPRING has been used up.", 409),
    "the code itself is over": ({"coupon": {"ends_at": -1}}, "The code SPRING ended on", 409),
}


@pytest.mark.parametrize("name", MESSAGES)
def test_each_reason_has_its_own_sentence(play, name):
    """Unknown, over, not yet, off, used up: the cart is as it was, and what was typed still stands there. PRM-05."""
    values, sentence, status = MESSAGES[name]
    play.shelves(mug=5)
    if values is not None:
        offer(code="SPRING", **{key: _moved(value) for key, value in values.items()})
    alice = play.visitor("alice")
    play.fill_cart(alice, mug=1)
    page = apply_code(alice, "spring")
    assert page.status == status and page.has(sentence) and page.has("There is a problem")
    assert 'value="spring"' in page.html and not page.has("Discount")
    assert len({text for _values, text, _status in MESSAGES.values()}) == 5


def _moved(value):
    """Days from now, wherever a moment is meant."""
    if isinstance(value, dict):
        return {key: _moved(inner) if key == "ends_at" else inner for key, inner in value.items()}
    return clock.now() + timedelta(days=value) if type(value) is int else value


def test_a_code_that_adds_nothing_yet_is_kept_and_says_when_it_counts(play, right_books):
    """From 40 euros on: told on the cart and on the preview, and it counts as soon as there is enough. PRM-05."""
    play.shelves(mug=9)
    offer(code="FORTY", conditions=[{"type": "sum", "least_minor": 4000}])
    alice = play.visitor("alice")
    play.fill_cart(alice, mug=1)
    page = apply_code(alice, "FORTY")
    assert page.has("The code FORTY adds nothing to this cart yet. It counts for all goods of €40.00 or more.")
    assert play.to_preview(alice).has("adds nothing to this cart yet")
    play.fill_cart(alice, mug=3)
    page = alice.get("/cart")
    assert page.has("Discount -€5.00") and not page.has("adds nothing")


def test_two_codes_that_cannot_be_used_together(play):
    """The exclusive one stands alone, and the other says why it takes nothing off. PRM-05."""
    play.shelves(mug=9)
    offer("Alone", code="ALONE", exclusive=True, priority=1)
    offer("Other", code="OTHER", priority=2)
    alice = play.visitor("alice")
    play.fill_cart(alice, mug=1)
    apply_code(alice, "OTHER")
    page = apply_code(alice, "ALONE")
    assert page.has("The code OTHER cannot be used together with the other offers in this cart.")
    assert page.has("Discount -€1.25")


def test_a_code_is_removed_and_typed_twice_and_has_its_limits(play):
    """Removing gives the old price; twice is told; the sixth is refused; nonsense is a 400, never a 500. PRM-05."""
    play.shelves(mug=9)
    for number in range(6):
        offer(f"Offer {number}", {"type": "amount", "amount_minor": 10}, code=f"CODE{number}")
    alice = play.visitor("alice")
    play.fill_cart(alice, mug=1)
    assert apply_code(alice, "CODE0").has("Discount -€0.10")
    assert apply_code(alice, "code-0").has("This code counts already.")
    page = alice.press("Remove CODE0")
    assert not page.has("Discount")
    for number in range(5):
        apply_code(alice, f"CODE{number}")
    page = apply_code(alice, "CODE5")
    assert page.status == 409 and page.has("At most 5 codes count for one order")
    for nonsense in ("", "   ", "x" * 101, "\u202e\u0301", "%00", "<script>", "' OR 1=1 --", "１２３"):
        assert apply_code(alice, nonsense).status in (400, 409), nonsense
    assert alice.post("/cart/codes/remove", {"code": "nothing"}).status == 200
    assert play.visitor("nobody").post("/cart/codes", {"code": "CODE0"}).status == 404


def test_an_account_counts_once_its_email_is_confirmed(play):
    """For customers who are signed in: a typed e-mail proves nothing, an unconfirmed account neither. PRM-05."""
    play.shelves(mug=9)
    offer("For Alice", conditions=[{"type": "customer", "emails": ["alice@example.com"]}])
    guest = play.visitor("guest")
    play.fill_cart(guest, mug=1)
    play.to_preview(guest)
    assert not guest.page.has("Discount")
    alice = play.signed_in()
    with transaction():
        db.session.execute(update(Customer).values(verified_at=None))
    play.fill_cart(alice, mug=1)
    assert not alice.get("/cart").has("Discount")
    with transaction():
        db.session.execute(update(Customer).values(verified_at=clock.now()))
    assert alice.get("/cart").has("Discount -€1.25")


def test_only_the_first_order_of_an_email_has_it(play, right_books):
    """The second order of the same e-mail costs what it costs; that of another has it. PRM-01."""
    play.shelves(mug=9)
    offer("Welcome", conditions=[{"type": "first_order"}])
    assert play.quickly_paid(mug=1).order.discount_minor == 125
    assert play.quickly_paid(mug=1).order.discount_minor == 0
    bob = play.visitor("bob")
    play.fill_cart(bob, mug=1)
    assert play.to_preview(bob, Email="bob@example.com").has("Discount -€1.25")


def test_what_changed_between_preview_and_confirm_is_shown(play, right_books):
    """The offer ends while the shopper looks: old beside new, nothing is charged, and it must be confirmed. RACE-17."""
    play.shelves(mug=9)
    number = offer("Ten percent")
    alice = play.visitor("alice")
    play.fill_cart(alice, mug=1)
    assert play.to_preview(alice).has("Confirm and pay €16.15")
    with transaction():
        promotions.switch(number, False)
    page = alice.press("Confirm and pay")
    assert page.status == 409 and page.has("To pay €16.15 €17.40") and page.has("Nothing was charged.")
    assert alice.press("Confirm and pay").status == 200 and play.last_order().total_minor == 1740


def test_an_order_keeps_what_was_promised_when_the_rule_changes(play, right_books):
    """Between confirm and payment the snapshot stands, and so does the version of the rule. RACE-18, INV-13."""
    play.shelves(mug=9)
    number = offer("Ten percent")
    placed = play.at_gateway(mug=1)
    with transaction():
        promotions.put_part(number, "actions", 0, {"type": "percent", "rate_ppm": 900_000})
    placed.shopper.press("Pay")
    order = play.last_order()
    assert (order.status, order.discount_minor, order.paid_minor) == ("PROCESSING", 125, 1615)
    adjustment = db.session.scalars(select(OrderAdjustment)).one()
    assert (adjustment.rule_version, adjustment.kind) == (f"{number}.2", "promotion")


def test_two_tabs_with_two_codes(play, right_books):
    """Tab one shows a preview; tab two types a code: the first must look again, and pays less. RACE-12, RACE-17."""
    play.shelves(mug=9)
    offer(code="TAB")
    alice = play.visitor("alice")
    play.fill_cart(alice, mug=1)
    play.to_preview(alice)
    tab = play.tab(alice)
    apply_code(tab, "TAB")
    page = alice.press("Confirm and pay")
    assert page.status == 409 and page.has("Discount €0.00 €1.25")
    assert alice.press("Confirm and pay").status == 200 and play.last_order().discount_minor == 125


def test_codes_of_two_carts_are_all_there_after_signing_in(play):
    """What was typed as a guest counts in the account's cart, once. CRT-11, PRM-05."""
    play.shelves(mug=9, bowl=9)
    offer(code="GUEST")
    alice = play.signed_in()
    play.fill_cart(alice, mug=1)
    guest = play.visitor("phone")
    play.fill_cart(guest, bowl=1)
    apply_code(guest, "GUEST")
    guest.get("/account/sign-in")
    guest.press("Sign in", {"Email": "alice@example.com", "Password": PASSWORD})
    assert guest.get("/cart").has("GUEST") and guest.page.has("Discount -€2.50")


def test_a_cart_of_a_hundred_lines_asks_no_more_often_than_one_of_one(play):
    """Fifty promotions of every kind, codes and limits: the number of queries does not grow with the lines. PRM-01."""
    play.shop(max_lines=200)
    for number in range(100):
        with transaction():
            stage.put_on_shelf(f"thing_{number}", 9)
    kinds = [
        {"type": "percent", "rate_ppm": 10_000},
        {"type": "amount", "amount_minor": 5},
        {"type": "buy_x_get_y", "buy": 5, "get": 1, "rate_ppm": 10**6, "skus": ["THING-1", "THING-2"]},
        {"type": "free_shipping", "rate_ppm": 100_000},
    ]
    for number in range(48):
        offer(f"Offer {number}", kinds[number % 4], limit_total=1000 if number % 7 == 0 else None)
    offer("Coded", code="CODED", limit_per_customer=3)
    offer("First", conditions=[{"type": "first_order"}])
    counted = []
    for many in (1, 100):
        basket = play.filled_basket(**{f"thing_{number}": 1 for number in range(many)})
        with transaction():
            cart.apply_code(db.session.get(Cart, basket.id), "CODED")
        play.look_again()
        mine, seen = db.session.get(Cart, basket.id), []

        def note(connection, cursor, statement, *rest, seen=seen):
            seen.append(statement)

        event.listen(Engine, "before_cursor_execute", note)
        with play.app.test_request_context(), clock.pinned(clock.here()):  # the clock is asked every other second
            assert cart.quote(mine).discount_minor
        event.remove(Engine, "before_cursor_execute", note)
        counted.append(len(seen))
    assert counted[0] == counted[1] < 20, counted


def test_an_offer_that_needs_its_code_no_more_comes_once(play, right_books):
    """The condition is removed while the code lies in carts: ten percent, not twenty. PRM-05."""
    play.shelves(mug=9)
    number = offer(code="OPEN")
    alice, bob = play.visitor("alice"), play.visitor("bob")
    for shopper in (alice, bob):
        play.fill_cart(shopper, mug=1)
    apply_code(alice, "OPEN")
    with transaction():
        promotions.drop_part(number, "conditions", 0, "coupon")
    assert alice.get("/cart").has("Discount -€1.25") and bob.get("/cart").has("Discount -€1.25")
    play.to_preview(alice)
    assert play.confirm(alice).order.discount_minor == 125


def test_a_code_that_brings_another_is_part_of_what_is_confirmed(play, right_books):
    """Typed beside an unpaid order, it makes a new one, though it takes nothing off: what it brings comes. RACE-13."""
    play.shelves(mug=5)
    prize = offer("Prize", code="PRIZE")
    offer("Thanks", {"type": "issue_coupon", "promotion_id": prize}, code="THANKS")
    alice = play.visitor("alice")
    play.held_order(alice, mug=1)
    apply_code(alice, "THANKS")
    alice.get("/checkout/preview")
    second = play.confirm(alice)
    assert [order.status for order in play.orders()] == ["CANCELLED", "HOLD"]
    kept = db.session.scalars(select(OrderAdjustment).filter_by(order_id=second.order.id)).all()
    assert [one.detail["benefit"] for one in kept] == ["issue_coupon"]
