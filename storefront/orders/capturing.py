"""An order whose payment is only reserved: the money is taken on somebody's word, or given up."""

from flask_babel import gettext as _

from storefront import payments
from storefront.kit.db import db
from storefront.kit.errors import NotFound
from storefront.orders.finding import locked
from storefront.orders.settling import settle
from storefront.orders.states import RELEASED_STATES
from storefront.payments.gateways.base import OperationResult
from storefront.payments.models import Bill, Capture


def request_capture(order_id: int, bill_id: int, kind: str, actor: str) -> Capture:
    """Take (capture) or give up (void) what is reserved. Raises NotFound, and Conflict when nothing is reserved."""
    locked(order_id)
    bill = db.session.get(Bill, bill_id, populate_existing=True)
    if bill is None or bill.order_id != order_id:
        raise NotFound(_("There is no such payment."))
    return payments.request_capture(bill, kind, actor)


def finish_capture(capture_id: int, result: OperationResult) -> None:
    """Write down what the gateway answered; what has happened to the money goes the way of every message."""
    row = db.session.get_one(Capture, capture_id)
    order = locked(row.order_id)
    row = db.session.get_one(Capture, capture_id, populate_existing=True)
    outcome = payments.settle_capture(row, result)
    if row.kind == "capture" and row.status == "FAILED" and order.status in RELEASED_STATES:
        about = {"order_id": row.order_id, "bill_id": row.bill_id}
        sum_minor, why = row.amount_minor, row.last_error
        payments.put_on_desk(
            "capture_failed", **about, amount_minor=sum_minor, currency=row.currency, suggested="", why=why
        )
    if outcome:
        payments.clear_desk("captured", bill_id=row.bill_id, reason="capture_failed")
        settle(db.session.get_one(Bill, row.bill_id), outcome)
