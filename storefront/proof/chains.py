"""What SQL cannot say: whether hashes fit. Rows are streamed, so that memory does not grow with the shop."""

from collections.abc import Callable, Iterator
from itertools import groupby
from typing import Any

from sqlalchemy import case, select
from sqlalchemy.orm import aliased

from storefront.kit import events
from storefront.kit.connections import streamed
from storefront.kit.events import OrderEvent
from storefront.orders.models import Order, OrderAddress, OrderLine
from storefront.orders.snapshot import OF_ADDRESS, OF_LINE, OF_ORDER, snapshot_of
from storefront.proof.line import Part

Found = Iterator[tuple[Any, ...]]
_trail: Callable[[], Iterator[tuple[int, str]]] = lambda: iter(())  # noqa: E731 - filled by trail_checked_by


def trail_checked_by(broken_entries: Callable[[], Iterator[tuple[int, str]]]) -> None:
    """From now on this verb of the admin says which entries (id, words) of its trail are broken."""
    global _trail
    _trail = broken_entries


def broken_trail(part: Part) -> Found:
    """Entries of the admin's trail that were altered, or stand where one was removed."""
    for entry_id, words in _trail():
        yield "entry", entry_id, words, "", {}


def broken_histories(part: Part) -> Found:
    """The first event of each order that does not fit the one before it or its own hash."""
    wanted = select(*OrderEvent.__table__.columns, Order.number).join(Order, Order.id == OrderEvent.order_id)
    rows = streamed(wanted.where(among(OrderEvent.order_id, part)).order_by(OrderEvent.order_id, OrderEvent.seq))
    for _, history in groupby(rows, key=lambda event: event.order_id):
        previous, broken = "", None
        for place, event in enumerate(history, start=1):
            fits = event.seq == place and event.prev_hash == previous and events.is_genuine(event)
            broken, previous = broken or (None if fits else event), event.hash
        if broken:
            yield "event", broken.id, broken.type, broken.number, {"place": broken.seq}


def changed_snapshots(part: Part) -> Found:
    """Orders whose copied facts are not those that their first event tells the hash of.

    Of an order whose shopper was forgotten, the event of that tells what is left.
    """
    for rows in _orders_with_lines(part):
        first, lines = rows[0], [row for row in rows if row.line_id is not None]
        order = _Named(first, "o_", OF_ORDER)
        parts = [_Named(row, "l_", OF_LINE) for row in lines]
        addresses = [_Named(first, at, OF_ADDRESS) if first._mapping[f"{at}id"] else None for at in ("s_", "b_")]
        if snapshot_of(order, parts, addresses) != first.told["snapshot"]:
            yield "order", first.id, first.o_number, first.o_number, {}


def _orders_with_lines(part):
    """For each order whose copy an event tells the hash of: its rows, one a line, each with order and addresses."""
    teller = case((Order.erased_at.is_(None), "ORDER_CREATED"), else_="ORDER_ERASED")
    shipping, billing = aliased(OrderAddress), aliased(OrderAddress)
    columns = [
        Order.id,
        OrderEvent.data.label("told"),
        OrderLine.id.label("line_id"),
        shipping.id.label("s_id"),
        billing.id.label("b_id"),
    ]
    for prefix, table, names in (
        ("o_", Order, OF_ORDER),
        ("l_", OrderLine, OF_LINE),
        ("s_", shipping, OF_ADDRESS),
        ("b_", billing, OF_ADDRESS),
    ):
        columns += [getattr(table, name).label(prefix + name) for name in names]
    wanted = (
        select(*columns)
        .join(OrderEvent, (OrderEvent.order_id == Order.id) & (OrderEvent.type == teller))
        .outerjoin(OrderLine, OrderLine.order_id == Order.id)
        .outerjoin(shipping, shipping.id == Order.shipping_address_id)
        .outerjoin(billing, billing.id == Order.billing_address_id)
        .where(among(Order.id, part))
        .order_by(Order.id, OrderEvent.id, OrderLine.id)
    )
    for _, rows in groupby(streamed(wanted), key=lambda row: row.id):
        found = list(rows)
        if found[0].told.get("snapshot"):  # orders from before hashes were kept have none
            yield found


class _Named:
    """Some columns of a row under their own names."""

    def __init__(self, row, prefix, names):
        for name in names:
            setattr(self, name, row._mapping[prefix + name])


def among(column: Any, part: Part) -> Any:
    """The condition that an id is one of a part's."""
    return column.between(part.low, part.high) if part.ids is None else column.in_(part.ids)
