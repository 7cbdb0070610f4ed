"""Reserved money of which nobody says what became of it: a person has looked in the payment service's own console."""

from flask_babel import gettext as _

from storefront import orders, payments
from storefront.desk.cases import refuse_unless_allowed, take_in_hand
from storefront.desk.deciding import close_row
from storefront.payments.gateways import base
from storefront.payments.gateways.base import OperationResult
from storefront.payments.models import DeskRow
from storefront.payments.reasons import HAPPENED, NEVER_HAPPENED


def happened(row_id: int, *, actor: str) -> DeskRow:
    """It was taken, or given up, as it was asked for: the order goes on with what that means. Raises Conflict."""
    row, asked = _in_hand(row_id, HAPPENED, actor)
    orders.finish_capture(asked.id, payments.seen_by_hand(asked))
    return row


def never_happened(row_id: int, *, actor: str) -> DeskRow:
    """It is reserved as before: what the order needs, or somebody decides, is asked for afresh. Raises Conflict."""
    row, asked = _in_hand(row_id, NEVER_HAPPENED, actor)
    orders.finish_capture(asked.id, OperationResult(base.REFUSED, reason=_("Seen in the payment service's console.")))
    return row


def _in_hand(row_id, action, actor):
    """The row, which is done, and what the payment service was asked for."""
    case = take_in_hand(row_id)
    refuse_unless_allowed(case, action)
    assert case.bill is not None
    asked = payments.unanswered(case.bill)
    assert asked is not None
    close_row(case, action, actor)  # before the answer takes it off
    return case.row, asked
