"""Who changed what in the admin, from what to what: a hash chain, so that a removed or altered entry shows."""

import hashlib
import json
from collections.abc import Iterator
from typing import Any

from sqlalchemy import func, select

from storefront.admin.models import AuditEntry
from storefront.kit import clock, events
from storefront.kit.connections import streamed
from storefront.kit.db import db

_LOCK = 7_120_452  # any number that no other advisory lock of the shop has


def record(
    action: str, target: str, before: dict[str, Any] | None = None, after: dict[str, Any] | None = None
) -> AuditEntry:
    """Write down one change by whoever acts, in the caller's transaction and as its last step.

    `action` is a verb ("ship"), `target` what it was done to ("order K-1042"); before and after hold what
    differs, never a password or a key.
    """
    _one_at_a_time()
    last = db.session.scalar(select(AuditEntry.hash).order_by(AuditEntry.id.desc()).limit(1))
    who = events.actor()
    entry = AuditEntry(
        actor=who.name or who.kind,
        action=action,
        target=target,
        before=_plain(before),
        after=_plain(after),
        at=clock.now(),
        prev_hash=last or "",
        hash="",
    )
    entry.hash = _hash(entry)
    db.session.add(entry)
    db.session.flush()
    return entry


def trail(before_id: int | None = None, most: int = 50, target: str = "") -> list[AuditEntry]:
    """The latest entries, newest first; those older than one of them; those of one target only."""
    query = select(AuditEntry).order_by(AuditEntry.id.desc()).limit(most)
    if before_id is not None:
        query = query.where(AuditEntry.id < before_id)
    return list(db.session.scalars(query.filter_by(target=target) if target else query))


def chain_is_whole() -> bool:
    """Whether no entry was removed from the middle or altered since it was written."""
    return next(broken_entries(), None) is None


def broken_entries() -> Iterator[tuple[int, str]]:
    """The entries (id, what was done to what) that were altered, or that stand where others were removed."""
    previous = ""
    rows = select(*AuditEntry.__table__.columns).order_by(AuditEntry.id)
    for entry in streamed(rows):
        if entry.prev_hash != previous or entry.hash != _hash(entry):
            yield entry.id, f"{entry.action}: {entry.target}"
        previous = entry.hash


def _one_at_a_time():
    """Until the transaction ends nobody else appends (SQLite has one writer anyway)."""
    if db.session.get_bind().dialect.name == "postgresql":
        db.session.execute(select(func.pg_advisory_xact_lock(_LOCK)))


def _plain(facts):
    """As JSON brings it back, so that the hash fits what is read later."""
    return json.loads(json.dumps(facts or {}, default=str))


def _hash(entry):
    facts = [
        entry.prev_hash,
        entry.actor,
        entry.action,
        entry.target,
        entry.before,
        entry.after,
        entry.at.isoformat(timespec="milliseconds"),
    ]
    return hashlib.sha256(json.dumps(facts, sort_keys=True).encode()).hexdigest()
