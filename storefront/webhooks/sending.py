"""Sending what waits: claimed in one commit, called outside of any, noted in another."""

import json
import secrets
import time
from datetime import timedelta
from typing import Any, NamedTuple

from flask_babel import gettext as _
from sqlalchemy import and_, exists, select, update
from sqlalchemy.orm import aliased

from storefront import api
from storefront.kit import clock, http
from storefront.kit.db import changed, db, transaction
from storefront.kit.errors import Conflict, Invalid, NotFound, Unavailable
from storefront.kit.events import OrderEvent, OutboxMessage
from storefront.orders.models import Order
from storefront.webhooks.endpoints import KIND, end, public_only, secrets_of, taken
from storefront.webhooks.models import GIVEN_UP, OK, REFUSED, UNREACHABLE, WebhookEndpoint, WebhookTry
from storefront.webhooks.signing import headers

# Between the eight tries: 23 h 50 min in all.
GAPS = [timedelta(minutes=m) for m in (1, 4, 25, 120, 240, 420, 620)]
CLAIMED_FOR = timedelta(minutes=5)
LONG = timedelta(hours=23)  # an address that took nothing for so long is switched off
TIMEOUT = 5.0  # seconds
ANSWER_KEPT, ANSWER_READ = 300, 20_000
BUSY_FOR = 20.0  # seconds that one run spends on one address; the next run goes on
WAITING = ("PENDING", "SENDING")
GONE = 410


class Called(NamedTuple):
    """What came of one call."""

    outcome: str
    status: int | None
    answer: str


def deliver_due(endpoint_id: int) -> int:
    """Send what is due to one address, event by event; says how many calls that took.

    After a call without an answer the address has a rest until the next run.
    """
    calls, until = 0, time.monotonic() + BUSY_FOR
    while time.monotonic() < until and (message_id := _next(endpoint_id)):
        called, calls = deliver_one(message_id), calls + 1
        if called and called.outcome == UNREACHABLE:
            break
    return calls


def deliver_one(message_id: int) -> Called | None:
    """Claim one message, send it and note what came of it; None if somebody else has it or it is not its turn."""
    with transaction("claim_webhook"):
        now = clock.now()
        claim = update(OutboxMessage).where(OutboxMessage.id == message_id, *_due(now), ~_behind_another(OutboxMessage))
        claimed = changed(
            claim.values(status="SENDING", tries=OutboxMessage.tries + 1, next_try_at=now + CLAIMED_FOR)
            .execution_options(synchronize_session=False)
        )  # fmt: skip
    if not claimed:
        return None
    message = db.session.get_one(OutboxMessage, message_id)
    endpoint = db.session.get_one(WebhookEndpoint, int(message.target))
    called = _call(endpoint, *_written(message, endpoint))
    with transaction("note_webhook"):
        _note(message_id, called)
    return called


def ping(endpoint_id: int) -> Called:
    """A message of the type PING, at once, for whoever sets up the other side. Raises NotFound."""
    endpoint = db.session.get(WebhookEndpoint, endpoint_id)
    if endpoint is None:
        raise NotFound(_("There is no such address."))
    body = {"id": f"ping_{secrets.token_hex(8)}", "type": "PING", "timestamp": clock.now().isoformat(), "data": {}}
    called = _call(endpoint, body["id"], body)
    with transaction("note_ping"):
        db.session.add(WebhookTry(endpoint_id=endpoint_id, at=clock.now(), **called._asdict()))
    return called


def replay(endpoint_id: int, message_id: int) -> OutboxMessage:
    """Let a message that was sent or given up go out once more, with the same id. Raises NotFound, Conflict."""
    taken(endpoint_id)
    message = db.session.get(OutboxMessage, message_id, with_for_update=True, populate_existing=True)
    if message is None or (message.kind, message.target) != (KIND, str(endpoint_id)):
        raise NotFound(_("There is no such message."))
    if message.status in WAITING:
        raise Conflict(_("This message is on its way already."), state=message.status)
    message.status, message.tries, message.next_try_at = "PENDING", 0, clock.now()
    return message


def _next(endpoint_id):
    """The first message to an address that is on which is due and has none of its order before it."""
    return db.session.scalar(
        select(OutboxMessage.id)
        .join(OrderEvent, OrderEvent.id == OutboxMessage.event_id)
        .join(WebhookEndpoint, WebhookEndpoint.id == endpoint_id)
        .where(WebhookEndpoint.active, OutboxMessage.kind == KIND, OutboxMessage.target == str(endpoint_id))
        .where(*_due(clock.now()), ~_behind_another(OutboxMessage))
        .order_by(OrderEvent.feed_position)
        .limit(1)
    )


def _due(now):
    return OutboxMessage.status.in_(WAITING), OutboxMessage.next_try_at <= now


def _behind_another(message):
    """Whether an earlier event of the same order is still to be sent to the same address."""
    mine, before, earlier = aliased(OrderEvent), aliased(OrderEvent), aliased(OutboxMessage)
    return exists(
        select(earlier.id)
        .join(before, before.id == earlier.event_id)
        .join(mine, and_(mine.order_id == before.order_id, mine.seq > before.seq))
        .where(mine.id == message.event_id, earlier.kind == KIND, earlier.target == message.target)
        .where(earlier.status.in_(WAITING))
        .correlate(message)
    )


def _written(message, endpoint) -> tuple[str, dict[str, Any]]:
    event = db.session.get_one(OrderEvent, message.event_id)
    order = db.session.get_one(Order, event.order_id) if event.order_id else None
    body = api.event_body(event, order.number if order else "", personal=endpoint.personal, order=order)
    return body["id"], body


def _call(endpoint, message_id, body) -> Called:
    content = json.dumps(body, ensure_ascii=False, separators=(",", ":")).encode()
    try:
        signed = headers(secrets_of(endpoint), message_id, int(clock.now().timestamp()), content)
        how = {"timeout": TIMEOUT, "limit": ANSWER_READ, "public_only": public_only()}
        answer = http.send("POST", endpoint.url, data=content, headers=signed, **how)
    except (Unavailable, Invalid) as problem:
        return Called(UNREACHABLE, None, problem.message[:ANSWER_KEPT])
    said = answer.body.decode("utf-8", "replace").replace("\0", "\ufffd")[:ANSWER_KEPT]
    return Called(OK if 200 <= answer.status < 300 else REFUSED, answer.status, said)


def _note(message_id, called):
    """Write down what came of it. The endpoint is locked before the message, as everywhere."""
    target = db.session.scalar(select(OutboxMessage.target).filter_by(id=message_id))
    endpoint = taken(int(target)) if target else None
    message = db.session.get(OutboxMessage, message_id, populate_existing=True)
    if endpoint is None or message is None:
        return  # its order was removed meanwhile
    if called.outcome == OK:
        message.status, message.next_try_at, message.last_error = "SENT", None, ""
        endpoint.failures, endpoint.failing_since = 0, None
    else:
        called = _put_off(endpoint, message, called)
    db.session.add(WebhookTry(endpoint_id=endpoint.id, outbox_id=message_id, at=clock.now(), **called._asdict()))


def _put_off(endpoint, message, called):
    now = clock.now()
    endpoint.failures += 1
    endpoint.failing_since = endpoint.failing_since or now
    message.last_error = (f"{called.status}: " if called.status else "") + called.answer
    message.status = "PENDING"
    if message.tries <= len(GAPS):
        message.next_try_at = now + GAPS[message.tries - 1]
    elif now - endpoint.failing_since >= LONG:  # nothing gets through: it waits for the address, not the reverse
        message.tries, message.next_try_at = 0, now
        end(endpoint, "failing")
    else:
        message.status, message.next_try_at = "FAILED", None
        called = called._replace(outcome=GIVEN_UP)
    if called.status == GONE:
        end(endpoint, "gone")
    return called
