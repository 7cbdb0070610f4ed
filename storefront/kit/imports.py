"""Files that came in, of whatever kind: what each of them did, and that it was taken back once."""

from datetime import datetime
from typing import TypeVar

from flask_babel import gettext as _
from sqlalchemy import select, update
from sqlalchemy.orm import Mapped, mapped_column

from storefront.kit import clock
from storefront.kit.db import changed, db
from storefront.kit.errors import Conflict, NotFound


class ImportRow:
    """What every table of imports has. How many rows of the file were new, changed something, changed nothing, or
    were refused.
    """

    id: Mapped[int] = mapped_column(primary_key=True)
    name: Mapped[str]  # of the file
    kind: Mapped[str]  # Shopify, WooCommerce
    actor: Mapped[str]
    at: Mapped[datetime]
    added: Mapped[int] = mapped_column(default=0)
    changed: Mapped[int] = mapped_column(default=0)
    same: Mapped[int] = mapped_column(default=0)
    refused: Mapped[int] = mapped_column(default=0)
    undone_at: Mapped[datetime | None]
    undone_by: Mapped[str] = mapped_column(default="")


Row = TypeVar("Row", bound=ImportRow)


def latest(table: type[Row], most: int) -> list[Row]:
    """The latest imports of a table, newest first."""
    return list(db.session.scalars(select(table).order_by(table.id.desc()).limit(most)))


def standing(table: type[Row], import_id: int) -> Row:
    """An import that was not undone. Raises NotFound, or Conflict when it was."""
    row = db.session.get(table, import_id)
    if row is None:
        raise NotFound(_("There is no import to undo."))
    if row.undone_at:
        raise _undone_already(row)
    return row


def mark_undone(table: type[Row], import_id: int | None, actor: str) -> Row:
    """An import, or the latest that still stands, marked as undone: of two who try at once one wins.

    Raises NotFound when there is none, Conflict when it was undone already.
    """
    if import_id is None:
        standing = select(table.id).where(table.undone_at.is_(None)).order_by(table.id.desc())
        import_id = db.session.scalar(standing.limit(1))
    row = db.session.get(table, import_id) if import_id else None
    if row is None:
        raise NotFound(_("There is no import to undo."))
    mark = update(table).where(table.id == row.id, table.undone_at.is_(None))
    if not changed(mark.values(undone_at=clock.now(), undone_by=actor)):
        db.session.refresh(row)
        raise _undone_already(row)
    return row


def _undone_already(row):
    when = f"{row.undone_at:%Y-%m-%d %H:%M}" if row.undone_at else ""
    return Conflict(_("Import %(id)d was undone already, on %(when)s.", id=row.id, when=when), state="undone")
