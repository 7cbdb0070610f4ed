"""Money goes back once per wish, never more than came, whatever becomes of the call to the gateway."""

import pytest
from sqlalchemy import func, select

from rehearsing import rehearse
from storefront import checkout, jobs, orders, payments
from storefront.kit import events
from storefront.kit.db import db, transaction
from storefront.kit.errors import Conflict, Invalid
from storefront.payments.gateways import base
from storefront.payments.gateways.base import Outcome
from storefront.payments.models import Bill, LedgerEntry, Refund

from purchases import at_once

pytestmark = pytest.mark.usefixtures("right_books")


def paid(play, **goods):
    """Somebody's paid order."""
    play.shelves(mug=5)
    return play.quickly_paid(**(goods or {"mug": 2}))


def statuses(play):
    """Where each refund stands, oldest first."""
    play.look_again()
    return list(db.session.scalars(select(Refund.status).order_by(Refund.id)))


def test_a_full_refund(play):
    """ADM-15: sent by the job, recorded once, order and bill REFUNDED, the page and the letter say so."""
    placed = paid(play)
    total = placed.order.due_minor
    refund = play.ask_refund(placed.order, total)
    assert (refund.status, play.last_order().payment_status) == ("REQUESTED", "PAID")
    play.run("send_refunds")
    order = play.last_order()
    assert statuses(play) == ["SUCCEEDED"]
    assert (order.status, order.payment_status, order.refunded_minor) == ("PROCESSING", "REFUNDED", total)
    assert play.last_bill().status == "REFUNDED"
    assert play.ledger_of(placed.bill) == {("captured", "EUR"): total, ("refunded", "EUR"): total}
    assert play.visitor().get(f"/orders/{order.key}").heading == f"Order {order.number} is refunded"
    play.run("deliver_events")
    assert play.letters()[-1] == f"The Test Shop: refund for order {order.number}"
    play.both_books_agree()


def test_partial_refunds_up_to_the_whole(play):
    """ADM-15, invariant 7 and 11: part by part; never more than is left."""
    placed = paid(play)
    total = placed.order.due_minor
    for amount, status in ((100, "PARTIALLY_REFUNDED"), (200, "PARTIALLY_REFUNDED"), (total - 300, "REFUNDED")):
        with pytest.raises(Invalid), transaction():
            orders.request_refund(
                placed.order.id, total + 1, request_key=f"much-{amount}", reason="", actor="otto", restock={}
            )
        play.ask_refund(placed.order, amount)
        play.run("send_refunds")
        assert (play.last_order().payment_status, play.last_bill().status) == (status, status)
    with pytest.raises(Invalid):
        play.ask_refund(placed.order, 1)
    assert play.last_order().refunded_minor == total
    play.both_books_agree()


@pytest.mark.parametrize("amount", [0, -1, -(10**12), 10**12])
def test_a_senseless_sum_is_refused(play, amount):
    """ADM-15: nothing, less than nothing, or more than was captured. INV-07, RULE-11."""
    placed = paid(play)
    with pytest.raises(Invalid):
        play.ask_refund(placed.order, amount)
    assert statuses(play) == []


def test_what_is_on_its_way_cannot_be_asked_for_again(play):
    """Invariant 7: requested and sent refunds count before they are answered."""
    placed = paid(play)
    play.ask_refund(placed.order, placed.order.due_minor - 50)
    with pytest.raises(Invalid):
        play.ask_refund(placed.order, 51)
    play.ask_refund(placed.order, 50)
    play.run("send_refunds")
    assert play.last_order().payment_status == "REFUNDED"


def test_an_unpaid_order_has_nothing_to_send_back(play):
    """ADM-15."""
    play.shelves(mug=5)
    placed = play.quick_order(mug=1)
    with pytest.raises(Conflict):
        play.ask_refund(placed.order, 1)


def test_one_click_one_refund(play):
    """ADM-15, invariant 7: the same key again, also by two threads at once, is the same refund. INV-07."""
    placed = paid(play)
    first = play.ask_refund(placed.order, 100, key="click-1").id
    assert play.ask_refund(placed.order, 100, key="click-1").id == first

    def click():
        with play.app.app_context(), transaction():
            return orders.request_refund(placed_id, 100, request_key="click-2", reason="", actor="otto", restock={}).id

    placed_id = placed.order.id
    play.look_again()
    second, third = at_once(click, click)
    assert second == third != first
    play.run("send_refunds")
    assert play.last_order().refunded_minor == 200
    assert len(play.session_of(placed.bill).refunds) == 2


def test_two_jobs_send_it_once(play):
    """Rule 33: claimed by one; the gateway's own books show one."""
    placed = paid(play)
    play.ask_refund(placed.order, 100)

    def send():
        with play.app.app_context():
            return jobs.run_once("send_refunds")

    at_once(send, send, send)
    assert (statuses(play), play.session_of(placed.bill).refunded_minor) == (["SUCCEEDED"], 100)
    assert play.rows_of(LedgerEntry) == 2


def test_no_answer_is_asked_again_with_the_same_key(play):
    """Rule 32, rule 48, ground rule 5: unknown stays SENT, counts as on its way, is asked again under its key."""
    placed = paid(play)
    play.gateway_is_away()
    play.ask_refund(placed.order, 100, key="the-key")
    play.run("send_refunds")
    assert statuses(play) == ["SENT"]
    assert db.session.scalar(select(Refund.last_error)) != ""
    assert play.run("send_refunds")["rows"] == 0  # not at once
    with pytest.raises(Invalid):
        play.ask_refund(placed.order, placed.order.due_minor)
    play.gateway_is_back()
    play.wait(minutes=2)
    for _ in range(2):
        play.run("send_refunds")
    assert statuses(play) == ["SUCCEEDED"]
    assert list(play.session_of(placed.bill).refunds) == ["the-key"]
    assert play.last_order().refunded_minor == 100


def test_a_crash_after_the_call_makes_no_second_refund(play):
    """Rule 32, RAC-15: the gateway did it, we died before writing it down; asked again, it gives the first answer."""
    placed = paid(play)
    refund = play.ask_refund(placed.order, 100)
    with transaction():
        claimed = payments.claim(refund.id)
        assert claimed.status == "SENT"
    result = payments.call_gateway(db.session.get(Refund, refund.id))
    assert result.result == "done"  # and now the machine goes off
    play.wait(minutes=2)
    play.run("send_refunds")
    assert (statuses(play), play.session_of(placed.bill).refunded_minor) == (["SUCCEEDED"], 100)
    play.both_books_agree()


def test_the_gateway_may_refuse(play):
    """ADM-15: FAILED with its reason, the ledger unchanged, the sum can be asked for again."""
    placed = paid(play)
    with transaction():
        session = play.session_of(placed.bill)
        session.refunded_minor = session.captured_minor  # somebody did it in the gateway's console
    play.ask_refund(placed.order, 100)
    play.run("send_refunds")
    (refund,) = payments.refunds_of(placed.order.id)
    assert refund.status == "FAILED" and "not so much left" in refund.last_error
    assert play.ledger_of(placed.bill) == {("captured", "EUR"): placed.order.due_minor}
    assert play.last_order().payment_status == "PAID"
    assert payments.refundable(play.last_bill()) == placed.order.due_minor
    assert "REFUND_FAILED" in [event.type for event in events.of_order(placed.order.id)]
    play.run("deliver_events")
    assert not [words for words in play.letters() if "refund" in words]


@pytest.mark.parametrize("first", ["notification", "answer"])
def test_told_by_answer_and_by_notification(play, first):
    """Rule 5, rule 41, invariant 28: one ledger row, whichever comes first."""
    placed = paid(play)
    refund = play.ask_refund(placed.order, 100)
    with transaction():
        payments.claim(refund.id)
    result = payments.call_gateway(db.session.get(Refund, refund.id))
    fields = play.message("refunded", placed.bill, amount="100", event=result.gateway_id)
    if first == "notification":
        assert play.notify(fields).status == 200
    with transaction():
        orders.finish_refund(db.session.get(Refund, refund.id), result)
    if first == "answer":
        assert play.notify(fields).status == 200
    assert (statuses(play), play.last_order().refunded_minor) == (["SUCCEEDED"], 100)
    assert play.ledger_of(placed.bill)["refunded", "EUR"] == 100


def test_a_refund_made_in_the_gateways_own_console(play):
    """Rule 41: imported to the ledger; no goods move by themselves; what is left can be sent back here."""
    placed = paid(play)
    play.gateway_says("refunded", placed.bill, amount="300", event="console-1")
    assert (play.last_order().payment_status, play.last_order().refunded_minor) == ("PARTIALLY_REFUNDED", 300)
    assert play.shelf("mug") == (5, 2)
    assert payments.refundable(play.last_bill()) == placed.order.due_minor - 300


def test_goods_come_back_only_if_they_were_sent(play):
    """ADM-15, STK-08: restocked when the gateway has refunded, once, never more than left the house."""
    placed = paid(play)
    line = play.last_order().lines[0].id
    play.ask_refund(placed.order, 100, restock={line: 2})  # still in the house: there is nothing to take back
    play.run("send_refunds")
    assert play.shelf("mug") == (5, 2)
    with transaction():
        orders.ship(play.last_order().shipments[0].id)
    assert play.shelf("mug") == (3, 0)
    for wish, shelf in (({line: 1}, (4, 0)), ({line: 2}, (5, 0)), ({line: 2}, (5, 0)), ({}, (5, 0))):
        play.ask_refund(placed.order, 100, restock=wish)
        assert play.shelf("mug")[0] <= shelf[0]
        play.run("send_refunds")
        assert play.shelf("mug") == shelf
    assert play.holds(placed.order) == {"RETURNED": 2}


def test_refused_refunds_bring_no_goods_back(play):
    """ADM-15: the goods follow the money."""
    placed = paid(play)
    parcel, session = play.last_order().shipments[0].id, play.session_of(placed.bill)
    with transaction():
        orders.ship(parcel)
        session.refunded_minor = session.captured_minor
    play.ask_refund(placed.order, 100, restock={play.last_order().lines[0].id: 2})
    play.run("send_refunds")
    assert (statuses(play), play.shelf("mug")) == (["FAILED"], (3, 0))


def test_a_merchants_cancel_sends_the_money_back(play):
    """ORD-09, ORD-13, SHS-06, EVT-03: goods released, parcel cancelled, everything captured asked back, once."""
    placed = paid(play)
    for _ in range(2):
        with transaction():
            orders.cancel_by_merchant(placed.order.id, "otto", "Out of clay")
    order = play.last_order()
    assert (order.status, order.close_reason, play.shelf("mug")) == ("CANCELLED", "merchant", (5, 0))
    assert [shipment.status for shipment in order.shipments] == ["CANCELLED"]
    assert statuses(play) == ["REQUESTED"]
    play.run("send_refunds")
    order = play.last_order()
    assert (order.payment_status, order.refunded_minor) == ("REFUNDED", order.paid_minor)
    assert play.visitor().get(f"/orders/{order.key}").heading == f"Order {order.number} is refunded"
    play.both_books_agree()


@pytest.mark.parametrize("change", [{"amount": "1000"}, {"currency": "USD"}])
def test_a_review_that_fails_sends_back_what_came(play, change):
    """ORD-13, RAC-07: the wrong sum, in the currency in which it came; the desk is clear afterwards."""
    play.shelves(mug=5)
    placed = play.quickly_at_gateway(mug=2)
    scenario = "wrong_currency" if "currency" in change else "wrong_amount"
    placed.shopper.press("Pay", scenario=scenario)
    assert play.last_order().status == "REVIEW"
    if "currency" in change:
        assert (play.last_order().payment_status, play.last_order().paid_minor) == ("UNPAID", 0)
    else:
        assert play.last_order().payment_status == "PARTIALLY_PAID"
    with transaction():
        orders.cancel_by_merchant(placed.order.id, "otto")
    play.run("send_refunds")
    order, bill = play.last_order(), play.last_bill()
    assert (order.status, order.close_reason, play.shelf("mug")) == ("CANCELLED", "review", (5, 0))
    assert (bill.disposition, bill.resolution, payments.quarantined()) == ("RESOLVED", "refunded", [])
    currency = change.get("currency", "EUR")
    ledger = play.ledger_of(bill)
    assert set(ledger) == {("captured", currency), ("refunded", currency)} and len(set(ledger.values())) == 1
    play.both_books_agree()


def test_a_review_that_passes_keeps_the_money(play):
    """ORD-12, RAC-07: accepted once; the order goes on, the bill counts, the receipt is written."""
    play.shelves(mug=5)
    placed = play.quickly_at_gateway(mug=2)
    placed.shopper.press("Pay", scenario="wrong_amount")
    for _ in range(2):
        with transaction():
            orders.accept_after_review(placed.order.id, "otto")
    order = play.last_order()
    assert (order.status, order.payment_status, play.last_bill().disposition) == (
        "PROCESSING",
        "PARTIALLY_PAID",
        "APPLIED",
    )
    assert play.holds(order) == {"COMMITTED": 2}
    released = [event for event in events.of_order(order.id) if event.type == "ORDER_RELEASED"]
    assert len(released) == 1


def test_a_second_payment_is_sent_back_to_its_own_session(play):
    """RAC-12, invariant 2: each capture is asked back by its bill; what the gateway refuses stays to be looked at."""
    placed = paid(play)
    play.gateway_says("paid", placed.bill, transaction="second", event="second-paid")
    with transaction():
        orders.cancel_by_merchant(placed.order.id, "otto")
    play.run("send_refunds")
    assert statuses(play) == ["SUCCEEDED", "FAILED"]  # the sandbox itself took the money only once
    assert play.session_of(placed.bill).refunded_minor == placed.order.due_minor
    assert play.last_order().payment_status == "PAID"


def test_cancel_meets_shipment(play):
    """Rule 45: one of the two, never both."""
    for _ in range(2):
        placed = paid(play, mug=1)
        shipment_id, order_id = play.last_order().shipments[0].id, placed.order.id
        play.look_again()

        def once(verb, *args):
            with play.app.app_context():
                try:
                    with transaction():
                        verb(*args)
                    return True
                except Conflict:
                    return False

        done = at_once(
            lambda shipment_id=shipment_id: once(orders.ship, shipment_id),
            lambda order_id=order_id: once(orders.cancel_by_merchant, order_id, "otto"),
        )
        order = play.order_of(placed.bill)
        assert sum(done) == 1
        assert (order.status, order.shipments[0].status) in (("SHIPPED", "SHIPPED"), ("CANCELLED", "CANCELLED"))


def test_a_method_that_cannot_refund_says_so(play):
    """ADM-15: refused with a sentence that tells where to do it."""
    placed = paid(play)
    refund = play.ask_refund(placed.order, 100)
    with transaction():
        db.session.get(Bill, placed.bill.id).backend = "pickup"
    checkout.send_refund(refund.id)
    assert statuses(play) == ["FAILED"]
    assert "own console" in db.session.scalar(select(Refund.last_error))
    with transaction():
        db.session.get(Bill, placed.bill.id).backend = "sandbox"
    assert db.session.scalar(select(func.count()).select_from(LedgerEntry)) == 1


def test_a_refund_without_an_answer_is_known_by_its_sum_where_the_service_names_none(play):
    """ADM-15: its message comes after all: it is that refund, and nobody enters it once more by hand."""
    play.shelves(mug=5)
    rehearse(play, "quickpay")
    placed = play.quickly_at_gateway(mug=2)
    placed.shopper.press("Pay")
    play.until(lambda: play.last_bill().status == "PAID")
    refund = play.ask_refund(play.last_order(), 100)
    with transaction():
        payments.claim(refund.id)  # and the call breaks
    bill = play.last_bill()
    told = Outcome(base.REFUNDED, bill.reference, "7-refund-3", 100, "EUR", bill.transaction_id)
    with transaction():
        orders.settle(bill, told)
    assert statuses(play) == ["SUCCEEDED"]
    with pytest.raises(Conflict), transaction():
        payments.give_by_hand(db.session.get_one(Refund, refund.id), "otto")
    assert play.ledger_of(play.last_bill())["refunded", "EUR"] == 100
