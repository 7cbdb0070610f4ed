"""The rates as merchants look at them: in the order of their places, a page at a time, however many there are."""

from collections.abc import Sequence
from dataclasses import dataclass
from typing import Any

from sqlalchemy import and_, func, select, tuple_
from sqlalchemy.orm import contains_eager

from storefront.catalog.models import Variant
from storefront.kit.db import db
from storefront.shipping.models import ShippingRegion
from storefront.taxes.models import TaxCategory, TaxRate

ROWS = 50
_ORDER = (ShippingRegion.only_country, ShippingRegion.only_subdivision, ShippingRegion.id, TaxRate.id)
Key = tuple[str, str, int, int]


@dataclass(frozen=True)
class Listed:
    """A page of rates, how many there are in all, and the key of its last row if more follow."""

    rates: Sequence[TaxRate]
    total: int
    last: Key | None


def rates(*, country: str = "", category_id: int | None = None, after: Key | None = None) -> Listed:
    """The rates of a country ("*": of several countries, or everywhere), behind a key; two queries."""
    wanted: list[Any] = []
    if country:
        wanted.append(ShippingRegion.only_country == ("" if country == "*" else country))
    if category_id:
        wanted.append(TaxRate.category_id == category_id)
    joined = select(TaxRate).join(TaxRate.region).join(TaxRate.category).where(and_(True, *wanted))
    page = joined.options(contains_eager(TaxRate.region), contains_eager(TaxRate.category)).order_by(*_ORDER)
    if after:
        page = page.where(tuple_(*_ORDER) > tuple_(*after))
    found = db.session.scalars(page.limit(ROWS + 1)).all()
    total = db.session.scalar(select(func.count()).select_from(joined.with_only_columns(TaxRate.id).subquery()))
    return Listed(found[:ROWS], total or 0, key_of(found[ROWS - 1]) if len(found) > ROWS else None)


def key_of(rate: TaxRate) -> Key:
    """Where a rate stands in the list."""
    return rate.region.only_country, rate.region.only_subdivision, rate.region_id, rate.id


def countries() -> list[str]:
    """The countries that have rates of their own; "" stands for several at once, and for everywhere."""
    used = select(TaxRate.region_id).where(TaxRate.region_id == ShippingRegion.id).exists()
    return list(db.session.scalars(select(ShippingRegion.only_country).where(used).distinct().order_by("only_country")))


def categories() -> list[tuple[TaxCategory, int, int]]:
    """Each category, how many rates it has, and how many variants are in it; three queries."""
    rates_of = dict(_counted(TaxRate.category_id))
    goods_of = dict(_counted(Variant.tax_category_id))
    found = db.session.scalars(select(TaxCategory).order_by(TaxCategory.id))
    return [(one, rates_of.get(one.id, 0), goods_of.get(one.id, 0)) for one in found]


def _counted(column):
    return db.session.execute(select(column, func.count()).group_by(column)).tuples().all()
