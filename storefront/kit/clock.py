"""What time it is: the database's clock for every deadline, so that no two workers disagree."""

import time
from collections.abc import Iterator
from contextlib import contextmanager
from contextvars import ContextVar
from datetime import UTC, datetime, timedelta

from sqlalchemy import text

from storefront.kit.db import db

ASKED_AGAIN_AFTER = 2.0  # seconds; a clock that is set right meanwhile is believed soon
_moved = timedelta(0)
_pinned: ContextVar[datetime | None] = ContextVar("pinned", default=None)


def now() -> datetime:
    """The database server's time in UTC, moved by tests.

    A session asks the database once and counts on from there: one purchase wants to know dozens of times.
    """
    if (fixed := _pinned.get()) is not None:
        return fixed
    asked, at = db.session.info.get("clock", (None, 0.0))
    passed = time.monotonic() - at
    if asked is None or passed > ASKED_AGAIN_AFTER:
        asked, passed = _ask_the_database(), 0.0
        db.session.info["clock"] = asked, time.monotonic()
    return asked + timedelta(seconds=passed) + _moved


def _ask_the_database():
    if db.session.get_bind().dialect.name == "sqlite":
        return datetime.fromisoformat(db.session.scalar(text("SELECT strftime('%Y-%m-%dT%H:%M:%f+00:00', 'now')")))
    return db.session.scalar(text("SELECT clock_timestamp()")).astimezone(UTC)


def here() -> datetime:
    """This machine's time: good for a heading or a cache, never for a deadline."""
    return _pinned.get() or datetime.fromtimestamp(time.time(), UTC) + _moved


@contextmanager
def pinned(moment: datetime) -> Iterator[None]:
    """Inside, it is this moment on every clock, for whoever explores what may happen at it."""
    token = _pinned.set(moment)
    try:
        yield
    finally:
        _pinned.reset(token)


def move(by: timedelta) -> None:
    """Let time pass, in a test."""
    global _moved
    _moved += by


def reset() -> None:
    """Back to the true time, after a test."""
    global _moved
    _moved = timedelta(0)
