"""Paid orders that a rule of the shop sends to a person first: kept, looked at, and let go or refused."""

import pytest

from storefront import cart, customers, desk, orders
from storefront.cart.models import Cart
from storefront.kit import events
from storefront.kit.db import db, transaction
from storefront.kit.errors import Conflict
from storefront.orders.models import Order
from storefront.payments.models import PaymentMethod
from storefront.store import current

from counter import CLERK, comes_in, trail
from giving import issued, money_of, types
from waiting import bill_now, decides, on_desk, paid_too_late, refunds, the_row

pytestmark = pytest.mark.usefixtures("right_books")


def rules(play, **wanted):
    """The shop looks at some paid orders."""
    play.shelves(mug=9)
    play.shop(review_rules=wanted)


@pytest.mark.parametrize(
    "rule, reason",
    [
        ({"amount_minor": 2990}, "review_amount"),
        ({"first_order": True}, "review_first_order"),
        ({"amount_minor": 1, "first_order": True}, "review_amount"),
    ],
)
def test_a_paid_order_that_hits_a_rule_is_looked_at(play, rule, reason):
    """ORD-11, EVT-11, ACT-20: HOLD to REVIEW with its money applied and its goods held; no parcel; both are told."""
    rules(play, **rule)
    placed = play.quickly_paid(mug=2)
    order = placed.order
    assert (order.status, order.review_reason, order.payment_status) == ("REVIEW", reason, "PAID")
    assert bill_now(play, placed.bill)[0] == "APPLIED"
    assert play.holds(order) == {"HELD": 2} and not play.last_order().shipments
    page = placed.shopper.get(f"/orders/{order.key}")
    assert page.heading == "We are checking your order" and page.has("Your payment has arrived")
    play.run("deliver_events")
    assert play.letters()[-2:] == [
        f"The Test Shop: we are checking your order {order.number}",
        "The Test Shop: a payment needs you",
    ]
    assert the_row(play, reason).order_id == order.id


def test_staff_let_a_checked_order_go(play):
    """ORD-12, ORD-11: REVIEW to PROCESSING, ORDER_RELEASED once, by a person; the receipt goes out once."""
    rules(play, first_order=True)
    placed = play.quickly_paid(mug=2)
    page = decides(play, the_row(play, "review_first_order"), "accept", "Accept the order")
    assert page.has("The order is accepted")
    order = play.order_of(placed.bill)
    assert (order.status, play.holds(order), len(order.shipments)) == ("PROCESSING", {"COMMITTED": 2}, 1)
    released = [event for event in events.of_order(order.id) if event.type == "ORDER_RELEASED"]
    assert [(event.actor_kind, event.data["reason"]) for event in released] == [("staff", "accepted")]
    play.run("deliver_events")
    assert len([letter for letter in play.letters() if f"order {order.number} confirmed" in letter]) == 1
    with pytest.raises(Conflict), transaction():
        desk.accept(on_desk(play, "DONE")[-1].id, actor="henry")


def test_staff_refuse_a_checked_order(play):
    """ORD-13, RAC-07: REVIEW to CANCELLED, the goods are back, the whole sum goes back once, the shopper is told."""
    rules(play, first_order=True)
    placed = play.quickly_paid(mug=2)
    decides(play, the_row(play, "review_first_order"), "refund", "Send the money back")
    order = play.order_of(placed.bill)
    assert (order.status, order.close_reason, play.shelf("mug")) == ("CANCELLED", "review", (9, 0))
    assert refunds(play) == [(order.due_minor, "SUCCEEDED")] and not on_desk(play)
    play.run("deliver_events")
    assert any(f"order {order.number} cancelled" in letter for letter in play.letters())
    assert trail()[-1].startswith("desk: refund: desk ")
    play.both_books_agree()


def test_a_checked_order_ends_by_time_and_not_in_silence(play):
    """RULE-12, ORD-13: nobody looks: the owner is told a day before, then the money goes back."""
    rules(play, first_order=True)
    play.shop(desk_days=4)
    placed = play.quickly_paid(mug=2)
    play.wait(days=3, hours=1)
    play.run("decide_waiting_money")
    play.run("deliver_events")
    assert play.order_of(placed.bill).status == "REVIEW"
    assert len([letter for letter in play.letters() if "needs you" in letter]) == 2
    play.wait(days=1)
    play.run("decide_waiting_money")
    assert play.order_of(placed.bill).status == "CANCELLED" and bill_now(play, placed.bill)[0] == "APPLIED"
    assert [amount for amount, _state in refunds(play)] == [placed.order.due_minor]


def test_two_countries_are_looked_at(play):
    """EVT-11: billed to one country and sent to another, and only then."""
    rules(play, country_mismatch=True)
    assert play.quickly_paid(mug=1).order.status == "PROCESSING"
    basket = play.filled_basket(mug=1)
    with transaction():
        berlin = {"name": "Byrne Ltd", "line1": "2 Office Park", "city": "Berlin", "country": "DE", "postcode": "10115"}
        cart.choose(basket, billing_address_id=customers.save_address(berlin).id)
    play.confirm_basket(basket)
    play.gateway_says("paid", play.last_bill())
    order = play.last_order()
    assert (order.status, order.review_reason) == ("REVIEW", "review_country")
    assert the_row(play, "review_country").evidence["rules"] == ["review_country"]


@pytest.mark.parametrize("decision, words", [("accept", "Accept the order"), ("refund", "Send the money back")])
def test_an_order_covered_by_certificates_is_looked_at(play, decision, words):
    """EVT-11, PRM-11: nothing is due, and the rules count all the same; refused, the certificate is whole again."""
    rules(play, amount_minor=100, first_order=True)
    code = issued(5000)
    alice = play.visitor("alice")
    play.fill_cart(alice, mug=2)
    types(alice, code)
    play.to_preview(alice)
    page = alice.press("Confirm and pay")
    order = play.last_order()
    assert (order.status, order.review_reason, play.bills(order)) == ("REVIEW", "review_amount", [])
    assert page.heading == "We are checking your order" and play.holds(order) == {"HELD": 2}
    assert money_of(play, code) == (5000, order.total_minor, "ACTIVE")
    assert the_row(play, "review_amount").evidence["rules"] == ["review_amount", "review_first_order"]
    play.run("deliver_events")
    assert play.letters()[0] == f"The Test Shop: we are checking your order {order.number}"
    decides(play, the_row(play, "review_amount"), decision, words)
    order, left = play.last_order(), 5000 - order.total_minor
    if decision == "accept":
        assert order.status == "PROCESSING" and money_of(play, code) == (left, 0, "ACTIVE")
    else:
        assert order.status == "CANCELLED" and money_of(play, code) == (5000, 0, "ACTIVE")
        assert play.shelf("mug") == (9, 0)
    assert not on_desk(play)


def test_only_the_first_order_is_the_first(play):
    """EVT-11: an earlier order that went to packing, with the same e-mail, makes the next one an ordinary one."""
    play.shelves(mug=9)
    play.quickly_paid(mug=1)
    play.shop(review_rules={"first_order": True})
    assert play.quickly_paid(mug=1).order.status == "PROCESSING"
    assert not on_desk(play)


def test_a_second_payment_of_a_checked_order_is_a_double_one(play):
    """RAC-12, INV-03: while a person looks, more money is quarantined, and goes back without touching the review."""
    rules(play, first_order=True)
    placed = play.quickly_paid(mug=2)
    play.gateway_says("paid", placed.bill, transaction="second", event="second-paid")
    rows = {row.reason: row for row in on_desk(play)}
    assert set(rows) == {"review_first_order", "duplicate_payment"}
    with transaction():
        desk.refund(rows["duplicate_payment"].id, actor="carol")
    assert play.order_of(placed.bill).status == "REVIEW"
    assert the_row(play, "review_first_order")
    with transaction():
        desk.accept(rows["review_first_order"].id, actor="carol")
    assert play.order_of(placed.bill).status == "PROCESSING"


def test_late_money_that_hits_a_rule_waits_for_a_person(play):
    """RACE-20, EVT-11: a closed order is not revived past the rules: a person opens it, or the money goes back."""
    rules(play, amount_minor=100)
    placed = paid_too_late(play, mug=1)
    row = the_row(play, "late_order_closed")
    assert (play.order_of(placed.bill).status, row.suggested) == ("CANCELLED", "accept")
    decides(play, row, "accept", "Accept the order")
    assert play.order_of(placed.bill).status == "PROCESSING"


def test_the_owner_sets_the_rules(play):
    """ADM-12, EVT-11: typed as people write sums, checked, audited; the next paid order is looked at."""
    play.shelves(mug=9)
    owner = comes_in(play)
    owner.get("/admin/settings/desk")
    page = owner.press(
        "Save settings", {"Look at orders from this sum up": "29,90", "first_order": "y", "desk_days": "5"}
    )
    assert page.has("Saved.") and 'value="29.90"' in page.html
    play.look_again()
    assert current().review_rules == {"amount_minor": 2990, "first_order": True} and current().desk_days == 5
    assert play.quickly_paid(mug=3).order.status == "REVIEW"
    assert "change desk: settings" in trail()
    owner.get("/admin/settings/desk")
    page = owner.press("Save settings", {"Look at orders from this sum up": "", "desk_days": "5"})
    play.look_again()
    assert current().review_rules == {"first_order": True}
    assert comes_in(play, CLERK, "staff").get("/admin/settings/desk").status == 403


@pytest.mark.parametrize("sum", ["-1", "0", "lots", "1.999", "1e99", "\u0000"])
def test_rules_that_are_none_are_refused(play, sum):
    """ADM-12, INV-08: a 400 with the same page and the reason at the field; nothing is changed."""
    play.shelves(mug=9)
    owner = comes_in(play)
    owner.get("/admin/settings/desk")
    page = owner.press("Save settings", {"Look at orders from this sum up": sum, "desk_days": "5"})
    assert page.status == 400 or sum == "\u0000"
    play.look_again()
    assert current().review_rules == {}


def test_a_checked_order_keeps_its_cart_from_being_paid_twice(play):
    """CRT-11, RULE-07: paid and looked at, its cart is refused with a word; a separate order is still possible."""
    rules(play, first_order=True)
    alice = play.visitor("alice")
    placed = play.paid_order(alice, mug=2)
    assert placed.order.status == "REVIEW"
    play.to_preview(alice)
    page = alice.press("Confirm and pay")
    assert page.status == 409 and page.has(f"A payment for order {placed.order.number} is being checked.")
    assert page.link("Show the order that is being paid") == f"/orders/{placed.order.key}"
    assert len(play.orders()) == 1 and play.shelf("mug") == (9, 2)
    assert alice.press("Make a separate order").path == "/checkout/preview"
    second = play.confirm(alice)
    assert [order.status for order in play.orders()] == ["REVIEW", "HOLD"] and play.holds(second.order) == {"HELD": 2}
    with transaction():
        desk.accept_order(placed.order.id, actor="henry")
    assert [order.status for order in play.orders()] == ["PROCESSING", "HOLD"] and play.in_cart(alice) == {"Mug": 2}


def test_paid_and_checked_while_the_other_tab_confirms(play):
    """CRT-11, RAC-13: its goods are not touched by an order that was copied before the money came."""
    rules(play, first_order=True)
    play.shelves(poster=5)
    first = play.quickly_at_gateway(mug=2)
    basket = db.session.get_one(Cart, first.order.cart_id)
    with transaction():
        cart.add(basket, "POSTER", 1)
    play.look_again()
    with play.app.test_request_context(), transaction():
        quote = cart.quote(db.session.get_one(Cart, first.order.cart_id))
        method = db.session.get_one(PaymentMethod, quote.method_id)
        second = orders.place(quote, orders.take_number(), method=method, confirm_token="another tab")
        second_id = second.id
    first.shopper.press("Pay")
    assert play.order_of(first.bill).status == "REVIEW"
    with pytest.raises(orders.PaymentPending, match="is being checked"), transaction():
        orders.hold_goods(db.session.get_one(Order, second_id))
    assert play.holds(first.order) == {"HELD": 2} and play.shelf("poster") == (5, 0)
