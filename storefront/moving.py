"""Moving house: every row of another database, of either kind, into this shop's own, which is empty."""

from importlib import import_module

import sqlalchemy as sa

from config import ROOT, Config
from storefront import catalog
from storefront.kit.db import db
from storefront.kit.errors import Conflict, NotFound
from storefront.orders import words


def copy_from(url: str) -> dict[str, int]:
    """Copy every table in the order of its foreign keys; gives the number of rows by table. Does not commit.

    Raises NotFound when there is no such file, Conflict when that is no shop of this version or this one has rows.
    """
    for path in sorted((ROOT / "storefront").glob("*/models.py")):
        import_module(f"storefront.{path.parent.name}.models")  # also those that no page uses yet
    address = sa.make_url(Config({"DATABASE_URL": url, "SECRET_KEY": "-"}).SQLALCHEMY_DATABASE_URI)
    if address.drivername == "sqlite" and not (ROOT / str(address.database)).is_file():
        raise NotFound(f"There is no file {address.database}.")
    tables = db.metadata.sorted_tables
    with sa.create_engine(address).connect() as source:
        if _version(source) != _version(db.session.connection()):
            raise Conflict("The two databases are of different versions: run `flask db upgrade` on both first.")
        if full := [table.name for table in tables if db.session.execute(sa.select(table).limit(1)).first()]:
            raise Conflict(f"This database is not empty: there are rows in {', '.join(full[:3])}.")
        counts = {table.name: _copy(source, table) for table in tables}
        for table in tables:
            _link(source, table)
    catalog.index()  # the searches are kept in each database's own way
    words.index_all()
    return counts


def _version(connection):
    there = sa.inspect(connection).has_table("alembic_version")
    return there and connection.scalar(sa.text("SELECT version_num FROM alembic_version"))


def _copy(source, table):
    """Row for row, without the links that may point ahead; PostgreSQL's sequence goes on after the last."""
    ahead, count, column = dict.fromkeys(_ahead(table)), 0, table.autoincrement_column
    for rows in source.execute(sa.select(table)).mappings().partitions(500):
        db.session.execute(sa.insert(table), [{**row, **ahead} for row in rows])
        count += len(rows)
    if count and column is not None and db.session.get_bind().dialect.name == "postgresql":
        sequence = sa.func.pg_get_serial_sequence(table.name, column.name)
        db.session.execute(sa.select(sa.func.setval(sequence, sa.select(sa.func.max(column)).scalar_subquery())))
    return count


def _ahead(table):
    """The links of a table to itself, and those that close a circle: their rows come later."""
    return [key.parent.name for key in table.foreign_keys if key.column.table is table or key.use_alter]


def _link(source, table):
    for name in _ahead(table):
        rows = source.execute(sa.select(table.c.id.label("row"), table.c[name].label("to")).where(table.c[name] > 0))
        change = sa.update(table).where(table.c.id == sa.bindparam("row")).values({name: sa.bindparam("to")})
        for some in rows.mappings().partitions(500):
            db.session.execute(change, [dict(row) for row in some])
