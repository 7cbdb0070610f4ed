"""The link of an order: whoever has it may see the order. When it got into the wrong hands it is replaced."""

from storefront import payments
from storefront.kit import events, ids
from storefront.orders.finding import locked
from storefront.orders.models import Order
from storefront.orders.money import refresh
from storefront.payments.states import OPEN


def replace_link(order_id: int) -> Order:
    """Give an order a new key: at the old link there is nothing any more. The new one goes out by letter.

    The ways back of attempts that are over lead to the order, too, and are replaced; those of an attempt
    that is still open stay, because the gateway was told them.
    """
    order = locked(order_id)
    order.previous_keys = [*order.previous_keys, ids.digest(order.key)]
    order.key = ids.new_key()
    for bill in payments.bills_of(order.id):
        if bill.status not in OPEN:
            payments.replace_key(bill)
    events.record("ORDER_LINK_REPLACED", order.id, times=len(order.previous_keys))
    refresh(order)
    return order
