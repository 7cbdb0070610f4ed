"""Authorized sums: taken (capture) or given up (void), on somebody's word, once, under a key of our own."""

import contextlib
from collections.abc import Iterable

from flask_babel import gettext as _
from sqlalchemy import select

from storefront.kit import clock, events
from storefront.kit.db import db
from storefront.kit.errors import Conflict
from storefront.payments.asking import FAILED, REQUESTED, SENT, SUCCEEDED, claimed, is_unanswered, waiting_ids
from storefront.payments.bills import bills_of, view_of
from storefront.payments.configs import adapter, can, config_by_name
from storefront.payments.gateways import base
from storefront.payments.gateways.base import OperationResult, Outcome
from storefront.payments.ledger import BY_HAND as SEEN_BY_HAND
from storefront.payments.models import Bill, Capture, LedgerEntry, PaymentMethod
from storefront.payments.questions import ask
from storefront.payments.states import APPLIED, AUTHORIZED, CANCELLED, MONEY
from storefront.payments.waiting import clear_desk, put_on_desk

CAPTURE, VOID = "capture", "void"
UNDER_WAY = (REQUESTED, SENT)
BY_HAND, AT_RELEASE, ON_SHIPMENT = "by_hand", "at_release", "on_shipment"  # when a reserved sum is taken
ENDS = {CAPTURE: base.PAID, VOID: base.VOIDED}
SAID = {base.PAID: "captured", base.VOIDED: "voided"}  # how the desk is told what became of a reserved sum
WENT_WRONG = ("capture_failed", "void_failed", "capture_unanswered", "void_unanswered")


def request_capture(bill: Bill, kind: str, actor: str) -> Capture:
    """Write down that a reserved sum shall be taken (or given up); again while that is under way: the same row.

    The caller holds the order's lock. Raises Conflict when nothing is reserved, the opposite is under way, or
    what is reserved is not what the bill asks for: then it can only be given up.
    """
    earlier = _asked_about(bill)
    under_way = next((row for row in earlier if row.status in UNDER_WAY), None)
    if under_way and under_way.kind == kind:
        return under_way
    if under_way or bill.status != AUTHORIZED or bill.order_id is None:
        raise Conflict(_("This sum is not reserved any more, or somebody has decided about it."), state=bill.status)
    if kind == CAPTURE and _reserved(bill) != (bill.amount_minor, bill.currency):
        raise Conflict(_("Another sum than that of the order is reserved: give it up."), state=bill.status)
    now = clock.now()
    row = Capture(
        order_id=bill.order_id,
        bill_id=bill.id,
        kind=kind,
        amount_minor=bill.amount_minor,
        currency=bill.currency,
        request_key=f"{kind}-{bill.reference}-{len(earlier) + 1}",
        actor=actor,
        created_at=now,
        updated_at=now,
    )
    db.session.add(row)
    db.session.flush()
    events.record(f"{kind.upper()}_REQUESTED", bill.order_id, id=bill.id, amount=bill.amount_minor)
    return row


def void_others(paid: Bill) -> None:
    """Its order is paid by this bill: what its other attempts have reserved is given up."""
    give_up(other for other in (bills_of(paid.order_id) if paid.order_id else ()) if other.id != paid.id)


def give_up(bills: Iterable[Bill]) -> None:
    """Nobody needs what these attempts have reserved: it is asked back, unless it is just being taken.

    Of that one its answer decides: see orders/capturing.py. The caller holds the locks of their orders.
    """
    for bill in bills:
        if bill.status == AUTHORIZED:
            with contextlib.suppress(Conflict):
                request_capture(bill, VOID, "the shop")


def taken_on_sending(order_id: int) -> Bill | None:
    """The bill whose reserved sum has to be taken before a parcel leaves, also if it is reserved no more; None if the
    order is paid, or needs no payment before.
    """
    bills = bills_of(order_id)
    if any(bill.disposition == APPLIED for bill in bills):
        return None
    reserved = select(LedgerEntry.bill_id).filter_by(order_id=order_id, kind="authorized")
    ids = set(db.session.scalars(reserved)) if bills else set()
    return next((bill for bill in reversed(bills) if bill.id in ids), None)


def is_being_taken(bill: Bill) -> bool:
    """Whether the payment service was asked to take what is reserved, and has not said what came of it."""
    return any(row.kind == CAPTURE for row in _under_way(bill))


def unanswered(bill: Bill) -> Capture | None:
    """What the payment service was asked to do with the reserved sum, if nobody has said what came of it."""
    return next((row for row in _under_way(bill) if row.status == SENT), None)


def capture_when(bill: Bill) -> str:
    """When the reserved sum of a bill is taken, as its way to pay says: BY_HAND, AT_RELEASE or ON_SHIPMENT."""
    method = db.session.get(PaymentMethod, bill.method_id) if bill.method_id else None
    return (method.settings.get("capture") or BY_HAND) if method else BY_HAND


def unsent_captures() -> list[int]:
    """The ids of captures and voids to send, and of those that it is time to ask about."""
    return waiting_ids(Capture)


def asked_of(order_id: int) -> list[int]:
    """The ids of an order's captures and voids that were asked for and are not sent yet."""
    return list(db.session.scalars(select(Capture.id).filter_by(order_id=order_id, status=REQUESTED)))


def claim_capture(capture_id: int) -> Capture | None:
    """Take one for the call; None if somebody else has it, or it is done."""
    return claimed(Capture, capture_id)


def call_capture(row: Capture) -> OperationResult:
    """Tell the gateway, over the network; after a try without an answer ask first what became of the payment."""
    bill = db.session.get_one(Bill, row.bill_id)
    if bill.status != AUTHORIZED:
        return _told_already(bill, row)
    config = config_by_name(bill.backend)
    translator, able = adapter(config), can(config)
    if not (able.can_capture if row.kind == CAPTURE else able.can_void):
        return OperationResult(base.REFUSED, reason=_("This payment service cannot do it: use its own console."))
    if row.tries > 1:
        outcomes = ask(bill)
        if outcomes is None:
            return OperationResult(base.UNKNOWN, reason=_("The payment service does not answer."))
        if done := next((outcome for outcome in outcomes if outcome.type == ENDS[row.kind]), None):
            return OperationResult(base.DONE, done.transaction, amount_minor=done.amount_minor)
    if row.kind == CAPTURE:
        return translator.capture(view_of(bill), row.amount_minor, row.request_key)
    return translator.void(view_of(bill), row.request_key)


def settle_capture(row: Capture, result: OperationResult) -> Outcome | None:
    """Write down what came of it; gives what has happened to the bill by it, unless a message has told that already.

    The caller holds the order's lock, and has found it under way.
    """
    row.updated_at, row.last_error = clock.now(), result.reason[:500]
    row.gateway_id = result.gateway_id or row.gateway_id
    if result.result == base.DONE:
        return _done(row, result)
    if result.result == base.REFUSED:
        row.status = FAILED
        clear_desk("refused", bill_id=row.bill_id, reason=f"{row.kind}_unanswered")
        events.record(f"{row.kind.upper()}_FAILED", row.order_id, id=row.bill_id, reason=result.reason[:200])
    elif is_unanswered(row):
        row.alarmed_at = clock.now()
        went_wrong(row, "unanswered")
        events.record(f"{row.kind.upper()}_UNANSWERED", row.order_id, id=row.bill_id, amount=row.amount_minor)
    return None


def seen_by_hand(row: Capture) -> OperationResult:
    """A person has seen that it was done; without a name of the gateway's, its message may still tell that."""
    return OperationResult(base.DONE, row.gateway_id or f"{SEEN_BY_HAND}{row.request_key}")


def went_wrong(row: Capture, how: str, why: str = "") -> None:
    """A person has to know: it `failed`, or is `unanswered`."""
    put_on_desk(
        f"{row.kind}_{how}",
        order_id=row.order_id,
        bill_id=row.bill_id,
        amount_minor=row.amount_minor,
        currency=row.currency,
        suggested="",
        why=why,
    )


def reservation_over(bill: Bill, type_: str) -> None:
    """What was reserved is taken (PAID) or not there any more (VOIDED): whatever went wrong with it needs nobody."""
    for reason in WENT_WRONG if type_ == base.PAID else (*WENT_WRONG, "reserved_sum_wrong"):
        clear_desk(SAID[type_], bill_id=bill.id, reason=reason)


def was_voided_by_us(bill: Bill) -> bool:
    """Whether somebody here has asked for the reserved sum to be given up."""
    return db.session.scalar(select(Capture.id).filter_by(bill_id=bill.id, kind=VOID).limit(1)) is not None


def _asked_about(bill):
    """What the service was asked to do with the reserved sum of a bill, oldest first."""
    return list(db.session.scalars(select(Capture).filter_by(bill_id=bill.id).order_by(Capture.id)))


def _under_way(bill):
    return [row for row in _asked_about(bill) if row.status in UNDER_WAY]


def _told_already(bill, row):
    """What a message has made of the reserved sum since it was asked for: there is nothing left to call for."""
    if bill.status in (MONEY if row.kind == CAPTURE else (CANCELLED,)):
        return OperationResult(base.DONE, bill.transaction_id or "")
    why = _("This sum is not reserved any more, or somebody has decided about it.")
    return OperationResult(base.REFUSED, reason=why)


def _done(row, result):
    row.status = SUCCEEDED
    bill, type_ = db.session.get_one(Bill, row.bill_id), ENDS[row.kind]
    reservation_over(bill, type_)
    named = row.gateway_id if row.gateway_id and not row.gateway_id.startswith(SEEN_BY_HAND) else ""
    transaction = named or bill.transaction_id or ""
    if row.kind == CAPTURE and bill.status in MONEY and transaction == (bill.transaction_id or ""):
        return None  # a message was quicker: the same payment
    amount = result.amount_minor or row.amount_minor  # what was taken is booked, whatever was asked for
    return Outcome(type_, bill.reference, row.request_key, amount, row.currency, transaction)


def _reserved(bill):
    """The sum that the gateway has reserved and its currency, in minor units; None if it never said so."""
    line = select(LedgerEntry).filter_by(bill_id=bill.id, kind="authorized").order_by(LedgerEntry.id.desc()).limit(1)
    entry = db.session.scalar(line)
    return (entry.amount_minor, entry.currency) if entry else None
