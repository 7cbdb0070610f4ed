"""Money whose order turns out to be another one, money whose order nobody knows, and news of money of others."""

from sqlalchemy import select, update

from storefront.kit import events
from storefront.kit.db import db
from storefront.payments.bills import REST_OF, UNKNOWN, new_bill, next_attempt
from storefront.payments.configs import why_foreign
from storefront.payments.gateways import base
from storefront.payments.gateways.base import Outcome
from storefront.payments.ledger import AFTERWARDS
from storefront.payments.models import Bill, Capture, LedgerEntry, Refund


def give_to(bill: Bill, order_id: int) -> None:
    """This attempt, with what the ledger says of it, is another order's. The caller holds the locks of both.

    The sums of the ledger stay as they are: only whose they are is a decision.
    """
    before = bill.order_id
    bill.attempt_no, bill.order_id = next_attempt(order_id), order_id
    bill.extra = {name: fact for name, fact in bill.extra.items() if name != REST_OF}  # that was of the one before
    db.session.flush()
    for table in (LedgerEntry, Refund, Capture):
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


def spoken_of(bill: Bill, outcome: Outcome) -> Bill:
    """The bill whose money went back: under one reference more may have been paid, each in a bill of its own."""
    if outcome.type not in AFTERWARDS or outcome.transaction in ("", bill.transaction_id):
        return bill
    same = select(Bill).filter_by(backend=bill.backend, transaction_id=outcome.transaction)
    return db.session.scalar(same) or bill


def is_of_others(bill: Bill, outcome: Outcome) -> bool:
    """Whether it is news of another account or mode, and of no money that this bill has: then it changes nothing.

    That such money came is a fact, and waits on the desk; what happens to it afterwards is told of its transaction.
    """
    if outcome.type == base.PAID or not why_foreign(bill.backend, outcome):
        return False
    return outcome.type not in AFTERWARDS or bill.transaction_id not in (None, outcome.transaction)
