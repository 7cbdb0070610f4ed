"""AltaPay's answers in XML, in our words (documentation.altapay.com, API Response structure and Transaction).

A transaction has its state and three sums: reserved, captured, sent back. What was captured or sent back is listed
under reconciliation identifiers: ours where we gave one, else AltaPay's. What was captured in parts is told part by
part: the oldest is the payment, each later one money of its own, named by its identifier. Some providers list none (the
page of `payments` names them); what went back then is for a person, as is a chargeback: how it is told is not public.
"""

import re
from collections.abc import Iterator
from dataclasses import replace
from datetime import UTC, datetime
from typing import Any

from defusedxml.ElementTree import ParseError, fromstring

from storefront.kit import money
from storefront.kit.errors import Invalid
from storefront.payments.gateways import base
from storefront.payments.gateways.base import Outcome

RESERVED = ("preauth", "invoice_initialized")
# Words that end so (AltaPay/sdk-php, plugin-prestashop, plugin-salesforce): a try that failed, or is under way.
NO_NEWS = re.compile(r"(.*_)?(failed|error|declined|cancelled|created|started)")
PART = ":"  # between a transaction and the identifier of a later part of its money
LONG_AGO = datetime.min.replace(tzinfo=UTC)
RESULTS = {"Success": base.DONE, "Failed": base.REFUSED, "Open": base.ACCEPTED}


def document(body: bytes) -> Any:
    """The root of an answer; None if it is none. A document type is refused: nothing is fetched or defined."""
    try:
        root = fromstring(body, forbid_dtd=True)
    except (ParseError, ValueError, LookupError):  # what is forbidden is a ValueError, too
        return None
    return root if root.tag == "APIResponse" else None


def said(root: Any, path: str) -> str:
    """The text at a path; "" if there is none."""
    return (root.findtext(path) or "").strip()


def refusal(root: Any) -> str:
    """What AltaPay says of a call that it refused; "" if it took it."""
    code = said(root, "Header/ErrorCode")
    return "" if code == "0" else f"{code} {said(root, 'Header/ErrorMessage')}".strip() or "no ErrorCode"


def result(root: Any) -> tuple[str, str]:
    """What came of an operation, and AltaPay's words. An error is no answer: who knows how far it went."""
    word = said(root, "Body/Result")
    return RESULTS.get(word, base.UNKNOWN), f"{word} {said(root, 'Body/MerchantErrorMessage')}".strip()[:200]


def transactions(root: Any, reference: str) -> list[Any]:
    """The tries to pay under our name for the attempt, in their order."""
    found = root.findall("Body/Transactions/Transaction")
    return [one for one in found if said(one, "ShopOrderId") == reference and said(one, "TransactionId")]


def is_reserved(transaction: Any) -> bool:
    """Whether its sum is reserved and not taken yet."""
    return said(transaction, "TransactionStatus") in RESERVED and not _sum(transaction, "CapturedAmount")


def is_captured(transaction: Any) -> bool:
    """Whether money was taken."""
    return bool(_sum(transaction, "CapturedAmount"))


def went_back(transaction: Any) -> int | None:
    """What went back of it in all, in minor units; None if it does not say so."""
    return _minor(said(transaction, "RefundedAmount"), _currency(transaction))


def has(transaction: Any, kind: str, key: str) -> bool:
    """Whether something was captured or refunded under this identifier."""
    return any(said(one, "Id") == key for one in _identified(transaction, kind))


def amount_of(transaction: Any, kind: str, key: str) -> int:
    """The sum that was captured or refunded under this identifier, in minor units; 0 if it is not told."""
    found = next((one for one in _identified(transaction, kind) if said(one, "Id") == key), None)
    return _minor(said(found, "Amount"), _currency(transaction)) or 0 if found is not None else 0


def news(transaction: Any) -> Iterator[Outcome]:
    """What a transaction says. Nothing of a failed try: another card, or another payment, may follow."""
    name, status = said(transaction, "TransactionId"), said(transaction, "TransactionStatus")
    captured, reserved = _sum(transaction, "CapturedAmount"), _sum(transaction, "ReservedAmount")
    if captured is None or reserved is None:
        yield _unknown(transaction, f"{status} sums")
    elif captured:
        yield from _taken(transaction, captured)
        yield from _gone(transaction)
    elif status in RESERVED and reserved:
        yield _outcome(base.AUTHORIZED, transaction, f"{name}:authorized", reserved)
    elif status == "released":
        yield _outcome(base.VOIDED, transaction, f"{name}:released", reserved)
    elif status == "pending":
        yield _outcome(base.PENDING, transaction, f"{name}:pending", reserved)
    elif not NO_NEWS.fullmatch(status):
        yield _unknown(transaction, status)


def _taken(transaction, captured):
    """What was taken, each part with its own sum; in one sum, and a word for a person, if the parts do not make it."""
    name, parts = said(transaction, "TransactionId"), sorted(_identified(transaction, "captured"), key=_when)
    sums = [_minor(said(part, "Amount"), _currency(transaction)) for part in parts]
    adds_up = None not in sums and sum(sums) == captured and all(said(part, "Id") for part in parts[1:])
    first = sums[0] if parts and adds_up else captured
    yield _outcome(base.PAID, transaction, f"{name}:paid", first, parts[0] if parts else None)
    if parts and not adds_up:
        yield _unknown(transaction, f"CapturedAmount {said(transaction, 'CapturedAmount')}")
        return
    for part, amount in list(zip(parts, sums, strict=True))[1:]:
        key = said(part, "Id")
        told = _outcome(base.PAID, transaction, f"{name}:captured:{key}", amount, part)
        yield replace(told, transaction=f"{name}{PART}{key}")


def _gone(transaction):
    """What was sent back, one by one; what has no name of its own, and a chargeback, needs a person."""
    counted = 0
    for one in _identified(transaction, "refunded"):
        amount, key = _minor(said(one, "Amount"), _currency(transaction)), said(one, "Id")
        if amount and key:
            counted += amount
            yield _outcome(base.REFUNDED, transaction, key, amount, one, key=key)
    back = _sum(transaction, "RefundedAmount")
    if back != counted:
        yield _unknown(transaction, f"RefundedAmount {said(transaction, 'RefundedAmount')}")
    if (disputes := transaction.find("ChargebackEvents")) is not None and len(disputes):
        yield _unknown(transaction, f"{len(disputes)} ChargebackEvents")


def _outcome(word, transaction, event, amount, dated=None, key=""):
    return Outcome(
        type=word,
        reference=said(transaction, "ShopOrderId"),
        event_key=event,
        amount_minor=amount,
        currency=_currency(transaction),
        transaction=said(transaction, "TransactionId"),
        merchant=said(transaction, "Terminal"),
        occurred_at=_time(said(dated, "Date")) if dated is not None else None,
        request_key=key,
    )


def _unknown(transaction, words):
    name = said(transaction, "TransactionId")
    return Outcome(
        base.UNKNOWN,
        said(transaction, "ShopOrderId"),
        f"{name}:{words}"[:200],
        transaction=name,
        merchant=said(transaction, "Terminal"),
        vendor_code=words[:100],
    )


def _identified(transaction, kind):
    found = transaction.findall("ReconciliationIdentifiers/ReconciliationIdentifier")
    return [one for one in found if said(one, "Type") == kind]


def _when(part):
    """In which order they were taken: the same order each time."""
    return _time(said(part, "Date")) or LONG_AGO, said(part, "Id")


def _currency(transaction):
    """Told in letters since the API's version of 2017; without them a sum means nothing."""
    return money.code(said(transaction, "MerchantCurrencyAlpha"))


def _sum(transaction, name):
    return _minor(said(transaction, name) or "0", _currency(transaction))


def _minor(text, currency):
    if currency == money.NO_CURRENCY or not re.fullmatch(r"\d{1,13}(\.\d{1,6})?", text, re.ASCII):
        return None
    try:
        return money.parsed(text, currency)
    except Invalid:
        return None


def _time(text):
    try:
        told = datetime.fromisoformat(text)
    except ValueError:
        return None
    return told.astimezone(UTC) if told.tzinfo else None
