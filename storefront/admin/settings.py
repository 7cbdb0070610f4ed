"""The settings of the shop, one topic a page, with who changed what."""

from flask import flash, g, redirect, render_template, url_for
from flask_babel import gettext as _, lazy_gettext as _l
from sqlalchemy import select

from storefront import catalog, store
from storefront.admin import audit, setting_forms
from storefront.admin.room import bp, deed
from storefront.admin.tax_settings import TaxesForm
from storefront.kit.db import db
from storefront.kit.errors import NotFound
from storefront.orders.models import Order
from storefront.taxes import keeping
from storefront.taxes.rules import GROSS, rules

TOPICS = {**setting_forms.TOPICS, "taxes": (_l("Taxes"), TaxesForm)}


@bp.get("/settings")
def settings():
    """The topics; the first of them at once."""
    return redirect(url_for("admin.topic", name=next(iter(TOPICS))), code=303)


@bp.route("/settings/<name>", methods=["GET", "POST"])
def topic(name):
    """One topic, shown and saved."""
    if name not in TOPICS:
        raise NotFound(_("There is no such topic."))
    title, form_class = TOPICS[name]
    form = form_class(obj=store.current())
    fixed = "currency" in form and _has_orders()
    if form.validate_on_submit() and not _refused(form, fixed):
        with deed():
            _save(name, form)
        flash(_("Saved."), "ok")
        return redirect(url_for("admin.topic", name=name), code=303)
    tabs = [(words, url_for("admin.topic", name=each), each == name, None) for each, (words, _form) in TOPICS.items()]
    html = render_template(
        "admin/settings.html", form=form, title=title, tabs=tabs, history=audit.trail(target="settings", most=10)
    )
    return html, 400 if form.errors else 200


def _refused(form, fixed):
    """Prices and orders are in the currency that they were made in."""
    if fixed and form.currency.data != store.current().currency:
        form.currency.errors = [_("There are orders in this currency: it cannot be changed any more")]
        return True
    return False


def _save(name, form):
    values = form.columns()
    if "currency" in values and values["currency"] != store.current().currency and _has_orders():
        values.pop("currency")  # the first order came in this very moment
    before, after = store.change(values)
    if name == "shop":
        was, now = store.greet(form.home_line.data, form.home_text.data, g.login)
        before, after = before | _at_home(was), after | _at_home(now)
    if name == "taxes" and rules(before.get("tax_rules")).prices != rules().prices:
        after = {**after, "rates that follow": keeping.follow_prices(rules().prices == GROSS)}
    if after:
        audit.record(f"change {name}", "settings", before, after)
    if "currency" in after:
        catalog.refresh()


def _at_home(words):
    return {f"home_{name}": text for name, text in words.items()}


def _has_orders():
    return db.session.scalar(select(Order.id).limit(1)) is not None
