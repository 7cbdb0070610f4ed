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


@dataclass(frozen=True)
class Row:
    """One variant of the list. Money in minor units of the shop's currency; None where there is no price."""

    variant: Variant
    product: Product
    picture: Picture | None
    on_hand: int
    reserved: int
    price_minor: int | None
    on_sale: bool

    @property
    def counted(self) -> bool:
        """Whether anybody counts how many there are."""
        return self.variant.stock_policy != UNTRACKED


class Listed(NamedTuple):
    """One page, and how many rows and pages there are."""

    rows: list[Row]
    total: int
    pages: int


def listed(words: str, view: str, page: int) -> Listed:
    """A page of the list: newest products first; the words are looked for in titles and SKUs."""
    query = _chosen(words, view)
    total = db.session.scalar(query.with_only_columns(func.count()))
    ordered = query.order_by(Product.id.desc(), Variant.position, Variant.id).limit(PAGE).offset((page - 1) * PAGE)
    return Listed(_rows(ordered), total, max(1, -(-total // PAGE)))


def few_left(most: int) -> list[Row]:
    """What is nearly or quite sold out, the scarcest first."""
    return _rows(_chosen("", "few").order_by(Stock.on_hand - Stock.reserved, Variant.id).limit(most))


def rows_of(variant_ids: list[int]) -> list[Row]:
    """These variants, as the list shows them."""
    return _rows(_joined().where(Variant.id.in_(variant_ids)).order_by(Variant.position, Variant.id))


def _joined() -> Select:
    return (
        select(Variant, Product, Stock)
        .join(Product, Product.id == Variant.product_id)
        .outerjoin(Stock, Stock.variant_id == Variant.id)
    )


def _chosen(words, view):
    query = _joined()
    if view == "few":
        query = query.where(is_low())
    elif view == "hidden":
        query = query.where(or_(~Product.active, ~Variant.active))
    for word in words.split()[:6]:
        query = query.where(
            or_(Product.title.icontains(word, autoescape=True), Variant.sku.icontains(word, autoescape=True))
        )
    return query


def _rows(query):
    """The variants of a query, with their base prices and their products' first pictures: three queries in all."""
    found = db.session.execute(query).tuples().all()
    prices, pictures = _prices([variant.id for variant, _p, _s in found]), _pictures({p.id for _v, p, _s in found})
    return [
        Row(
            variant,
            product,
            pictures.get(product.id),
            stock.on_hand if stock else 0,
            stock.reserved if stock else 0,
            *prices.get(variant.id, (None, False)),
        )
        for variant, product, stock in found
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
