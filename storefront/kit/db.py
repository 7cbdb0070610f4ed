"""The database: one session a request, and transactions that are opened at the edge only."""

import functools
import logging
import time
from contextlib import contextmanager
from contextvars import ContextVar
from datetime import UTC, datetime
from typing import Any, cast

from flask_sqlalchemy import SQLAlchemy
from sqlalchemy import (
    JSON,
    BigInteger,
    ColumnClause,
    CursorResult,
    DateTime,
    Delete,
    Index,
    Integer,
    MetaData,
    String,
    TypeDecorator,
    Update,
    event,
    literal_column,
    text,
)
from sqlalchemy.exc import OperationalError
from sqlalchemy.orm import DeclarativeBase
from sqlalchemy.types import UserDefinedType

from storefront.kit import crash

log = logging.getLogger(__name__)
_writing: ContextVar[bool] = ContextVar("writing", default=False)
PATIENCE = 3.0  # seconds for which a page waits for somebody else's lock
_patience: ContextVar[float] = ContextVar("patience", default=PATIENCE)


class UtcDateTime(TypeDecorator[datetime]):
    """An aware UTC time. SQLite keeps it without its zone; it comes back with it."""

    impl = DateTime(timezone=True)
    cache_ok = True

    def process_bind_param(self, value, dialect):
        if value is None:
            return None
        if value.tzinfo is None:
            raise ValueError("A time without a zone cannot be stored.")
        utc = value.astimezone(UTC)
        return utc.replace(tzinfo=None) if dialect.name == "sqlite" else utc

    def process_result_value(self, value, dialect):
        if value is None:
            return None
        return value.replace(tzinfo=UTC) if value.tzinfo is None else value.astimezone(UTC)


class Document(TypeDecorator[Any]):
    """A dict or a list, as JSON; as JSONB on PostgreSQL, whose dialect a worker on SQLite does not load (2 MB)."""

    impl = JSON
    cache_ok = True

    def load_dialect_impl(self, dialect):
        if dialect.name != "postgresql":
            return dialect.type_descriptor(JSON())
        from sqlalchemy.dialects.postgresql import JSONB

        return dialect.type_descriptor(JSONB())

    def coerce_compared_value(self, op, value):
        return self.impl_instance.coerce_compared_value(op, value)


class _TextQuery(UserDefinedType[str]):
    """A question to PostgreSQL's full text search."""

    cache_ok = True

    def get_col_spec(self, **_options):
        return "TSQUERY"


TSQUERY = _TextQuery()
Number = BigInteger().with_variant(Integer, "sqlite")
Json = Document()
# Text in the order of its bytes on both databases, so that an index finds what begins alike as one range.
Bytewise = String().with_variant(String(collation="C"), "postgresql")


class Base(DeclarativeBase):
    """The parent of every table. `int` is 64 bits, `datetime` is UTC, `dict` and `list` are JSON."""

    metadata = MetaData(
        naming_convention={
            "ix": "ix_%(table_name)s_%(column_0_N_name)s",
            "uq": "uq_%(table_name)s_%(column_0_N_name)s",
            "ck": "ck_%(table_name)s_%(constraint_name)s",
            "fk": "fk_%(table_name)s_%(column_0_name)s_%(referred_table_name)s",
            "pk": "pk_%(table_name)s",
        }
    )
    type_annotation_map = {
        int: Number,
        str: String,
        datetime: UtcDateTime,
        dict[str, Any]: Json,
        list[Any]: Json,
    }


def unique_where(name: str, *columns: str, where: str) -> Index:
    """A unique index on some of the rows: those of which `where` holds, in the words of both databases."""
    return Index(name, *columns, unique=True, info={"where": where})


def tell_where(metadata: MetaData, dialect: str) -> None:
    """Tell a database which rows its indexes are for, before tables are made or compared.

    An index that knew it from the start would load both dialects into each worker (1 to 2 MB).
    """
    for index in (index for table in metadata.tables.values() for index in table.indexes):
        if where := index.info.get("where"):
            index.dialect_options[dialect]["where"] = text(where)


@event.listens_for(Base.metadata, "before_create")
def _tell_where(target, connection, **options):
    tell_where(target, connection.dialect.name)


db = SQLAlchemy(metadata=Base.metadata)


@contextmanager
def transaction(name: str = ""):
    """Commit what the block writes, or none of it. Never nested, so there is no doubt who commits.

    What was read before is read afresh inside, under the lock that the block takes. A name (`commits.py`
    says what each stands for) makes the moments around the commit points where a crash can be rehearsed.
    """
    if _writing.get():
        raise RuntimeError("A transaction is open already: the edge that opened it commits.")
    db.session.rollback()
    token = _writing.set(True)
    try:
        yield db.session
        _reach(name, "before")
        db.session.commit()
    except BaseException:
        db.session.rollback()
        raise
    finally:
        _writing.reset(token)
    _reach(name, "after")


@contextmanager
def hurried(seconds: float):
    """Inside, nobody waits longer than this for a lock: OperationalError comes instead, and nothing is stored."""
    token = _patience.set(seconds)
    try:
        yield
    finally:
        _patience.reset(token)


def patience() -> float:
    """Seconds for which who begins here waits for somebody else's lock."""
    return _patience.get()


def _reach(name, side):
    if name:
        crash.reach(f"{name}.{side}")


def written(number: int) -> ColumnClause[int]:
    """A number of ours that stands in the statement itself: PostgreSQL plans for a limit only if it sees it."""
    return literal_column(str(int(number)), Integer)


def written_word(word: str) -> ColumnClause[str]:
    """A word of ours that stands in the statement itself: what is not bound need not be sent. Raises ValueError."""
    if not word.isidentifier():
        raise ValueError(f"{word!r} is not a word to write into a statement.")
    return literal_column(f"'{word}'", String)


def changed(statement: Update | Delete) -> int:
    """Make a conditional change and say how many rows it found: of two who try at once, one finds none."""
    return cast("CursorResult[Any]", db.session.execute(statement)).rowcount


def insert_or_leave(table: Any) -> Any:
    """An INSERT that knows `on_conflict_do_nothing`, in the words of the database that is used."""
    if db.session.get_bind().dialect.name == "sqlite":
        from sqlalchemy.dialects.sqlite import insert
    else:
        from sqlalchemy.dialects.postgresql import insert  # type: ignore[assignment]
    return insert(table)


def in_transaction() -> bool:
    """Whether a `transaction()` is open here: the network is closed while it is."""
    return _writing.get()


def release() -> None:
    """Give the connection back before a wait on the network; what was loaded is read again later."""
    if _writing.get():
        raise RuntimeError("The network is closed while a transaction is open.")
    db.session.rollback()


def retried(function, tries=4):
    """Run a function that opens its own transaction again when the database chose it as a victim.

    A deadlock, a serialization failure or a busy SQLite file is somebody else's commit, not an error;
    the bounds, in number and in time, keep a broken database from hanging a page.
    """

    @functools.wraps(function)
    def run(*args, **kwargs):
        until = time.monotonic() + _patience.get()
        for left in reversed(range(tries)):
            try:
                return function(*args, **kwargs)
            except OperationalError as error:
                if not left or in_transaction() or not _passing(error) or time.monotonic() > until:
                    raise
                log.info("retried %s after %s", function.__name__, type(error.orig).__name__)
                time.sleep(0.05 * (tries - left))
        return None

    return run


def _passing(error: OperationalError) -> bool:
    """Deadlock (40P01) and serialization failure (40001) of PostgreSQL; "database is locked" of SQLite."""
    return getattr(error.orig, "sqlstate", None) in ("40P01", "40001") or "is locked" in str(error.orig)


@event.listens_for(db.session, "before_flush")
def _only_in_transactions(session, context, instances):
    if not _writing.get():
        raise RuntimeError("Rows were changed outside a transaction().")
