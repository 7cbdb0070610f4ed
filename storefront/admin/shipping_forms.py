"""What is typed about regions and service levels. What it means is checked by the verbs of shipping."""

from collections.abc import Mapping

from flask import request
from flask_babel import gettext as _, lazy_gettext as _l
from flask_wtf import FlaskForm
from sqlalchemy import select
from wtforms import (
    BooleanField,
    HiddenField,
    SelectField,
    SelectMultipleField,
    StringField,
    TextAreaField,
)
from wtforms.validators import InputRequired, Optional
from wtforms.widgets import TextInput

from storefront import customers, shipping, store
from storefront.admin.numbers import IntegerField
from storefront.customers import plain_line
from storefront.kit.db import db
from storefront.kit.errors import Invalid
from storefront.shipping.figures import KINDS, read, written
from storefront.shipping.models import ServiceLevel
from storefront.taxes.models import TaxCategory

_NUMBER = _l("Enter a whole number")


def _one_line(text):
    return plain_line(text or "")


class WholeField(IntegerField):
    """A whole number, typed as text."""

    widget = TextInput()

    def process_formdata(self, valuelist):
        """The number, or a sentence that says what to enter."""
        try:
            super().process_formdata(valuelist)
        except ValueError:
            raise ValueError(_NUMBER) from None


class RegionForm(FlaskForm):
    """A part of the world. States can be chosen of the one country that is."""

    name = StringField(_l("Name"), filters=[_one_line])
    countries = SelectMultipleField(_l("Countries"), validate_choice=False)
    subdivisions = SelectMultipleField(_l("States or regions"), validate_choice=False)
    patterns = TextAreaField(_l("Postcodes"))

    def __init__(self, *args, **kwargs):
        super().__init__(*args, **kwargs)
        self.name.flags.required = True
        self.countries.choices = customers.countries(None, "en")
        chosen = self.countries.data or []
        self.subdivisions.choices = customers.subdivisions(chosen[0], "en") if len(chosen) == 1 else []

    @property
    def asks_again(self) -> bool:
        """Whether only the states of another country are wanted; nothing is saved then."""
        return self.is_submitted() and "show_states" in request.form


class LevelForm(FlaskForm):
    """A way of sending, but for the figures of its cost: `level_form` adds them."""

    name = StringField(_l("Name"), filters=[_one_line])
    carrier = StringField(_l("Carrier"), filters=[_one_line])
    days_min = WholeField(_l("Days at least"), [InputRequired(_NUMBER)])
    days_max = WholeField(_l("Days at most"), [InputRequired(_NUMBER)])
    weight_min_g = WholeField(_l("Weight from"), [Optional()])
    weight_max_g = WholeField(_l("Weight up to"), [Optional()])
    tax_category = SelectField(_l("Taxed as"), coerce=int)
    active = BooleanField(_l("Offer it to shoppers"))
    method = SelectField(_l("Cost"), validate_choice=False)
    currency = HiddenField()

    def __init__(self, *args, **kwargs):
        super().__init__(*args, **kwargs)
        self.name.flags.required = True
        self.method.choices = [(one.name, one.label) for one in shipping.METHODS.values()]
        categories = db.session.execute(select(TaxCategory.id, TaxCategory.name).order_by(TaxCategory.id))
        self.tax_category.choices = [(0, _("No tax")), *((row.id, row.name) for row in categories)]

    @property
    def looks_only(self) -> bool:
        """Whether other figures, or what these would cost, are wanted; nothing is saved then."""
        return self.is_submitted() and ("show_figures" in request.form or "show_costs" in request.form)

    @property
    def way(self) -> shipping.Method | None:
        """How the cost is computed, if anybody knows."""
        return shipping.METHODS.get(self.method.data or "")

    @property
    def figures(self) -> list:
        """The fields of the figures of the chosen way."""
        return [self[figure.name] for figure in self.way.figures] if self.way else []

    def params(self) -> dict[str, int]:
        """The figures in the units that are kept. Raises Invalid."""
        _refuse_strange_figures()
        typed = {field.name: field.data or "" for field in self.figures}
        return read(self.way.figures, typed, store.current().currency) if self.way else {}

    def values(self) -> dict:
        """The columns of the level."""
        names = ("name", "carrier", "days_min", "days_max", "weight_min_g", "weight_max_g", "active", "method")
        kept = {name: getattr(self, name).data for name in names}
        return {**kept, "currency": self.currency.data, "tax_category_id": self.tax_category.data or None}


def level_form(level: ServiceLevel | None) -> LevelForm:
    """The form of a level, or of a new one, with the figures of the way that is chosen in it."""
    currency = store.current().currency
    chosen = request.form.get("method") or (level.method if level else "fixed_price")
    way = shipping.METHODS.get(chosen)
    bound = type("BoundLevelForm", (LevelForm,), {})
    for figure in way.figures if way else ():
        unit = KINDS[figure.kind].unit(currency)
        field = StringField(f"{figure.label} ({unit})" if unit else figure.label, description=figure.hint)
        setattr(bound, figure.name, field)
    figures = _known(way, level, currency) if way else {}
    form = bound(obj=level, data={**_beginning(level), **figures, "method": chosen})
    form.currency.data = form.currency.data if form.is_submitted() else currency
    for figure in way.figures if way else ():
        form[figure.name].flags.required = figure.required
    return form


def _beginning(level):
    if level:
        return {"tax_category": level.tax_category_id or 0}
    first = db.session.scalar(select(TaxCategory.id).order_by(TaxCategory.id).limit(1))
    return {"days_min": 2, "days_max": 4, "active": True, "tax_category": first or 0}


def _known(way, level, currency):
    """The figures that are kept, in the shop's currency; amounts of another one are typed anew."""
    same = level and level.currency == currency
    return written(way.figures, level.params if same else {}, currency)


def _refuse_strange_figures():
    """A figure that no way asks for was not typed into our form."""
    known = {figure.name for way in shipping.METHODS.values() for figure in way.figures}
    known |= {"csrf_token", "tax_category", "show_figures", "show_costs", *LevelForm.__dict__}
    strange = sorted(set(request.form) - known)
    if strange:
        raise Invalid(_("There is no figure “%(name)s”.", name=strange[0][:40]), fields={})


def tell(form: FlaskForm, problem: Invalid, names: Mapping[str, str] | None = None) -> None:
    """Put the sentences of a refusal to their fields; what has no field stands at the top."""
    for name, sentences in (problem.fields or {"": [problem.message]}).items():
        field = (names or {}).get(name, name)
        if field in form and form[field].type != "HiddenField":
            form[field].errors = sentences
        else:
            form.form_errors = [*form.form_errors, *sentences]
