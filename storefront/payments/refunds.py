"""Money that shall go back: asked for once, and what a person says of it. sending.py sends it."""

from typing import Any

from flask_babel import gettext as _
from sqlalchemy import func, select

from storefront.kit import clock, events
from storefront.kit.db import db
from storefront.kit.errors import Conflict, Invalid
from storefront.payments.asking import FAILED, REQUESTED, SENT, SUCCEEDED
from storefront.payments.configs import can, config_by_name
from storefront.payments.gateways import base
from storefront.payments.gateways.base import Outcome
from storefront.payments.ledger import AS_CREDIT, BY_HAND, record, resolve
from storefront.payments.models import Bill, Refund
from storefront.payments.states import QUARANTINED
from storefront.payments.sums import balance_of, currency_of, refundable, totals_of


def request_refund(
    bill: Bill, amount_minor: int, *, request_key: str, reason: str, actor: str, lines=(), restock=()
) -> Refund:
    """Write down that money shall go back. The same key again gives the same refund.

    The caller holds the order's lock. Raises Invalid for a sum that is not there to be sent back.
    """
    same = db.session.scalar(select(Refund).filter_by(request_key=request_key))
    if same:
        return same
    left = refundable(bill)
    if not 0 < amount_minor <= left:
        raise Invalid(_("This sum is more than what can be sent back."), fields={"amount": [_("Enter a smaller sum.")]})
    now = clock.now()
    refund = Refund(
        order_id=bill.order_id,
        bill_id=bill.id,
        amount_minor=amount_minor,
        currency=currency_of(bill),
        reason=reason,
        lines=list(lines),
        restock=list(restock),
        request_key=request_key,
        actor=actor,
        created_at=now,
        updated_at=now,
    )
    db.session.add(refund)
    db.session.flush()
    events.record("REFUND_REQUESTED", bill.order_id, id=refund.id, amount=amount_minor, reason=reason)
    return refund


def refund_as_credit(bill: Bill, amount_minor: int, *, request_key: str, reason: str, actor: str) -> Refund:
    """So much of a payment goes to the customer as credit in the shop: it is in the ledger, and no gateway sends it.

    The caller holds the order's lock, and gives the credit. Raises Invalid for a sum that is not there.
    """
    refund = request_refund(bill, amount_minor, request_key=request_key, reason=reason, actor=actor)
    if refund.status == REQUESTED:
        key = f"{AS_CREDIT}{request_key}"
        record(bill, Outcome(base.REFUNDED, bill.reference, key, amount_minor, refund.currency))
        refund.status, refund.gateway_id, refund.updated_at = SUCCEEDED, key, clock.now()
        events.record("REFUND_CREDITED", refund.order_id, id=refund.id, amount=amount_minor, by=actor)
    return refund


def refunds_of(order_id: int) -> list[Refund]:
    """The refunds of an order, oldest first."""
    return list(db.session.scalars(select(Refund).filter_by(order_id=order_id).order_by(Refund.id)))


def retry_refund(refund: Refund, actor: str) -> Refund:
    """Try once more: a refused refund is asked for under a new key; one without an answer is asked about at once,
    and sent again under its old key, unasked only where nobody can be asked. The caller holds the order's lock.
    Raises Conflict for one that is done.
    """
    bill = db.session.get_one(Bill, refund.bill_id)
    if refund.status == SENT:
        asks = can(config_by_name(bill.backend)).can_query_refund
        refund.tries, refund.next_try_at, refund.alarmed_at = 1 if asks else 0, clock.now(), None
        return refund
    again = request_refund(
        bill,
        _left_of(refund).amount_minor,
        request_key=f"{refund.request_key}~{refund.tries + 1}",
        reason=refund.reason,
        actor=actor,
        lines=refund.lines,
        restock=refund.restock,
    )
    _decided(bill)
    return again


def give_by_hand(refund: Refund, actor: str) -> None:
    """A person says that the customer has the money: paid past the gateway, or seen in its console.

    Only what is left of the payment's money is entered: what went back past the shop stands in the ledger already, and
    is this refund's, unless another one has it. One for which nothing is left has sent nothing. The caller holds the
    order's lock. Raises Conflict for a refund that is done.
    """
    _left_of(refund)
    bill = db.session.get_one(Bill, refund.bill_id)
    key, left = f"{BY_HAND}{refund.request_key}", max(0, min(refund.amount_minor, balance_of(bill)))
    given = min(refund.amount_minor, left + _unclaimed(bill))
    if left > 0:
        record(bill, Outcome(base.REFUNDED, bill.reference, key, left, refund.currency))
    if given > 0:
        refund.status, refund.gateway_id, refund.amount_minor = SUCCEEDED, key, given
        events.record("REFUND_SUCCEEDED", refund.order_id, id=refund.id, amount=given, by_hand=actor)
    else:
        refund.status = FAILED
        events.record("REFUND_FAILED", refund.order_id, id=refund.id, amount=refund.amount_minor, by_hand=actor)
    refund.updated_at = clock.now()
    _decided(bill)


def _unclaimed(bill):
    """What went back of a payment, and is no refund of ours: made at the service's own console."""
    ours = select(func.coalesce(func.sum(Refund.amount_minor), 0)).filter_by(bill_id=bill.id, status=SUCCEEDED)
    return max(0, totals_of(bill)["refunded"] - int(db.session.scalar(ours) or 0))


def refund_told(bill: Bill, outcome: Outcome) -> Refund | None:
    """The refund of ours, still without an answer, that a message about money sent back speaks of.

    A service that repeats no key of ours, and cannot be asked, has only the sum to know it by.
    """
    waiting: list[Any] = [Refund.bill_id == bill.id, Refund.status == SENT]
    named = [Refund.request_key == outcome.request_key] if outcome.request_key else []
    known = [Refund.gateway_id == outcome.event_key] if outcome.event_key else []
    for name in (*named, *known):
        if found := db.session.scalar(select(Refund).where(*waiting, name)):
            return found
    if outcome.request_key or can(config_by_name(bill.backend)).can_query_refund:
        return None
    same = (Refund.amount_minor == outcome.amount_minor) & (Refund.currency == outcome.currency)
    unnamed = select(Refund).where(*waiting, same, func.coalesce(Refund.gateway_id, "") == "")
    return db.session.scalar(unnamed.order_by(Refund.id).limit(1))


def is_ours(bill_id: int, event_key: str) -> bool:
    """Whether money that went back under this name is a refund of ours, or may yet turn out to be one."""
    ours = (Refund.gateway_id == event_key) | (Refund.status == SENT)
    return db.session.scalar(select(Refund.id).where(Refund.bill_id == bill_id, ours).limit(1)) is not None


def _left_of(refund):
    """The refund, if it waits for a person: refused, or without an answer."""
    if refund.status not in (FAILED, SENT):
        raise Conflict(_("This refund is done."), state=refund.status)
    return refund


def _decided(bill):
    if bill.disposition == QUARANTINED:
        resolve(bill, "refunded")
