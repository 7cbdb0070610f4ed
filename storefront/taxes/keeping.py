"""What merchants do to rates and categories by hand: make, change, remove; and follow a change of the shop's prices."""

from dataclasses import dataclass
from datetime import datetime
from typing import Any

from flask_babel import gettext as _
from sqlalchemy import delete, select, update

from storefront.catalog.models import Variant
from storefront.kit.db import changed, db
from storefront.kit.errors import Conflict, Invalid, NotFound
from storefront.shipping.models import ServiceLevel, ShippingRegion
from storefront.taxes.importing import facts, one_at_a_time
from storefront.taxes.models import TaxCategory, TaxRate
from storefront.taxes.regions import Area, area_of, region_for, remove_unused


@dataclass(frozen=True)
class RateValues:
    """Everything that can be typed of a rate; the place is either one that is named, or a region of shipping."""

    category_id: int
    name: str
    rate_ppm: int
    priority: int
    compound: bool
    inclusive: bool
    applies_to_shipping: bool
    area: Area | None
    region_id: int | None = None
    valid_from: datetime | None = None
    valid_to: datetime | None = None


def rate_of(rate_id: int) -> TaxRate:
    """A rate. Raises NotFound."""
    found = db.session.get(TaxRate, rate_id)
    if found is None:
        raise NotFound(_("There is no such rate: it was removed."))
    return found


def save_rate(values: RateValues, rate_id: int | None = None) -> tuple[TaxRate, dict[str, Any]]:
    """Make a rate, or change one; gives it and what it was before ({} for a new one). Raises Invalid, NotFound."""
    one_at_a_time()
    rate = rate_of(rate_id) if rate_id else TaxRate()
    before = described(rate) if rate_id else {}
    old_region = rate.region_id
    if values.valid_from and values.valid_to and values.valid_from >= values.valid_to:
        sentence = _("Choose a day that is not before the first one")
        raise Invalid(sentence, fields={"valid_to": [sentence]})
    rate.region_id = region_for(values.area) if values.area else _shipping_region(values.region_id).id
    rate.category_id = category_of_id(values.category_id).id
    for name in ("name", "rate_ppm", "priority", "compound", "inclusive", "applies_to_shipping"):
        setattr(rate, name, getattr(values, name))
    rate.valid_from, rate.valid_to = values.valid_from, values.valid_to
    db.session.add(rate)
    db.session.flush()
    db.session.refresh(rate)
    if old_region and old_region != rate.region_id:
        remove_unused([old_region])
    return rate, before


def remove_rate(rate_id: int) -> dict[str, Any]:
    """Take a rate away; gives what it was. Orders keep what they were taxed. Raises NotFound."""
    one_at_a_time()
    rate = rate_of(rate_id)
    was, region_id = described(rate), rate.region_id
    db.session.delete(rate)
    db.session.flush()
    remove_unused([region_id])
    return was


def described(rate: TaxRate) -> dict[str, Any]:
    """What the trail of changes says of a rate."""
    days = {"valid_from": rate.valid_from, "valid_to": rate.valid_to}
    kept = {name: value for name, value in facts(rate).items() if name not in ("region_id", "category_id")}
    return {"place": rate.region.name, "category": rate.category.code, **kept, **days}


def category_of_id(category_id: int) -> TaxCategory:
    """A category. Raises NotFound."""
    found = db.session.get(TaxCategory, category_id)
    if found is None:
        raise NotFound(_("There is no such category: it was removed."))
    return found


def save_category(name: str, code: str, category_id: int | None = None) -> TaxCategory:
    """Make a category, or give one another name; its code stays, files and goods know it. Raises Conflict, NotFound."""
    if category_id:
        category = category_of_id(category_id)
        category.name = name
        return category
    one_at_a_time()
    if db.session.scalar(select(TaxCategory.id).filter_by(code=code)):
        raise Conflict(_("There is a category with the code %(code)s already.", code=code), state="taken")
    category = TaxCategory(code=code, name=name)
    db.session.add(category)
    db.session.flush()
    return category


def remove_category(category_id: int) -> str:
    """Take a category away that nothing uses; gives its code. Raises Conflict, NotFound."""
    one_at_a_time()
    category = category_of_id(category_id)
    for column, sentence in (
        (TaxRate.category_id, _("There are rates for this category: remove them first.")),
        (Variant.tax_category_id, _("There are goods in this category: give them another one first.")),
        (ServiceLevel.tax_category_id, _("There are ways to send in this category: give them another one first.")),
    ):
        if db.session.scalar(select(column).where(column == category.id).limit(1)):
            raise Conflict(sentence, state="used")
    code = category.code
    db.session.execute(delete(TaxCategory).where(TaxCategory.id == category.id))
    return code


def follow_prices(gross: bool) -> int:
    """Every rate is inside the prices, or on top of them, as the shop now types its prices; gives how many moved."""
    one_at_a_time()
    return changed(update(TaxRate).where(TaxRate.inclusive.is_(not gross)).values(inclusive=gross))


def place_of(rate: TaxRate) -> Area | None:
    """The place of a rate as it is typed; None if it is a region of shipping, or one of several countries."""
    named = area_of(rate.region)
    return named if rate.region.taxes_only and len(named.countries) < 2 and len(named.subdivisions) < 2 else None


def shipping_regions() -> list[tuple[int, str]]:
    """The regions that a rate may be for besides a place of its own: ids and names."""
    rows = select(ShippingRegion.id, ShippingRegion.name).where(~ShippingRegion.taxes_only)
    return [(row.id, row.name) for row in db.session.execute(rows.order_by(ShippingRegion.name).limit(500))]


def _shipping_region(region_id):
    found = db.session.get(ShippingRegion, region_id) if region_id else None
    if found is None:
        raise Invalid(_("Choose a place."), fields={"region": [_("Choose a place")]})
    return found
