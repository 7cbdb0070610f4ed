"""A cart's side of stock: scarce goods are set aside for minutes as soon as they lie in a cart.

A hold ends at its own time, whether or not a job has come by: one that ran out counts for nobody, and whoever
wants the goods ends it first. Rows are taken in one order, reservations before the counters of their variant.
"""

from collections.abc import Collection, Iterable
from datetime import datetime

from flask_babel import gettext as _
from sqlalchemy import or_, select, update

from storefront.kit import clock, events
from storefront.kit.db import changed, db
from storefront.stock.counting import count, move
from storefront.stock.errors import OutOfStock
from storefront.stock.models import TIMED_HOLD, StockReservation
from storefront.stock.states import HELD, RESERVATION

_IN_CARTS = (StockReservation.owner_kind == "cart") & (StockReservation.status == HELD)


def keep(line_id: int, variant_id: int, qty: int, *, until: datetime | None) -> StockReservation | None:
    """So many of a variant are set aside for a line of a cart; 0 lets go of them. Gives the hold, if there is one.

    A hold that grows or shrinks ends when it would have ended. Without one a new hold ends at `until`; None says
    that none may begin. Raises OutOfStock when there are not enough, and then nothing has moved.
    """
    end_overdue([variant_id])
    if not qty:
        let_go([line_id], "line_changed")
        return None
    held = next(iter(_of_lines([line_id])), None)
    if held is None and until is None:
        return None
    more = qty - (held.qty if held else 0)
    if more and not count(variant_id, reserved=more):
        raise OutOfStock(_("Somebody else was quicker: there are not enough left."), state="sold_out")
    held = held or _begun(line_id, variant_id, until)
    held.qty = qty
    db.session.flush()
    if more:
        move(variant_id, reserved=more, cause="cart", ref=str(line_id))
        events.record("STOCK_KEPT", variant=variant_id, line=line_id, qty=qty)
    return held


def let_go(line_ids: Collection[int], reason: str) -> dict[int, int]:
    """Give back what is kept for lines of a cart; the first who closes wins. Gives the units by line."""
    ended = {}
    for held in _of_lines(line_ids):
        if _close(held, "released", reason):
            _give_back(held, reason)
            ended[held.cart_line_id] = held.qty
    return ended


def kept(line_ids: Collection[int]) -> int:
    """How many units are kept for lines of a cart at this moment."""
    return sum(held.qty for held in _of_lines(line_ids))


def shrink(line_id: int, most: int) -> None:
    """A line keeps no more than so many: the rest goes back."""
    for held in _of_lines([line_id]):
        if held.qty > most:
            keep(line_id, held.variant_id, most, until=None)


def end_hold(reservation_id: int) -> bool:
    """The minutes of a cart's hold are over: the goods go back. False if it grew, passed on or ended meanwhile."""
    held = db.session.get(StockReservation, reservation_id)
    if held is None or not _close(held, "expired", "minutes_passed"):
        return False
    _give_back(held, "minutes_passed")
    return True


def end_overdue(variant_ids: Iterable[int]) -> None:
    """End every cart's hold of these variants whose minutes are over, before somebody counts on what is left."""
    for variant_id in sorted(set(variant_ids)):
        over = select(StockReservation.id).filter_by(variant_id=variant_id)
        over = over.where(_IN_CARTS, StockReservation.expires_at <= clock.now())
        for reservation_id in db.session.scalars(over.order_by(StockReservation.id).with_for_update()).all():
            end_hold(reservation_id)


def overdue(last: int = 0) -> list[int]:
    """The ids above `last` of carts' holds whose minutes are over; a batch."""
    over = select(StockReservation.id).where(_IN_CARTS, StockReservation.expires_at <= clock.now())
    return list(db.session.scalars(over.where(StockReservation.id > last).order_by(StockReservation.id).limit(500)))


def in_reach(variant_ids: Collection[int], line_ids: Collection[int], now: datetime) -> list[StockReservation]:
    """What a cart with these lines may count on beside the free goods: its own holds, and all that ran out."""
    mine = StockReservation.cart_line_id.in_(line_ids)
    found = select(StockReservation).where(_IN_CARTS, StockReservation.variant_id.in_(variant_ids))
    return list(db.session.scalars(found.where(or_(mine, StockReservation.expires_at <= now))))


def kept_for(lines: list, line_ids: Collection[int]) -> dict[int, StockReservation]:
    """Holds of a cart's lines by the line of the order that takes them over, for `reserve`; none that ran out."""
    if not lines:
        return {}
    end_overdue(line.variant_id for line in lines if line.stock_policy == TIMED_HOLD)
    passing: dict[int, StockReservation] = {}
    for held in _of_lines(line_ids):
        heir = next((line for line in lines if line.variant_id == held.variant_id and line.id not in passing), None)
        if heir:
            passing[heir.id] = held
    return passing


def _of_lines(line_ids):
    """The open holds of some lines, locked, in the order of their variants."""
    if not line_ids:
        return []
    mine = select(StockReservation).where(_IN_CARTS, StockReservation.cart_line_id.in_(line_ids))
    return db.session.scalars(mine.order_by(StockReservation.variant_id, StockReservation.id).with_for_update()).all()


def _begun(line_id, variant_id, until):
    held = StockReservation(variant_id=variant_id, owner_kind="cart", cart_line_id=line_id, status=HELD)
    held.policy, held.created_at, held.expires_at = TIMED_HOLD, clock.now(), until
    db.session.add(held)
    return held


def _close(held, event, reason):
    """Move a hold that is still a cart's to its end; whether it was this call that did."""
    sources, target = RESERVATION.table[event]
    mine = update(StockReservation).where(StockReservation.id == held.id, StockReservation.owner_kind == "cart")
    if event == "expired":
        mine = mine.where(StockReservation.expires_at <= clock.now())
    mine = mine.where(StockReservation.status.in_(sources)).execution_options(synchronize_session=False)
    ended = changed(mine.values(status=target, reason=reason, closed_at=clock.now())) == 1
    db.session.refresh(held)
    return ended


def _give_back(held, reason):
    count(held.variant_id, reserved=-held.qty)
    move(held.variant_id, reserved=-held.qty, cause="cart", ref=str(held.cart_line_id))
    events.record("STOCK_LET_GO", variant=held.variant_id, line=held.cart_line_id, qty=held.qty, reason=reason)
