"""How a stored message becomes a settled bill. Notification, return, poll, cleanup and replay all go this way.

Like a checkout step, each function here is an edge: it opens its own transactions, around the network.
"""

import json
import logging
from dataclasses import asdict

from sqlalchemy.exc import OperationalError

from storefront import orders, payments
from storefront.kit import clock, events
from storefront.kit.db import db, retried, transaction
from storefront.kit.errors import ShopError
from storefront.payments.gateways import base
from storefront.payments.gateways.base import Answer, Message, Outcome
from storefront.payments.inbox import APPLIED, DUPLICATE, ERROR, NO_EFFECT, REJECTED, UNMATCHED, WAITING
from storefront.payments.ledger import CHANGED
from storefront.payments.models import Bill, InboxMessage, Refund

log = logging.getLogger(__name__)
WORDS = {CHANGED: APPLIED, DUPLICATE: DUPLICATE, NO_EFFECT: NO_EFFECT}
REFUSED = Answer(400, "The signature is missing or wrong.")
AGAIN = Answer(503, "Send this again in a moment.")


@retried
def take_in(message_id: int) -> Answer:
    """Read a stored message, verify it, and apply what it says, once; gives what the gateway wants to hear.

    Whatever breaks on the way, the message stays and is tried again.
    """
    try:
        return _read_and_apply(message_id)
    except OperationalError:
        raise  # the database: tried again at once, and later
    except Exception as error:
        if not isinstance(error, ShopError):
            log.exception("message %s could not be applied", message_id)
        return _note(message_id, ERROR, "none", why=f"{type(error).__name__}: {error}", answer=AGAIN)


def _read_and_apply(message_id):
    stored = db.session.get_one(InboxMessage, message_id)
    reading = payments.read(stored)
    if reading.verdict == base.FORGED:
        return _note(message_id, REJECTED, "bad", answer=REFUSED)
    if reading.verdict == base.UNDECIDED:
        hint = stored.channel == "return"  # proves nothing, and is only a hint for the page
        return _note(message_id, NO_EFFECT if hint else ERROR, "none", answer=reading.answer if hint else AGAIN)
    return _apply(message_id, reading)


@retried
def ask_and_settle(bill_id: int) -> bool:
    """Ask the gateway about a bill and apply what it says; False when there was no answer."""
    bill = db.session.get_one(Bill, bill_id)
    outcomes = payments.ask(bill)
    if outcomes is None:
        return False
    with transaction():
        bill = db.session.get_one(Bill, bill_id)
        if bill.order_id:
            orders.locked(bill.order_id)  # before the bill, as everybody does
        bill = db.session.get_one(Bill, bill_id, populate_existing=True)
        bill.asked_at = clock.now()
        if not outcomes:
            bill.extra = {name: value for name, value in bill.extra.items() if name != "returned"}
            return True  # whatever a return hinted at, the gateway knows of nothing
        stored = _store_answer(bill, outcomes)
        with events.acting_as("gateway", bill.backend, cause=stored.id):
            words = [orders.settle(bill, outcome) for outcome in outcomes]
        _finish(stored, words, outcomes)
    return True


def send_refund(refund_id: int) -> None:
    """Send one requested refund: claimed in one commit, called, and recorded in another."""
    with transaction():
        refund = payments.claim(refund_id)
    if refund is None:
        return
    result = payments.call_gateway(refund)
    with transaction():
        orders.finish_refund(db.session.get_one(Refund, refund_id), result)


def _apply(message_id, reading):
    with transaction():
        stored = db.session.get_one(InboxMessage, message_id, with_for_update=True, populate_existing=True)
        if stored.outcome not in (*WAITING, UNMATCHED):
            return reading.answer  # the job was quicker than the request, or the other way round
        words = []
        for outcome in reading.outcomes:
            bill = payments.bill_by_reference(stored.backend, outcome.reference)
            if bill is None:
                payments.finish(stored, UNMATCHED, signature="ok", event_key=payments.event_key(outcome))
                return reading.answer
            stored.bill_id = stored.bill_id or bill.id
            with events.acting_as("gateway", stored.backend, cause=stored.id):
                words.append(orders.settle(bill, outcome))
        _finish(stored, words, reading.outcomes)
    return reading.answer


def _finish(stored, words, outcomes):
    """The message's outcome is the strongest of what it did; its key is that of the event which did it."""
    telling = next((i for i, word in enumerate(words) if word == CHANGED), 0)
    key = payments.event_key(outcomes[telling]) if outcomes else None
    payments.finish(stored, WORDS[words[telling]] if words else NO_EFFECT, signature="ok", event_key=key)


def _store_answer(bill, outcomes: list[Outcome]):
    body = json.dumps([asdict(outcome) for outcome in outcomes], default=str).encode()
    return payments.store_message(bill.backend, "poll", Message("POLL", "", body), bill.id)


def _note(message_id, outcome, signature, *, answer, why=""):
    with transaction():
        stored = db.session.get_one(InboxMessage, message_id)
        payments.finish(stored, outcome, signature=signature, event_key=None, why=why)
        if outcome == REJECTED:
            log.warning("message %s of %s refused: bad signature", message_id, stored.backend)
    return answer
