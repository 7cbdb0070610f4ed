"""Where a region ends, and which of several decides about an address.

The one that says more about the address: postcodes before states, states before countries, countries before the rest
of the world. Of two that say as much, the one that stands higher in the merchant's list. Only one region decides: an
address in a city's region is offered the city's levels and not the country's.
"""

from collections.abc import Iterable, Mapping
from typing import Any, Protocol, TypeVar

from storefront.shipping import postcodes

WORLD, COUNTRY, SUBDIVISION, POSTCODE = range(4)


class Bounds(Protocol):
    """What says where a region ends: each list is empty for "all of it"."""

    countries: list[Any]
    subdivisions: list[Any]
    postcodes: list[Any]


class Ranked(Bounds, Protocol):
    """A region with its place in the merchant's list."""

    region_id: int
    region_position: int


def in_region(region: Bounds, address: Mapping[str, str]) -> bool:
    """Whether an address lies within a region's bounds."""
    return missed(region, address) is None


def missed(region: Bounds, address: Mapping[str, str]) -> str | None:
    """The part of an address by which it lies outside of a region, the widest first; None if it lies inside."""
    country, postcode = address.get("country") or "", address.get("postcode") or ""
    if region.countries and country not in region.countries:
        return "country"
    if region.subdivisions and not _listed(address.get("subdivision") or "", country, region.subdivisions):
        return "subdivision"
    if region.postcodes and not postcodes.within(region.postcodes, postcode, country):
        return "postcode"
    return None


def _listed(subdivision, country, wanted):
    """A state may be listed alone (NY) or after its country (US-NY)."""
    names = {subdivision.casefold(), f"{country}-{subdivision}".casefold()}
    return bool(subdivision) and any(str(one).casefold() in names for one in wanted)


def rank(region: Bounds) -> int:
    """How much a region says of the addresses in it. Postcodes that it only leaves out do not count."""
    country = region.countries[0] if len(region.countries) == 1 else ""
    if any(not one.excludes for one in postcodes.readable(region.postcodes or (), country)):
        return POSTCODE
    if region.subdivisions:
        return SUBDIVISION
    return COUNTRY if region.countries else WORLD


def standing(region: Ranked) -> tuple[int, int, int]:
    """The place in which regions are asked: the first that holds an address decides."""
    return -rank(region), region.region_position, region.region_id


Region = TypeVar("Region", bound=Ranked)


def deciding(regions: Iterable[Region], address: Mapping[str, str]) -> Region | None:
    """The region that decides about an address, or None if none holds it."""
    return min((one for one in regions if in_region(one, address)), key=standing, default=None)
