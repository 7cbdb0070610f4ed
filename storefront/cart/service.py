"""The verbs of the cart. Every change adds one to its version, by which a stale tab is known."""

from collections.abc import Iterable
from typing import Any, NamedTuple

from flask_babel import gettext as _
from sqlalchemy import delete, or_, select

from storefront import catalog, store
from storefront.cart import joined, scarce, shelf
from storefront.cart.custom import digest
from storefront.cart.models import Cart, CartLine
from storefront.cart.states import CART
from storefront.catalog.offers import Offer
from storefront.customers.models import CustomerAddress
from storefront.kit import clock
from storefront.kit.db import db
from storefront.kit.errors import Conflict, Invalid, NotFound

MANY = 10**6
ADDRESSES = ("shipping_address_id", "billing_address_id")
MOST_CERTIFICATES = 10  # that may pay for one cart


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
        select(Cart).filter_by(id=cart_id).with_for_update(key_share=True).execution_options(populate_existing=True)
    )
    if cart is None:
        raise NotFound(_("This cart is not there any more."))
    return cart


def still_open(cart_id: int) -> Cart:
    """The cart's row, locked. Raises StaleCart if it was paid, merged or put away since it was looked up."""
    cart = locked(cart_id)
    if not CART.allows(cart, "changed"):
        raise StaleCart(_("Your cart has changed in another tab."), state=cart.status)
    return cart


def add(cart: Cart, sku: str, qty: int, custom: dict[str, str] | None = None) -> Clamped:
    """Put so many of a SKU into the cart, beside those already there with the same words, as far as the limits allow.

    Raises StaleCart if the cart was closed in this moment: look for the visitor's cart once more.
    """
    offer = catalog.offer_of(sku, cart.currency)
    if offer is None or not offer.on_sale:
        raise NotFound(_("This article is not for sale."))
    cart, custom = still_open(cart.id), custom or {}
    offer = shelf.offers(cart, [offer.variant_id])[offer.variant_id]
    line = same_line(cart, offer.variant_id, digest(custom))
    if line is None and len(cart.lines) >= store.current().max_lines:
        raise Conflict(_("Your cart is full: order what is in it first, or remove something."))
    clamped = clamp(offer, qty + (line.qty if line else 0), beside(cart, offer.variant_id, line))
    if clamped.qty < 1:
        raise Conflict(clamped.why, state="sold_out")
    if line:
        line.qty = clamped.qty
    else:
        line = new_line(offer.variant_id, clamped.qty, custom)
        cart.lines.append(line)
    cart.seen = {**cart.seen, offer.sku: offer.unit_minor}
    touch(cart)
    scarce.keep(cart, line, offer)
    return clamped


def change(cart: Cart, line_id: int, qty: int, version: int) -> Clamped | None:
    """Set how many of a line there shall be; 0 removes it (then None).

    Raises NotFound if it is not a line of this cart, StaleCart if the cart has changed since `version`.
    """
    cart, line = line_as_seen(cart, line_id, version)
    offer = shelf.offers(cart, [line.variant_id])[line.variant_id]
    clamped = clamp(offer, qty, beside(cart, line.variant_id, line)) if qty else None
    if clamped and clamped.qty:
        line.qty = clamped.qty
        scarce.keep(cart, line, offer)
    else:
        scarce.let_go(line, reason="line_removed")
        cart.lines.remove(line)
    touch(cart)
    return clamped


def write_note(cart: Cart, line_id: int, custom: dict[str, str], version: int) -> None:
    """Other words for a line; it joins a line of the same variant that has them already. Raises like `change`."""
    cart, line = line_as_seen(cart, line_id, version)
    same = same_line(cart, line.variant_id, digest(custom))
    if same is line:
        return
    if same:
        same.qty += line.qty
        offer, lifted = shelf.offers(cart, [line.variant_id])[line.variant_id], scarce.lift(line)
        scarce.put_down(lifted.get(line.id, 0), same, offer, since=line.added_at)
        cart.lines.remove(line)
    else:
        line.custom, line.custom_hash = dict(custom), digest(custom)
    touch(cart)


def line_as_seen(cart: Cart, line_id: int, version: int) -> tuple[Cart, CartLine]:
    """The locked cart and its line. Raises NotFound if it has none, StaleCart if it has changed since `version`."""
    cart = still_open(cart.id)
    line = next((line for line in cart.lines if line.id == line_id), None)
    if line is None and not 0 < version < cart.version:
        raise NotFound(_("This line is not in your cart any more."))
    if line is None or cart.version != version:
        raise StaleCart(_("Your cart has changed in another tab."), state=cart.version)
    return cart, line


def same_line(cart: Cart, variant_id: int | None, custom_hash: str) -> CartLine | None:
    """The line of this variant with these words, if there is one."""
    lines = (have for have in cart.lines if have.variant_id == variant_id and have.custom_hash == custom_hash)
    return next(lines, None)


def new_line(variant_id: int, qty: int, custom: dict[str, Any]) -> CartLine:
    """A line with the words that were typed for it, not yet in any cart."""
    words = dict(custom)
    return CartLine(variant_id=variant_id, qty=qty, custom=words, custom_hash=digest(words), added_at=clock.now())


def beside(cart: Cart, variant_id: int, line: CartLine | None) -> int:
    """How many of the variant stand in other lines of the cart."""
    return sum(other.qty for other in cart.lines if other.variant_id == variant_id and other is not line)


def choose(cart: Cart, **choices) -> None:
    """Write what the shopper picked (email, address, service level, payment method); a real change counts."""
    cart = still_open(cart.id)
    changed = {name: value for name, value in choices.items() if getattr(cart, name) != value}
    replaced = [getattr(cart, name) for name in changed if name in ADDRESSES]
    for name, value in changed.items():
        setattr(cart, name, value)
    if changed:
        touch(cart)
        forget_typed(replaced)


def forget_typed(address_ids: Iterable[int | None]) -> None:
    """No row is left of these addresses, but for those that stand in a book or that a cart still goes to."""
    ids = [one for one in address_ids if one is not None]
    goes_there = or_(*(column == CustomerAddress.id for column in (Cart.shipping_address_id, Cart.billing_address_id)))
    nobodys = CustomerAddress.customer_id.is_(None) & ~select(Cart.id).where(goes_there).exists()
    typed = delete(CustomerAddress).where(CustomerAddress.id.in_(ids), nobodys)
    if ids:
        db.session.execute(typed.execution_options(synchronize_session=False))


def merge(old: Cart, *, into: Cart, customer_id: int) -> list[Clamped]:
    """The lines of one cart join another's; gives those that are fewer than both together, and why.

    An unpaid order of the first is paid from the other from now on. If that has one of its own, each takes out what it
    bought when it is paid: the closed cart remembers its order until then.
    """
    joined.follow(old, into)
    lifted = scarce.lift(*old.lines)
    offers, fewer = shelf.offers(into, {line.variant_id for line in old.lines}), []
    for line in list(old.lines):
        same = same_line(into, line.variant_id, line.custom_hash)
        if same:
            clamped = clamp(offers[line.variant_id], same.qty + line.qty, beside(into, line.variant_id, same))
            same.qty = max(1, clamped.qty)
            fewer += [clamped] if clamped.why else []
        else:
            same = new_line(line.variant_id, line.qty, line.custom)
            same.added_at = line.added_at
            into.lines.append(same)
        scarce.put_down(lifted.get(line.id, 0), same, offers[line.variant_id], since=line.added_at)
    into.custom = {**old.custom, **into.custom}
    into.coupon_codes = list(dict.fromkeys([*into.coupon_codes, *old.coupon_codes]))
    into.certificate_codes = list(dict.fromkeys([*into.certificate_codes, *old.certificate_codes]))[:MOST_CERTIFICATES]
    old.customer_id = None  # its one open cart is the other now
    CART.apply(old, "merged")
    into.customer_id = customer_id
    touch(into)
    return fewer


def parse_quantity(text: str, *, least: int = 1) -> int:
    """The whole number that was typed. Raises Invalid for anything else, and below `least`."""
    typed = text.strip()
    if not (typed.isascii() and typed.isdigit() and len(typed) <= 6) or int(typed) < least:
        raise Invalid(
            _("Enter a whole number from %(least)s up.", least=least), fields={"quantity": [_("Enter a whole number.")]}
        )
    return int(typed)


def clamp(offer: Offer, asked: int, elsewhere: int = 0) -> Clamped:
    """How many of an article a line may hold beside those in other lines, and the sentence that says why not more."""
    most, wanted = min(store.current().max_quantity, offer.max_per_order or MANY), asked + elsewhere
    if offer.available is not None and offer.available < min(wanted, most):
        left = offer.available
        why = (
            _("Only %(count)s of %(name)s left.", count=left, name=offer.name)
            if left
            else _("%(name)s is sold out.", name=offer.name)
        )
        return Clamped(offer.name, max(0, left - elsewhere), asked, why)
    if wanted > most:
        why = _("At most %(count)s of %(name)s per order.", count=most, name=offer.name)
        return Clamped(offer.name, max(0, most - elsewhere), asked, why)
    return Clamped(offer.name, asked, asked, "")


def touch(cart: Cart) -> None:
    """Count a change of the cart."""
    cart.version += 1
    cart.updated_at = clock.now()
    db.session.flush()
