"""One cart is one order: what is ordered once more after its time was over is not paid and sent a second time."""

import pytest

from storefront import orders
from storefront.kit.db import db, transaction
from storefront.payments.models import Bill

from bookkeeping import check_books
from waiting import on_desk


@pytest.fixture
def alice(play):
    play.shelves(mug=9)
    return play.visitor("alice")


def ended_and_ordered_anew(play, alice):
    """An order whose time is over, and a newer one of the same cart."""
    first = play.held_order(alice, mug=2)
    play.wait(minutes=46)
    play.run("close_unpaid_orders")
    play.to_preview(alice)
    return first, play.confirm(alice)


def statuses(play):
    play.look_again()
    return [order.status for order in play.orders()]


def test_late_money_for_the_older_order_takes_the_cart_back(play, alice):
    """It lives again, the unpaid newer one makes way, and its goods leave the cart; that one's money is too much.
    RACE-14, RACE-20.
    """
    first, second = ended_and_ordered_anew(play, alice)
    play.gateway_says("paid", first.bill)
    assert statuses(play) == ["PROCESSING", "CANCELLED"]
    assert play.in_cart(alice) == {} and play.on_shelf("mug") == 7
    play.gateway_says("paid", second.bill)
    assert statuses(play) == ["PROCESSING", "CANCELLED"]
    assert [(row.reason, row.order_id) for row in on_desk(play)] == [("duplicate_payment", second.order.id)]
    check_books(play)


def test_late_money_after_the_newer_order_was_paid_is_paid_twice(play, alice):
    """Nothing is sent a second time: the money waits, its reason is named, and the letter says so. RACE-14, RACE-20."""
    first, second = ended_and_ordered_anew(play, alice)
    play.gateway_says("paid", second.bill)
    play.gateway_says("paid", first.bill)
    assert statuses(play) == ["CANCELLED", "PROCESSING"] and play.on_shelf("mug") == 7
    assert [(row.reason, row.order_id) for row in on_desk(play)] == [("duplicate_payment", first.order.id)]
    play.run("deliver_events")
    assert not any("gone" in subject for subject in play.letters())
    assert "gone" not in alice.get(f"/orders/{first.order.key}").heading
    check_books(play)


def test_an_order_that_was_ordered_anew_is_not_paid_beside_the_newer_one(play, alice):
    """Its page leads to the newer one, also while that is looked at, and a press from an old tab is refused. INV-07."""
    first, second = ended_and_ordered_anew(play, alice)
    old_tab = alice.get(f"/orders/{first.order.key}")
    assert old_tab.has(second.order.number) and not old_tab.has("Pay now")
    play.shop(review_rules={"amount_minor": 100})
    play.gateway_says("paid", second.bill)
    assert statuses(play) == ["CANCELLED", "REVIEW"]
    assert alice.post(f"/orders/{first.order.key}/pay").status == 409
    with transaction():
        orders.accept_after_review(second.order.id, "otto")
    assert statuses(play) == ["CANCELLED", "PROCESSING"] and play.in_cart(alice) == {}
    check_books(play)


def test_late_money_for_a_closed_order_takes_its_goods_out_of_the_cart(play, alice):
    """Nobody has ordered anew: what is paid now is not in the cart any more. RACE-20, CRT-06."""
    placed = play.held_order(alice, mug=2)
    play.wait(minutes=46)
    play.run("close_unpaid_orders")
    assert play.in_cart(alice) == {"Mug": 2}
    play.gateway_says("paid", placed.bill)
    assert statuses(play) == ["PROCESSING"] and play.in_cart(alice) == {}


def test_an_order_that_was_put_back_into_a_cart_is_not_sent_beside_the_new_one(play, alice):
    """The copy is ordered and paid: late money for the original is too much. RACE-14, CRT-10."""
    first = play.held_order(alice, mug=2)
    play.wait(hours=25)
    play.run("close_unpaid_orders")
    alice.get("/cart")
    alice.press("Remove")
    alice.get(f"/orders/{first.order.key}")
    alice.press("Put everything back into the cart")
    play.to_preview(alice)
    second = play.confirm(alice)
    play.gateway_says("paid", second.bill)
    play.gateway_says("paid", first.bill)
    assert statuses(play) == ["CANCELLED", "PROCESSING"]
    assert [row.reason for row in on_desk(play)] == ["duplicate_payment"]


def test_the_rules_are_asked_also_when_money_comes_while_somebody_looks(play):
    """The gateway was silent, then paid: the order is dear, and waits for a person with its money. RACE-48, ORD-12."""
    play.shelves(mug=5)
    play.shop(review_rules={"amount_minor": 100})
    placed = play.quickly_at_gateway(mug=2)
    nobody_answers(play, placed)
    assert [row.reason for row in on_desk(play)] == ["gateway_silent"]
    play.gateway_says("paid", placed.bill)
    play.look_again()
    order, bill = play.last_order(), db.session.get_one(Bill, placed.bill.id)
    assert (order.status, order.review_reason, bill.disposition) == ("REVIEW", "review_amount", "APPLIED")
    assert [row.reason for row in on_desk(play)] == ["review_amount"]
    with transaction():
        orders.accept_after_review(order.id, "otto")
    assert statuses(play) == ["PROCESSING"] and on_desk(play) == []
    check_books(play)


@pytest.mark.parametrize("newer_first", [False, True], ids=["older-first", "newer-first"])
def test_what_nobody_answers_for_is_replaced_by_what_is_confirmed_since(play, alice, newer_first):
    """The older order waits for a person, without money: it ends like any unpaid one. RACE-13, RACE-14, RACE-48."""
    first = play.held_order(alice, mug=2)
    alice.press("Continue to payment page")
    nobody_answers(play, first)
    assert statuses(play) == ["REVIEW"]
    play.to_preview(alice)
    second = play.confirm(alice)
    assert statuses(play) == ["CANCELLED", "HOLD"] and on_desk(play) == []
    for placed in (second, first) if newer_first else (first, second):
        play.gateway_says("paid", placed.bill)
    assert sorted(statuses(play)) == ["CANCELLED", "PROCESSING"] and play.on_shelf("mug") == 7
    assert [row.reason for row in on_desk(play)] == ["duplicate_payment"]
    check_books(play)


def nobody_answers(play, placed):
    """The gateway plays dead until a person has to look at the order."""
    placed.shopper.press("Pay", scenario="down")
    for _ in range(12):
        play.wait(minutes=46)
        play.run("close_unpaid_orders")
