"""Years of orders in a minute: one real order and all that hangs on it, copied by the database itself."""

from sqlalchemy import Integer, String, cast, insert, literal, select, text, update

from storefront.kit.db import Base, db, transaction

# Of each row of one order: what must be another in each copy. `{}` is the copy's number, from 1 on.
ORDER_ROWS = {
    "orders": {"number": "H{}-{}", "key": "hk{}-{}", "confirm_token": "hc{}-{}"},
    "order_lines": {},
    "bills": {"key": "hb{}-{}", "reference": "hr{}-{}", "transaction_id": "ht{}-{}"},
    "ledger_entries": {"gateway_event_key": "he{}-{}"},
    "inbox_messages": {"event_key": "he{}-{}"},
    "order_events": {},
    "stock_reservations": {},
}
LINKS = {"order_id": "orders", "order_line_id": "order_lines", "bill_id": "bills", "cause_inbox_id": "inbox_messages"}
STEP = 1_000_000_000  # the numbers of one table's copies: far from each other and from those of real rows
BATCH = 100_000


def multiply(order_id: int, many: int, series: int = 1, without: tuple[str, ...] = ()) -> None:
    """Copy an order so many times with its lines, bills, ledger, inbox, events and reservations.

    Its goods are copied on paper only: see `stock_up`. A copy has rows of the same shape and links as the original.
    """
    tables = {name: Base.metadata.tables[name] for name in ORDER_ROWS if name not in without}
    found = {name: _rows_of(table, order_id) for name, table in tables.items()}
    places = {(name, row.id): place for name, rows in found.items() for place, row in enumerate(rows)}
    for first in range(1, many + 1, BATCH):
        last = min(many, first + BATCH - 1)
        with transaction():
            for name, rows in found.items():
                for row in rows:
                    _copy(tables[name], row, series, first, last, places)


def stock_up(many: int) -> None:
    """So many more of everything on hand, and set aside: what copies of one unpaid order of one thing hold."""
    stock = Base.metadata.tables["stock"]
    with transaction():
        db.session.execute(update(stock).values(on_hand=stock.c.on_hand + many, reserved=stock.c.reserved + many))


def analyze() -> None:
    """Let the database learn how its tables are filled, as it does by itself in a living shop."""
    with transaction():
        db.session.execute(text("ANALYZE"))


def _rows_of(table, order_id):
    if table.name == "orders":
        mine = table.c.id == order_id
    elif "order_id" in table.c:
        mine = table.c.order_id == order_id
    else:
        bills = Base.metadata.tables["bills"]
        mine = table.c.bill_id.in_(select(bills.c.id).where(bills.c.order_id == order_id))
    return db.session.execute(select(table).where(mine).order_by(table.c.id)).all()


def _copy(table, row, series, first, last, places):
    numbers = select(literal(first, Integer).label("k")).cte("numbers", recursive=True)
    numbers = numbers.union_all(select(numbers.c.k + 1).where(numbers.c.k < last))
    values = {}
    for column in table.c:
        value = row._mapping[column]
        if column.name == "id":
            value = _number(numbers.c.k, series, places[table.name, row.id])
        elif column.name in LINKS and (LINKS[column.name], value) in places:
            value = _number(numbers.c.k, series, places[LINKS[column.name], value])
        elif value is not None and column.name in ORDER_ROWS[table.name]:
            begin, middle, _ = ORDER_ROWS[table.name][column.name].split("{}")
            value = literal(f"{begin}{series}{middle}") + cast(numbers.c.k, String)
        values[column.name] = value if hasattr(value, "type") else literal(value, column.type)
    rows = select(*[value.label(name) for name, value in values.items()]).select_from(numbers)
    db.session.execute(insert(table).from_select(list(values), rows))


def _number(k, series, place):
    return literal(STEP * (20 * series + place), Base.metadata.tables["orders"].c.id.type) + k
