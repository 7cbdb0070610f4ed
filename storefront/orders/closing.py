"""An order ends without being fulfilled: its goods go back, its bills are closed, the cart stays."""

from datetime import timedelta

from flask_babel import gettext as _
from sqlalchemy import select

from storefront import cart, payments, stock, taxes
from storefront.kit import clock, events
from storefront.kit.db import db
from storefront.kit.errors import Conflict
from storefront.orders.finding import CRASHED_AFTER, locked
from storefront.orders.models import Order, OrderNote, OrderTombstone, Shipment
from storefront.orders.money import refresh
from storefront.orders.states import (
    ABANDONED,
    BY_MERCHANT,
    BY_REVIEW,
    BY_SHOPPER,
    CLOSED,
    GATEWAY_SILENT,
    HOLD,
    NEW,
    ORDER,
    PAYMENT_FAILED,
    PROCESSING,
    REVIEW,
    SHIPMENT,
    STEP_FAILED,
    UNSHIPPED,
)
from storefront.payments.models import LedgerEntry, Refund
from storefront.payments.states import CREATED, FAILED, OPEN, PENDING, QUARANTINED

ANSWER_FRESH = timedelta(seconds=10)
PROLONGED_BY = timedelta(minutes=15)
MOST_PROLONGED = 8


def close(order: Order, event: str, reason: str, detail: str = "") -> None:
    """End a locked order as failed or cancelled, with all that hangs on it, in the caller's transaction."""
    if not ORDER.apply(order, event, reason=reason, detail=detail):
        return
    order.close_reason, order.closed_at, order.updated_at = reason, clock.now(), clock.now()
    stock.release(order.id, reason)
    for bill in payments.open_bills(order.id):
        payments.cancel(bill, reason)
    taxes.void_document(order.id)
    for shipment in db.session.scalars(select(Shipment).filter_by(order_id=order.id)):
        if shipment.status in UNSHIPPED:
            SHIPMENT.apply(shipment, "cancelled")
    cart.set_open_order(order.cart_id, None, was=order.id)
    refresh(order)


def cancel_by_shopper(order_id: int) -> Order:
    """The shopper does not want it any more. Raises Conflict while money may be on its way."""
    order = locked(order_id)
    if order.status in CLOSED:
        return order
    if payments.money_may_come(order.id):
        raise Conflict(
            _("A payment for this order is being processed: it cannot be cancelled now."), state=order.status
        )
    if order.status not in (NEW, HOLD):
        raise Conflict(_("This order cannot be cancelled here any more. Write to us."), state=order.status)
    close(order, "cancelled", BY_SHOPPER)
    return order


def cancel_by_merchant(order_id: int, actor: str, note: str = "") -> Order:
    """Staff cancel an order that has not been shipped; what was captured is asked back in full."""
    order = locked(order_id)
    if order.status in CLOSED:
        return order
    if order.status not in (NEW, HOLD, REVIEW, PROCESSING):
        raise Conflict(_("Something of this order has been sent already: refund it instead."), state=order.status)
    for bill in payments.bills_of(order.id):
        if (left := payments.refundable(bill)) > 0:
            key = f"cancel-{order.number}-{bill.reference}"
            payments.request_refund(bill, left, request_key=key, reason="Order cancelled", actor=actor)
            if bill.disposition == QUARANTINED:
                payments.resolve(bill, "refunded")
    close(order, "cancelled", BY_REVIEW if order.status == REVIEW else BY_MERCHANT, detail=note)
    return order


def close_if_unpaid(order_id: int) -> bool:
    """Close an order whose hold is over, if every gateway has just said that it is not paid.

    Looks again under the lock. No answer is not "unpaid": the hold is prolonged in steps, and then a
    person has to look. Returns whether the order was closed.
    """
    order, now = locked(order_id), clock.now()
    if order.status == NEW and order.placed_at < now - CRASHED_AFTER:
        close(order, "failed", STEP_FAILED, detail="crashed")
        return True
    if order.status != HOLD or order.hold_expires_at is None or order.hold_expires_at > now:
        return False
    bills = payments.bills_of(order.id)
    open_ones = [bill for bill in bills if bill.status in OPEN]
    unread = payments.waits_for([bill.id for bill in bills])  # a stored message is still to be applied
    pending = any(bill.status == PENDING for bill in open_ones)
    if unread or pending or not all(_asked(bill, now) for bill in open_ones):
        _prolong(order, now)
        return False
    for bill in open_ones:
        payments.expire(bill)
    last = bills[-1] if bills else None
    failed = last is not None and last.status == FAILED
    close(order, "failed" if failed else "cancelled", PAYMENT_FAILED if failed else ABANDONED)
    return True


def remove_if_worthless(order_id: int) -> bool:
    """Remove a closed order that never saw money, a note or an unanswered message; a tombstone stays."""
    order = locked(order_id)
    bills = payments.bills_of(order.id)
    ids = [bill.id for bill in bills]
    keeps = (
        select(LedgerEntry.id).where(LedgerEntry.order_id == order.id),
        select(OrderNote.id).where(OrderNote.order_id == order.id),
        select(Refund.id).where(Refund.order_id == order.id),
    )
    if order.status not in CLOSED or payments.waits_for(ids) or any(bill.status in OPEN for bill in bills):
        return False
    if any(db.session.scalar(found.limit(1)) is not None for found in keeps):
        return False
    _bury(order, bills)
    return True


def _bury(order, bills):
    db.session.add(
        OrderTombstone(
            number=order.number,
            placed_at=order.placed_at,
            closed_at=order.closed_at,
            reason=order.close_reason,
            total_minor=order.total_minor,
            currency=order.currency,
            references=[bill.reference for bill in bills],
        )
    )
    addresses = [a for a in (order.shipping_address, order.billing_address) if a]
    events.forget(order.id)
    payments.remove([bill.id for bill in bills])
    for thing in (order, *addresses):
        db.session.delete(thing)
    db.session.flush()


def _asked(bill, now):
    """Whether we know that this attempt has no money: it never left, was just asked about, or cannot be asked."""
    if bill.status == CREATED or not payments.can_be_asked(bill):
        return True
    return bill.asked_at is not None and bill.asked_at > now - ANSWER_FRESH


def _prolong(order, now):
    if order.prolonged >= MOST_PROLONGED:
        order.review_reason = GATEWAY_SILENT
        ORDER.apply(order, "doubted", reason=GATEWAY_SILENT)
        return
    order.prolonged += 1
    order.hold_expires_at = now + PROLONGED_BY
    events.record("ORDER_HOLD_PROLONGED", order.id, until=order.hold_expires_at.isoformat(), times=order.prolonged)
