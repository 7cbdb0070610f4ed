"""What has happened: written in the same transaction as the happening, told to others later.

Rows are only ever appended. The events of one order form a hash chain, so that a removed or altered row
shows (`chain_is_whole`). Beside each event stands an outbox row for every letter or handler that wants it.
"""

import hashlib
import json
from contextlib import contextmanager
from contextvars import ContextVar
from dataclasses import dataclass
from datetime import datetime
from typing import Any

from flask import has_request_context
from sqlalchemy import ForeignKey, Index, UniqueConstraint, delete, select
from sqlalchemy.orm import Mapped, mapped_column

from storefront.kit import clock
from storefront.kit.db import Base, db


class OrderEvent(Base):
    """One thing that happened, with who did it and the message behind it. Holds no personal data."""

    __tablename__ = "order_events"
    __table_args__ = (UniqueConstraint("order_id", "seq"), Index(None, "type", "at"))

    id: Mapped[int] = mapped_column(primary_key=True)
    order_id: Mapped[int | None] = mapped_column(ForeignKey("orders.id"))
    seq: Mapped[int | None]
    type: Mapped[str]
    actor_kind: Mapped[str]  # shopper, gateway, job, staff, system
    actor: Mapped[str]
    cause_inbox_id: Mapped[int | None] = mapped_column(ForeignKey("inbox_messages.id"))
    data: Mapped[dict[str, Any]]
    at: Mapped[datetime]
    prev_hash: Mapped[str]
    hash: Mapped[str]


class OutboxMessage(Base):
    """One delivery of one event: a letter, a webhook, a handler. PENDING, SENDING, SENT or FAILED."""

    __tablename__ = "outbox_messages"
    __table_args__ = (UniqueConstraint("event_id", "kind", "target"), Index(None, "status", "next_try_at"))

    id: Mapped[int] = mapped_column(primary_key=True)
    event_id: Mapped[int] = mapped_column(ForeignKey("order_events.id"))
    kind: Mapped[str]
    target: Mapped[str]
    status: Mapped[str] = mapped_column(default="PENDING")
    tries: Mapped[int] = mapped_column(default=0)
    next_try_at: Mapped[datetime | None]
    last_error: Mapped[str] = mapped_column(default="")


@dataclass(frozen=True)
class Actor:
    """Who acts, and because of which inbox message."""

    kind: str
    name: str = ""
    cause: int | None = None


_actor: ContextVar[Actor | None] = ContextVar("actor", default=None)
_subscribers: dict[str, list[tuple[str, str]]] = {}


@contextmanager
def acting_as(kind: str, name: str = "", cause: int | None = None):
    """Everything recorded inside is recorded as done by this actor."""
    token = _actor.set(Actor(kind, name, cause))
    try:
        yield
    finally:
        _actor.reset(token)


def actor() -> Actor:
    """Who acts here: whoever was named, else the visitor of the page, else the shop by itself."""
    return _actor.get() or Actor("shopper" if has_request_context() else "system")


def subscribe(event_type: str, kind: str, target: str) -> None:
    """From now on every event of this type leaves an outbox row for this target."""
    wanted = _subscribers.setdefault(event_type, [])
    if (kind, target) not in wanted:
        wanted.append((kind, target))


def record(type: str, order_id: int | None = None, **data) -> OrderEvent:
    """Write down that something happened, and who is to be told. Call it under the order's lock."""
    who, previous = actor(), _last_of(order_id)
    event = OrderEvent(
        order_id=order_id,
        seq=(previous.seq + 1 if previous else 1) if order_id else None,
        type=type,
        actor_kind=who.kind,
        actor=who.name,
        cause_inbox_id=who.cause,
        data=data,
        at=clock.now(),
        prev_hash=previous.hash if previous else "",
        hash="",
    )
    event.hash = _hash(event)
    db.session.add(event)
    db.session.flush()
    for kind, target in _subscribers.get(type, ()):
        db.session.add(OutboxMessage(event_id=event.id, kind=kind, target=target, next_try_at=event.at))
    return event


def of_order(order_id: int) -> list[OrderEvent]:
    """The history of one order, oldest first."""
    return list(db.session.scalars(select(OrderEvent).filter_by(order_id=order_id).order_by(OrderEvent.seq)))


def chain_is_whole(order_id: int) -> bool:
    """Whether no event of the order was removed or altered since it was written."""
    previous = ""
    for place, event in enumerate(of_order(order_id), start=1):
        if event.seq != place or event.prev_hash != previous or not is_genuine(event):
            return False
        previous = event.hash
    return True


def is_genuine(event: Any) -> bool:
    """Whether the hash of an event, or of a row with its columns, is that of what it says."""
    return event.hash == _hash(event)


def forget(order_id: int) -> None:
    """Remove the history of an order that is removed as a whole; the only way in which a row ever goes."""
    mine = select(OrderEvent.id).where(OrderEvent.order_id == order_id)
    for statement in (
        delete(OutboxMessage).where(OutboxMessage.event_id.in_(mine)),
        delete(OrderEvent).where(OrderEvent.order_id == order_id),
    ):
        db.session.execute(statement.execution_options(synchronize_session=False))


def _last_of(order_id):
    if order_id is None:
        return None
    mine = select(OrderEvent.seq, OrderEvent.hash).filter_by(order_id=order_id)
    return db.session.execute(mine.order_by(OrderEvent.seq.desc()).limit(1)).first()


def _hash(event):
    facts = [
        event.prev_hash,
        event.order_id,
        event.seq,
        event.type,
        event.actor_kind,
        event.actor,
        event.cause_inbox_id,
        event.data,
        event.at.isoformat(timespec="milliseconds"),
    ]
    return hashlib.sha256(json.dumps(facts, sort_keys=True, default=str).encode()).hexdigest()
