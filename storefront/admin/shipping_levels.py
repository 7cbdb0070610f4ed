"""The ways of sending of a region: what each is called, carries and costs; their order; on or off."""

from flask import flash, redirect, render_template, request, url_for
from flask_babel import gettext as _

from storefront import shipping, store
from storefront.admin import audit
from storefront.admin.room import bp, deed
from storefront.admin.shipping_forms import level_form, tell
from storefront.admin.shipping_pages import tell_findings
from storefront.kit.errors import Invalid
from storefront.shipping import writing

OF_LEVEL = (
    "name", "carrier", "method", "params", "currency", "days_min", "days_max", "weight_min_g", "weight_max_g",
    "tax_category_id", "active",
)  # fmt: skip


@bp.route("/shipping/regions/<int:region_id>/levels/new", methods=["GET", "POST"])
def new_shipping_level(region_id):
    """A way of sending that is not there yet."""
    return _page(writing.region_by(region_id), None)


@bp.route("/shipping/levels/<int:level_id>", methods=["GET", "POST"])
def shipping_level(level_id):
    """One way of sending, with what it costs for some parcels."""
    level = writing.level_by(level_id)
    return _page(level.region, level)


@bp.post("/shipping/levels/<int:level_id>/move")
def move_shipping_level(level_id):
    """One place up or down; the first is what shoppers have chosen at first."""
    up = request.form.get("way") == "up"
    with deed():
        level = writing.level_by(level_id)
        region_id = level.region_id
        if shipping.move_level(level, up=up):
            audit.record("move up" if up else "move down", _name(level))
    return redirect(url_for("admin.shipping_region", region_id=region_id), code=303)


@bp.post("/shipping/levels/<int:level_id>/switch")
def switch_shipping_level(level_id):
    """Offer it to shoppers, or do not."""
    on = request.form.get("on") == "1"
    with deed():
        level = writing.level_by(level_id)
        region_id = level.region_id
        if shipping.switch_level(level, on=on):
            audit.record("switch on" if on else "switch off", _name(level))
    tell_findings(region_id)
    return redirect(url_for("admin.shipping_region", region_id=region_id), code=303)


@bp.post("/shipping/levels/<int:level_id>/remove")
def remove_shipping_level(level_id):
    """A way that is off goes away."""
    with deed():
        level = writing.level_by(level_id)
        region_id, name, was = level.region_id, _name(level), _facts(level)
        shipping.remove_level(level)
        audit.record("remove", name, was)
    flash(_("It is removed. Orders that were sent this way keep it."), "ok")
    return redirect(url_for("admin.shipping_region", region_id=region_id), code=303)


def _page(region, level):
    form, region_id, level_id = level_form(level), region.id, level.id if level else None
    if request.method == "POST" and not form.looks_only and form.validate_on_submit():
        try:
            with deed():
                _save(region_id, level_id, form)
            tell_findings(region_id)
            return redirect(url_for("admin.shipping_region", region_id=region_id), code=303)
        except Invalid as problem:
            tell(form, problem)
    examples = _examples(form, level)
    shown = {"currency": store.current().currency, "examples": examples, "region": writing.region_by(region_id)}
    html = render_template("admin/shipping_level.html", form=form, level=level, **shown)
    return html, 400 if form.errors or form.form_errors else 200


def _examples(form, level):
    """What the figures in the form would cost, if they can be read; a new level shows it when it is asked to."""
    if form.errors or form.form_errors or not form.way or (level is None and "show_costs" not in request.form):
        return None
    try:
        return shipping.examples(form.way.name, form.params(), store.current().currency)
    except Invalid as problem:
        if "show_costs" in request.form:
            tell(form, problem)
        return None


def _save(region_id, level_id, form):
    """Save the level, with the difference in the trail."""
    found = writing.level_by(level_id) if level_id else None
    before = _facts(found) if found else {}
    values = form.values()
    saved = shipping.save_level(found, writing.region_by(region_id), params=_params(form, values), **values)
    after = _facts(saved)
    changed = [name for name in OF_LEVEL if before.get(name) != after[name]]
    if changed:
        was = {name: before[name] for name in changed if name in before}
        told = {name: after[name] for name in changed}
        audit.record("change" if found else "new way of sending", _name(saved), was, told)


def _params(form, values):
    """The figures, or, when something else is wrong as well, an Invalid that tells of all of it at once."""
    try:
        return form.params()
    except Invalid as problem:
        problem.fields.update(writing.wrong_with(values))
        raise


def _facts(level):
    return {name: getattr(level, name) for name in OF_LEVEL}


def _name(level):
    return f"way of sending {level.region.name}, {level.name}"
