"""Finding orders: by key for shoppers, by id for jobs, always locked before they change."""

import hmac
from datetime import timedelta

from flask_babel import gettext as _
from sqlalchemy import select

from storefront.kit import clock
from storefront.kit.db import db
from storefront.kit.errors import NotFound
from storefront.orders.models import Order
from storefront.orders.states import CLOSED, DELIVERED, HOLD, NEW, SHIPPED

CRASHED_AFTER = timedelta(minutes=5)
BATCH = 500


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
    """The ids above `last` of sent orders of which nothing was heard for so many days; a batch."""
    before = clock.now() - timedelta(days=days)
    return _batch(Order.status.in_((SHIPPED, DELIVERED)) & (Order.updated_at < before), last)


def old_failures(keep_days: int, last: int = 0) -> list[int]:
    """The ids above `last` of closed orders whose time to be kept is over; a batch."""
    before = clock.now() - timedelta(days=keep_days)
    return _batch(Order.status.in_(CLOSED) & (Order.closed_at < before), last)


def _batch(wanted, last):
    found = select(Order.id).where(wanted, Order.id > last)
    return list(db.session.scalars(found.order_by(Order.id).limit(BATCH)))
