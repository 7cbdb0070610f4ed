"""Everything that a product's page shows, in two queries: the product with its pictures, and its variants."""

import re
from collections.abc import Iterable
from dataclasses import dataclass
from typing import Any

from flask_babel import gettext as _
from sqlalchemy import bindparam, exists, func, select

from storefront import store
from storefront.catalog.availability import FEW, PLENTY
from storefront.catalog.models import Category, Price, Product, ProductImage, Variant, product_categories
from storefront.catalog.offers import current_price
from storefront.catalog.pictures import Picture, picture_of
from storefront.catalog.reductions import to_be_told
from storefront.kit import clock, money
from storefront.kit.db import db
from storefront.kit.errors import Invalid, NotFound
from storefront.stock.models import BACKORDER, TIMED_HOLD, UNTRACKED, Stock, StockReservation
from storefront.stock.states import HELD

IN_STOCK, FEW_LEFT, SOLD_OUT, MADE_TO_ORDER = "in_stock", "few_left", "sold_out", "made_to_order"
products, images, variants = Product.__table__, ProductImage.__table__, Variant.__table__
prices, stock, reservations = Price.__table__, Stock.__table__, StockReservation.__table__


@dataclass(frozen=True)
class Choice:
    """A variant as the page offers it. Price in minor units, weight in grams; `left` is what can be promised."""

    id: int
    sku: str
    options: dict[str, Any]
    price_minor: int
    compare_at_minor: int | None
    lowest_before_minor: int | None  # to be told beside a reduced price
    weight_g: int
    stock_policy: str
    hold_minutes: int
    max_per_order: int | None
    requires_shipping: bool
    left: int
    image_id: int | None
    held: bool = False  # whether some are set aside for somebody who has not paid
    gift_certificate: bool = False
    says_its_price: bool = False  # its option is its price: "€25" of a gift certificate

    @property
    def may_come_free(self) -> bool:
        """Whether none is left now, though one may be soon."""
        return self.sold_out and self.held

    @property
    def state(self) -> str:
        """How it stands on the shelf: IN_STOCK, FEW_LEFT, SOLD_OUT or MADE_TO_ORDER."""
        if self.stock_policy == UNTRACKED:
            return IN_STOCK
        if self.left <= 0:
            return MADE_TO_ORDER if self.stock_policy == BACKORDER else SOLD_OUT
        return FEW_LEFT if self.left <= FEW else IN_STOCK

    @property
    def sold_out(self) -> bool:
        """Whether it cannot be had."""
        return self.state == SOLD_OUT

    @property
    def timed(self) -> bool:
        """Whether it is kept for a few minutes as soon as it lies in a cart."""
        return self.stock_policy == TIMED_HOLD

    @property
    def label(self) -> str:
        """The options in one line, or the SKU of a variant without any."""
        return ", ".join(str(value) for value in self.options.values()) or self.sku

    @property
    def last_label(self) -> str:
        """The options after the first, where the first heads a group."""
        return ", ".join(str(value) for value in list(self.options.values())[1:])


@dataclass(frozen=True)
class Goods:
    """A product with its pictures and what can be chosen of it."""

    id: int
    slug: str
    title: str
    description: str
    vendor: str
    tags: list[Any]
    seo_title: str
    seo_description: str
    category_id: int | None
    pictures: list[Picture]
    choices: list[Choice]
    selected: Choice | None

    @property
    def sold_out(self) -> bool:
        """Whether nothing of it can be had."""
        return all(choice.sold_out for choice in self.choices)

    @property
    def awaited(self) -> list[Choice]:
        """What one may wait for."""
        return [choice for choice in self.choices if choice.may_come_free]

    def named(self, choices: Iterable[Choice]) -> list[tuple[str, str]]:
        """SKU and name of some choices, as a form offers them."""
        return [(choice.sku, choice.label if choice.options else self.title) for choice in choices]

    @property
    def prices(self) -> list[int]:
        """The different prices, lowest first."""
        return sorted({choice.price_minor for choice in self.choices})

    @property
    def groups(self) -> list[tuple[str, list[Choice]]]:
        """The choices under each value of the first option; one group without a name if there is one option."""
        names = {tuple(choice.options) for choice in self.choices}
        if len(names) != 1 or len(next(iter(names))) < 2:
            return [("", self.choices)]
        by_first: dict[str, list[Choice]] = {}
        for choice in self.choices:
            by_first.setdefault(str(next(iter(choice.options.values()))), []).append(choice)
        return list(by_first.items())

    @property
    def option_names(self) -> list[str]:
        """The names of the options in their order."""
        return list(dict.fromkeys(name for choice in self.choices for name in choice.options))

    def values_of(self, name: str) -> list[str]:
        """What there is of an option, in its order."""
        return list(dict.fromkeys(str(each.options[name]) for each in self.choices if name in each.options))

    @property
    def weights(self) -> list[int]:
        """The different weights in grams, lowest first, of what weighs anything."""
        return sorted({choice.weight_g for choice in self.choices if choice.weight_g})


def goods(slug: str, currency: str, sku: str = "") -> Goods:
    """The product at an address, with `sku` or the first that can be had selected. Raises NotFound."""
    rows = db.session.execute(_PRODUCT, {"slug": slug}).all()
    if not rows:
        raise NotFound(_("There is no such product, or it is not for sale any more."))
    values = {"product": rows[0].id, "now": clock.here(), "currency": currency}
    choices = [_choice(row, currency) for row in db.session.execute(_VARIANTS, values)]
    selected = _selected(choices, sku)
    return Goods(
        **{name: getattr(rows[0], name) for name in _SHOWN},
        category_id=rows[0].category_id,
        pictures=_pictures(rows, selected),
        choices=choices,
        selected=selected,
    )


def _selected(choices, sku):
    named = (choice for choice in choices if choice.sku == sku)
    to_be_had = (choice for choice in choices if not choice.sold_out)
    return next(named, None) or next(to_be_had, None) or next(iter(choices), None)


def _pictures(rows, selected):
    """All pictures in their order, that of the selected variant first."""
    shown = [row for row in rows if row.key]
    first = selected.image_id if selected else None
    return [picture_of(row) for row in sorted(shown, key=lambda row: row.image_id != first)]


def _choice(row, currency):
    uncounted = row.stock_policy == UNTRACKED
    return Choice(
        id=row.id,
        sku=row.sku,
        options=row.options,
        price_minor=row.amount_minor,
        compare_at_minor=row.compare_at_minor if (row.compare_at_minor or 0) > row.amount_minor else None,
        lowest_before_minor=to_be_told(
            store.current().country, row.amount_minor, row.compare_at_minor, row.lowest_before_minor
        ),
        weight_g=row.weight_g,
        stock_policy=row.stock_policy,
        hold_minutes=row.hold_minutes,
        max_per_order=row.max_per_order,
        requires_shipping=row.requires_shipping,
        left=PLENTY if uncounted else row.left or 0,
        image_id=row.image_id,
        held=row.held,
        gift_certificate=row.gift_certificate,
        says_its_price=row.gift_certificate and _says(row.options, row.amount_minor, currency),
    )


def _says(options, amount_minor, currency):
    """Whether the last of some options is this amount of money, however it is written."""
    amount = re.sub(r"[^\d.,]", "", str(list(options.values())[-1])) if options else ""
    try:
        return money.parsed(amount, currency) == amount_minor
    except Invalid:
        return False


_SHOWN = ("id", "slug", "title", "description", "vendor", "tags", "seo_title", "seo_description")
_deepest = (
    select(product_categories.c.category_id)
    .join(Category, Category.id == product_categories.c.category_id)
    .where(product_categories.c.product_id == products.c.id)
    .order_by(func.length(Category.path).desc(), Category.id)
    .limit(1)
    .correlate(products)
    .scalar_subquery()
)
_PRODUCT = (
    select(
        *(products.c[name] for name in _SHOWN),
        _deepest.label("category_id"),
        images.c.id.label("image_id"),
        *(images.c[name] for name in ("key", "alt", "width", "height")),
    )
    .outerjoin(images, images.c.product_id == products.c.id)
    .where(products.c.slug == bindparam("slug"), products.c.active)
    .order_by(images.c.position, images.c.id)
)
_over = (  # what carts keep though its minutes are over: nobody's, though no job has come by
    select(func.coalesce(func.sum(reservations.c.qty), 0))
    .where(reservations.c.variant_id == variants.c.id, reservations.c.status == HELD)
    .where(reservations.c.owner_kind == "cart", reservations.c.expires_at <= bindparam("now"))
    .correlate(variants)
    .scalar_subquery()
)
_VARIANTS = (
    select(
        *(variants.c[name] for name in ("id", "sku", "options", "weight_g", "stock_policy", "hold_minutes")),
        variants.c.max_per_order,
        variants.c.requires_shipping,
        variants.c.gift_certificate,
        variants.c.image_id,
        prices.c.amount_minor,
        prices.c.compare_at_minor,
        prices.c.lowest_before_minor,
        (stock.c.on_hand - stock.c.reserved + _over).label("left"),
        exists().where(reservations.c.variant_id == variants.c.id, reservations.c.status == HELD).label("held"),
    )
    .join(prices, current_price(bindparam("currency"), bindparam("now")))
    .outerjoin(stock, stock.c.variant_id == variants.c.id)
    .where(variants.c.product_id == bindparam("product"), variants.c.active)
    .order_by(variants.c.position, variants.c.id)
)
