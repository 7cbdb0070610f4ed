"""Every message that a gateway ever sent us, raw, stored before it is understood, and replayable."""

from datetime import timedelta

from sqlalchemy import or_, select

from storefront.kit import clock
from storefront.kit.db import db
from storefront.kit.errors import ShopError
from storefront.payments.bills import bill_by_reference, view_of
from storefront.payments.configs import adapter, config_by_name
from storefront.payments.gateways import base
from storefront.payments.gateways.base import Hint, Message, Outcome, Reading
from storefront.payments.models import Bill, InboxMessage

RECEIVED, REJECTED, UNMATCHED, DUPLICATE = "RECEIVED", "REJECTED", "UNMATCHED", "DUPLICATE"
APPLIED, NO_EFFECT, ERROR = "APPLIED", "NO_EFFECT", "ERROR"
WAITING = (RECEIVED, ERROR)
RETRIED_FOR = timedelta(hours=24)
_KEPT_HEADERS = ("content-type", "user-agent", "date", "content-length")


def store_message(backend: str, channel: str, message: Message, bill_id: int | None = None) -> InboxMessage:
    """Keep a message as it came. Only headers that carry no secret are kept beside those that sign.

    The bill that it seems to speak of is noted too, so that no order is closed before it is understood.
    """
    config = config_by_name(backend)
    stored = InboxMessage(
        backend=backend,
        channel=channel,
        method=message.method,
        url=message.query,
        headers={name: value for name, value in message.headers.items() if _worth_keeping(name)},
        body=message.body,
        remote_addr=message.remote_addr,
        received_at=clock.now(),
        bill_id=bill_id or _spoken_of(config, message),
    )
    db.session.add(stored)
    db.session.flush()
    if channel == "notify":
        config.last_notice_at = clock.now()
    return stored


def message_of(stored: InboxMessage) -> Message:
    """The message as the adapter reads it, now or years later."""
    return Message(stored.method, stored.url, bytes(stored.body), dict(stored.headers), stored.remote_addr)


def read(stored: InboxMessage) -> Reading:
    """Let the adapter verify and translate a stored message. May use the network."""
    translator, message = adapter(config_by_name(stored.backend)), message_of(stored)
    if stored.channel != "return":
        return translator.read_notification(message)
    bill = db.session.get(Bill, stored.bill_id)
    said = translator.read_return(message, view_of(bill)) if bill else Hint("unknown")
    if isinstance(said, Outcome):
        return Reading(base.AUTHENTIC, [said])
    return Reading(base.UNDECIDED)


def finish(stored: InboxMessage, outcome: str, *, signature: str, event_key: str | None, why: str = "") -> None:
    """Write down what became of a message."""
    stored.signature = signature
    stored.event_key = _free(stored, event_key) if outcome == APPLIED else event_key
    stored.tries, stored.last_error, stored.outcome = stored.tries + 1, why[:500], outcome


def unread() -> list[int]:
    """The ids of messages that wait: stored but not applied, failed, or about a bill not known yet."""
    now = clock.now()
    recent = InboxMessage.received_at > now - RETRIED_FOR
    return list(
        db.session.scalars(
            select(InboxMessage.id)
            .where(or_(InboxMessage.outcome.in_(WAITING), (InboxMessage.outcome == UNMATCHED) & recent))
            .where(InboxMessage.received_at < now - timedelta(seconds=5))
            .order_by(InboxMessage.tries, InboxMessage.id)
            .limit(500)
        )
    )


def inbox_of(bill_ids: list[int]) -> list[InboxMessage]:
    """The messages of some bills, oldest first."""
    return list(
        db.session.scalars(select(InboxMessage).where(InboxMessage.bill_id.in_(bill_ids)).order_by(InboxMessage.id))
    )


def waits_for(bill_ids: list[int]) -> bool:
    """Whether a message about these bills is stored but not applied yet."""
    waiting = select(InboxMessage.id).where(InboxMessage.bill_id.in_(bill_ids), InboxMessage.outcome.in_(WAITING))
    return db.session.scalar(waiting.limit(1)) is not None


def _spoken_of(config, message):
    """The id of the bill that a message names, believed only as far as to wait for it; None if it names none."""
    try:
        bill = bill_by_reference(config.name, adapter(config).identify(message))
    except (ShopError, NotImplementedError, LookupError, TypeError, ValueError):
        return None  # whatever is wrong with it, it is kept
    return bill.id if bill else None


def _free(stored, event_key):
    """A gateway may use one name for two events: the second that does something keeps a name of its own."""
    taken = select(InboxMessage.id).filter_by(backend=stored.backend, event_key=event_key, outcome=APPLIED)
    other = event_key and db.session.scalar(taken.where(InboxMessage.id != stored.id))
    return f"{event_key}#{stored.id}" if other else event_key


def _worth_keeping(name):
    return name in _KEPT_HEADERS or "signature" in name or "checksum" in name or "timestamp" in name
