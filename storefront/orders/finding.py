"""Finding orders: by key for shoppers, by id for jobs, always locked before they change."""

import hmac
from collections.abc import Collection
from datetime import timedelta

from flask_babel import gettext as _
from sqlalchemy import exists, select

from storefront.kit import clock
from storefront.kit.db import db
from storefront.kit.errors import NotFound
from storefront.kit.events import OrderEvent
from storefront.orders.models import Order, Shipment
from storefront.orders.return_models import OrderReturn
from storefront.orders.return_states import OPEN as OPEN_RETURNS
from storefront.orders.states import CLOSED, DELIVERED, HOLD, NEW, SHIPPED
from storefront.payments.models import DeskRow

CRASHED_AFTER = timedelta(minutes=5)
BATCH = 500
SET_APART = exists().where(OrderEvent.order_id == Order.id, OrderEvent.type == "ORDER_SET_APART")


def by_key(key: str) -> Order:
    """The order of an address. Raises NotFound, whether it never was or the key is only nearly right."""
    order = db.session.scalar(select(Order).filter_by(key=key))
    if order is None or not hmac.compare_digest(order.key.encode(), key.encode("utf-8", "replace")):
        raise NotFound(_("There is no order at this address."))
    return order


def by_number(number: str) -> Order:
    """The order with this number. Raises NotFound."""
    order = db.session.scalar(select(Order).filter_by(number=number))
    if order is None:
        raise NotFound(_("There is no order with this number."))
    return order


def stands_apart(order: Order) -> bool:
    """Whether its shopper asked for an order beside it: what is in the cart since is none of its business."""
    return db.session.scalar(select(Order.id).where(Order.id == order.id, SET_APART)) is not None


def locked(order_id: int) -> Order:
    """The order's row, the first that anybody takes: under it follow its bills, goods and ledger.

    Rows that only refer to the order do not wait for it: PostgreSQL looks at the order's key whenever such a row is
    changed twice in one transaction, and a cart that does so is locked after the order by everybody else.
    """
    order = db.session.scalar(
        select(Order).filter_by(id=order_id).with_for_update(key_share=True).execution_options(populate_existing=True)
    )
    if order is None:
        raise NotFound(_("There is no such order any more."))
    return order


def locked_of(order_ids: Collection[int]) -> list[Order]:
    """The rows of some orders, locked one after the other; of several, those that somebody else has are left out."""
    rows = select(Order).where(Order.id.in_(order_ids)).order_by(Order.id)
    alone = rows.with_for_update(key_share=True, skip_locked=len(order_ids) > 1)
    return list(db.session.scalars(alone.execution_options(populate_existing=True)))


def locked_shipment(shipment_id: int) -> Shipment:
    """A parcel under the lock of its order: a cancel and a parcel meet here, and one of them comes first."""
    order_id = db.session.scalar(select(Shipment.order_id).filter_by(id=shipment_id))
    if order_id is None:
        raise NotFound(_("There is no such shipment."))
    locked(order_id)
    return db.session.get_one(Shipment, shipment_id, populate_existing=True)


def on_hold() -> list[int]:
    """The ids of every order that waits for its money."""
    return list(db.session.scalars(select(Order.id).where(Order.status == HOLD).order_by(Order.id)))


def overdue(last: int = 0) -> list[int]:
    """The ids above `last` of orders whose hold is over, and of those that a crash left in NEW; a batch."""
    now = clock.now()
    ended = (Order.status == HOLD) & (Order.hold_expires_at < now)
    crashed = (Order.status == NEW) & (Order.placed_at < now - CRASHED_AFTER)
    return _batch(ended | crashed, last)


def arrived_long_ago(days: int, last: int = 0) -> list[int]:
    """The ids above `last` of sent orders of which nothing was heard for so many days; a batch.

    Orders with something on its way back, or with a dispute that waits on the desk, are not among them.
    """
    before = clock.now() - timedelta(days=days)
    coming = select(OrderReturn.id).where(OrderReturn.order_id == Order.id, OrderReturn.status.in_(OPEN_RETURNS))
    disputed = select(DeskRow.id).where(
        DeskRow.order_id == Order.id, DeskRow.reason == "disputed", DeskRow.status == "OPEN"
    )
    quiet = (Order.updated_at < before) & ~coming.exists() & ~disputed.exists()
    return _batch(Order.status.in_((SHIPPED, DELIVERED)) & quiet, last)


def old_failures(keep_days: int, last: int = 0) -> list[int]:
    """The ids above `last` of closed orders whose time to be kept is over; a batch."""
    before = clock.now() - timedelta(days=keep_days)
    return _batch(Order.status.in_(CLOSED) & (Order.closed_at < before), last)


def _batch(wanted, last):
    found = select(Order.id).where(wanted, Order.id > last)
    return list(db.session.scalars(found.order_by(Order.id).limit(BATCH)))
