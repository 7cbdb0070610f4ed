"""The verbs of shipping."""

from collections.abc import Mapping
from dataclasses import dataclass
from typing import Any, Protocol

from sqlalchemy import bindparam, select

from storefront import store
from storefront.catalog import Delivery
from storefront.kit.db import db
from storefront.shipping.costs import METHODS, Parcel
from storefront.shipping.models import ServiceLevel, ShippingRegion


@dataclass(frozen=True)
class Option:
    """A service level with its cost for one parcel, in minor units; days until it arrives."""

    level_id: int
    name: str
    carrier: str
    cost_minor: int
    days_min: int
    days_max: int
    tax_category_id: int | None

    def as_dict(self) -> dict:
        """What an order keeps of the level."""
        return {
            "id": self.level_id,
            "name": self.name,
            "carrier": self.carrier,
            "days_min": self.days_min,
            "days_max": self.days_max,
        }


def levels_for(address: Mapping[str, str], parcel: Parcel, currency: str) -> list[Option]:
    """Every active level that reaches the address, priced, in the merchant's order; one query."""
    reached = [level for level in _levels(currency) if in_region(level, address)]
    return [_option(level, METHODS[level.method](level.params, parcel)) for level in reached]


def usual_delivery(weight_g: int, price_minor: int) -> Delivery | None:
    """The cheapest way to send one such thing within the shop's own country; one query."""
    shop = store.current()
    levels = levels_for({"country": shop.country}, Parcel(weight_g, price_minor), shop.currency)
    best = min(levels, key=lambda level: level.cost_minor, default=None)
    if best is None:
        return None
    return Delivery(best.cost_minor, shop.currency, best.days_min, best.days_max, shop.country)


def destinations(currency: str) -> set[str] | None:
    """The countries that something can be sent to; None when a region covers the whole world."""
    countries: set[str] = set()
    for level in _levels(currency):
        if not level.countries:
            return None
        countries.update(level.countries)
    return countries


def covers(address: Mapping[str, str], currency: str) -> bool:
    """Whether anything at all can be sent there."""
    return any(in_region(level, address) for level in _levels(currency))


class Bounds(Protocol):
    """What says where a region ends: countries and subdivisions, each empty for "all of it"."""

    countries: list[Any]
    subdivisions: list[Any]


def in_region(region: Bounds, address: Mapping[str, str]) -> bool:
    """Whether an address lies within a region's bounds."""
    return (not region.countries or address.get("country") in region.countries) and (
        not region.subdivisions or address.get("subdivision") in region.subdivisions
    )


def _levels(currency):
    """The active levels with their regions' bounds, as plain rows: a product's page reads them, too."""
    return db.session.execute(_LEVELS, {"currency": currency}).all()


def _option(level, cost_minor):
    return Option(
        level_id=level.id,
        name=level.name,
        carrier=level.carrier,
        cost_minor=cost_minor,
        days_min=level.days_min,
        days_max=level.days_max,
        tax_category_id=level.tax_category_id,
    )


_regions, _of_levels = ShippingRegion.__table__, ServiceLevel.__table__
_LEVELS = (
    select(_of_levels, _regions.c.countries, _regions.c.subdivisions)
    .join(_regions, _regions.c.id == _of_levels.c.region_id)
    .where(_of_levels.c.active, _of_levels.c.currency == bindparam("currency"))
    .order_by(_of_levels.c.position, _of_levels.c.id)
)
