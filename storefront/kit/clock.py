"""What time it is: the database's clock for every deadline, so that no two workers disagree."""

import time
from datetime import UTC, datetime, timedelta

from sqlalchemy import text

from storefront.kit.db import db

_moved = timedelta(0)


def now() -> datetime:
    """The database server's time in UTC, moved by tests."""
    if db.session.get_bind().dialect.name == "sqlite":
        found = db.session.scalar(text("SELECT strftime('%Y-%m-%dT%H:%M:%f+00:00', 'now')"))
        return datetime.fromisoformat(found) + _moved
    return db.session.scalar(text("SELECT clock_timestamp()")).astimezone(UTC) + _moved


def here() -> datetime:
    """This machine's time: good for a heading or a cache, never for a deadline."""
    return datetime.fromtimestamp(time.time(), UTC) + _moved


def move(by: timedelta) -> None:
    """Let time pass, in a test."""
    global _moved
    _moved += by


def reset() -> None:
    """Back to the true time, after a test."""
    global _moved
    _moved = timedelta(0)
