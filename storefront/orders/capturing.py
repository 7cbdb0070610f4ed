"""An order whose payment is only reserved: the money is taken on somebody's word, or given up."""

from flask_babel import gettext as _

from storefront import payments
from storefront.kit.db import db
from storefront.kit.errors import NotFound
from storefront.orders.finding import locked
from storefront.orders.money import is_paid
from storefront.orders.settling import settle
from storefront.orders.states import CLOSED, RELEASED_STATES
from storefront.payments.gateways import base
from storefront.payments.gateways.base import OperationResult
from storefront.payments.models import Bill, Capture
from storefront.payments.states import AUTHORIZED


def request_capture(order_id: int, bill_id: int, kind: str, actor: str) -> Capture:
    """Take (capture) or give up (void) what is reserved. Raises NotFound, and Conflict when nothing is reserved."""
    locked(order_id)
    bill = db.session.get(Bill, bill_id, populate_existing=True)
    if bill is None or bill.order_id != order_id:
        raise NotFound(_("There is no such payment."))
    return payments.request_capture(bill, kind, actor)


def finish_capture(capture_id: int, result: OperationResult) -> None:
    """Write down what the gateway, or a person who has looked there, answered; what has happened to the money goes the
    way of every message.
    """
    row = db.session.get_one(Capture, capture_id)
    order = locked(row.order_id)
    row = db.session.get_one(Capture, capture_id, populate_existing=True)
    if row.status not in payments.UNDER_WAY and result.result != base.DONE:  # what was done is a fact
        return
    outcome = payments.settle_capture(row, result)
    if result.result == base.REFUSED:
        _refused(order, row)
    if outcome:
        settle(db.session.get_one(Bill, row.bill_id), outcome)


def _refused(order, row):
    """What nobody needs any more is given up. A person has to know of a sum that cannot be given up, or without which a
    parcel cannot leave.
    """
    bill = db.session.get_one(Bill, row.bill_id)
    if row.kind == "void":
        needs_a_person = bill.status == AUTHORIZED
    elif order.status in CLOSED or is_paid(order):
        needs_a_person = False
        payments.give_up([bill])
    else:
        needs_a_person = order.status in RELEASED_STATES
    if needs_a_person:
        payments.went_wrong(row, "failed", why=row.last_error)
