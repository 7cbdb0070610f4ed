"""Money that came for one order pays another; and an order goes from one of the merchant's own states to another."""

from storefront import payments
from storefront.kit import clock
from storefront.kit.db import db
from storefront.orders.accepting import accept_money
from storefront.orders.finding import locked
from storefront.orders.models import Order
from storefront.orders.money import refresh
from storefront.orders.states import ORDER
from storefront.payments.models import Bill


def pay_with(order_id: int, bill_id: int, actor: str) -> Order:
    """A quarantined bill of another order, or of none, is this order's and pays it, with any difference.

    The caller holds the locks of both orders. Raises Conflict, and OutOfStock when its goods are gone.
    """
    bill = db.session.get_one(Bill, bill_id)
    before = bill.order_id
    payments.give_to(bill, order_id)
    if before:
        refresh(locked(before))
    return accept_money(order_id, bill_id, actor)


def move_on(order_id: int, event: str, actor: str) -> bool:
    """A move between the merchant's own states; False if it was made already. Raises Conflict, naming the state."""
    order = locked(order_id)
    if not ORDER.apply(order, event, by=actor):
        return False
    order.version += 1
    order.updated_at = clock.now()
    return True
