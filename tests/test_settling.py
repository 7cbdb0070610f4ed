"""Whatever the gateway says, and in whatever order: the order is paid once, and nothing is lost."""

from urllib.parse import urlencode

import pytest
from sqlalchemy import select

from storefront import payments
from storefront.kit import events
from storefront.kit.db import db, transaction
from storefront.payments.gateways.base import Message
from storefront.taxes.models import TaxDocument


def test_race_04_a_notification_that_comes_twice_pays_once(play):
    """NOT-01, NOT-05, RAC-15: the gateway repeats itself; the goods are sold once, one receipt goes out. RACE-04.

    INV-28, INV-42.
    """
    play.shelves(mug=5)
    order, bill, _ = play.held_order(mug=3)

    for _ in range(2):
        assert play.gateway_says("paid", bill) == 200
    play.run("deliver_events")

    assert play.last_order().status == "PROCESSING"
    assert play.on_shelf("mug") == 2
    assert play.captured(order) == order.total_minor
    assert play.outcomes() == ["APPLIED", "DUPLICATE"]
    assert [subject for subject in play.letters() if "paid" in subject and "not paid" not in subject] == [
        f"The Test Shop: order {order.number} paid"
    ]


def test_the_return_may_come_first_or_last(play):
    """NOT-03, NOT-04, RET-01: swapped arrivals end alike."""
    play.shelves(mug=5)
    ends = []
    for first in ("notify", "return"):
        order, bill, shopper = play.held_order(mug=1)
        steps = {
            "notify": lambda bill=bill: play.gateway_says("paid", bill),
            "return": lambda bill=bill, shopper=shopper: shopper.get(
                play.return_path(bill, **play.message("paid", bill, "return"))
            ),
        }
        for step in (first, *(name for name in steps if name != first)):
            steps[step]()
        order = play.last_order()
        ends.append((order.status, order.payment_status, play.captured(order), play.holds(order)))
    assert ends[0] == ends[1] == ("PROCESSING", "PAID", order.total_minor, {"COMMITTED": 1})


def test_race_08_failure_after_success_changes_nothing(play):
    """Paid beats failed; the message is kept. RACE-08, NOT-02, INV-16."""
    play.shelves(mug=5)
    order, bill, _ = play.held_order(mug=1)
    play.gateway_says("paid", bill)
    assert play.gateway_says("declined", bill, reason="card_declined") == 200
    assert play.last_order().status == "PROCESSING"
    assert play.outcomes() == ["APPLIED", "NO_EFFECT"]


def test_race_09_success_after_failure_counts(play):
    """Money may come late for the same attempt. RACE-09, INV-30."""
    play.shelves(mug=5)
    order, bill, _ = play.held_order(mug=1)
    play.gateway_says("declined", bill, reason="card_declined")
    assert play.last_order().status == "HOLD"
    play.gateway_says("paid", bill)
    assert play.last_order().status == "PROCESSING"


@pytest.mark.parametrize(
    "change, reason", [({"amount": "100"}, "amount_mismatch"), ({"currency": "USD"}, "currency_mismatch")]
)
def test_a_wrong_sum_waits_on_the_desk_with_the_goods_kept(play, change, reason):
    """RAC-06: nothing is shown as paid; the goods stay held, the money is quarantined, both are told.

    INV-03, INV-06.
    """
    play.shelves(mug=5)
    order, bill, shopper = play.held_order(mug=2)
    assert play.gateway_says("paid", bill, **change) == 200

    order, (bill,) = play.last_order(), play.bills(order)
    assert (order.status, order.review_reason) == ("REVIEW", reason)
    assert (bill.disposition, bill.quarantine_reason) == ("QUARANTINED", reason)
    assert play.on_shelf("mug") == 3
    page = shopper.get(f"/orders/{order.key}")
    assert page.has("We are checking your payment") and not page.has("is paid")
    play.run("deliver_events")
    assert len([subject for subject in play.letters() if "payment" in subject]) == 2


def test_race_10_a_second_payment_of_a_paid_order_waits_on_the_desk(play):
    """Two attempts are both paid: one is applied, the other is money to give back. RACE-10, RAC-12, INV-06."""
    play.shelves(mug=5)
    order, first, shopper = play.held_order(mug=1)
    shopper.post(f"/orders/{order.key}/pay")
    second = play.last_bill()
    assert second.reference != first.reference

    play.gateway_says("paid", first)
    play.gateway_says("paid", second)

    assert [(bill.status, bill.disposition) for bill in play.bills(order)] == [
        ("PAID", "APPLIED"),
        ("PAID", "QUARANTINED"),
    ]
    assert play.last_order().payment_status == "OVERPAID"
    assert play.on_shelf("mug") == 4


def test_one_bill_paid_by_two_transactions_keeps_both_sums(play):
    """A gateway lets the same session be paid twice: the second sum gets a bill of its own on the desk.

    INV-02, RULE-04.
    """
    play.shelves(mug=5)
    order, bill, _ = play.held_order(mug=1)
    play.gateway_says("paid", bill)
    play.gateway_says("paid", bill, transaction="another", event="another-paid")
    assert play.captured(order) == 2 * order.total_minor
    assert [bill.disposition for bill in play.bills(order)] == ["APPLIED", "QUARANTINED"]


def test_another_orders_transaction_counts_only_there(play):
    """A transaction id counts once, for one bill, in the whole shop. INV-04."""
    play.shelves(mug=5)
    first, first_bill, _ = play.held_order(mug=1)
    second, second_bill, _ = play.held_order(mug=1)
    play.gateway_says("paid", first_bill)
    assert play.gateway_says("paid", second_bill, transaction=f"tr-{first_bill.reference}") == 200
    assert play.last_order().status == "HOLD"
    assert play.captured(second) == 0


def test_race_20_money_after_the_hold_takes_the_goods_again(play):
    """Closed by time, the goods are still there: the order lives again. (RACE-20)."""
    play.shelves(mug=5)
    order, bill, _ = play.held_order(mug=2)
    play.wait(minutes=46)
    play.run("close_unpaid_orders")
    assert (play.last_order().status, play.on_shelf("mug")) == ("CANCELLED", 5)

    play.gateway_says("paid", bill)
    assert play.last_order().status == "PROCESSING"
    assert play.on_shelf("mug") == 3
    documents = db.session.scalars(select(TaxDocument.status).filter_by(order_id=order.id)).all()
    assert documents == ["COMMITTED"]


def test_race_21_money_after_the_hold_without_goods_is_quarantined(play):
    """The goods are gone: the order stays closed, the money waits, nothing is oversold. (RACE-21)."""
    play.shelves(mug=2)
    order, bill, _ = play.held_order(mug=2)
    play.wait(minutes=46)
    play.run("close_unpaid_orders")
    play.paid_order(mug=1)
    play.gateway_says("paid", bill)

    late = next(one for one in play.bills(order))
    assert (late.disposition, late.quarantine_reason) == ("QUARANTINED", "late_order_closed")
    assert play.on_shelf("mug") == 1


def test_a_message_for_an_unknown_bill_is_kept(play):
    """NOT-13, rule 46: answered with a 2xx and kept as UNMATCHED; no order is touched."""
    play.shelves(mug=5)
    order, bill, _ = play.held_order(mug=1)
    stranger = play.message("paid", bill, reference="K-9999-1")
    assert play.notify(stranger).status == 200
    assert play.outcomes() == ["UNMATCHED"]
    assert play.last_order().status == "HOLD"


def test_race_31_a_message_stored_before_a_crash_is_applied_by_the_job(play):
    """Rule 31: stored, then the machine died: the job applies it. RACE-31."""
    play.shelves(mug=5)
    order, bill, _ = play.held_order(mug=1)
    body = urlencode(play.message("paid", bill)).encode()
    with transaction():
        payments.store_message("sandbox", "notify", Message("POST", "", body))
    play.wait(minutes=1)
    play.run("apply_waiting_messages")
    assert play.last_order().status == "PROCESSING"
    assert play.outcomes() == ["APPLIED"]


def test_the_history_is_whole(play):
    """ORD-17, AUD-04: every change has an actor and a cause, and the chain verifies. INV-15, RULE-10."""
    play.shelves(mug=5)
    order, bill, _ = play.held_order(mug=1)
    play.gateway_says("paid", bill)
    history = events.of_order(order.id)
    paid = next(event for event in history if event.type == "ORDER_PAID")
    assert (paid.actor_kind, paid.actor) == ("gateway", "sandbox")
    assert paid.cause_inbox_id is not None
    assert events.chain_is_whole(order.id)
