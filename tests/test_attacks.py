"""What a thief, an unlucky shopper and a lying gateway found; each of these was possible once."""

import pytest

from storefront import desk, orders, payments
from storefront.cart.models import Cart
from storefront.kit.db import db, transaction
from storefront.kit.errors import Conflict
from storefront.orders.models import Order
from storefront.orders.states import ORDER

from bookkeeping import check_books


def _replaced(play, shopper, times):
    """So many orders of one cart, each with one mug more, each replacing the one before."""
    placed = [play.held_order(shopper, mug=1)]
    for _again in range(times):
        play.fill_cart(shopper, mug=1)
        play.to_preview(shopper)
        placed.append(play.confirm(shopper))
    return placed


def test_paying_again_never_touches_a_strangers_cart(play):
    """Invariants 14 and 38: an order whose cart was merged away is not hung on any open cart of the shop."""
    play.shelves(mug=9)
    stranger = play.visitor("stranger")
    play.fill_cart(stranger, mug=1)
    owner = play.signed_in()
    order = play.held_order(owner, mug=2).order
    phone = play.visitor("phone")
    play.fill_cart(phone, mug=1)
    play.signed_in(shopper=phone)  # the phone's cart takes the other one in
    owner.get(f"/orders/{order.key}")
    owner.press("Cancel")
    owner.post(f"/orders/{order.key}/pay")
    assert db.session.get_one(Order, order.id).status == "HOLD"
    seen = {cart.id: cart.open_order_id for cart in db.session.query(Cart).filter_by(customer_id=None, status="OPEN")}
    assert set(seen.values()) == {None}
    play.gateway_says("paid", play.last_bill())
    assert play.in_cart(stranger) == {"Mug": 1}


def test_race_14_the_first_of_three_is_paid_after_the_last(play):
    """The newest order of a row of replaced ones is paid; late money for the first fulfils nothing. RACE-14."""
    play.shelves(mug=20)
    first, _second, third = _replaced(play, play.visitor("alice"), 2)
    play.gateway_says("paid", third.bill)
    play.gateway_says("paid", first.bill)
    assert [one.status for one in play.orders()] == ["CANCELLED", "CANCELLED", "PROCESSING"]
    assert play.bills(first.order)[0].disposition == "QUARANTINED"


def test_race_14_the_old_order_is_paid_and_then_its_successor(play):
    """Whichever was first counts; the other sum waits on the desk, in both orders of arrival. RACE-14."""
    play.shelves(mug=20)
    first, second = _replaced(play, play.visitor("alice"), 1)
    play.gateway_says("paid", first.bill)
    play.gateway_says("paid", second.bill)
    assert [one.status for one in play.orders()] == ["PROCESSING", "CANCELLED"]
    assert play.bills(second.order)[0].disposition == "QUARANTINED"


def test_the_first_of_three_is_paid_and_the_last_makes_way(play):
    """Invariant 7 of the domain: one payable order a cart, however long the row of replaced ones is."""
    play.shelves(mug=20)
    first, _second, _third = _replaced(play, play.visitor("alice"), 2)
    play.gateway_says("paid", first.bill)
    assert [one.status for one in play.orders()] == ["PROCESSING", "CANCELLED", "CANCELLED"]


def test_race_14_the_old_order_is_paid_when_its_successor_was_accepted_unpaid(play):
    """One cart is one order: what staff let go without money is not sent twice, the money waits. RACE-14, INV-39."""
    play.shelves(mug=20)
    first, second = _replaced(play, play.visitor("alice"), 1)
    with transaction():
        orders.accept_after_review(second.order.id, "otto")
    play.gateway_says("paid", first.bill)
    assert [one.status for one in play.orders()] == ["CANCELLED", "PROCESSING"]
    assert play.bills(first.order)[0].disposition == "QUARANTINED" and play.on_shelf("mug") == 18
    check_books(play)


def test_an_order_whose_cart_was_used_up_is_ordered_anew(play):
    """Whoever wants the goods of one cart a second time puts them back, and no cart waits for ever. INV-39."""
    play.shelves(mug=20)
    alice = play.visitor("alice")
    older = play.held_order(alice, mug=1)
    alice.get(f"/orders/{older.order.key}")
    alice.press("Cancel")
    play.to_preview(alice)
    newer = play.confirm(alice)
    play.gateway_says("paid", newer.bill)
    page = alice.get(f"/orders/{older.order.key}")
    assert page.has("was replaced by a newer one") and not page.has("Pay now")
    assert alice.post(f"/orders/{older.order.key}/pay").status == 409
    alice.get(f"/orders/{older.order.key}")
    alice.press("Put everything back into the cart")
    play.to_preview(alice)
    play.gateway_says("paid", play.confirm(alice).bill)
    assert [one.status for one in play.orders()] == ["CANCELLED", "PROCESSING", "PROCESSING"]
    assert {cart.open_order_id for cart in db.session.query(Cart)} == {None}
    check_books(play)


def test_money_that_the_gateway_would_not_take_back_is_on_the_desk_again(play):
    """Invariant 2: a desk refund that fails leaves the money in sight, and it can be asked for once more."""
    play.shelves(mug=9)
    placed = play.quickly_paid(mug=1)
    play.gateway_says("paid", placed.bill, transaction="second", event="second-paid")
    bill = play.bills(placed.order)[-1]
    for tries in (1, 2):
        with transaction():
            desk.refund_bill(placed.order.id, bill.id, reason="too much", actor="otto")
        with transaction():
            session = play.session_of(placed.bill)
            session.refunded_minor = session.captured_minor  # the gateway finds nothing left to send back
        play.run("send_refunds")
        assert [one.status for one in payments.refunds_of(placed.order.id)] == ["FAILED"] * tries
        assert play.bills(placed.order)[-1].disposition == "QUARANTINED"


def test_a_disputed_parcel_does_not_leave(play):
    """Rule 42: an order in review is not sent, whatever an old page of the admin says."""
    play.shelves(mug=9)
    placed = play.quickly_paid(mug=1)
    with transaction():
        order = orders.locked(placed.order.id)
        ORDER.apply(order, "doubted", reason="disputed")
        shipment_id = order.shipments[0].id
    with pytest.raises(Conflict), transaction():
        orders.ship(shipment_id)
    assert play.shelf("mug") == (9, 1)


def test_a_refund_that_is_told_before_its_payment_is_not_lost(play):
    """Invariant 30: the same messages in another order lead to the same books."""
    play.shelves(mug=9)
    placed = play.quick_order(mug=1)
    told = {"amount": "100", "transaction": "back", "event": "back-1"}
    assert play.gateway_says("refunded", placed.bill, **told) == 503  # kept, and asked for once more
    play.gateway_says("paid", placed.bill)
    play.wait(minutes=1)
    play.run("apply_waiting_messages")
    assert play.ledger_of(placed.bill) == {("captured", "EUR"): placed.order.due_minor, ("refunded", "EUR"): 100}
    assert play.last_order().payment_status == "PARTIALLY_REFUNDED"


def test_a_closed_order_is_not_paid_beside_its_successor(play):
    """Invariant 7 of the domain: one payable order a cart, also when an older one is taken up again."""
    play.shelves(mug=9)
    shopper = play.visitor("alice")
    first = play.held_order(shopper, mug=1)
    shopper.get(f"/orders/{first.order.key}")
    shopper.press("Cancel")
    play.to_preview(shopper)
    play.confirm(shopper)
    assert shopper.post(f"/orders/{first.order.key}/pay").status == 409
    assert [one.status for one in play.orders()] == ["CANCELLED", "HOLD"]
