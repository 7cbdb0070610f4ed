"""The recipe of a quote, read from top to bottom. Each step takes the quote so far and fills in its part."""

from collections.abc import Callable

from storefront.cart.carriage import price_shipping
from storefront.cart.discounts import discount_goods, discount_shipping
from storefront.cart.gifts import apply_certificates
from storefront.cart.models import Cart
from storefront.cart.pricing import price_goods, read_addresses
from storefront.cart.quote import Quote
from storefront.cart.taxing import add_taxes, fit_prices, fit_shipping


def quote(cart: Cart) -> Quote:
    """The cart at today's prices, costs and taxes, in a constant number of queries."""
    result = Quote(cart=cart, currency=cart.currency, email=cart.email, method_id=cart.payment_method_id)
    for step in PIPELINE:
        step(result)
    return result


def sum_up(quote: Quote) -> None:
    """total = goods − discounts + shipping + the taxes that come on top; included ones are inside already."""
    on_top = sum(row["tax_minor"] for row in quote.tax_rows if not row["inclusive"])
    quote.tax_minor = sum(row["tax_minor"] for row in quote.tax_rows)
    quote.total_minor = quote.goods_minor - quote.discount_minor + (quote.shipping_minor or 0) + on_top
    quote.due_minor = quote.total_minor


PIPELINE: tuple[Callable[[Quote], None], ...] = (
    read_addresses,
    price_goods,
    fit_prices,
    discount_goods,
    price_shipping,
    fit_shipping,
    discount_shipping,
    add_taxes,
    sum_up,
    apply_certificates,
)
