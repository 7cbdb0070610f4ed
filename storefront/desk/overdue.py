"""What time decides: reminders before, and the default of each row when its deadline has passed."""

from datetime import timedelta

from sqlalchemy import select

from storefront import orders, store
from storefront.desk.cases import Case, allowed, take_in_hand
from storefront.desk.deciding import accept, cancel, close_row, done, refund, void
from storefront.kit import clock, events
from storefront.kit.db import db
from storefront.kit.errors import Conflict, Invalid
from storefront.payments.models import DeskRow
from storefront.payments.reasons import CANCEL, DONE, REFUND, REMIND, VOID
from storefront.payments.waiting import OPEN

TOLD_BEFORE = timedelta(days=1)
BY_TIME = "the deadline"


def overdue() -> list[int]:
    """The ids of rows whose deadline has passed, the longest ago first."""
    passed = select(DeskRow.id).where(DeskRow.status == OPEN, DeskRow.due_at <= clock.now())
    return list(db.session.scalars(passed.order_by(DeskRow.due_at, DeskRow.id).limit(500)))


def due_soon() -> list[int]:
    """The ids of rows of which the owner is told a day before time decides."""
    soon = DeskRow.due_at <= clock.now() + TOLD_BEFORE
    rows = select(DeskRow.id).where(DeskRow.status == OPEN, soon, DeskRow.reminded == 0)
    return list(db.session.scalars(rows.order_by(DeskRow.due_at, DeskRow.id).limit(500)))


def waited_for() -> list[int]:
    """The ids of rows whose shopper has chosen to wait for the goods."""
    answered = DeskRow.offer["answer"].as_string() == "wait"
    return list(db.session.scalars(select(DeskRow.id).where(DeskRow.status == OPEN, answered).order_by(DeskRow.id)))


def remind_owner(row_id: int) -> bool:
    """The owner is told of the deadline. False if it is not near any more."""
    row = take_in_hand(row_id).row
    if row.due_at > clock.now() + TOLD_BEFORE or row.reminded:
        return False
    _tell_again(row)
    return True


def decide_row(row_id: int) -> bool:
    """Do what the row says for the time after its deadline; what cannot be done is told to the owner again.

    False if somebody was quicker.
    """
    try:
        case = take_in_hand(row_id)
    except Conflict:
        return False
    if case.row.due_at > clock.now():
        return False
    try:
        with db.session.begin_nested():
            _DEFAULTS[_default(case)](case)
    except (Conflict, Invalid):
        _put_off(take_in_hand(row_id))
    return True


def fulfil_waiting(row_id: int) -> bool:
    """The goods that a shopper waits for may be back: then the order goes on. False while they are not."""
    try:
        with db.session.begin_nested():
            accept(row_id, actor="the goods are back")
    except Conflict:
        return False
    return True


def _default(case):
    action = case.row.default_action
    return action if action in allowed(case) else REMIND


def _cancel(case: Case):
    if case.row.reason == "gateway_silent" and case.order:
        orders.cancel_unanswered(case.order.id)
        close_row(case, "cancelled", BY_TIME)
    else:
        cancel(case.row.id, actor=BY_TIME)


def _put_off(case: Case):
    case.row.due_at = clock.now() + timedelta(days=store.current().desk_days)
    _tell_again(case.row)


def _tell_again(row):
    row.reminded += 1
    facts = {"reason": row.reason, "due": row.due_at.isoformat(), "default": row.default_action}
    events.record("DESK_ROW_DUE", row.order_id, id=row.id, **facts)


_DEFAULTS = {
    REFUND: lambda case: refund(case.row.id, actor=BY_TIME),
    CANCEL: _cancel,
    DONE: lambda case: done(case.row.id, actor=BY_TIME),
    VOID: lambda case: void(case.row.id, actor=BY_TIME),
    REMIND: _put_off,
}
