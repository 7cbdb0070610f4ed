"""An order and the shopper's cart after they parted: copied back once, ordered again, set apart, claimed."""

from flask_babel import gettext as _
from sqlalchemy import select

from storefront import cart, payments
from storefront.cart.custom import is_present
from storefront.cart.models import Cart
from storefront.cart.service import Clamped
from storefront.customers.models import Customer
from storefront.kit import events
from storefront.kit.db import db
from storefront.kit.errors import Conflict
from storefront.orders.finding import locked
from storefront.orders.models import Order
from storefront.orders.states import CLOSED, HOLD, NEW, REVIEW


def put_back(order_id: int, basket: Cart) -> list[Clamped] | None:
    """What a closed order asked for stands in a cart again, once; gives what is fewer, or None if it was done before.

    Raises Conflict while the order lives.
    """
    order = locked(order_id)
    if order.status not in CLOSED:
        raise Conflict(_("This order is not closed: what is in it is on its way to you."), state=order.status)
    if order.restored_cart_id is not None:
        return None
    fewer = cart.put_back(basket, order.lines, order.custom, order.id)
    order.restored_cart_id = basket.id
    events.record("ORDER_PUT_BACK", order.id, cart=basket.id)
    return fewer


def may_put_back(order: Order) -> bool:
    """Whether a closed order can still be copied into a cart."""
    return order.status in CLOSED and order.restored_cart_id is None


def order_again(order: Order, basket: Cart) -> tuple[list[Clamped], bool]:
    """What an order asked for stands in a cart, for one more: what is fewer than it was, and whether any came."""
    fewer = cart.put_in(basket, order.lines)
    bought = sum(not is_present(line.custom) for line in order.lines)
    return fewer, sum(not clamped.qty for clamped in fewer) < bought


def may_order_again(order: Order) -> bool:
    """Whether an order is past waiting: until then what is in the cart is what it asks for, and leaves with it."""
    return order.status not in (NEW, HOLD, REVIEW)


def set_apart(basket: Cart) -> Order | None:
    """The cart is free for an order beside the one whose payment is on its way; gives that one, or None if none is."""
    for order_id in sorted(cart.open_orders(basket)):
        order = locked(order_id)
        if order.status in (HOLD, REVIEW) and payments.money_may_come(order.id):
            cart.part(basket, order.id)
            events.record("ORDER_SET_APART", order.id)
            return order
    return None


def join(customer_id: int) -> None:
    """Orders that guests placed with the e-mail of an account belong to it, once that e-mail is confirmed.

    Never before: whoever makes an account with another's e-mail must not see what that person has ordered.
    """
    customer = db.session.get_one(Customer, customer_id)
    if customer.verified_at is None or customer.erased_at is not None:
        return
    guests = select(Order.id).where(Order.email == customer.email, Order.customer_id.is_(None)).order_by(Order.id)
    for order_id in db.session.scalars(guests).all():
        order = locked(order_id)
        if order.customer_id is None and order.erased_at is None:
            order.customer_id = customer_id
            events.record("ORDER_JOINED", order.id, customer=customer_id)
