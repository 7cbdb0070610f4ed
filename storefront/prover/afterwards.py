"""What is done to a payment after it was made: in the gateway's own console, by the bank, and at the shop's desk."""

import json

from storefront import desk
from storefront.kit import events
from storefront.kit.db import transaction
from storefront.payments.reasons import ACCEPT, AGAIN, CANCEL, DONE, REASONS, REFUND
from storefront.prover.deeds import deed
from storefront.sandbox import afterwards, books

DECISIONS = {
    ACCEPT: desk.accept,
    CANCEL: desk.cancel,
    DONE: desk.done,
    REFUND: desk.refund,
    AGAIN: desk.try_again,
}


def _disputed(payment):
    """What the bank has taken back of a payment and not given again."""
    return sum(row["amount"] for row in json.loads(payment.chargebacks).values() if not row["won_at"])


def _left(payment):
    return payment.captured_minor - payment.refunded_minor - _disputed(payment)


def _facts_before(view, args):
    """Chance is counted from another place for everything that has happened to payments before."""
    before = sum(len(json.loads(row.refunds)) + len(json.loads(row.chargebacks)) for row in view.sandbox_payments)
    return 10**7 * (1 + before)


def _parts(view, world):
    for row in view.sandbox_payments:
        if row.status == "paid" and _left(row) > 0:
            yield row.reference, "half"
            yield row.reference, "all"


@deed("at the gateway's console {1} of what is left of {0} is sent back", _parts, draws=_facts_before)
def refund_there(reference, part):
    with transaction():
        payment = books.session_of(reference, lock=True)
        left = afterwards.left_of(payment)
        afterwards.notice_of(payment, afterwards.send_back(payment, left // 2 if part == "half" else left))


@deed(
    "the bank takes back what was paid for {0}",
    lambda view, world: (
        (row.reference,)
        for row in view.sandbox_payments
        if row.status == "paid" and row.captured_minor > _disputed(row)
    ),
    draws=_facts_before,
)
def charge_back(reference):
    """All of it, also what the shop has sent back already: the bank does not know."""
    with transaction():
        payment = books.session_of(reference, lock=True)
        afterwards.notice_of(payment, afterwards.charge_back(payment, payment.captured_minor))


@deed(
    "the bank gives the money for {0} back to the shop",
    lambda view, world: ((row.reference,) for row in view.sandbox_payments if _disputed(row)),
)
def win_back(reference):
    with transaction():
        payment = books.session_of(reference, lock=True)
        afterwards.notice_of(payment, afterwards.win_back(payment))


@deed(
    "staff decide about row {0} of the desk: {1}",
    lambda view, world: (
        (row.id, action)
        for row in view.desk_rows
        if row.status == "OPEN"
        for action in DECISIONS
        if action in REASONS[row.reason].actions
    ),
)
def decide(row_id, action):
    with events.acting_as("staff", "carol"), transaction():
        DECISIONS[action](row_id, actor="carol")
