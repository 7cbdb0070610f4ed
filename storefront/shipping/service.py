"""The verbs of shipping for shoppers: which levels reach an address, what each costs, and why none does."""

from collections.abc import Mapping
from dataclasses import dataclass, field
from typing import Any

from flask_babel import get_locale, gettext as _
from sqlalchemy import bindparam, select

from storefront import customers, store
from storefront.catalog import Delivery
from storefront.kit import weights
from storefront.kit.db import db
from storefront.shipping.areas import deciding, in_region, missed
from storefront.shipping.costs import Parcel, cost_of
from storefront.shipping.models import ServiceLevel, ShippingRegion

__all__ = ["Option", "Reach", "covers", "destinations", "in_region", "levels_for", "reach", "uncovered"]


@dataclass(frozen=True)
class Option:
    """A service level with its cost for one parcel, in minor units; days until it arrives.

    `list_minor` is the cost by the level's own figures; promotions may leave `cost_minor` below it.
    """

    level_id: int
    name: str
    carrier: str
    cost_minor: int
    days_min: int
    days_max: int
    tax_category_id: int | None
    list_minor: int
    region: str = ""

    def as_dict(self) -> dict:
        """What an order keeps of the level."""
        return {
            "id": self.level_id,
            "name": self.name,
            "carrier": self.carrier,
            "days_min": self.days_min,
            "days_max": self.days_max,
            "list_minor": self.list_minor,
            "region": self.region,
        }


@dataclass
class Reach:
    """What can be sent to an address: by which region's levels, and if by none, why."""

    region: str = ""  # the one that decides; "" if none holds the address
    options: list[Option] = field(default_factory=list)
    left_out: list[tuple[str, str]] = field(default_factory=list)  # (level, why)
    why_not: str = ""  # a sentence for the shopper, if there is no option


def reach(address: Mapping[str, str], parcel: Parcel, currency: str) -> Reach:
    """Every level that reaches the address and carries the parcel, priced, in the merchant's order; one query."""
    levels = _levels(currency)
    region = deciding(_once(levels), address)
    if region is None:
        return Reach(why_not=_outside(levels, address)[1])
    found = Reach(region=region.region_name)
    for level in levels:
        if level.region_id == region.region_id:
            _weigh(found, level, parcel)
    if not found.options:
        found.why_not = _too_heavy(levels, region, parcel)
    return found


def levels_for(address: Mapping[str, str], parcel: Parcel, currency: str) -> list[Option]:
    """The levels of `reach`."""
    return reach(address, parcel, currency).options


def usual_delivery(weight_g: int, price_minor: int, country: str = "") -> Delivery | None:
    """The cheapest way to send one such thing within a country, the shop's own if none is named; one query.

    Where only some places of the country are covered, the cheapest of those.
    """
    shop = store.current()
    country, parcel, levels = country or shop.country, Parcel(weight_g, price_minor), _levels(shop.currency)
    region = deciding(_once(levels), {"country": country})
    near = [one for one in levels if _within(one, region, country)]
    options = [option for one in near if _carries(one, weight_g) and (option := _option(one, parcel))]
    best = min(options, key=lambda option: option.cost_minor, default=None)
    if best is None:
        return None
    return Delivery(best.cost_minor, shop.currency, best.days_min, best.days_max, country)


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
    return uncovered(address, currency) is None


def uncovered(address: Mapping[str, str], currency: str) -> tuple[str, str] | None:
    """The part of an address that no region with levels holds, and the sentence for it; None if one holds it."""
    levels = _levels(currency)
    if any(in_region(level, address) for level in _once(levels)):
        return None
    return _outside(levels, address)


def weighed(grams: int) -> str:
    """A weight as people of the visitor's language read it: 300 g, 1.5 kg."""
    return weights.shown(grams, str(get_locale() or "en"))


def _levels(currency) -> Any:
    """The active levels with their regions' bounds, as plain rows: a product's page reads them, too."""
    return db.session.execute(_LEVELS, {"currency": currency}).all()


def _once(levels):
    """One level of each region: its bounds are the region's."""
    return {level.region_id: level for level in levels}.values()


def _outside(levels, address):
    """The narrowest part of the address that would have to be another, and the sentence for it."""
    parts = {missed(level, address) for level in _once(levels)}
    part = next((one for one in ("postcode", "subdivision") if one in parts), "country")
    if part not in customers.layout(address.get("country") or "").fields:  # a region by what nobody there writes
        return "country", _("We do not send to this address.")
    if part == "postcode" and not address.get("postcode"):
        return part, _("Enter the postcode: we do not send to all of them.")
    return part, {
        "postcode": _("We do not send to this postcode."),
        "subdivision": _("We do not send to this state or region."),
        "country": _("We do not send to this country."),
    }[part]


def _weigh(found, level, parcel):
    """Put a level among those that carry the parcel, or among those that are left out with the reason."""
    if not _carries(level, parcel.weight_g):
        bounds = _bounds(level)
        found.left_out.append((level.name, _("carries %(bounds)s", bounds=bounds)))
    elif option := _option(level, parcel):
        found.options.append(option)
    else:
        found.left_out.append((level.name, _("its cost cannot be computed")))


def _bounds(level):
    least, most = level.weight_min_g, level.weight_max_g
    if least is None:
        return _("up to %(most)s", most=weighed(most))
    if most is None:
        return _("from %(least)s", least=weighed(least))
    return _("%(least)s to %(most)s", least=weighed(least), most=weighed(most))


def _too_heavy(levels, region, parcel):
    """Why no level of the region takes the parcel, with what is possible."""
    own = [level for level in levels if level.region_id == region.region_id]
    light = [level for level in own if level.weight_max_g is None or parcel.weight_g <= level.weight_max_g]
    if not light:
        most = weighed(max(level.weight_max_g for level in own))
        return _(
            "Your goods weigh %(weight)s together. To this address we can send at most %(most)s at once.",
            weight=weighed(parcel.weight_g),
            most=most,
        )
    return _(
        "We have no way of sending %(weight)s to this address. Write to us, or order more or less at once.",
        weight=weighed(parcel.weight_g),
    )


def _carries(level, weight_g):
    return (level.weight_min_g or 0) <= weight_g and (level.weight_max_g is None or weight_g <= level.weight_max_g)


def _within(level, region, country):
    if region is not None:
        return level.region_id == region.region_id
    return not level.countries or country in level.countries


def _option(level, parcel):
    cost = cost_of(level.method, level.params, parcel)
    if cost is None:
        return None
    return Option(
        level_id=level.id,
        name=level.name,
        carrier=level.carrier,
        cost_minor=cost,
        list_minor=cost,
        days_min=level.days_min,
        days_max=level.days_max,
        tax_category_id=level.tax_category_id,
        region=level.region_name,
    )


_regions, _of_levels = ShippingRegion.__table__, ServiceLevel.__table__
_LEVELS = (
    select(
        _of_levels,
        _regions.c.countries,
        _regions.c.subdivisions,
        _regions.c.postcodes,
        _regions.c.position.label("region_position"),
        _regions.c.name.label("region_name"),
    )
    .join(_regions, _regions.c.id == _of_levels.c.region_id)
    .where(_of_levels.c.active, _of_levels.c.currency == bindparam("currency"))
    .order_by(_of_levels.c.position, _of_levels.c.id)
)
