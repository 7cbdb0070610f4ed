"""The line of people who want to know when one comes free: first come, first told, one for each free unit, each once.

Nothing is set aside for who is told: the goods are whoever's comes first, and after its turn the next is told.
"""

from collections.abc import Collection
from datetime import timedelta

from flask_babel import gettext as _
from sqlalchemy import delete, func, select, update
from sqlalchemy.exc import IntegrityError

from storefront.kit import clock, events, ids
from storefront.kit.db import changed, db
from storefront.kit.errors import NotFound
from storefront.stock.models import Stock, StockReservation, WaitingEntry
from storefront.stock.states import HELD
from storefront.stock.timed import end_overdue

TURN = timedelta(hours=1)  # so long a told person counts as the one who will take it
KEPT_WHEN_TOLD, KEPT = timedelta(days=1), timedelta(days=30)


def join_line(variant_id: int, email: str, locale: str = "en") -> WaitingEntry:
    """The last place in the line, or the place that this e-mail has already; who was told stands at the end again.

    The letter will be in the language of `locale`.
    """
    mine = select(WaitingEntry).filter_by(variant_id=variant_id, email=email)
    entry = db.session.scalar(mine.with_for_update())
    if entry is None:
        entry = WaitingEntry(variant_id=variant_id, email=email, key=ids.new_key(), since=clock.now(), locale=locale)
        try:
            with db.session.begin_nested():
                db.session.add(entry)
        except IntegrityError:  # pressed twice in one moment
            return db.session.scalars(mine).one()
    elif entry.told_at is not None:
        entry.since, entry.told_at, entry.locale = clock.now(), None, locale
    return entry


def waiting_by(key: str) -> WaitingEntry:
    """A place in the line by the key of its link. Raises NotFound, also when it is over."""
    entry = db.session.scalar(select(WaitingEntry).filter_by(key=key))
    if entry is None:
        raise NotFound(_("You are not in this line any more, and your email is not kept for it."))
    return entry


def leave_line(key: str) -> None:
    """Out of the line, with the e-mail. Does nothing a second time."""
    db.session.execute(delete(WaitingEntry).where(WaitingEntry.key == key))


def forget_who(email: str) -> None:
    """Whoever has this e-mail waits for nothing any more."""
    db.session.execute(delete(WaitingEntry).where(WaitingEntry.email == email))


def may_come_free(variant_ids: Collection[int]) -> set[int]:
    """Those of the variants of which none is free, but some are only held for somebody who has not paid."""
    found = (
        select(Stock.variant_id)
        .join(StockReservation, StockReservation.variant_id == Stock.variant_id)
        .where(Stock.variant_id.in_(variant_ids), StockReservation.status == HELD)
        .where(~Stock.backorder, Stock.on_hand - Stock.reserved <= 0)
    )
    return set(db.session.scalars(found))


def awaited() -> list[int]:
    """The variants for which somebody waits who has not been told, while there may be one free."""
    waits = select(WaitingEntry.variant_id).where(WaitingEntry.told_at.is_(None)).distinct()
    return list(db.session.scalars(waits.order_by(WaitingEntry.variant_id)))


def tell_waiting(variant_id: int) -> int | bool:
    """The first in the line are told, one for each free unit that nobody else has just been told of.

    Each is an event, and with it a letter. Gives how many were told, False if none.
    """
    end_overdue([variant_id])
    stock = db.session.scalar(select(Stock).filter_by(variant_id=variant_id).with_for_update())
    free = (stock.available if stock else 0) - _in_turn(variant_id)
    if free <= 0:
        return False
    line = select(WaitingEntry).filter_by(variant_id=variant_id, told_at=None)
    first = db.session.scalars(line.order_by(WaitingEntry.since, WaitingEntry.id).limit(free).with_for_update()).all()
    return sum(_tell(entry) for entry in first) or False


def forget_waiting() -> int:
    """Remove who was told a day ago, or has waited for a month; how many."""
    now = clock.now()
    told, waited = WaitingEntry.told_at < now - KEPT_WHEN_TOLD, WaitingEntry.since < now - KEPT
    return changed(delete(WaitingEntry).where(told | waited))


def _in_turn(variant_id):
    """How many were told a moment ago and may be on their way."""
    told = select(func.count()).select_from(WaitingEntry).filter_by(variant_id=variant_id)
    return db.session.scalar(told.where(WaitingEntry.told_at > clock.now() - TURN)) or 0


def _tell(entry):
    mine = update(WaitingEntry).where(WaitingEntry.id == entry.id, WaitingEntry.told_at.is_(None))
    if not changed(mine.values(told_at=clock.now()).execution_options(synchronize_session=False)):
        return 0
    events.record("STOCK_CAME_FREE", variant=entry.variant_id, waiting=entry.id)
    return 1
