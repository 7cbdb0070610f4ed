"""Ways to pay: on or off, their words, order and limits. The gateways behind them are shown, not changed."""

from flask import flash, redirect, render_template, url_for
from flask_babel import gettext as _, lazy_gettext as _l
from flask_wtf import FlaskForm
from sqlalchemy import select
from sqlalchemy.orm import joinedload
from wtforms import BooleanField, IntegerField, StringField
from wtforms.validators import InputRequired, Length, NumberRange, Optional, ValidationError

from storefront import payments, store
from storefront.admin import audit
from storefront.admin.goods_verbs import amount
from storefront.admin.room import bp, deed, plain_amount
from storefront.customers import plain_line
from storefront.kit.db import db
from storefront.kit.errors import Invalid, NotFound
from storefront.payments.models import PaymentMethod
from storefront.payments.silence import CAUSES

FIELDS = ("label", "description", "position", "active", "auto_approve", "min_minor", "max_minor", "settings")


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
    auto_approve = BooleanField(_l("Pack orders before they are paid"))

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
    configs = {method.config.name: method.config for method in found}
    problems = {name: _problems(config) for name, config in configs.items()}
    late = {name for name, config in configs.items() if payments.may_pay_late(config)}
    shown = {"methods": found, "problems": problems, "late": late, "currency": store.current().currency}
    return render_template("admin/methods.html", causes=CAUSES, **shown)


@bp.route("/payments/<int:method_id>", methods=["GET", "POST"])
def method(method_id):
    """One way to pay."""
    found = _method(method_id)
    currency = store.current().currency
    form = MethodForm(
        obj=found,
        least=plain_amount(found.min_minor, currency),
        most=plain_amount(found.max_minor, currency),
        pending_hours=found.settings.get("pending_window_h"),
    )
    if form.validate_on_submit():
        with deed():
            _save(_method(method_id), form)
        flash(_("Saved."), "ok")
        return redirect(url_for("admin.methods"), code=303)
    html = render_template("admin/method.html", form=form, method=found, currency=currency)
    return html, 400 if form.errors else 200


def _save(found, form):
    before = {name: getattr(found, name) for name in FIELDS}
    for name in ("label", "description", "position", "active", "auto_approve"):
        setattr(found, name, getattr(form, name).data)
    found.min_minor, found.max_minor = _amount_of(form.least), _amount_of(form.most)
    others = {name: value for name, value in found.settings.items() if name != "pending_window_h"}
    hours = form.pending_hours.data
    found.settings = {**others, "pending_window_h": hours} if hours else others
    changed = [name for name in FIELDS if before[name] != getattr(found, name)]
    if changed:
        after = {name: getattr(found, name) for name in changed}
        audit.record("change", f"payment method {found.code}", {name: before[name] for name in changed}, after)


def _method(method_id):
    found = db.session.get(PaymentMethod, method_id)
    if found is None:
        raise NotFound(_("There is no such way to pay."))
    return found


def _problems(config):
    try:
        return payments.adapter(config).check()
    except Invalid as problem:
        return [problem.message]


def _amount_of(field, quietly=False):
    try:
        return amount(field.data or "", store.current().currency)
    except Invalid as problem:
        if quietly:
            return None
        raise ValidationError(problem.message) from None
