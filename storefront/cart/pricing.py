"""Where the goods of a cart go, and each of its lines at its price of today."""

from flask_babel import gettext as _
from sqlalchemy import select

from storefront.cart import shelf
from storefront.cart.priced import QuoteLine
from storefront.cart.quote import Quote
from storefront.customers.models import CustomerAddress
from storefront.kit.db import db
from storefront.stock.models import TIMED_HOLD


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


def _trouble(offer, qty, taken):
    if not offer.on_sale:
        return _("This article is no longer for sale.")
    if offer.available is not None and offer.available < qty + taken:
        return _("Only %(count)s left.", count=offer.available) if offer.available else _("Sold out.")
    return ""
