"""Ways to pay: on or off, their words, order, limits and cards. The services behind them: see services.py."""

import json

from babel import Locale
from flask import flash, redirect, render_template, url_for
from flask_babel import gettext as _, lazy_gettext as _l
from flask_wtf import FlaskForm
from sqlalchemy import select
from sqlalchemy.orm import joinedload
from wtforms import BooleanField, SelectField, SelectMultipleField, StringField, TextAreaField
from wtforms.validators import InputRequired, Length, NumberRange, Optional, ValidationError

from storefront import payments, store
from storefront.admin import audit
from storefront.admin.goods_verbs import amount
from storefront.admin.numbers import IntegerField
from storefront.admin.room import bp, deed, plain_amount
from storefront.customers import countries, plain_line
from storefront.kit.db import db
from storefront.kit.errors import Invalid, NotFound
from storefront.payments.capturing import AT_RELEASE, BY_HAND, ON_SHIPMENT
from storefront.payments.cards import CARDS
from storefront.payments.models import PaymentMethod
from storefront.payments.silence import CAUSES

WITH_FIELDS = ("pending_window_h", "capture")  # settings that are not typed as JSON
TYPED = ("label", "description", "position", "active", "auto_approve", "ask_cvv", "tokenize", "card_types")
UNTOLD = {"ask_cvv": True, "tokenize": False, "card_types": []}  # of a service that cannot be told otherwise
LIMITS = ("min_minor", "max_minor", "countries", "currencies")
FIELDS = (*TYPED, *LIMITS, "settings")


def _one_line(text):
    return plain_line(text or "")


class MethodForm(FlaskForm):
    """What may be changed of a way to pay. Limits are typed as amounts of the shop's currency."""

    active = BooleanField(_l("Offer it to shoppers"))
    label = StringField(
        _l("Name"),
        [InputRequired(_l("Enter a name")), Length(max=60, message=_l("At most 60 letters"))],
        filters=[_one_line],
    )
    description = StringField(
        _l("What it means"), [Length(max=200, message=_l("At most 200 letters"))], filters=[_one_line]
    )
    position = IntegerField(
        _l("Place in the list"),
        [
            InputRequired(_l("Enter a whole number from 0 to 1000")),
            NumberRange(0, 1000, message=_l("Enter a whole number from 0 to 1000")),
        ],
    )
    least = StringField(_l("From"))
    most = StringField(_l("Up to"))
    pending_hours = IntegerField(
        _l("Hours for payments on their way"),
        [Optional(), NumberRange(1, 720, message=_l("Enter a whole number from 1 to 720"))],
    )
    capture = SelectField(
        _l("Money that is only reserved at first"),
        choices=[
            (BY_HAND, _l("is taken by a person")),
            (AT_RELEASE, _l("is taken at once, and then the order is packed")),
            (ON_SHIPMENT, _l("is taken when the first parcel is about to leave")),
        ],
    )
    only_countries = StringField(_l("Only for these countries"))
    only_currencies = StringField(_l("Only for these currencies"))
    card_types = SelectMultipleField(_l("Cards"), choices=list(CARDS.items()))
    ask_cvv = BooleanField(_l("Ask for the security code of the card"))
    tokenize = BooleanField(_l("Let the payment service keep the card for the next time"))
    auto_approve = BooleanField(_l("Pack orders before they are paid"))
    more = TextAreaField(_l("More settings"))

    def __init__(self, config, **known):
        super().__init__(**known)
        self.config = config
        self.options = payments.card_options(config)
        if self.options.types:  # and what is ticked already, so that it can be taken away
            told = {*self.options.types, *known["obj"].card_types}
            self.card_types.choices = [(word, name) for word, name in CARDS.items() if word in told]
        able = {"card_types": self.options.paid, "ask_cvv": self.options.cvv, "tokenize": self.options.keep}
        for name in [name for name, offered in able.items() if not offered]:
            del self[name]

    def validate_more(self, field):
        """A JSON object that the schema of the gateway knows."""
        try:
            payments.settings_from(field.data or "", self.config)
        except Invalid as problem:
            raise ValidationError(problem.message) from None

    def validate_only_countries(self, field):
        """Codes that the world knows, or nothing."""
        _refuse_unknown(_codes(field), dict(countries(None)), _l("Enter codes of countries like LV EE"))

    def validate_only_currencies(self, field):
        """Codes that the world knows, or nothing."""
        _refuse_unknown(_codes(field), Locale("en").currencies, _l("Enter codes of currencies like EUR USD"))

    def validate_least(self, field):
        """An amount, or nothing."""
        _amount_of(field)

    def validate_most(self, field):
        """An amount that is not below the least, or nothing."""
        most, least = _amount_of(field), _amount_of(self.least, quietly=True)
        if most is not None and least is not None and most < least:
            raise ValidationError(_("Enter an amount that is not below the other one"))


@bp.get("/payments")
def methods():
    """Every way to pay, with the gateway behind it and what is wrong with that."""
    found = db.session.scalars(
        select(PaymentMethod)
        .options(joinedload(PaymentMethod.config))
        .order_by(PaymentMethod.position, PaymentMethod.id)
    ).all()
    configs = {config.name: config for config in payments.configs()}
    problems = {name: payments.problems(config) for name, config in configs.items()}
    late = {name for name, config in configs.items() if payments.may_pay_late(config)}
    shown = {"methods": found, "problems": problems, "late": late, "currency": store.current().currency}
    more = {"services": configs.values(), "labels": payments.kinds(), "endings": payments.endings()}
    return render_template("admin/methods.html", causes=CAUSES, **shown, **more)


@bp.route("/payments/<int:method_id>", methods=["GET", "POST"])
def method(method_id):
    """One way to pay."""
    found = _method(method_id)
    currency = store.current().currency
    more = _without_fields(found.settings)
    form = MethodForm(
        found.config,
        obj=found,
        least=plain_amount(found.min_minor, currency),
        most=plain_amount(found.max_minor, currency),
        only_countries=" ".join(found.countries),
        only_currencies=" ".join(found.currencies),
        pending_hours=found.settings.get("pending_window_h"),
        capture=found.settings.get("capture", BY_HAND),
        more=json.dumps(more, ensure_ascii=False, indent=1) if more else "",
    )
    if form.validate_on_submit():
        with deed():
            _save(_method(method_id), form)
        flash(_("Saved."), "ok")
        return redirect(url_for("admin.methods"), code=303)
    schema = _without_fields(payments.settings_schema(found.config))
    html = render_template("admin/method.html", form=form, method=found, currency=currency, schema=schema)
    return html, 400 if form.errors else 200


def _save(found, form):
    before = {name: getattr(found, name) for name in FIELDS}
    for name in TYPED:
        setattr(found, name, form[name].data if name in form else UNTOLD[name])
    found.countries, found.currencies = _codes(form.only_countries), _codes(form.only_currencies)
    found.min_minor, found.max_minor = _amount_of(form.least), _amount_of(form.most)
    said = {"pending_window_h": form.pending_hours.data, "capture": form.capture.data}
    others = _without_fields(payments.settings_from(form.more.data or "", found.config))
    usual = (None, 0, BY_HAND)
    found.settings = {**others, **{name: value for name, value in said.items() if value not in usual}}
    changed = [name for name in FIELDS if before[name] != getattr(found, name)]
    if changed:
        after = {name: getattr(found, name) for name in changed}
        audit.record("change", f"payment method {found.code}", {name: before[name] for name in changed}, after)


def _without_fields(settings):
    """The settings, or their schema, that have no field of their own in the form."""
    return {name: value for name, value in settings.items() if name not in WITH_FIELDS}


def _method(method_id):
    found = db.session.get(PaymentMethod, method_id)
    if found is None:
        raise NotFound(_("There is no such way to pay."))
    return found


def _codes(field):
    """The codes that were typed, in capitals."""
    return [code.upper() for code in (field.data or "").replace(",", " ").split()]


def _refuse_unknown(codes, known, sentence):
    if any(code not in known for code in codes):
        raise ValidationError(sentence)


def _amount_of(field, quietly=False):
    try:
        return amount(field.data or "", store.current().currency)
    except Invalid as problem:
        if quietly:
            return None
        raise ValidationError(problem.message) from None
