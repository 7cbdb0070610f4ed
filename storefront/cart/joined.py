"""Carts that became one when somebody signed in, and the unpaid orders that each of them had.

The open cart names one order that it is being paid with. A second one stays named by the closed cart that it came
from, until it is paid, replaced or over; when the first is done, the open cart names the next.
"""

from sqlalchemy import select, update

from storefront.cart.models import Cart
from storefront.cart.states import OPEN
from storefront.kit.db import db


def follow(old: Cart, into: Cart) -> None:
    """One cart, and those that had joined it, go on in another."""
    go_on(old, into)
    old.merged_into_id = into.id
    if into.open_order_id is None:
        into.open_order_id, old.open_order_id = old.open_order_id, None
    db.session.flush()


def go_on(old: Cart, into: Cart) -> None:
    """Those that had joined one cart are found in another from now on, and so is the next order to be paid."""
    moved = update(Cart).where(Cart.merged_into_id == old.id).values(merged_into_id=into.id)
    db.session.execute(moved.execution_options(synchronize_session=False))
    if into.open_order_id is None:
        _name_the_next(into)


def open_orders(cart: Cart) -> list[int]:
    """The unpaid orders of a cart: its own first, then those of carts that joined it; ids."""
    others = select(Cart.open_order_id).where(Cart.merged_into_id == cart.id).order_by(Cart.id)
    named = dict.fromkeys((cart.open_order_id, *db.session.scalars(others)))
    return [order_id for order_id in named if order_id is not None]


def done_with(cart: Cart, order_id: int) -> None:
    """An order is paid or over: no cart waits for it any more, and the locked open one names the next."""
    past = update(Cart).where(Cart.merged_into_id == cart.id, Cart.open_order_id == order_id)
    db.session.execute(past.values(open_order_id=None).execution_options(synchronize_session=False))
    if cart.open_order_id == order_id:
        cart.open_order_id = None
        _name_the_next(cart)


def heir_of(cart: Cart, order_id: int | None) -> Cart | None:
    """The open cart in which a closed one goes on; None if its goods were ordered apart."""
    if cart.merged_into_id is not None:
        return db.session.scalar(select(Cart).filter_by(id=cart.merged_into_id, status=OPEN))
    if order_id is None:
        return None  # no cart is known to be its heir, and every idle cart of the shop would look like it
    return db.session.scalar(select(Cart).filter_by(open_order_id=order_id, status=OPEN))


def _name_the_next(cart):
    db.session.flush()
    waiting = open_orders(cart)
    if waiting:
        past = update(Cart).where(Cart.merged_into_id == cart.id, Cart.open_order_id == waiting[0])
        db.session.execute(past.values(open_order_id=None).execution_options(synchronize_session=False))
        cart.open_order_id = waiting[0]
