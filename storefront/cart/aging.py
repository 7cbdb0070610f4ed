"""Carts and time: those that nobody comes back to are put away, and later removed."""

from datetime import timedelta

from sqlalchemy import and_, delete, or_, select

from storefront import store
from storefront.cart import scarce
from storefront.cart.models import Cart, CartLine
from storefront.cart.service import forget_typed, locked
from storefront.cart.states import ABANDONED, CART, CONVERTED, MERGED, OPEN
from storefront.kit import clock
from storefront.kit.db import db

EMPTY_CARTS_KEPT = timedelta(hours=6)
CLOSED_CARTS_KEPT = timedelta(days=30)


def stale(last: int = 0) -> list[int]:
    """The ids above `last` of carts whose time has come; a batch."""
    return list(db.session.scalars(_over().where(Cart.id > last).order_by(Cart.id).limit(500)))


def purge(cart_id: int) -> bool:
    """Abandon an old open cart; remove one that is empty or closed long ago.

    False if it is being paid for, or somebody has come back to it meanwhile: its time is looked at under its lock.
    """
    cart = locked(cart_id)
    if db.session.scalar(_over().where(Cart.id == cart.id)) is None:
        return False
    if cart.status == OPEN and cart.lines:
        scarce.let_go(*cart.lines, reason="abandoned")
        CART.apply(cart, "abandoned")
        cart.updated_at = clock.now()
    else:
        remove(cart)
    return True


def remove(cart: Cart) -> None:
    """No row of a cart is left, nor of the addresses that were typed for it and stand in nobody's book."""
    typed = (cart.shipping_address_id, cart.billing_address_id)
    db.session.execute(delete(Cart).where(Cart.id == cart.id).execution_options(synchronize_session=False))
    forget_typed(typed)


def _over():
    """The ids of carts whose time has come and that nobody is paying for."""
    now, shop = clock.now(), store.current()
    empty = ~select(CartLine.id).where(CartLine.cart_id == Cart.id).exists()
    nobodys, long_ago = timedelta(days=shop.cart_abandon_days), timedelta(days=shop.cart_abandon_days_customer)
    left = or_(
        and_(empty, Cart.updated_at < now - EMPTY_CARTS_KEPT),
        and_(Cart.customer_id.is_(None), Cart.updated_at < now - nobodys),
        Cart.updated_at < now - long_ago,
    )
    closed = and_(Cart.status.in_((MERGED, CONVERTED, ABANDONED)), Cart.updated_at < now - CLOSED_CARTS_KEPT)
    return select(Cart.id).where(Cart.open_order_id.is_(None), or_(and_(Cart.status == OPEN, left), closed))
