"""How a cart meets the orders that are made from it: which one is being paid, and what leaves the cart when it is."""

from collections.abc import Collection, Iterable

from flask_babel import gettext as _
from sqlalchemy import exists, select, update
from sqlalchemy.orm import aliased

from storefront import certificates
from storefront.cart import joined, scarce
from storefront.cart.custom import digest
from storefront.cart.models import Cart, CartLine
from storefront.cart.service import StaleCart, locked, same_line, still_open, touch
from storefront.cart.states import CART, MERGED, OPEN
from storefront.kit import clock
from storefront.kit.db import db

CHOICES = (  # what a shopper has said once and need not say again
    "token_hash",
    "customer_id",
    "currency",
    "email",
    "shipping_address_id",
    "billing_address_id",
    "service_level_id",
    "payment_method_id",
    "coupon_codes",
    "certificate_codes",
    "custom",
    "seen",
)


def set_open_order(cart_id: int | None, order_id: int | None, *, was: int | None = None) -> None:
    """Remember which order the shopper is paying for; with `was`, only if it is still that one.

    A cart that is used up or was given up waits for nothing: there is nothing in it that could leave it.
    """
    cart = _paid_from(cart_id, was)
    if cart is None:
        return
    if was is None:
        cart.open_order_id = order_id if cart.status == OPEN else None
    elif order_id is None:
        joined.done_with(cart, was)
    elif cart.open_order_id == was:
        cart.open_order_id = order_id


def reclaim(cart_id: int | None, order_id: int) -> None:
    """An order that had ended is paid after all: its cart is paid by it again, unless it is by another one."""
    cart = _paid_from(cart_id, None)
    if cart and cart.status == OPEN and cart.open_order_id is None:
        cart.open_order_id = order_id


def forget_orders(order_ids: Collection[int]) -> None:
    """These orders are over: no cart is being paid with one of them any more."""
    joined_one = aliased(Cart)
    alone = Cart.merged_into_id.is_(None) & ~exists().where(joined_one.merged_into_id == Cart.id)
    paying = Cart.open_order_id.in_(order_ids)
    for cart_id, order_id in db.session.execute(select(Cart.id, Cart.open_order_id).where(paying, ~alone)).all():
        set_open_order(cart_id, None, was=order_id)
    db.session.execute(update(Cart).where(paying, alone).values(open_order_id=None))


def claim(cart_id: int, order_id: int, *, instead_of: Iterable[int], version: int) -> None:
    """The cart is paid by this order from now on.

    Raises StaleCart if another order was quicker to say so, or if the cart is not the one that was copied, or became
    one with another meanwhile.
    """
    cart = locked(cart_id)
    taken = cart.open_order_id not in (None, *instead_of, order_id)
    if taken or cart.version != version or cart.status == MERGED:
        raise StaleCart(_("Your cart was confirmed in another tab."), state=cart.version)
    cart.open_order_id = order_id


def lines_of(cart_id: int | None) -> list[int]:
    """The ids of the lines of a cart, locked, as long as it is open: what they keep is within its orders' reach."""
    cart = _paid_from(cart_id, None)
    return [line.id for line in cart.lines] if cart and cart.status == OPEN else []


def take_out(cart_id: int | None, order_id: int, bought: Iterable) -> None:
    """Subtract what was bought and paid; what was added since stays. Done once, for the cart's own order."""
    cart = _paid_from(cart_id, order_id)
    if cart is None or not CART.allows(cart, "subtracted") or order_id not in joined.open_orders(cart):
        return
    for line in bought:
        left = same_line(cart, line.variant_id, digest(line.custom))
        if left and left.qty > line.qty:
            left.qty -= line.qty
            scarce.shrink(left)
        elif left:
            scarce.let_go(left, reason="bought")
            cart.lines.remove(left)
    cart.coupon_codes = []  # they were typed for what is bought now
    joined.done_with(cart, order_id)
    used = certificates.hashes_of(order_id) if cart.certificate_codes else []
    cart.certificate_codes = [code for code in cart.certificate_codes if code not in used]
    touch(cart)
    if not cart.lines and cart.open_order_id is None:
        CART.apply(cart, "converted")


def part(cart: Cart, order_id: int) -> Cart:
    """What is in the cart goes on in a new one, apart from an order that may be paid any moment; both stand alone.

    The order keeps its goods and its closed cart, from which nothing will be subtracted. Raises StaleCart
    if it is not the order that the cart is being paid with.
    """
    cart = still_open(cart.id)
    if order_id not in joined.open_orders(cart):
        raise StaleCart(_("Your cart has changed in another tab."), state=cart.version)
    if cart.open_order_id != order_id:  # the order of a cart that joined this one, and is closed already
        joined.done_with(cart, order_id)
        return cart
    cart.open_order_id = None
    CART.apply(cart, "merged", why="ordered_apart")
    copied = {name: getattr(cart, name) for name in CHOICES}
    apart = Cart(**copied, version=cart.version + 1, created_at=clock.now(), updated_at=clock.now())
    db.session.add(apart)
    db.session.flush()
    db.session.execute(update(CartLine).where(CartLine.cart_id == cart.id).values(cart_id=apart.id))
    joined.go_on(cart, apart)
    db.session.expire_all()
    return apart


def _paid_from(cart_id, order_id):
    """The locked cart that an order was made from, or the one into which that was merged meanwhile."""
    cart = db.session.get(Cart, cart_id) if cart_id else None
    if cart and cart.status == MERGED:
        cart = joined.heir_of(cart, order_id)
    return cart and locked(cart.id)
