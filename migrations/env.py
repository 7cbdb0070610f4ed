"""How migrations reach the database: the application's own engine and the tables of every room."""

import importlib
from contextlib import contextmanager

from alembic import context
from flask import current_app
from sqlalchemy import BigInteger

from storefront.kit.db import Base, Document, UtcDateTime, tell_where

ROOMS = "store customers stock catalog shipping taxes promotions certificates cart payments orders jobs admin sandbox api webhooks"
for room in ROOMS.split():
    importlib.import_module(f"storefront.{room}.models")
for dialect in ("sqlite", "postgresql"):
    tell_where(Base.metadata, dialect)

LOOSE = "PRAGMA foreign_key_check"
OWN_TABLES = ("product_search", "order_search")  # full text: made by hand in the migrations, in each database's own way


def ours(thing, name, kind, reflected, compare_to):
    """Leave out what is not described by the models."""
    return not (kind == "table" and reflected and compare_to is None and name.startswith(OWN_TABLES))


def in_our_words(kind, thing, autogen_context):
    """Columns are written as the models write them."""
    named = [(UtcDateTime, "UtcDateTime()"), (BigInteger, "Number"), (Document, "Json")]
    found = next((name for type_, name in named if isinstance(thing, type_)), None)
    if kind == "type" and found:
        autogen_context.imports.add("from storefront.kit.db import Json, Number, UtcDateTime")
        return found
    return False


def run():
    """Run the migrations in one transaction.

    SQLite changes a table by making it anew under its old name (https://sqlite.org/lang_altertable.html, section 7):
    its foreign keys are not enforced meanwhile, and all of them are checked before the end.
    """
    engine = current_app.extensions["migrate"].db.engine
    with engine.connect() as connection, _keys_at_rest(connection):
        context.configure(
            connection=connection,
            target_metadata=Base.metadata,
            include_object=ours,
            render_as_batch=connection.dialect.name == "sqlite",
            compare_type=True,
            render_item=in_our_words,
        )
        with context.begin_transaction():
            context.run_migrations()
            if connection.dialect.name == "sqlite" and (loose := connection.exec_driver_sql(LOOSE).first()):
                raise RuntimeError(f"The migration would leave a row that points nowhere: {tuple(loose)}")


@contextmanager
def _keys_at_rest(connection):
    """SQLite heeds this setting only outside a transaction."""
    if connection.dialect.name != "sqlite":
        yield
        return
    cursor = connection.connection.cursor()
    cursor.execute("PRAGMA foreign_keys = OFF")
    try:
        yield
    finally:
        connection.rollback()  # whatever was only read after the commit: in a transaction the setting is not heeded
        cursor.execute("PRAGMA foreign_keys = ON")
        cursor.close()


run()
