"""Orders for other systems: chosen by simple criteria that combine freely, page by page from the newest on."""

from collections.abc import Iterable
from datetime import UTC, datetime, timedelta
from typing import Any, NamedTuple

from flask_babel import gettext as _
from sqlalchemy import select, tuple_
from sqlalchemy.orm import joinedload, selectinload

from storefront.kit.db import db
from storefront.kit.errors import Invalid
from storefront.orders.models import Order, OrderLine, Shipment
from storefront.orders.states import ALIASES
from storefront.payments.models import Bill

EPOCH = datetime(1970, 1, 1, tzinfo=UTC)
EXACT = {"payment_status": Order.payment_status, "fulfilment_status": Order.fulfilment_status}
SUMS = {"total_from": Order.total_minor.__ge__, "total_to": Order.total_minor.__le__}
MOMENTS = {
    "placed_from": Order.placed_at.__ge__,
    "placed_before": Order.placed_at.__lt__,
    "updated_from": Order.updated_at.__ge__,
}
CRITERIA = ("status", *EXACT, "sku", "reference", "email", *SUMS, *MOMENTS)
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
        raise Invalid(_("%(name)s must be a whole number from 0 to %(most)s.", name=name, most=most))
    return int(text)


def _whole():
    return (
        joinedload(Order.shipping_address),
        joinedload(Order.billing_address),
        selectinload(Order.lines),
        selectinload(Order.shipments).selectinload(Shipment.lines),
    )


def _conditions(asked: dict[str, str]) -> Iterable[Any]:
    for name, value in asked.items():
        if name == "status":
            yield Order.status == ALIASES.get(value.upper(), value.upper())
        elif name in EXACT:
            yield EXACT[name] == value.upper()
        elif name in SUMS:
            yield SUMS[name](whole_number(name, value))
        elif name in MOMENTS:
            yield MOMENTS[name](_moment(name, value))
        elif name == "sku":
            yield Order.id.in_(select(OrderLine.order_id).where(OrderLine.sku == value))
        elif name == "reference":
            yield Order.id.in_(select(Bill.order_id).where((Bill.reference == value) | (Bill.transaction_id == value)))
        elif name == "email":
            yield Order.email == value.lower()


def _moment(name, text):
    """A time like 2026-11-22T14:00:00Z; a day alone begins at midnight UTC."""
    try:
        read = datetime.fromisoformat(text)
        return (read if read.tzinfo else read.replace(tzinfo=UTC)).astimezone(UTC)
    except (ValueError, OverflowError):
        raise Invalid(_("%(name)s must be a time like 2026-11-22T14:00:00Z.", name=name)) from None


def _cursor(order):
    return f"{(order.placed_at - EPOCH) // timedelta(microseconds=1)}-{order.id}"


def _place(cursor):
    placed, _dash, row_id = cursor.partition("-")
    try:
        return EPOCH + timedelta(microseconds=whole_number("after", placed)), whole_number("after", row_id)
    except OverflowError:
        raise Invalid(_("This is no cursor of ours: begin again without it.")) from None
