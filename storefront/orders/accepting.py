"""Staff let an order go on: after a look at it, or with money that waited for a decision."""

from flask_babel import gettext as _
from sqlalchemy import select

from storefront import payments
from storefront.kit import clock
from storefront.kit.db import db
from storefront.kit.errors import Conflict
from storefront.kit.events import OrderEvent
from storefront.orders.disputing import REASON as DISPUTED_ORDER, is_disputed, let_other_pay
from storefront.orders.driving import drive
from storefront.orders.finding import locked
from storefront.orders.gifts import reinstate_bought
from storefront.orders.models import Order
from storefront.orders.money import is_paid, refresh
from storefront.orders.releasing import release
from storefront.orders.resting import close_rest, credit_first
from storefront.orders.reviewing import end_doubts
from storefront.orders.settling import pay
from storefront.orders.states import CLOSED, HOLD, MONEY_GONE, ORDER, REVIEW
from storefront.payments.models import Bill
from storefront.payments.reasons import ACCEPT, REASONS
from storefront.payments.states import QUARANTINED


def accept_after_review(order_id: int, actor: str, bill_id: int | None = None) -> Order:
    """Staff have looked and let the order go on, with the money of this bill or the first that waits and may pay it.

    To money that came as the rest of other money, that is added.

    Raises Conflict if it is not in review, or the bank disputes its money and that is not what was looked at;
    OutOfStock when its goods are gone.
    """
    order = locked(order_id)
    reason = order.review_reason
    if order.status == REVIEW and reason != DISPUTED_ORDER and is_disputed(order):
        raise Conflict(_("The shopper's bank disputes the payment: that has to end first."), state=order.status)
    with db.session.begin_nested():
        if not ORDER.apply(order, "released", reason="accepted", by=actor):
            return order
        for bill in payments.bills_of(order.id):
            if not is_paid(order) and _may_be_accepted(bill, bill_id):
                credit_first(bill)
                payments.accept(bill)
                payments.void_others(bill)
        if reason == MONEY_GONE:
            let_other_pay(order)
        close_rest(order)
        order.paid_at, order.review_reason = order.paid_at or clock.now(), ""
        if reason in (DISPUTED_ORDER, MONEY_GONE) and order.shipments:  # it has its goods, and was on its way already
            reinstate_bought(order)
        else:
            release(order)
        drive(order, "released")
    end_doubts([order], "accepted", actor, reasons={order.id: reason})
    refresh(order)
    return order


def accept_money(order_id: int, bill_id: int, actor: str) -> Order:
    """Staff let money that waited pay its order, which may be closed, and accept a difference.

    Its goods are taken again if need be. Raises OutOfStock when they are gone; Conflict, naming the state, when
    the order is paid or on its way.
    """
    order = locked(order_id)
    bill = db.session.get_one(Bill, bill_id, populate_existing=True)
    if order.status == REVIEW and not is_paid(order):
        return accept_after_review(order_id, actor, bill_id)
    if not may_be_paid_by_hand(order) or bill.disposition != QUARANTINED:
        raise Conflict(_("This money cannot pay the order any more."), state=order.status)
    with db.session.begin_nested():
        pay(order, bill, reason="accepted")
    refresh(order)
    return order


def may_be_paid_by_hand(order: Order) -> bool:
    """Whether money from elsewhere could pay it: it waits, or was closed unpaid, and no money counts for it yet.

    An order that was on its way when it was closed has ended for good: what certificates had paid of it has gone back
    to them, and those that it bought are void.
    """
    if order.status not in (HOLD, REVIEW, *CLOSED) or is_paid(order):
        return False
    return order.status not in CLOSED or not _was_released(order)


def _may_be_accepted(bill, bill_id):
    """Whether its money waits and is the one that is meant; if none is, such as could pay its order."""
    if bill.disposition != QUARANTINED:
        return False
    return bill.id == bill_id if bill_id else ACCEPT in REASONS[bill.quarantine_reason].actions


def _was_released(order):
    gone_on = select(OrderEvent.id).where(OrderEvent.type.in_(("ORDER_PAID", "ORDER_RELEASED")))
    return db.session.scalar(gone_on.filter_by(order_id=order.id).limit(1)) is not None
