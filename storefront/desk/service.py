"""The verbs of the desk."""

from flask_babel import gettext as _

from storefront import orders, payments
from storefront.kit.db import db
from storefront.kit.errors import Conflict, NotFound
from storefront.payments.models import Bill, Refund
from storefront.payments.states import QUARANTINED


def refund(order_id: int, bill_id: int, *, reason: str, actor: str) -> Refund:
    """Ask for all the money of a quarantined bill to go back, and strike it off the desk. Once per bill,
    or once more after the gateway has refused.

    Raises NotFound if the bill is not the order's, Conflict, naming its state, when it does not wait any more.
    """
    orders.locked(order_id)
    bill = db.session.get(Bill, bill_id, populate_existing=True)
    if bill is None or bill.order_id != order_id:
        raise NotFound(_("There is no such payment."))
    if bill.disposition != QUARANTINED:
        raise Conflict(_("Somebody has decided about this money already."), state=bill.disposition)
    tries = sum(sent.bill_id == bill_id for sent in payments.refunds_of(order_id))
    key = f"desk-{bill.reference}-{tries + 1}"
    sent = payments.request_refund(bill, payments.refundable(bill), request_key=key, reason=reason, actor=actor)
    payments.resolve(bill, "refunded")
    return sent
