"""What Stripe's objects say, in our words. The session names the bill: its id is known to nobody else's shop."""

import json
from collections.abc import Mapping, Sequence
from dataclasses import replace
from datetime import UTC, datetime
from typing import Any

from storefront.kit import money
from storefront.payments.gateways import base
from storefront.payments.gateways.base import Outcome
from storefront.payments.gateways.stripe_words import ours, why

MONEY = (base.PAID, base.AUTHORIZED, base.REFUNDED, base.CHARGED_BACK, base.WON_BACK)
TRYING = ("requires_payment_method", "requires_confirmation", "requires_action")
NOT_TAKEN = ("warning_needs_response", "warning_under_review", "warning_closed", "prevented")  # only a question so far
TAKEN = ("needs_response", "under_review", "won", "lost")
Thing = Mapping[str, Any]


def event(body: bytes) -> tuple[str, dict[str, Any], Any]:
    """The type of an event, the object that it is about, and when it happened; nothing of what is no event."""
    try:
        found = json.loads(body)
        thing = found["data"]["object"]
    except (ValueError, RecursionError, LookupError, TypeError):
        return "", {}, None
    return str(found.get("type")), thing if isinstance(thing, dict) else {}, found.get("created")


def metadata(thing: Thing) -> dict[str, Any]:
    """What we wrote on a session or a payment; nothing if it is not ours."""
    found = thing.get("metadata")
    return found if isinstance(found, dict) and isinstance(found.get("reference"), str) else {}


def reserves(thing: Thing) -> bool:
    """Whether a session or a payment of ours only reserves the sum."""
    return metadata(thing).get("capture") == "manual"


def waits_for_capture(session: Thing) -> bool:
    """Whether the page is done and the sum only reserved, so that the payment itself must be asked for."""
    return reserves(session) and session.get("status") == "complete" and session.get("payment_status") == "unpaid"


def intent_of(session: Thing) -> dict[str, Any]:
    """The payment of a session, if it was asked for with it."""
    found = session.get("payment_intent")
    return found if isinstance(found, dict) else {}


def of_session(session: Thing, at: Any = None) -> list[Outcome]:
    """What became of a session's payment; nothing while its page is open for another try."""
    if session.get("status") == "expired":
        return [_news(base.EXPIRED, session, f"{session.get('id')}:expired", session, at=at)]
    if session.get("status") != "complete":
        return []
    if intent := intent_of(session):
        return _of_intent(session, intent, at)
    status, name = session.get("payment_status"), payment_of(session)
    if status not in ("paid", "unpaid"):
        return [_unknown(session, f"payment_status {status}", at)]
    word = base.PAID if status == "paid" else base.PENDING
    return [_news(word, session, f"{name}:{word}", session, "amount_total", at=at)]


def failed_later(session: Thing, at: Any = None) -> list[Outcome]:
    """A slow way to pay has failed after the page was done; the session does not say why."""
    return [_failed(session, {"code": "async_payment_failed"}, at)]


def _of_intent(session, intent, at):
    status, name, charge = intent.get("status"), payment_of(session), intent.get("latest_charge")
    at = at or (charge.get("created") if isinstance(charge, dict) else None)
    if status == "succeeded":
        return [_news(base.PAID, session, f"{name}:paid", intent, "amount_received", at=at)]
    if status == "requires_capture":
        return [_news(base.AUTHORIZED, session, f"{name}:authorized", intent, "amount_capturable", at=at)]
    if status == "processing":
        return [_news(base.PENDING, session, f"{name}:pending", intent, at=at)]
    if status == "canceled":
        return [_news(base.VOIDED, session, f"{name}:voided", intent, at=at)]
    if status in TRYING:  # the page is done: there is no other try
        return [_failed(session, intent.get("last_payment_error") or {"code": "async_payment_failed"}, at)]
    return [_unknown(session, f"payment_intent {status}", at)]


def of_refunds(session: Thing, refunds: Sequence[Thing]) -> list[Outcome]:
    """What was sent back of a payment, one by one; what is on its way or came back is not told."""
    gone = [one for one in refunds if one.get("status") == "succeeded"]
    return [_news(base.REFUNDED, session, str(one.get("id")), one, at=one.get("created")) for one in gone]


def came_back(session: Thing, refund: Thing, at: Any = None) -> list[Outcome]:
    """A refund that did not reach the shopper: we have no word for money that is ours again, so a person looks."""
    return [_unknown(session, f"refund {refund.get('id')} {refund.get('status')} {refund.get('failure_reason')}", at)]


def of_disputes(session: Thing, disputes: Sequence[Thing]) -> list[Outcome]:
    """What banks have taken back, and what they gave us again. A mere inquiry takes nothing."""
    told = []
    for one in disputes:
        status, name = one.get("status"), str(one.get("id"))
        if status in TAKEN:
            told.append(_news(base.CHARGED_BACK, session, name, one, at=one.get("created")))
        elif status not in NOT_TAKEN:
            told.append(_unknown(session, f"dispute {name} {status}", one.get("created")))
        if status == "won":
            told.append(_news(base.WON_BACK, session, f"{name}:won", one))
    return told


def listed(found: Any) -> list[dict[str, Any]]:
    """The objects of a list of Stripe's."""
    rows = found.get("data") if isinstance(found, dict) else None
    return [row for row in rows if isinstance(row, dict)] if isinstance(rows, list) else []


def payment_of(session: Thing) -> str:
    """The payment's id, which its session knows."""
    intent = session.get("payment_intent")
    return str((intent.get("id") if isinstance(intent, dict) else intent) or session.get("id") or "")


def _failed(session, error, at):
    reason, words = why(error)
    told = _news(base.DECLINED, session, f"{payment_of(session)}:failed", session, "amount_total", at=at)
    return replace(told, error_type=reason, vendor_code=words)


def _news(word, session, event, thing, amount="amount", at=None):
    """`thing` has the sum. Money that cannot be counted is unknown."""
    currency = money.code(str(thing.get("currency") or "").upper())
    minor = ours(thing.get(amount), currency)
    if minor is None and word in MONEY:
        return _unknown(session, f"{event} {thing.get(amount)} {thing.get('currency')}", at)
    key = _request_key(thing) if word == base.REFUNDED else ""
    told = _about(word, session, event, at)
    return replace(told, amount_minor=minor or 0, currency=currency, request_key=key)


def _unknown(session, words, at):
    told = _about(base.UNKNOWN, session, f"{payment_of(session)}:{words}"[:200], at)
    return replace(told, vendor_code=words[:100])


def _about(word, session, event, at):
    live, name = session.get("livemode"), str(session.get("id") or "")
    mode = "live" if live is True else "test" if live is False else ""
    return Outcome(word, name, event, transaction=payment_of(session), mode=mode, occurred_at=_time(at))


def _request_key(refund):
    found = refund.get("metadata")
    return str(found.get("request_key") or "") if isinstance(found, dict) else ""


def _time(seconds):
    try:
        return datetime.fromtimestamp(seconds, UTC) if seconds else None
    except (ValueError, TypeError, OverflowError, OSError):
        return None
