"""An order whose money is reserved: it waits for a person, is paid at once, or is packed and paid when it leaves."""

from storefront import payments
from storefront.kit import money
from storefront.kit.db import db
from storefront.kit.errors import Conflict
from storefront.orders.models import Order
from storefront.orders.money import is_paid
from storefront.orders.releasing import release
from storefront.orders.reviewing import may_review, rule_hits, wait_for_a_look
from storefront.orders.states import CLOSED, ORDER
from storefront.payments.capturing import AT_RELEASE, ON_SHIPMENT
from storefront.payments.gateways.base import Outcome
from storefront.payments.models import Bill


def sum_reserved(order: Order, bill: Bill, outcome: Outcome) -> None:
    """A gateway reserved a sum: what no order waits for is given up; another one than that of the bill is looked at.

    Never is another sum taken.
    """
    if order.status in CLOSED or is_paid(order) or _another_is_taken(order):
        payments.request_capture(bill, "void", "the shop")
    elif (outcome.amount_minor, money.code(outcome.currency)) != (bill.amount_minor, bill.currency):
        reserved_wrongly(bill, outcome, "currency_mismatch" if outcome.currency != bill.currency else "amount_mismatch")
    else:
        _go_on(order, bill)


def reserved_wrongly(bill: Bill, outcome: Outcome, why: str) -> None:
    """A reservation that is not the one we asked for: it can be given up, if it is one of ours at all."""
    payments.put_on_desk(
        "reserved_sum_wrong",
        order_id=bill.order_id,
        bill_id=bill.id,
        amount_minor=outcome.amount_minor,
        currency=money.code(outcome.currency),
        why=why,
    )


def reservation_ended(order: Order, bill: Bill) -> None:
    """What was only reserved is not there any more: unless we gave it up, a person has to know."""
    if not payments.was_voided_by_us(bill):
        payments.put_on_desk(
            "authorization_ended",
            order_id=order.id,
            bill_id=bill.id,
            amount_minor=bill.amount_minor,
            currency=bill.currency,
        )


def _another_is_taken(order):
    """Whether the sum that another attempt has reserved is just being taken: one is enough."""
    return any(payments.is_being_taken(bill) for bill in payments.bills_of(order.id))


def _go_on(order, bill):
    """The sum of the bill is reserved, as it should be: the way to pay says when it is taken.

    At the release it is asked for at once, and the order goes on when it has come. On shipment the order is packed
    now, unless something of it needs no parcel: that is handed over at once, and so paid at once. By hand, and when
    goods are gone, the order waits for a person, at the latest when its time is over.
    """
    when = payments.capture_when(bill)
    if when == AT_RELEASE or (when == ON_SHIPMENT and _gives_at_once(order)):
        payments.request_capture(bill, "capture", "the shop")
    elif when == ON_SHIPMENT and may_review(order):
        if hits := rule_hits(order):
            wait_for_a_look(order, hits, bill)
        else:
            _pack(order, bill)


def _gives_at_once(order):
    """Whether something of it leaves without a parcel: a gift certificate that can be spent, say."""
    return any(not line.requires_shipping for line in order.lines)


def _pack(order, bill):
    """The order is packed; if its goods are gone, it stays as it is and waits for a person."""
    try:
        with db.session.begin_nested():
            _release(order, bill)
    except Conflict:
        db.session.refresh(order)


def _release(order, bill):
    ORDER.apply(order, "released", reason="authorized")
    release(order)
    for other in payments.open_bills(order.id):
        payments.cancel(other, "paid_by_another")
