"""What Stripe's objects say, in our words. A session and its payment carry our reference in their metadata."""

from collections.abc import Mapping
from datetime import UTC, datetime
from typing import Any

from storefront.kit import money
from storefront.payments.gateways import base
from storefront.payments.gateways.base import Outcome
from storefront.payments.gateways.stripe_words import ours, why

MONEY = (base.PAID, base.AUTHORIZED, base.REFUNDED, base.CHARGED_BACK, base.WON_BACK)
TRYING = ("requires_payment_method", "requires_confirmation", "requires_action")  # its page may be open still
NOT_TAKEN = ("warning_needs_response", "warning_under_review", "warning_closed", "prevented")  # only a question so far
TAKEN = ("needs_response", "under_review", "won", "lost")
Thing = Mapping[str, Any]


def metadata(thing: Thing) -> dict[str, str]:
    """What we wrote on a session or a payment; nothing if it is not ours."""
    found = thing.get("metadata")
    return found if isinstance(found, dict) and isinstance(found.get("reference"), str) else {}


def of_session(session: Thing, at: Any = None) -> list[Outcome]:
    """What a session says when its page is done. Nothing of one that only reserves: its payment says how much."""
    if session.get("status") == "expired":
        return [_news(base.EXPIRED, session, f"{session.get('id')}:expired", at=at)]
    if session.get("status") != "complete":
        return []
    if session.get("payment_status") == "paid":
        return [_news(base.PAID, session, f"{_name(session)}:paid", amount="amount_total", at=at)]
    if session.get("payment_status") != "unpaid":
        return [_unknown(session, f"payment_status {session.get('payment_status')}", at)]
    later = metadata(session).get("capture") == "manual"
    return [] if later else [_news(base.PENDING, session, f"{_name(session)}:pending", amount="amount_total", at=at)]


def failed_later(session: Thing, at: Any = None) -> list[Outcome]:
    """A slow way to pay has failed after the page was done; the session does not say why."""
    said = {"code": "async_payment_failed"}
    return [_news(base.DECLINED, session, f"{_name(session)}:failed", amount="amount_total", at=at, error=said)]


def of_intent(intent: Thing, at: Any = None) -> list[Outcome]:
    """What a payment says. Nothing while it may be tried again."""
    status, name = intent.get("status"), _name(intent)
    if status == "succeeded":
        return [_news(base.PAID, intent, f"{name}:paid", amount="amount_received", at=at)]
    if status == "requires_capture":
        return [_news(base.AUTHORIZED, intent, f"{name}:authorized", amount="amount_capturable", at=at)]
    if status == "processing":
        return [_news(base.PENDING, intent, f"{name}:pending", at=at)]
    if status == "canceled":
        return [_news(base.VOIDED, intent, f"{name}:voided", at=at)]
    return [] if status in TRYING else [_unknown(intent, f"payment_intent {status}", at)]


def of_ended(intent: Thing) -> list[Outcome]:
    """What a payment says whose page is done: one that waits for another card is refused."""
    if intent.get("status") in TRYING:
        error = intent.get("last_payment_error") or {"code": "async_payment_failed"}
        return [_news(base.DECLINED, intent, f"{_name(intent)}:failed", error=error)]
    charge = intent.get("latest_charge")
    return of_intent(intent, charge.get("created") if isinstance(charge, dict) else None)


def of_refunds(intent: Thing, refunds: list[Thing]) -> list[Outcome]:
    """What was sent back of a payment, one by one; what is on its way or came back is not told."""
    gone = [one for one in refunds if one.get("status") == "succeeded"]
    return [_news(base.REFUNDED, intent, str(one.get("id")), thing=one, at=one.get("created")) for one in gone]


def came_back(intent: Thing, refund: Thing, at: Any = None) -> list[Outcome]:
    """A refund that did not reach the shopper: we have no word for money that is ours again, so a person looks."""
    return [_unknown(intent, f"refund {refund.get('id')} {refund.get('status')} {refund.get('failure_reason')}", at)]


def of_disputes(intent: Thing, disputes: list[Thing]) -> list[Outcome]:
    """What banks have taken back, and what they gave us again. A mere inquiry takes nothing."""
    news = []
    for one in disputes:
        status, name = one.get("status"), str(one.get("id"))
        if status in TAKEN:
            news.append(_news(base.CHARGED_BACK, intent, name, thing=one, at=one.get("created")))
        elif status not in NOT_TAKEN:
            news.append(_unknown(intent, f"dispute {name} {status}", one.get("created")))
        if status == "won":
            news.append(_news(base.WON_BACK, intent, f"{name}:won", thing=one))
    return news


def listed(found: Any) -> list[Thing]:
    """The objects of a list of Stripe's."""
    rows = found.get("data") if isinstance(found, dict) else None
    return [row for row in rows if isinstance(row, dict)] if isinstance(rows, list) else []


def _news(word, payment, event, *, thing=None, amount="amount", at=None, error=None):
    """`payment` names the bill; `thing`, where it is another, has the sum. Money that cannot be counted is unknown."""
    told = payment if thing is None else thing
    currency = money.code(str(told.get("currency") or "").upper())
    minor = ours(told.get(amount), currency)
    if minor is None and word in MONEY:
        return _unknown(payment, f"{event} {told.get(amount)} {told.get('currency')}", at)
    reason, words = why(error) if error else ("", "")
    return Outcome(
        type=word,
        reference=metadata(payment).get("reference", ""),
        event_key=event,
        amount_minor=minor or 0,
        currency=currency,
        transaction=_name(payment),
        mode=_mode(payment),
        error_type=reason,
        vendor_code=words,
        occurred_at=_time(at),
        request_key=_request_key(told) if word == base.REFUNDED else "",
    )


def _unknown(payment, words, at):
    reference, event = metadata(payment).get("reference", ""), f"{_name(payment)}:{words}"
    said = {"transaction": _name(payment), "mode": _mode(payment), "vendor_code": words[:100]}
    return Outcome(base.UNKNOWN, reference, event[:200], occurred_at=_time(at), **said)


def _name(thing):
    """The payment's id, of itself or of its session."""
    if thing.get("object") != "checkout.session":
        return str(thing.get("id") or "")
    intent = thing.get("payment_intent")
    return str((intent.get("id") if isinstance(intent, dict) else intent) or thing.get("id") or "")


def _mode(thing):
    return {True: "live", False: "test"}.get(thing.get("livemode"), "")


def _request_key(refund):
    found = refund.get("metadata")
    return str(found.get("request_key") or "") if isinstance(found, dict) else ""


def _time(seconds):
    try:
        return datetime.fromtimestamp(seconds, UTC) if seconds else None
    except (ValueError, TypeError, OverflowError, OSError):
        return None
