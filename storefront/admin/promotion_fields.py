"""Forms for conditions and benefits, made of what each says that it wants to be told (promotions/params.py)."""

from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass
from datetime import date
from decimal import Decimal, InvalidOperation
from typing import Any

from flask_babel import gettext as _
from flask_wtf import FlaskForm
from sqlalchemy import select
from wtforms import Field, SelectField, SelectMultipleField, StringField, TextAreaField

from storefront import customers, store
from storefront.catalog.models import Category, Variant
from storefront.kit import money
from storefront.kit.db import db
from storefront.kit.errors import Invalid
from storefront.promotions.models import CustomerGroup, Promotion
from storefront.promotions.params import Param
from storefront.promotions.saying import WEEKDAYS

MOST_NAMES = 500
MOST_NUMBER = 1_000_000


@dataclass(frozen=True)
class Kind:
    """How a kind of parameter is typed: its field, its value from what was typed, and what to show of a value."""

    field: type[Field]
    read: Callable[[Param, Any], Any]
    show: Callable[[Any], Any] = str
    choices: Callable[[], Sequence[tuple[str, str]]] | None = None


def form_for(params: Sequence[Param], kept: Mapping[str, Any]) -> FlaskForm:
    """The form of a condition or a benefit, filled in with what is kept of it."""
    fields = {param.name: _field(param, kept) for param in params}
    return type("PartForm", (FlaskForm,), fields)()


def values_of(form: FlaskForm, params: Sequence[Param]) -> dict[str, Any] | None:
    """What was typed, as it is kept; None if anything of it is wrong, and then the fields say what."""
    if not form.validate_on_submit():
        return None
    values, fine = {}, True
    for param in params:
        field = form[param.name]
        try:
            value = KINDS[param.kind].read(param, field.data) if field.data else None
            if value in (None, [], "") and param.required:
                raise Invalid(_("This is needed."))
        except Invalid as problem:
            field.errors, fine = [problem.message], False
            continue
        if value not in (None, [], ""):
            values[param.name] = value
    return values if fine else None


def _field(param, kept):
    kind = KINDS[param.kind]
    shown = {"default": kind.show(kept[param.name])} if param.name in kept else {}
    more = {"choices": kind.choices(), "validate_choice": False} if kind.choices else {}
    return kind.field(param.label, **shown, **more)


def _names(text: str) -> list[str]:
    names = list(dict.fromkeys(part.strip() for part in text.replace(",", "\n").splitlines() if part.strip()))
    if len(names) > MOST_NAMES:
        raise Invalid(_("At most %(most)s.", most=MOST_NAMES))
    return names


def _read_skus(param, text):
    names = _names(text)
    there = set(db.session.scalars(select(Variant.sku).where(Variant.sku.in_(names))))
    if missing := [name for name in names if name not in there]:
        raise Invalid(_("There is no article %(sku)s.", sku=missing[0]))
    return names


def _read_sku(param, text):
    return _read_skus(param, text.strip())[0]


def _read_number(param, text):
    most = param.most or MOST_NUMBER
    typed = text.strip()
    if not (typed.isascii() and typed.isdigit() and len(typed) < 9) or not 1 <= int(typed) <= most:
        raise Invalid(_("Enter a whole number from 1 to %(most)s.", most=most))
    return int(typed)


def _read_amount(param, text):
    amount = money.parsed(text, store.current().currency)
    if amount < 0:
        raise Invalid(_("Enter an amount that is not below 0."))
    return amount


def _read_percent(param, text):
    try:
        ppm = Decimal(text.strip().removesuffix("%").strip().replace(",", ".")).scaleb(4)
    except InvalidOperation:
        raise Invalid(_("Enter a number like 10 or 12.5.")) from None
    if not ppm.is_finite() or ppm <= 0 or ppm != ppm.to_integral_value():
        raise Invalid(_("Enter a number above 0, with at most four decimals."))
    if ppm > money.PPM:
        raise Invalid(_("At most 100 percent can be taken off: nothing costs less than nothing."))
    return int(ppm)


def _read_emails(param, text):
    return [customers.folded_email(name) for name in _names(text)]


def _read_countries(param, text):
    codes, known = [name.upper() for name in _names(text)], dict(customers.countries(None))
    if unknown := [code for code in codes if code not in known]:
        raise Invalid(_("%(code)s is no country: two letters each, as LV.", code=unknown[0]))
    return codes


def _read_day(param, text):
    try:
        return date.fromisoformat(text.strip()).isoformat()
    except ValueError:
        raise Invalid(_("Enter a day like 2026-11-22.")) from None


def _read_choices(param, chosen):
    known, chosen = dict(KINDS[param.kind].choices()), [one for one in chosen if one]
    if any(one not in known for one in chosen):
        raise Invalid(_("Choose from the list."))
    return [int(one) for one in chosen]


def _read_choice(param, chosen):
    return _read_choices(param, [chosen])[0]


def _lines(values):
    return "\n".join(values)


def _texts(values):
    return [str(value) for value in values]


def _amount_shown(amount):
    return money.plain(amount, store.current().currency)


def _percent_shown(ppm):
    return money.percent(ppm).removesuffix(" %")


def _categories():
    found = db.session.execute(select(Category.id, Category.name, Category.path).order_by(Category.path))
    return [(str(id), " – " * path.count("/") + name) for id, name, path in found]


def _promotions():
    found = db.session.execute(select(Promotion.id, Promotion.name).filter_by(with_code=True).order_by(Promotion.name))
    return [("", "–"), *((str(id), name) for id, name in found)]


def _groups():
    found = db.session.execute(select(CustomerGroup.id, CustomerGroup.name).order_by(CustomerGroup.name))
    return [("", "–"), *((str(id), name) for id, name in found)]


def _weekdays():
    return [(day, str(name)) for day, name in WEEKDAYS.items()]


KINDS: dict[str, Kind] = {
    "skus": Kind(TextAreaField, _read_skus, _lines),
    "sku": Kind(StringField, _read_sku),
    "categories": Kind(SelectMultipleField, _read_choices, _texts, _categories),
    "number": Kind(StringField, _read_number),
    "amount": Kind(StringField, _read_amount, _amount_shown),
    "percent": Kind(StringField, _read_percent, _percent_shown),
    "emails": Kind(TextAreaField, _read_emails, _lines),
    "countries": Kind(TextAreaField, _read_countries, _lines),
    "subdivisions": Kind(TextAreaField, lambda param, text: _names(text), _lines),
    "day": Kind(StringField, _read_day),
    "weekdays": Kind(SelectMultipleField, _read_choices, _texts, _weekdays),
    "promotion": Kind(SelectField, _read_choice, str, _promotions),
    "group": Kind(SelectField, _read_choice, str, _groups),
}
