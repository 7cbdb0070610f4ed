"""The list of goods: every variant with what is on hand, held and free, its price and state."""

from dataclasses import dataclass
from typing import NamedTuple

from sqlalchemy import Select, and_, func, or_, select

from storefront import store
from storefront.catalog.models import Price, Product, ProductImage, Variant
from storefront.catalog.pictures import Picture, picture_of
from storefront.catalog.running_low import is_low
from storefront.kit.db import db
from storefront.stock.models import UNTRACKED, Stock

PAGE = 50
VIEWS = ("all", "few", "hidden")
SORTS = ("title", "stock", "price")  # with "-" before it, downwards


@dataclass(frozen=True)
class Row:
    """One variant of the list. Money in minor units of the shop's currency; None where there is no price."""

    variant: Variant
    product: Product
    picture: Picture | None
    on_hand: int
    reserved: int
    low: bool  # few are left, by the shop's rule or the article's own
    price_minor: int | None
    on_sale: bool

    @property
    def counted(self) -> bool:
        """Whether anybody counts how many there are."""
        return self.variant.stock_policy != UNTRACKED


class Listed(NamedTuple):
    """One page, how many rows and pages there are, and how many rows each view has."""

    rows: list[Row]
    total: int
    pages: int
    counts: dict[str, int]


def listed(words: str, view: str, page: int, sort: str = "") -> Listed:
    """A page of the list: newest products first, or sorted; the words are looked for in titles and SKUs."""
    counts = _counts(words)
    total = counts[view]
    ordered = _chosen(words, view).order_by(*_order(sort), Product.id.desc(), Variant.position, Variant.id)
    rows = _rows(ordered.limit(PAGE).offset((page - 1) * PAGE))
    return Listed(rows, total, max(1, -(-total // PAGE)), counts)


def _counts(words):
    """How many variants each view has; one query."""
    few, hidden = func.count().filter(is_low()), func.count().filter(_hidden())
    row = db.session.execute(_chosen(words, "all").with_only_columns(func.count(), few, hidden)).one()
    return dict(zip(VIEWS, row, strict=True))


def _order(sort):
    by = {
        "title": func.lower(Product.title),
        "stock": func.coalesce(Stock.on_hand - Stock.reserved, 0),
        "price": _base_price(),
    }.get(sort.removeprefix("-"))
    if by is None:
        return []
    return [(by.desc() if sort.startswith("-") else by.asc()).nulls_last()]


def _base_price():
    """What a variant costs when there is no sale, in the shop's currency, as SQL."""
    mine = (Price.variant_id == Variant.id, Price.currency == store.current().currency)
    base = select(func.max(Price.amount_minor)).where(*mine, Price.valid_from.is_(None), Price.valid_to.is_(None))
    return base.correlate(Variant).scalar_subquery()


def few_left(most: int) -> list[Row]:
    """What is nearly or quite sold out, the scarcest first."""
    return _rows(_chosen("", "few").order_by(Stock.on_hand - Stock.reserved, Variant.id).limit(most))


def rows_of(variant_ids: list[int]) -> list[Row]:
    """These variants, as the list shows them."""
    return _rows(_joined().where(Variant.id.in_(variant_ids)).order_by(Variant.position, Variant.id))


def _joined() -> Select:
    return (
        select(Variant, Product, Stock, is_low())
        .join(Product, Product.id == Variant.product_id)
        .outerjoin(Stock, Stock.variant_id == Variant.id)
    )


def _chosen(words, view):
    query = _joined()
    if view == "few":
        query = query.where(is_low())
    elif view == "hidden":
        query = query.where(_hidden())
    for word in words.split()[:6]:
        query = query.where(
            or_(Product.title.icontains(word, autoescape=True), Variant.sku.icontains(word, autoescape=True))
        )
    return query


def _hidden():
    return or_(~Product.active, ~Variant.active)


def _rows(query):
    """The variants of a query, with their base prices and their products' first pictures: three queries in all."""
    found = db.session.execute(query).tuples().all()
    prices, pictures = _prices([row[0].id for row in found]), _pictures({row[1].id for row in found})
    return [
        Row(
            variant,
            product,
            pictures.get(product.id),
            stock.on_hand if stock else 0,
            stock.reserved if stock else 0,
            low,
            *prices.get(variant.id, (None, False)),
        )
        for variant, product, stock, low in found
    ]


def _prices(variant_ids):
    """(base price, whether there is a sale price too) by variant."""
    query = select(Price).where(Price.variant_id.in_(variant_ids), Price.currency == store.current().currency)
    base, sales = {}, set()
    for price in db.session.scalars(query.order_by(Price.id)):
        if price.valid_from is None and price.valid_to is None:
            base[price.variant_id] = price.amount_minor
        else:
            sales.add(price.variant_id)
    return {variant_id: (amount, variant_id in sales) for variant_id, amount in base.items()}


def _pictures(product_ids):
    first = (
        select(func.min(ProductImage.position))
        .where(ProductImage.product_id == (outer := ProductImage.__table__.alias("outer_images")).c.product_id)
        .scalar_subquery()
    )
    query = select(outer).where(and_(outer.c.product_id.in_(product_ids), outer.c.position == first))
    return {row.product_id: picture_of(row) for row in db.session.execute(query)}
