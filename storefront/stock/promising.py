"""Goods that were sold before they were there: what the shelf can give to them, and lines that are sent in part."""

from collections.abc import Collection

from sqlalchemy import func, select, update

from storefront.kit import clock, events
from storefront.kit.db import changed, db
from storefront.stock.counting import count, move
from storefront.stock.holding import Line, reservation
from storefront.stock.models import BACKORDER, Stock, StockReservation
from storefront.stock.states import COMMITTED, OPEN, RELEASED


def on_hand_for_backorders(variant_ids: Collection[int]) -> dict[int, int]:
    """How many of each variant lie there beside what carts and orders of other policies have set aside.

    The counters are locked, in the order of their variants: whoever divides them next comes after. Lock the orders
    before.
    """
    rows = select(Stock).where(Stock.variant_id.in_(variant_ids)).order_by(Stock.variant_id)
    shelf = db.session.scalars(rows.with_for_update().execution_options(populate_existing=True)).all()
    others = (
        select(StockReservation.variant_id, func.sum(StockReservation.qty))
        .where(StockReservation.variant_id.in_(variant_ids), StockReservation.status.in_(OPEN))
        .where(StockReservation.policy != BACKORDER)
        .group_by(StockReservation.variant_id)
    )
    taken = {variant_id: int(units) for variant_id, units in db.session.execute(others)}
    return {row.variant_id: row.on_hand - taken.get(row.variant_id, 0) for row in shelf}


def release_part(line: Line, qty: int, reason: str, *, actor: str = "") -> int:
    """So many of a sold line are not sent after all: they are free again. Gives how many were set aside for it."""
    held = db.session.scalar(
        select(StockReservation).filter_by(order_line_id=line.id, status=COMMITTED).with_for_update()
    )
    if held is None:
        return 0  # nobody counts these
    freed = min(qty, held.qty)
    mine = update(StockReservation).where(StockReservation.id == held.id, StockReservation.status == COMMITTED)
    if freed < held.qty:
        db.session.add(reservation(line, freed, RELEASED, reason=reason))
        left = mine.values(qty=StockReservation.qty - freed)
    else:
        left = mine.values(status=RELEASED, reason=reason, closed_at=clock.now())
    if not changed(left.execution_options(synchronize_session=False)):
        return 0
    db.session.refresh(held)
    count(line.variant_id, reserved=-freed)
    move(held.variant_id, reserved=-freed, cause="order", ref=reason, actor=actor)
    events.record("STOCK_RELEASED", line.order_id, variant=held.variant_id, qty=freed, reason=reason)
    return freed
