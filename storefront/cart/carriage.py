"""What the way to the shopper costs."""

from storefront import shipping
from storefront.cart.quote import Quote
from storefront.shipping.costs import Parcel


def price_shipping(quote: Quote) -> None:
    """Every level that reaches the address, priced in one pass; the chosen one, else the cheapest; or why none does.

    Of several that cost the same, the first in the merchant's order.
    """
    if not quote.requires_shipping:
        quote.shipping_minor = 0 if quote.lines else None
        return
    if quote.shipping_address is None:
        return
    total = sum(line.listed_total_minor for line in quote.lines)
    parcel = Parcel(weight_g=quote.weight_g, goods_minor=total)
    reached = shipping.reach(quote.shipping_address, parcel, quote.currency)
    quote.levels, quote.no_shipping = reached.options, reached.why_not
    chosen = [level for level in quote.levels if level.level_id == quote.cart.service_level_id]
    quote.level = min(chosen or quote.levels, key=lambda level: level.cost_minor, default=None)
    quote.shipping_minor = quote.level.cost_minor if quote.level else None
