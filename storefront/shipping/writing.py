"""The verbs of shipping for merchants: regions and levels are made, changed, put in order, switched and removed.

Each gives what the trail needs, and raises Invalid with the sentences by field, or NotFound. Orders hold copies.
"""

from collections.abc import Iterable, Mapping
from typing import Any, TypeVar

from flask_babel import gettext as _
from sqlalchemy import column, func, or_, select, table
from sqlalchemy.orm import selectinload

from storefront import customers, store
from storefront.kit.db import db
from storefront.kit.errors import Conflict, Invalid, NotFound
from storefront.shipping import areas, postcodes
from storefront.shipping.costs import METHODS
from storefront.shipping.figures import MOST_GRAMS, checked
from storefront.shipping.models import ServiceLevel, ShippingRegion

LONGEST_NAME, MOST_DAYS = 60, 365
_tax_rates = table("tax_rates", column("region_id"))  # regions serve taxes, too
_Row = TypeVar("_Row", ShippingRegion, ServiceLevel)


def regions() -> list[ShippingRegion]:
    """The regions that goods are sent to, with their levels, in the order in which they are asked; two queries."""
    wanted = or_(ShippingRegion.levels.any(), ~ShippingRegion.taxes_only)
    found = db.session.scalars(select(ShippingRegion).where(wanted).options(selectinload(ShippingRegion.levels)))
    return sorted(found, key=standing)


def standing(region: ShippingRegion) -> tuple[int, int, int]:
    """The place in which a region is asked."""
    return -areas.rank(region), region.position, region.id


def region_by(region_id: int) -> ShippingRegion:
    """A region. Raises NotFound."""
    return _found(ShippingRegion, region_id, _("There is no such region any more."))


def level_by(level_id: int) -> ServiceLevel:
    """A level. Raises NotFound."""
    return _found(ServiceLevel, level_id, _("There is no such way of sending any more."))


def save_region(
    region: ShippingRegion | None,
    *,
    name: str,
    countries: Iterable[str] = (),
    subdivisions: Iterable[str] = (),
    patterns: str = "",
) -> ShippingRegion:
    """A region as it was typed, a new one if there was none. Raises Invalid."""
    values: dict[str, Any] = {"name": customers.plain_line(name), "countries": sorted(set(countries))}
    wrong = _unnamed(customers.plain_line(name))
    unknown = [code for code in values["countries"] if code not in dict(customers.countries(None))]
    if unknown:
        wrong["countries"] = [_("There is no country “%(code)s”", code=unknown[0][:10])]
    values |= _parts(values["countries"], list(subdivisions), patterns, wrong)
    if wrong:
        raise Invalid(_("The region is not right yet."), fields=wrong)
    if region is None:
        last = db.session.scalar(select(func.max(ShippingRegion.position))) or 0
        region = ShippingRegion(cities=[], position=last + 1, **values)
        db.session.add(region)
    for name_, value in values.items():
        if name_ == "name" or set(getattr(region, name_)) != set(value):  # another order is no change
            setattr(region, name_, value)
    db.session.flush()
    return region


def _parts(countries, subdivisions, patterns, wrong):
    """States and postcodes of the one country that the region has; what is wrong with them goes into `wrong`."""
    kept: dict[str, list[str]] = {"subdivisions": sorted(set(subdivisions)), "postcodes": []}
    if (subdivisions or patterns.strip()) and len(countries) != 1:
        field = "subdivisions" if subdivisions else "postcodes"
        wrong[field] = [_("A region with states or postcodes has one country: make a region for each")]
        return kept
    if subdivisions:
        known = {code for code, _name in customers.subdivisions(countries[0])}
        strange = [code for code in kept["subdivisions"] if code not in known]
        if strange:
            wrong["subdivisions"] = [_("There is no state or region “%(code)s” there", code=strange[0][:30])]
    try:
        kept["postcodes"] = postcodes.cleaned(patterns, countries[0]) if patterns.strip() else []
    except Invalid as problem:
        wrong["postcodes"] = [problem.message.rstrip(".")]
    return kept


def save_level(
    level: ServiceLevel | None, region: ShippingRegion, *, params: Mapping[str, Any], **values: Any
) -> ServiceLevel:
    """A way of sending as it was typed, a new one at the end of its region if there was none. Raises Invalid.

    `values` are columns of the level; `params` the figures of its method, in minor units, ppm and grams.
    """
    for one in ("name", "carrier"):
        values[one] = customers.plain_line(values.get(one) or "")
    wrong = wrong_with(values)
    try:
        method = METHODS.get(values["method"])
        values["params"] = checked(method.figures, params) if method else dict(params)
    except Invalid as problem:
        wrong |= problem.fields
    if wrong:
        raise Invalid(_("The way of sending is not right yet."), fields=wrong)
    if level is None:
        last = db.session.scalar(select(func.max(ServiceLevel.position)).filter_by(region_id=region.id))
        level = ServiceLevel(region_id=region.id, position=0 if last is None else last + 1, **values)
        db.session.add(level)
    for column_, value in values.items():
        setattr(level, column_, value)
    db.session.flush()
    return level


def wrong_with(values: Mapping[str, Any]) -> dict[str, list[str]]:
    """What is wrong with the columns of a level, as sentences by their names."""
    wrong, currency = _unnamed(values["name"]), store.current().currency
    if len(values["carrier"] or "") > LONGEST_NAME:
        wrong["carrier"] = [_("At most %(most)d letters", most=LONGEST_NAME)]
    if values["method"] not in METHODS:
        wrong["method"] = [_("Choose how the cost is computed")]
    if values["currency"] != currency:
        wrong["currency"] = [_("Costs are in the currency of the shop: %(currency)s", currency=currency)]
    if not 0 <= values["days_min"] <= values["days_max"] <= MOST_DAYS:
        wrong["days_max"] = [_("Enter whole days, the fewer first, at most %(most)d", most=MOST_DAYS)]
    least, most = values.get("weight_min_g"), values.get("weight_max_g")
    for name, grams in (("weight_min_g", least), ("weight_max_g", most)):
        if grams is not None and not 0 <= grams <= MOST_GRAMS:
            wrong[name] = [_("Enter whole grams, at most %(most)d", most=MOST_GRAMS)]
    if least is not None and most is not None and most < least:
        wrong["weight_max_g"] = [_("Enter a weight that is not below the other one")]
    return wrong


def move_region(region: ShippingRegion, *, up: bool) -> bool:
    """One place up or down among the regions that say as much; False if it is at the end."""
    alike = [one for one in regions() if areas.rank(one) == areas.rank(region)]
    return _moved(alike, region, up)


def move_level(level: ServiceLevel, *, up: bool) -> bool:
    """One place up or down within its region; the first is the one that shoppers have chosen at first."""
    return _moved(sorted(level.region.levels, key=lambda one: (one.position, one.id)), level, up)


def switch_level(level: ServiceLevel, *, on: bool) -> bool:
    """Offer a level or do not; False if that was so already."""
    changed = level.active != on
    level.active = on
    return changed


def remove_level(level: ServiceLevel) -> None:
    """A level that is off goes away; carts that chose it choose anew. Raises Conflict while it is on."""
    if level.active:
        raise Conflict(_("Switch it off first: somebody may be choosing it."), state="active")
    db.session.delete(level)
    db.session.flush()


def remove_region(region: ShippingRegion) -> None:
    """A region that nothing is sent to goes away. Raises Conflict while it has levels, or taxes of its own."""
    if region.levels:
        raise Conflict(_("Remove its ways of sending first."), state="levels")
    if db.session.scalar(select(_tax_rates.c.region_id).where(_tax_rates.c.region_id == region.id).limit(1)):
        raise Conflict(_("Taxes are computed by this region: it stays."), state="taxes")
    db.session.delete(region)
    db.session.flush()


def _moved(rows: list[_Row], row: _Row, up: bool) -> bool:
    here = rows.index(row)
    there = here - 1 if up else here + 1
    if not 0 <= there < len(rows):
        return False
    rows[here], rows[there] = rows[there], rows[here]
    for place, one in enumerate(rows):
        one.position = place
    db.session.flush()
    return True


def _unnamed(name: str) -> dict[str, list[str]]:
    if not name:
        return {"name": [_("Enter a name")]}
    return {} if len(name) <= LONGEST_NAME else {"name": [_("At most %(most)d letters", most=LONGEST_NAME)]}


def _found(kind, number, sentence):
    row = db.session.get(kind, number)
    if row is None:
        raise NotFound(sentence)
    return row
