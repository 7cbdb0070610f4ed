"""What the state takes of a quote, and what the place that the goods go to makes of their prices."""

from dataclasses import replace

from storefront import taxes
from storefront.cart.quote import Quote


def fit_prices(quote: Quote) -> None:
    """The goods at the prices of the address: as listed, or without a tax that is not taken there."""
    number = str(quote.cart.custom.get("vat_number", ""))
    place = quote.place = taxes.at(quote.shipping_address or quote.billing_address, number)
    quote.tax_note = place.note
    for line in quote.lines:
        category, line.listed_minor = line.offer.tax_category_id, line.unit_minor
        line.unit_minor = place.price(line.listed_minor, category)
        line.total_minor = line.unit_minor * line.quantity - line.discount_minor
        if line.before_minor is not None:
            line.before_minor = place.price(line.before_minor, category)
    quote.goods_minor = sum(line.unit_minor * line.quantity for line in quote.lines)


def fit_shipping(quote: Quote) -> None:
    """Each way to travel at the price of the address, like the goods."""
    place, chosen = quote.place, quote.level
    quote.levels = [
        replace(
            level,
            cost_minor=place.shipping_price(level.cost_minor, level.tax_category_id),
            list_minor=place.shipping_price(level.list_minor, level.tax_category_id),
        )
        for level in quote.levels
    ]
    if chosen:
        quote.level = next(level for level in quote.levels if level.level_id == chosen.level_id)
        quote.shipping_minor = quote.level.cost_minor


def add_taxes(quote: Quote) -> None:
    """The taxes of each line and of shipping, of what they cost after discounts."""
    for place, line in enumerate(quote.lines):
        line.charges = quote.place.charges(line.total_minor, line.offer.tax_category_id)
        line.tax_minor = sum(charge.tax_minor for charge in line.charges)
        quote.tax_rows += taxes.rows_of(line.offer.sku, place, line.charges)
    if quote.level:
        cost = quote.shipping_minor or 0
        quote.shipping_charges = quote.place.shipping_charges(cost, quote.level.tax_category_id)
        quote.shipping_tax_minor = sum(charge.tax_minor for charge in quote.shipping_charges)
        quote.tax_rows += taxes.rows_of("shipping", len(quote.lines), quote.shipping_charges)
