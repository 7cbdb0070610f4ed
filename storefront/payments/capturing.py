"""Authorized sums: taken (capture) or given up (void), on somebody's word, once, under a key of our own."""

import contextlib

from flask_babel import gettext as _
from sqlalchemy import select

from storefront.kit import clock, events
from storefront.kit.db import db
from storefront.kit.errors import Conflict
from storefront.payments.asking import FAILED, REQUESTED, SENT, SUCCEEDED, claimed, waiting_ids
from storefront.payments.bills import bills_of, view_of
from storefront.payments.configs import adapter, can, config_by_name
from storefront.payments.gateways import base
from storefront.payments.gateways.base import OperationResult, Outcome
from storefront.payments.models import Bill, Capture, LedgerEntry, PaymentMethod
from storefront.payments.questions import ask
from storefront.payments.states import APPLIED, AUTHORIZED

CAPTURE, VOID = "capture", "void"
BY_HAND, AT_RELEASE, ON_SHIPMENT = "by_hand", "at_release", "on_shipment"  # when a reserved sum is taken
ENDS = {CAPTURE: base.PAID, VOID: base.VOIDED}


def request_capture(bill: Bill, kind: str, actor: str) -> Capture:
    """Write down that a reserved sum shall be taken (or given up); again while that is under way: the same row.

    The caller holds the order's lock. Raises Conflict when nothing is reserved, the opposite is under way, or
    what is reserved is not what the bill asks for: then it can only be given up.
    """
    earlier = list(db.session.scalars(select(Capture).filter_by(bill_id=bill.id).order_by(Capture.id)))
    under_way = next((row for row in earlier if row.status in (REQUESTED, SENT)), None)
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
    """Its order is paid by this bill: what its other attempts have reserved is given up, unless it is being taken."""
    for other in bills_of(paid.order_id) if paid.order_id else ():
        if other.id != paid.id and other.status == AUTHORIZED:
            with contextlib.suppress(Conflict):
                request_capture(other, VOID, "the shop")


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
    asked = select(Capture.id).filter_by(bill_id=bill.id, kind=CAPTURE).where(Capture.status.in_((REQUESTED, SENT)))
    return db.session.scalar(asked.limit(1)) is not None


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
    """Write down what came of it; gives what has happened to the bill by it. The caller holds the order's lock."""
    if row.status not in (REQUESTED, SENT):
        return None
    row.updated_at, row.last_error = clock.now(), result.reason[:500]
    row.gateway_id = result.gateway_id or row.gateway_id
    if result.result == base.REFUSED:
        row.status = FAILED
        events.record(f"{row.kind.upper()}_FAILED", row.order_id, id=row.bill_id, reason=result.reason[:200])
    if result.result != base.DONE:
        return None
    row.status = SUCCEEDED
    bill = db.session.get_one(Bill, row.bill_id)
    amount = result.amount_minor or row.amount_minor  # what was taken is booked, whatever was asked for
    return Outcome(ENDS[row.kind], bill.reference, row.request_key, amount, row.currency, row.gateway_id)


def was_voided_by_us(bill: Bill) -> bool:
    """Whether somebody here has asked for the reserved sum to be given up."""
    return db.session.scalar(select(Capture.id).filter_by(bill_id=bill.id, kind=VOID).limit(1)) is not None


def _reserved(bill):
    """The sum that the gateway has reserved and its currency, in minor units; None if it never said so."""
    line = select(LedgerEntry).filter_by(bill_id=bill.id, kind="authorized").order_by(LedgerEntry.id.desc()).limit(1)
    entry = db.session.scalar(line)
    return (entry.amount_minor, entry.currency) if entry else None
