"""One thing that waits, with what it is about: looked at, or taken in hand under its locks."""

from typing import NamedTuple

from flask_babel import gettext as _

from storefront import orders, payments
from storefront.kit.db import db
from storefront.kit.errors import Conflict, NotFound
from storefront.orders.models import Order
from storefront.orders.states import REVIEW
from storefront.payments.models import Bill, DeskRow
from storefront.payments.reasons import (
    ACCEPT,
    AGAIN,
    BY_HAND,
    CANCEL,
    DONE,
    HAPPENED,
    MOVE,
    NEVER_HAPPENED,
    OFFER,
    REASONS,
    REFUND,
    REST,
    VOID,
    WAIT,
)
from storefront.payments.states import AUTHORIZED, QUARANTINED
from storefront.payments.waiting import OPEN


class Case(NamedTuple):
    """A row of the desk with its order and its money, as far as it has them."""

    row: DeskRow
    order: Order | None
    bill: Bill | None

    @property
    def in_review(self) -> bool:
        """Whether its order waits in review for this very reason."""
        order = self.order
        return order is not None and order.status == REVIEW and order.review_reason == self.row.reason

    @property
    def has_money(self) -> bool:
        """Whether money of its own waits, known as a bill or so far only by a message."""
        if self.bill is None:
            return bool(self.row.message_id and self.row.reason == "unknown_reference")
        return self.bill.disposition == QUARANTINED and self.bill.quarantine_reason == self.row.reason

    @property
    def waits(self) -> tuple[int, str]:
        """The sum that it is about, in minor units, and its currency: of waiting money, what is left of it now."""
        if self.bill is None or not self.has_money:
            return self.row.amount_minor, self.row.currency
        return payments.refundable(self.bill), payments.currency_of(self.bill)

    @property
    def rest(self) -> int:
        """What its shopper can be asked for beside the money that waits, in minor units; 0 if nothing."""
        return orders.rest_of(self.order, self.bill) if self.order and self.bill else 0

    @property
    def above(self) -> int:
        """By how much the money that waits is more than its order still needs; below zero what would be missing."""
        assert self.order and self.bill
        return self.waits[0] - orders.owed(self.order, self.bill)


def look_at(row_id: int) -> Case:
    """A row as it stands, open or done, for showing it. Raises NotFound."""
    row = db.session.get(DeskRow, row_id)
    if row is None:
        raise NotFound(_("There is no such row on the desk."))
    order = db.session.get(Order, row.order_id) if row.order_id else None
    return Case(row, order, db.session.get(Bill, row.bill_id) if row.bill_id else None)


def take_in_hand(row_id: int, also: int | None = None) -> Case:
    """An open row with its order and its money under their locks; `also` names another order to be locked.

    Raises NotFound, and Conflict, naming the decision, for a row that somebody has decided about already.
    """
    first = look_at(row_id)
    for order_id in sorted({one for one in (first.row.order_id, also) if one}):
        orders.locked(order_id)
    row = db.session.get_one(DeskRow, row_id, populate_existing=True, with_for_update=True)
    if row.status != OPEN:
        raise Conflict(_("Somebody has decided about this already."), state=row.decision)
    if row.bill_id:
        db.session.get_one(Bill, row.bill_id, populate_existing=True, with_for_update=True)
    return look_at(row_id)


def allowed(case: Case) -> list[str]:
    """What may be done about it in its present state, of what its reason allows; nothing when it is done."""
    if case.row.status != OPEN:
        return []
    return [action for action in REASONS[case.row.reason].actions if _MAY[action](case)]


def refuse_unless_allowed(case: Case, action: str) -> None:
    """Raises Conflict, naming the state, when the present state does not allow the action."""
    if action not in allowed(case):
        state = case.order.status if case.order else case.row.status
        raise Conflict(_("This cannot be done any more: look at the state below."), state=state)


def _may_accept(case):
    if case.in_review:
        return True
    return case.has_money and case.order is not None and orders.may_be_paid_by_hand(case.order)


def _may_refund(case):
    if case.bill is None or case.in_review:
        return case.in_review or case.has_money
    return case.has_money and payments.refundable(case.bill) > 0


def _may_offer(case):
    return case.has_money and case.order is not None and not case.row.offer and _may_accept(case)


def _may_be_done(case):
    """Not while an order waits in review for it, nor while money waits that is seen nowhere else."""
    refused = bool(case.row.evidence.get("refunds")) and case.bill is not None
    return not case.in_review and not (refused and case.bill.disposition == QUARANTINED)


def _may_be_looked_up(case):
    return case.bill is not None and payments.unanswered(case.bill) is not None


_MAY = {
    ACCEPT: _may_accept,
    REFUND: _may_refund,
    MOVE: lambda case: case.has_money,
    OFFER: _may_offer,
    CANCEL: lambda case: case.in_review,
    DONE: _may_be_done,
    WAIT: lambda case: True,
    REST: lambda case: case.has_money and not case.row.offer and case.rest > 0,
    VOID: lambda case: case.bill is not None and case.bill.status == AUTHORIZED,
    HAPPENED: _may_be_looked_up,
    NEVER_HAPPENED: _may_be_looked_up,
    AGAIN: lambda case: bool(case.row.evidence.get("refunds")),
    BY_HAND: lambda case: bool(case.row.evidence.get("refunds")),
}
