"""Refunds that a person decides about: refused ones, and those of which nobody says what came of them."""

from storefront import orders, payments
from storefront.desk.cases import Case, refuse_unless_allowed, take_in_hand
from storefront.desk.deciding import close_row
from storefront.kit.db import db
from storefront.payments.asking import FAILED, SENT
from storefront.payments.models import Refund
from storefront.payments.reasons import AGAIN, BY_HAND


def try_again(row_id: int, *, actor: str) -> list[Refund]:
    """The refunds of the row are tried once more; gives those that are to be sent. Raises Conflict."""
    case = take_in_hand(row_id)
    refuse_unless_allowed(case, AGAIN)
    tried = [payments.retry_refund(refund, actor) for refund in _waiting(case)]
    close_row(case, "tried_again", actor)
    return tried


def by_hand(row_id: int, *, actor: str) -> list[Refund]:
    """The customer has the money of the row's refunds: past the gateway, or seen in its console. Raises Conflict."""
    case = take_in_hand(row_id)
    refuse_unless_allowed(case, BY_HAND)
    given = _waiting(case)
    close_row(case, "by_hand", actor)  # before the money that is gone takes it off
    for refund in given:
        payments.give_by_hand(refund, actor)
    if case.row.order_id:
        orders.refresh(orders.locked(case.row.order_id))
    return given


def _waiting(case: Case):
    """Those of the row's refunds that still wait for a person."""
    found = [db.session.get_one(Refund, refund_id) for refund_id in case.row.evidence["refunds"]]
    return [refund for refund in found if refund.status in (FAILED, SENT)]
