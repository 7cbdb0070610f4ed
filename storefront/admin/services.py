"""Payment services: connecting one, its properties and keys, on and off, and the look before going live."""

from datetime import datetime

from flask import flash, redirect, render_template, request, url_for
from flask_babel import gettext as _, lazy_gettext as _l
from flask_wtf import FlaskForm
from sqlalchemy import select
from wtforms import StringField
from wtforms.validators import InputRequired, Length

from storefront import payments, sandbox
from storefront.admin import audit, going_live
from storefront.admin.room import bp, deed, status_of
from storefront.admin.service_form import NewServiceForm, form_of, one_line
from storefront.kit import clock
from storefront.kit.db import db
from storefront.kit.errors import Invalid, ShopError
from storefront.kit.pages import public_url
from storefront.payments import certificates, keys
from storefront.payments.gateways import kind_of
from storefront.payments.gateways.properties import CERTIFICATE, SECRET
from storefront.payments.models import GatewayConfig, PaymentMethod


class NewMethodForm(FlaskForm):
    """A way to pay begins with its name."""

    method_label = StringField(
        _l("Name of the way to pay"),
        [InputRequired(_l("Enter a name")), Length(max=60, message=_l("At most 60 letters"))],
        filters=[one_line],
    )


@bp.route("/payments/services/new", methods=["GET", "POST"])
def new_service():
    """Connect a payment service: its type and its names; everything else is typed on its own page."""
    form = NewServiceForm()
    if form.validate_on_submit():
        try:
            with deed():
                config = payments.connect(form.name.data or "", form.label.data or "", form.kind.data)
                audit.record("connect", f"payment service {config.name}", after=payments.facts(config))
                name = config.name
            return redirect(url_for("admin.service", name=name), code=303)
        except Invalid as problem:
            for field, sentences in problem.fields.items():
                form[field].errors = sentences
    return render_template("admin/service_new.html", form=form), 400 if form.errors else 200


@bp.route("/payments/services/<name>", methods=["GET", "POST"])
def service(name):
    """One payment service, and what is typed for it."""
    config = payments.config_to_change(name)
    form = form_of(config)
    if not form.validate_on_submit():
        return _again(config, form) if form.errors else _page(config, form)
    try:
        wish = form.wish()
        if wrong := payments.wrong_fields(config, wish):
            form.put_errors(wrong)
            return _again(config, form)
        _keep(name, wish, "change")
    except Invalid as problem:
        form.put_errors({field: sentences[0] for field, sentences in problem.fields.items()})
        return _again(payments.config_to_change(name), form, None if problem.fields else problem)
    flash(_("Saved."), "ok")
    return redirect(url_for("admin.service", name=name), code=303)


@bp.post("/payments/services/<name>/deed")
def service_deed(name):
    """What the pressed button says: on, off, fill in a rehearsal, forget a replaced key, remove a secret."""
    verbs = {"on": _switch, "off": _switch, "rehearse": _rehearse, "forget": _forget, "remove": _remove}
    verb = verbs.get(request.form.get("do", ""))
    if verb is None:
        raise Invalid(_("There is no such button."))
    config = payments.config_to_change(name)
    try:
        flash(verb(config, request.form.get("key", "")), "ok")
    except ShopError as problem:
        config = payments.config_to_change(name)
        return _page(config, form_of(config), status_of(problem), problem)
    return redirect(url_for("admin.service", name=name), code=303)


@bp.post("/payments/services/<name>/method")
def new_method(name):
    """A new way to pay by this service; its own page says the rest."""
    config, form = payments.config_to_change(name), NewMethodForm()
    if not form.validate_on_submit():
        return _page(config, form_of(config), 400, method_form=form)
    with deed():
        method = payments.open_method(payments.config_to_change(name), form.method_label.data or "")
        audit.record("add", f"payment method {method.code}", after={"label": method.label, "service": name})
        method_id = method.id
    return redirect(url_for("admin.method", method_id=method_id), code=303)


@bp.route("/payments/services/<name>/go-live", methods=["GET", "POST"])
def go_live(name):
    """What must be right before real money is taken. GET shows what the last look found; the button looks again."""
    config = payments.config_to_change(name)
    if request.method == "POST":
        look_and_keep(config)
        return redirect(url_for("admin.go_live", name=name), code=303)
    labels = {check: label for check, (label, _check) in going_live.CHECKS.items()}
    at = config.checklist.get("at")
    looked_at = datetime.fromisoformat(at) if at else None
    return render_template(
        "admin/go_live.html", config=config, labels=labels, found=config.checklist, looked_at=looked_at
    )


def look_and_keep(config: GatewayConfig) -> None:
    """Look at everything now, and keep what was found with the service. Uses the network."""
    name, found = config.name, going_live.look(config)
    with deed():
        kept = payments.config_to_change(name, lock=True)
        rows = {check: {"ok": row.ok, "says": row.says} for check, row in found.items()}
        kept.checklist = {"at": clock.now().isoformat(), "rows": rows}
        red = [check for check, row in found.items() if row.ok is False]
        audit.record("look before going live", f"payment service {name}", after={"not right": red})


def _keep(name, wish, word):
    with deed():
        before, after = payments.change(payments.config_to_change(name, lock=True), wish)
        if after:
            audit.record(word, f"payment service {name}", before, after)


def _switch(config, _key):
    name, on = config.name, request.form["do"] == "on"
    with deed():
        payments.switch(name, on)
        audit.record("switch on" if on else "switch off", f"payment service {name}")
    return _("It is on.") if on else _("It is off: nobody can pay by it.")


def _rehearse(config, _key):
    if not sandbox.can_be_rehearsed(config):
        raise Invalid(_("Nobody plays this service here."))
    _keep(config.name, sandbox.invented(config), "rehearse")
    return _("Filled in: this shop plays the service now. Switch it on, and pay an order by it.")


def _forget(config, key):
    with deed():
        if keys.forget_old(payments.config_to_change(config.name, lock=True), key):
            audit.record("forget old key", f"payment service {config.name}", after={"key": key})
    return _("Only today's key counts now.")


def _remove(config, key):
    needed = kind_of(config.type).required()
    if key in needed and config.active:
        raise Invalid(_("It cannot do without: switch it off first, or enter another one."))
    with deed():
        if keys.remove_secret(payments.config_to_change(config.name, lock=True), key):
            audit.record("remove secret", f"payment service {config.name}", after={"key": key})
    return _("It is removed.")


def _again(config, form, problem=None):
    form.ask_again()
    return _page(config, form, 400, problem)


def _page(config, form, status=200, problem=None, method_form=None):
    kind, stored = kind_of(config.type), {row.property.name: _stored(config, row.property) for row in form.rows}
    methods = select(PaymentMethod).filter_by(backend_config_id=config.id).order_by(PaymentMethod.position)
    html = render_template(
        "admin/service.html",
        config=config,
        form=form,
        problem=problem,
        kind=kind,
        type_label=kind.label or config.type,
        wrong=payments.problems(config),
        endings=payments.endings_of(config),
        stored=stored,
        replaced=[row for row in form.rows if stored[row.property.name]["old_until"]],
        spare=[row for row in form.rows if stored[row.property.name]["there"] and not row.property.required],
        methods=db.session.scalars(methods).all(),
        method_form=method_form or NewMethodForm(formdata=None),
        playable=sandbox.can_be_rehearsed(config),
        notify_url=public_url("gateway.read_notification", gateway=config.name),
    )
    return html, status


def _stored(config, one):
    """What may be shown of a key that is there: since when, its last letters, how long the one before counts."""
    there = one.kind == SECRET and one.name in config.secrets
    file = config.certificates.get(one.name) if one.kind == CERTIFICATE else ""
    return {
        "there": there,
        "since": keys.since(config, one.name),
        "ends_with": keys.ending_of(config, one.name) if there else "",
        "old_until": keys.old_until(config, one.name),
        "holds": certificates.about(file) if file else None,
        "address": kind_of(config.type).addresses.get(one.name, {}).get(config.mode, ""),
    }
