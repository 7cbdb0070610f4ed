"""Moving house: every row of another database, of either kind, into this shop's own, which is empty."""

from collections.abc import Iterator
from importlib import import_module
from pathlib import Path

from sqlalchemy import Connection, Table, bindparam, create_engine, func, insert, inspect, make_url, select, text, update
from sqlalchemy.exc import SQLAlchemyError

from config import ROOT
from storefront import catalog
from storefront.kit.db import db
from storefront.kit.errors import Conflict, NotFound

CHUNK = 500
NOT_ROWS = ("alembic_version", "product_search")  # the version is the migrations', the search index is made anew


def copy_from(url: str) -> dict[str, int]:
    """Copy every table in the order of its foreign keys; gives the number of rows by table. Does not commit.

    Raises NotFound when there is no shop at that address, and Conflict when the two databases are of different
    versions or this one has rows already. Nobody may write to either while it runs.
    """
    for found in sorted((ROOT / "storefront").glob("*/models.py")):
        import_module(f"storefront.{found.parent.name}.models")  # also those that no page uses yet
    with _opened(url) as source:
        _refuse_what_does_not_fit(source)
        counts = {one.name: _copy(source, one) for one in db.metadata.sorted_tables}
        for one in db.metadata.sorted_tables:
            _copy_later_links(source, one)
    if db.session.get_bind().dialect.name == "postgresql":
        _set_sequences()
    catalog.index()
    return counts


def _opened(url: str) -> Connection:
    address = make_url(url)
    if address.drivername in ("postgres", "postgresql"):
        address = address.set(drivername="postgresql+psycopg")
    if address.drivername.startswith("sqlite") and not Path(address.database or "").is_file():
        raise NotFound(f"There is no file {address.database}.")
    try:
        return create_engine(address).connect()
    except SQLAlchemyError as error:
        raise NotFound(f"The database does not answer ({type(error).__name__}).") from error


def _refuse_what_does_not_fit(source):
    names = [name for name in inspect(source).get_table_names() if not name.startswith(NOT_ROWS)]
    if sorted(names) != sorted(db.metadata.tables) or _version(source) != _version(db.session):
        raise Conflict("The two databases are of different versions: run `flask db upgrade` on both first.")
    full = [one.name for one in db.metadata.sorted_tables if db.session.execute(select(one).limit(1)).first()]
    if full:
        raise Conflict(f"This database is not empty: there are rows in {', '.join(full[:3])}.")


def _version(connection):
    return connection.execute(text("SELECT version_num FROM alembic_version")).scalar()


def _copy(source, one: Table) -> int:
    later, count = _later(one), 0
    for rows in _rows(source, select(one)):
        count += len(rows)
        db.session.execute(insert(one), [{**row, **dict.fromkeys(later)} for row in rows])
    return count


def _copy_later_links(source, one: Table) -> None:
    """Links within a table, and those that close a circle: set when every row that they name is there."""
    for name in _later(one):
        link = update(one).where(one.c.id == bindparam("row")).values({name: bindparam("link")})
        for rows in _rows(source, select(one.c.id.label("row"), one.c[name].label("link")).where(one.c[name].is_not(None))):
            db.session.execute(link, rows)


def _later(one: Table) -> list[str]:
    return [key.parent.name for key in one.foreign_keys if key.column.table is one or key.use_alter]


def _rows(source, wanted) -> Iterator[list[dict]]:
    found = source.execution_options(stream_results=True).execute(wanted)
    return ([dict(row) for row in rows] for rows in found.mappings().partitions(CHUNK))


def _set_sequences():
    """PostgreSQL numbers new rows by sequences, which know nothing of rows that came with their numbers."""
    for one in db.metadata.sorted_tables:
        column = one.autoincrement_column
        sequence = column is not None and db.session.scalar(func.pg_get_serial_sequence(one.name, column.name))
        if sequence and (last := db.session.scalar(select(func.max(column)))):
            db.session.execute(select(func.setval(sequence, last)))
