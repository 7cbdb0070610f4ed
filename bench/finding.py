"""A million orders, made by the database itself, and how long it needs for the first page of each way to find them."""

from datetime import date, timedelta

from sqlalchemy import event, select, text

from storefront.admin import finding
from storefront.admin.finding import Wish
from storefront.kit.db import Base, db, transaction
from storefront.orders.criteria import Criteria
from storefront.orders.models import Order

from conftest import Shop
from play import Play

ORDERS, STEP = 1_000_000, 20_000_000
STATES = "CASE WHEN k % 1000 = 0 THEN 'REVIEW' WHEN k % 10 < 7 THEN 'COMPLETED' WHEN k % 10 = 7 THEN 'CANCELLED'" + (
    " WHEN k % 10 = 8 THEN 'SHIPPED' ELSE 'PROCESSING' END"
)
# What differs between copies of one order, in the words of the database; k counts them. The rest is as it was.
ROWS = {
    "order_addresses": {
        "id": f"{STEP} + k",
        "name": "'Buyer ' || k",
        "name_folded": "'buyer ' || k",
        "last_name_first": "k || ' buyer'",
        "line1": "(k % 300) || ' Quay Street'",
        "city": "'Town' || (k % 5000)",
    },
    "orders": {
        "id": f"{STEP} + k",
        "number": "'B-' || k",
        "key": "'bench-key-' || k",
        "confirm_token": "'bench-' || k",
        "email": "'buyer' || (k % 400000) || '@example.com'",
        "status": STATES,
        "payment_status": "CASE WHEN k % 5000 = 0 THEN 'DISPUTED' WHEN k % 10 = 7 THEN 'UNPAID' ELSE 'PAID' END",
        "fulfilment_status": "CASE WHEN k % 20 = 9 THEN 'UNFULFILLED' ELSE 'SHIPPED' END",
        "total_minor": "500 + (k * 7919) % 90000",
        "placed_at": "o.placed_at - k * interval '47 seconds'",
        "shipping_address_id": f"{STEP} + k",
        "billing_address_id": f"{STEP} + k",
        "cart_id": "NULL",
    },
    "order_lines": {"id": f"{STEP} + k", "order_id": f"{STEP} + k", "sku": "'SKU-' || (k * k % 20000)"},
    "shipments": {
        "id": f"{STEP} + k",
        "order_id": f"{STEP} + k",
        "address_id": f"{STEP} + k",
        "status": "CASE WHEN k % 2000 = 0 THEN 'ONHOLD' WHEN k % 20 = 9 THEN 'RELEASED' ELSE 'DELIVERED' END",
    },
    "bills": {
        "id": f"{STEP} + k",
        "order_id": f"{STEP} + k",
        "key": "'bench-bill-' || k",
        "reference": "'BR-' || k",
        "transaction_id": "'bench-tr-' || k",
        "status": "CASE WHEN k % 5000 = 0 THEN 'DISPUTED' ELSE 'PAID' END",
    },
}
BESIDE = (
    "INSERT INTO order_notes (order_id, text, actor, at) SELECT {step} + k, 'Look', 'bench', now() FROM {ks}"
    " WHERE k % 50 = 0",
    "INSERT INTO desk_rows (reason, subject, order_id, amount_minor, currency, evidence, suggested, default_action,"
    " status, decision, actor, assignee, offer, reminded, opened_at, due_at) SELECT 'disputed', 'bench-' || k,"
    " {step} + k, 0, '', '{{}}', 'accept', 'remind', 'OPEN', '', '', CASE WHEN k % 10000 = 0 THEN '' ELSE 'bench' END,"
    " '{{}}', 0, now(), now() FROM {ks} WHERE k % 2500 = 0",
    "INSERT INTO order_search (order_id, words) SELECT {step} + k, array_to_tsvector(ARRAY['buyer', k::text,"
    " (k % 300)::text || 'nr', 'quay', 'street', 'town' || (k % 5000), 'ie']) FROM {ks}",
    "ANALYZE",
)
TODAY = date(2026, 6, 1)
CRITERIA = {
    "number": Criteria(number="B-500000"),
    "key": Criteria(key="bench-key-777"),
    "customer": Criteria(customer_id=1),
    "e-mail": Criteria(email="buyer1234@example.com"),
    "name": Criteria(name="Buyer 77777"),
    "address, a word of all": Criteria(address="quay street"),
    "address, a rare word": Criteria(address="town77"),
    "address, words of each kind": Criteria(address="quay 5nr"),
    "SKU, of a few": Criteria(sku="SKU-49"),
    "SKU, unknown": Criteria(sku="NOTHING"),
    "state, most": Criteria(status="COMPLETED"),
    "state, few": Criteria(status="REVIEW"),
    "payment, most": Criteria(payment="PAID"),
    "payment, few": Criteria(payment="DISPUTED"),
    "fulfilment": Criteria(fulfilment="UNFULFILLED"),
    "a parcel, most": Criteria(shipment="DELIVERED"),
    "a parcel, few": Criteria(shipment="ONHOLD"),
    "reference": Criteria(reference="bench-tr-123456"),
    "since": Criteria(since=TODAY),
    "until": Criteria(until=TODAY - timedelta(days=300)),
    "a day": Criteria(since=TODAY, until=TODAY),
    "total from": Criteria(least=90_400),
    "total of a span": Criteria(least=1000, most=1010),
    "desk": Criteria(flags=frozenset({"desk"})),
    "unread": Criteria(flags=frozenset({"unread"})),
    "note": Criteria(flags=frozenset({"note"})),
    "dispute": Criteria(flags=frozenset({"dispute"})),
    "several at once": Criteria(payment="PAID", least=5000, sku="SKU-49", address="quay"),
}


def measure(database, many: int = ORDERS) -> list[dict]:
    """One row for each criterion: the time of its first page in the database, the slowest statement by its plan."""
    if database.kind != "postgresql":
        return [{"database": database.kind, "criterion": "only PostgreSQL is asked for a million orders"}]
    shop = Shop(database.new())
    with shop.app.app_context():
        play = Play(shop.app, shop.url)
        play.shelves(mug=5)
        play.quickly_paid(mug=1)
        fill(many)
        rows = [_row(database, name, Wish(criteria=criteria)) for name, criteria in CRITERIA.items()]
        play.end()
    shop.stop()
    return rows


def fill(many: int) -> None:
    """So many copies of the shop's one order, with what they are found by."""
    numbers = f"generate_series(1::bigint, {many}) AS k"
    with transaction():
        order = db.session.scalars(select(Order)).one()
        found = {"order_addresses": order.shipping_address_id, "orders": order.id}
        for table in ("order_lines", "shipments", "bills"):
            found[table] = db.session.scalar(text(f"SELECT id FROM {table} WHERE order_id = {order.id}"))
        for table, changes in ROWS.items():
            columns = [column.name for column in Base.metadata.tables[table].c]
            values = [changes.get(name, f'o."{name}"') for name in columns]
            named = ", ".join(f'"{name}"' for name in columns)
            copy = f"INSERT INTO {table} ({named}) SELECT {', '.join(values)} FROM {table} o, {numbers}"
            db.session.execute(text(f"{copy} WHERE o.id = {found[table]}"))
        for statement in BESIDE:
            db.session.execute(text(statement.format(step=STEP, ks=numbers)))


def _row(database, name, wish):
    asked: list[tuple] = []

    def note(connection, cursor, statement, parameters, context, executemany):
        asked.append((statement, parameters))

    event.listen(db.engine, "before_cursor_execute", note)
    try:
        for _warm in range(2):
            asked.clear()
            db.session.rollback()
            found = finding.find(wish)
    finally:
        event.remove(db.engine, "before_cursor_execute", note)
    times = [_explained(*one) for one in asked if one[0].lstrip().upper().startswith("SELECT")]
    return {
        "database": database.kind,
        "criterion": name,
        "orders": len(found.orders),
        "queries": len(times),
        "database_ms": round(sum(times), 1),
        "slowest_ms": round(max(times), 1),
    }


def _explained(statement, parameters):
    """The milliseconds that the database says it needed, planning included."""
    with db.engine.connect() as connection:
        plan = connection.exec_driver_sql(f"EXPLAIN (ANALYZE, FORMAT JSON) {statement}", parameters).scalar()[0]
    return plan["Planning Time"] + plan["Execution Time"]
