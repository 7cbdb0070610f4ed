"""Money back to the customer, in full or in part, and goods back on the shelf if staff say so."""

from typing import Any

from flask_babel import gettext as _

from storefront import payments, stock
from storefront.kit import events
from storefront.kit.db import db
from storefront.kit.errors import Conflict
from storefront.orders.finding import locked
from storefront.orders.models import Order, OrderLine
from storefront.orders.money import refresh
from storefront.payments.gateways.base import DONE, OperationResult
from storefront.payments.models import Refund
from storefront.payments.states import APPLIED


def request_refund(
    order_id: int, amount_minor: int, *, request_key: str, reason: str, actor: str, restock: dict[int, int]
) -> Refund:
    """Ask for a sum to go back to the card; `restock` maps order line ids to quantities for the shelf.

    Once per `request_key`. Raises Conflict if the order has no payment, Invalid if the sum is too much.
    """
    order = locked(order_id)
    bill = next((bill for bill in payments.bills_of(order.id) if bill.disposition == APPLIED), None)
    if bill is None:
        raise Conflict(_("This order has no payment that could be sent back."), state=order.payment_status)
    wanted: list[dict[str, Any]] = [{"line": line, "qty": qty} for line, qty in restock.items() if qty]
    return payments.request_refund(
        bill, amount_minor, request_key=request_key, reason=reason, actor=actor, restock=wanted
    )


def finish_refund(refund: Refund, result: OperationResult) -> Order | None:
    """Write down what the gateway answered, and put back on the shelf what staff said."""
    order = locked(refund.order_id) if refund.order_id else None
    db.session.refresh(refund)  # as it is under the lock: another worker may have had the same answer
    before = refund.status
    payments.settle_refund(refund, result)
    if order and result.result == DONE and before != refund.status:
        _put_back(order, refund)
    if order:
        refresh(order)
    return order


def _put_back(order, refund):
    for wish in refund.restock:
        line = db.session.get(OrderLine, wish["line"])
        if line and line.order_id == order.id:
            back = stock.take_back(line, int(wish["qty"]), ref=order.number, actor=refund.actor)
            events.record("STOCK_RETURNED", order.id, line=line.id, qty=back)
