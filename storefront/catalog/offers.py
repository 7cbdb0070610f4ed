"""What a variant is and costs right now: the one answer on which carts and quotes are built."""

from collections.abc import Collection
from dataclasses import dataclass, field
from typing import Any

from sqlalchemy import and_, bindparam, func, or_, select

from storefront.catalog.models import Price, Product, ProductImage, Variant
from storefront.catalog.pictures import Picture, picture_of
from storefront.kit import clock
from storefront.kit.db import db
from storefront.stock.models import BACKORDER, UNTRACKED, Stock


@dataclass(frozen=True)
class Offer:
    """One variant as it is for sale now. Prices in minor units, weight in grams.

    `available` is on hand minus reserved; None when nobody counts or more can be ordered.
    """

    variant_id: int
    product_id: int
    sku: str
    slug: str
    title: str
    options: dict[str, Any]
    unit_minor: int | None
    compare_at_minor: int | None
    currency: str
    weight_g: int
    tax_category_id: int | None
    requires_shipping: bool
    stock_policy: str
    hold_minutes: int
    max_per_order: int | None
    available: int | None
    active: bool
    gift_certificate: bool = False
    picture: Picture | None = field(default=None, compare=False)
    on_shelf: int = field(default=0, compare=False)  # of goods sold before they are there; below 0: sold already

    @property
    def options_text(self) -> str:
        """The options in one line: "Sand, Large"."""
        return ", ".join(str(value) for value in self.options.values())

    @property
    def name(self) -> str:
        """Title and options together, as a sentence would name it."""
        return f"{self.title} ({self.options_text})" if self.options else self.title

    @property
    def on_sale(self) -> bool:
        """Whether it may be put into a cart at all (there may still be none left)."""
        return self.active and self.unit_minor is not None


def offers(variant_ids: Collection[int], currency: str) -> dict[int, Offer]:
    """The offers of some variants by variant id, in one query; ids that do not exist are left out."""
    if not variant_ids:
        return {}
    return {offer.variant_id: offer for offer in _read(_BY_IDS, currency, ids=list(variant_ids))}


def offer_of(sku: str, currency: str) -> Offer | None:
    """The offer of one SKU, or None."""
    return next(iter(_read(_BY_SKU, currency, sku=sku)), None)


def current_price(currency, now=None):
    """The ON clause that joins a variant to its price of today, the latest to begin if several hold."""
    now = clock.here() if now is None else now
    latest = (
        select(Price.id)
        .where(
            Price.variant_id == Variant.id,
            Price.currency == currency,
            or_(Price.valid_from.is_(None), Price.valid_from <= now),
            or_(Price.valid_to.is_(None), Price.valid_to > now),
        )
        .order_by(Price.valid_from.is_(None), Price.valid_from.desc(), Price.id.desc())
        .limit(1)
        .correlate(Variant)
        .scalar_subquery()
    )
    return Price.id == latest


def _read(statement, currency, **which):
    rows = db.session.execute(statement, {"currency": currency, "now": clock.here(), **which})
    return [_offer(row, currency) for row in rows]


def _where(condition):
    """The query of the offers that fit; built once, since building costs more than running it."""
    first_image = (
        select(func.min(ProductImage.position))
        .where(ProductImage.product_id == Product.id)
        .correlate(Product)
        .scalar_subquery()
    )
    image = or_(
        ProductImage.id == Variant.image_id,
        and_(Variant.image_id.is_(None), ProductImage.product_id == Product.id, ProductImage.position == first_image),
    )
    return (
        select(*_COLUMNS)
        .join_from(Variant, Product, Product.id == Variant.product_id)
        .outerjoin(Price, current_price(bindparam("currency"), bindparam("now")))
        .outerjoin(Stock, Stock.variant_id == Variant.id)
        .outerjoin(ProductImage, image)
        .where(condition)
    )


_COLUMNS = (  # plain columns: a cart of a hundred lines is read without five hundred objects
    *(Variant.id, Variant.product_id, Variant.sku, Variant.options, Variant.weight_g, Variant.tax_category_id),
    *(Variant.requires_shipping, Variant.stock_policy, Variant.hold_minutes, Variant.max_per_order),
    *(Variant.gift_certificate, and_(Variant.active, Product.active).label("active"), Product.slug, Product.title),
    *(Price.amount_minor, Price.compare_at_minor, (Stock.on_hand - Stock.reserved).label("left")),
    *(ProductImage.key, ProductImage.alt, ProductImage.width, ProductImage.height),
)
_BY_IDS = _where(Variant.id.in_(bindparam("ids", expanding=True)))
_BY_SKU = _where(Variant.sku == bindparam("sku"))


def _offer(row, currency):
    endless = row.stock_policy in (UNTRACKED, BACKORDER)
    return Offer(
        variant_id=row.id,
        product_id=row.product_id,
        sku=row.sku,
        slug=row.slug,
        title=row.title,
        options=dict(row.options),
        unit_minor=row.amount_minor,
        compare_at_minor=row.compare_at_minor,
        currency=currency,
        weight_g=row.weight_g,
        tax_category_id=row.tax_category_id,
        requires_shipping=row.requires_shipping,
        stock_policy=row.stock_policy,
        hold_minutes=row.hold_minutes,
        max_per_order=row.max_per_order,
        available=None if endless else max(0, row.left or 0),
        active=bool(row.active),
        gift_certificate=row.gift_certificate,
        picture=picture_of(row) if row.key else None,
        on_shelf=row.left or 0,
    )
