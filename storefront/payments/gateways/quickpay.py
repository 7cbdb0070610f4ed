"""QuickPay's payment window: a form under HMAC-SHA256, and callbacks in JSON under another key.

The form's checksum is the HMAC-SHA256, in hexadecimal digits, of its values joined by one space in the order of their
names, under the API key of the agreement (learn.quickpay.net/tech-talk/payments/form). A callback carries, in the
header QuickPay-Checksum-Sha256, the same of its raw body under the private key of the account; its body is the payment
as the API shows it (learn.quickpay.net/tech-talk/api/callback). The browser brings nothing back. Amounts are in minor
units. After a refusal the window stays open for another card, so a refusal is no news of the payment. Types of cards
are told as `payment_methods`, which then excludes all others (learn.quickpay.net/tech-talk/appendixes/payment-methods);
each is named with and without 3-D Secure, and Maestro only with it (quickpay.net/helpdesk/payment-methods).
"""

import hashlib
import hmac
import json
from base64 import b64encode
from dataclasses import replace
from urllib.parse import quote, urlencode

from flask_babel import gettext as _, lazy_gettext as _l

from storefront.payments.errors import (
    GatewayError,
)
from storefront.payments.gateways import base, quickpay_payment as api
from storefront.payments.gateways.base import BillView, Form, Hint, Message, OperationResult, Outcome, Reading, Urls
from storefront.payments.gateways.cards import CardOptions
from storefront.payments.gateways.properties import CHOICE, SECRET, Property
from storefront.payments.gateways.references import compact

MOST_AMOUNT = 999_999_999  # nine digits


def checksum(fields: dict[str, str], key: str) -> str:
    """What signs a form: over its values in the order of their names."""
    text = " ".join(fields[name] for name in sorted(fields))
    return hmac.new(key.encode(), text.encode(), hashlib.sha256).hexdigest()


def body_checksum(body: bytes, key: str) -> str:
    """What signs a callback."""
    return hmac.new(key.encode(), body, hashlib.sha256).hexdigest()


class QuickPay(base.Gateway):
    """The payment window of QuickPay, version v10."""

    label = "QuickPay"
    properties = (
        Property("merchant", _l("Merchant id"), pattern=r"\d+", hint=_l("digits only")),
        Property("agreement", _l("Agreement id of the payment window"), pattern=r"\d+", hint=_l("digits only")),
        Property("api_key", _l("API key of the payment window's user"), SECRET),
        Property("private_key", _l("Private key of the account"), SECRET),
        Property(
            "autocapture",
            _l("Take the money"),
            CHOICE,
            required=False,
            choices=(("1", _l("at once")), ("0", _l("later, when it is captured"))),
        ),
    )
    addresses = {
        "page": dict.fromkeys(("test", "live"), "https://payment.quickpay.net"),
        "api": dict.fromkeys(("test", "live"), "https://api.quickpay.net"),
    }
    capabilities = base.Capabilities(
        can_query=True, can_refund=True, can_capture=True, can_void=True, page_stays_open=True
    )
    card_options = CardOptions(types=api.CARDS)

    def begin(self, bill: BillView, urls: Urls) -> Form:
        """A signed form for the window. Raises GatewayError for a sum of more than nine digits."""
        if bill.amount_minor > MOST_AMOUNT:
            raise GatewayError(_("The payment service does not take so much at once."))
        reference = compact(bill, 20)
        fields = {
            "version": "v10",
            "merchant_id": self.settings["merchant"],
            "agreement_id": self.settings["agreement"],
            "order_id": reference,
            "amount": str(bill.amount_minor),
            "currency": bill.currency,
            "continueurl": urls.ok,
            "cancelurl": urls.cancel,
            "callbackurl": urls.notify,
            "language": bill.locale[:2],
            "autocapture": self.settings.get("autocapture") or "1",
        }
        if cards := self.card_options.named(bill.card.types):
            fields["payment_methods"] = ", ".join(cards)
        signed = {**fields, "checksum": checksum(fields, self.around.secrets["api_key"])}
        page = self.address("page")
        return Form(page, list(signed.items()), hosts=(base.origin(page),), reference=reference)

    def identify(self, message: Message) -> str | None:
        """The order id of the payment that it shows."""
        reference = api.payment_in(message.body).get("order_id")
        return reference if isinstance(reference, str) else None

    def read_return(self, message: Message, bill: BillView) -> Hint:
        """The browser brings nothing that proves anything."""
        return Hint("return")

    def read_notification(self, message: Message) -> Reading:
        """A callback proves itself by its checksum over the raw body."""
        given = message.header("quickpay-checksum-sha256").encode("utf-8", "replace")
        key = self.around.secrets.get("private_key", "")
        if not key or not given or not hmac.compare_digest(body_checksum(message.body, key).encode(), given):
            return Reading(base.FORGED)
        return Reading(base.AUTHENTIC, self._news(api.payment_in(message.body)))

    def query(self, bill: BillView) -> list[Outcome]:
        """Ask for the payment with our order id. Raises GatewayError when there is no sensible answer."""
        reference = bill.gateway_reference or compact(bill, 20)
        found = self._call("GET", f"payments?order_id={quote(reference)}")
        if not isinstance(found, list):
            raise GatewayError(_("The payment service gives no sensible answer."))
        return [news for one in found if api.is_about(one, reference) for news in self._news(one)]

    def refund(self, bill: BillView, amount_minor: int, key: str) -> OperationResult:
        """Send money back. The service knows no key of ours: what has no answer is asked about, never repeated.

        What the payment shows afterwards may hold another refund that was sent at the same time: ours is the one of
        this sum that was not there before. If two could be it, none is: their callbacks tell each by its sum.
        """
        return self._operate("refund", bill, amount_minor)

    def capture(self, bill: BillView, amount_minor: int, key: str) -> OperationResult:
        """Take what was authorized: what was taken is known by the payment's id, as a callback tells it."""
        taken = self._operate("capture", bill, amount_minor)
        return replace(taken, gateway_id=bill.transaction_id or "") if taken.result == base.DONE else taken

    def void(self, bill: BillView, key: str) -> OperationResult:
        """Give up what was authorized."""
        return self._operate("cancel", bill)

    def _operate(self, what, bill, amount_minor=None):
        """`synchronized`: the answer waits until the acquirer has decided."""
        payment, fields = f"payments/{quote(bill.transaction_id or '0')}", {}
        if amount_minor is not None:
            fields["amount"] = str(amount_minor)
        try:
            before = api.ids(self._call("GET", payment)) if what == "refund" else ()
            shown = self._call("POST", f"{payment}/{what}?synchronized", fields)
        except Refused as no:
            return OperationResult(base.REFUSED, reason=str(no))
        except GatewayError as error:
            return OperationResult(base.UNKNOWN, reason=error.message)
        done = [one for one in api.operations(shown) if one.get("type") == what]
        if what == "refund":
            done = [one for one in done if one.get("id") not in before and one.get("amount") == amount_minor]
        if not done or (what == "refund" and len(done) > 1):
            return OperationResult(
                base.UNKNOWN, reason="no such operation" if not done else "two equal refunds at once"
            )
        return _result_of(shown, done[-1])

    def _call(self, method, path, fields=None):
        """The API's answer as JSON. Raises Refused for a plain no, GatewayError for anything else."""
        secret = b64encode(f":{self.around.secrets.get('api_key', '')}".encode()).decode()
        headers = {"Authorization": f"Basic {secret}", "Accept-Version": "v10"}
        if fields is not None:
            headers["Content-Type"] = "application/x-www-form-urlencoded"
        body = urlencode(fields) if fields is not None else None
        answer = self.around.send(method, f"{self.address('api')}/{path}", data=body, headers=headers)
        if answer.status in (400, 403, 404):
            raise Refused(answer.body[:200].decode("utf-8", "replace"))
        try:
            found = json.loads(answer.body)
        except (ValueError, RecursionError):
            found = None
        if answer.status not in (200, 201, 202) or found is None:
            raise GatewayError(_("The payment service gives no sensible answer."))
        return found

    def _news(self, shown):
        """What became of the money: taken, or else reserved; and what was sent back or given up since."""
        approved = [one for one in api.operations(shown) if api.code_of(one) == api.APPROVED and not one.get("pending")]
        told = [one for kind in ("capture", "authorize") for one in approved if one.get("type") == kind][:1]
        told += [one for one in approved if one.get("type") in api.LATER]
        parts = [one for one in approved if one.get("type") == "capture"][1:]  # a person did it, and sees to the sums
        return [self._outcome(shown, one) for one in told] + [self._part(shown, one) for one in parts]

    def _part(self, shown, operation):
        return replace(self._outcome(shown, operation), type=base.UNKNOWN, vendor_code="captured in parts")

    def _outcome(self, shown, operation):
        kind = operation.get("type")
        word = {"capture": base.PAID, "authorize": base.AUTHORIZED, **api.LATER}[kind]
        return Outcome(
            type=word,
            reference=str(shown.get("order_id", "")),
            event_key=api.event_of(shown, operation),
            amount_minor=api.whole(operation.get("amount")),
            currency=str(shown.get("currency", "")),
            transaction=str(shown.get("id", "")),
            merchant=str(shown.get("merchant_id") or ""),
            mode="test" if shown.get("test_mode") else "live",
            occurred_at=api.time_of(operation.get("created_at")),
        )


class Refused(GatewayError):
    """The service says no: nothing was done."""


def _result_of(shown, operation):
    if operation.get("pending"):
        return OperationResult(base.ACCEPTED, api.event_of(shown, operation))
    if api.code_of(operation) == api.APPROVED:
        return OperationResult(base.DONE, api.event_of(shown, operation))
    words = f"{api.code_of(operation)} {operation.get('qp_status_msg') or ''} {operation.get('aq_status_msg') or ''}"
    return OperationResult(base.REFUSED, reason=words.strip()[:200])
