"""How a stored message becomes a settled bill. Notification, return, poll, cleanup and replay all go this way.

Like a checkout step, each function here is an edge: it opens its own transactions, around the network.
"""

import logging
from collections.abc import Sequence
from typing import NamedTuple

from sqlalchemy.exc import OperationalError

from storefront import desk, orders, payments
from storefront.kit import events
from storefront.kit.db import db, retried, transaction
from storefront.kit.errors import ShopError
from storefront.payments.fates import CHANGED, ERROR, NO_EFFECT, REJECTED, TRIED_AGAIN, UNMATCHED
from storefront.payments.gateways import base
from storefront.payments.gateways.base import Answer, Outcome, Reading
from storefront.payments.models import InboxMessage, Refund

log = logging.getLogger(__name__)
REFUSED = Answer(400, "The signature is missing or wrong.")
AGAIN = Answer(503, "Send this again in a moment.")


class Fate(NamedTuple):
    """What becomes of a message: a word of payments.fates, what its signature proves, the event that it speaks of."""

    word: str
    signature: str = "none"
    event_key: str | None = None
    why: str = ""


@retried
def take_in(message_id: int, *, again: bool = False) -> Answer:
    """Read a stored message, verify it, and apply what it says, once; gives what the gateway wants to hear.

    Whatever breaks on the way, the message stays and is tried again. With `again` one that had its turn is
    applied once more, which changes nothing unless its effect is missing.
    """
    try:
        return _read_and_apply(message_id, again)
    except OperationalError:
        raise  # the database: tried again at once, and later
    except Exception as error:
        if not isinstance(error, ShopError):
            log.exception("message %s could not be applied", message_id)
        return _note(message_id, Fate(ERROR, why=f"{type(error).__name__}: {error}"), AGAIN)


def _read_and_apply(message_id, again):
    stored = db.session.get_one(InboxMessage, message_id)
    reading = payments.read(stored)
    if reading.verdict == base.FORGED:
        log.warning("message %s of %s refused: bad signature", message_id, stored.backend)
        return _note(message_id, unproven(stored, reading), REFUSED)
    if reading.verdict == base.UNDECIDED:
        return _note(message_id, unproven(stored, reading), reading.answer if stored.channel == "return" else AGAIN)
    with transaction("apply_message"):
        stored = _locked(message_id)
        if again or stored.outcome in TRIED_AGAIN:  # else the job was quicker than the request, or the other way round
            write_down(stored, apply(stored, reading))
        line = told(stored)
    log.info(*line)
    return reading.answer


def acknowledge(message_id: int) -> Answer:
    """What the gateway hears of a stored message whose turn has not come yet: it needs the message's proof alone."""
    reading = payments.read(db.session.get_one(InboxMessage, message_id))
    answers = {base.FORGED: REFUSED, base.AUTHENTIC: reading.answer}
    return answers.get(reading.verdict, AGAIN)


def unproven(stored: InboxMessage, reading: Reading) -> Fate:
    """What becomes of a message that is not authentic: a browser's is only a hint for the page."""
    if reading.verdict == base.FORGED:
        return Fate(REJECTED, "bad")
    return Fate(NO_EFFECT if stored.channel == "return" else ERROR)


def apply(stored: InboxMessage, reading: Reading) -> Fate:
    """Apply what an authentic message says, in the caller's transaction; gives what becomes of it."""
    words = []
    for outcome in reading.outcomes:
        bill = payments.bill_by_reference(stored.backend, outcome.reference)
        if bill is None:
            desk.note_unmatched(stored, outcome)
            return Fate(UNMATCHED, "ok", payments.event_key(outcome))
        stored.bill_id = stored.bill_id or bill.id
        with events.acting_as("gateway", stored.backend, cause=stored.id):
            words.append(orders.settle(bill, outcome))
    return strongest(words, reading.outcomes)


def write_down(stored: InboxMessage, fate: Fate) -> None:
    """Note what became of a message; one that had its effect, or was seen to need none, keeps its word."""
    mended = stored.outcome == REJECTED != fate.word
    if stored.outcome in TRIED_AGAIN or mended or fate.word == CHANGED:
        payments.finish(stored, fate.word, signature=fate.signature, event_key=fate.event_key, why=fate.why)


def _note(message_id, fate, answer):
    with transaction("note_message"):
        stored = _locked(message_id)
        write_down(stored, fate)
        line = told(stored)
    log.info(*line)
    return answer


def told(stored: InboxMessage) -> tuple:
    """The line of the log for a message: with its number, bill and outcome each cent can be explained."""
    said = (stored.id, stored.channel, stored.backend, stored.bill_id, stored.outcome)
    return "message %s, %s of %s, about bill %s: %s", *said


def _locked(message_id):
    return db.session.get_one(InboxMessage, message_id, with_for_update=True, populate_existing=True)


def strongest(words: Sequence[str], outcomes: Sequence[Outcome]) -> Fate:
    """The message's word is the strongest of what it did; its key is that of the event which did it."""
    if not words:
        return Fate(NO_EFFECT, "ok")
    telling = words.index(CHANGED) if CHANGED in words else 0
    return Fate(words[telling], "ok", payments.event_key(outcomes[telling]))


def send_refund(refund_id: int) -> None:
    """Send one requested refund: claimed in one commit, called, and recorded in another."""
    with transaction("claim_refund"):
        refund = payments.claim(refund_id)
    if refund is None:
        return
    result = payments.call_gateway(refund)
    with transaction("finish_refund"):
        orders.finish_refund(db.session.get_one(Refund, refund_id), result)


def send_capture(capture_id: int) -> None:
    """Take or give up one reserved sum: claimed in one commit, called, and recorded in another."""
    with transaction("claim_capture"):
        row = payments.claim_capture(capture_id)
    if row is None:
        return
    result = payments.call_capture(row)
    with transaction("finish_capture"):
        orders.finish_capture(capture_id, result)
