"""An order and the shopper's cart after they parted: copied back once, set apart, and claimed by who signs in."""

from collections.abc import Iterable

from flask_babel import gettext as _
from sqlalchemy import select

from storefront import cart, customers, payments
from storefront.cart.models import Cart
from storefront.cart.service import Clamped
from storefront.customers.models import Customer
from storefront.kit import events
from storefront.kit.db import db
from storefront.kit.errors import Conflict
from storefront.orders.finding import locked
from storefront.orders.models import Order
from storefront.orders.states import CLOSED, HOLD, REVIEW


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


def set_apart(basket: Cart) -> Order | None:
    """The cart is free for an order beside the one whose payment is on its way; gives that one, or None if none is."""
    order = locked(basket.open_order_id) if basket.open_order_id is not None else None
    if order is None or order.status not in (HOLD, REVIEW) or not payments.money_may_come(order.id):
        return None
    cart.part(basket, order.id)
    events.record("ORDER_SET_APART", order.id)
    return order


def join(customer: Customer, cart_ids: Iterable[int]) -> None:
    """Orders of a guest's carts are the customer's who has signed in, if their e-mail is the same and confirmed."""
    if customer.verified_at is None:
        return
    guests = select(Order).where(Order.cart_id.in_(list(cart_ids)), Order.customer_id.is_(None)).order_by(Order.id)
    for order in db.session.scalars(guests).all():
        order = locked(order.id)
        if order.customer_id is None and customers.folded_email(order.email) == customer.email:
            order.customer_id = customer.id
            events.record("ORDER_JOINED", order.id, customer=customer.id)
