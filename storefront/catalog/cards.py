"""One page of a list: which goods, in which order, each with its price and stock of this moment; one query.

The read model says which and in which order; what a card shows of price and stock is read live.
"""

from collections.abc import Sequence
from functools import lru_cache
from typing import NamedTuple
from urllib.parse import quote

from flask_babel import gettext as _
from sqlalchemy import BigInteger, FromClause, bindparam, case, exists, func, literal, or_, select

from storefront import store
from storefront.catalog import fulltext, ranked
from storefront.catalog.availability import FEW, left
from storefront.catalog.listing import WHOLE_SHOP
from storefront.catalog.models import (
    ListingCard,
    ListingEntry,
    ListingFacet,
    Price,
    Product,
    ProductImage,
    Variant,
    VariantOption,
)
from storefront.catalog.narrowing import BEST, NAME, NEWEST, PRICE, PRICE_DESCENDING, Wish
from storefront.catalog.offers import current_price
from storefront.catalog.pictures import Picture
from storefront.catalog.reductions import to_be_told
from storefront.catalog.words import folded
from storefront.kit import clock
from storefront.kit.db import db, written
from storefront.stock.models import Stock

PAGE = 24
FACETS = 5  # so many options are offered; an address may name more
COUNTED = 240  # of a search or a narrowed list the first ten pages are counted and shown
NEAR = 5  # pages that are looked at often: each has its own statement, which PostgreSQL need not plan anew each time
entries, cards = ListingEntry.__table__, ListingCard.__table__
products, images, variants = Product.__table__, ProductImage.__table__, Variant.__table__
prices, stock, options = Price.__table__, Stock.__table__, VariantOption.__table__
facet = ListingFacet.__table__.c
_FACETS = (
    select(facet.name, facet.value, facet.goods)
    .where(facet.category_id == bindparam("category"))
    .order_by(facet.position, facet.value)
    .limit(written(500))
)
# PostgreSQL does not see which one it is when it plans: else it may plan each list anew, longer than it runs.
_CATEGORY = select(bindparam("category", type_=BigInteger)).scalar_subquery()
_OFFERED = (
    select(
        variants.c.product_id,
        *(prices.c[name] for name in ("amount_minor", "compare_at_minor", "lowest_before_minor")),
        left().label("left"),
    )
    .select_from(
        variants.join(prices, current_price(bindparam("currency"), bindparam("now"))).outerjoin(
            stock, stock.c.variant_id == variants.c.id
        )
    )
    .where(variants.c.active)
    .subquery("offered")
)
SORTS = {
    NEWEST: entries.c.age,
    PRICE: entries.c.price_min,
    PRICE_DESCENDING: entries.c.price_down,
    NAME: entries.c.name,
}


class Card(NamedTuple):
    """A product in a list. Prices in minor units; `line` is the one thing worth saying beside the price."""

    slug: str
    title: str
    picture: Picture | None
    price_minor: int
    price_from: bool
    compare_at_minor: int | None
    lowest_before_minor: int | None  # to be told beside a reduced price
    currency: str
    sold_out: bool
    line: str

    @property
    def url(self) -> str:
        """Where the product is."""
        return "/products/" + quote(self.slug)


class Shelf(NamedTuple):
    """A page of a list, and how many goods the whole list has."""

    cards: list[Card]
    total: int
    bounded: bool = False

    @property
    def more(self) -> bool:
        """Whether there are more than were counted."""
        return self.total >= COUNTED and self.bounded

    @property
    def pages(self) -> int:
        """How many pages the list fills."""
        return -(-self.total // PAGE)


class Facet(NamedTuple):
    """An option of the goods in a list, with the values they come in."""

    name: str
    values: list[str]


def of_category(category_id: int, wish: Wish, goods: int | None = None) -> Shelf:
    """A page of a category's goods, those of the categories below it too. `goods`: how many it has, if known."""
    known = None if wish.narrows else goods
    values = {"category": category_id}
    return _shelf(_statement(wish.sort, None, known is not None, _skipped(wish), _shape(wish)), wish, values, known)


def found(words: Sequence[str], text: str, wish: Wish) -> Shelf:
    """A page of the goods that have all these words of a text; the best are those of which it is the title."""
    values = {"category": WHOLE_SHOP, fulltext.WORDS: fulltext.question(words)}
    if wish.sort == BEST:
        values[fulltext.TITLE_WORDS] = fulltext.question(words, in_title=True)
        values["title"] = " ".join(folded(text).split())
    return _shelf(_statement(wish.sort, fulltext.matches(), False, _skipped(wish), _shape(wish)), wish, values, None)


def newest(most: int, currency: str) -> list[Card]:
    """The goods that came last."""
    return of_category(WHOLE_SHOP, Wish(currency=currency), goods=most).cards[:most]


def facets(category_id: int) -> list[Facet]:
    """The options to choose from in a category, the commonest first; one query."""
    by_name: dict[str, list] = {}
    for name, value, goods in db.session.execute(_FACETS, {"category": category_id}):
        by_name.setdefault(name, []).append((value, goods))
    often = sorted(by_name, key=lambda name: -sum(goods for _value, goods in by_name[name]))
    return [Facet(name, [value for value, _goods in by_name[name]][:24]) for name in often[:FACETS]]


def _shelf(statement, wish, values, known):
    values |= {"now": clock.here(), "currency": wish.currency, "offset": (wish.page - 1) * PAGE}
    rows = db.session.execute(statement, {**values, **_narrowed_by(wish)}).all()
    total = known if known is not None else rows[0].total if rows else 0
    country = store.current().country
    return Shelf([_card(row, wish.currency, country) for row in rows], total, bounded=known is None)


def _card(row, currency, country):
    """By place, as `_statement` has them: a page makes two dozen, and asking a row by name takes thrice as long."""
    _total, slug, title, choices, key, alt, width, height, low, high, compare_at, before, most_left, all_left = row
    return Card(
        slug,
        title,
        Picture(key, alt, width, height) if key else None,
        low,
        low != high,
        compare_at or None if low == high else None,
        to_be_told(country, low, compare_at, before) if low == high else None,
        currency,
        most_left <= 0,
        _("Only %(count)s left", count=int(all_left)) if 0 < all_left <= FEW else choices,
    )


def _skipped(wish):
    """How many goods come before this page, for the statement itself; None where it is bound to it."""
    return (wish.page - 1) * PAGE if wish.page <= NEAR else None


def _shape(wish: Wish):
    """What the statement depends on; the values themselves are bound to it."""
    return (
        wish.price_from is not None,
        wish.price_to is not None,
        wish.in_stock,
        tuple(len(values) for _name, values in wish.options),
    )


def _narrowed_by(wish):
    values = {"price_from": wish.price_from, "price_to": wish.price_to}
    for i, (name, wanted) in enumerate(wish.options):
        values[f"name{i}"] = name
        values |= {f"value{i}_{k}": value for k, value in enumerate(wanted)}
    return {name: value for name, value in values.items() if value is not None}


@lru_cache(maxsize=256)
def _statement(sort, matches, counted, skipped, shape):
    """The query of one page; built once for each way of asking, since building costs more than running it."""
    page = _page(sort, matches, counted, skipped, shape).subquery("page")
    shown = (page.c.total, page.c.sold_out, page.c.place, page.c.product_id)
    return (
        select(
            page.c.total,
            products.c.slug,
            products.c.title,
            cards.c.choices,
            *(images.c[name] for name in ("key", "alt", "width", "height")),
            func.min(_OFFERED.c.amount_minor).label("price_min"),
            func.max(_OFFERED.c.amount_minor).label("price_max"),
            func.min(func.coalesce(_OFFERED.c.compare_at_minor, written(0))).label("compare_at"),  # if all are reduced
            func.min(_OFFERED.c.lowest_before_minor).label("lowest_before"),  # of any variant: never too high a one
            func.max(_OFFERED.c.left).label("most_left"),
            func.sum(case((_OFFERED.c.left > written(0), _OFFERED.c.left), else_=written(0))).label("all_left"),
        )
        .select_from(
            page.join(products, products.c.id == page.c.product_id)
            .join(cards, cards.c.product_id == page.c.product_id)
            .outerjoin(images, images.c.id == cards.c.image_id)
            .join(_OFFERED, _OFFERED.c.product_id == page.c.product_id)
        )
        .group_by(*shown, products.c.id, cards.c.product_id, images.c.id)
        .order_by(page.c.sold_out, page.c.place, page.c.product_id)
    )


def _page(sort, matches, counted, skipped, shape):
    listed = ranked.best(COUNTED, tuple(_conditions(shape))) if sort == BEST else _sorted(sort, matches, shape)
    goods = listed.subquery("goods")
    first = select(goods).order_by(goods.c.sold_out, goods.c.place, goods.c.product_id)
    if counted:
        return _cut(first.add_columns(written(0).label("total")), skipped)
    few = first.limit(written(COUNTED)).subquery("few")
    total = select(few, func.count().over().label("total"))
    return _cut(total.order_by(few.c.sold_out, few.c.place, few.c.product_id), skipped)


def _cut(listed, skipped):
    page = listed.limit(written(PAGE))
    if skipped is None:
        return page.offset(bindparam("offset"))
    return page.offset(written(skipped)) if skipped else page


def _sorted(sort, matches, shape):
    """The goods of a category, or those of them that match, each with its place in this order."""
    source: FromClause = entries
    if matches is not None:
        hits = matches.subquery("hits")
        source = hits.join(entries, entries.c.product_id == hits.c.product_id)
    return (
        select(entries.c.product_id, entries.c.sold_out, SORTS[sort].label("place"))
        .select_from(source)
        .where(entries.c.category_id == _CATEGORY, *_conditions(shape))
    )


def _conditions(shape):
    price_from, price_to, in_stock, wanted = shape
    if price_from:
        yield entries.c.price_max >= bindparam("price_from")
    if price_to:
        yield entries.c.price_min <= bindparam("price_to")
    if in_stock or wanted:
        yield _has_variant(in_stock, wanted)


def _has_variant(in_stock, wanted):
    """There is one active variant that is all that is asked for: of that colour and that size, and there."""
    source = variants.outerjoin(stock, stock.c.variant_id == variants.c.id)
    asked = [variants.c.product_id == entries.c.product_id, variants.c.active]
    asked += [left() > 0] if in_stock else []
    asked += [_has_option(i, values) for i, values in enumerate(wanted)]
    return exists(select(literal(1)).select_from(source).where(*asked).correlate(entries))


def _has_option(i, values):
    option = options.alias(f"option{i}")
    is_wanted = or_(*(option.c.value == bindparam(f"value{i}_{k}") for k in range(values)))
    return exists(
        select(literal(1))
        .select_from(option)
        .where(option.c.variant_id == variants.c.id, option.c.name == bindparam(f"name{i}"), is_wanted)
        .correlate(variants)
    )
