"""The carriers of the shop, each with the address where its parcels can be followed."""

from flask import flash, g, redirect, render_template, request, url_for
from flask_babel import gettext as _

from storefront import customers, orders
from storefront.admin import audit
from storefront.admin.room import bp, deed
from storefront.kit.errors import Invalid


@bp.route("/carriers", methods=["GET", "POST"])
def carriers():
    """One carrier a line, shown and saved."""
    problem, typed = None, "\n".join(f"{name} | {pattern}" for name, pattern in sorted(orders.carriers().items()))
    if request.method == "POST":
        typed = request.form.get("carriers", "")[:60_000]
        try:
            table = _read(typed)
            with deed():
                before, after = orders.set_carriers(table, g.login)
                if before != after:
                    audit.record("change carriers", "settings", before, after)
        except Invalid as wrong:
            problem = wrong
        else:
            flash(_("Saved."), "ok")
            return redirect(url_for("admin.carriers"), code=303)
    return render_template("admin/carriers.html", typed=typed, problem=problem), 400 if problem else 200


def _read(text):
    """name: pattern of what was typed. Raises Invalid for a line that is no pair, or a name that stands twice."""
    table: dict[str, str] = {}
    for row in text.splitlines():
        if not row.strip():
            continue
        name, between, pattern = row.partition("|")
        name = customers.plain_line(name)
        if not between:
            raise Invalid(_("%(line)s: put a | between the name and the address.", line=row.strip()[:60]))
        if name.casefold() in {known.casefold() for known in table}:
            raise Invalid(_("%(name)s stands twice.", name=name))
        table[name] = pattern.strip()
    return table
