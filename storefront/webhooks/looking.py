"""What was sent to an address, for its page."""

from typing import NamedTuple

from sqlalchemy import func, select

from storefront.kit.db import db
from storefront.kit.events import OrderEvent, OutboxMessage
from storefront.orders.models import Order
from storefront.webhooks.endpoints import KIND
from storefront.webhooks.models import WebhookTry


class Delivery(NamedTuple):
    """One message with its event, the number of its order ("" if none) and the last try (None before the first)."""

    message: OutboxMessage
    event: OrderEvent
    number: str
    last: WebhookTry | None


def deliveries(endpoint_id: int, most: int = 50) -> list[Delivery]:
    """The latest messages to an address, newest first; one query."""
    last = (
        select(func.max(WebhookTry.id))
        .where(WebhookTry.outbox_id == OutboxMessage.id)
        .correlate(OutboxMessage)
        .scalar_subquery()
    )
    found = db.session.execute(
        select(OutboxMessage, OrderEvent, func.coalesce(Order.number, ""), WebhookTry)
        .join(OrderEvent, OrderEvent.id == OutboxMessage.event_id)
        .outerjoin(Order, Order.id == OrderEvent.order_id)
        .outerjoin(WebhookTry, WebhookTry.id == last)
        .where(OutboxMessage.kind == KIND, OutboxMessage.target == str(endpoint_id))
        .order_by(OutboxMessage.id.desc())
        .limit(most)
    )
    return [Delivery(*row) for row in found.tuples()]


def pings(endpoint_id: int, most: int = 5) -> list[WebhookTry]:
    """The latest test calls of an address, newest first."""
    tests = select(WebhookTry).filter_by(endpoint_id=endpoint_id, outbox_id=None)
    return list(db.session.scalars(tests.order_by(WebhookTry.id.desc()).limit(most)))
