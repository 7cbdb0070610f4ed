"""What the facts of a signed envelope, or of an answer to a question, are in the shop's words."""

from collections.abc import Mapping
from urllib.parse import unquote

from storefront.payments.gateways import base, redsys_words as words
from storefront.payments.gateways.base import OperationResult, Outcome
from storefront.payments.gateways.redsys_query import time_of

Facts = Mapping[str, str]


def told_by(told: Facts, merchant: str) -> list[Outcome]:
    """What has happened to the money, and that the shopper gave up. A refusal is nothing: another card may follow."""
    kind, code = _kind(told), _code(told)
    if kind not in words.WORDS or not code:
        said = f"type {kind} {told.get('Ds_Response', '')}"[:100]
        return [_outcome(told, merchant, base.UNKNOWN, "unknown", vendor_code=said)]
    if words.is_granted(kind, code):
        return [_outcome(told, merchant, words.WORDS[kind], words.EVENTS.get(kind) or _refund_event(told))]
    if code in words.CANCELLED and kind in words.PAYING:
        return [_outcome(told, merchant, base.CANCELLED, "cancelled", **_why(told, code))]
    return []


def refused_by(told: Facts, merchant: str) -> list[Outcome]:
    """The refusal of a payment that is over, because the shopper has left the page with it."""
    kind, code = _kind(told), _code(told)
    if kind not in words.PAYING or code in words.IN_PROGRESS:
        return []
    return [_outcome(told, merchant, base.DECLINED, f"declined-{code}", **_why(told, code))]


def result_of(told: Facts, asked: tuple[str, str, int], name: str) -> OperationResult:
    """What an answer of the API says of the operation that was asked for: its kind, order and sum. `name`: if done."""
    code, answered = _code(told), (_kind(told), told["Ds_Order"], _whole(told.get("Ds_Amount")))
    said = f"{told.get('Ds_Response', '')} {told.get('Ds_Response_Description', '')}".strip()[:200]
    if answered != asked or not code or code in words.UNSURE:
        return OperationResult(base.UNKNOWN, reason=said)
    if words.is_granted(asked[0], code):
        return OperationResult(base.DONE, name)
    return OperationResult(base.REFUSED, reason=said)


def _outcome(told, merchant, word, event, **more):
    order, currency = told["Ds_Order"], told.get("Ds_Currency", "").zfill(3)
    code = told.get("Ds_MerchantCode", "")
    return Outcome(
        type=word,
        reference=order,
        event_key=f"{order}-{event}" if event else "",
        amount_minor=_whole(told.get("Ds_Amount")),
        currency=words.CURRENCY_OF.get(currency, ""),
        transaction=order,
        merchant=merchant if code.lstrip("0") == merchant.lstrip("0") else code,  # with or without zeros before it
        occurred_at=time_of(told),
        request_key=_our_key(told) if word == base.REFUNDED else "",
        **more,
    )


def _kind(told):
    return told.get("Ds_TransactionType", "")


def _code(told):
    """The answer as four digits; "" if it is none."""
    code = told.get("Ds_Response", "")
    return code.zfill(4) if code.isascii() and code.isdigit() and len(code) <= 4 else ""


def _why(told, code):
    said = f"{code} {told.get('Ds_ErrorCode', '')} {told.get('Ds_Response_Description', '')}"
    return {"error_type": words.reason_of(code), "vendor_code": " ".join(said.split())[:100]}


def _our_key(told):
    return unquote(told.get("Ds_MerchantData", ""))


def _refund_event(told):
    """One of ours by our key; any other by its authorisation and time; else "": the shop names it by its sum."""
    if key := _our_key(told):
        return f"refund-{key}"
    parts = [told.get(name, "").strip() for name in ("Ds_AuthorisationCode", "Ds_Date", "Ds_Hour")]
    return f"refund-{'-'.join(parts)}" if parts[0] else ""


def _whole(text):
    return int(text) if text and text.isascii() and text.isdigit() and len(text) < 16 else 0
