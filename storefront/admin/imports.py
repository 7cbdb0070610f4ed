"""Goods in and out as files: upload, a look at what would change, the import, its undoing, and the export."""

from collections import Counter
from dataclasses import dataclass

from flask import Response, flash, g, redirect, render_template, request, stream_with_context, url_for
from flask_babel import gettext as _

from storefront import catalog
from storefront.admin import audit, kept_files
from storefront.admin.room import bp, deed, status_of
from storefront.customers import plain_line
from storefront.kit import clock, events
from storefront.kit.db import db
from storefront.kit.errors import Conflict, Invalid, NotFound

SHOWN = 100  # so many of each kind are shown before the import, and of its report after it
NAMED = 20  # so much of what an undo leaves alone is named
PICTURE_SECONDS = 20


@dataclass(frozen=True)
class Preview:
    """What a file would do, in counts and in full for the first of each kind."""

    name: str
    kind: str
    products: int
    counts: Counter
    new: list
    changed: list
    refused: list
    notes: list[str]
    token: str


@bp.get("/import")
def imports():
    """The imports so far, and a place for the next file."""
    return _page()


@bp.post("/import")
def upload_import():
    """A file is looked at; nothing is changed yet."""
    file = request.files.get("file")
    data = file.read() if file else b""
    if not data:
        return _page(_("Choose a CSV file of Shopify or WooCommerce products"), 400)
    name = plain_line(file.filename or "file")[-100:]
    try:
        preview = _look(name, data)
    except Invalid as problem:
        return _page(problem.message, 400)
    return render_template("admin/import_preview.html", preview=preview, shown=SHOWN)


@bp.post("/import/do")
def do_import():
    """The file that was looked at is imported, as the shop is now."""
    try:
        name, data = kept_files.kept(request.form.get("file", ""))
        reading = catalog.read_file(name, data)
        with events.acting_as("staff", g.login):
            outcome = catalog.import_reading(
                reading,
                actor=g.login,
                all_or_nothing="all" in request.form,
                pictures="pictures" in request.form,
                picture_seconds=PICTURE_SECONDS,
            )
    except (Invalid, Conflict) as problem:
        db.session.rollback()
        return _page(problem.message, status_of(problem))
    _tell(name, outcome)
    return redirect(url_for("admin.imports"), code=303)


@bp.route("/import/<int:import_id>/undo", methods=["GET", "POST"])
def undo_import(import_id):
    """What taking an import back would do; then it is taken back. What somebody changed since stays, and is named."""
    try:
        if request.method == "GET":
            foreseen = catalog.foreseen(import_id)
            return render_template("admin/import_undo.html", foreseen=foreseen, named=NAMED)
        with deed():
            undone = catalog.undo(import_id, actor=g.login)
            facts = {name: getattr(undone, name) for name in ("removed", "hidden", "left", "restored")}
            audit.record("undo import", f"import {import_id}", after=facts)
    except (Conflict, NotFound) as problem:
        return _page(problem.message, status_of(problem))
    _tell_undone(undone)
    return redirect(url_for("admin.imports"), code=303)


def _tell_undone(undone):
    said = _(
        "Import %(id)s is undone: %(removed)s products removed, %(hidden)s hidden, %(restored)s as they were.",
        id=undone.import_id,
        removed=undone.removed,
        hidden=undone.hidden,
        restored=undone.restored,
    )
    flash(said, "ok")
    for sentence in undone.kept[:NAMED]:
        flash(sentence, "warn")
    if len(undone.kept) > NAMED:
        flash(_("and %(count)s more", count=len(undone.kept) - NAMED), "warn")


@bp.get("/export.csv")
def export_goods():
    """All goods as a file that can be imported again."""
    headers = {"Content-Disposition": f'attachment; filename="products-{clock.here():%Y-%m-%d}.csv"'}
    return Response(stream_with_context(catalog.export()), headers=headers, content_type="text/csv; charset=utf-8")


def _page(error="", status=200):
    errors = [("file", error)] if error else []
    return render_template("admin/imports.html", imports=catalog.imports(), shown=SHOWN, errors=errors), status


def _look(name, data):
    reading = catalog.read_file(name, data)
    changes = catalog.compare(reading.drafts)
    refused = reading.refused + [catalog.refused_of(change) for change in changes if change.kind == "refused"]
    by_kind = {kind: [change for change in changes if change.kind == kind] for kind in ("new", "changed")}
    return Preview(
        name=name,
        kind=reading.kind,
        products=len(reading.drafts),
        counts=Counter({**Counter(change.kind for change in changes), "refused": len(refused)}),
        new=by_kind["new"][:SHOWN],
        changed=by_kind["changed"][:SHOWN],
        refused=sorted(refused, key=lambda row: row.line)[:SHOWN],
        notes=reading.notes,
        token=kept_files.keep(name, data),
    )


def _tell(name, outcome):
    counts = outcome.counts
    facts = {"new": counts["new"], "changed": counts["changed"], "refused": len(outcome.refused)}
    with deed():
        audit.record("import", f"import {outcome.import_id or '–'}", after={"file": name, **facts})
    said = _("%(name)s: %(new)s products new, %(changed)s changed, %(refused)s rows refused.", name=name, **facts)
    flash(said, "ok" if not outcome.refused else "warn")
    if outcome.missed:
        flash(
            _(
                "%(count)s pictures could not be fetched. Import the file again to try once more.",
                count=len(outcome.missed),
            ),
            "warn",
        )
