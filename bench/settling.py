"""A thousand stored notifications are settled, in an empty shop and in one with a million orders."""

import shutil
import statistics
import tempfile
import time
from urllib.parse import urlencode

from sqlalchemy import select

from bench import history
from config import Config
from storefront import checkout, orders, payments
from storefront.app import create_app
from storefront.kit.db import db, transaction
from storefront.orders.models import Order
from storefront.payments.gateways.base import Message
from storefront.payments.models import Bill, InboxMessage

from play import Play

MESSAGES = 1000


def measure(database, sizes=(0, 1_000_000)) -> list[dict]:
    """One row a size: milliseconds for one message, from the stored row to the committed effect."""
    folder = tempfile.mkdtemp(prefix="shop-bench-")
    settings = {"DATABASE_URL": database.new(), "DATA_DIR": folder, "SECRET_KEY": "-", "LOG_LEVEL": "ERROR"}
    app = create_app(Config({**settings, "SCHEDULER": "off"}))
    rows, history_has = [], 0
    try:
        with app.app_context(), app.test_request_context():
            play = _opened(app)
            for series, size in enumerate(sizes, start=1):
                _fill(play, size - history_has, series)
                history_has = size
                rows.append(_row(database, size, _settle(play, series)))
    finally:
        with app.app_context():
            db.session.remove()
            db.engine.dispose()
        shutil.rmtree(folder, ignore_errors=True)
    return rows


def _opened(app):
    from flask_migrate import upgrade

    upgrade()
    play = Play(app, "http://127.0.0.1:1")
    play.shop()
    play.shelves(mug=10)
    return play


def _fill(play, many, series):
    """So many paid orders of the past."""
    if many:
        paid = play.quick_order(mug=1)
        checkout.take_in(_stored(play, paid.bill))
        history.multiply(paid.order.id, many, series)
        history.analyze()


def _settle(play, series):
    """A thousand orders wait at the gateway; what is said of each is stored first, then timed."""
    placed = play.quick_order(mug=1)
    with transaction():
        orders.locked(placed.order.id)
        payments.leave(db.session.get_one(Bill, placed.bill.id))
    history.multiply(placed.order.id, MESSAGES, 50 + series, without=("ledger_entries", "inbox_messages"))
    history.stock_up(MESSAGES)
    waiting = select(Bill).join(Order, Order.id == Bill.order_id).where(Order.number.startswith(f"H{50 + series}-"))
    bills = [bill.id for bill in db.session.scalars(waiting)]
    stored = [_stored(play, db.session.get_one(Bill, bill_id)) for bill_id in bills]
    took = []
    for message_id in stored:
        began = time.perf_counter()
        checkout.take_in(message_id)
        took.append((time.perf_counter() - began) * 1000)
        db.session.remove()
    applied = select(InboxMessage.outcome).where(InboxMessage.id.in_(stored)).distinct()
    assert set(db.session.scalars(applied)) == {"APPLIED"}
    return took


def _stored(play, bill):
    body = urlencode(play.message("paid", bill)).encode()
    headers = {"content-type": "application/x-www-form-urlencoded"}
    with transaction():
        return payments.store_message("sandbox", "notify", Message("POST", "", body, headers)).id


def _row(database, size, took):
    return {
        "database": database.kind,
        "orders": size,
        "messages": len(took),
        "mean_ms": round(statistics.mean(took), 1),
        "median_ms": round(statistics.median(took), 1),
        "p99_ms": round(statistics.quantiles(took, n=100)[98], 1),
    }
