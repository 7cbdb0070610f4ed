"""Orders for other systems: chosen by simple criteria that combine freely, page by page from the newest on."""

from collections.abc import Iterator
from datetime import UTC, datetime, timedelta
from typing import Any, NamedTuple

from flask_babel import gettext as _
from sqlalchemy import select, tuple_
from sqlalchemy.orm import joinedload, selectinload

from storefront.api.errors import unreadable
from storefront.kit.db import db
from storefront.orders.criteria import FLAGS, Criteria, conditions
from storefront.orders.models import Order, Shipment
from storefront.orders.states import ALIASES

EPOCH = datetime(1970, 1, 1, tzinfo=UTC)
PLAIN = {  # what is compared as it is typed, by its name in Criteria
    "number": "number",
    "status": "status",
    "payment_status": "payment",
    "fulfilment_status": "fulfilment",
    "shipment_status": "shipment",
    "sku": "sku",
    "reference": "reference",
    "currency": "currency",
}
SUMS = {"total_from": "least", "total_to": "most"}
WHOSE = ("email", "name", "address")  # only for those who may know
MOMENTS = {
    "placed_from": Order.placed_at.__ge__,
    "placed_before": Order.placed_at.__lt__,
    "updated_from": Order.updated_at.__ge__,
}
CRITERIA = (*PLAIN, "flags", *SUMS, *MOMENTS, *WHOSE)
LARGEST = 2**62


class Listed(NamedTuple):
    """One page of orders, and the cursor of the next ("" after the last)."""

    orders: list[Order]
    next: str


def listed(asked: dict[str, str], after: str, most: int) -> Listed:
    """The orders that fit every criterion, newest first. Raises Invalid, naming what cannot be read."""
    query = select(Order).order_by(Order.placed_at.desc(), Order.id.desc()).limit(most + 1).options(*_whole())
    for condition in _conditions(asked):
        query = query.where(condition)
    if after:
        query = query.where(tuple_(Order.placed_at, Order.id) < tuple_(*_place(after)))
    found = list(db.session.scalars(query))
    return Listed(found[:most], _cursor(found[most - 1]) if len(found) > most else "")


def by_number(number: str) -> Order | None:
    """One order by its number."""
    return db.session.scalar(select(Order).filter_by(number=number).options(*_whole()))


def whole_number(name: str, text: str, most: int = LARGEST) -> int:
    """A whole number from zero up. Raises Invalid."""
    if not (text.isascii() and text.isdigit() and len(text) < 20 and int(text) <= most):
        raise unreadable(name, _("%(name)s must be a whole number from 0 to %(most)s.", name=name, most=most))
    return int(text)


def _whole():
    return (
        joinedload(Order.shipping_address),
        joinedload(Order.billing_address),
        selectinload(Order.lines),
        selectinload(Order.shipments).selectinload(Shipment.lines),
    )


def _conditions(asked: dict[str, str]) -> Iterator[Any]:
    """The criteria by which staff look for orders, too, and moments to the second."""
    wanted: dict[str, Any] = {PLAIN[name]: _state(name, value) for name, value in asked.items() if name in PLAIN}
    wanted |= {SUMS[name]: whole_number(name, value) for name, value in asked.items() if name in SUMS}
    wanted |= {name: value for name, value in asked.items() if name in WHOSE}
    yield from conditions(Criteria(**wanted, flags=_flags(asked.get("flags", ""))))
    for name in asked.keys() & MOMENTS.keys():
        yield MOMENTS[name](_moment(name, asked[name]))


def _state(name, value):
    if name == "currency" or name.endswith("status"):
        value = value.upper()
    return ALIASES.get(value, value) if name == "status" else value


def _flags(text):
    found = frozenset(text.replace(",", " ").split())
    if found - FLAGS.keys():
        raise unreadable("flags", _("%(name)s must be some of %(known)s.", name="flags", known=", ".join(FLAGS)))
    return found


def _moment(name, text):
    """A time like 2026-11-22T14:00:00Z; a day alone begins at midnight UTC."""
    try:
        read = datetime.fromisoformat(text)
        return (read if read.tzinfo else read.replace(tzinfo=UTC)).astimezone(UTC)
    except (ValueError, OverflowError):
        raise unreadable(name, _("%(name)s must be a time like 2026-11-22T14:00:00Z.", name=name)) from None


def _cursor(order):
    return f"{(order.placed_at - EPOCH) // timedelta(microseconds=1)}-{order.id}"


def _place(cursor):
    placed, _dash, row_id = cursor.partition("-")
    try:
        return EPOCH + timedelta(microseconds=whole_number("after", placed)), whole_number("after", row_id)
    except OverflowError:
        raise unreadable("after", _("This is no cursor of ours: begin again without it.")) from None
