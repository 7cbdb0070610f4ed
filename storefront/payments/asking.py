"""Asking a gateway to do something with money: claimed, called, recorded; asked about in growing gaps, never repeated
blindly. What is true of refunds here is true of captures and voids too.
"""

from datetime import timedelta
from typing import TypeVar

from sqlalchemy import func, or_, select, update

from storefront.kit import clock
from storefront.kit.db import changed, db
from storefront.payments.models import Capture, Refund

REQUESTED, SENT, SUCCEEDED, FAILED = "REQUESTED", "SENT", "SUCCEEDED", "FAILED"
GAPS = tuple(timedelta(minutes=minutes) for minutes in (1, 2, 5, 15, 30, 60, 120, 240, 360))
ALARMED_AFTER = timedelta(hours=24)
Kind = TypeVar("Kind", Refund, Capture)


def waiting_ids(kind: type[Refund] | type[Capture]) -> list[int]:
    """The ids of what is to be sent, and of what it is time to ask about."""
    return list(db.session.scalars(select(kind.id).where(_due(kind)).order_by(kind.id).limit(200)))


def claimed(kind: type[Kind], row_id: int) -> Kind | None:
    """Take one for the call; None if somebody else has it, or it is done. Call it in a commit of its own."""
    row = db.session.get_one(kind, row_id, populate_existing=True)
    now = clock.now()
    gap = GAPS[min(row.tries, len(GAPS) - 1)]
    taken = changed(
        update(kind)
        .where(kind.id == row_id, kind.tries == row.tries, _due(kind))
        .values(
            status=SENT,
            tries=row.tries + 1,
            sent_at=func.coalesce(kind.sent_at, now),
            next_try_at=now + gap,
            updated_at=now,
        )
        .execution_options(synchronize_session=False)
    )
    return db.session.get_one(kind, row_id, populate_existing=True) if taken else None


def is_unanswered(row: Refund | Capture) -> bool:
    """Whether nobody has said for too long what came of it, and the owner does not know that yet."""
    return row.alarmed_at is None and row.sent_at is not None and row.sent_at < clock.now() - ALARMED_AFTER


def _due(kind):
    asked_about = (kind.status == SENT) & or_(kind.next_try_at.is_(None), kind.next_try_at <= clock.now())
    return (kind.status == REQUESTED) | asked_about
