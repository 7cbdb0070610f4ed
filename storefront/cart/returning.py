"""What comes back into a cart: the goods of an order that has ended, a cart that was put away, and what fits the stock.

Each gives the lines that are fewer than they were, and why.
"""

from collections.abc import Iterable
from contextlib import suppress
from typing import Any, Protocol

from flask_babel import gettext as _

from storefront import store
from storefront.cart import scarce, shelf
from storefront.cart.custom import digest, is_present
from storefront.cart.models import Cart
from storefront.cart.service import Clamped, beside, clamp, locked, new_line, same_line, still_open, touch
from storefront.cart.states import CART
from storefront.kit import clock
from storefront.stock import OutOfStock


class Bought(Protocol):
    """What a cart needs to know of an order's line."""

    variant_id: int | None
    sku: str
    title: str
    qty: int
    unit_minor: int
    custom: dict[str, Any]


def put_back(cart: Cart, lines: Iterable[Bought], custom: dict[str, Any], order_id: int) -> list[Clamped]:
    """What an ended order asked for stands in the cart, in its stead: see put_in, and with its words."""
    fewer = put_in(cart, lines)
    cart.custom = {**custom, **cart.custom}
    cart.restored_from_order_id = order_id
    return fewer


def put_in(cart: Cart, lines: Iterable[Bought]) -> list[Clamped]:
    """The lines of an order stand in the cart, each once with its words, at the prices of today.

    What is in the cart already counts: a line has as many as were ordered, or as many as it had.
    """
    cart, wanted = still_open(cart.id), [line for line in lines if not is_present(line.custom)]
    offers = shelf.offers(cart, {line.variant_id for line in wanted if line.variant_id})
    fewer = [_put_back(cart, line, offers.get(line.variant_id or 0)) for line in wanted]
    touch(cart)
    return [clamped for clamped in fewer if clamped.why]


def fit(cart: Cart) -> list[Clamped]:
    """Every line has what there is of it, in the order of the lines; what is sold out is gone."""
    cart, fewer, before = still_open(cart.id), [], list(cart.lines)
    offers = shelf.offers(cart, {line.variant_id for line in before})
    taken: dict[int, int] = {}
    for line in before:
        offer = offers[line.variant_id]
        clamped = clamp(offer, line.qty, taken.get(line.variant_id, 0)) if offer.on_sale else _gone(offer.name, line)
        taken[line.variant_id] = taken.get(line.variant_id, 0) + clamped.qty
        fewer += [clamped] if clamped.why else []
        _cut(cart, line, clamped.qty)
    if fewer:
        touch(cart)
    return fewer


def reopen(cart: Cart) -> list[Clamped]:
    """A cart that was put away is the shopper's again, with what is still there of it; prices are told by the page."""
    cart = locked(cart.id)
    CART.apply(cart, "reopened")
    cart.updated_at = clock.now()
    fewer = fit(cart)
    offers = shelf.offers(cart, {line.variant_id for line in cart.lines})
    for line in cart.lines:
        with suppress(OutOfStock):  # somebody was quicker in this moment: the line stays, and says so
            scarce.keep(cart, line, offers[line.variant_id])
    return fewer


def _cut(cart, line, qty):
    if not qty:
        scarce.let_go(line, reason="line_removed")
        cart.lines.remove(line)
    elif qty != line.qty:
        line.qty = qty
        scarce.shrink(line)


def _put_back(cart, line, offer):
    if offer is None or not offer.on_sale:
        return _gone(line.title, line)
    have = same_line(cart, line.variant_id, digest(line.custom))
    if have is None and len(cart.lines) >= store.current().max_lines:
        return Clamped(offer.name, 0, line.qty, _("Your cart is full: %(name)s did not fit.", name=offer.name))
    before = have.qty if have else 0
    clamped = clamp(offer, max(before, line.qty), beside(cart, line.variant_id, have))
    if have:
        have.qty = max(before, clamped.qty)
    elif clamped.qty:
        have = new_line(line.variant_id, clamped.qty, line.custom)
        cart.lines.append(have)
        cart.seen = {**cart.seen, line.sku: line.unit_minor}  # the page tells what it costs now
    if have and have.qty > before:
        with suppress(OutOfStock):  # as in reopen
            scarce.keep(cart, have, offer)
    return clamped


def _gone(name, line):
    return Clamped(name, 0, line.qty, _("%(name)s is not for sale any more.", name=name))
