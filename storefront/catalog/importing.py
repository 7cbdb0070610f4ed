"""From a file to goods: read, saved in lots, pictures fetched, and all of it written down so that it can be undone."""

from collections import Counter
from collections.abc import Callable
from dataclasses import dataclass, field, replace

from babel.numbers import list_currencies
from flask_babel import gettext as _
from sqlalchemy import delete, insert, select

from storefront import store
from storefront.catalog import shopify, woocommerce
from storefront.catalog.csvfile import read_table
from storefront.catalog.drafts import ProductDraft, as_json
from storefront.catalog.models import CatalogImport, CatalogImportItem, Category
from storefront.catalog.picturing import Missed, Wanted, add_pictures
from storefront.catalog.saving import CHANGED, NEW, REFUSED, SAME, Change, alone, batches, compare, save
from storefront.catalog.values import Refused
from storefront.kit import clock
from storefront.kit.db import db, transaction
from storefront.kit.errors import Invalid

_FORMATS = {"Shopify": shopify, "WooCommerce": woocommerce}
_REPORTED = 1000  # so many refused rows and missed pictures are kept with an import


@dataclass
class Reading:
    """What a file holds: drafts that can be compared and saved, and rows that cannot."""

    name: str
    kind: str
    currency: str
    drafts: list[ProductDraft]
    refused: list[Refused]
    notes: list[str]


@dataclass
class Outcome:
    """What an import did. `import_id` is None when it changed nothing."""

    import_id: int | None
    counts: Counter
    refused: list[Refused]
    missed: list[Missed] = field(default_factory=list)


def read_file(name: str, data: bytes, currency: str | None = None) -> Reading:
    """Understand a Shopify or WooCommerce product CSV. Raises Invalid when it is neither."""
    currency = (currency or store.current().currency).upper()
    if currency not in list_currencies():
        raise Invalid(_("There is no currency %(code)s: use a code like EUR.", code=currency[:10]))
    table = read_table(data, shopify.known_headings)
    kind = _kind(table.headings)
    found = _FORMATS[kind].read(table, currency)
    if currency != store.current().currency:
        found.notes.append(
            _(
                "This shop sells in %(own)s: goods priced in %(code)s are not for sale until they have a price in it.",
                own=store.current().currency,
                code=currency,
            )
        )
    found.refused += [Refused(line, "", reason) for line, reason in table.faults]
    return Reading(name, kind, currency, found.drafts, sorted(found.refused, key=lambda row: row.line), found.notes)


def _kind(headings):
    for kind, needed in (("Shopify", shopify.NEEDED), ("WooCommerce", woocommerce.NEEDED)):
        here = [heading for heading in needed if heading in headings]
        if len(here) == len(needed):
            return kind
        if here[:2] == list(needed[:2]):
            lacking = set(needed) - set(here)
            raise Invalid(
                _("This looks like a %(kind)s file, but it has no column %(name)s.", kind=kind, name=", ".join(lacking))
            )
    seen = ", ".join(heading[:30] for heading in headings[:6])
    raise Invalid(_("These are neither Shopify's nor WooCommerce's headings: %(headings)s …", headings=seen))


def refused_of(change: Change) -> Refused:
    """A refused change as a row of the report."""
    lines = [change.draft.line, *(variant.line for variant in change.draft.variants)] if change.draft else []
    return Refused(change.line, change.slug, change.reason, tuple(dict.fromkeys(line for line in lines if line)))


def import_reading(
    reading: Reading,
    *,
    actor: str,
    all_or_nothing: bool = False,
    pictures: bool = True,
    picture_seconds: float = 120.0,
    progress: Callable[[str, int, int], None] = lambda stage, done, total: None,
) -> Outcome:
    """Save what a file holds and write it down. Raises Invalid, saving nothing, if all must fit and one does not.

    An edge of its own: it opens one transaction for each lot of goods (one for everything if all must fit),
    and fetches the pictures between. What was saved before a crash stays, and can be undone.
    """
    drafts, changes = alone(reading.drafts), []
    if all_or_nothing:
        _refuse_if_any(reading, compare(drafts))
    import_id = _begin(reading, actor)
    for some in batches(drafts, max(1, len(drafts)) if all_or_nothing else 200):
        changes += [_slim(change) for change in _save(some, import_id, actor, all_or_nothing, reading)]
        progress("goods", len(changes), len(drafts))
    missed = []
    if pictures:
        wanted = [Wanted(c.product_id, c.draft) for c in changes if c.product_id and c.draft and c.draft.pictures]
        missed = add_pictures(
            wanted, seconds=picture_seconds, progress=lambda done: progress("pictures", done, len(wanted))
        )
    return _finish(import_id, reading, changes, missed)


def _save(drafts, import_id, actor, all_or_nothing, reading):
    try:
        with transaction():
            saved = save(drafts, actor=actor, ref=f"import {import_id}")
            if all_or_nothing:
                _refuse_if_any(reading, saved)  # somebody changed the shop since it was compared
            _note(import_id, saved)
        return saved
    except Invalid:
        with transaction():
            db.session.execute(delete(CatalogImport).where(CatalogImport.id == import_id))
        raise


def _refuse_if_any(reading, changes):
    refused = reading.refused + [refused_of(change) for change in changes if change.kind == REFUSED]
    if refused:
        raise Invalid(_("Nothing was imported: %(count)d rows do not fit.", count=len(refused)), refused=refused)


def _slim(change):
    """Without the whole drafts, so that a large import does not fill the memory."""
    change.before = change.after = None
    return change


def _begin(reading, actor):
    with transaction():
        places = list(db.session.scalars(select(Category.path)))
        row = CatalogImport(
            name=reading.name, kind=reading.kind, currency=reading.currency, actor=actor, at=clock.now()
        )
        row.report = {"places_before": places}
        db.session.add(row)
        db.session.flush()
        return row.id


def _note(import_id, changes):
    """What is needed to take a lot back, in the transaction that saves it."""
    touched = [change for change in changes if change.kind in (NEW, CHANGED)]
    if touched:
        db.session.execute(insert(CatalogImportItem), [_item(import_id, change) for change in touched])
        row = db.session.get_one(CatalogImport, import_id)
        row.added += sum(change.kind == NEW for change in touched)
        row.changed += sum(change.kind == CHANGED for change in touched)


def _item(import_id, change):
    changed = change.kind == CHANGED
    after = change.after if changed else replace(change.after, pictures=change.draft.pictures)  # still to be fetched
    return {
        "import_id": import_id,
        "product_id": change.product_id,
        "slug": change.slug,
        "before": as_json(change.before.draft) if changed else {},
        "after": as_json(after),
        "pairs": change.pairs if changed else {},
        "pictures": [picture.source for picture in change.draft.pictures],
    }


def _finish(import_id, reading, changes, missed):
    counts = Counter(change.kind for change in changes)
    refused = reading.refused + [refused_of(change) for change in changes if change.kind == REFUSED]
    refused.sort(key=lambda row: row.line)
    with transaction():
        if not counts[NEW] + counts[CHANGED]:
            db.session.execute(delete(CatalogImport).where(CatalogImport.id == import_id))
            return Outcome(None, counts, refused, missed)
        row = db.session.get_one(CatalogImport, import_id)
        row.same, row.refused = counts[SAME], len(refused)
        places = db.session.scalars(select(Category.path).where(Category.path.not_in(row.report["places_before"])))
        row.report = {
            "refused": [{"line": one.line, "what": one.what, "reason": one.reason} for one in refused[:_REPORTED]],
            "missed": [vars(one) for one in missed[:_REPORTED]],
            "places": list(places),
        }
    return Outcome(import_id, counts, refused, missed)
