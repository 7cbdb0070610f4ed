"""An order whose money is reserved: it waits for a person, is paid at once, or is packed and paid when it leaves."""

from storefront import payments
from storefront.kit.db import db
from storefront.kit.errors import Conflict
from storefront.orders.models import Order
from storefront.orders.releasing import release
from storefront.orders.reviewing import may_review, rule_hits, wait_for_a_look
from storefront.orders.states import ORDER
from storefront.payments.capturing import AT_RELEASE, ON_SHIPMENT
from storefront.payments.models import Bill


def go_on_reserved(order: Order, bill: Bill) -> None:
    """The sum of a bill is reserved, as it should be: the way to pay says when it is taken.

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
