"""Which rates a place has: one query by index, then one rate for each category and priority.

Of several rates with the same priority for the same goods the one for the smaller place counts: fewer countries, fewer
subdivisions, named postcodes, named cities; among equals the oldest. All rates of one kind of goods at one place are
inside the price, or all on top: as the one with the first priority says.
"""

import unicodedata
from collections.abc import Iterable, Mapping
from dataclasses import replace
from itertools import groupby
from typing import Any

from sqlalchemy import bindparam, or_, select

from storefront.kit import clock
from storefront.kit.db import UtcDateTime, db
from storefront.shipping import postcodes
from storefront.shipping.areas import in_region
from storefront.shipping.models import ShippingRegion, plain_subdivision
from storefront.taxes.arithmetic import Rate
from storefront.taxes.models import TaxRate

ByCategory = dict[int, tuple[Rate, ...]]
_ALL = 1_000_000  # more than any list of countries or subdivisions has


def rates_at(*addresses: Mapping[str, str]) -> list[ByCategory]:
    """For each address the rates of every category, by its id and in order; one query for all of them."""
    keys = [["", *dict.fromkeys(one)] for one in zip(*(_keys(address) for address in addresses), strict=True)]
    countries, subdivisions, whole, parts = keys
    found = {"countries": countries, "subdivisions": subdivisions, "postcodes": whole + parts}
    rows = db.session.execute(_RATES, {**found, "now": clock.now()}).all()
    return [_of_place(sorted(rows, key=rank), address) for address in addresses]


def rank(row: Any) -> tuple[Any, ...]:
    """Rows in the order in which they count: category, priority, then the smaller place, then the older."""
    place = (len(row.countries) or _ALL, len(row.subdivisions) or _ALL, not row.postcodes, not row.cities)
    return row.category_id, row.priority, *place, row.id


def in_place(row: Any, address: Mapping[str, str]) -> bool:
    """Whether an address lies within a rate's region, and in one of its cities if it names any."""
    return in_region(row, address) and (
        not row.cities or folded_city(address.get("city", "")) in {folded_city(city) for city in row.cities}
    )


def folded_city(name: str) -> str:
    """A city as it is compared: small letters without their marks, one space between words."""
    letters = unicodedata.normalize("NFKD", name.casefold())
    return " ".join("".join(letter for letter in letters if not unicodedata.combining(letter)).split())


def _keys(address):
    """What the index is asked for: country, subdivision, postcode, and the part before its hyphen (90210-1234)."""
    country, postcode = address.get("country") or "", address.get("postcode") or ""
    parts = (postcode, postcode.rpartition("-")[0])
    state = plain_subdivision(address.get("subdivision") or "", country)
    return country, state, *(postcodes.folded(part, country) for part in parts)


def _of_place(rows: Iterable[Any], address: Mapping[str, str]) -> ByCategory:
    found: ByCategory = {}
    for category, here in groupby((row for row in rows if in_place(row, address)), key=lambda row: row.category_id):
        first = [next(same) for _priority, same in groupby(here, key=lambda row: row.priority)]
        rates = [_rate(row) for row in first]
        found[category] = tuple(replace(rate, inclusive=rates[0].inclusive) for rate in rates)
    return found


def _rate(row):
    return Rate(
        name=row.name,
        rate_ppm=row.rate_ppm,
        inclusive=row.inclusive,
        applies_to_shipping=row.applies_to_shipping,
        compound=row.compound,
        priority=row.priority,
        rate_id=row.id,
    )


_rates, _regions = TaxRate.__table__, ShippingRegion.__table__
_now = bindparam("now", type_=UtcDateTime())
_RATES = (
    select(_rates, _regions.c.countries, _regions.c.subdivisions, _regions.c.postcodes, _regions.c.cities)
    .join(_regions, _regions.c.id == _rates.c.region_id)
    .where(
        _regions.c.only_country.in_(bindparam("countries", expanding=True)),
        _regions.c.only_subdivision.in_(bindparam("subdivisions", expanding=True)),
        _regions.c.only_postcode.in_(bindparam("postcodes", expanding=True)),
        or_(_rates.c.valid_from.is_(None), _rates.c.valid_from <= _now),
        or_(_rates.c.valid_to.is_(None), _rates.c.valid_to > _now),
    )
)
