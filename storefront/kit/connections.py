"""How connections are opened, begun and lent, on both databases; `db.py` says when a transaction begins and ends.

On PostgreSQL what is read outside of a `transaction()` is not begun at all. psycopg forgets what it has prepared at
every ROLLBACK, so pages that end by one would have each of their statements planned anew; where nothing was begun
nothing is rolled back, and a page saves the ways to the server for it. The shop's connections read only, unless a
transaction says otherwise (`default_transaction_read_only` in `config.py`): the database itself refuses what would
write outside of one.
"""

import select
from collections.abc import Iterator
from contextlib import closing, nullcontext
from typing import Any

from sqlalchemy import Engine, Select, event
from sqlalchemy.exc import DisconnectionError
from sqlalchemy.pool import Pool

from storefront.kit.db import PATIENCE, db, in_transaction, patience

PREPARED = 150  # statements that a connection keeps: those of all pages, and most of a purchase's
CACHE_KB = 300  # of pages that each connection keeps: a worker has one a thread, and the system keeps the file anyway
STALE = ("0A000", "26000")  # of PostgreSQL: "cached plan must not change result type"; there is no such statement
AT_ONCE = 500  # rows of a long list


def listen() -> None:
    """From now on, for every engine of this process. May be called again."""
    for target, name, listener in _LISTENERS:
        if not event.contains(target, name, listener):
            event.listen(target, name, listener)


def streamed(wanted: Select) -> Iterator[Any]:
    """The rows of a query, a lot at a time; outside of a transaction over a connection that begins one."""
    with nullcontext(db.session.connection()) if in_transaction() else db.engine.begin() as connection:
        yield from connection.execute(wanted, execution_options={"yield_per": AT_ONCE})


def _opened(connection, record):
    if _is_psycopg(connection):
        from storefront.kit.described import Described

        connection.prepared_max = PREPARED
        connection.cursor_factory = Described
        return
    connection.isolation_level = None  # we say BEGIN ourselves: see _begun
    with closing(connection.cursor()) as cursor:
        for pragma in ("journal_mode=WAL", "synchronous=FULL", "foreign_keys=ON", f"cache_size=-{CACHE_KB}"):
            cursor.execute(f"PRAGMA {pragma}")


def _lent(connection, record, proxy):
    """A server that went away has closed its end: that is seen without asking it, as a ping would for every page."""
    if _is_psycopg(connection) and (connection.closed or _has_word(connection.pgconn.socket)):
        raise DisconnectionError("The server has closed this connection.")


def _failed(context):
    """A connection whose prepared statements fit no more (tables were changed, a pooler took them) is not kept."""
    if getattr(context.original_exception, "sqlstate", None) in STALE:
        context.is_disconnect = True
        context.invalidate_pool_on_disconnect = False


def _has_word(socket):
    """Whether there is something to read (or the end) where no question is open."""
    waiting = select.poll()
    waiting.register(socket, select.POLLIN)
    return bool(waiting.poll(0))


def _begun(connection):
    """Whoever begins may write, migrations too, which know no session; and waits for locks as long as is said."""
    raw, milliseconds = connection.connection.dbapi_connection, int(1000 * patience())
    if _is_psycopg(raw):
        raw.autocommit = False
        raw.read_only = False
        if in_transaction() and patience() != PATIENCE:
            connection.exec_driver_sql(f"SET LOCAL lock_timeout={milliseconds}")
        return
    if connection.info.get("patience") != milliseconds:
        connection.exec_driver_sql(f"PRAGMA busy_timeout={milliseconds}")
        connection.info["patience"] = milliseconds
    # Writers take SQLite's only write lock at once; upgrading later could fail half-way.
    connection.exec_driver_sql("BEGIN IMMEDIATE" if in_transaction() else "BEGIN")


def _session_begun(session, transaction, connection):
    raw = connection.connection.dbapi_connection
    if _is_psycopg(raw) and not in_transaction():
        raw.autocommit = True


def _is_psycopg(connection):
    return hasattr(connection, "pgconn")


_LISTENERS = (
    (Engine, "connect", _opened),
    (Pool, "checkout", _lent),
    (Engine, "handle_error", _failed),
    (Engine, "begin", _begun),
    (db.session, "after_begin", _session_begun),
)
