"""Authentic messages about no payment that we know: shown with what is left of a removed order, then taken in."""

from datetime import datetime, timedelta

from flask_babel import gettext as _
from sqlalchemy import select

from storefront import orders, payments
from storefront.desk.cases import Case, take_in_hand
from storefront.kit import clock
from storefront.kit.db import db
from storefront.kit.errors import Conflict
from storefront.orders.models import OrderTombstone
from storefront.payments.fates import APPLIED, DUPLICATE, RETRIED_FOR
from storefront.payments.gateways import base
from storefront.payments.gateways.base import Outcome
from storefront.payments.models import Bill, DeskRow, InboxMessage
from storefront.payments.waiting import OPEN

PATIENCE = timedelta(minutes=2)  # an order that is being confirmed at this moment is not known yet
MONEY = (base.PAID, base.AUTHORIZED, base.REFUNDED, base.CHARGED_BACK)


def note_unmatched(stored: InboxMessage, outcome: Outcome) -> DeskRow | None:
    """Put a message about an unknown reference on the desk: at once for a removed order, else after some patience."""
    if _counted(stored.backend, outcome):
        payments.clear_desk("matched", message_id=stored.id)
        return None
    grave = tombstone_of(outcome.reference)
    if grave is None and stored.received_at > clock.now() - PATIENCE:
        return None
    came = outcome.type == base.PAID
    return payments.put_on_desk(
        "unknown_reference" if came else "unknown_message",
        message_id=stored.id,
        amount_minor=outcome.amount_minor if outcome.type in MONEY else 0,
        currency=outcome.currency if outcome.type in MONEY else "",
        backend=stored.backend,
        outcome=_as_json(outcome),
        tombstone=_told_of(grave),
    )


def tombstone_of(reference: str) -> OrderTombstone | None:
    """What stays of a removed order that had an attempt with this reference."""
    first = reference.split("~", maxsplit=1)[0]
    numbers = (first.rpartition(mark)[0] for mark in "-x")  # as we call it, and as gateways do: references.compact
    graves = filter(None, (db.session.get(OrderTombstone, number) for number in numbers if number))
    return next((grave for grave in graves if first in grave.references), None)


def with_a_bill(case: Case) -> Case:
    """Money that is known by a message only becomes a bill of no order, and waits as such; other cases as they are.

    Raises Conflict when the same transaction has been counted for a payment that we know.
    """
    if case.bill or not case.has_money:
        return case
    stored, outcome = _message_of(case)
    if known := _counted(stored.backend, outcome):
        sentence = _("This money has come already, as payment %(name)s: it counts once.", name=known.reference)
        raise Conflict(sentence, state=known.status)
    bill = payments.homeless_bill(stored.backend, outcome)
    orders.settle(bill, outcome)
    payments.take_off_desk(case.row, "taken_in")
    payments.finish(stored, APPLIED, signature=stored.signature, event_key=payments.event_key(outcome))
    stored.bill_id = bill.id
    return _waiting_as(bill, case.row)


def take_in_stray(row_id: int) -> bool:
    """The same for one row by its id, when nobody came to claim the money; what was counted elsewhere just goes."""
    case = take_in_hand(row_id)
    stored, outcome = _message_of(case)
    if _counted(stored.backend, outcome):
        payments.take_off_desk(case.row, "matched")
        payments.finish(stored, DUPLICATE, signature=stored.signature, event_key=stored.event_key)
    else:
        with_a_bill(case)
    return True


def old_strays() -> list[int]:
    """The ids of rows about money that was tried to be matched for as long as that is tried."""
    before = clock.now() - RETRIED_FOR
    waiting = select(DeskRow.id).join(InboxMessage, InboxMessage.id == DeskRow.message_id)
    by_message = (DeskRow.status == OPEN, DeskRow.reason == "unknown_reference", DeskRow.bill_id.is_(None))
    rows = waiting.where(*by_message, InboxMessage.received_at < before).order_by(DeskRow.id).limit(500)
    return list(db.session.scalars(rows))


def _waiting_as(bill, before):
    row = db.session.scalars(select(DeskRow).filter_by(bill_id=bill.id, status=OPEN)).one()
    row.evidence, row.due_at, row.assignee = before.evidence, before.due_at, before.assignee
    db.session.flush()
    return take_in_hand(row.id)


def _message_of(case):
    """The message of a row, locked, and what it says."""
    stored = db.session.get_one(InboxMessage, case.row.message_id, with_for_update=True, populate_existing=True)
    return stored, _from_json(case.row.evidence["outcome"])


def _counted(backend, outcome):
    """The payment for which this very transaction counts: a message may name it wrongly, or twice."""
    named = select(Bill).filter_by(backend=backend, transaction_id=outcome.transaction)
    return db.session.scalar(named) if outcome.transaction and outcome.type == base.PAID else None


def _told_of(grave):
    if grave is None:
        return None
    facts = {name: getattr(grave, name) for name in ("number", "reason", "total_minor", "currency")}
    times = {name: at.isoformat() if (at := getattr(grave, name)) else "" for name in ("placed_at", "closed_at")}
    return {**facts, **times}


def _as_json(outcome):
    at = outcome.occurred_at.isoformat() if outcome.occurred_at else ""
    return {**vars(outcome), "occurred_at": at}


def _from_json(facts):
    at = datetime.fromisoformat(facts["occurred_at"]) if facts["occurred_at"] else None
    return Outcome(**{**facts, "occurred_at": at})
