"""How an event and an order look to other systems. Who they are about is told only to those who may know."""

from datetime import datetime
from typing import Any

from storefront.kit.events import OrderEvent
from storefront.orders.models import Order, OrderAddress

FIGURES = (
    "goods_minor",
    "discount_minor",
    "shipping_minor",
    "tax_minor",
    "total_minor",
    "due_minor",
    "paid_minor",
    "refunded_minor",
)
STATES = ("status", "payment_status", "fulfilment_status", "close_reason", "review_reason")
TIMES = ("placed_at", "paid_at", "closed_at", "updated_at")
LINE = ("sku", "title", "options", "unit_minor", "discount_minor", "tax_minor", "total_minor", "weight_g")
ADDRESS = ("name", "company", "line1", "line2", "city", "subdivision", "postcode", "country", "phone")
INNER = ("snapshot",)  # of use to the shop alone
PERSONAL = ("by", "by_hand", "customer", "waiting")  # who did it, or to whom
WORDS = {  # typed by people, who may name people
    "REFUND_REQUESTED": ("reason",),
    "ORDER_CANCELLED": ("detail",),
    "ORDER_SHIPMENT_HELD": ("reason",),
    "LETTER_RESENT": ("reason", "detail"),
}


def event_body(event: OrderEvent, number: str, *, personal: bool = False, order: Order | None = None) -> dict[str, Any]:
    """One event: its stable id, what and when, of which order and at which place of it, and what it says of itself.

    With an order and `personal` it brings along whose order it is: the copy that never changes.
    """
    hidden = INNER if personal else (*INNER, *PERSONAL, *WORDS.get(event.type, ()))
    about = whose(order) if personal and order else {}
    return {
        "id": f"evt_{event.feed_position}_{event.hash[:8]}",
        "type": event.type,
        "timestamp": _time(event.at),
        "actor": event.actor_kind,
        "order": {"number": number, "sequence": event.seq, **about} if event.order_id else None,
        "data": {name: value for name, value in event.data.items() if name not in hidden},
    }


def order_body(order: Order, *, personal: bool = False) -> dict[str, Any]:
    """One order as it is now. Sums are in minor units of its currency."""
    body = {
        "number": order.number,
        "version": order.version,
        "currency": order.currency,
        **{name: getattr(order, name) for name in (*STATES, *FIGURES)},
        **{name: _time(getattr(order, name)) for name in TIMES},
        "service_level": order.service_level.get("name", ""),
        "payment_method": order.payment_method.get("code", ""),
        "lines": [_line(line, personal) for line in order.lines],
        "shipments": [_shipment(shipment) for shipment in order.shipments],
    }
    return {**body, **whose(order)} if personal else body


def _line(line, personal):
    facts = {"id": line.id, "quantity": line.qty, **{name: getattr(line, name) for name in LINE}}
    return {**facts, "custom": line.custom} if personal else facts


def _shipment(shipment):
    return {
        "id": shipment.id,
        "status": shipment.status,
        "carrier": shipment.carrier,
        "tracking": shipment.tracking,
        "shipped_at": _time(shipment.shipped_at),
        "delivered_at": _time(shipment.delivered_at),
        "lines": [{"id": line.order_line_id, "quantity": line.qty} for line in shipment.lines],
    }


def whose(order: Order) -> dict[str, Any]:
    """The person behind an order."""
    return {
        "email": order.email,
        "locale": order.locale,
        "shipping_address": _address(order.shipping_address),
        "billing_address": _address(order.billing_address),
    }


def _address(address: OrderAddress | None):
    return {name: getattr(address, name) for name in ADDRESS} if address else None


def _time(moment: datetime | None):
    return moment.isoformat(timespec="milliseconds").replace("+00:00", "Z") if moment else None
