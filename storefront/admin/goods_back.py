"""Which goods of an order can come back to the shelf, and of which money staff are asked whether they have."""

from typing import NamedTuple

from storefront import payments
from storefront.kit import events
from storefront.kit.events import OrderEvent
from storefront.orders.models import Order
from storefront.orders.states import DELIVERED, SHIPPED
from storefront.payments.models import Refund


class Question(NamedTuple):
    """Money that went back at the gateway itself: staff are asked whether the goods are back, too."""

    key: str
    amount_minor: int
    currency: str
    returnable: dict[int, int]  # order line id: how many can have come back at most


def questions_of(found: Order, history: list[OrderEvent]) -> list[Question]:
    """What staff have not answered yet; nothing as long as a refund of ours may turn out to be what was meant."""
    answered = {event.data["key"] for event in history if event.type == "RESTOCK_ANSWERED"}
    seen = [event for event in history if event.type == "REFUND_SEEN" and event.data["key"] not in answered]
    open_ones = [event.data for event in seen if not payments.is_ours(event.data["id"], event.data["key"])]
    most = returnable(found, payments.refunds_of(found.id)) if open_ones else {}
    return [Question(data["key"], data["amount"], data["currency"], most) for data in open_ones]


def returnable(found: Order, refunds: list[Refund]) -> dict[int, int]:
    """How many of each line have left the house and are not back on the shelf yet."""
    left = {each.id: 0 for each in found.lines}
    for shipment in found.shipments:
        if shipment.status in (SHIPPED, DELIVERED):
            for part in shipment.lines:
                left[part.order_line_id] += part.qty
    for refund in refunds:
        if refund.status in ("REQUESTED", "SENT"):
            for wanted in refund.restock:
                left[wanted["line"]] = left.get(wanted["line"], 0) - int(wanted["qty"])
    for event in events.of_order(found.id):
        if event.type == "STOCK_RETURNED":
            left[event.data["line"]] = left.get(event.data["line"], 0) - event.data["qty"]
    return {line_id: max(0, count) for line_id, count in left.items()}
