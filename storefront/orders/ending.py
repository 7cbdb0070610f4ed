"""Orders end without being fulfilled, one or many at once: goods go back, attempts are closed, carts stay.

What hangs on them is gone through kind by kind and not order by order: many of them cost little more than one, and
locks are taken in the order that everybody keeps.
"""

from collections.abc import Iterable, Sequence

from sqlalchemy import select

from storefront import cart, certificates, payments, promotions, stock, taxes
from storefront.kit import clock
from storefront.kit.db import db
from storefront.orders.driving import drive
from storefront.orders.gifts import let_go
from storefront.orders.models import Order, OrderLine, Shipment
from storefront.orders.money import refresh_all
from storefront.orders.reviewing import end_doubts
from storefront.orders.states import BY_TIME, ORDER, REVIEW


def close(order: Order, event: str, reason: str, detail: str = "") -> None:
    """End a locked order as failed or cancelled, with all that hangs on it, in the caller's transaction."""
    close_all([order], event, reason, detail)


def close_all(orders: Sequence[Order], event: str, reason: str, detail: str = "") -> None:
    """End locked orders as failed or cancelled, with all that hangs on them, in the caller's transaction."""
    doubts = {order.id: order.review_reason for order in orders if order.status == REVIEW}
    ended = ORDER.apply_all(orders, event, reason=reason, detail=detail)
    if not ended:
        return
    ids = [order.id for order in ended]
    end_doubts(ended, "cancelled", reasons=doubts)
    for order in ended:
        order.close_reason, order.closed_at = reason, clock.now()
    cart.forget_orders(ids)  # before the goods: see stock/timed.py
    stock.release(ids, reason, by_time=reason in BY_TIME)
    if using := promotions.users_among(ids):
        promotions.release(*using)
    for order in _with_certificates(ended):
        let_go(order)
    bills = payments.bills_of(*ids)
    payments.cancel_all(bills, reason)
    payments.give_up(bills)
    taxes.void_documents(ids)
    for order in _with(Shipment, ended):
        drive(order, event)
    refresh_all(ended)


def _with_certificates(orders):
    """Those that use gift certificates, or buy some."""
    found = {order.id for order in _with(OrderLine, orders, OrderLine.gift_certificate)}
    found |= certificates.users_among([order.id for order in orders])
    return [order for order in orders if order.id in found]


def _with(kind: type[OrderLine] | type[Shipment], orders: Iterable[Order], *conditions):
    """Those of the orders that have such rows."""
    wanted = select(kind.order_id).where(kind.order_id.in_([order.id for order in orders]), *conditions).distinct()
    found = set(db.session.scalars(wanted))
    return [order for order in orders if order.id in found]
