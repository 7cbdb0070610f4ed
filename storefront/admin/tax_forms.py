"""What is typed about taxes: a rate, a category. Forms know shapes; the verbs of taxes decide."""

from datetime import UTC, date, datetime, time, timedelta
from zoneinfo import ZoneInfo

from flask_babel import gettext as _, lazy_gettext as _l
from flask_wtf import FlaskForm
from wtforms import BooleanField, DateField, SelectField, StringField, TextAreaField
from wtforms.validators import DataRequired, InputRequired, Length, NumberRange, Optional, Regexp, ValidationError

from storefront import customers, store
from storefront.admin.numbers import IntegerField
from storefront.customers import plain_line
from storefront.kit.errors import Invalid
from storefront.kit.html import without_nul
from storefront.taxes.keeping import RateValues, place_of
from storefront.taxes.models import TaxRate
from storefront.taxes.regions import area, area_of
from storefront.taxes.woocommerce import MOST_PRIORITY, ppm

HERE = "here"  # the place is the one that is typed, not a region of shipping
_SHORTEN = _l("Shorten this")
_DAY = _l("Enter a day like 2026-12-31")


def _one_line(text):
    return plain_line(text or "")


def _lines(text):
    return "\n".join(plain_line(one) for one in without_nul(text or "").splitlines()).strip()


class RateForm(FlaskForm):
    """One rate: of what, where, how much, and since when."""

    category = SelectField(_l("Category of goods"), coerce=int)
    name = StringField(
        _l("Name of the tax"),
        [DataRequired(_l("Enter a name")), Length(max=60, message=_SHORTEN)],
        filters=[_one_line],
    )
    rate = StringField(_l("Rate in percent"), [InputRequired(_l("Enter a rate"))], filters=[_one_line])
    region = SelectField(_l("Place"))
    country = SelectField(_l("Country"))
    subdivision = StringField(_l("State or region"), [Length(max=100, message=_SHORTEN)], filters=[_one_line])
    postcodes = TextAreaField(_l("Postcodes"), [Length(max=20_000, message=_SHORTEN)], filters=[_lines])
    cities = TextAreaField(_l("Cities"), [Length(max=20_000, message=_SHORTEN)], filters=[_lines])
    inclusive = BooleanField(_l("Prices include this tax"))
    applies_to_shipping = BooleanField(_l("Shipping is taxed, too"))
    priority = IntegerField(
        _l("Priority"),
        [
            InputRequired(_l("Enter a whole number from 1 to 100")),
            NumberRange(1, MOST_PRIORITY, message=_l("Enter a whole number from 1 to 100")),
        ],
    )
    compound = BooleanField(_l("It is a tax on the taxes before it, too"))
    valid_from = DateField(_l("First day"), [Optional()])
    valid_to = DateField(_l("Last day"), [Optional()])

    def __init__(self, *, categories, regions, **kwargs):
        super().__init__(**kwargs)
        self.category.choices = [(one.id, one.name) for one, _rates, _goods in categories]
        named = [(str(number), name) for number, name in regions]
        self.region.choices = [(HERE, _("As named below")), *named]
        self.country.choices = [("", _("Everywhere")), *customers.countries(None, "en")]

    def validate_rate(self, field):
        """A percentage from 0 to 100 with at most four decimals."""
        try:
            ppm(field.data)
        except Invalid as problem:
            raise ValidationError(problem.message) from problem

    def validate_valid_from(self, field):
        """A day that a calendar has."""
        _sensible(field)

    def validate_valid_to(self, field):
        """A day that is not before the first one."""
        _sensible(field)
        first = self.valid_from.data
        if field.data and first and field.data < first:
            raise ValidationError(_("Choose a day that is not before the first one"))

    @property
    def values(self) -> RateValues:
        """What was typed, as the verb takes it. Raises Invalid for a place that there is not."""
        named = self.region.data == HERE
        typed = (self.country.data, self.subdivision.data, self.postcodes.data, self.cities.data)
        return RateValues(
            category_id=self.category.data,
            name=self.name.data or "",
            rate_ppm=ppm(self.rate.data or ""),
            priority=self.priority.data or 1,
            compound=self.compound.data,
            inclusive=self.inclusive.data,
            applies_to_shipping=self.applies_to_shipping.data,
            area=area(*(text or "" for text in typed)) if named else None,
            region_id=None if named else int(self.region.data),
            valid_from=_begins(self.valid_from.data),
            valid_to=_begins(self.valid_to.data, days=1),
        )


def shown(rate: TaxRate) -> dict:
    """The fields of the form as a rate fills them."""
    bounds = area_of(rate.region)
    typed = {name: getattr(rate, name) for name in ("name", "inclusive", "applies_to_shipping", "priority", "compound")}
    return typed | {
        "category": rate.category_id,
        "rate": percent(rate.rate_ppm),
        "region": HERE if place_of(rate) else str(rate.region_id),
        "country": next(iter(bounds.countries), ""),
        "subdivision": next(iter(bounds.subdivisions), ""),
        "postcodes": "\n".join(bounds.postcodes),
        "cities": "\n".join(bounds.cities),
        "valid_from": rate.valid_from and rate.valid_from.astimezone(_zone()).date(),
        "valid_to": rate.valid_to and rate.valid_to.astimezone(_zone()).date() - timedelta(days=1),
    }


def percent(rate_ppm: int) -> str:
    """A rate as it is typed: 8.875."""
    whole, rest = divmod(rate_ppm, 10_000)
    return f"{whole}.{rest:04d}".rstrip("0").rstrip(".")


def _sensible(field):
    if field.data and not 1990 <= field.data.year <= 2200:
        raise ValidationError(_DAY)


def _begins(day: date | None, days: int = 0) -> datetime | None:
    """The moment at which a day begins by the clocks of the shop, or the day so many later."""
    if day is None:
        return None
    return datetime.combine(day + timedelta(days=days), time(), _zone()).astimezone(UTC)


def _zone():
    return ZoneInfo(store.current().timezone)


class CategoryForm(FlaskForm):
    """A category: a name for people, and for a new one the code that goods and files know it by."""

    name = StringField(
        _l("Name"), [DataRequired(_l("Enter a name")), Length(max=60, message=_SHORTEN)], filters=[_one_line]
    )
    code = StringField(
        _l("Code"),
        [
            DataRequired(_l("Enter a code")),
            Length(max=60, message=_SHORTEN),
            Regexp(r"[a-z0-9]+(-[a-z0-9]+)*\Z", message=_l("Use small letters, digits and hyphens, like reduced")),
        ],
        filters=[_one_line],
    )
