"""The merchant's side of stock: how many there are. Every change leaves a movement with its cause."""

from collections.abc import Sequence

from flask_babel import gettext as _
from sqlalchemy import func, insert, or_, select, update

from storefront.kit import clock
from storefront.kit.db import changed, db
from storefront.stock.errors import BelowReserved
from storefront.stock.models import BACKORDER, Stock, StockMovement, StockReservation
from storefront.stock.states import OPEN


def start(variant_id: int, on_hand: int, policy: str, *, cause: str = "import", actor: str = "", ref: str = "") -> None:
    """Begin to count a variant that has no counters yet, or fit its counters to a changed policy."""
    stock = db.session.get(Stock, variant_id)
    if stock:
        stock.backorder = policy == BACKORDER
        return
    db.session.add(Stock(variant_id=variant_id, on_hand=on_hand, backorder=policy == BACKORDER))
    if on_hand:
        move(variant_id, on_hand=on_hand, cause=cause, actor=actor, ref=ref)
    db.session.flush()


def start_all(counts: Sequence[tuple[int, int, str]], *, cause: str = "import", actor: str = "", ref: str = "") -> None:
    """Begin to count many new variants at once, each given as (variant id, on hand, policy)."""
    now = clock.now()
    rows = [{"variant_id": id, "on_hand": count, "backorder": policy == BACKORDER} for id, count, policy in counts]
    why = {"cause": cause, "actor": actor, "ref": ref, "at": now}
    moves = [{"variant_id": id, "delta_on_hand": count, **why} for id, count, _ in counts if count]
    for table, found in ((Stock, rows), (StockMovement, moves)):
        if found:
            db.session.execute(insert(table), found)


def set_on_hand(variant_id: int, on_hand: int, *, cause: str, actor: str, ref: str = "") -> None:
    """Correct the count of a variant. Raises BelowReserved, naming the orders, when they hold more."""
    wanted = select(Stock).filter_by(variant_id=variant_id).with_for_update()
    stock = db.session.scalar(wanted.execution_options(populate_existing=True))
    if stock is None:
        start(variant_id, on_hand, "", cause=cause, actor=actor, ref=ref)
        return
    if on_hand < stock.reserved and not stock.backorder:
        raise BelowReserved(
            _("%(count)d are set aside for orders: the count cannot go below that.", count=stock.reserved),
            order_ids=_holders(variant_id),
        )
    if delta := on_hand - stock.on_hand:
        stock.on_hand, stock.version = on_hand, stock.version + 1
        move(variant_id, on_hand=delta, cause=cause, actor=actor, ref=ref)
        db.session.flush()


def restock(variant_id: int | None, qty: int, *, ref: str, actor: str = "") -> None:
    """Put returned goods back on the shelf. A variant that is gone has no shelf any more."""
    if variant_id is None:
        return
    back = update(Stock).where(Stock.variant_id == variant_id)
    found = changed(back.values(on_hand=Stock.on_hand + qty, version=Stock.version + 1))
    if found:
        move(variant_id, on_hand=qty, cause="return", actor=actor, ref=ref)


def move(variant_id: int, *, on_hand: int = 0, reserved: int = 0, cause: str, ref: str = "", actor: str = "") -> None:
    """Write down why a counter changed."""
    db.session.add(
        StockMovement(
            variant_id=variant_id,
            delta_on_hand=on_hand,
            delta_reserved=reserved,
            cause=cause,
            ref=ref,
            actor=actor,
            at=clock.now(),
        )
    )


def count(variant_id: int | None, *, reserved: int = 0, on_hand: int = 0) -> bool:
    """Change the counters of a variant if that leaves them possible; whether it did. The check is in the write."""
    change = (
        update(Stock)
        .where(Stock.variant_id == variant_id)
        .values(reserved=Stock.reserved + reserved, on_hand=Stock.on_hand + on_hand, version=Stock.version + 1)
        .execution_options(synchronize_session=False)
    )
    if reserved > 0:
        change = change.where(or_(Stock.backorder, Stock.on_hand - Stock.reserved >= reserved))
    return changed(change) == 1


def _holders(variant_id):
    held = select(StockReservation.order_id).filter_by(variant_id=variant_id).where(StockReservation.status.in_(OPEN))
    return list(db.session.scalars(held.group_by(StockReservation.order_id).order_by(func.min(StockReservation.id))))
