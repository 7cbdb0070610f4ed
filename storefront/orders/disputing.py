"""Money that went back past the shop: by the gateway's own console, or because the shopper's bank took it."""

from storefront import payments
from storefront.kit import events
from storefront.kit.db import db
from storefront.orders.driving import drive
from storefront.orders.gifts import reinstate_bought, suspend_bought, used_of_bought
from storefront.orders.models import Order
from storefront.orders.refunding import finish_refund
from storefront.orders.states import CLOSED, DOUBTS, MONEY_GONE, ORDER, PARTIALLY_SHIPPED, PREPARING, REVIEW
from storefront.payments.gateways import base
from storefront.payments.gateways.base import OperationResult, Outcome
from storefront.payments.models import Bill
from storefront.payments.states import APPLIED, DISPUTED, NONE, QUARANTINED
from storefront.payments.sums import balance_of, currency_of, refundable

REASON, GIFT_USED = "disputed", "gift_used"
IN_THE_HOUSE = (REVIEW, *PREPARING, PARTIALLY_SHIPPED)  # all of its goods, or a part of them


def sent_back(order: Order | None, bill: Bill, outcome: Outcome) -> None:
    """Money went back: the end of a refund of ours that waited for its answer, or something to ask staff about.

    The goods of a refund that was made elsewhere stay where they are until somebody says that they are back; those of
    an order of which no money is left do not leave the house before somebody has looked.
    """
    if ours := payments.refund_told(bill, outcome):
        finish_refund(ours, OperationResult(base.DONE, payments.event_key(outcome)))
    elif order:
        facts = {"key": payments.event_key(outcome), "amount": outcome.amount_minor, "currency": outcome.currency}
        events.record("REFUND_SEEN", order.id, id=bill.id, **facts)
        _ask_if_gone(order, bill)


def dispute(order: Order, bill: Bill) -> None:
    """The bank took money that pays the order: what is still in the house stays there until a person decides.

    So does what is left on the gift certificates that it bought; what is used of them is told at the desk. Other money
    may be what somebody was to decide about.
    """
    if not payments.counts(bill):
        return _ask_if_gone(order, bill)
    if order.status in PREPARING:
        order.review_reason = REASON
        ORDER.apply(order, "doubted", reason=REASON, bill=bill.id)
    drive(order, "disputed", reason=REASON)
    suspend_bought(order)
    if used := used_of_bought(order):
        payments.put_on_desk(GIFT_USED, order_id=order.id, amount_minor=used, currency=order.currency)
    return None


def is_disputed(order: Order) -> bool:
    """Whether the bank disputes a payment of it, and nobody has decided about that row of the desk.

    One that is lost never ends at the bank: it is over once staff have.
    """
    return any(row.reason == REASON for row in payments.desk_rows_of(order.id))


def end_dispute(order: Order, bill: Bill) -> None:
    """The bank gave the money to us again: the order goes on from where it was held.

    If it was closed meanwhile, its money waits on the desk, since nobody has sent it back. If all of it was sent back
    meanwhile, or it waited for a decision before, the order waits for that.
    """
    if order.status in CLOSED:
        if balance_of(bill) > 0 and payments.counts(bill):
            bill.disposition = NONE
            db.session.flush()
            payments.quarantine(bill, "late_order_closed", state=order.status)
        return None
    if any(other.status == DISPUTED and payments.counts(other) for other in payments.bills_of(order.id)):
        return None  # what was paid twice and pays nothing holds nobody: see `dispute`
    if order.status in IN_THE_HOUSE and payments.counts(bill) and not _any_left(order):
        return _ask(order)
    if order.status == REVIEW and order.review_reason == MONEY_GONE:
        return _wait_for_it_again(order, bill)
    if order.status == REVIEW and order.review_reason == REASON:
        order.review_reason = ""
        ORDER.apply(order, "released", reason="dispute_won")
    if order.status != REVIEW:
        drive(order, "dispute_won")
    reinstate_bought(order)
    payments.clear_desk("won_back", order_id=order.id, reason=GIFT_USED)
    return None


def let_other_pay(order: Order) -> None:
    """All that counted for the order has gone back, and it was paid twice: the other payment counts instead."""
    bills = payments.bills_of(order.id)
    gone = next((bill for bill in bills if bill.disposition == APPLIED), None)
    twice = [bill for bill in bills if (bill.disposition, bill.quarantine_reason) == (QUARANTINED, "duplicate_payment")]
    fits = [bill for bill in twice if (refundable(bill), currency_of(bill)) == (order.due_minor, order.currency)]
    if gone and fits and not _any_left(order):
        gone.quarantine_reason = "duplicate_payment"  # which it is, should the bank give it again
        payments.resolve(gone, "refunded")
        db.session.flush()
        payments.accept(fits[0])


def _ask_if_gone(order, bill):
    """Money went back past the shop: if that was all that paid the order, or that a person was to decide about, it
    neither goes on unpaid nor waits for ever.
    """
    if order.status not in IN_THE_HOUSE or _any_left(order) or not (order.status == REVIEW or payments.counts(bill)):
        return
    if _paying(order):
        _ask(order)
    elif not any(row.reason == order.review_reason for row in payments.desk_rows_of(order.id)):
        waiting = [other for other in payments.bills_of(order.id) if other.disposition == QUARANTINED]
        if waiting:
            order.review_reason = waiting[0].quarantine_reason
        else:
            _ask(order)


def _ask(order):
    """Nothing is left of its money: a person decides about the order, or time, which cancels it."""
    if order.status in PREPARING or (order.status == REVIEW and order.review_reason not in DOUBTS):
        if order.review_reason:
            payments.clear_desk("refunded", order_id=order.id, reason=order.review_reason)
        order.review_reason = MONEY_GONE
        ORDER.apply(order, "doubted", reason=MONEY_GONE)
    drive(order, "doubted", reason=MONEY_GONE)
    suspend_bought(order)
    payments.put_on_desk(MONEY_GONE, order_id=order.id, amount_minor=order.due_minor, currency=order.currency)


def _wait_for_it_again(order, bill):
    """Money that fitted nowhere is there once more, and no other pays the order: the same question is open again."""
    if bill.disposition == QUARANTINED and not _paying(order):
        payments.clear_desk("won_back", order_id=order.id, reason=MONEY_GONE)
        order.review_reason = bill.quarantine_reason


def _any_left(order):
    """Whether something is left of the money that counts for an order, or the bank has still to decide about it."""
    return any(bill.status == DISPUTED or balance_of(bill) > 0 for bill in _paying(order))


def _paying(order):
    return [bill for bill in payments.bills_of(order.id) if payments.counts(bill)]
