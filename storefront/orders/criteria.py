"""What orders are looked for by: one object, each part of it one condition that an index answers, freely combined.

Whoever lists orders for people or for programs takes the conditions and adds an order and a page of their own.
"""

from collections.abc import Callable, Iterator
from dataclasses import dataclass
from datetime import UTC, date, datetime, time, timedelta
from typing import Any
from zoneinfo import ZoneInfo

from flask_babel import lazy_gettext as _l
from sqlalchemy import ColumnElement, false, select, union

from storefront import store
from storefront.customers.text import folded
from storefront.kit.db import db
from storefront.orders import words
from storefront.orders.models import Order, OrderAddress, OrderLine, OrderNote, Shipment
from storefront.payments.models import Bill, DeskRow, GatewayConfig
from storefront.payments.states import DISPUTED

LAST = "\U0010ffff"  # no letter comes after it
FLAGS = {  # orders with something beside them that somebody may have to know
    "desk": (_l("Waits on the desk"), lambda: select(DeskRow.order_id).where(DeskRow.status == "OPEN")),
    "unread": (
        _l("Waits on the desk, and nobody looks at it"),
        lambda: select(DeskRow.order_id).where(DeskRow.status == "OPEN", DeskRow.assignee == ""),
    ),
    "note": (_l("Has a note"), lambda: select(OrderNote.order_id)),
    "dispute": (_l("Is disputed"), lambda: select(Bill.order_id).where(Bill.status == DISPUTED)),
}


@dataclass(frozen=True)
class Criteria:
    """What an order must be to be found; what is empty asks for nothing. Days are the shop's, both ends included."""

    number: str = ""
    key: str = ""
    customer_id: int | None = None
    email: str = ""  # whole
    name: str = ""  # of somebody in an address: how it begins
    address: str = ""  # words of an address, in any order
    sku: str = ""
    status: str = ""
    payment: str = ""
    fulfilment: str = ""
    shipment: str = ""  # the state of any of its parcels
    reference: str = ""  # ours or the gateway's, of any attempt
    since: date | None = None
    until: date | None = None
    least: int | None = None  # of the total, in minor units
    most: int | None = None
    currency: str = ""
    flags: frozenset[str] = frozenset()

    @property
    def empty(self) -> bool:
        """Whether nothing is asked for."""
        return self == Criteria()


def conditions(criteria: Criteria) -> Iterator[ColumnElement[bool]]:
    """One condition on orders for each thing that is asked for."""
    for name, condition in _CONDITIONS.items():
        value = getattr(criteria, name)
        if value is not None and value != "":
            yield condition(value)
    for flag in sorted(criteria.flags):
        _label, about = FLAGS[flag]
        yield Order.id.in_(about())


def midnight(day: date) -> datetime:
    """When a day of the shop begins."""
    return datetime.combine(day, time(), ZoneInfo(store.current().timezone)).astimezone(UTC)


def begins(column: Any, text: str) -> tuple[ColumnElement[bool], ColumnElement[bool]]:
    """A range of the index; the column is kept in the order of its bytes."""
    return column >= text, column < text + LAST


def _by_words(typed):
    found = words.with_words(typed)
    return false() if found is None else Order.id.in_(found)


def _by_name(name):
    text = folded(name)
    ways = [
        select(Order.id).join(OrderAddress, OrderAddress.id == owner).where(*begins(column, text))
        for column in (OrderAddress.name_folded, OrderAddress.last_name_first)
        for owner in (Order.shipping_address_id, Order.billing_address_id)
    ]
    return Order.id.in_(union(*ways))


def _by_reference(text):
    known = db.session.scalars(select(GatewayConfig.name)).all()
    ours = select(Bill.order_id).where(Bill.reference == text)
    theirs = select(Bill.order_id).where(Bill.backend.in_(known), Bill.transaction_id == text)
    return Order.id.in_(union(ours, theirs))


_CONDITIONS: dict[str, Callable[[Any], ColumnElement[bool]]] = {
    "number": lambda number: Order.number == number,
    "key": lambda key: Order.key == key,
    "customer_id": lambda customer_id: Order.customer_id == customer_id,
    "email": lambda email: Order.email == email.strip().lower(),
    "name": _by_name,
    "address": _by_words,
    "sku": lambda sku: Order.id.in_(select(OrderLine.order_id).where(OrderLine.sku == sku)),
    "status": lambda status: Order.status == status,
    "payment": lambda status: Order.payment_status == status,
    "fulfilment": lambda status: Order.fulfilment_status == status,
    "shipment": lambda status: Order.id.in_(select(Shipment.order_id).where(Shipment.status == status)),
    "reference": _by_reference,
    "since": lambda day: Order.placed_at >= midnight(day),
    "until": lambda day: Order.placed_at < midnight(day + timedelta(days=1)),
    "least": lambda amount: Order.total_minor >= amount,
    "most": lambda amount: Order.total_minor <= amount,
    "currency": lambda code: Order.currency == code,
}
