"""The sandbox gateway's protocol: signed form fields there, signed form fields back.

The signature is HMAC-SHA256 under a shared key over the fields in the order of their names, each as
"name=value" percent-encoded and joined by "&" (the canonical form), without the signature itself. A
request names itself `kind=request`, a return `kind=return`, a notification `kind=notify`, an answer
`kind=answer`: one can never pass as the other.
"""

import hashlib
import hmac
import json
from collections.abc import Sequence
from contextlib import suppress
from datetime import UTC, datetime
from urllib.parse import quote, urlencode

from flask_babel import gettext as _, lazy_gettext as _l

from storefront.payments.cards import CARDS
from storefront.payments.errors import DECLINES, GatewayError, Unknown
from storefront.payments.gateways import base
from storefront.payments.gateways.base import BillView, Form, Hint, Message, OperationResult, Outcome, Reading, Urls
from storefront.payments.gateways.cards import CardOptions
from storefront.payments.gateways.properties import ADDRESS, SECRET, Property

TYPES = {
    "paid": base.PAID,
    "pending": base.PENDING,
    "declined": base.DECLINED,
    "cancelled": base.CANCELLED,
    "closed": base.CANCELLED,
    "authorized": base.AUTHORIZED,
    "voided": base.VOIDED,
    "refunded": base.REFUNDED,
    "charged_back": base.CHARGED_BACK,
    "won_back": base.WON_BACK,
    "expired": base.EXPIRED,
}
OPEN_SESSIONS = ("open", "unknown")
MAY_BE_PAID = ("open", "pending", "authorized", "paid", "")


def canonical(fields: dict[str, str]) -> bytes:
    """The bytes that are signed."""
    pairs = sorted((name, value) for name, value in fields.items() if name != "signature")
    return "&".join(f"{quote(name, safe='')}={quote(value, safe='')}" for name, value in pairs).encode()


def sign(fields: dict[str, str], key: str) -> str:
    """The signature of the fields, in hexadecimal digits."""
    return hmac.new(key.encode(), canonical(fields), hashlib.sha256).hexdigest()


def is_signed(fields: dict[str, str], key: str) -> bool:
    """Whether the fields carry their true signature; compared as bytes, in constant time."""
    given = fields.get("signature", "")
    return bool(key and given) and hmac.compare_digest(sign(fields, key).encode(), given.encode("utf-8", "replace"))


class Sandbox(base.Gateway):
    """A hosted card page for rehearsal, inside the shop. Never in a live shop."""

    label = "Sandbox"
    properties = (Property("page", _l("Its page"), ADDRESS), Property("key", _l("Key"), SECRET))
    for_test_only = True
    capabilities = base.Capabilities(
        return_is_signed=True,
        can_query=True,
        can_query_many=True,
        can_close=True,
        can_refund=True,
        can_query_refund=True,
        can_capture=True,
        can_void=True,
        told_expiry=True,
    )
    card_options = CardOptions(cvv=True, keep=True, types={word: (word,) for word in CARDS})

    def begin(self, bill: BillView, urls: Urls) -> Form:
        """A signed form for the hosted page."""
        if self.settings.get("down"):
            raise GatewayError(_("The payment service does not answer. Nothing was charged."))
        fields = {
            "kind": "request",
            "reference": bill.reference,
            "order": bill.order_number,
            "merchant": self.settings.get("merchant", ""),
            "amount": str(bill.amount_minor),
            "currency": bill.currency,
            "capture": "later" if self.settings.get("authorize_first") else "",
            "expires": bill.expires_at.isoformat() if bill.expires_at else "",
            "ok_url": urls.ok,
            "cancel_url": urls.cancel,
            "error_url": urls.error,
            "notify_url": urls.notify,
            **_card(bill.card),
        }
        page = f"{self.settings['page']}/{bill.reference}"
        signature = sign(fields, self._key)
        return Form(page, (*fields.items(), ("signature", signature)), hosts=(base.origin(page),))

    def identify(self, message: Message) -> str | None:
        """The reference of the fields."""
        return message.fields.get("reference")

    def read_return(self, message: Message, bill: BillView) -> Outcome | Hint:
        """A signed return counts like a notification; anything else is only a hint."""
        fields = message.fields
        if (
            fields.get("kind") == "return"
            and fields.get("reference") == bill.reference
            and is_signed(fields, self._key)
        ):
            return self._outcome(fields)
        return Hint("return")

    def read_notification(self, message: Message) -> Reading:
        """A notification proves itself by its signature alone."""
        fields = message.fields
        if fields.get("kind") != "notify" or not is_signed(fields, self._key):
            return Reading(base.FORGED)
        return Reading(base.AUTHENTIC, [self._outcome(fields)])

    def query(self, bill: BillView) -> list[Outcome]:
        """Ask the gateway's status address; an open session is no news."""
        return self._news(self._call(f"{bill.reference}/status", {"reference": bill.reference}))

    def query_many(self, bills: Sequence[BillView]) -> dict[str, list[Outcome]]:
        """Ask the gateway's status address for a list: the answers stand in one signed field, as JSON."""
        asked = json.dumps([bill.reference for bill in bills])
        told, found = self._call("statuses", {"references": asked}).get("answers", ""), {}
        for fields in _listed(told):
            with suppress(GatewayError):  # no sensible answer for this one
                found[fields.get("reference", "")] = self._news(fields)
        return found

    def _news(self, fields):
        if fields.get("status") in OPEN_SESSIONS:
            return []
        if fields.get("status") not in TYPES:
            raise GatewayError(_("The payment service gives no sensible answer."))
        try:
            return [self._outcome(fields), *self._later(fields)]
        except (ValueError, KeyError, TypeError) as error:
            raise GatewayError(_("The payment service gives no sensible answer.")) from error

    def close(self, bill: BillView) -> bool:
        """Ask the gateway to end the session; False when it is paid already."""
        return self._call(f"{bill.reference}/close", {"reference": bill.reference}).get("status", "") not in MAY_BE_PAID

    def refund(self, bill: BillView, amount_minor: int, key: str) -> OperationResult:
        """Ask for the money back under our key: a repeated request is answered like the first."""
        asked = {"reference": bill.reference, "amount": str(amount_minor), "key": key}
        try:
            fields = self._call(f"{bill.reference}/refund", asked)
        except GatewayError as error:
            return OperationResult(base.UNKNOWN, reason=error.message)
        return _result_of(fields)

    def query_refund(self, bill: BillView, key: str) -> OperationResult:
        """Ask what became of the refund with our key. Raises GatewayError when there is no sensible answer."""
        return _result_of(self._call(f"{bill.reference}/refund-status", {"reference": bill.reference, "key": key}))

    def capture(self, bill: BillView, amount_minor: int, key: str) -> OperationResult:
        """Take what was authorized, under our key."""
        return self._operate("capture", bill, {"amount": str(amount_minor), "key": key})

    def void(self, bill: BillView, key: str) -> OperationResult:
        """Give up what was authorized, under our key."""
        return self._operate("void", bill, {"key": key})

    def _operate(self, what, bill, asked):
        try:
            return _result_of(self._call(f"{bill.reference}/{what}", {"reference": bill.reference, **asked}))
        except GatewayError as error:
            return OperationResult(base.UNKNOWN, reason=error.message)

    def _call(self, path, fields):
        fields = {"kind": "request", **fields}
        body = urlencode({**fields, "signature": sign(fields, self._key)})
        headers = {"Content-Type": "application/x-www-form-urlencoded"}
        answer = self.around.send("POST", f"{self.settings['page']}/{path}", data=body, headers=headers)
        try:
            found = {str(name): str(value) for name, value in json.loads(answer.body).items()}
        except (ValueError, AttributeError):
            found = {}
        if answer.status != 200 or found.get("kind") != "answer" or not is_signed(found, self._key):
            raise GatewayError(_("The payment service gives no sensible answer."))
        return found

    def _later(self, fields):
        """What happened to the money after it was paid."""
        for fact in json.loads(fields.get("later") or "[]"):
            told = {"status": fact["word"], "amount": str(fact["amount"])}
            yield self._outcome({**fields, **told, "event": fact["event"], "key": fact["key"], "at": fact["at"]})

    def _outcome(self, fields):
        status = fields.get("status", "")
        return Outcome(
            type=TYPES.get(status, base.UNKNOWN),
            reference=fields.get("reference", ""),
            event_key=fields.get("event", ""),
            amount_minor=_whole(fields.get("amount")),
            currency=fields.get("currency", ""),
            transaction=fields.get("transaction", ""),
            merchant=fields.get("merchant", ""),
            mode=fields.get("mode", "test"),
            error_type=_our_word(fields.get("reason", "")),
            vendor_code=(fields.get("reason", "") if status in TYPES else status)[:100],
            occurred_at=_time(fields.get("at")),
            request_key=fields.get("key", ""),
        )

    @property
    def _key(self):
        return self.around.secrets.get("key", "")


def _card(wish):
    """How the card is asked for; said only where it is not the usual way."""
    said = {"cvv": "" if wish.ask_cvv else "0", "keep": "1" if wish.tokenize else "", "cards": ",".join(wish.types)}
    return {name: value for name, value in said.items() if value}


def _listed(told):
    """The answers of a list, each as fields; none of what is not one."""
    try:
        rows = json.loads(told)
    except ValueError:
        return []
    return [row for row in rows if isinstance(row, dict)] if isinstance(rows, list) else []


def _result_of(fields):
    words = {"done": base.DONE, "refused": base.REFUSED, "never_arrived": base.NEVER_ARRIVED}
    result = words.get(fields.get("result", ""), base.UNKNOWN)
    return OperationResult(result, fields.get("id", ""), fields.get("reason", ""))


def _our_word(reason):
    """Our code for a vendor's; a word that we do not know is "unknown"."""
    return reason if reason in DECLINES or not reason else Unknown.code


def _whole(text):
    return int(text) if text and text.isascii() and text.isdigit() and len(text) < 19 else 0


def _time(text):
    try:
        return datetime.fromisoformat(text).astimezone(UTC) if text else None
    except ValueError:
        return None
