"""The rows of the desk: what waits for a person's word. One open row for each thing that waits."""

from datetime import timedelta
from typing import Any

from flask_babel import gettext as _
from sqlalchemy import select, update
from sqlalchemy.exc import IntegrityError

from storefront import store
from storefront.kit import clock, events
from storefront.kit.db import changed, db
from storefront.kit.errors import Conflict
from storefront.payments.models import DeskRow
from storefront.payments.reasons import INSTEAD, OFFER, REASONS, REFUND, WAIT

OPEN, DONE = "OPEN", "DONE"


def put_on_desk(
    reason: str,
    *,
    order_id: int | None = None,
    bill_id: int | None = None,
    message_id: int | None = None,
    amount_minor: int = 0,
    currency: str = "",
    suggested: str = "",
    **evidence: Any,
) -> DeskRow:
    """Let something wait for a person: the open row of this reason and subject, made if there is none.

    `reason` is a key of REASONS, `suggested` an action if it is not the usual one of the reason; `evidence`
    is JSON, without personal data. The deadline and what it does stand in the row from the beginning. The
    caller holds the order's lock, if there is an order.
    """
    subject = f"{reason}:{bill_id or ''}:{message_id or ''}:{order_id or ''}"
    links = {"order_id": order_id, "bill_id": bill_id, "message_id": message_id}
    if there := _open_row(subject):
        return there
    facts = {"amount_minor": amount_minor, "currency": currency, "evidence": evidence}
    row = DeskRow(reason=reason, subject=subject, **facts, **links, **_course(reason, suggested))
    try:
        with db.session.begin_nested():
            db.session.add(row)
    except IntegrityError:  # somebody else put it there at the same moment
        return db.session.scalars(select(DeskRow).filter_by(subject=subject, status=OPEN)).one()
    events.record("DESK_ROW_OPENED", order_id, id=row.id, reason=reason, amount=amount_minor, currency=currency)
    return row


def take_off_desk(row: DeskRow, decision: str, actor: str = "") -> None:
    """Somebody, or time, has decided. Raises Conflict, with the decision, for a row that is decided already."""
    now = clock.now()
    taken = changed(
        update(DeskRow)
        .where(DeskRow.id == row.id, DeskRow.status == OPEN)
        .values(status=DONE, decision=decision, actor=actor or events.actor().name, closed_at=now)
        .execution_options(synchronize_session=False)
    )
    db.session.refresh(row)
    if not taken:
        raise Conflict(_("Somebody has decided about this already."), state=row.decision)
    events.record("DESK_ROW_CLOSED", row.order_id, id=row.id, reason=row.reason, decision=decision)


def clear_desk(decision: str, actor: str = "", **subject: int | str) -> None:
    """Take off every open row about a bill, message or order: `clear_desk("refunded", bill_id=7)`."""
    for row in db.session.scalars(select(DeskRow).filter_by(status=OPEN, **subject).order_by(DeskRow.id)).all():
        take_off_desk(row, decision, actor)


def desk_rows_of(*order_ids: int) -> list[DeskRow]:
    """What waits about an order, or about some, oldest first."""
    rows = select(DeskRow).where(DeskRow.order_id.in_(order_ids), DeskRow.status == OPEN)
    return list(db.session.scalars(rows.order_by(DeskRow.id)))


def shopper_choices(row: DeskRow) -> list[str]:
    """What the shopper may choose on the order's page, when the goods are gone; nothing if a person decides."""
    if row.offer.get("rest"):
        return [REFUND]
    asked = row.suggested == OFFER or bool(row.offer)
    ways = (INSTEAD, WAIT, REFUND) if row.offer.get("instead") else (WAIT, REFUND)
    return [one for one in ways if asked and row.offer.get("answer") != one]


def _course(reason, suggested):
    """What is suggested, and what time does: fixed when the row begins."""
    kind, now = REASONS[reason], clock.now()
    due = now + timedelta(days=store.current().desk_days * kind.steps)
    action = {"suggested": suggested or kind.suggested, "default_action": kind.default}
    return {**action, "opened_at": now, "due_at": due}


def _open_row(subject):
    return db.session.scalar(select(DeskRow).filter_by(subject=subject, status=OPEN))
