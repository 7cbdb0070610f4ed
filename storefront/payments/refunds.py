"""Money on its way back: asked for once, sent under a key that the gateway knows, recorded once."""

from datetime import timedelta

from flask_babel import gettext as _
from sqlalchemy import func, select, update

from storefront.kit import clock, events
from storefront.kit.db import changed, db
from storefront.kit.errors import Invalid
from storefront.payments.bills import view_of
from storefront.payments.configs import adapter, config_by_name
from storefront.payments.gateways import base
from storefront.payments.gateways.base import OperationResult, Outcome
from storefront.payments.ledger import balance_of, currency_of, record
from storefront.payments.models import Bill, Refund
from storefront.payments.states import QUARANTINED, RESOLVED

REQUESTED, SENT, SUCCEEDED, FAILED = "REQUESTED", "SENT", "SUCCEEDED", "FAILED"
ASKED_AGAIN_AFTER = timedelta(minutes=1)


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


def refundable(bill: Bill) -> int:
    """What may still be asked back of a bill: its balance, minus what is on its way."""
    on_its_way = db.session.scalar(
        select(func.coalesce(func.sum(Refund.amount_minor), 0)).where(
            Refund.bill_id == bill.id, Refund.status.in_((REQUESTED, SENT))
        )
    )
    return balance_of(bill) - int(on_its_way or 0)


def refunds_of(order_id: int) -> list[Refund]:
    """The refunds of an order, oldest first."""
    return list(db.session.scalars(select(Refund).filter_by(order_id=order_id).order_by(Refund.id)))


def unsent_refunds() -> list[int]:
    """The ids of refunds to send, and of those whose answer never came."""
    old = clock.now() - ASKED_AGAIN_AFTER
    return list(
        db.session.scalars(
            select(Refund.id)
            .where((Refund.status == REQUESTED) | ((Refund.status == SENT) & (Refund.updated_at < old)))
            .order_by(Refund.id)
            .limit(200)
        )
    )


def claim(refund_id: int) -> Refund | None:
    """Take a refund for sending; None if somebody else has it, or it is done."""
    now = clock.now()
    taken = changed(
        update(Refund)
        .where(
            Refund.id == refund_id,
            (Refund.status == REQUESTED) | ((Refund.status == SENT) & (Refund.updated_at < now - ASKED_AGAIN_AFTER)),
        )
        .values(status=SENT, updated_at=now)
    )
    return db.session.get_one(Refund, refund_id, populate_existing=True) if taken else None


def call_gateway(refund: Refund) -> OperationResult:
    """Tell the gateway, over the network. The key makes a second call harmless."""
    bill = db.session.get_one(Bill, refund.bill_id)
    translator = adapter(config_by_name(bill.backend))
    if not translator.capabilities.can_refund:
        return OperationResult(base.REFUSED, reason="This payment service cannot refund: do it in its own console.")
    return translator.refund(view_of(bill), refund.amount_minor, refund.request_key)


def settle_refund(refund: Refund, result: OperationResult) -> None:
    """Write down what came of it. The caller holds the order's lock."""
    if refund.status not in (REQUESTED, SENT):
        return
    refund.updated_at, refund.last_error = clock.now(), result.reason[:500]
    if result.result == base.DONE:
        refund.status = SUCCEEDED
        bill = db.session.get_one(Bill, refund.bill_id)
        record(
            bill,
            Outcome(
                base.REFUNDED,
                bill.reference,
                result.gateway_id or refund.request_key,
                refund.amount_minor,
                refund.currency,
            ),
        )
        events.record("REFUND_SUCCEEDED", refund.order_id, id=refund.id, amount=refund.amount_minor)
    elif result.result == base.REFUSED:
        refund.status = FAILED
        _back_to_the_desk(db.session.get_one(Bill, refund.bill_id))
        events.record("REFUND_FAILED", refund.order_id, id=refund.id, reason=result.reason[:200])


def _back_to_the_desk(bill):
    """Money that was decided about, and then did not go, waits for a person again."""
    if bill.disposition == RESOLVED:
        bill.disposition, bill.resolution = QUARANTINED, ""
