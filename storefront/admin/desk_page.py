"""One thing that waits: what happened, what speaks for and against, what the shopper knows, and what can be done."""

from typing import Any

from flask import render_template
from sqlalchemy import or_, select

from storefront import desk, notices, orders, payments
from storefront.admin import messages, wording
from storefront.admin.order_page import sums_of
from storefront.admin.room import bp, status_of
from storefront.desk.cases import Case
from storefront.desk.wording import BUTTONS, BY_TIME, DECISIONS, SUGGESTIONS
from storefront.kit import clock, events
from storefront.kit.db import db
from storefront.kit.errors import ShopError
from storefront.kit.events import OutboxMessage
from storefront.orders.wording import LABELS, STATES
from storefront.payments.models import InboxMessage, LedgerEntry
from storefront.payments.reasons import REASONS

TOLD_ELSEWHERE = ("outcome", "tombstone")  # parts of the evidence that the page shows in words


@bp.get("/desk/<int:row_id>")
def desk_row(row_id):
    """The page of one row, open or done."""
    return page_of_row(row_id)


def page_of_row(row_id: int, problem: ShopError | None = None):
    """The page as it stands now; with a problem, the same page that begins with it, and its status."""
    if problem:
        db.session.rollback()
    case = desk.look_at(row_id)
    html = render_template("admin/desk_row.html", **facts_of(case), **_evidence(case), problem=problem)
    return html, status_of(problem) if problem else 200


def facts_of(case: Case) -> dict[str, Any]:
    """What the page of a row and the page before a deed both need."""
    return {
        "row": case.row,
        "order": case.order,
        "bill": case.bill,
        "case": case,
        "waits": case.waits,
        "kind": REASONS[case.row.reason],
        "allowed": desk.allowed(case),
        "buttons": BUTTONS,
        "suggestions": SUGGESTIONS,
        "by_time": BY_TIME,
        "decisions": DECISIONS,
        "states": STATES,
        "words": wording,
        "now": clock.now(),
    }


def _evidence(case):
    """What is known of it, in a constant number of queries."""
    order, bills = case.order, _bills(case)
    history = events.of_order(order.id) if order else []
    stage = orders.stage_of(order, bills) if order else None
    return {
        "bills": bills,
        "sums": sums_of(order, bills, payments.refunds_of(order.id)) if order else None,
        "ledger": _ledger([bill.id for bill in bills]),
        "messages": [messages.shown(one) for one in _messages(case, bills)],
        "letters": _letters(history),
        "told": LABELS.get(stage.word) if stage else "",
        "tombstone": case.row.evidence.get("tombstone"),
        "outcome": case.row.evidence.get("outcome"),
        "more": {name: value for name, value in case.row.evidence.items() if name not in TOLD_ELSEWHERE and value},
    }


def _letters(history):
    """The letters that the shopper was sent, oldest first: (what it says, when, its state)."""
    by_id = {event.id: event for event in history}
    told = select(OutboxMessage).where(OutboxMessage.event_id.in_(by_id), OutboxMessage.target.in_(wording.TOLD))
    rows = [(by_id[one.event_id], one) for one in db.session.scalars(told.order_by(OutboxMessage.id))]
    return [(wording.TOLD[one.target], event.at, one.status) for event, one in rows if _says(event, one.target)]


def _says(event, target):
    """Whether the handler of a letter had something to say of this event: some of them are silent for most."""
    reason = event.data.get("reason")
    if target == "being_checked":
        return reason in notices.CHECKED
    return reason in notices.APPROVED and "bill" not in event.data if target == "approved" else True


def _bills(case):
    if case.order:
        return payments.bills_of(case.order.id)
    return [case.bill] if case.bill else []


def _ledger(bill_ids):
    """The lines of the ledger of some bills, oldest first."""
    rows = select(LedgerEntry).where(LedgerEntry.bill_id.in_(bill_ids)).order_by(LedgerEntry.id)
    return list(db.session.scalars(rows))


def _messages(case, bills):
    """The gateway's messages about its bills, and the one that it came by."""
    about = InboxMessage.bill_id.in_([bill.id for bill in bills])
    which = or_(about, InboxMessage.id == case.row.message_id) if case.row.message_id else about
    return list(db.session.scalars(select(InboxMessage).where(which).order_by(InboxMessage.id).limit(100)))
