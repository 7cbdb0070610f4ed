"""What so many units of an order's lines were sold for: shares that sum to what the line cost, to the last coin."""

from collections import Counter
from collections.abc import Mapping

from sqlalchemy import func, select

from storefront import certificates, payments
from storefront.kit import money
from storefront.kit.db import db
from storefront.orders.models import Order, Shipment, ShipmentLine
from storefront.orders.return_models import OrderReturn, OrderReturnLine
from storefront.orders.states import CANCELLED


def worth_of(order: Order, units: Mapping[int, int], *, before: int | None = None) -> int:
    """What these units (order line id: how many) cost the shopper, discounts taken off and taxes in; minor units.

    They are the next after those that came back or were not sent: what all units of a line are worth, in whatever
    parts they are asked for, is what the line cost. `before` is a return that does not count itself, or later ones.
    """
    gone, total = units_gone(order.id, before=before), 0
    for line in order.lines:
        whole = line.total_minor if line.tax_inclusive else line.total_minor + line.tax_minor
        shares = money.split(whole, [1] * line.qty)
        total += sum(shares[gone[line.id] :][: units.get(line.id, 0)])
    return total


def refundable_worth(order: Order, units: Mapping[int, int]) -> int:
    """The same, but never more than can be sent back of the order's payment now; 0 without one."""
    return min(worth_of(order, units), refundable_of(order))


def refundable_of(order: Order) -> int:
    """What can still be sent back of the payments that count for an order, and of its gift certificates."""
    return money_left(order) + certificates.refundable(order.id)


def money_left(order: Order) -> int:
    """The same without gift certificates: what of the money itself has not gone back."""
    return sum(max(0, payments.refundable(bill)) for bill in payments.bills_of(order.id) if payments.counts(bill))


def units_gone(order_id: int, *, before: int | None = None) -> Counter[int]:
    """Order line id: how many of it were not sent after all, or came back (with returns `before` this one only)."""
    stopped = (
        select(ShipmentLine.order_line_id, func.sum(ShipmentLine.qty))
        .join(Shipment, Shipment.id == ShipmentLine.shipment_id)
        .where(Shipment.order_id == order_id, Shipment.status == CANCELLED)
        .group_by(ShipmentLine.order_line_id)
    )
    returned = (
        select(OrderReturnLine.order_line_id, func.sum(OrderReturnLine.received))
        .join(OrderReturn, OrderReturn.id == OrderReturnLine.return_id)
        .where(OrderReturn.order_id == order_id)
        .group_by(OrderReturnLine.order_line_id)
    )
    if before is not None:
        returned = returned.where(OrderReturn.id < before)
    gone: Counter[int] = Counter()
    for rows in (stopped, returned):
        gone.update({line_id: int(units) for line_id, units in db.session.execute(rows)})
    return gone
