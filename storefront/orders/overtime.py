"""The time of an order is over: it is closed if nobody has paid, and never while somebody may have.

A gateway that can be asked must have said "not paid" within the last seconds. One that can neither be asked nor told
when its session ends has had the window and the grace, and what comes later is late money.
"""

from datetime import datetime, timedelta

from storefront import payments
from storefront.kit import clock, events
from storefront.orders.closing import close
from storefront.orders.finding import CRASHED_AFTER, locked
from storefront.orders.models import Order
from storefront.orders.placing import hold_end
from storefront.orders.states import (
    ABANDONED,
    AUTHORIZED_ONLY,
    GATEWAY_SILENT,
    HOLD,
    NEW,
    ORDER,
    PAYMENT_FAILED,
    STEP_FAILED,
)
from storefront.payments.models import Bill
from storefront.payments.states import AUTHORIZED, CREATED, FAILED, OPEN, PENDING, REDIRECTED

ANSWER_FRESH = timedelta(seconds=10)
PROLONGED_BY = timedelta(minutes=15)
MOST_PROLONGED = 8


def close_if_unpaid(order_id: int) -> bool:
    """Close an order whose hold is over, if every gateway has just said that it is not paid.

    Looks again under the lock. No answer is not "unpaid": the hold is prolonged in steps, and then a
    person has to look. Returns whether the order was closed.
    """
    order, now = locked(order_id), clock.now()
    bills = payments.bills_of(order.id)
    if order.status == NEW and order.placed_at < now - CRASHED_AFTER:
        return _after_a_crash(order, bills)
    if order.status != HOLD or order.hold_expires_at is None or order.hold_expires_at > now:
        return False
    if any(bill.status == AUTHORIZED for bill in bills):
        return _let_look(order, AUTHORIZED_ONLY)
    if _in_doubt(bills, now):
        return _prolong(order, now)
    for bill in bills:
        if bill.status in OPEN:
            payments.expire(bill)
    failed = bool(bills) and bills[-1].status == FAILED
    close(order, "failed" if failed else "cancelled", PAYMENT_FAILED if failed else ABANDONED)
    return True


def _in_doubt(bills: list[Bill], now: datetime) -> bool:
    """Whether some attempt may have money: a message is unread, the gateway says pending, or says nothing."""
    if payments.waits_for([bill.id for bill in bills]):
        return True
    open_ones = [bill for bill in bills if bill.status in OPEN]
    return any(bill.status == PENDING or not _asked(bill, now) for bill in open_ones)


def _asked(bill, now):
    """Whether we know that this attempt has no money: it never left, was just asked about, or cannot be asked."""
    if bill.status == CREATED or not payments.can_be_asked(bill):
        return True
    return bill.asked_at is not None and bill.asked_at > now - ANSWER_FRESH


def _after_a_crash(order, bills):
    """Nobody is left to finish it. Where a gateway may know of it already, it waits like any other order."""
    known = any(bill.status in (REDIRECTED, PENDING, AUTHORIZED) for bill in bills)
    if known or payments.waits_for([bill.id for bill in bills]):
        order.hold_expires_at = hold_end()
        ORDER.apply(order, "held")
        return False
    close(order, "failed", STEP_FAILED, detail="crashed")
    return True


def _prolong(order: Order, now: datetime) -> bool:
    if order.prolonged >= MOST_PROLONGED:
        return _let_look(order, GATEWAY_SILENT)
    order.prolonged += 1
    order.hold_expires_at = now + PROLONGED_BY
    events.record("ORDER_HOLD_PROLONGED", order.id, until=order.hold_expires_at.isoformat(), times=order.prolonged)
    return False


def _let_look(order, reason):
    """A person has to look: the goods are kept without end meanwhile."""
    order.review_reason = reason
    ORDER.apply(order, "doubted", reason=reason)
    money = {"amount_minor": order.due_minor, "currency": order.currency}
    payments.put_on_desk(reason, order_id=order.id, prolonged=order.prolonged, **money)
    return False
