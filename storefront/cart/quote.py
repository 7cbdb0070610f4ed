"""What the cart would cost right now: a value that is computed and never stored.

PIPELINE is the recipe, read from top to bottom. Each step takes the quote so far and fills in its part;
figures are minor units of the quote's currency.
"""

import hashlib
import json
from collections.abc import Callable
from dataclasses import dataclass, field
from datetime import datetime
from typing import Any

from flask_babel import gettext as _
from sqlalchemy import select

from storefront import shipping, store, taxes
from storefront.cart import shelf
from storefront.cart.models import Cart
from storefront.cart.priced import Adjustment, QuoteLine
from storefront.customers.models import CustomerAddress
from storefront.kit import signing
from storefront.kit.db import db
from storefront.kit.errors import Invalid
from storefront.shipping.costs import Parcel
from storefront.stock.models import DEDUCT_ON_PAID, TIMED_HOLD

_SALT = "quote"
_VALID = 24 * 3600


@dataclass
class Quote:
    """The whole of what is shown at the preview and copied into an order."""

    cart: Cart
    currency: str
    lines: list[QuoteLine] = field(default_factory=list)
    email: str = ""
    shipping_address: dict[str, str] | None = None
    billing_address: dict[str, str] | None = None
    adjustments: list[Adjustment] = field(default_factory=list)
    levels: list[shipping.Option] = field(default_factory=list)
    level: shipping.Option | None = None
    shipping_tax_minor: int = 0
    shipping_tax: taxes.Rate = taxes.NO_TAX
    tax_rows: list[dict[str, Any]] = field(default_factory=list)
    goods_minor: int = 0
    discount_minor: int = 0
    shipping_minor: int | None = None
    tax_minor: int = 0
    total_minor: int = 0
    due_minor: int = 0
    method_id: int | None = None
    looked_at: datetime | None = None  # when the goods were looked at, if any are scarce

    @property
    def requires_shipping(self) -> bool:
        """Whether anything in it has to travel."""
        return any(line.offer.requires_shipping for line in self.lines)

    @property
    def troubles(self) -> list[QuoteLine]:
        """The lines that cannot be ordered as they are."""
        return [line for line in self.lines if line.trouble]

    @property
    def kept(self) -> list[QuoteLine]:
        """The scarce lines that are kept for minutes, the first to end first."""
        return sorted((line for line in self.lines if line.kept_until), key=lambda line: str(line.kept_until))

    @property
    def not_kept(self) -> list[QuoteLine]:
        """The scarce lines that anybody else may have by now."""
        return [line for line in self.lines if line.not_kept and not line.trouble]

    @property
    def kept_when_paid(self) -> list[QuoteLine]:
        """The lines that are taken from the shelf only when the money is there: nothing keeps them before."""
        return [line for line in self.lines if line.offer.stock_policy == DEDUCT_ON_PAID]

    @property
    def taxes(self) -> list[tuple[str, int]]:
        """(name, amount) of each tax, summed over the lines."""
        return taxes.summed(self.tax_rows)

    @property
    def content(self) -> dict[str, Any]:
        """Everything that the shopper agrees to, in a form that can be signed and compared."""
        return {
            "lines": [
                [line.offer.sku, line.offer.name, line.quantity, line.unit_minor, line.total_minor, line.custom]
                for line in self.lines
            ],
            "shipping": [self.level.level_id, self.level.name, self.level.cost_minor] if self.level else None,
            "discount": self.discount_minor,
            "tax": self.tax_minor,
            "total": self.total_minor,
            "due": self.due_minor,
            "currency": self.currency,
        }

    @property
    def hash(self) -> str:
        """Equal for equal quotes: content, addresses, e-mail and the way to pay."""
        facts = [self.content, self.email, self.shipping_address, self.billing_address, self.method_id]
        facts += [self.cart.custom] if self.cart.custom else []
        return hashlib.sha256(json.dumps(facts, sort_keys=True).encode()).hexdigest()

    @property
    def token(self) -> str:
        """What was shown, signed, for the form that confirms it."""
        shown = {"cart": self.cart.id, "version": self.cart.version, "hash": self.hash, "content": self.content}
        return signing.signed(shown, _SALT)

    def fits(self, token: str) -> bool:
        """Whether the token was made from a quote equal to this one, for this cart, within its time."""
        try:
            shown = read_token(token)
        except Invalid:
            return False
        return shown["cart"] == self.cart.id and shown["hash"] == self.hash


def read_token(token: str) -> dict[str, Any]:
    """What a preview showed: cart, version, hash, content. Raises Invalid when it is not ours or too old."""
    return signing.unsigned(token, _SALT, max_age=_VALID)


def quote(cart: Cart) -> Quote:
    """The cart at today's prices, costs and taxes, in a constant number of queries."""
    result = Quote(cart=cart, currency=cart.currency, email=cart.email, method_id=cart.payment_method_id)
    for step in PIPELINE:
        step(result)
    return result


def read_addresses(quote: Quote) -> None:
    """The addresses picked so far; billing is shipping unless another was given."""
    wanted = {quote.cart.shipping_address_id, quote.cart.billing_address_id} - {None}
    found = db.session.scalars(select(CustomerAddress).where(CustomerAddress.id.in_(wanted))) if wanted else ()
    by_id = {address.id: address.as_dict() for address in found}
    quote.shipping_address = by_id.get(quote.cart.shipping_address_id or 0)
    quote.billing_address = by_id.get(quote.cart.billing_address_id or 0) or quote.shipping_address


def price_goods(quote: Quote) -> None:
    """Each line at its price of today, with what is wrong with it, if anything."""
    seen = shelf.look(quote.cart, {line.variant_id for line in quote.cart.lines})
    offers, quote.looked_at = seen.offers, seen.now
    taken: dict[int, int] = {}  # by lines of the same variant with other words
    for line in quote.cart.lines:
        offer = offers[line.variant_id]
        priced = QuoteLine(line.id, offer, line.qty, dict(line.custom), unit_minor=offer.unit_minor or 0)
        priced.total_minor = priced.unit_minor * priced.quantity
        priced.trouble = _trouble(offer, line.qty, taken.get(line.variant_id, 0))
        taken[line.variant_id] = taken.get(line.variant_id, 0) + line.qty
        priced.kept_until = seen.kept_until.get(line.id)
        ordered = taken[line.variant_id] <= seen.ordered.get(line.variant_id, 0)
        priced.not_kept = offer.stock_policy == TIMED_HOLD and not priced.kept_until and not ordered
        if priced.not_kept and priced.trouble and offer.on_sale and not offer.available:
            priced.trouble = _("The time for which we kept it is over, and somebody else has it now.")
        before = quote.cart.seen.get(offer.sku)
        priced.before_minor = before if before != offer.unit_minor else None
        quote.lines.append(priced)
    quote.goods_minor = sum(line.total_minor for line in quote.lines)


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


def sum_up(quote: Quote) -> None:
    """total = goods − discounts + shipping + the taxes that come on top; included ones are inside already."""
    on_top = sum(row["tax_minor"] for row in quote.tax_rows if not row["inclusive"])
    quote.tax_minor = sum(row["tax_minor"] for row in quote.tax_rows)
    quote.total_minor = quote.goods_minor - quote.discount_minor + (quote.shipping_minor or 0) + on_top
    quote.due_minor = quote.total_minor


PIPELINE: tuple[Callable[[Quote], None], ...] = (read_addresses, price_goods, price_shipping, add_taxes, sum_up)


def _trouble(offer, qty, taken):
    if not offer.on_sale:
        return _("This article is no longer for sale.")
    if offer.available is not None and offer.available < qty + taken:
        return _("Only %(count)s left.", count=offer.available) if offer.available else _("Sold out.")
    return ""


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
