"""An order's side of stock: goods are set aside, sold, given back, and leave the house.

No "read, check, write": the database checks in the write, and a CHECK constraint stands behind it. Rows
are taken in the order of their variants, so that two buyers cannot block each other for ever.
"""

from collections.abc import Collection, Iterable, Mapping
from itertools import groupby
from operator import attrgetter
from typing import Protocol

from flask_babel import gettext as _
from sqlalchemy import select, update

from storefront.kit import clock, events
from storefront.kit.db import changed, db
from storefront.stock.counting import count, move, restock
from storefront.stock.errors import OutOfStock
from storefront.stock.models import DEDUCT_ON_PAID, UNTRACKED, Stock, StockReservation
from storefront.stock.states import COMMITTED, CONSUMED, HELD, OPEN, RESERVATION, RETURNED
from storefront.stock.timed import kept_for


class Line(Protocol):
    """What stock needs to know of an order's line."""

    id: int
    order_id: int
    variant_id: int | None
    sku: str
    qty: int
    stock_policy: str


def reserve(lines: Iterable[Line], *, cart_lines: Collection[int] = ()) -> None:
    """Set aside the goods of an order's lines: all of them, or none. Raises OutOfStock.

    What is kept for minutes for the lines of the cart passes to the order as it is: only its owner changes. Untracked
    goods need nothing; goods of deduct_on_paid are taken when the money is there.
    """
    held = [line for line in lines if line.stock_policy not in (UNTRACKED, DEDUCT_ON_PAID)]
    with db.session.begin_nested():
        _set_aside(held, HELD, kept_for(held, cart_lines))
    if held:
        events.record("STOCK_HELD", held[0].order_id, lines={line.sku: line.qty for line in held})


def sell(
    order_id: int, lines: Collection[Line], *, not_sent: Mapping[int, int], cart_lines: Collection[int] = ()
) -> None:
    """The goods are sold: from their reservation, from what the shopper's cart keeps, or else from the shelf.

    `not_sent` says how many of a line, by its id, staff have decided not to send. Raises OutOfStock.
    """
    served = _lines_served(order_id) | {line.id for line in lines if not_sent.get(line.id) == line.qty}
    missing_lines = [line for line in lines if line.stock_policy != UNTRACKED and line.id not in served]
    with db.session.begin_nested():
        _set_aside(missing_lines, COMMITTED, kept_for(missing_lines, cart_lines), not_sent)
        _commit_held(order_id)
    events.record("STOCK_COMMITTED", order_id)


def release(order_ids: Collection[int], reason: str, *, by_time: bool = False) -> None:
    """Give back whatever these orders still hold; the first who closes wins, the second does nothing.

    What time has closed is EXPIRED if it was only held, everything else RELEASED.
    """
    held = reservations_of(*order_ids)
    expired = [row for row in held if by_time and row.status == HELD]
    freed = _ended(expired, "expired", reason) + _ended([row for row in held if row not in expired], "released", reason)
    by_variant = attrgetter("variant_id")
    for variant_id, rows in groupby(sorted(freed, key=by_variant), by_variant):
        mine = list(rows)
        count(variant_id, reserved=-sum(row.qty for row in mine))
        for row in mine:
            move(variant_id, reserved=-row.qty, cause="order", ref=reason)
    told = [(row.order_id, {"variant": row.variant_id, "qty": row.qty, "reason": reason}) for row in freed]
    events.record_all("STOCK_RELEASED", told)


def _ended(rows, move, reason):
    """Those of the reservations that this move could end: of two who try at once, one ends each."""
    sources, target = RESERVATION.table[move]
    mine = StockReservation.id.in_([row.id for row in rows]), StockReservation.status.in_(sources)
    ended = update(StockReservation).where(*mine).values(status=target, reason=reason, closed_at=clock.now())
    ids = set(db.session.scalars(ended.returning(StockReservation.id))) if rows else set()
    return [row for row in rows if row.id in ids]


def consume(line: Line, qty: int) -> None:
    """So many of a line leave the house: they are no longer set aside, and no longer there."""
    held = db.session.scalar(
        select(StockReservation).filter_by(order_line_id=line.id, status=COMMITTED).with_for_update()
    )
    if held is None:
        return  # nobody counts these
    if qty < held.qty:
        held.qty -= qty
        db.session.add(reservation(line, qty, CONSUMED))
    else:
        held.status, held.closed_at = CONSUMED, clock.now()
    db.session.flush()
    count(held.variant_id, reserved=-qty, on_hand=-qty)
    move(held.variant_id, on_hand=-qty, reserved=-qty, cause="shipment", ref=str(line.order_id))


def take_back(line: Line, qty: int, *, ref: str, actor: str = "") -> int:
    """Sent goods come back to the shelf, never more than were sent and are not back yet; gives how many."""
    sent = select(StockReservation).filter_by(order_line_id=line.id, status=CONSUMED).with_for_update()
    taken = 0
    for gone in db.session.scalars(sent).all():
        part = min(qty - taken, gone.qty)
        if part < gone.qty and part > 0:
            gone.qty -= part
            db.session.add(reservation(line, part, RETURNED))
        elif part > 0:
            gone.status = RETURNED
        taken += part
    if taken:
        db.session.flush()
        restock(line.variant_id, taken, ref=ref, actor=actor)
    return taken


def reservations_of(*order_ids: int) -> list[StockReservation]:
    """What an order holds now, or some."""
    held = StockReservation.order_id.in_(order_ids), StockReservation.status.in_(OPEN)
    return list(db.session.scalars(select(StockReservation).where(*held).order_by(StockReservation.id)))


def _lines_served(order_id):
    """The lines of the order whose goods are set aside for it, or were handed over already."""
    served = StockReservation.status.in_((*OPEN, CONSUMED))
    return set(db.session.scalars(select(StockReservation.order_line_id).filter_by(order_id=order_id).where(served)))


def _set_aside(lines, status, passing, not_sent=None):
    """New reservations for these lines; where a cart's hold passes to a line, it grows to what the line needs.

    `passing` comes from `kept_for`, which has ended what ran out and holds the locks of the rest: time does not
    end one of these any more.
    """
    lines = sorted(lines, key=lambda line: line.variant_id or 0)
    wanted = {line.id: line.qty - (not_sent or {}).get(line.id, 0) for line in lines}
    missing = {line.id: wanted[line.id] - (passing[line.id].qty if line.id in passing else 0) for line in lines}
    short = [line for line in lines if missing[line.id] and not count(line.variant_id, reserved=missing[line.id])]
    if short:
        raise _out_of_stock(short)
    for line in lines:
        if line.id in passing:
            _pass_on(passing[line.id], line, wanted[line.id], status)
        else:
            db.session.add(reservation(line, wanted[line.id], status))
        if missing[line.id]:
            move(line.variant_id, reserved=missing[line.id], cause="order", ref=str(line.order_id))
    db.session.flush()


def _pass_on(held, line, qty, status):
    """A cart's hold is the order's from now on, and ends with the order alone. Raises OutOfStock if it has ended."""
    still = update(StockReservation).filter_by(id=held.id, owner_kind="cart", status=HELD)
    owner = {"owner_kind": "order", "order_id": line.order_id, "order_line_id": line.id}
    passed = still.values(status=status, qty=qty, expires_at=None, **owner)
    if not changed(passed.execution_options(synchronize_session=False)):
        raise _out_of_stock([line])
    db.session.refresh(held)
    events.record("STOCK_PASSED_ON", line.order_id, variant=held.variant_id, line=line.id, qty=held.qty)


def _out_of_stock(short):
    sentence = _("There are not enough of %(names)s left.", names=", ".join(line.sku for line in short))
    return OutOfStock(sentence, short=_missing(short) or {line.sku: 0 for line in short})


def _missing(lines):
    """Which SKUs are short at this moment, and how many of each there still are."""
    wanted = [line for line in lines if line.stock_policy != UNTRACKED]
    found = db.session.execute(select(Stock).where(Stock.variant_id.in_({line.variant_id for line in wanted})))
    shelf = {stock.variant_id: stock for stock in found.scalars()}
    return {
        line.sku: max(0, shelf[line.variant_id].available) if line.variant_id in shelf else 0
        for line in wanted
        if line.variant_id not in shelf
        or (not shelf[line.variant_id].backorder and shelf[line.variant_id].available < line.qty)
    }


def reservation(line: Line, qty: int, status: str, *, reason: str = "") -> StockReservation:
    """A new row for so many of a line, not yet stored; one that is over from the beginning has its end, too."""
    return StockReservation(
        variant_id=line.variant_id,
        owner_kind="order",
        order_id=line.order_id,
        order_line_id=line.id,
        qty=qty,
        status=status,
        policy=line.stock_policy,
        reason=reason,
        created_at=clock.now(),
        closed_at=None if status in OPEN else clock.now(),
    )


def _commit_held(order_id):
    sources, target = RESERVATION.table["committed"]
    db.session.execute(
        update(StockReservation)
        .where(StockReservation.order_id == order_id, StockReservation.status.in_(sources))
        .values(status=target)
        .execution_options(synchronize_session="fetch")
    )
