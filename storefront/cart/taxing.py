"""What the state takes of a quote."""

from storefront import store, taxes
from storefront.cart.quote import Quote


def add_taxes(quote: Quote) -> None:
    """The tax of each line and of shipping, by the country that the goods go to."""
    rates = taxes.rates_for(quote.shipping_address or quote.billing_address or {"country": store.current().country})
    for line in quote.lines:
        line.tax = rates.get(line.offer.tax_category_id or 0, taxes.NO_TAX)
        line.tax_minor = taxes.tax_of(line.total_minor, line.tax)
        _note_tax(quote, line.offer.sku, line.tax, line.total_minor, line.tax_minor)
    if quote.level:
        rate = rates.get(quote.level.tax_category_id or 0, taxes.NO_TAX)
        quote.shipping_tax = rate if rate.applies_to_shipping else taxes.NO_TAX
        quote.shipping_tax_minor = taxes.tax_of(quote.level.cost_minor, quote.shipping_tax)
        _note_tax(quote, "shipping", quote.shipping_tax, quote.level.cost_minor, quote.shipping_tax_minor)


def _note_tax(quote, line, rate, base, tax):
    if rate is not taxes.NO_TAX:
        quote.tax_rows.append(
            {
                "line": line,
                "name": rate.name,
                "rate_ppm": rate.rate_ppm,
                "inclusive": rate.inclusive,
                "base_minor": base,
                "tax_minor": tax,
            }
        )
