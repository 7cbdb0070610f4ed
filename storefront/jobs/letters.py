"""Delivering what stands in the outbox: letters and other consequences of events."""

from datetime import timedelta

from sqlalchemy import select, update

from storefront import notices, webhooks
from storefront.jobs.each import each_alone
from storefront.kit import clock
from storefront.kit.db import changed, db, transaction
from storefront.kit.events import OrderEvent, OutboxMessage

GAPS = [timedelta(seconds=s) for s in (10, 60, 300, 1800, 7200, 21600, 43200)]
GIVEN_UP_SENDING = timedelta(minutes=5)


def deliver_events() -> dict[str, int]:
    """Send the letters and run the handlers that are due, oldest first."""
    now = clock.now()
    due = db.session.scalars(
        select(OutboxMessage.id)
        .where(OutboxMessage.status.in_(("PENDING", "SENDING")), OutboxMessage.next_try_at <= now)
        .where(OutboxMessage.kind != webhooks.KIND)
        .order_by(OutboxMessage.id)
        .limit(200)
    ).all()
    return each_alone(due, deliver_one)


def deliver_one(message_id: int) -> bool:
    """Claim one delivery in a commit, make it, and record it in another; what fails is tried again later."""
    with transaction("claim_letter"):
        now = clock.now()
        claimed = changed(
            update(OutboxMessage)
            .where(
                OutboxMessage.id == message_id,
                OutboxMessage.status.in_(("PENDING", "SENDING")),
                OutboxMessage.next_try_at <= now,
            )
            .values(status="SENDING", tries=OutboxMessage.tries + 1, next_try_at=now + GIVEN_UP_SENDING)
        )
    if not claimed:
        return False
    message = db.session.get_one(OutboxMessage, message_id)
    event, target = db.session.get_one(OrderEvent, message.event_id), message.target
    try:
        notices.deliver(event, target)
    except Exception as error:
        _put_off(message_id, error)
        raise
    with transaction("note_letter"):
        sent = db.session.get_one(OutboxMessage, message_id)
        sent.status, sent.next_try_at, sent.last_error = "SENT", None, ""
    return True


def _put_off(message_id, error):
    db.session.rollback()
    with transaction("put_off_letter"):
        message = db.session.get_one(OutboxMessage, message_id)
        message.last_error = f"{type(error).__name__}: {error}"[:300]
        if message.tries > len(GAPS):
            message.status, message.next_try_at = "FAILED", None
        else:
            message.status, message.next_try_at = "PENDING", clock.now() + GAPS[message.tries - 1]
