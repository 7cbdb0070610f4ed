"""What robots fetch: the map of the shop, the rules for robots, and the goods as a product feed."""

from collections.abc import Iterator
from html import escape
from typing import Any

from flask import Response, stream_with_context
from flask_babel import gettext as _
from sqlalchemy import and_, func, select

from storefront import store
from storefront.catalog.availability import left
from storefront.catalog.categories import tree
from storefront.catalog.listing import WHOLE_SHOP
from storefront.catalog.models import ListingCard, ListingEntry, Price, Product, ProductImage, Variant
from storefront.catalog.offers import current_price
from storefront.catalog.pictures import picture_of
from storefront.kit import money
from storefront.kit.db import db
from storefront.kit.errors import NotFound
from storefront.kit.html import as_text
from storefront.kit.pages import PRIVATE, absolute
from storefront.stock.models import BACKORDER, Stock

MOST = 50_000  # addresses in one file, by the rules of sitemaps.org
ROWS = 500  # read from the database at a time
_HEAD = '<?xml version="1.0" encoding="UTF-8"?>\n'
_SITEMAP = ' xmlns="http://www.sitemaps.org/schemas/sitemap/0.9">\n'


def sitemap() -> Response:
    """The map of the shop, or of its parts when one file cannot hold it."""
    parts = _parts()
    if parts == 1:
        return _xml(_urlset(1))
    places = (f"<sitemap><loc>{escape(absolute(f'/sitemaps/{n}.xml'))}</loc></sitemap>\n" for n in range(1, parts + 1))
    return _xml([_HEAD, "<sitemapindex", _SITEMAP, *places, "</sitemapindex>\n"])


def sitemap_part(number: int) -> Response:
    """One part of the map, from 1. Raises NotFound."""
    if not 1 <= number <= _parts():
        raise NotFound(_("There is no such part of the map."))
    return _xml(_urlset(number))


def robots() -> Response:
    """Robots may look at the window, and at nothing that belongs to a visitor."""
    closed = "".join(f"Disallow: {path}\n" for path in (*PRIVATE, "/search"))
    text = f"User-agent: *\n{closed}\nSitemap: {absolute('/sitemap.xml')}\n"
    return Response(text, mimetype="text/plain")


def products() -> Response:
    """Every variant that is for sale, as the RSS that shopping engines read."""
    return _xml(_product_feed(store.current()))


def _xml(parts):
    return Response(stream_with_context(iter(parts)), mimetype="application/xml")


def _parts():
    whole = select(func.count()).select_from(ListingEntry).where(ListingEntry.category_id == WHOLE_SHOP)
    listed = db.session.scalar(whole) or 0
    return max(1, -(-(listed + len(_other_places())) // MOST))


def _other_places():
    categories = [place.url for place in tree().by_id.values() if place.goods]
    return ["/", *categories, *(f"/pages/{page.slug}" for page in store.footer_pages())]


def _urlset(number) -> Iterator[str]:
    """The addresses of one part: the other places first, then the products in their order."""
    others = _other_places()
    first = (number - 1) * MOST
    yield _HEAD + "<urlset" + _SITEMAP
    for path in others[first : first + MOST]:
        yield f"<url><loc>{escape(absolute(path))}</loc></url>\n"
    skipped, room = max(0, first - len(others)), MOST - len(others[first : first + MOST])
    goods = (
        select(Product.slug, Product.updated_at)
        .join(ListingEntry, and_(ListingEntry.product_id == Product.id, ListingEntry.category_id == WHOLE_SHOP))
        .order_by(Product.id)
        .offset(skipped)
        .limit(room)
    )
    for slug, updated_at in db.session.execute(goods).yield_per(ROWS):
        loc = escape(absolute(f"/products/{slug}"))
        yield f"<url><loc>{loc}</loc><lastmod>{updated_at.date().isoformat()}</lastmod></url>\n"
    yield "</urlset>\n"


def _product_feed(shop) -> Iterator[str]:
    yield _HEAD + '<rss version="2.0" xmlns:g="http://base.google.com/ns/1.0">\n<channel>\n'
    yield f"<title>{_clean(shop.name)}</title>\n<link>{escape(absolute('/'))}</link>\n"
    yield f"<description>{_clean(shop.name)}</description>\n"
    for row in db.session.execute(_for_sale(shop.currency)).yield_per(ROWS):
        yield _item(row, shop.currency)
    yield "</channel>\n</rss>\n"


def _for_sale(currency):
    return (
        select(
            Product.id,
            Product.slug,
            Product.title,
            Product.description,
            Product.vendor,
            Variant.sku,
            Variant.options,
            Variant.weight_g,
            Variant.stock_policy,
            Price.amount_minor,
            Price.compare_at_minor,
            left().label("left"),
            (Stock.on_hand - Stock.reserved).label("counted"),
            *(ProductImage.__table__.c[name] for name in ("key", "alt", "width", "height")),
        )
        .join(Variant, Variant.product_id == Product.id)
        .join(Price, current_price(currency))
        .join(ListingCard, ListingCard.product_id == Product.id)
        .outerjoin(ProductImage, ProductImage.id == func.coalesce(Variant.image_id, ListingCard.image_id))
        .outerjoin(Stock, Stock.variant_id == Variant.id)
        .where(Product.active, Variant.active)
        .order_by(Product.id, Variant.position, Variant.id)
    )


def _item(row, currency):
    tags = "".join(f"<{name}>{_clean(str(value))}</{name}>" for name, value in _facts(row, currency) if value)
    return f"<item>{tags}</item>\n"


def _facts(row, currency) -> Iterator[tuple[str, Any]]:
    """The fields of one offer, by the names that shopping engines know."""
    choice = ", ".join(str(value) for value in row.options.values())
    sale = (row.compare_at_minor or 0) > row.amount_minor
    yield "g:id", row.sku
    yield "g:item_group_id", row.id
    yield "title", f"{row.title} – {choice}" if choice else row.title
    yield "description", as_text(row.description)[:5000] or row.title
    yield "link", absolute(f"/products/{row.slug}?sku={row.sku}")
    picture = picture_of(row)
    yield "g:image_link", absolute(picture.largest) if picture else None
    yield "g:availability", _availability(row)
    yield "g:price", f"{money.plain(row.compare_at_minor if sale else row.amount_minor, currency)} {currency}"
    yield "g:sale_price", f"{money.plain(row.amount_minor, currency)} {currency}" if sale else None
    yield "g:condition", "new"
    yield "g:brand", row.vendor
    yield "g:shipping_weight", f"{row.weight_g} g" if row.weight_g else None


def _availability(row):
    if row.stock_policy == BACKORDER and (row.counted or 0) <= 0:
        return "backorder"
    return "in_stock" if row.left > 0 else "out_of_stock"


def _clean(text):
    """The text for XML, without the control characters that XML 1.0 has no way to say."""
    return escape("".join(letter for letter in text if letter >= " " or letter in "\t\n"))
