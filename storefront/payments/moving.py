"""Money whose order turns out to be another one, and money whose order nobody knows."""

from sqlalchemy import select, update

from storefront.kit import events
from storefront.kit.db import db
from storefront.payments.bills import UNKNOWN, new_bill, next_attempt
from storefront.payments.gateways.base import Outcome
from storefront.payments.models import Bill, LedgerEntry, Refund


def give_to(bill: Bill, order_id: int) -> None:
    """This attempt, with what the ledger says of it, is another order's. The caller holds the locks of both.

    The sums of the ledger stay as they are: only whose they are is a decision.
    """
    before = bill.order_id
    bill.attempt_no, bill.order_id = next_attempt(order_id), order_id
    db.session.flush()
    for table in (LedgerEntry, Refund):
        db.session.execute(update(table).where(table.bill_id == bill.id).values(order_id=order_id))
    for side in {before, order_id} - {None}:
        events.record("BILL_MOVED", side, id=bill.id, was=before, now=order_id)


def homeless_bill(backend: str, outcome: Outcome) -> Bill:
    """A row for money of which nobody knows what it is for; the same for every message about it."""
    reference = UNKNOWN + outcome.reference
    there = db.session.scalar(select(Bill).filter_by(backend=backend, reference=reference))
    if there:
        return there
    return new_bill(
        None,
        reference,
        numbered=False,
        backend=backend,
        amount_minor=max(1, outcome.amount_minor),
        currency=outcome.currency,
        extra={"session": outcome.reference},
    )
