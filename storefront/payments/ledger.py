"""What money did: facts, only ever appended. A fact is never refused; at worst it is quarantined."""

from typing import Any, NamedTuple

from sqlalchemy import literal, or_, select

from storefront.kit import clock, events, money
from storefront.kit.db import db
from storefront.kit.errors import Conflict
from storefront.payments.asking import SUCCEEDED
from storefront.payments.bills import new_bill, view_of
from storefront.payments.fates import CHANGED, DUPLICATE, NO_EFFECT
from storefront.payments.gateways import base
from storefront.payments.gateways.base import Outcome
from storefront.payments.models import Bill, Capture, LedgerEntry, Refund
from storefront.payments.states import APPLIED, BILL, MONEY, NONE, QUARANTINED, RESOLVED
from storefront.payments.sums import balance_of, currency_of, refundable, totals_of
from storefront.payments.waiting import clear_desk, put_on_desk

CREDITED = "credited"  # decided: it counts for its order together with the bill that paid the rest
BY_HAND = "by-hand:"  # how the ledger names what a person has given back past the gateway
AS_CREDIT = "as-credit:"  # the same for what became credit in the shop
KINDS = {
    base.PAID: "captured",
    base.AUTHORIZED: "authorized",
    base.REFUNDED: "refunded",
    base.VOIDED: "voided",
    base.CHARGED_BACK: "charged_back",
    base.WON_BACK: "won_back",
}
MOVES = {
    base.PENDING: "pending",
    base.AUTHORIZED: "authorized",
    base.DECLINED: "failed",
    base.CANCELLED: "cancelled",
    base.EXPIRED: "expired",
    base.VOIDED: "voided",
}


class Recorded(NamedTuple):
    """What a message did: a word for the inbox, and the bill whose money it is now."""

    word: str
    bill: Bill


def record(bill: Bill, outcome: Outcome) -> Recorded:
    """Write down what a gateway says of a bill, once. The caller holds the order's lock.

    The word is CHANGED, DUPLICATE (we knew), or NO_EFFECT (weaker than what we knew).
    """
    if outcome.type == base.UNKNOWN:  # neither a yes nor a no: somebody has to find out what it means
        put_on_desk("unknown_word", order_id=bill.order_id, bill_id=bill.id, word=outcome.vendor_code)
        return Recorded(NO_EFFECT, bill)
    kind = KINDS.get(outcome.type)
    if kind and (_known(bill, outcome, kind) or _given_by_hand(bill, outcome) or _taken_by_hand(bill, outcome)):
        return Recorded(DUPLICATE, bill)
    if outcome.type == base.PAID:
        return _paid(bill, outcome)
    if outcome.type in AFTERWARDS:
        return _afterwards(bill, outcome)
    move = MOVES[outcome.type]
    if outcome.type == base.AUTHORIZED and totals_of(bill)["voided"]:  # told late: it is not reserved any more
        return Recorded(NO_EFFECT, bill)
    if not BILL.allows(bill, move):
        return Recorded(DUPLICATE if BILL.table[move][1] == bill.status else NO_EFFECT, bill)
    if kind:
        enter(bill, outcome, kind)
    if outcome.type == base.AUTHORIZED and not _of_another(bill, outcome):
        bill.transaction_id = outcome.transaction or None  # whoever takes it, or gives it up, names it so
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
            currency=money.code(outcome.currency),
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
    _off_the_desk(bill, "accepted")
    bill.disposition, bill.quarantine_reason = APPLIED, ""
    db.session.flush()


def quarantine(bill: Bill, reason: str, **evidence: Any) -> None:
    """The money is there but fits nowhere: it waits on the desk, with the reason."""
    if bill.disposition in (NONE, QUARANTINED) and bill.quarantine_reason != reason:
        _off_the_desk(bill, reason)
        bill.disposition, bill.quarantine_reason = QUARANTINED, reason
        left, currency = max(0, balance_of(bill)), currency_of(bill)
        events.record("BILL_QUARANTINED", bill.order_id, id=bill.id, reason=reason)
        put_on_desk(reason, order_id=bill.order_id, bill_id=bill.id, amount_minor=left, currency=currency, **evidence)


def counts(bill: Bill) -> bool:
    """Whether its money pays its order: alone, or together with that of the bill for the rest."""
    return bill.disposition == APPLIED or (bill.disposition == RESOLVED and bill.resolution == CREDITED)


def resolve(bill: Bill, resolution: str) -> None:
    """Somebody has decided about quarantined money."""
    bill.disposition, bill.resolution = RESOLVED, resolution
    _off_the_desk(bill, resolution)
    events.record("BILL_RESOLVED", bill.order_id, id=bill.id, resolution=resolution)


def quarantined() -> list[Bill]:
    """Money that waits on the desk, oldest first."""
    return list(db.session.scalars(select(Bill).filter_by(disposition=QUARANTINED).order_by(Bill.created_at)))


def _off_the_desk(bill, decision):
    """The row of the desk that its present reason has put there is decided."""
    if bill.quarantine_reason:
        clear_desk(decision, bill_id=bill.id, reason=bill.quarantine_reason)


def _known(bill, outcome, kind):
    """By the gateway's own name for the event, else by transaction, kind and amount (another channel)."""
    by_key = select(LedgerEntry.id).filter_by(backend=bill.backend, gateway_event_key=event_key(outcome), kind=kind)
    if db.session.scalar(by_key):
        return True
    same = kind == "captured" and outcome.transaction and bill.transaction_id == outcome.transaction
    return bool(same and bill.status in MONEY)


def _given_by_hand(bill, outcome):
    """Whether a person has entered this refund already: by our key for it, else one of the same sum, once.

    The refund then keeps the name that the gateway gives it.
    """
    if outcome.type != base.REFUNDED or outcome.event_key.startswith(BY_HAND):
        return False
    named, unnamed = Refund.gateway_id == BY_HAND + event_key(outcome), literal(BY_HAND) + Refund.request_key
    same = (LedgerEntry.amount_minor == outcome.amount_minor) & (LedgerEntry.currency == money.code(outcome.currency))
    ours = or_(named, (Refund.gateway_id == unnamed) & same)
    found = db.session.scalar(
        select(Refund)
        .join(LedgerEntry, (LedgerEntry.bill_id == Refund.bill_id) & (LedgerEntry.gateway_event_key == unnamed))
        .where(Refund.bill_id == bill.id, Refund.request_key == outcome.request_key if outcome.request_key else ours)
        .order_by(named.desc(), Refund.id)
        .limit(1)
    )
    if found:
        found.gateway_id = BY_HAND + event_key(outcome)
    return found is not None


def _taken_by_hand(bill, outcome):
    """Whether a person has said already that this sum, which was reserved, was taken: then it is not a second payment.

    It then has the names that the gateway gives it.
    """
    if outcome.type != base.PAID or bill.status not in MONEY:
        return False
    named, unnamed = BY_HAND + event_key(outcome), literal(BY_HAND) + Capture.request_key
    same = (Capture.amount_minor == outcome.amount_minor) & (Capture.currency == money.code(outcome.currency))
    asked = select(Capture).where(Capture.bill_id == bill.id, Capture.kind == "capture", Capture.status == SUCCEEDED)
    found = db.session.scalar(asked.where(or_(Capture.gateway_id == named, (Capture.gateway_id == unnamed) & same)))
    if found and not _of_another(bill, outcome):
        found.gateway_id, bill.transaction_id = named, outcome.transaction or bill.transaction_id
    return found is not None


def _paid(bill, outcome):
    if _of_another(bill, outcome):
        events.record("BILL_TRANSACTION_REUSED", bill.order_id, id=bill.id)
        return Recorded(NO_EFFECT, bill)  # a transaction counts once, for one bill, in the whole shop
    if bill.status in MONEY:
        bill = _another(bill, outcome)
    bill.transaction_id, bill.verified = outcome.transaction or None, True
    enter(bill, outcome, "captured")
    BILL.apply(bill, "paid", amount=outcome.amount_minor, currency=outcome.currency)
    return Recorded(CHANGED, bill)


def _of_another(bill, outcome):
    same = select(Bill.id).filter_by(backend=bill.backend, transaction_id=outcome.transaction)
    return outcome.transaction and db.session.scalar(same.where(Bill.id != bill.id))


def _another(bill, outcome):
    """Money that came for a bill which is paid already: an attempt of its own, so that nothing is lost."""
    return new_bill(
        bill.order_id,
        f"{bill.reference}~",
        backend=bill.backend,
        method_id=bill.method_id,
        amount_minor=max(1, outcome.amount_minor),
        currency=money.code(outcome.currency),
        extra={"order": bill.extra.get("order", ""), "session": view_of(bill).gateway_reference or bill.reference},
    )


def _afterwards(bill, outcome):
    """What happens to money that was taken: it goes back, or the bank takes it, or gives it to us again.

    Told before the payment itself (or a win before its dispute), the message waits, and is tried again; so does
    one in another currency than the payment's, until a person looks at it: nothing of that money came.
    """
    if bill.status not in MONEY or (outcome.type == base.WON_BACK and not _is_disputed(bill)):
        raise Conflict("News of a payment that is not known yet.", state=bill.status)
    if money.code(outcome.currency) != currency_of(bill):
        raise Conflict("News in another currency than the payment's.", state=bill.status)
    enter(bill, outcome, KINDS[outcome.type])
    AFTERWARDS[outcome.type](bill, outcome)
    left = balance_of(bill)
    if left < 0:
        events.record("BILL_REFUNDED_TOO_MUCH", bill.order_id, id=bill.id, excess=-left)
        _to_the_desk(bill, "refunded_too_much", -left, currency_of(bill))
    if left <= 0 and bill.disposition == QUARANTINED:
        resolve(bill, "refunded")
    elif outcome.type == base.WON_BACK and bill.resolution == "refunded" and refundable(bill) > 0:
        _wait_again(bill)
    return Recorded(CHANGED, bill)


def _is_disputed(bill):
    """Whether the bank has taken money and not given all of it back, as far as we were told."""
    rows = totals_of(bill)
    return rows["won_back"] < rows["charged_back"]


def _wait_again(bill):
    """Money that fitted nowhere was gone, and is there once more: the same question is open again."""
    reason, bill.disposition = bill.quarantine_reason, NONE
    bill.quarantine_reason = bill.resolution = ""
    quarantine(bill, reason)


def _refunded(bill, outcome):
    gone = balance_of(bill) <= 0
    if gone:  # nothing is left that a refused refund could still send
        clear_desk("refunded", bill_id=bill.id, reason="refund_failed")
    move = "refunded" if gone else "partially_refunded"
    if BILL.allows(bill, move):
        BILL.apply(bill, move, amount=outcome.amount_minor)


def _charged_back(bill, outcome):
    if BILL.allows(bill, "disputed"):
        BILL.apply(bill, "disputed", amount=outcome.amount_minor)
    _to_the_desk(bill, "disputed", outcome.amount_minor, outcome.currency)


def _to_the_desk(bill, reason, amount_minor, currency):
    put_on_desk(reason, order_id=bill.order_id, bill_id=bill.id, amount_minor=amount_minor, currency=currency)


def _won_back(bill, outcome):
    if _is_disputed(bill):
        return  # another part of it is still disputed
    clear_desk("won_back", bill_id=bill.id, reason="disputed")
    back = totals_of(bill)["refunded"]
    word = "won_back" if not back else "won_back_partially_refunded" if balance_of(bill) > 0 else "won_back_refunded"
    if BILL.allows(bill, word):
        BILL.apply(bill, word, amount=outcome.amount_minor)


AFTERWARDS = {base.REFUNDED: _refunded, base.CHARGED_BACK: _charged_back, base.WON_BACK: _won_back}
