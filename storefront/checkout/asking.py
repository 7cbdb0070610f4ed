"""Asking the gateways about bills, over the network, and applying what they say. Like intake.py, an edge."""

import logging
from collections.abc import Sequence

from sqlalchemy import select
from sqlalchemy.exc import OperationalError

from storefront import orders, payments
from storefront.checkout.intake import strongest, told, write_down
from storefront.kit import clock, events
from storefront.kit.db import db, retried, transaction
from storefront.payments.gateways import base
from storefront.payments.gateways.base import Message
from storefront.payments.models import Bill

log = logging.getLogger(__name__)


@retried
def ask_and_settle(bill_id: int) -> bool:
    """Ask the gateway about a bill and apply what it says; False when there was no answer."""
    outcomes = payments.ask(db.session.get_one(Bill, bill_id))
    if outcomes is not None:
        _apply(bill_id, outcomes)
    return outcomes is not None


def try_to_ask(bill_id: int) -> bool:
    """`ask_and_settle` for whoever goes on without an answer: what breaks on the way is logged, and is no answer.

    Raises OperationalError alone: the database, not the gateway.
    """
    return bool(_tried(ask_and_settle, bill_id))


def ask_about_many(bill_ids: Sequence[int]) -> list[int]:
    """Ask the gateways about many bills at once and apply what they say; who gives no answer stays as it was.

    Gives the ids of those that there was no time for: asking goes on only as long as the first answers are fresh.
    Raises OperationalError alone.
    """
    asked_at = clock.now()  # an answer may be as old as that
    bills = db.session.scalars(select(Bill).where(Bill.id.in_(bill_ids)).order_by(Bill.id)).all()
    answers, left = payments.ask_many(bills)
    _note_unpaid(sorted(bill_id for bill_id, outcomes in answers.items() if not outcomes), asked_at)
    for bill_id, outcomes in answers.items():
        if outcomes:
            _tried(retried(_apply), bill_id, outcomes)
    return left


def _tried(verb, bill_id, *args):
    try:
        return verb(bill_id, *args)
    except OperationalError:
        raise
    except Exception:
        log.exception("bill %s could not be asked about", bill_id)
        return None


@retried
def _note_unpaid(bill_ids, asked_at):
    if bill_ids:
        with transaction("note_unpaid"):
            payments.note_unpaid(bill_ids, asked_at)


def _apply(bill_id, outcomes):
    with transaction("apply_answer"):
        bill = db.session.get_one(Bill, bill_id)
        if bill.order_id:
            orders.locked(bill.order_id)  # before the bill, as everybody does
        if not outcomes:
            payments.note_unpaid([bill_id], clock.now())
            return
        bill = db.session.get_one(Bill, bill_id, populate_existing=True)
        bill.asked_at = clock.now()
        stored = payments.store_message(bill.backend, "poll", Message("POLL", "", base.stored_form(outcomes)), bill.id)
        with events.acting_as("gateway", bill.backend, cause=stored.id):
            words = [orders.settle(bill, outcome) for outcome in outcomes]
        write_down(stored, strongest(words, outcomes))
        line = told(stored)
    log.info(*line)
