"""What happened to an order, newest first and by day: events, and the notes that staff left for each other."""

import json
from collections.abc import Callable
from dataclasses import dataclass, field
from datetime import date, datetime
from itertools import groupby
from zoneinfo import ZoneInfo

from flask_babel import gettext as _
from sqlalchemy import select

from storefront import store
from storefront.admin import wording
from storefront.kit import events, money
from storefront.kit.db import db
from storefront.kit.events import OrderEvent
from storefront.orders.models import Order, OrderNote

Word = Callable[[dict, Order], str]


@dataclass(frozen=True)
class Row:
    """One line: when, who, what, why, and the stored facts as text."""

    at: datetime
    who: str
    what: str
    why: str = ""
    cause: int | None = None  # the message that brought it
    details: str = ""
    note: bool = False
    to_shopper: bool = False
    place: int = field(default=0, repr=False)


def days_of(order: Order, history: list[OrderEvent], notes: bool = True) -> list[tuple[date, list[Row]]]:
    """The rows of each day by the clocks of the shop, the latest first; with or without the notes of staff."""
    zone = ZoneInfo(store.current().timezone)
    written = db.session.scalars(select(OrderNote).filter_by(order_id=order.id).order_by(OrderNote.id)) if notes else ()
    rows = [_of_event(event, order) for event in history] + [_of_note(note) for note in written]
    rows.sort(key=lambda row: (row.at, row.place), reverse=True)
    return [(day, list(some)) for day, some in groupby(rows, key=lambda row: row.at.astimezone(zone).date())]


def whole(order: Order) -> bool:
    """Whether no event of the order was removed or altered."""
    return events.chain_is_whole(order.id)


def _of_event(event, order):
    kind = str(wording.ACTORS.get(event.actor_kind, event.actor_kind))
    known = wording.EVENTS.get(event.type)
    return Row(
        at=event.at,
        who=f"{kind} {event.actor}".strip() if event.actor_kind in ("staff", "gateway") else kind,
        what=str(known) if known else event.type.replace("_", " ").capitalize(),
        why=_why(event, order),
        cause=event.cause_inbox_id,
        details=json.dumps(event.data, ensure_ascii=False, indent=1, sort_keys=True, default=str),
        place=event.seq or 0,
    )


def _of_note(note):
    who, sent = f"{wording.ACTORS['staff']} {note.actor}", note.to_shopper
    return Row(at=note.at, who=who, what=note.text, note=True, to_shopper=sent, place=1_000_000)


def _why(event, order):
    data = event.data
    parts = [money.shown(data["amount"], data.get("currency") or order.currency)] if data.get("amount") else []
    reason = data.get("reason") or data.get("why") or ""
    words = wording.WHY_WAITING.get(reason) or wording.CLOSED_BECAUSE.get(reason) or wording.REASONS.get(reason)
    parts.append(str(words) if words else str(reason))
    if data.get("late"):
        parts.append(_("late"))
    if letter := wording.LETTERS.get(data.get("letter", "")):
        parts.append(str(letter))
    return ", ".join(part for part in parts if part)
