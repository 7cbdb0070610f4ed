"""What the way to the shopper costs."""

from storefront import shipping
from storefront.cart.quote import Quote
from storefront.shipping.costs import Parcel


def price_shipping(quote: Quote) -> None:
    """Every level that reaches the address, priced in one pass; the chosen one, else the first."""
    if not quote.requires_shipping:
        quote.shipping_minor = 0 if quote.lines else None
        return
    if quote.shipping_address is None:
        return
    travelling = [line for line in quote.lines if line.offer.requires_shipping]
    parcel = Parcel(
        weight_g=sum(line.offer.weight_g * line.quantity for line in travelling),
        goods_minor=quote.goods_minor - quote.discount_minor,
    )
    quote.levels = shipping.levels_for(quote.shipping_address, parcel, quote.currency)
    chosen = [level for level in quote.levels if level.level_id == quote.cart.service_level_id]
    quote.level = next(iter(chosen or quote.levels), None)
    quote.shipping_minor = quote.level.cost_minor if quote.level else None
