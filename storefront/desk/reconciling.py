"""A settlement file is held against the ledger: what is missing on either side, what differs, fees and payouts.

The file is a fact like a message. What it knows and we do not goes the way of every message: to its order, or to
the desk. Comparing the same file again changes nothing.
"""

import hashlib
from typing import Any

from sqlalchemy import select

from storefront import orders, payments
from storefront.desk.matching import MISSING_HERE, Difference, differences_of
from storefront.desk.models import Settlement, SettlementFinding
from storefront.desk.statement import CAPTURED, Row
from storefront.desk.totals import enter_fees, figures_of
from storefront.kit import clock, events
from storefront.kit.db import db
from storefront.payments.fates import CHANGED, DUPLICATE, NO_EFFECT
from storefront.payments.gateways import base
from storefront.payments.gateways.base import Message, Outcome
from storefront.payments.models import Bill, GatewayConfig, InboxMessage
from storefront.payments.states import MONEY, QUARANTINED

TYPES = {
    "captured": base.PAID,
    "refunded": base.REFUNDED,
    "charged_back": base.CHARGED_BACK,
    "won_back": base.WON_BACK,
}


def store_statement(backend: str, name: str, data: bytes, mapping: dict[str, Any]) -> InboxMessage:
    """Keep a file as it came, in the inbox, and how its columns are read. Who uploads it vouches for it."""
    config = db.session.scalars(select(GatewayConfig).filter_by(name=backend).with_for_update()).one()
    config.settlement = mapping
    stored = payments.store_message(backend, "file", Message("FILE", name, data, {"content-type": "text/csv"}))
    payments.finish(stored, NO_EFFECT, signature="ok", event_key=f"file-{hashlib.sha256(data).hexdigest()}")
    return stored


def differences(backend: str, rows: list[Row]) -> list[Difference]:
    """Where the file and the ledger differ, in the order of the file."""
    return differences_of(backend, rows)


def take_in_money(backend: str, difference: Difference, file_id: int) -> str:
    """Money that we did not know of becomes a fact, by a message of its own; gives what became of it.

    A payment without a transaction, of a bill that has money, may be the same money: it stays a difference, "".
    Called in a transaction of its own. Raises Conflict when its payment is not known yet.
    """
    row = difference.row
    assert row is not None and difference.kind == MISSING_HERE
    bill = db.session.get_one(Bill, difference.bill_id) if difference.bill_id else None
    if bill is None and row.what != CAPTURED:
        return "no_payment"
    if bill and bill.order_id:
        orders.locked(bill.order_id)
    outcome = _outcome(difference, bill)
    bill = bill or payments.homeless_bill(backend, outcome)
    db.session.refresh(bill)  # as it is under the lock
    if row.what == CAPTURED and not row.transaction and bill.status in MONEY:
        return ""
    message = Message("ROW", f"message {file_id}, line {row.line}", base.stored_form([outcome]))
    stored = payments.store_message(backend, "file", message, bill.id)
    with events.acting_as(events.actor().kind, events.actor().name, cause=stored.id):
        word = orders.settle(bill, outcome)
    payments.finish(stored, word, signature="ok", event_key=payments.event_key(outcome))
    db.session.refresh(bill)
    if word != CHANGED:
        return "known"
    return "desk" if bill.disposition == QUARANTINED else "applied"


def write_settlement(
    message_id: int, name: str, actor: str, rows: list[Row], found: list[tuple[Difference, str]]
) -> Settlement:
    """The result: figures, findings, and every fee in the ledger, once."""
    stored = db.session.get_one(InboxMessage, message_id)
    db.session.execute(select(GatewayConfig.id).filter_by(name=stored.backend).with_for_update())
    fees = enter_fees(stored.backend, rows)
    figures = {**figures_of(rows), "new_fees": fees, "differences": len(found)}
    settlement = Settlement(
        backend=stored.backend,
        message_id=message_id,
        name=name,
        actor=actor,
        uploaded_at=clock.now(),
        figures=figures,
    )
    db.session.add(settlement)
    db.session.flush()
    db.session.add_all(_finding(settlement.id, difference, became) for difference, became in found)
    again = select(InboxMessage.id).filter_by(backend=stored.backend, event_key=stored.event_key)
    if db.session.scalar(again.where(InboxMessage.id < message_id).limit(1)):
        payments.finish(stored, DUPLICATE, signature="ok", event_key=stored.event_key)
    return settlement


def settlements_of(backend: str, most: int = 50) -> list[Settlement]:
    """The files so far, the latest first."""
    found = select(Settlement).filter_by(backend=backend).order_by(Settlement.id.desc())
    return list(db.session.scalars(found.limit(most)))


def _outcome(difference, bill):
    """What the row says, as a message would: a payment is known by its transaction, the rest by its own name.

    One that has none, or bears that of its payment, is told from others by its sum, its day, and its place among them.
    """
    row = difference.row
    reference = bill.extra.get("session", bill.reference) if bill else row.reference or row.transaction
    event, transaction = ("", row.transaction) if row.what == CAPTURED else (row.transaction, "")
    if row.what != CAPTURED and (not event or event == bill.transaction_id):
        event = f"{event or reference}:{row.what}:{row.amount}:{row.day or ''}:{difference.nth}"
    return Outcome(TYPES[row.what], reference, event, row.amount, row.currency, transaction)


def _finding(settlement_id, difference, became):
    row, entry = difference.row, difference.entry
    return SettlementFinding(
        settlement_id=settlement_id,
        kind=difference.kind,
        line=row.line if row else 0,
        what=row.what if row else entry.kind,
        reference=row.reference if row else entry.reference,
        transaction=row.transaction if row else entry.transaction or "",
        ours_minor=entry.amount_minor if entry else None,
        theirs_minor=row.amount if row else None,
        our_currency=entry.currency if entry else "",
        their_currency=row.currency if row else "",
        bill_id=difference.bill_id,
        became=became,
    )
