"""What money did: facts, only ever appended. A fact is never refused; at worst it is quarantined."""

from typing import NamedTuple

from sqlalchemy import func, select

from storefront.kit import clock, events
from storefront.kit.db import db
from storefront.kit.errors import Conflict
from storefront.payments.bills import new_bill
from storefront.payments.gateways import base
from storefront.payments.gateways.base import Outcome
from storefront.payments.models import Bill, LedgerEntry
from storefront.payments.states import APPLIED, BILL, MONEY, NONE, QUARANTINED, RESOLVED

KINDS = {
    base.PAID: "captured",
    base.AUTHORIZED: "authorized",
    base.REFUNDED: "refunded",
    base.VOIDED: "voided",
    base.CHARGED_BACK: "charged_back",
}
MOVES = {
    base.PENDING: "pending",
    base.AUTHORIZED: "authorized",
    base.DECLINED: "failed",
    base.CANCELLED: "cancelled",
    base.EXPIRED: "expired",
    base.VOIDED: "voided",
    base.CHARGED_BACK: "disputed",
}
DUPLICATE, NO_EFFECT, CHANGED = "DUPLICATE", "NO_EFFECT", "CHANGED"


class Money(NamedTuple):
    """What an order's bills have seen, in minor units."""

    authorized: int = 0
    captured: int = 0
    refunded: int = 0
    charged_back: int = 0
    quarantined: int = 0


class Recorded(NamedTuple):
    """What a message did: a word for the inbox, and the bill whose money it is now."""

    word: str
    bill: Bill


def record(bill: Bill, outcome: Outcome) -> Recorded:
    """Write down what a gateway says of a bill, once. The caller holds the order's lock.

    The word is CHANGED, DUPLICATE (we knew), or NO_EFFECT (weaker than what we knew).
    """
    bill.updated_at = clock.now()
    kind = KINDS.get(outcome.type)
    if kind and _known(bill, outcome, kind):
        return Recorded(DUPLICATE, bill)
    if outcome.type == base.PAID:
        return _paid(bill, outcome)
    if outcome.type == base.REFUNDED:
        return _refunded(bill, outcome)
    move = MOVES[outcome.type]
    if not BILL.allows(bill, move):
        return Recorded(DUPLICATE if BILL.table[move][1] == bill.status else NO_EFFECT, bill)
    if kind:
        enter(bill, outcome, kind)
    bill.verified = True
    bill.error_type = outcome.error_type or bill.error_type
    bill.vendor_code = outcome.vendor_code or bill.vendor_code
    BILL.apply(bill, move, reason=outcome.error_type)
    return Recorded(CHANGED, bill)


def enter(bill: Bill, outcome: Outcome, kind: str) -> None:
    """One line of the ledger."""
    db.session.add(
        LedgerEntry(
            bill_id=bill.id,
            order_id=bill.order_id,
            backend=bill.backend,
            kind=kind,
            amount_minor=outcome.amount_minor,
            currency=outcome.currency,
            gateway_event_key=event_key(outcome),
            occurred_at=outcome.occurred_at,
            recorded_at=clock.now(),
        )
    )
    db.session.flush()


def event_key(outcome: Outcome) -> str:
    """The name of an event; without one of the gateway's, its transaction (or bill), kind and amount."""
    return outcome.event_key or f"{outcome.transaction or outcome.reference}:{outcome.type}:{outcome.amount_minor}"


def accept(bill: Bill) -> None:
    """The money of this bill pays its order."""
    bill.disposition, bill.quarantine_reason = APPLIED, ""
    db.session.flush()


def quarantine(bill: Bill, reason: str) -> None:
    """The money is there but fits nowhere: it waits on the desk, with the reason."""
    if bill.disposition in (NONE, QUARANTINED) and bill.quarantine_reason != reason:
        bill.disposition, bill.quarantine_reason = QUARANTINED, reason
        events.record("BILL_QUARANTINED", bill.order_id, id=bill.id, reason=reason)


def resolve(bill: Bill, resolution: str) -> None:
    """Somebody has decided about quarantined money."""
    bill.disposition, bill.resolution = RESOLVED, resolution
    events.record("BILL_RESOLVED", bill.order_id, id=bill.id, resolution=resolution)


def quarantined() -> list[Bill]:
    """Money that waits on the desk, oldest first."""
    return list(db.session.scalars(select(Bill).filter_by(disposition=QUARANTINED).order_by(Bill.created_at)))


def money_of(order_id: int, currency: str) -> Money:
    """What happened to the money of an order in its currency, over all of its bills; one query."""
    rows = db.session.execute(
        select(LedgerEntry.kind, Bill.disposition, func.sum(LedgerEntry.amount_minor))
        .join(Bill, Bill.id == LedgerEntry.bill_id)
        .where(LedgerEntry.order_id == order_id, LedgerEntry.currency == currency)
        .group_by(LedgerEntry.kind, Bill.disposition)
    ).all()

    def total(kind, *dispositions):
        return int(sum(s for k, d, s in rows if k == kind and (not dispositions or d in dispositions)))

    return Money(
        authorized=total("authorized"),
        captured=total("captured"),
        refunded=total("refunded"),
        charged_back=total("charged_back"),
        quarantined=total("captured", QUARANTINED) - total("refunded", QUARANTINED),
    )


def currency_of(bill: Bill) -> str:
    """The currency in which a bill was paid, which is not always the one that it asks for."""
    paid = select(LedgerEntry.currency).filter_by(bill_id=bill.id, kind="captured").limit(1)
    return db.session.scalar(paid) or bill.currency


def balance_of(bill: Bill) -> int:
    """What is left of the money of a bill: captured, minus refunded, minus charged back."""
    rows = dict(
        db.session.execute(
            select(LedgerEntry.kind, func.sum(LedgerEntry.amount_minor))
            .where(LedgerEntry.bill_id == bill.id)
            .group_by(LedgerEntry.kind)
        ).all()
    )
    return int(rows.get("captured", 0)) - int(rows.get("refunded", 0)) - int(rows.get("charged_back", 0))


def _known(bill, outcome, kind):
    """By the gateway's own name for the event, else by transaction, kind and amount (another channel)."""
    by_key = select(LedgerEntry.id).filter_by(backend=bill.backend, gateway_event_key=event_key(outcome), kind=kind)
    if db.session.scalar(by_key):
        return True
    same = kind == "captured" and outcome.transaction and bill.transaction_id == outcome.transaction
    return bool(same and bill.status in MONEY)


def _paid(bill, outcome):
    other = outcome.transaction and db.session.scalar(
        select(Bill).filter_by(backend=bill.backend, transaction_id=outcome.transaction).where(Bill.id != bill.id)
    )
    if other:
        events.record("BILL_TRANSACTION_REUSED", bill.order_id, id=bill.id)
        return Recorded(NO_EFFECT, bill)  # a transaction counts once, for one bill, in the whole shop
    if bill.status in MONEY:
        bill = _another(bill, outcome)
    bill.transaction_id, bill.verified = outcome.transaction or None, True
    enter(bill, outcome, "captured")
    BILL.apply(bill, "paid", amount=outcome.amount_minor, currency=outcome.currency)
    return Recorded(CHANGED, bill)


def _another(bill, outcome):
    """Money that came for a bill which is paid already: an attempt of its own, so that nothing is lost."""
    return new_bill(
        bill.order_id,
        f"{bill.reference}~",
        backend=bill.backend,
        method_id=bill.method_id,
        amount_minor=max(1, outcome.amount_minor),
        currency=outcome.currency,
        extra={"order": bill.extra.get("order", ""), "session": bill.extra.get("session", bill.reference)},
    )


def _refunded(bill, outcome):
    if bill.status not in MONEY:  # its payment is still on the way: the message waits, and is tried again
        raise Conflict("A refund of a payment that is not known yet.", state=bill.status)
    enter(bill, outcome, "refunded")
    left = balance_of(bill)
    move = "refunded" if left <= 0 else "partially_refunded"
    if BILL.allows(bill, move):
        BILL.apply(bill, move, amount=outcome.amount_minor)
    if left < 0:
        events.record("BILL_REFUNDED_TOO_MUCH", bill.order_id, id=bill.id, excess=-left)
    return Recorded(CHANGED, bill)
