"""Whatever a gateway says of a bill ends here: once, late, twice, and in any order."""

from datetime import timedelta

from sqlalchemy import select

from storefront import cart, payments, stock, store, taxes
from storefront.kit import clock, events
from storefront.kit.db import db
from storefront.kit.errors import Conflict
from storefront.orders.closing import close
from storefront.orders.finding import locked
from storefront.orders.fulfilment import make_shipments, start_fulfilment
from storefront.orders.models import Order
from storefront.orders.money import refresh
from storefront.orders.placing import hold_end
from storefront.orders.states import (
    CLOSED,
    GATEWAY_SILENT,
    HOLD,
    NEW,
    ORDER,
    PROCESSING,
    REVIEW,
    REVIVABLE,
    SUPERSEDED,
)
from storefront.payments.gateways import base
from storefront.payments.gateways.base import Outcome
from storefront.payments.ledger import CHANGED
from storefront.payments.models import Bill
from storefront.payments.states import APPLIED, QUARANTINED

ENDS = (base.DECLINED, base.CANCELLED, base.EXPIRED)


def settle(bill: Bill, outcome: Outcome) -> str:
    """Apply what a gateway says of a bill; gives CHANGED, DUPLICATE or NO_EFFECT. Safe to repeat.

    Takes the order's lock, then the bill's; the caller's transaction holds state, goods, ledger and
    events together.
    """
    order = locked(bill.order_id) if bill.order_id else None
    bill = db.session.get_one(Bill, bill.id, populate_existing=True, with_for_update=True)
    word, bill = payments.record(bill, outcome)
    if order and word == CHANGED:
        if outcome.type == base.PAID:
            _money_came(order, bill, outcome)
        elif outcome.type == base.PENDING:
            _wait_longer(order)
        elif outcome.type == base.CHARGED_BACK:
            _dispute(order)
        elif outcome.type in ENDS:
            _wait_no_longer(order)
    if order:
        refresh(order)
    return word


def release_unbilled(order: Order) -> None:
    """Nothing is due, or the method approves by itself: the order goes to fulfilment at once."""
    order = locked(order.id)
    if order.status == NEW:
        with db.session.begin_nested():
            ORDER.apply(order, "released", reason="nothing_due" if not order.due_minor else "approved")
            _fulfil(order)
        refresh(order)


def accept_after_review(order_id: int, actor: str) -> Order:
    """Staff have looked and let the order go on. Raises Conflict if it is not in review."""
    order = locked(order_id)
    with db.session.begin_nested():
        if not ORDER.apply(order, "released", reason="accepted", by=actor):
            return order
        for bill in payments.bills_of(order.id):
            if bill.disposition == QUARANTINED and not _applied(order):
                payments.accept(bill)
        _fulfil(order)
    refresh(order)
    return order


def _money_came(order, bill, outcome):
    """The sum is in the ledger; now find what it is for, or let it wait on the desk."""
    reason = _why_not(order, bill, outcome)
    if not reason:
        try:
            with db.session.begin_nested():
                _pay(order, bill)
            return
        except Conflict:
            reason = "late_order_closed" if order.status in CLOSED else "stock_lost"
            db.session.refresh(order)
    payments.quarantine(bill, reason)
    if order.status == HOLD and reason != "duplicate_payment":
        order.review_reason = reason
        ORDER.apply(order, "doubted", reason=reason)


def _why_not(order, bill, outcome):
    if outcome.mode and outcome.mode != payments.config_by_name(bill.backend).mode:
        return "mode_mismatch"
    if outcome.currency != bill.currency:
        return "currency_mismatch"
    if outcome.amount_minor != order.due_minor or bill.amount_minor != order.due_minor:
        return "amount_mismatch"
    if _applied(order):
        return "duplicate_payment"
    if order.status in CLOSED:
        late = store.current().late_policy == "revive_if_stock" and order.close_reason in REVIVABLE
        return "" if late else "late_order_closed"
    silent = order.status == REVIEW and order.review_reason == GATEWAY_SILENT
    return "" if silent or order.status in (NEW, HOLD) else "late_order_closed"


def _pay(order, bill):
    """Move the order, and with it the goods and the cart: all of it, or none."""
    late = order.status in CLOSED
    if late and order.superseded_by_order_id:
        _win_back(order)
    if late:
        taxes.revive_document(order.id)
    if order.status == NEW:
        ORDER.apply(order, "held")
    ORDER.apply(order, "paid", bill=bill.id, late=late)
    payments.accept(bill)
    order.paid_at, order.close_reason, order.closed_at, order.review_reason = clock.now(), "", None, ""
    events.record("ORDER_RELEASED", order.id, reason="paid")
    _fulfil(order)
    for other in payments.open_bills(order.id):
        payments.cancel(other, "paid_by_another")


def _fulfil(order):
    stock.sell(order.id, order.lines)
    cart.take_out(order.cart_id, order.id, order.lines)
    make_shipments(order)
    start_fulfilment(order)


def _win_back(order):
    """The older order was paid after all: its unpaid successor makes way, and the cart belongs to it again."""
    successor = order
    while successor.superseded_by_order_id:  # the newest one counts, however many were between
        successor = locked(successor.superseded_by_order_id)
        if _applied(successor):
            raise Conflict("The order that replaced this one is paid.", state=successor.status)
    if successor.status in (NEW, HOLD):
        close(successor, "cancelled", SUPERSEDED, detail=order.number)
    successor.superseded_by_order_id, order.superseded_by_order_id = order.id, None  # the row now ends here
    cart.set_open_order(order.cart_id, order.id)


def _wait_longer(order):
    """The gateway itself does not know yet: the goods are kept for the pending window."""
    if order.status == HOLD:
        until = clock.now() + timedelta(hours=store.current().pending_window_h)
        order.hold_expires_at = max(order.hold_expires_at or until, until)
        events.record("ORDER_HOLD_PROLONGED", order.id, until=order.hold_expires_at.isoformat(), why="pending")


def _wait_no_longer(order):
    """The attempt is over: what was waited for it is cut back to one more window, for another try."""
    if order.status == HOLD and order.hold_expires_at:
        order.hold_expires_at = min(order.hold_expires_at, hold_end())


def _dispute(order):
    if order.status == PROCESSING:
        order.review_reason = "disputed"
        ORDER.apply(order, "doubted", reason="disputed")


def _applied(order):
    return db.session.scalar(select(Bill.id).filter_by(order_id=order.id, disposition=APPLIED)) is not None
