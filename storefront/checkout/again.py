"""Paying an order once more: a new attempt, begun at its gateway. An edge, like the steps: it opens transactions."""

from contextlib import contextmanager

from storefront import orders, payments
from storefront.kit.db import db, transaction
from storefront.payments.models import Bill, PaymentMethod


def pay_again(order_id: int, method: PaymentMethod) -> str:
    """Begin a new attempt to pay; gives where the shopper goes next, "" if there is nowhere to go.

    Raises Conflict and OutOfStock like `orders.pay_again`; GatewayError, and then the attempt is over.
    """
    with transaction():
        bill_id = orders.pay_again(order_id, method).id
    try:
        step = payments.begin(db.session.get_one(Bill, bill_id))
    except Exception:
        with _locked(order_id, bill_id) as bill:
            payments.cancel(bill, "step_failed")
        raise
    with _locked(order_id, bill_id) as bill:
        payments.keep_step(bill, step)
        return bill.next_step


@contextmanager
def _locked(order_id, bill_id):
    """A transaction with the order's lock, and the bill as it is under it."""
    with transaction():
        orders.locked(order_id)
        yield db.session.get_one(Bill, bill_id)
