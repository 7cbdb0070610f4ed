"""What the ledger says of an order: derived, never set by hand."""

from storefront import payments
from storefront.kit import clock
from storefront.orders.models import Order
from storefront.payments.states import AUTHORIZED, PENDING


def refresh(order: Order) -> None:
    """Bring the order's money figures and its payment status in line with the ledger."""
    money = payments.money_of(order.id, order.currency)
    order.paid_minor, order.refunded_minor = money.captured, money.refunded
    order.payment_status = status_of(order, money)
    order.version += 1
    order.updated_at = clock.now()


def status_of(order: Order, money) -> str:
    """The payment status: a function of the ledger against what is due."""
    if money.charged_back:
        return "DISPUTED"
    if money.refunded:
        return "REFUNDED" if money.refunded >= money.captured else "PARTIALLY_REFUNDED"
    if money.captured:
        return _against(money.captured, order.due_minor)
    if money.authorized:
        return "AUTHORIZED"
    statuses = {bill.status for bill in payments.bills_of(order.id)}
    return "PENDING" if statuses & {PENDING, AUTHORIZED} else "UNPAID"


def _against(captured, due):
    if captured < due:
        return "PARTIALLY_PAID"
    return "PAID" if captured == due else "OVERPAID"
