"""Too little came, and the rest is asked for: a second bill for the difference, which the first money is added to.

The first money stays on the desk until the rest has come. Then the bill for the rest is the one that counts
(APPLIED), and the first is decided as `credited`: both together are what is due. Until then either can go back.
"""

from datetime import datetime

from flask_babel import gettext as _

from storefront import payments
from storefront.kit.db import db
from storefront.kit.errors import Conflict
from storefront.orders.finding import locked
from storefront.orders.models import Order
from storefront.orders.placing import window_end
from storefront.orders.states import REVIEW
from storefront.payments.models import Bill, PaymentMethod
from storefront.payments.states import AUTHORIZED, PENDING, QUARANTINED


def open_rest(order_id: int, until: datetime) -> Bill:
    """A bill for what is missing, to be paid until then at the latest; an older one that is still open is cancelled.

    Raises Conflict, naming the state, when nothing is missing any more, or its payment is on its way.
    """
    order = locked(order_id)
    bills = payments.bills_of(order.id)
    first = next((bill for bill in bills if _waits_in(order, bill)), None)
    if first is None or order.status != REVIEW:
        raise Conflict(_("Nothing more has to be paid for this order."), state=order.status)
    if any(bill.status in (PENDING, AUTHORIZED) for bill in bills):
        raise Conflict(_("A payment for this order is there already, or being processed."), state=order.status)
    for bill in payments.open_bills(order.id):
        payments.cancel(bill, "new_attempt")
    method = db.session.get_one(PaymentMethod, first.method_id)
    rest = order.due_minor - payments.refundable(first)
    return payments.open_rest_bill(
        order.id, order.number, method, rest, order.currency, min(until, window_end()), first
    )


def rest_of(order: Order, bill: Bill) -> int:
    """What is missing of the sum that is due beside the money of this bill, if that waits and is less; else 0."""
    return order.due_minor - payments.refundable(bill) if order.status == REVIEW and _waits_in(order, bill) else 0


def owed(order: Order, bill: Bill) -> int:
    """What this bill has to bring: all that is due, or what the money that it adds to leaves."""
    first = first_of(bill)
    return order.due_minor - (payments.refundable(first) if first and first.disposition == QUARANTINED else 0)


def credit_first(bill: Bill) -> None:
    """The money that this bill adds to counts for the order as well."""
    first = first_of(bill)
    if first and first.disposition == QUARANTINED:
        payments.resolve(first, payments.CREDITED)


def close_rest(order: Order) -> None:
    """Nobody asks for the rest any more."""
    for bill in payments.open_bills(order.id):
        if first_of(bill):
            payments.cancel(bill, "paid_by_another")


def first_of(bill: Bill) -> Bill | None:
    """The bill whose money this one adds to."""
    found = bill.extra.get(payments.REST_OF)
    return db.session.get(Bill, found) if found else None


def _waits_in(order, bill):
    """Whether less than is due came with this bill, in the right money, and nobody has decided. A rest has no rest."""
    if bill.disposition != QUARANTINED or bill.quarantine_reason != "amount_mismatch":
        return False
    if bill.method_id is None or first_of(bill):
        return False
    return payments.currency_of(bill) == order.currency and 0 < payments.refundable(bill) < order.due_minor
