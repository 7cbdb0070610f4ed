"""A filled shop of an older version is upgraded, and nothing of it is lost."""

import base64
import json
from datetime import datetime
from pathlib import Path

import pytest
from flask_migrate import downgrade, upgrade
from sqlalchemy import JSON, Connection, MetaData, func, select, text

from storefront.kit.db import db
from storefront.orders.criteria import Criteria, conditions
from storefront.orders.models import Order
from storefront.payments.models import DeskRow

from bookkeeping import check_books
from conftest import Shop

DATA = Path(__file__).parent / "data"
WAITING = {  # by version: what waited for a person, and is on the desk afterwards
    "0001": ["disputed", "duplicate_payment"],  # 13 orders in every state, as that version kept them
    "0002": ["amount_mismatch", "disputed", "late_order_closed"],  # 20 orders in every state, parcels, carts, codes
}


@pytest.fixture(params=WAITING)
def old_shop(database, request):
    """The shop, with the rows of an older version in tables of that version."""
    shop = Shop(database.new())
    shop.version, shop.old = request.param, json.loads((DATA / f"shop_{request.param}.json").read_text())
    with shop.app.app_context():
        downgrade(revision=request.param)
        with db.engine.begin() as connection:
            fill(connection, shop.old)
        yield shop
        db.session.remove()
    shop.stop()


def fill(connection: Connection, rows: dict[str, list[dict]]) -> None:
    """Put rows into the tables as they are now, whatever points where, and let their numbers go on."""
    postgresql = connection.dialect.name == "postgresql"
    connection.execute(
        text("SET session_replication_role = replica" if postgresql else "PRAGMA defer_foreign_keys = ON")
    )
    tables = MetaData()
    tables.reflect(connection)
    for name, kept in rows.items():
        connection.execute(tables.tables[name].insert(), [unpacked(tables.tables[name], row) for row in kept])
        if postgresql and "id" in tables.tables[name].c:
            column = tables.tables[name].c.id
            sequence = func.pg_get_serial_sequence(name, "id")
            connection.execute(select(func.setval(sequence, select(func.max(column)).scalar_subquery())))


def unpacked(table, row):
    return {name: value_of(table.c[name], value) for name, value in row.items()}


def value_of(column, value):
    if isinstance(column.type, JSON) or not isinstance(value, dict):
        return value
    if "$time" in value:
        moment = datetime.fromisoformat(value["$time"])
        return moment if getattr(column.type, "timezone", False) else moment.replace(tzinfo=None)
    return base64.b64decode(value["$bytes"])


def kept(names) -> dict[str, dict]:
    """What each row says now, by table and primary key."""
    with db.engine.connect() as connection:
        tables = MetaData()
        tables.reflect(connection, only=list(names))
        return {
            name: {
                tuple(getattr(row, key.name) for key in tables.tables[name].primary_key): row._asdict()
                for row in connection.execute(tables.tables[name].select())
            }
            for name in names
        }


def test_an_upgrade_loses_nothing(old_shop):
    """OPS-03, ground rule of migrations: every row of the older shop is there afterwards, with what it said.

    Its orders and customers are found by their words (ORD-21). The way back takes away what was added, and no more.
    """
    names = set(old_shop.old)
    before = kept(names)
    upgrade()
    after = kept(names)
    for name, rows in before.items():
        assert set(after[name]) == set(rows), name
        for key, row in rows.items():
            assert {column: after[name][key][column] for column in row} == row, (name, key)
    by_words = select(func.count(Order.id)).where(*conditions(Criteria(address="quay galway")))
    assert db.session.scalar(by_words) == len(before["orders"]) > 10
    db.session.rollback()
    downgrade(revision=old_shop.version)
    assert kept(names) == before


def test_an_upgraded_shop_goes_on(old_shop):
    """Its books are right, its pages open, its jobs run, and an order that waited can still be paid."""
    upgrade()
    check_books()
    waiting = db.session.scalars(select(DeskRow.reason).order_by(DeskRow.reason)).all()
    assert waiting == WAITING[old_shop.version]
    db.session.rollback()
    with db.engine.connect() as connection:
        key = connection.scalar(text("SELECT key FROM orders WHERE status = 'PROCESSING' ORDER BY id LIMIT 1"))
    client = old_shop.app.test_client()
    for path in ("/", f"/orders/{key}", "/cart", "/readyz"):
        assert client.get(path).status_code in (200, 503 if path == "/readyz" else 200), path
    from storefront import jobs

    for name in ("close_unpaid_orders", "apply_waiting_messages", "send_refunds", "remove_stale_carts"):
        assert not jobs.run_once(name).get("failed"), name
    check_books()
