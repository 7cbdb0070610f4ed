"""Every message that a gateway ever sent us, raw, stored before it is understood, and replayable."""

from collections.abc import Collection
from datetime import datetime, timedelta

from sqlalchemy import delete, or_, select, update

from storefront.kit import clock
from storefront.kit.db import db
from storefront.kit.errors import ShopError
from storefront.payments.bills import bill_by_reference, view_of
from storefront.payments.configs import config_by_name, may_come_from, readers
from storefront.payments.erasing import is_erased
from storefront.payments.fates import (
    APPLIED,
    ERROR,
    RECEIVED,
    REJECTED,
    RETRIED_FOR,
    UNMATCHED,
    WAITING,
    next_try,
)
from storefront.payments.gateways import base, kind_of
from storefront.payments.gateways.base import Hint, Message, Outcome, Reading
from storefront.payments.models import Bill, GatewayConfig, InboxMessage
from storefront.payments.waiting import clear_desk, put_on_desk

FORGED_KEPT, FORGED_KEPT_FOR = 10_000, timedelta(days=30)  # so many at most, and so long
FORGED_BYTES = 16 * 1024  # of a forged message only the beginning is kept
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
        headers={name: value for name, value in message.headers.items() if worth_keeping(name)},
        body=message.body,
        remote_addr=message.remote_addr,
        received_at=clock.now(),
        bill_id=bill_id or _spoken_of(config, message),
    )
    db.session.add(stored)
    db.session.flush()
    return stored


def is_notice(backend: str, message: Message) -> bool:
    """Whether what came by the way back is from the service's own server, as far as it says so itself."""
    return kind_of(config_by_name(backend).type).is_notice(message)


def comes_by_server(backend: str, message: Message) -> bool:
    """Whether what came by the way back was brought by the service's own server: one address for all shoppers."""
    kind = kind_of(config_by_name(backend).type)
    return kind.fetches_returns or kind.is_notice(message)


def message_of(stored: InboxMessage) -> Message:
    """The message as the adapter reads it, now or years later."""
    came = (stored.remote_addr, stored.received_at)
    return Message(stored.method, stored.url, bytes(stored.body), dict(stored.headers), *came)


def read(stored: InboxMessage) -> Reading:
    """Let the adapter verify and translate a stored message. May use the network.

    What we asked for ourselves was verified and translated when it came, and is stored like that. Whatever a key that
    was replaced lately has signed is authentic, too.
    """
    if is_erased(stored):  # not as it came any more: what it did stands in the books
        return Reading(base.AUTHENTIC, [])
    if stored.method == "FILE":  # a settlement file: each row of it that did something is a message of its own
        return Reading(base.AUTHENTIC, [])
    if stored.channel in ("poll", "file", "hand"):
        return Reading(base.AUTHENTIC, base.outcomes_from(bytes(stored.body)))
    config = config_by_name(stored.backend)
    if stored.channel == "notify" and not may_come_from(config, stored.remote_addr):
        return Reading(base.FORGED)
    readings = (_read_by(translator, stored) for translator in readers(config))
    reading = next(readings)
    if reading.verdict == base.AUTHENTIC or (reading.verdict == base.UNDECIDED and stored.channel != "return"):
        return reading
    return next((other for other in readings if other.verdict == base.AUTHENTIC), reading)


def _read_by(translator, stored):
    if stored.channel != "return":
        return translator.read_notification(message_of(stored))
    bill = db.session.get(Bill, stored.bill_id)
    said = translator.read_return(message_of(stored), view_of(bill)) if bill else Hint("unknown")
    if isinstance(said, Outcome):
        return Reading(base.AUTHENTIC, [said])
    return Reading(base.UNDECIDED)


def finish(stored: InboxMessage, outcome: str, *, signature: str, event_key: str | None, why: str = "") -> None:
    """Write down what became of a message, and when it is tried again; one that never gets through needs a person.

    An authentic one tells that its gateway reaches us; what anybody may have sent tells nothing.
    """
    stored.signature = signature
    stored.event_key = _free(stored, event_key) if outcome == APPLIED else event_key
    stored.tries, stored.last_error, stored.outcome = stored.tries + 1, why[:500], outcome
    stored.next_try_at = next_try(outcome, stored.tries, clock.now())
    if outcome == REJECTED:
        stored.body = bytes(stored.body)[:FORGED_BYTES]
    if outcome == ERROR and stored.next_try_at is None:
        put_on_desk("message_stuck", bill_id=stored.bill_id, message_id=stored.id, why=why[:200], tries=stored.tries)
    elif outcome not in (ERROR, UNMATCHED) and stored.tries > 1:
        clear_desk("applied", message_id=stored.id)
    if signature == "ok" and stored.channel == "notify":
        _note_heard(stored)


def unread() -> list[int]:
    """The ids of messages whose time has come: stored but not applied, failed, or about a bill not known yet."""
    now, outcome = clock.now(), InboxMessage.outcome
    new = (outcome == RECEIVED) & (InboxMessage.received_at < now - timedelta(seconds=5))
    failed = (outcome == ERROR) & (InboxMessage.next_try_at <= now)
    recent = InboxMessage.received_at > now - RETRIED_FOR
    early = (outcome == UNMATCHED) & (InboxMessage.next_try_at <= now) & recent
    due = select(InboxMessage.id).where(or_(new, failed, early)).order_by(InboxMessage.tries, InboxMessage.id)
    return list(db.session.scalars(due.limit(500)))


def stored_since(after_id: int, *, since: datetime | None = None, backend: str = "", limit: int = 500) -> list[int]:
    """The ids of the stored messages after this one, oldest first: of one gateway, and from a time on, if asked."""
    wanted = select(InboxMessage.id).where(InboxMessage.id > after_id)
    if since:
        wanted = wanted.where(InboxMessage.received_at >= since)
    if backend:
        wanted = wanted.filter_by(backend=backend)
    return list(db.session.scalars(wanted.order_by(InboxMessage.id).limit(limit)))


def prune_forged(limit: int = 500) -> int:
    """Remove some of the forged messages that are too old or too many; gives how many. They never did anything."""
    forged = select(InboxMessage.id).where(InboxMessage.outcome == REJECTED)
    newest = db.session.scalar(forged.order_by(InboxMessage.id.desc()).offset(FORGED_KEPT).limit(1)) or 0
    old = InboxMessage.received_at < clock.now() - FORGED_KEPT_FOR
    ids = db.session.scalars(
        forged.where(or_(InboxMessage.id <= newest, old)).order_by(InboxMessage.id).limit(limit)
    ).all()
    db.session.execute(
        delete(InboxMessage).where(InboxMessage.id.in_(ids)).execution_options(synchronize_session=False)
    )
    return len(ids)


def inbox_of(bill_ids: list[int]) -> list[InboxMessage]:
    """The messages of some bills, oldest first."""
    return list(
        db.session.scalars(select(InboxMessage).where(InboxMessage.bill_id.in_(bill_ids)).order_by(InboxMessage.id))
    )


def waits_for(bill_ids: Collection[int]) -> set[int]:
    """Those of these bills about which a message is stored but not applied yet."""
    waiting = select(InboxMessage.bill_id).where(InboxMessage.bill_id.in_(bill_ids), InboxMessage.outcome.in_(WAITING))
    return set(db.session.scalars(waiting.distinct()))


def _note_heard(stored):
    """The gateway was heard when this came, unless it was heard since."""
    before = or_(GatewayConfig.last_notice_at.is_(None), GatewayConfig.last_notice_at < stored.received_at)
    heard = update(GatewayConfig).where(GatewayConfig.name == stored.backend, before)
    db.session.execute(heard.values(last_notice_at=stored.received_at))


def _spoken_of(config, message):
    """The id of the bill that a message names, believed only as far as to wait for it; None if it names none."""
    try:
        named = (bill_by_reference(config.name, translator.identify(message)) for translator in readers(config))
        return next((bill.id for bill in named if bill), None)
    except (ShopError, NotImplementedError, LookupError, TypeError, ValueError):
        return None  # whatever is wrong with it, it is kept


def _free(stored, event_key):
    """A gateway may use one name for two events: the second that does something keeps a name of its own."""
    taken = select(InboxMessage.id).filter_by(backend=stored.backend, event_key=event_key, outcome=APPLIED)
    other = event_key and db.session.scalar(taken.where(InboxMessage.id != stored.id))
    return f"{event_key}#{stored.id}" if other else event_key


def worth_keeping(name: str) -> bool:
    """Whether a header (in small letters) is kept: it says what the body is, or it signs it."""
    return name in _KEPT_HEADERS or "signature" in name or "checksum" in name or "timestamp" in name
