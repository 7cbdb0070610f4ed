"""What is told to a merchant about a rate when it is saved: what overlaps, what is left out, what does not count."""

from typing import Any

from flask_babel import gettext as _
from sqlalchemy import or_, select

from storefront import store
from storefront.catalog.models import Variant
from storefront.kit import money
from storefront.kit.db import db
from storefront.shipping.models import ShippingRegion
from storefront.taxes.lookup import folded_city, rank
from storefront.taxes.models import TaxCategory, TaxRate
from storefront.taxes.rules import GROSS, rules

_LOOKED_AT = 200  # rates that are near enough to be compared


def remarks(rate: TaxRate) -> list[str]:
    """Sentences about a saved rate; three queries at most."""
    near = _near(rate)
    return [*_overlaps(rate, near), *_mixed(rate, near), *_against_prices(rate), *_holes(rate)]


def _near(rate):
    """Other rates of the same place or of a wider one, as rows with their bounds."""
    region, lists = rate.region, ShippingRegion
    query = (
        select(TaxRate, lists.name.label("place"), lists.countries, lists.subdivisions, lists.postcodes, lists.cities)
        .join(lists, lists.id == TaxRate.region_id)
        .where(TaxRate.id != rate.id, TaxRate.category_id == rate.category_id)
        .where(lists.only_country.in_(["", *region.countries]))
        .order_by(TaxRate.id)
        .limit(_LOOKED_AT)
    )
    if region.only_country:
        query = query.where(lists.only_subdivision.in_(["", region.only_subdivision]))
    if region.only_postcode:
        query = query.where(or_(lists.only_postcode == "", lists.only_postcode == region.only_postcode))
    rows = [_Row(*row) for row in db.session.execute(query)]
    return [row for row in rows if _meet(row, _Row.of(rate))]


class _Row:
    """A rate with the bounds of its region, as `rank` compares them."""

    def __init__(self, rate: TaxRate, place: str, *bounds: Any):
        self.rate, self.place, self.id = rate, place, rate.id
        self.category_id, self.priority = rate.category_id, rate.priority
        self.countries, self.subdivisions, self.postcodes, self.cities = bounds

    @classmethod
    def of(cls, rate):
        region = rate.region
        return cls(rate, region.name, region.countries, region.subdivisions, region.postcodes, region.cities)

    @property
    def words(self) -> str:
        return f"{self.rate.name} {money.percent(self.rate.rate_ppm)} ({self.place})"


def _meet(one, other):
    """Whether both can count for one address on one day; patterns of postcodes are compared as they are written."""
    cities = {folded_city(city) for city in one.cities}, {folded_city(city) for city in other.cities}
    pairs = ((one.countries, other.countries), (one.subdivisions, other.subdivisions), cities)
    same_place = all(not a or not b or set(a) & set(b) for a, b in (*pairs, (one.postcodes, other.postcodes)))
    first, last = one.rate, other.rate
    apart = (first.valid_to and last.valid_from and first.valid_to <= last.valid_from) or (
        last.valid_to and first.valid_from and last.valid_to <= first.valid_from
    )
    return same_place and not apart


def _overlaps(rate, near):
    mine = _Row.of(rate)
    for row in near:
        if row.priority == rate.priority:
            counts, idle = sorted((mine, row), key=rank)
            yield _(
                "%(first)s and %(second)s are for the same goods with the same priority: where both could be charged,"
                " only %(first)s is.",
                first=counts.words,
                second=idle.words,
            )


def _mixed(rate, near):
    unlike = [row for row in near if row.priority != rate.priority and row.rate.inclusive != rate.inclusive]
    for row in unlike[:1]:
        first = min(_Row.of(rate), row, key=lambda one: one.priority)
        yield (
            _("Taxes of the same goods are treated alike: like %(first)s, all are inside the price.", first=first.words)
            if first.rate.inclusive
            else _("Taxes of the same goods are treated alike: like %(first)s, all are on top.", first=first.words)
        )


def _against_prices(rate):
    gross = rules().prices == GROSS
    if rate.inclusive != gross and store.current().country in rate.region.countries:
        yield (
            _("Prices of this shop are typed with tax, but this rate comes on top of them.")
            if gross
            else _("Prices of this shop are typed without tax, but this rate is taken out of them.")
        )


def _holes(rate):
    """Categories with goods in them that are not taxed in a country where others are."""
    lists = ShippingRegion
    country = rate.region.only_country
    wide = [lists.only_country.in_(["", country])] if country else []
    covering = (
        select(TaxRate.category_id, lists.countries)
        .join(lists, lists.id == TaxRate.region_id)
        .where(*wide, lists.only_subdivision == "", lists.only_postcode == "")
        .distinct()
    )
    covered = {row.category_id for row in db.session.execute(covering) if not row.countries or country in row.countries}
    if not country or rate.category_id not in covered:
        return
    with_goods = select(Variant.id).where(Variant.tax_category_id == TaxCategory.id).exists()
    for category in db.session.scalars(select(TaxCategory).where(with_goods, TaxCategory.id.not_in(covered))):
        yield _(
            "There is no rate for %(category)s in %(place)s: goods of that category are sold there without tax.",
            category=category.name,
            place=country,
        )
