"""Taxes: the rates by place, each of them, and what an address would pay."""

from flask import flash, redirect, render_template, request, url_for
from flask_babel import gettext as _

from storefront import customers, store, taxes
from storefront.admin import audit
from storefront.admin.room import bp, deed
from storefront.admin.tax_forms import RateForm, shown
from storefront.kit import money
from storefront.kit.errors import Invalid
from storefront.taxes import keeping, listing
from storefront.taxes.models import TaxRate
from storefront.taxes.remarks import remarks
from storefront.taxes.rules import GROSS, rules

bp.add_app_template_filter(money.percent, "tax_percent")


def tabs() -> list[tuple[str, str, bool, None]]:
    """The pages of taxes, and the shop's rules among the settings."""
    pages = (
        (_("Rates"), "admin.tax_rates"),
        (_("Categories"), "admin.tax_categories"),
        (_("Try an address"), "admin.try_taxes"),
        (_("Import"), "admin.tax_imports"),
    )
    rows = [(words, url_for(page), request.endpoint == page, None) for words, page in pages]
    return [*rows, (_("Rules"), url_for("admin.topic", name="taxes"), False, None)]


@bp.get("/taxes")
def tax_rates():
    """The rates, by place; a page at a time, behind a key."""
    asked = {name: request.args.get(name, "")[:40] for name in ("country", "category")}
    category = int(asked["category"]) if asked["category"].isdecimal() and len(asked["category"]) < 19 else None
    listed = listing.rates(country=asked["country"], category_id=category, after=_key(request.args.get("after", "")))
    more = url_for("admin.tax_rates", **_filled(asked), after=_text(listed.last)) if listed.last else ""
    return render_template(
        "admin/taxes.html",
        tabs=tabs(),
        listed=listed,
        asked=asked,
        more=more,
        countries=[(code, customers.country_name(code)) for code in listing.countries() if code],
        categories=listing.categories(),
        first=not request.args.get("after"),
    )


@bp.route("/taxes/new", methods=["GET", "POST"])
def new_tax_rate():
    """A rate that is not there yet."""
    return _rate_page(None)


@bp.route("/taxes/<int:rate_id>", methods=["GET", "POST"])
def tax_rate(rate_id):
    """One rate, shown and saved."""
    return _rate_page(keeping.rate_of(rate_id))


@bp.route("/taxes/<int:rate_id>/remove", methods=["GET", "POST"])
def remove_tax_rate(rate_id):
    """A rate goes, once somebody has read what that means."""
    rate = keeping.rate_of(rate_id)
    if request.method == "GET":
        return render_template("admin/tax_remove.html", rate=rate, tabs=tabs())
    with deed():
        was = keeping.remove_rate(rate_id)
        audit.record("remove", f"tax rate {was['name']}, {was['place']}", was)
    flash(_("%(name)s in %(place)s is removed.", name=was["name"], place=was["place"]), "ok")
    return redirect(url_for("admin.tax_rates"), code=303)


def _rate_page(rate: TaxRate | None):
    found, regions = listing.categories(), keeping.shipping_regions()
    if rate and not keeping.place_of(rate) and rate.region.taxes_only:
        regions.append((rate.region_id, rate.region.name))  # several countries, made elsewhere
    form = RateForm(categories=found, regions=regions, data=shown(rate) if rate else _usual())
    if form.validate_on_submit():
        try:
            return _saved(form, rate.id if rate else None)
        except Invalid as problem:
            for name, sentences in (problem.fields or {"region": [problem.message]}).items():
                form[name].errors = sentences
    html = render_template("admin/tax_rate.html", form=form, rate=rate, tabs=tabs(), told=remarks(rate) if rate else [])
    return html, 400 if form.errors else 200


def _usual():
    shop = store.current()
    return {"priority": 1, "country": shop.country, "applies_to_shipping": True, "inclusive": rules().prices == GROSS}


def _saved(form, rate_id):
    with deed():
        rate, before = keeping.save_rate(form.values, rate_id)
        after = keeping.described(rate)
        changed = [name for name in after if before.get(name) != after[name]]
        if changed:
            was = {name: before[name] for name in changed if name in before}
            what = f"tax rate {rate.name}, {rate.region.name}"
            audit.record("change" if rate_id else "new", what, was, {name: after[name] for name in changed})
        number = rate.id
    flash(_("Saved."), "ok")
    return redirect(url_for("admin.tax_rate", rate_id=number), code=303)


@bp.get("/taxes/try")
def try_taxes():
    """What an address would pay for a sum of each category, and why."""
    parts = ("country", "subdivision", "postcode", "city")
    asked = {name: request.args.get(name, "")[:100] for name in (*parts, "amount", "vat_number")}
    asked["country"], asked["amount"] = asked["country"] or store.current().country, asked["amount"] or "100"
    problems, amount, number = [], 0, ""
    try:
        amount = money.parsed(asked["amount"], store.current().currency)
        if amount < 0:
            raise Invalid(_("Enter an amount like 12.50."))
    except Invalid as problem:
        problems.append(("amount", problem.message))
    try:
        number = taxes.vat_number(asked["vat_number"], asked["country"])
    except Invalid as problem:
        problems.append(("vat_number", problem.message))
    rows, place = ([], None) if problems else _tried(customers.tidied(asked), amount, number)
    known = customers.countries(None, "en")
    html = render_template(
        "admin/tax_try.html", tabs=tabs(), asked=asked, countries=known, rows=rows, place=place, errors=problems
    )
    return html, 400 if problems else 200


def _tried(address, amount, number):
    """A row for each category: its price there, its taxes, and what is paid in the end."""
    place = taxes.at(address, number)
    rows = []
    for category, _rates, _goods in listing.categories():
        price = place.price(amount, category.id)
        charges = place.charges(price, category.id)
        on_top = sum(charge.tax_minor for charge in charges if not charge.rate.inclusive)
        rows.append((category, price, charges, price + on_top))
    return rows, place


def _key(text):
    """The key of a row out of an address; None if it is none."""
    country, *state, region, rate = text.split("~") if text.count("~") > 2 else ("", "", "", "")
    if not all(number.isascii() and number.isdigit() and len(number) < 19 for number in (region, rate)):
        return None
    return country, "~".join(state), int(region), int(rate)


def _text(key):
    return "~".join(str(part) for part in key)


def _filled(asked):
    return {name: text for name, text in asked.items() if text}
