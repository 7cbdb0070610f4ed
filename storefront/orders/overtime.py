"""The time of an order is over: it is closed if nobody has paid, and never while somebody may have.

A gateway that can be asked must have said "not paid" within the last seconds. One that can neither be asked nor told
when its session ends has had the window and the grace, and what comes later is late money.
"""

from collections import defaultdict
from datetime import timedelta

from storefront import payments
from storefront.kit import clock, events
from storefront.orders.ending import close_all
from storefront.orders.finding import CRASHED_AFTER, locked_of
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
from storefront.payments.states import AUTHORIZED, CREATED, FAILED, OPEN, PENDING, REDIRECTED

ANSWER_FRESH = timedelta(seconds=10)
PROLONGED_BY = timedelta(minutes=15)
MOST_PROLONGED = 8


def close_if_unpaid(*order_ids: int) -> list[int]:
    """Close those of the orders whose hold is over, if every gateway has just said that they are not paid.

    Looks again under their locks. No answer is not "unpaid": the hold is prolonged in steps, and then a
    person has to look. Gives the ids of those that were closed.
    """
    orders, now, ends = locked_of(order_ids), clock.now(), defaultdict(list)
    bills = defaultdict(list)
    for bill in payments.bills_of(*(order.id for order in orders)):
        bills[bill.order_id].append(bill)
    unread = payments.waits_for([bill.id for mine in bills.values() for bill in mine])
    for order in orders:
        if end := _end_of(order, bills[order.id], unread, now):
            ends[end].append(order)
    for end, those in ends.items():
        payments.expire(bill for order in those for bill in bills[order.id] if bill.status in OPEN)
        close_all(those, *end)
    return sorted(order.id for those in ends.values() for order in those)


def _end_of(order, bills, unread, now):
    """How an order ends now: event, reason and detail; None if it does not, whatever else has to be done with it."""
    in_doubt = any(bill.id in unread for bill in bills)
    if order.status == NEW and order.placed_at < now - CRASHED_AFTER:
        return _after_a_crash(order, bills, in_doubt)
    if order.status != HOLD or order.hold_expires_at is None or order.hold_expires_at > now:
        return None
    if any(bill.status == AUTHORIZED for bill in bills):
        _let_look(order, AUTHORIZED_ONLY)
        return None
    if in_doubt or any(_may_be_paid(bill, now) for bill in bills if bill.status in OPEN):
        _prolong(order, now)
        return None
    failed = bool(bills) and bills[-1].status == FAILED
    return ("failed", PAYMENT_FAILED, "") if failed else ("cancelled", ABANDONED, "")


def _may_be_paid(bill, now):
    """Whether an open attempt may have money: the gateway says pending, or says nothing."""
    return bill.status == PENDING or not _asked(bill, now)


def _asked(bill, now):
    """Whether we know that this attempt has no money: it never left, was just asked about, or cannot be asked."""
    if bill.status == CREATED or (bill.asked_at is not None and bill.asked_at > now - ANSWER_FRESH):
        return True
    if bill.extra.get("returned") == "ok" and payments.is_mute(bill):
        return False  # whoever is back says that it is paid, and nobody else will ever say anything
    return not payments.can_be_asked(bill)


def _after_a_crash(order, bills, in_doubt):
    """Nobody is left to finish it. Where a gateway may know of it already, it waits like any other order."""
    known = any(bill.status in (REDIRECTED, PENDING, AUTHORIZED) for bill in bills)
    if known or in_doubt:
        order.hold_expires_at = hold_end()
        ORDER.apply(order, "held")
        return None
    return "failed", STEP_FAILED, "crashed"


def _prolong(order, now):
    if order.prolonged >= MOST_PROLONGED:
        _let_look(order, GATEWAY_SILENT)
        return
    order.prolonged += 1
    order.hold_expires_at = now + PROLONGED_BY
    events.record("ORDER_HOLD_PROLONGED", order.id, until=order.hold_expires_at.isoformat(), times=order.prolonged)


def _let_look(order, reason):
    """A person has to look: the goods are kept without end meanwhile."""
    order.review_reason = reason
    ORDER.apply(order, "doubted", reason=reason)
    money = {"amount_minor": order.due_minor, "currency": order.currency}
    payments.put_on_desk(reason, order_id=order.id, prolonged=order.prolonged, **money)
