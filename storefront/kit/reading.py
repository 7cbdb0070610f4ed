"""Reading on PostgreSQL: what only reads is begun as such, and ends by COMMIT.

psycopg forgets what it has prepared at every ROLLBACK, so pages that end by one would have each of their statements
planned anew. A transaction that cannot write leaves nothing to be taken back, and the database itself refuses what
would write outside a `transaction()`.
"""

from functools import cache

from sqlalchemy import Engine, event
from sqlalchemy.pool import Pool

from storefront.kit.db import db, in_transaction

PREPARED = 150  # statements that a connection keeps: those of all pages, and most of a purchase's


def listen() -> None:
    """From now on, for every engine of this process. May be called again."""
    for target, name, listener in _LISTENERS:
        if not event.contains(target, name, listener):
            event.listen(target, name, listener)


def _connect(dialect, record, arguments, options):
    return _reader().connect(*arguments, **options) if dialect.driver == "psycopg" else None


def _begin(session, transaction, connection):
    if connection.dialect.name == "postgresql" and not in_transaction():
        connection.connection.dbapi_connection.read_only = True


def _give_back(connection, record):
    """Whoever takes it next may write, also without a session, as migrations do."""
    if getattr(connection, "read_only", None):
        connection.read_only = None


_LISTENERS = ((Engine, "do_connect", _connect), (db.session, "after_begin", _begin), (Pool, "checkin", _give_back))


@cache
def _reader():
    from psycopg import Connection  # loaded by shops that need it
    from psycopg.pq import TransactionStatus

    class Reader(Connection):
        """A connection that ends what only read without forgetting its plans."""

        def __init__(self, *arguments, **options):
            super().__init__(*arguments, **options)
            self.prepared_max = PREPARED

        def rollback(self) -> None:
            """Take back what was written; nothing was if it could only read."""
            if self.read_only and self.info.transaction_status == TransactionStatus.INTRANS:
                self.commit()
            else:
                super().rollback()

    return Reader
