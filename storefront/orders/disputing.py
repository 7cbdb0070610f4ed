"""Money that went back past the shop: by the gateway's own console, or because the shopper's bank took it."""

from storefront import payments
from storefront.kit import events
from storefront.kit.db import db
from storefront.orders.driving import drive
from storefront.orders.gifts import reinstate_bought, suspend_bought, used_of_bought
from storefront.orders.models import Order
from storefront.orders.refunding import finish_refund
from storefront.orders.states import CLOSED, ORDER, PREPARING, REVIEW
from storefront.payments.gateways import base
from storefront.payments.gateways.base import OperationResult, Outcome
from storefront.payments.models import Bill
from storefront.payments.states import DISPUTED, NONE
from storefront.payments.sums import balance_of

REASON, GIFT_USED = "disputed", "gift_used"


def sent_back(order: Order | None, bill: Bill, outcome: Outcome) -> None:
    """Money went back: the end of a refund of ours that waited for its answer, or something to ask staff about.

    The goods of a refund that was made elsewhere stay where they are until somebody says that they are back.
    """
    if ours := payments.refund_told(bill, outcome):
        finish_refund(ours, OperationResult(base.DONE, payments.event_key(outcome)))
    elif order:
        facts = {"key": payments.event_key(outcome), "amount": outcome.amount_minor, "currency": outcome.currency}
        events.record("REFUND_SEEN", order.id, id=bill.id, **facts)


def dispute(order: Order, bill: Bill) -> None:
    """The bank took money that pays the order: what is still in the house stays there until a person decides.

    So does what is left on the gift certificates that it bought; what is used of them is told at the desk.
    """
    if not payments.counts(bill):
        return
    if order.status in PREPARING:
        order.review_reason = REASON
        ORDER.apply(order, "doubted", reason=REASON, bill=bill.id)
    drive(order, "disputed", reason=REASON)
    suspend_bought(order)
    if used := used_of_bought(order):
        payments.put_on_desk(GIFT_USED, order_id=order.id, amount_minor=used, currency=order.currency)


def end_dispute(order: Order, bill: Bill) -> None:
    """The bank gave the money to us again: the order goes on from where it was held.

    If it was closed meanwhile, its money waits on the desk, since nobody has sent it back.
    """
    if order.status in CLOSED:
        if balance_of(bill) > 0 and payments.counts(bill):
            bill.disposition = NONE
            db.session.flush()
            payments.quarantine(bill, "late_order_closed", state=order.status)
        return
    if any(other.status == DISPUTED for other in payments.bills_of(order.id)):
        return
    if order.status == REVIEW and order.review_reason == REASON:
        order.review_reason = ""
        ORDER.apply(order, "released", reason="dispute_won")
    if order.status != REVIEW:
        drive(order, "dispute_won")
    reinstate_bought(order)
    payments.clear_desk("won_back", order_id=order.id, reason=GIFT_USED)
