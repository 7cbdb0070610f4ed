"""What the shop has for one cart: what its own unpaid order holds, and what is kept for it, is within its reach."""

from collections.abc import Collection
from dataclasses import dataclass, field, replace
from datetime import datetime

from storefront import catalog, stock
from storefront.cart.joined import open_orders
from storefront.cart.models import Cart
from storefront.catalog.offers import Offer
from storefront.kit import clock
from storefront.stock.models import TIMED_HOLD


@dataclass
class Shelf:
    """Offers by variant; of scarce goods until when each line is kept, and what the cart's own order holds of them."""

    offers: dict[int, Offer]
    kept_until: dict[int, datetime] = field(default_factory=dict)  # by line; only of holds that have not run out
    ordered: dict[int, int] = field(default_factory=dict)  # by variant
    now: datetime | None = None  # when it was looked at, if anything is scarce

    def reach(self, variant_id: int, units: int) -> None:
        """So many more of a variant are within the cart's reach."""
        offer = self.offers.get(variant_id)
        if offer:
            available = None if offer.available is None else offer.available + units
            self.offers[variant_id] = replace(offer, available=available, on_shelf=offer.on_shelf + units)


def offers(cart: Cart, variant_ids: Collection[int]) -> dict[int, Offer]:
    """The offers of some variants as this cart may have them, by variant id."""
    return look(cart, variant_ids).offers


def look(cart: Cart, variant_ids: Collection[int]) -> Shelf:
    """What there is for this cart: one query, one more while it is being paid, two more if anything is scarce."""
    shelf = Shelf(catalog.offers(variant_ids, cart.currency))
    if cart.open_order_id is not None:
        for held in (held for order_id in open_orders(cart) for held in stock.reservations_of(order_id)):
            shelf.reach(held.variant_id, held.qty)
            shelf.ordered[held.variant_id] = shelf.ordered.get(held.variant_id, 0) + held.qty
    if scarce := [id for id, offer in shelf.offers.items() if offer.stock_policy == TIMED_HOLD]:
        _look_for_scarce(cart, scarce, shelf)
    return shelf


def _look_for_scarce(cart, variant_ids, shelf):
    """A hold that ran out is nobody's, though no job has come by yet; one that has not is its own cart's alone."""
    shelf.now = clock.now()
    for held in stock.in_reach(variant_ids, [line.id for line in cart.lines], shelf.now):
        shelf.reach(held.variant_id, held.qty)
        if held.expires_at > shelf.now:
            shelf.kept_until[held.cart_line_id] = held.expires_at
