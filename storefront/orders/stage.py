"""What the order page tells: one word for the state that the shopper is in, from stored facts only."""

from dataclasses import dataclass
from datetime import datetime

from storefront import payments
from storefront.orders.again import may_keep, may_reopen
from storefront.orders.models import Order
from storefront.orders.states import (
    ABANDONED,
    CLOSED,
    HOLD,
    NEW,
    PAYMENT_FAILED,
    RELEASED_STATES,
    REVIEW,
    STEP_FAILED,
    SUPERSEDED,
)
from storefront.payments.models import Bill
from storefront.payments.states import AUTHORIZED, CANCELLED, CREATED, FAILED, OPEN, PENDING, QUARANTINED, REDIRECTED

PAID, CONFIRMING, PENDING_STAGE, DECLINED = "paid", "confirming", "pending", "declined"
LEFT, UNPAID, EXPIRED, CLOSED_STAGE = "left", "unpaid", "expired", "closed"
ATTENTION, REFUNDED, SUPERSEDED_STAGE, LATE_MONEY = "attention", "refunded", "superseded", "late_money"
UNREACHABLE = "unreachable"  # the last attempt could not even be begun at its service
WAITING = (UNPAID, LEFT, DECLINED, UNREACHABLE)


@dataclass(frozen=True)
class Stage:
    """Where an order stands for its shopper."""

    word: str
    bill: Bill | None
    may_pay: bool
    may_cancel: bool
    may_keep: bool
    until: datetime | None  # what the shopper is told of the hold; stays when it has run out
    strays: list[Bill]  # paid, and waiting on the desk


def stage_of(order: Order, bills: list[Bill] | None = None) -> Stage:
    """The stage of an order by its own state and its latest attempt. Never says paid unless the ledger does."""
    bills = payments.bills_of(order.id) if bills is None else bills
    last = bills[-1] if bills else None
    word = _word(order, bills, last)
    payable = word in WAITING or (word in (CLOSED_STAGE, EXPIRED) and may_reopen(order))
    return Stage(
        word=word,
        bill=last,
        may_pay=payable,
        may_cancel=order.status in (NEW, HOLD) and word in WAITING,
        may_keep=may_keep(order) and word in WAITING,
        until=order.kept_until if order.status == HOLD or word == EXPIRED else None,
        strays=[bill for bill in bills if bill.disposition == QUARANTINED],
    )


def _word(order, bills, last):
    if order.status in RELEASED_STATES:
        return REFUNDED if order.payment_status == "REFUNDED" else PAID
    if order.status == REVIEW:
        return ATTENTION
    if any(bill.disposition == QUARANTINED for bill in bills):
        return LATE_MONEY
    if order.status in CLOSED:
        return _closed_word(order)
    if any(bill.status == AUTHORIZED for bill in bills):
        return CONFIRMING  # the money is reserved; a person takes it
    if any(bill.status == PENDING for bill in bills):
        return PENDING_STAGE
    return _open_word(order, last)


def _open_word(order, last):
    """An order that waits: what the last attempt says, and whether the shopper came back from it."""
    if last is None or last.status == CREATED:
        return UNPAID
    came_back = last.extra.get("returned")
    if last.status == REDIRECTED:
        return {"ok": CONFIRMING, "cancel": LEFT}.get(came_back or "", UNPAID)
    if last.status == FAILED:
        return DECLINED
    if last.status == CANCELLED and last.error_type == STEP_FAILED:
        return UNREACHABLE
    return LEFT if last.status not in OPEN else UNPAID


def _closed_word(order):
    if order.payment_status == "REFUNDED":
        return REFUNDED
    if order.close_reason == SUPERSEDED or order.superseded_by_order_id:
        return SUPERSEDED_STAGE
    return EXPIRED if order.close_reason in (ABANDONED, PAYMENT_FAILED) else CLOSED_STAGE
