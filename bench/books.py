"""How long it takes to hold the books of a large shop against every invariant, and how much memory."""

import resource
import time

from sqlalchemy import func, insert, select, text

from storefront import proof
from storefront.kit import clock, events
from storefront.kit.db import Base, db, transaction
from storefront.orders.snapshot import OF_ADDRESS, OF_LINE, OF_ORDER, snapshot_of
from storefront.proof.recent import Recent

from conftest import Shop
from play import Play

ORDERS = 200_000
BATCH = 2_000
SOLD = 2  # of one thing, in each order
NEXT = 1_000_000  # ids of copies begin here
# What hangs on an order, parents first, and which of its columns lead to which table.
TABLES = {
    "carts": {"open_order_id": "", "customer_id": ""},
    "order_addresses": {},
    "orders": {"cart_id": "carts", "shipping_address_id": "order_addresses", "billing_address_id": "order_addresses"},
    "order_lines": {"order_id": "orders"},
    "tax_documents": {"order_id": "orders"},
    "bills": {"order_id": "orders"},
    "ledger_entries": {"order_id": "orders", "bill_id": "bills"},
    "inbox_messages": {"bill_id": "bills"},
    "order_events": {"order_id": "orders", "cause_inbox_id": "inbox_messages"},
    "outbox_messages": {"event_id": "order_events"},
    "stock_reservations": {"order_id": "orders", "order_line_id": "order_lines"},
    "stock_movements": {},
    "shipments": {"order_id": "orders", "address_id": "order_addresses"},
    "shipment_lines": {"shipment_id": "shipments", "order_line_id": "order_lines"},
}
OWN = {  # how the rows of an order are known where they do not name it
    "carts": "id = (SELECT cart_id FROM orders WHERE id = :order)",
    "orders": "id = :order",
    "order_addresses": """id IN (SELECT shipping_address_id FROM orders WHERE id = :order
        UNION SELECT billing_address_id FROM orders WHERE id = :order)""",
    "inbox_messages": "bill_id IN (SELECT id FROM bills WHERE order_id = :order)",
    "outbox_messages": "event_id IN (SELECT id FROM order_events WHERE order_id = :order)",
    "shipment_lines": "shipment_id IN (SELECT id FROM shipments WHERE order_id = :order)",
    "stock_movements": "cause IN ('order', 'shipment')",
}


class _Facts:
    """Values by their names, as attributes."""

    def __init__(self, values):
        vars(self).update(values)


def measure(database, orders: int = ORDERS) -> dict:
    """Seconds and megabytes of a look at everything, and of one at what the last minutes brought."""
    shop = Shop(database.new())
    try:
        with shop.app.app_context():
            play = Play(shop.app, shop.url)
            play.shelves(mug=orders * SOLD + 100)
            copy(play.quickly_paid(mug=SOLD).order.id, orders)
            before = _memory_mb()
            whole, broken = _timed(None)
            since = clock.now()
            play.quickly_paid(mug=SOLD)
            small, more = _timed(Recent(since))
            events_ = db.session.scalar(select(func.count()).select_from(events.OrderEvent))
            play.end()
            db.session.remove()
    finally:
        shop.stop()
    return {
        "database": database.kind,
        "orders": orders,
        "events": events_,
        "lines": len(proof.LINES),
        "broken": broken + more,
        "whole_s": round(whole, 1),
        "recent_s": round(small, 2),
        "memory_mb": round(_memory_mb()),
        "of_it_more": round(_memory_mb() - before),
    }


def _timed(recent):
    began = time.perf_counter()
    broken = [found for found in (proof.look(line, recent) for line in proof.LINES) if found.count]
    for found in broken:
        print(found.line, found.count, found.rows[:1])
    return time.perf_counter() - began, len(broken)


def _memory_mb():
    return resource.getrusage(resource.RUSAGE_SELF).ru_maxrss / 1024


def copy(order_id: int, many: int) -> None:
    """So many more orders like this one, with all that hangs on them, and with hashes of their own."""
    db.session.rollback()
    found = {name: _rows_of(name, order_id) for name in TABLES}
    places = {(name, row.get("id")): place for name, rows in found.items() for place, row in enumerate(rows)}
    for first in range(0, many, BATCH):
        with transaction():
            made: dict[str, list[dict]] = {name: [] for name in TABLES}
            for number in range(first, min(many, first + BATCH)):
                _copied(found, places, number, made)
            for name, rows in made.items():
                db.session.execute(insert(Base.metadata.tables[name]), rows)
    with transaction():
        db.session.execute(text("UPDATE stock SET on_hand = on_hand - :gone"), {"gone": _gone(found) * many})
        db.session.execute(text("UPDATE stock SET reserved = reserved + :kept"), {"kept": (SOLD - _gone(found)) * many})
        if db.engine.dialect.name == "postgresql":
            for name in (name for name in TABLES if "id" in Base.metadata.tables[name].c):
                db.session.execute(text(f"SELECT setval(pg_get_serial_sequence('{name}', 'id'), max(id)) FROM {name}"))
        db.session.execute(text("ANALYZE"))


def _gone(found):
    return sum(-row["delta_on_hand"] for row in found["stock_movements"])


def _rows_of(name, order_id):
    """The rows of one table that belong to an order, as they come."""
    table = Base.metadata.tables[name]
    wanted = OWN.get(name, "order_id = :order")
    first = table.c.id if "id" in table.c else next(iter(table.c))
    rows = db.session.execute(select(table).where(text(wanted)).order_by(first), {"order": order_id})
    return [dict(row) for row in rows.mappings()]


def _copied(found, places, number, made):
    """One more of each row: its own id, the ids of its own parents, and names that nobody else has."""
    ids = {key: NEXT + number * (len(found[key[0]]) or 1) + place for key, place in places.items()}
    new_number = f"C-{number}"
    previous = ""
    for name, links in TABLES.items():
        for row in found[name]:
            new = dict(row)
            if "id" in row:
                new["id"] = ids[name, row["id"]]
            for column, parent in links.items():
                new[column] = ids.get((parent, row[column])) if parent else None
            _rename(name, new, number, new_number)
            made[name].append(new)
            if name == "order_events":
                _tell(new, ids, made, previous)
                previous = new["hash"]


def _rename(name, new, number, new_number):
    if name == "carts":
        new.update(token_hash=f"copy-{number}")
    elif name == "orders":
        new.update(number=new_number, key=f"key-of-a-copied-order-{number}", confirm_token=f"token-{number}")
    elif name == "bills":
        new.update(reference=f"{new_number}-1", key=f"key-of-a-copied-bill-{number:08}", transaction_id=f"t-{number}")
    elif name == "ledger_entries":
        new.update(gateway_event_key=f"e-{number}-{new['kind']}")
    elif name == "inbox_messages":
        new.update(event_key=f"e-{number}-{new['id']}")


def _tell(event, ids, made, previous):
    """An event of the copy: its data names the copy's own rows, and its hash fits."""
    data = dict(event["data"])
    if event["type"] == "ORDER_CREATED":
        order, line = made["orders"][-1], made["order_lines"][-1]
        addresses = {address["id"]: address for address in made["order_addresses"][-2:]}
        both = [addresses[order[f"{kind}_address_id"]] for kind in ("shipping", "billing")]
        as_facts = [_Facts({name: row[name] for name in OF_ADDRESS}) for row in both]
        parts = [_Facts({name: line[name] for name in OF_LINE})]
        whole = _Facts({name: order[name] for name in OF_ORDER})
        data.update(number=order["number"], snapshot=snapshot_of(whole, parts, as_facts))
    table = "bills" if event["type"].startswith("BILL_") else "shipments" if "SHIPMENT" in event["type"] else "orders"
    if "id" in data:
        data["id"] = ids[table, data["id"]]
    event.update(data=data, prev_hash=previous)
    event["hash"] = events._hash(_Facts(event))
