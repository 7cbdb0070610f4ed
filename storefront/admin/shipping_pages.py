"""Where goods go: the regions in the order in which they are asked, what to know of them, and what a parcel costs."""

from flask import flash, redirect, render_template, request, url_for
from flask_babel import gettext as _

from storefront import customers, shipping, store
from storefront.admin import audit
from storefront.admin.goods_verbs import whole
from storefront.admin.room import bp, deed
from storefront.admin.shipping_forms import RegionForm, tell
from storefront.kit import money
from storefront.kit.errors import Invalid
from storefront.shipping import areas, writing
from storefront.shipping.figures import MOST_AMOUNT, MOST_GRAMS, told
from storefront.shipping.models import ShippingRegion

bp.add_app_template_filter(shipping.weighed)
OF_REGION = ("name", "countries", "subdivisions", "postcodes")


@bp.get("/shipping")
def shipping_regions():
    """Every region with its levels, overlaps and holes, and the preview of what a parcel would cost."""
    asked, reached, problems = _preview(request.args)
    shown = {
        "regions": _in_order(),
        "findings": shipping.findings(),
        "methods": shipping.METHODS,
        "currency": store.current().currency,
        "countries": customers.countries(None, "en"),
        "states": customers.subdivisions(asked["country"], "en"),
    }
    html = render_template("admin/shipping.html", asked=asked, reached=reached, problems=problems, **shown)
    return html, 400 if problems else 200


@bp.route("/shipping/regions/new", methods=["GET", "POST"])
def new_shipping_region():
    """A region that is not there yet."""
    return _region_page(None)


@bp.route("/shipping/regions/<int:region_id>", methods=["GET", "POST"])
def shipping_region(region_id):
    """One region: where it ends, and its ways of sending."""
    return _region_page(writing.region_by(region_id))


@bp.post("/shipping/regions/<int:region_id>/move")
def move_shipping_region(region_id):
    """One place up or down in the list."""
    up = request.form.get("way") == "up"
    with deed():
        region = writing.region_by(region_id)
        if shipping.move_region(region, up=up):
            audit.record("move up" if up else "move down", f"shipping region {region.name}")
    return redirect(url_for("admin.shipping_regions"), code=303)


@bp.post("/shipping/regions/<int:region_id>/remove")
def remove_shipping_region(region_id):
    """A region that nothing is sent to goes away."""
    with deed():
        region = writing.region_by(region_id)
        shipping.remove_region(region)
        audit.record("remove", f"shipping region {region.name}", _facts(region))
    flash(_("The region is removed."), "ok")
    return redirect(url_for("admin.shipping_regions"), code=303)


def _in_order():
    """Each region in the order in which they are asked, and whether it is the first, the last, of those like it."""
    found = shipping.regions()
    ranks = [None, *(areas.rank(region) for region in found), None]
    return [
        (region, before != rank, after != rank)
        for region, before, rank, after in zip(found, ranks, ranks[1:], ranks[2:], strict=False)
    ]


def _region_page(region: ShippingRegion | None):
    form = RegionForm(
        data={
            "name": region.name,
            "countries": region.countries,
            "subdivisions": region.subdivisions,
            "patterns": "\n".join(region.postcodes),
        }
        if region
        else {}
    )
    if request.method == "POST" and not form.asks_again and form.validate_on_submit():
        try:
            with deed():
                saved = _save(region.id if region else None, form)
            tell_findings(saved)
            return redirect(url_for("admin.shipping_region", region_id=saved), code=303)
        except Invalid as problem:
            tell(form, problem, {"postcodes": "patterns"})
    about = [one for one in shipping.findings() if region.id in one.region_ids] if region else []
    shown = {"methods": shipping.METHODS, "currency": store.current().currency, "findings": about, "told": told}
    html = render_template("admin/shipping_region.html", form=form, region=region, **shown)
    return html, 400 if form.errors or form.form_errors else 200


def _save(region_id, form):
    """Save the region, with the difference in the trail; gives its id."""
    found = writing.region_by(region_id) if region_id else None
    before = _facts(found) if found else {}
    saved = shipping.save_region(
        found,
        name=form.name.data or "",
        countries=form.countries.data or (),
        subdivisions=form.subdivisions.data or (),
        patterns=form.patterns.data or "",
    )
    after = _facts(saved)
    changed = [name for name in OF_REGION if before.get(name) != after[name]]
    if changed:
        was = {name: before[name] for name in changed if name in before}
        told = {name: after[name] for name in changed}
        audit.record("change" if found else "new region", f"shipping region {saved.name}", was, told)
    return saved.id


def tell_findings(region_id: int) -> None:
    """Say that it is saved, and what there is to know of the region now."""
    flash(_("Saved."), "ok")
    for finding in shipping.findings():
        if region_id in finding.region_ids:
            flash(finding.sentence, "warn")


def _facts(region):
    return {name: getattr(region, name) for name in OF_REGION}


def _preview(args):
    """What was asked, what can be sent there, and the fields that could not be read."""
    shop = store.current()
    asked = {name: args.get(name, "").strip()[:100] for name in ("subdivision", "postcode", "weight", "total")}
    named = args.get("country", "")
    asked["country"] = named if named in dict(customers.countries(None)) else shop.country
    if "weight" not in args:
        return asked, None, []
    figures, problems = {}, []
    for name, read in (("weight", _grams), ("total", lambda text: _amount(text, shop.currency))):
        try:
            figures[name] = read(asked[name])
        except Invalid as problem:
            problems.append((f"preview-{name}", problem.message))
    if problems:
        return asked, None, problems
    address = customers.tidied(asked)
    return asked, shipping.reach(address, shipping.Parcel(figures["weight"], figures["total"]), shop.currency), []


def _grams(text):
    return whole(text or "0", MOST_GRAMS)


def _amount(text, currency):
    minor = money.parsed(text or "0", currency)
    if not 0 <= minor <= MOST_AMOUNT:
        raise Invalid(_("Enter an amount like 12.50"))
    return minor
