"""The verbs of the cart. Every change adds one to its version, by which a stale tab is known."""

from collections.abc import Iterable
from datetime import timedelta
from typing import NamedTuple

from flask_babel import gettext as _
from sqlalchemy import and_, delete, or_, select

from storefront import catalog, store
from storefront.cart import shelf
from storefront.cart.models import Cart, CartLine
from storefront.cart.states import ABANDONED, CART, CONVERTED, MERGED, OPEN
from storefront.kit import clock
from storefront.kit.db import db
from storefront.kit.errors import Conflict, Invalid, NotFound

EMPTY_CARTS_KEPT = timedelta(hours=6)
CLOSED_CARTS_KEPT = timedelta(days=30)
MANY = 10**6


class StaleCart(Conflict):
    """The form was made from an older cart than the one there is now."""

    code = "stale_cart"


class Clamped(NamedTuple):
    """How many a line has now, how many were asked for, and why it is not the same ("" if it is)."""

    name: str
    qty: int
    asked: int
    why: str


def start(token_hash: str, currency: str, customer_id: int | None = None) -> Cart:
    """A new open cart."""
    now = clock.now()
    cart = Cart(token_hash=token_hash, currency=currency, customer_id=customer_id, created_at=now, updated_at=now)
    db.session.add(cart)
    db.session.flush()
    return cart


def locked(cart_id: int) -> Cart:
    """The cart's row, locked until the transaction ends."""
    cart = db.session.scalar(
        select(Cart).filter_by(id=cart_id).with_for_update().execution_options(populate_existing=True)
    )
    if cart is None:
        raise NotFound(_("This cart is not there any more."))
    return cart


def add(cart: Cart, sku: str, qty: int) -> Clamped:
    """Put so many of a SKU into the cart, beside those already there, as far as the limits allow."""
    offer = catalog.offer_of(sku, cart.currency)
    if offer is None or not offer.on_sale:
        raise NotFound(_("This article is not for sale."))
    cart = locked(cart.id)
    offer = shelf.offers(cart, [offer.variant_id])[offer.variant_id]
    line = next((line for line in cart.lines if line.variant_id == offer.variant_id and not line.custom_hash), None)
    if line is None and len(cart.lines) >= store.current().max_lines:
        raise Conflict(_("Your cart is full: order what is in it first, or remove something."))
    clamped = _clamp(offer, qty + (line.qty if line else 0))
    if clamped.qty < 1:
        raise Conflict(clamped.why, state="sold_out")
    if line:
        line.qty = clamped.qty
    else:
        cart.lines.append(CartLine(variant_id=offer.variant_id, qty=clamped.qty, added_at=clock.now()))
    touch(cart)
    cart.seen = {**cart.seen, offer.sku: offer.unit_minor}
    return clamped


def change(cart: Cart, line_id: int, qty: int, version: int) -> Clamped | None:
    """Set how many of a line there shall be; 0 removes it (then None).

    Raises NotFound if it is not a line of this cart, StaleCart if the cart has changed since `version`.
    """
    cart = locked(cart.id)
    line = next((line for line in cart.lines if line.id == line_id), None)
    if line is None and not 0 < version < cart.version:
        raise NotFound(_("This line is not in your cart any more."))
    if line is None or cart.version != version:
        raise StaleCart(_("Your cart has changed in another tab."), state=cart.version)
    offer = shelf.offers(cart, [line.variant_id])[line.variant_id]
    clamped = _clamp(offer, qty) if qty else None
    if clamped and clamped.qty:
        line.qty = clamped.qty
    else:
        cart.lines.remove(line)
    touch(cart)
    return clamped


def choose(cart: Cart, **choices) -> None:
    """Write what the shopper picked (email, address, service level, payment method); a real change counts."""
    cart = locked(cart.id)
    changed = {name: value for name, value in choices.items() if getattr(cart, name) != value}
    for name, value in changed.items():
        setattr(cart, name, value)
    if changed:
        touch(cart)


def merge(old: Cart, *, into: Cart, customer_id: int) -> list[Clamped]:
    """The lines of one cart join another's; gives those that are fewer than both together, and why."""
    offers, fewer = shelf.offers(into, {line.variant_id for line in old.lines}), []
    for line in list(old.lines):
        same = next((have for have in into.lines if have.variant_id == line.variant_id), None)
        if same:
            clamped = _clamp(offers[line.variant_id], same.qty + line.qty)
            same.qty = max(1, clamped.qty)
            fewer += [clamped] if clamped.why else []
        else:
            new = CartLine(variant_id=line.variant_id, qty=line.qty, custom=line.custom, added_at=clock.now())
            into.lines.append(new)
    old.open_order_id, into.open_order_id = None, into.open_order_id or old.open_order_id
    old.customer_id = None  # its one open cart is the other now
    CART.apply(old, "merged")
    into.customer_id = customer_id
    touch(into)
    return fewer


def set_open_order(cart_id: int | None, order_id: int | None, *, was: int | None = None) -> None:
    """Remember which order the shopper is paying for; with `was`, only if it is still that one."""
    cart = _paid_from(cart_id, was)
    if cart and (was is None or cart.open_order_id == was):
        cart.open_order_id = order_id


def claim(cart_id: int, order_id: int, *, instead_of: int | None, version: int) -> None:
    """The cart is paid by this order from now on.

    Raises StaleCart if another order was quicker to say so, or if the cart is not the one that was copied.
    """
    cart = locked(cart_id)
    if cart.open_order_id not in (None, instead_of, order_id) or cart.version != version:
        raise StaleCart(_("Your cart was confirmed in another tab."), state=cart.version)
    cart.open_order_id = order_id


def take_out(cart_id: int | None, order_id: int, bought: Iterable) -> None:
    """Subtract what was bought and paid; what was added since stays. Done once, for the cart's own order."""
    cart = _paid_from(cart_id, order_id)
    if cart is None or cart.status != OPEN or cart.open_order_id != order_id:
        return
    for line in bought:
        left = next((have for have in cart.lines if have.variant_id == line.variant_id), None)
        if left and left.qty > line.qty:
            left.qty -= line.qty
        elif left:
            cart.lines.remove(left)
    cart.open_order_id = None
    touch(cart)
    if not cart.lines:
        CART.apply(cart, "converted")


def _paid_from(cart_id, order_id):
    """The locked cart that an order was made from, or the one into which that was merged meanwhile."""
    cart = db.session.get(Cart, cart_id) if cart_id else None
    if cart and cart.status == MERGED:
        if order_id is None:
            return None  # no cart is known to be its heir, and every idle cart of the shop would look like it
        cart = db.session.scalar(select(Cart).filter_by(open_order_id=order_id, status=OPEN))
    return cart and locked(cart.id)


def stale() -> list[int]:
    """The ids of carts whose time has come, oldest first, a batch at a time."""
    now, shop = clock.now(), store.current()
    empty = ~select(CartLine.id).where(CartLine.cart_id == Cart.id).exists()
    return list(
        db.session.scalars(
            select(Cart.id)
            .where(
                Cart.open_order_id.is_(None),
                or_(
                    and_(Cart.status == OPEN, empty, Cart.updated_at < now - EMPTY_CARTS_KEPT),
                    and_(
                        Cart.status == OPEN,
                        Cart.customer_id.is_(None),
                        Cart.updated_at < now - timedelta(days=shop.cart_abandon_days),
                    ),
                    and_(Cart.status == OPEN, Cart.updated_at < now - timedelta(days=shop.cart_abandon_days_customer)),
                    and_(Cart.status.in_((MERGED, CONVERTED, ABANDONED)), Cart.updated_at < now - CLOSED_CARTS_KEPT),
                ),
            )
            .order_by(Cart.updated_at)
            .limit(500)
        )
    )


def purge(cart_id: int) -> bool:
    """Abandon an old open cart; remove one that is empty or closed long ago. False if it is being paid for."""
    cart = locked(cart_id)
    if cart.open_order_id is not None:
        return False
    if cart.status == OPEN and cart.lines:
        CART.apply(cart, "abandoned")
        cart.updated_at = clock.now()
    else:
        db.session.execute(delete(Cart).where(Cart.id == cart.id))
    return True


def parse_quantity(text: str, *, least: int = 1) -> int:
    """The whole number that was typed. Raises Invalid for anything else, and below `least`."""
    typed = text.strip()
    if not (typed.isascii() and typed.isdigit() and len(typed) <= 6) or int(typed) < least:
        raise Invalid(
            _("Enter a whole number from %(least)s up.", least=least), fields={"quantity": [_("Enter a whole number.")]}
        )
    return int(typed)


def _clamp(offer, asked):
    """How many of an article a cart may hold, and the sentence that says why not more."""
    most = min(store.current().max_quantity, offer.max_per_order or MANY)
    if offer.available is not None and offer.available < min(asked, most):
        left = offer.available
        why = (
            _("Only %(count)s of %(name)s left.", count=left, name=offer.name)
            if left
            else _("%(name)s is sold out.", name=offer.name)
        )
        return Clamped(offer.name, left, asked, why)
    if asked > most:
        why = _("At most %(count)s of %(name)s per order.", count=most, name=offer.name)
        return Clamped(offer.name, most, asked, why)
    return Clamped(offer.name, asked, asked, "")


def touch(cart: Cart) -> None:
    """Count a change of the cart."""
    cart.version += 1
    cart.updated_at = clock.now()
    db.session.flush()
