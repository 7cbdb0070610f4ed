"""A settlement file is held against the ledger: what is missing on either side, what differs, fees and payouts.

First it is only compared, and shown. When somebody has looked, what it knows and we do not is counted, and goes the
way of every message: to its order, or to the desk. Comparing or counting the same file again changes nothing.
"""

import hashlib
from typing import Any

from flask_babel import gettext as _
from sqlalchemy import select

from storefront import orders, payments, store
from storefront.desk.matching import MISSING_HERE, Difference, differences_of
from storefront.desk.models import Settlement, SettlementFinding
from storefront.desk.statement import CAPTURED, Row, read_statement
from storefront.desk.totals import enter_fees, figures_of, new_fees
from storefront.kit import clock, events
from storefront.kit.db import db
from storefront.kit.errors import Invalid
from storefront.payments.fates import CHANGED, DUPLICATE, NO_EFFECT
from storefront.payments.gateways import base
from storefront.payments.gateways.base import Message, Outcome
from storefront.payments.models import Bill, DeskRow, GatewayConfig, InboxMessage
from storefront.payments.reasons import REMIND
from storefront.payments.states import MONEY, QUARANTINED
from storefront.payments.waiting import OPEN

ONLY_TOLD = ("unknown_reference", "duplicate_payment")  # a file is no reason to send such money anywhere
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
    """Where the file and the ledger differ, in the order of the file.

    Raises Invalid when most of its rows are of no payment that we know: then it is another file, or read wrongly.
    """
    found = differences_of(backend, rows)
    strangers = [row for kind, row, _entry, bill_id, _nth in found if row and kind == MISSING_HERE and not bill_id]
    about_money = sum(row.what in TYPES for row in rows)
    if 2 * len(strangers) > about_money:
        raise Invalid(
            _(
                "Of %(all)s payments and refunds in this file, %(unknown)s are of no payment that we know, the first in"
                " line %(line)s: nothing was counted. Look whether it is a file of this payment service, and whether"
                " the right columns are named for our reference and its transaction.",
                all=about_money,
                unknown=len(strangers),
                line=strangers[0].line,
            )
        )
    return found


def take_in_money(backend: str, difference: Difference, file_id: int) -> str:
    """Money that we did not know of becomes a fact, by a message of its own; gives what became of it.

    A payment without a transaction, of a bill that has money, may be the same money: it stays a difference, "".
    What nothing but the file knows of, and fits no order, never goes back by itself: a person decides. Called in a
    transaction of its own. Raises Conflict when its payment is not known yet.
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
    if row.what == CAPTURED and not outcome.transaction and bill.status in MONEY:
        return ""
    message = Message("ROW", f"message {file_id}, line {row.line}", base.stored_form([outcome]))
    stored = payments.store_message(backend, "file", message, bill.id)
    with events.acting_as(events.actor().kind, events.actor().name, cause=stored.id):
        word = orders.settle(bill, outcome)
    payments.finish(stored, word, signature="ok", event_key=payments.event_key(outcome))
    if word != CHANGED:
        return "known"
    if outcome.transaction:  # a second payment has a bill of its own
        bill = db.session.scalars(select(Bill).filter_by(backend=backend, transaction_id=outcome.transaction)).one()
    db.session.refresh(bill)
    if row.what == CAPTURED:
        _only_remind(bill)
    return "desk" if bill.disposition == QUARANTINED else "applied"


def write_settlement(
    stored: InboxMessage, name: str, actor: str, rows: list[Row], found: list[Difference]
) -> Settlement:
    """The result of comparing: figures and findings. Nothing is counted; where nothing is to be, that is done."""
    fees = len(new_fees(stored.backend, rows))
    counted = not fees and all(difference.kind != MISSING_HERE for difference in found)
    mapping = db.session.scalars(select(GatewayConfig.settlement).filter_by(name=stored.backend)).one()
    figures = {**figures_of(rows), "new_fees": fees, "differences": len(found), "counted": counted, "read_as": mapping}
    settlement = Settlement(
        backend=stored.backend,
        message_id=stored.id,
        name=name,
        actor=actor,
        uploaded_at=clock.now(),
        figures=figures,
    )
    db.session.add(settlement)
    db.session.flush()
    db.session.add_all(_finding(settlement.id, difference) for difference in found)
    again = select(InboxMessage.id).filter_by(backend=stored.backend, event_key=stored.event_key)
    if db.session.scalar(again.where(InboxMessage.id < stored.id).limit(1)):
        payments.finish(stored, DUPLICATE, signature="ok", event_key=stored.event_key)
    return settlement


def rows_of(settlement: Settlement) -> list[Row]:
    """The rows of a file that was compared, read as they were then."""
    stored, read_as = db.session.get_one(InboxMessage, settlement.message_id), settlement.figures["read_as"]
    return read_statement(stored.body, read_as["columns"], read_as["words"], store.current().currency)


def finish_settlement(settlement_id: int, rows: list[Row], became: dict[int, str], *, whole: bool) -> None:
    """What was counted stands at the findings, by the lines of the file; every fee is in the ledger, once.

    A line of what we did not know that is not in `became` was known after all. `whole`: nothing is left to be counted.
    """
    settlement = db.session.get_one(Settlement, settlement_id)
    db.session.execute(select(GatewayConfig.id).filter_by(name=settlement.backend).with_for_update())
    db.session.refresh(settlement)
    enter_fees(settlement.backend, rows)
    missing = select(SettlementFinding).filter_by(settlement_id=settlement_id, kind=MISSING_HERE, became="")
    for finding in db.session.scalars(missing).all():
        finding.became = became.get(finding.line, "known")
    settlement.figures = {**settlement.figures, "counted": whole or is_counted(settlement)}


def is_counted(settlement: Settlement) -> bool:
    """Whether what only the file knows has been counted."""
    return settlement.figures.get("counted", True)


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
    of_payment = bill is not None and row.transaction in (bill.transaction_id, bill.gateway_reference)
    own = "" if bill and row.transaction == bill.gateway_reference else row.transaction  # not what it calls the attempt
    event, transaction = ("", own) if row.what == CAPTURED else (row.transaction, "")
    if row.what != CAPTURED and (not event or of_payment):
        event = f"{event or reference}:{row.what}:{row.amount}:{row.day or ''}:{difference.nth}"
    return Outcome(TYPES[row.what], reference, event, row.amount, row.currency, transaction)


def _only_remind(bill):
    """Money that fits no order waits for a person: at its deadline the owner is told again, and nothing is sent."""
    waiting = select(DeskRow).where(DeskRow.bill_id == bill.id, DeskRow.status == OPEN)
    for row in db.session.scalars(waiting.where(DeskRow.reason.in_(ONLY_TOLD))).all():
        row.default_action = REMIND


def _finding(settlement_id, difference):
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
    )
