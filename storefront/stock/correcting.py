"""Fewer are there than are set aside: who gives theirs up, so that nothing is promised that is not there."""

from sqlalchemy import case, select, update

from storefront.kit import clock, events
from storefront.kit.db import changed, db
from storefront.stock.counting import count, move
from storefront.stock.models import Stock, StockReservation
from storefront.stock.states import HELD, OPEN, RESERVATION


def too_many(variant_id: int, on_hand: int, *, lock: bool = False) -> list[StockReservation]:
    """The reservations to give up if only so many are there: carts' first, then the unpaid, then the sold.

    The newest of each first. `lock` takes the variant's counters: lock the orders before.
    """
    open_ones = select(StockReservation).filter_by(variant_id=variant_id).where(StockReservation.status.in_(OPEN))
    if lock:  # reservations before their counters, as everybody does
        db.session.scalars(open_ones.order_by(StockReservation.id).with_for_update()).all()
    wanted = select(Stock).filter_by(variant_id=variant_id).execution_options(populate_existing=True)
    stock = db.session.scalar(wanted.with_for_update() if lock else wanted)
    excess, given_up = (stock.reserved if stock else 0) - on_hand, []
    least_promised = case((StockReservation.owner_kind == "cart", 0), (StockReservation.status == HELD, 1), else_=2)
    for held in db.session.scalars(open_ones.order_by(least_promised, StockReservation.id.desc())):
        if excess <= 0:
            break
        given_up.append(held)
        excess -= held.qty
    return given_up


def give_up(held: StockReservation, reason: str) -> None:
    """Whoever it was set aside for has it no more; nothing if it has ended meanwhile."""
    sources, target = RESERVATION.table["released"]
    mine = update(StockReservation).where(StockReservation.id == held.id, StockReservation.status.in_(sources))
    ended = mine.values(status=target, reason=reason, closed_at=clock.now())
    if changed(ended.execution_options(synchronize_session=False)):
        count(held.variant_id, reserved=-held.qty)
        move(held.variant_id, reserved=-held.qty, cause="adjust", ref=reason)
        events.record("STOCK_RELEASED", held.order_id, variant=held.variant_id, qty=held.qty, reason=reason)
