"""Whether a gateway still speaks to us: shoppers come back and money is found, but no messages arrive.

Only stored facts are compared, and a gateway that may be asked is asked before it is blamed.
"""

from datetime import datetime, timedelta
from typing import NamedTuple

from flask_babel import lazy_gettext as _l
from sqlalchemy import func, select

from storefront.kit import clock, events
from storefront.kit.db import db
from storefront.kit.events import OrderEvent
from storefront.payments.configs import can
from storefront.payments.fates import APPLIED, DUPLICATE, NO_EFFECT, REJECTED
from storefront.payments.models import Bill, GatewayConfig, InboxMessage
from storefront.payments.questions import ask
from storefront.payments.states import MONEY

KEY, DOWN, ADDRESS, RHYTHM = "key", "down", "address", "rhythm"
CAUSES = {
    KEY: _l("Its messages arrive, but their signatures are wrong: compare the key in its settings with ours."),
    DOWN: _l("It does not answer our questions either: it seems to be down. We go on asking; no order is lost."),
    ADDRESS: _l("Its messages do not reach us: compare the address that it sends them to."),
    RHYTHM: _l("More than a quarter of the messages that usually come at this hour are missing."),
}
READ = (APPLIED, DUPLICATE, NO_EFFECT)
PATIENCE = timedelta(minutes=10)  # a message may come so much later than the shopper
LOOKED_BACK = timedelta(days=7)  # a small shop sells once in a day or two
ENOUGH_WITNESSES = 3
WEEKS, ENOUGH_MESSAGES = 4, 8
WINDOWS = (timedelta(hours=1), timedelta(hours=6), timedelta(days=1))


class Finding(NamedTuple):
    """What is wrong with a gateway ("" if nothing is), and how many messages are missing by our facts."""

    cause: str
    missing: int = 0


def watched_gateways() -> list[int]:
    """The ids of the gateways that are on and send messages; asked of the kind, whatever its secrets are."""
    found = db.session.scalars(select(GatewayConfig).filter_by(active=True).order_by(GatewayConfig.id))
    return [config.id for config in found if can(config).notifies]


def listen_for(config_id: int) -> Finding:
    """Whether the messages of a gateway are missing, and why most likely. May use the network."""
    config, now = db.session.get_one(GatewayConfig, config_id), clock.now()
    unheard = _unheard(config.name, now)
    if len(unheard) >= ENOUGH_WITNESSES:
        return Finding(_cause(config, unheard, now), len(unheard))
    missing = _missing_in_rhythm(config.name, now)
    if missing:
        return Finding(KEY if _mostly_refused(config.name, now) else RHYTHM, missing)
    return Finding("")


def note_silence(config_id: int, finding: Finding) -> bool:
    """Write down that a gateway fell silent, or that it is heard again; each is told once. Whether it changed."""
    config = db.session.get_one(GatewayConfig, config_id, populate_existing=True, with_for_update=True)
    if finding.cause and not config.silent_since:
        config.silent_since, config.silent_cause = clock.now(), finding.cause
        facts = {"gateway": config.name, "cause": finding.cause, "missing": finding.missing}
        events.record("GATEWAY_FELL_SILENT", None, **facts)
        return True
    if config.silent_since and not finding.cause and _heard_since(config.name, config.silent_since):
        facts = {"gateway": config.name, "since": config.silent_since.isoformat()}
        config.silent_since, config.silent_cause = None, ""
        events.record("GATEWAY_HEARD_AGAIN", None, **facts)
        return True
    return False


def silent_gateways() -> list[GatewayConfig]:
    """Those of which the owner was told, the longest silent first."""
    silent = select(GatewayConfig).where(GatewayConfig.silent_since.is_not(None), GatewayConfig.active)
    return list(db.session.scalars(silent.order_by(GatewayConfig.silent_since)))


def _unheard(name, now):
    """The latest bills whose shopper came back as "paid", or whose money was found, as long as none of them
    was spoken of by a message of the gateway."""
    told = (InboxMessage.backend == name) & InboxMessage.outcome.in_(READ)
    seen = select(InboxMessage.bill_id).where(
        told,
        InboxMessage.channel.in_(("return", "poll")),
        InboxMessage.received_at.between(now - LOOKED_BACK, now - PATIENCE),
        InboxMessage.bill_id.is_not(None),
    )
    latest = list(dict.fromkeys(db.session.scalars(seen.order_by(InboxMessage.received_at.desc()).limit(100))))
    bills = {bill.id: bill for bill in db.session.scalars(select(Bill).where(Bill.id.in_(latest)))}
    spoken = select(InboxMessage.bill_id).where(
        told, InboxMessage.channel == "notify", InboxMessage.bill_id.in_(latest)
    )
    heard = set(db.session.scalars(spoken))
    unheard = []
    for bill in (bills[bill_id] for bill_id in latest if bill_id in bills):
        if bill.id in heard:
            break
        if bill.status in MONEY or bill.extra.get("returned") == "ok":
            unheard.append(bill)
    return unheard


def _cause(config, unheard, now):
    if _mostly_refused(config.name, now):
        return KEY
    if not can(config).can_query:
        return ADDRESS
    return DOWN if ask(unheard[0]) is None else ADDRESS


def _mostly_refused(name, now):
    """Whether messages do come, but most of them with a signature that is not right."""
    since = (
        InboxMessage.backend == name,
        InboxMessage.channel == "notify",
        InboxMessage.received_at > now - LOOKED_BACK,
    )
    counted = select(InboxMessage.outcome, func.count()).where(*since, InboxMessage.outcome.in_((*READ, REJECTED)))
    counts = {outcome: int(times) for outcome, times in db.session.execute(counted.group_by(InboxMessage.outcome))}
    refused = counts.pop(REJECTED, 0)
    return refused > sum(counts.values())


def _missing_in_rhythm(name, now):
    """How many messages are missing against the weakest of the same hours of the last weeks, if more than a quarter
    is, while shoppers leave for the gateway as they did; 0 if all is well, or nobody can say.
    """
    end = now - PATIENCE
    for window in WINDOWS:
        usual = min(_messages(name, end - week, window) for week in _weeks())
        if usual >= ENOUGH_MESSAGES:
            came = _messages(name, end, window)
            slow = 4 * _leavings(end, window) < 3 * min(_leavings(end - week, window) for week in _weeks())
            return usual - came if 4 * came < 3 * usual and not slow else 0
    return 0


def _weeks():
    return [timedelta(weeks=back) for back in range(1, WEEKS + 1)]


def _messages(name, end: datetime, window):
    came = (InboxMessage.backend == name, InboxMessage.channel == "notify", InboxMessage.outcome.in_(READ))
    within = InboxMessage.received_at.between(end - window, end)
    return db.session.scalar(select(func.count()).select_from(InboxMessage).where(*came, within)) or 0


def _leavings(end: datetime, window):
    within = OrderEvent.at.between(end - window, end)
    left = select(func.count()).select_from(OrderEvent).where(OrderEvent.type == "BILL_REDIRECTED", within)
    return db.session.scalar(left) or 0


def _heard_since(name, moment):
    came = (InboxMessage.backend == name, InboxMessage.channel == "notify", InboxMessage.outcome.in_(READ))
    since = select(InboxMessage.id).where(*came, InboxMessage.received_at > moment)
    return db.session.scalar(since.limit(1)) is not None
