"""Paying an order once more: a new attempt, begun at its gateway. An edge, like the steps: it opens transactions."""

from storefront import desk, orders, payments
from storefront.checkout.reversible import settle_at_once
from storefront.kit.db import db, transaction
from storefront.orders.states import STEP_FAILED
from storefront.payments.models import Bill, PaymentMethod


def pay_again(order_id: int, method: PaymentMethod) -> str:
    """Begin a new attempt to pay; gives where the shopper goes next, "" if there is nowhere to go.

    Raises Conflict and OutOfStock like `orders.pay_again`; GatewayError, and then the attempt is over.
    """
    with transaction("pay_again"):
        bill_id = orders.pay_again(order_id, method).id
    return _begin(order_id, bill_id)


def pay_rest(order_id: int) -> str:
    """Begin to pay what is missing of an order, which the shopper was asked for; gives where they go next.

    Raises Conflict when nobody asks for it any more; GatewayError, and then the attempt is over.
    """
    with transaction("pay_rest"):
        bill_id = desk.open_rest(order_id).id
    return _begin(order_id, bill_id)


def _begin(order_id, bill_id):
    try:
        step = payments.begin(db.session.get_one(Bill, bill_id))
    except Exception:
        with transaction("cancel_new_bill"):
            payments.cancel(_locked(order_id, bill_id), STEP_FAILED)
        raise
    with transaction("start_new_bill"):
        bill = _locked(order_id, bill_id)
        payments.keep_step(bill, step)
        settle_at_once(bill, step)
        return bill.next_step


def _locked(order_id, bill_id):
    """The bill as it is under its order's lock."""
    orders.locked(order_id)
    return db.session.get_one(Bill, bill_id)
