"""What the ledger says of an order: derived, never set by hand."""

from collections.abc import Iterable

from sqlalchemy import select

from storefront import certificates, payments
from storefront.kit import clock
from storefront.kit.db import db
from storefront.orders.models import Order
from storefront.payments.models import Bill
from storefront.payments.states import APPLIED, AUTHORIZED, PENDING


def refresh(order: Order) -> None:
    """Bring the order's money figures and its payment status in line with the ledger."""
    money = payments.money_of(order.id, order.currency)
    order.paid_minor, order.refunded_minor = money.captured, money.refunded
    order.payment_status = status_of(order, money)
    order.version += 1
    order.updated_at = clock.now()


def is_paid(order: Order) -> bool:
    """Whether the money of one of its bills counts as paying it."""
    return db.session.scalar(select(Bill.id).filter_by(order_id=order.id, disposition=APPLIED)) is not None


def refresh_all(orders: Iterable[Order]) -> None:
    """The same for many: those without an entry in a ledger, and without an attempt that may bring one, are unpaid."""
    orders = list(orders)
    moved = payments.with_money([order.id for order in orders])
    moved |= certificates.users_among([order.id for order in orders])
    for order in orders:
        if order.id in moved:
            refresh(order)
        else:
            order.payment_status, order.version, order.updated_at = "UNPAID", order.version + 1, clock.now()


def status_of(order: Order, money) -> str:
    """The payment status: a function of the ledgers, of money and of certificates, against what is due.

    What went back of more than that, such as a second payment, leaves it paid.
    """
    covered, given_back = certificates.taken_of(order.id)
    if money.charged_back:
        return "DISPUTED"
    if back := money.refunded + given_back:
        if back >= money.captured + covered:
            return "REFUNDED"
        if money.captured - back < order.due_minor or not money.captured:
            return "PARTIALLY_REFUNDED"
    if money.captured:
        return _against(money.captured - back, order.due_minor)
    if money.authorized:
        return "AUTHORIZED"
    if covered and not order.due_minor:
        return "PAID"
    statuses = {bill.status for bill in payments.bills_of(order.id)}
    return "PENDING" if statuses & {PENDING, AUTHORIZED} else "UNPAID"


def _against(captured, due):
    if captured < due:
        return "PARTIALLY_PAID"
    return "PAID" if captured == due else "OVERPAID"
