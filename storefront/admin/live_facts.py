"""What is looked at before going live with a payment service: facts of this shop, gathered once."""

from dataclasses import dataclass
from datetime import datetime, timedelta
from typing import NamedTuple

from flask import current_app
from sqlalchemy import func, select

from storefront import jobs, payments, sandbox
from storefront.admin.unsaid import unsaid
from storefront.kit import clock, http
from storefront.kit.db import db
from storefront.kit.errors import Unavailable
from storefront.kit.events import OrderEvent, OutboxMessage
from storefront.orders.models import Order
from storefront.payments import keys
from storefront.payments.fates import APPLIED, DUPLICATE, NO_EFFECT, REJECTED
from storefront.payments.models import Bill, GatewayConfig, InboxMessage, LedgerEntry

READ = (APPLIED, DUPLICATE, NO_EFFECT)
FROM_THEM = ("notify", "return")
LETTERS_LATELY = timedelta(days=30)


class Message(NamedTuple):
    """The last message of the service that could be verified or not: whether it was, when, and whether of a bill."""

    authentic: bool
    at: datetime


class Paid(NamedTuple):
    """A payment through the service: its order, and whether money of it went back."""

    order: str
    refunded: bool


@dataclass(frozen=True)
class Facts:
    """What the checks look at."""

    config: GatewayConfig
    problems: list[str]
    answer: http.Answer | None  # of our own public address
    silence: str  # why there was no answer
    here: datetime
    database: datetime
    last_letter: datetime | None
    failing_letters: int
    heartbeat_age: timedelta | None
    last_message: Message | None
    heard_at: datetime | None
    paid: Paid | None
    unsaid: tuple[str, ...] = ()  # what the shop does not say of itself
    tried: sandbox.Tried | None = None  # its keys, without the service; None while settings are missing


def gather(config: GatewayConfig) -> Facts:
    """Look at everything, in this shop as it is. Uses the network; call it outside a transaction."""
    lacking = payments.problems(config)
    answer, silence = _ask_ourselves()
    here = clock.here()
    since, heard = config.mode_since, config.last_notice_at
    return Facts(
        config=config,
        problems=lacking or payments.broken_rules(config),
        answer=answer,
        silence=silence,
        here=here,
        database=clock.now(),
        last_letter=_last_letter(),
        failing_letters=_failing_letters(),
        heartbeat_age=jobs.heartbeat_age(),
        last_message=_last_message(config.name, _keys_since(config)),
        heard_at=heard if heard and (since is None or heard >= since) else None,
        paid=_paid(config.name, since),
        unsaid=tuple(unsaid()),
        tried=None if lacking else sandbox.try_keys(config),
    )


def _ask_ourselves():
    try:
        return http.send("GET", f"{current_app.config['PUBLIC_URL']}/healthz", timeout=3.0, limit=10_000), ""
    except Unavailable as error:
        return None, error.message


def _last_letter():
    sent = select(OrderEvent.at).join(OutboxMessage, OutboxMessage.event_id == OrderEvent.id)
    sent = sent.where(OutboxMessage.kind == "mail", OutboxMessage.status == "SENT")
    return db.session.scalar(sent.order_by(OutboxMessage.id.desc()).limit(1))


def _failing_letters():
    """Letters of the last days that the mail server did not take, and that were not taken since."""
    failing = select(func.count()).select_from(OutboxMessage).join(OrderEvent, OrderEvent.id == OutboxMessage.event_id)
    failing = failing.where(OutboxMessage.kind == "mail", OutboxMessage.status.in_(("FAILED", "PENDING")))
    lately = OrderEvent.at > clock.now() - LETTERS_LATELY
    return db.session.scalar(failing.where(OutboxMessage.last_error != "", lately)) or 0


def _keys_since(config):
    """Since when its mode and all its keys are what they are; None if that was always so."""
    times = [config.mode_since, *(keys.since(config, name) for name in config.rotation)]
    return max((time for time in times if time), default=None)


def _last_message(backend, since):
    """The last that was verified; if none was, the last that was not: anybody may send such a one."""
    query = select(InboxMessage.outcome, InboxMessage.received_at).where(
        InboxMessage.backend == backend,
        InboxMessage.channel.in_(FROM_THEM),
        InboxMessage.signature.in_(("ok", "bad")),
        InboxMessage.outcome.in_((*READ, REJECTED)),
    )
    if since:
        query = query.where(InboxMessage.received_at >= since)
    refused = InboxMessage.outcome == REJECTED
    found = db.session.execute(query.order_by(refused, InboxMessage.id.desc()).limit(1)).first()
    return Message(found.outcome != REJECTED, found.received_at) if found else None


def _paid(backend, since):
    """A payment that was sent back, if there is one; else the last one."""
    back = select(LedgerEntry.id).where(LedgerEntry.bill_id == Bill.id, LedgerEntry.kind == "refunded").exists()
    taken = select(LedgerEntry.id).where(LedgerEntry.bill_id == Bill.id, LedgerEntry.kind == "captured").exists()
    query = select(Order.number, back.label("back")).select_from(Bill).join(Order, Order.id == Bill.order_id)
    query = query.where(Bill.backend == backend, taken)
    if since:
        query = query.where(Bill.created_at >= since)
    found = db.session.execute(query.order_by(back.desc(), Bill.id.desc()).limit(1)).first()
    return Paid(found.number, bool(found.back)) if found else None
