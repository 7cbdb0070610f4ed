"""Applying stored messages again: after a restored backup, a mended adapter or key, or just to see that it is harmless.

An edge, like the intake: it opens transactions around the network.
"""

from collections.abc import Iterable, Iterator
from itertools import groupby
from typing import NamedTuple

from sqlalchemy.exc import OperationalError

from storefront import payments
from storefront.checkout.intake import Fate, apply, take_in, unproven, write_down
from storefront.kit.db import db, transaction
from storefront.payments.fates import ERROR
from storefront.payments.gateways import base
from storefront.payments.models import Bill, InboxMessage


class Replayed(NamedTuple):
    """A message, what it had become, and what it becomes (or would become)."""

    id: int
    before: str
    after: str


class _OnlyLooking(Exception):
    """Takes a rehearsal back."""


def replay(message_id: int) -> Replayed:
    """Apply one stored message again. Repeating it changes nothing."""
    before = db.session.get_one(InboxMessage, message_id).outcome
    take_in(message_id, again=True)
    return Replayed(message_id, before, db.session.get_one(InboxMessage, message_id).outcome)


def rehearse(message_ids: Iterable[int]) -> Iterator[Replayed]:
    """What replaying would change, and nothing is written: the messages of one order together, in their order."""
    by_order = sorted(message_ids, key=lambda message_id: (_order_of(message_id), message_id))
    for _order, group in groupby(by_order, key=_order_of):
        yield from _tried([(message_id, _reading(message_id)) for message_id in group])


def _order_of(message_id):
    bill_id = db.session.get_one(InboxMessage, message_id).bill_id
    return (bill_id and db.session.get_one(Bill, bill_id).order_id) or 0


def _reading(message_id):
    """The message as its gateway's adapter reads it now, or the error that says why it cannot."""
    try:
        return payments.read(db.session.get_one(InboxMessage, message_id))
    except OperationalError:
        raise
    except Exception as error:
        return error


def _tried(readings):
    found = []
    try:
        with transaction("rehearse_replay"):
            for message_id, reading in readings:
                stored = db.session.get_one(InboxMessage, message_id)
                before = stored.outcome
                write_down(stored, _fate(stored, reading))
                found.append(Replayed(message_id, before, stored.outcome))
            raise _OnlyLooking
    except _OnlyLooking:
        return found


def _fate(stored, reading):
    """As the intake would have it: what cannot be applied takes only its own effect back."""
    if isinstance(reading, Exception):
        return Fate(ERROR)
    if reading.verdict != base.AUTHENTIC:
        return unproven(stored, reading)
    try:
        with db.session.begin_nested():
            return apply(stored, reading)
    except OperationalError:
        raise
    except Exception:
        db.session.refresh(stored)
        return Fate(ERROR)
