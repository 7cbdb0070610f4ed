"""Files of tax rates: looked at, imported, taken back."""

from collections import Counter

from flask import flash, g, redirect, render_template, request, url_for
from flask_babel import gettext as _

from storefront import taxes
from storefront.admin import audit, kept_files
from storefront.admin.room import bp, deed, status_of
from storefront.admin.tax_pages import tabs
from storefront.customers import plain_line
from storefront.kit.db import db
from storefront.kit.errors import Conflict, Invalid, NotFound

SHOWN = 200  # so many rows of each kind are shown before the import


@bp.get("/taxes/import")
def tax_imports():
    """The imports so far, and a place for the next file."""
    return _page()


@bp.post("/taxes/import")
def upload_tax_rates():
    """A file is looked at; nothing is changed yet."""
    file = request.files.get("file")
    data = file.read() if file else b""
    if not data:
        return _page(_("Choose a CSV file of tax rates"), 400)
    name = plain_line(file.filename or "file")[-100:]
    try:
        reading = taxes.read_file(name, data)
    except Invalid as problem:
        return _page(problem.message, 400)
    changes = taxes.compare(reading)
    return render_template(
        "admin/tax_import_preview.html",
        tabs=tabs(),
        reading=reading,
        counts=Counter(change.kind for change in changes),
        changes=[change for change in changes if change.kind != "same"],
        shown=SHOWN,
        token=kept_files.keep(name, data),
    )


@bp.post("/taxes/import/do")
def do_tax_import():
    """The file that was looked at is imported, as the shop is now."""
    try:
        reading = taxes.read_file(*kept_files.kept(request.form.get("file", "")))
        with deed():
            outcome = taxes.import_rates(reading, actor=g.login)
            facts = {kind: outcome.counts[kind] for kind in ("new", "changed", "same")}
            facts["refused"] = len(outcome.refused)
            audit.record("import", f"tax import {outcome.import_id or '–'}", after={"file": reading.name, **facts})
    except (Invalid, Conflict) as problem:
        db.session.rollback()
        return _page(problem.message, status_of(problem))
    said = _("%(name)s: %(new)s rates new, %(changed)s changed, %(refused)s rows refused.", name=reading.name, **facts)
    flash(said, "warn" if outcome.refused else "ok")
    return redirect(url_for("admin.tax_imports"), code=303)


@bp.post("/taxes/import/<int:import_id>/undo")
def undo_tax_import(import_id):
    """An import is taken back; what somebody changed since stays, and is named."""
    try:
        with deed():
            undone = taxes.undo(import_id, actor=g.login)
            facts = {"removed": undone.removed, "restored": undone.restored, "kept": len(undone.kept)}
            audit.record("undo import", f"tax import {import_id}", after=facts)
    except (Conflict, NotFound) as problem:
        return _page(problem.message, status_of(problem))
    said = _(
        "Import %(id)s is undone: %(removed)s rates removed, %(restored)s as they were.",
        id=import_id,
        removed=undone.removed,
        restored=undone.restored,
    )
    flash(said, "ok")
    for sentence in undone.kept[:20]:
        flash(sentence, "warn")
    return redirect(url_for("admin.tax_imports"), code=303)


def _page(error="", status=200):
    errors = [("file", error)] if error else []
    return render_template("admin/tax_imports.html", tabs=tabs(), imports=taxes.imports(), errors=errors), status
