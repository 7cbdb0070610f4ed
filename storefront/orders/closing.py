"""An order ends without being fulfilled: its goods go back, its bills are closed, the cart stays."""

from flask_babel import gettext as _
from sqlalchemy import select

from storefront import certificates, payments
from storefront.kit import events
from storefront.kit.db import db
from storefront.kit.errors import Conflict
from storefront.orders import words
from storefront.orders.ending import close
from storefront.orders.finding import locked
from storefront.orders.gifts import kept_back, lines_of, undo
from storefront.orders.models import Order, OrderNote, OrderTombstone
from storefront.orders.states import (
    ABANDONED,
    BY_MERCHANT,
    BY_REVIEW,
    BY_SHOPPER,
    CLOSED,
    GATEWAY_SILENT,
    HOLD,
    NEW,
    PREPARING,
    REVIEW,
)
from storefront.payments.models import DeskRow, LedgerEntry, Refund
from storefront.payments.states import AUTHORIZED, OPEN, QUARANTINED


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
    """Staff cancel an order that has not been shipped; what was captured is asked back in full, and certificates get
    back what they paid. Raises Conflict when something was sent, or a certificate that it bought is used (an order in
    review is ended all the same, and that part kept).
    """
    order = locked(order_id)
    if order.status in CLOSED:
        return order
    if order.status not in (NEW, HOLD, REVIEW, *PREPARING):
        raise Conflict(_("Something of this order has been sent already: refund it instead."), state=order.status)
    kept = kept_back(order)
    for bill in payments.bills_of(order.id):
        if bill.status == AUTHORIZED:
            payments.request_capture(bill, "void", actor)
        left = max(0, payments.refundable(bill))
        stays = min(kept, left) if payments.counts(bill) else 0
        kept -= stays
        if left > stays:
            key = f"cancel-{order.number}-{bill.reference}"
            payments.request_refund(bill, left - stays, request_key=key, reason="Order cancelled", actor=actor)
        if bill.disposition == QUARANTINED:
            payments.resolve(bill, "refunded")
    undo(order)
    close(order, "cancelled", BY_REVIEW if order.status == REVIEW else BY_MERCHANT, detail=note)
    return order


def cancel_unanswered(order_id: int) -> Order:
    """Nobody ever said whether this order was paid, and its time on the desk is over: as if nobody had paid.

    Money that comes after all is late money. Raises Conflict while a message about it is still to be read, or
    when the order is not waiting for that any more.
    """
    order = locked(order_id)
    bills = payments.bills_of(order.id)
    if order.status != REVIEW or order.review_reason != GATEWAY_SILENT or payments.waits_for([b.id for b in bills]):
        raise Conflict(_("Something has come in about this order."), state=order.status)
    close(order, "cancelled", ABANDONED, detail=GATEWAY_SILENT)
    return order


def remove_if_worthless(order_id: int) -> bool:
    """Remove a closed order that never saw money, a note or an unanswered message; a tombstone stays."""
    order = locked(order_id)
    bills = payments.bills_of(order.id)
    ids = [bill.id for bill in bills]
    keeps = (
        select(LedgerEntry.id).where(LedgerEntry.order_id == order.id),
        select(OrderNote.id).where(OrderNote.order_id == order.id),
        select(Refund.id).where(Refund.order_id == order.id),
        select(DeskRow.id).where(DeskRow.order_id == order.id),
    )
    if order.status not in CLOSED or certificates.has_moved(order.id):
        return False
    if payments.waits_for(ids) or any(bill.status in OPEN for bill in bills):
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
            references=[name for bill in bills for name in (bill.reference, bill.gateway_reference) if name],
        )
    )
    addresses = [a for a in (order.shipping_address, order.billing_address) if a]
    events.forget(order.id)
    words.drop(order.id)
    payments.remove([bill.id for bill in bills])
    certificates.forget(order.id, lines_of(order))
    for thing in (order, *addresses):
        db.session.delete(thing)
    db.session.flush()
