"""What the shop has for one cart: the goods that its own unpaid order holds are still within its reach."""

from collections.abc import Collection
from dataclasses import replace

from storefront import catalog, stock
from storefront.cart.models import Cart
from storefront.catalog.offers import Offer


def offers(cart: Cart, variant_ids: Collection[int]) -> dict[int, Offer]:
    """The offers of some variants as this cart may have them, by variant id; one query, two while it is being paid."""
    found = catalog.offers(variant_ids, cart.currency)
    if cart.open_order_id is not None:
        for held in stock.reservations_of(cart.open_order_id):
            offer = found.get(held.variant_id)
            if offer and offer.available is not None:
                found[held.variant_id] = replace(offer, available=offer.available + held.qty)
    return found
