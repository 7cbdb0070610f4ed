"""What has happened: written in the same transaction as the happening, told to others later.

Rows are only ever appended. The events of one order form a hash chain, so that a removed or altered row
shows (`chain_is_whole`). Beside each event stands an outbox row for every letter or handler that wants it.
"""

import hashlib
import json
from collections.abc import Sequence
from contextlib import contextmanager
from contextvars import ContextVar
from dataclasses import dataclass
from datetime import datetime
from types import SimpleNamespace
from typing import Any, NamedTuple, cast

from flask import has_request_context
from sqlalchemy import ForeignKey, Index, Table, UniqueConstraint, bindparam, delete, func, insert, select
from sqlalchemy.event import listens_for
from sqlalchemy.orm import Mapped, mapped_column

from storefront.kit import clock
from storefront.kit.db import Base, db, in_transaction


class OrderEvent(Base):
    """One thing that happened, with who did it and the message behind it. Holds no personal data."""

    __tablename__ = "order_events"
    __table_args__ = (
        UniqueConstraint("order_id", "seq"),
        Index(None, "type", "at"),
        Index(None, "feed_position", unique=True),
    )

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
    feed_position: Mapped[int | None]  # given once it is committed: its place in what other systems read


class OutboxMessage(Base):
    """One delivery of one event: a letter, a webhook, a handler. PENDING, SENDING, SENT or FAILED."""

    __tablename__ = "outbox_messages"
    __table_args__ = (
        UniqueConstraint("event_id", "kind", "target"),
        Index(None, "status", "next_try_at"),
        Index(None, "kind", "target", "id"),
    )

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


class Recorded(NamedTuple):
    """An event that was just written down."""

    id: int
    at: datetime


def record(type: str, order_id: int | None = None, **data) -> Recorded:
    """Write down that something happened, and who is to be told. Call it under the order's lock."""
    return record_all(type, [(order_id, data)])[0]


def record_all(type: str, happened: Sequence[tuple[int | None, dict[str, Any]]]) -> list[Recorded]:
    """The same happened to many orders, each under its lock: (order id or None, data) of each."""
    if not in_transaction():
        raise RuntimeError("Something happened outside a transaction().")
    if not happened:
        return []
    db.session.flush()  # the orders, if they are new
    heads = _heads({order_id for order_id, _data in happened if order_id})
    rows = [_row(type, order_id, data, heads) for order_id, data in happened]
    ids = db.session.scalars(_INSERT, rows).all()
    targets = _subscribers.get(type, ())
    told = [
        {"event_id": id, "kind": kind, "target": target, "next_try_at": row["at"]}
        for id, row in zip(ids, rows, strict=True)
        for kind, target in targets
    ]
    if told:
        db.session.execute(_TELL, told)
    return [Recorded(id, row["at"]) for id, row in zip(ids, rows, strict=True)]


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


def _row(type, order_id, data, heads):
    """One event as it is stored; it is the head of its order's chain from now on."""
    who, (seq, previous) = actor(), heads.get(order_id, (0, ""))
    event = SimpleNamespace(
        order_id=order_id,
        seq=seq + 1 if order_id else None,
        type=type,
        actor_kind=who.kind,
        actor=who.name,
        cause_inbox_id=who.cause,
        data=data,
        at=clock.now(),
        prev_hash=previous,
    )
    event.hash = _hash(event)
    if order_id:
        heads[order_id] = (event.seq, event.hash)
    return vars(event)


def _heads(order_ids):
    """The last link of each order's chain, by order: read once a transaction, which has the orders' locks."""
    known = db.session.info.setdefault(_HEADS, {})
    if missing := order_ids - known.keys():
        for order_id, seq, hash in db.session.execute(_LAST, {"orders": sorted(missing)}):
            known[order_id] = (seq, hash)
    return known


@listens_for(db.session, "after_soft_rollback")
@listens_for(db.session, "after_commit")
def _forget_heads(session, *_previous):
    session.info.pop(_HEADS, None)


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


_HEADS = "heads of chains"
_events = cast(Table, OrderEvent.__table__)
_INSERT = insert(_events).returning(_events.c.id, sort_by_parameter_order=True)
_TELL = insert(cast(Table, OutboxMessage.__table__))
_one, _other = _events.alias(), _events.alias()
_LAST = select(_one.c.order_id, _one.c.seq, _one.c.hash).where(
    _one.c.order_id.in_(bindparam("orders", expanding=True)),
    _one.c.seq == select(func.max(_other.c.seq)).where(_other.c.order_id == _one.c.order_id).scalar_subquery(),
)
