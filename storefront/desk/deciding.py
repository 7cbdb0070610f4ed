"""What a person, a shopper or time decides about something that waits. Each is done once."""

from datetime import timedelta

from flask_babel import gettext as _
from sqlalchemy import select

from storefront import orders, payments
from storefront.desk.cases import Case, refuse_unless_allowed, take_in_hand
from storefront.desk.strays import with_a_bill
from storefront.kit import clock, events
from storefront.kit.db import db
from storefront.kit.errors import Conflict, Invalid, NotFound
from storefront.orders.models import Order
from storefront.orders.states import AUTHORIZED_ONLY, REVIEW
from storefront.payments.models import Bill, DeskRow, Refund
from storefront.payments.reasons import ACCEPT, CANCEL, DONE, REFUND, VOID, WAIT
from storefront.payments.states import AUTHORIZED, QUARANTINED
from storefront.payments.waiting import OPEN

LONGEST_WAIT = 365  # days


def accept(row_id: int, *, actor: str) -> Order:
    """The order goes on as it is, with the money that waits, if any does; what is too much of that goes back.

    Money that is only reserved is asked for first: the order, and its row, wait until it has come. Raises
    Conflict, naming the state; OutOfStock when the goods are gone.
    """
    case = take_in_hand(row_id)
    refuse_unless_allowed(case, ACCEPT)
    assert case.order is not None
    if case.row.reason == AUTHORIZED_ONLY:
        return _take_reserved(case.order, actor)
    if case.bill and case.has_money:
        order = orders.accept_money(case.order.id, case.bill.id, actor)
        return_excess(order, actor)
    else:
        order = _let_go_on(case.order.id, actor)
    close_row(case, "accepted", actor)
    return order


def accept_order(order_id: int, *, actor: str) -> Order:
    """The same for an order in review, whatever row it has. Raises Conflict if it is not in review."""
    order = orders.locked(order_id)
    row = next((row for row in payments.desk_rows_of(order_id) if row.reason == order.review_reason), None)
    if row:
        return accept(row.id, actor=actor)
    if order.status == REVIEW and order.review_reason == AUTHORIZED_ONLY:
        return _take_reserved(order, actor)
    return _let_go_on(order_id, actor)


def refund(row_id: int, *, actor: str, reason: str = "") -> list[Refund]:
    """Everything goes back where it came from, and an order in review is cancelled; gives what was asked for.

    `reason` is for the shopper. Raises Conflict, naming the state.
    """
    case = with_a_bill(take_in_hand(row_id))
    refuse_unless_allowed(case, REFUND)
    if case.in_review and case.order:
        orders.cancel_by_merchant(case.order.id, actor)
        close_row(case, "refunded", actor)
        return _asked(Refund.order_id == case.order.id)
    assert case.bill is not None
    _send_back(case.bill, actor, reason or _("This payment did not fit your order."))
    return _asked(Refund.bill_id == case.bill.id)


def refund_bill(order_id: int, bill_id: int, *, actor: str, reason: str = "") -> list[Refund]:
    """The same for the money of a bill, found by its order. Raises Conflict when it does not wait any more."""
    orders.locked(order_id)
    bill = db.session.get(Bill, bill_id, populate_existing=True)
    if bill is None or bill.order_id != order_id:
        raise NotFound(_("There is no such payment."))
    if bill.disposition != QUARANTINED:
        raise Conflict(_("Somebody has decided about this money already."), state=bill.disposition)
    row = db.session.scalar(select(DeskRow).filter_by(bill_id=bill_id, reason=bill.quarantine_reason, status=OPEN))
    if row:
        return refund(row.id, actor=actor, reason=reason)
    _send_back(bill, actor, reason or _("This payment did not fit your order."))  # after a refund that was refused
    return _asked(Refund.bill_id == bill.id)


def cancel(row_id: int, *, actor: str) -> Order:
    """The order in review is cancelled, and what is left of its money goes back. Raises Conflict."""
    case = take_in_hand(row_id)
    refuse_unless_allowed(case, CANCEL)
    assert case.order is not None
    order = orders.cancel_by_merchant(case.order.id, actor)
    close_row(case, "cancelled", actor)
    return order


def done(row_id: int, *, actor: str) -> DeskRow:
    """A person has seen to it elsewhere: nothing more is to be done here. Raises Conflict."""
    case = take_in_hand(row_id)
    refuse_unless_allowed(case, DONE)
    close_row(case, "done", actor)
    return case.row


def void(row_id: int, *, actor: str) -> DeskRow:
    """The sum that is reserved is given up; nothing is taken. Raises Conflict when it is not reserved any more."""
    case = take_in_hand(row_id)
    refuse_unless_allowed(case, VOID)
    assert case.bill is not None
    payments.request_capture(case.bill, "void", actor)
    close_row(case, "voided", actor)
    return case.row


def wait(row_id: int, days: int, *, actor: str) -> DeskRow:
    """It may wait so many days more from now. Raises Invalid for a number that is no wait, Conflict if it is done."""
    if not 1 <= days <= LONGEST_WAIT:
        sentence = _("Enter a whole number of days from 1 to %(most)s.", most=LONGEST_WAIT)
        raise Invalid(sentence, fields={"days": [sentence]})
    case = take_in_hand(row_id)
    refuse_unless_allowed(case, WAIT)
    put_off(case.row, timedelta(days=days), by=actor)
    return case.row


def assign(row_id: int, *, actor: str) -> DeskRow:
    """Somebody looks at it, and the others know. Raises Conflict if it is done."""
    row = take_in_hand(row_id).row
    row.assignee = actor
    events.record("DESK_ROW_ASSIGNED", row.order_id, id=row.id, by=actor)
    return row


def put_off(row: DeskRow, by_time: timedelta, *, by: str) -> None:
    """A new deadline, so long from now; the owner is told again before it."""
    row.due_at, row.reminded = clock.now() + by_time, 0
    events.record("DESK_ROW_PUT_OFF", row.order_id, id=row.id, until=row.due_at.isoformat(), by=by)


def close_row(case: Case, decision: str, actor: str) -> None:
    """The row is done, if what was done about it has not said so already."""
    db.session.flush()
    db.session.refresh(case.row)
    if case.row.status == OPEN:
        payments.take_off_desk(case.row, decision, actor)


def return_excess(order: Order, actor: str) -> None:
    """What counts for the order above what it costs goes back; a sum that is missing is waived."""
    counting = [bill for bill in payments.bills_of(order.id) if payments.counts(bill)]
    excess = sum(payments.refundable(bill) for bill in counting) - order.due_minor
    if excess > 0:
        reason, name = _("You paid more than your order costs."), f"excess-{counting[-1].reference}"
        for bill, part, key in orders.shares(order.id, excess, name):
            payments.request_refund(bill, part, request_key=key, reason=reason, actor=actor)


def _let_go_on(order_id, actor):
    order = orders.accept_after_review(order_id, actor)
    return_excess(order, actor)
    return order


def _take_reserved(order, actor):
    """The reserved sum is asked for; when it has come it lets the order go on by itself."""
    bill = next((bill for bill in payments.bills_of(order.id) if bill.status == AUTHORIZED), None)
    if bill is None:
        raise Conflict(_("Nothing is reserved for this order any more."), state=order.status)
    payments.request_capture(bill, "capture", actor)
    return order


def _send_back(bill, actor, reason):
    tries = 1 + len(db.session.scalars(select(Refund.id).filter_by(bill_id=bill.id)).all())
    key, left = f"desk-{bill.reference}-{tries}", payments.refundable(bill)
    payments.request_refund(bill, left, request_key=key, reason=reason, actor=actor)
    payments.resolve(bill, "refunded")


def _asked(*which):
    return list(db.session.scalars(select(Refund).where(Refund.status == "REQUESTED", *which).order_by(Refund.id)))
