"""A refund goes to its gateway: once, under its key; what nobody answers is asked about, and told to the owner."""

from dataclasses import replace

from flask_babel import gettext as _
from sqlalchemy import select

from storefront.kit import clock, events
from storefront.kit.db import db
from storefront.payments.asking import FAILED, REQUESTED, SENT, SUCCEEDED, claimed, is_unanswered, waiting_ids
from storefront.payments.bills import view_of
from storefront.payments.configs import adapter, can, config_by_name
from storefront.payments.errors import GatewayError
from storefront.payments.gateways import base
from storefront.payments.gateways.base import OperationResult, Outcome
from storefront.payments.ledger import counts, record
from storefront.payments.models import Bill, DeskRow, Refund
from storefront.payments.states import QUARANTINED, RESOLVED
from storefront.payments.sums import balance_of
from storefront.payments.waiting import clear_desk, put_on_desk, take_off_desk


def unsent_refunds() -> list[int]:
    """The ids of refunds to send, and of those whose answer never came and that it is time to ask about."""
    return waiting_ids(Refund)


def claim(refund_id: int) -> Refund | None:
    """Take a refund for sending; None if somebody else has it, or it is done."""
    return claimed(Refund, refund_id)


def call_gateway(refund: Refund) -> OperationResult:
    """Tell the gateway, over the network; from the second time on ask it first what it knows of our key."""
    bill = db.session.get_one(Bill, refund.bill_id)
    config = config_by_name(bill.backend)
    translator, able = adapter(config), can(config)
    if not able.can_refund:
        return OperationResult(base.REFUSED, reason=_("This payment service cannot refund: do it in its own console."))
    if refund.tries > 1:
        return _ask(translator, able, bill, refund)
    if balance_of(bill) < refund.amount_minor:
        return OperationResult(base.REFUSED, reason=_("The money is not there any more: it went back another way."))
    return translator.refund(view_of(bill), refund.amount_minor, refund.request_key)


def settle_refund(refund: Refund, result: OperationResult) -> None:
    """Write down what came of it. The caller holds the order's lock."""
    if refund.status not in (REQUESTED, SENT):
        return
    refund.updated_at, refund.last_error = clock.now(), result.reason[:500]
    refund.gateway_id = result.gateway_id or refund.gateway_id
    if result.result == base.DONE:
        _succeed(refund)
    elif result.result == base.REFUSED:
        _fail(refund)
    elif is_unanswered(refund):
        refund.alarmed_at = clock.now()
        _to_the_desk(refund, "refund_unanswered")
        events.record("REFUND_UNANSWERED", refund.order_id, id=refund.id, amount=refund.amount_minor)


def _ask(translator, able, bill, refund):
    """What became of an earlier try. Only what certainly never arrived is sent again, under the same key."""
    if not able.can_query_refund:
        return OperationResult(base.UNKNOWN, reason=_("Nobody can be asked about it: look in the gateway's console."))
    try:
        found = translator.query_refund(view_of(bill), refund.request_key)
    except GatewayError as error:
        return OperationResult(base.UNKNOWN, reason=error.message)
    if found.result != base.NEVER_ARRIVED:
        return found
    return translator.refund(view_of(bill), refund.amount_minor, refund.request_key)


def _succeed(refund):
    refund.status, refund.gateway_id = SUCCEEDED, refund.gateway_id or refund.request_key
    bill = db.session.get_one(Bill, refund.bill_id)
    what = Outcome(base.REFUNDED, bill.reference, refund.gateway_id, refund.amount_minor, refund.currency)
    record(bill, replace(what, request_key=refund.request_key))
    _off_the_desk(refund, "refund_unanswered", "answered")
    if balance_of(bill) <= 0:
        clear_desk("refunded", bill_id=bill.id, reason="refund_failed")
    events.record("REFUND_SUCCEEDED", refund.order_id, id=refund.id, amount=refund.amount_minor)


def _fail(refund):
    """It is refused: a person decides again, also about money that was decided about before, if any is left.

    Money that counts for its order goes on counting, alone or together with that of the rest.
    """
    refund.status = FAILED
    bill = db.session.get_one(Bill, refund.bill_id)
    if bill.disposition == RESOLVED and not counts(bill) and balance_of(bill) > 0:
        bill.disposition, bill.resolution = QUARANTINED, ""
    _off_the_desk(refund, "refund_unanswered", "refused")
    _to_the_desk(refund, "refund_failed", why=refund.last_error)
    why = refund.last_error[:200]
    events.record("REFUND_FAILED", refund.order_id, id=refund.id, amount=refund.amount_minor, reason=why)


def _to_the_desk(refund, reason, **evidence):
    """One row for a bill, which names all of its refunds that wait for a person."""
    facts = {"refunds": [refund.id], **evidence}
    money = {"amount_minor": refund.amount_minor, "currency": refund.currency}
    row = put_on_desk(reason, order_id=refund.order_id, bill_id=refund.bill_id, **money, **facts)
    if refund.id not in row.evidence["refunds"]:
        row.evidence = {**row.evidence, "refunds": [*row.evidence["refunds"], refund.id]}
        row.amount_minor += refund.amount_minor


def _off_the_desk(refund, reason, decision):
    """It needs nobody any more; the row goes with the last of its refunds."""
    for row in db.session.scalars(select(DeskRow).filter_by(bill_id=refund.bill_id, reason=reason, status="OPEN")):
        left = [other for other in row.evidence["refunds"] if other != refund.id]
        if left:
            row.evidence = {**row.evidence, "refunds": left}
            row.amount_minor -= refund.amount_minor
        else:
            take_off_desk(row, decision)
