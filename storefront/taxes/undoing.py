"""Taking an import of rates back: new ones go, changed ones become what they were; what was changed since stays."""

from collections.abc import Iterable
from dataclasses import dataclass, field
from typing import Any

from flask_babel import gettext as _
from sqlalchemy import delete, select

from storefront.kit.db import db
from storefront.kit.imports import latest, mark_undone
from storefront.taxes.importing import FIELDS, facts, one_at_a_time
from storefront.taxes.models import TaxImport, TaxImportItem, TaxRate
from storefront.taxes.regions import remove_unused


@dataclass
class Undone:
    """What was taken back: counts of rates, and a sentence for each that stayed."""

    import_id: int
    name: str
    removed: int = 0
    restored: int = 0
    kept: list[str] = field(default_factory=list)


def imports(most: int = 50) -> list[TaxImport]:
    """The latest imports, newest first."""
    return latest(TaxImport, most)


def undo(import_id: int | None = None, *, actor: str) -> Undone:
    """Take back one import, or the latest that still stands, inside the caller's transaction.

    Raises NotFound when there is none, Conflict when it was undone already.
    """
    one_at_a_time()
    row = mark_undone(TaxImport, import_id, actor)
    undone = Undone(row.id, row.name)
    gone: list[int] = []
    places: set[int] = set()
    items = select(TaxImportItem, TaxRate).outerjoin(TaxRate, TaxRate.id == TaxImportItem.rate_id)
    rows: Iterable[Any] = db.session.execute(items.where(TaxImportItem.import_id == row.id).order_by(TaxImportItem.id))
    for item, rate in rows:
        if rate is None:
            undone.kept.append(_("%(name)s was removed since", name=item.after["name"]))
        elif facts(rate) != item.after:
            undone.kept.append(_("%(name)s was changed since and stays", name=rate.name))
        elif item.before:
            _put_back(rate, item.before)
            undone.restored += 1
        else:
            gone.append(rate.id)
            places.add(rate.region_id)
    _remove(gone)
    undone.removed = len(gone)
    remove_unused(sorted(places))
    return undone


def _put_back(rate, before):
    for name in FIELDS:
        setattr(rate, name, before[name])


def _remove(ids):
    db.session.flush()
    for start in range(0, len(ids), 500):
        some = delete(TaxRate).where(TaxRate.id.in_(ids[start : start + 500]))
        db.session.execute(some.execution_options(synchronize_session="fetch"))
