"""Worldpay's order notifications in XML, read (developer.worldpay.com/docs/wpg/manage/).

An event has the state of the payment (lastEvent) and of the booking that it tells (journalType); they may differ
(support.worldpay.com/support/kb/gg/paypal-ssl/content/authorised.htm). What went back has its sum in the booking.
A booking has no number. What tells one from another are its date, batches, sums and reference, and the reference that
was given to the refund itself, which stands at the payment (the published refund of inviqa/worldpay-api-client has it
there only). The balance that may stand beside it is left out: whether a message that is sent again repeats the old one
is not public, and a refund must not count twice.
"""

import hashlib
from collections.abc import Iterator
from typing import Any

from defusedxml.ElementTree import ParseError, fromstring

from storefront.payments.errors import CardDeclined, TechnicalError, Unknown
from storefront.payments.gateways import base
from storefront.payments.gateways.base import Outcome
from storefront.payments.gateways.worldpay_words import AFTERWARDS, EVENTS, ISO_8583, SILENT, minor


def document(body: bytes) -> Any:
    """The root of an order notification; None if it is none. Nothing is fetched, and no entity is defined."""
    if not body.lstrip(b"\xef\xbb\xbf \t\r\n").startswith(b"<"):
        return None
    try:
        root = fromstring(body)  # a DOCTYPE may stand there: Worldpay's does
    except (ParseError, ValueError, LookupError):  # what is forbidden is a ValueError, too
        return None
    return root if root.tag == "paymentService" else None


def order_code(root: Any) -> str | None:
    """The order that a notification speaks of first."""
    event = root.find("notify/orderStatusEvent") if root is not None else None
    return event.get("orderCode") or None if event is not None else None


def news(root: Any) -> list[Outcome]:
    """What a notification says, in the shop's words; UNKNOWN for a state that needs a person."""
    events = root.findall("notify/orderStatusEvent")
    return [outcome for event in events for outcome in _read(event, root.get("merchantCode") or "")]


def _read(event: Any, merchant: str) -> Iterator[Outcome]:
    order, last = event.get("orderCode", ""), (event.findtext("payment/lastEvent") or "").strip()
    journal = event.find("journal")
    word = _word(last, journal.get("journalType", "") if journal is not None else "")
    if not word or word in SILENT:
        return
    kind = EVENTS.get(word, base.UNKNOWN)
    later = kind in AFTERWARDS
    amount_minor, currency = _sum(event, journal if later else None)
    code = event.find("payment/ISO8583ReturnCode")
    number, words = (code.get("code", ""), code.get("description", "")) if code is not None else ("", "")
    yield Outcome(
        type=kind,
        reference=order,
        event_key=f"{order}-{kind}-{_mark(journal, event)}" if later else f"{order}-{kind}",
        amount_minor=amount_minor,
        currency=currency,
        transaction=order,
        merchant=merchant,
        error_type=_reason(word, number) if kind == base.DECLINED else "",
        vendor_code=f"{word} {number} {words}".strip()[:100],
    )


def _word(last, journalled):
    """Of two words that differ the journal's is the news, unless the payment itself still waits."""
    waits = EVENTS.get(last) == base.PENDING
    return last if waits or not journalled else journalled


def _reason(word, number):
    return (
        TechnicalError.code if word == "ERROR" else ISO_8583.get(number, Unknown.code if number else CardDeclined.code)
    )


def _sum(event, journal):
    """What a booking moved, else what the payment is of."""
    booked = journal.find("accountTx/amount") if journal is not None else None
    amount = booked if booked is not None else event.find("payment/amount")
    if amount is None:
        return 0, ""
    exponent, currency = amount.get("exponent", ""), amount.get("currencyCode", "")
    if exponent not in ("0", "1", "2", "3"):
        return 0, currency
    return minor(amount.get("value", ""), currency, int(exponent)), currency


def _mark(journal, event):
    """What tells one booking of an order from another: its date, batches and references; each time the same."""
    if journal is None:
        return ""
    facts = [sorted(one.attrib.items()) for one in journal.iter() if one is not journal]
    if given := (event.findtext("payment/reference") or "").strip():
        facts.append([("reference", given)])
    return hashlib.sha256(repr(facts).encode()).hexdigest()[:16]
