"""What is nearly sold out: the same answer for the admin's list and for the letter, which comes once until refilled."""

from typing import NamedTuple

from sqlalchemy import Select, and_, func, or_, select, update

from storefront import store
from storefront.catalog.availability import ENDLESS
from storefront.catalog.models import Product, Variant
from storefront.kit import events
from storefront.kit.db import changed, db
from storefront.stock.models import Stock

MOST = 100  # articles in one letter; the next run tells of the rest


class Low(NamedTuple):
    """An article of which few are left; `low_at` is from where on that is so."""

    variant_id: int
    sku: str
    title: str
    left: int
    low_at: int


def low_at():
    """From where on there are few of a variant, as SQL: what it says itself, else the shop."""
    return func.coalesce(Stock.low_at, store.current().low_stock)


def is_low():
    """Whether few are left of a variant that is joined to its product and stock, as SQL; never of endless goods."""
    endless = or_(*(Variant.stock_policy == policy for policy in ENDLESS))
    return and_(Product.active, Variant.active, ~endless, func.coalesce(Stock.on_hand - Stock.reserved, 0) <= low_at())


def shelves_moved() -> bool:
    """Whether something has run low that nobody was told of, or is refilled: then `note_low_stock` has work."""
    return db.session.scalar(_untold().limit(1)) is not None or db.session.scalar(_refilled().limit(1)) is not None


def note_low_stock() -> list[Low]:
    """Write down what has run low since it was refilled, as one event and so one letter; forget what is refilled.

    Each article is told of once: whoever looks at the same moment finds it done.
    """
    refilled = list(db.session.scalars(_refilled().order_by(Stock.variant_id).limit(500)))
    db.session.execute(update(Stock).where(Stock.variant_id.in_(refilled)).values(low_told=False))
    rows = db.session.execute(_untold().order_by(Stock.variant_id).limit(MOST)).all()
    told = [row for row in (Low(*row) for row in rows) if _tell(row.variant_id)]
    if told:
        goods = [{"variant": row.variant_id, "sku": row.sku, "left": row.left} for row in told]
        events.record("STOCK_LOW", None, goods=goods)
    return told


def _tell(variant_id):
    mine = update(Stock).where(Stock.variant_id == variant_id, ~Stock.low_told)
    return changed(mine.values(low_told=True).execution_options(synchronize_session=False))


def _untold() -> Select:
    left = Stock.on_hand - Stock.reserved
    return _joined(Variant.id, Variant.sku, Product.title, left, low_at()).where(is_low(), ~Stock.low_told)


def _refilled() -> Select:
    return _joined(Stock.variant_id).where(Stock.low_told, ~is_low())


def _joined(*columns):
    query = select(*columns).select_from(Stock).join(Variant, Variant.id == Stock.variant_id)
    return query.join(Product, Product.id == Variant.product_id)
