"""AltaPay's payment page: asked for by API, reported by callbacks that prove little, so that the API is asked again.

`createPaymentRequest` gives the page's address (documentation.altapay.com, API Methods). When it is done, AltaPay's own
server fetches our ways back and the notification address by POST, and leads the shopper where our 303 points
(Payment Page OK Setup). Their checksum is the MD5 of amount, currency, secret and shop_orderid, each as name=value,
joined by commas in the order of their names (AltaPay/plugin-wordpress, helpers/AltapayHelpers.php). It covers neither
the state nor the XML, so a callback under a right checksum only makes us ask `payments`, which answers for itself; one
without a checksum is refused, though the plugins of others take it. Sums are decimal numbers. There is no key that
makes a call harmless to repeat: captures and refunds carry ours as their reconciliation identifier, which is looked
for first; a payment asked for twice has two pages under one shop_orderid, and what is paid twice goes to the desk.
"""

import hashlib
import hmac
import logging
import re
from base64 import b64encode
from typing import Any
from urllib.parse import urlencode

from flask_babel import gettext as _, lazy_gettext as _l

from storefront.kit import money
from storefront.payments.errors import GatewayError
from storefront.payments.gateways import altapay_xml as xml, base
from storefront.payments.gateways.base import BillView, Hint, Message, OperationResult, Outcome, Reading, Redirect, Urls
from storefront.payments.gateways.properties import CHOICE, SECRET, Property
from storefront.payments.gateways.references import compact

log = logging.getLogger(__name__)
LONGEST = 24  # letters of an order, which no other shop of the terminal has; AltaPay takes a hundred
SIGNED = ("amount", "currency", "shop_orderid")
NAME = "{gateway}"  # in the live address: each merchant has a gateway of his own


def checksum(fields: dict[str, str], secret: str) -> str:
    """What signs a callback."""
    told = {**{name: fields.get(name, "") for name in SIGNED}, "secret": secret}
    text = ",".join(f"{name}={told[name]}" for name in sorted(told))
    return hashlib.md5(text.encode("utf-8", "replace"), usedforsecurity=False).hexdigest()


class AltaPay(base.Gateway):
    """The payment page of AltaPay (once Pensio, then Valitor)."""

    label = "AltaPay"
    properties = (
        Property("merchant", _l("Terminal")),
        Property("username", _l("User of the API")),
        Property("password", _l("Password of the API"), SECRET),
        Property("secret", _l("Secret of the terminal's checksum"), SECRET),
        Property(
            "gateway",
            _l("Name of your gateway"),
            required=False,
            pattern=r"[A-Za-z0-9-]{1,63}",
            hint=_l("what stands before .altapaysecure.com"),
        ),
        Property(
            "capture",
            _l("Take the money"),
            CHOICE,
            required=False,
            choices=(("paymentAndCapture", _l("at once")), ("payment", _l("later, when it is captured"))),
        ),
    )
    addresses = {
        "api": {"test": "https://testgateway.altapaysecure.com", "live": f"https://{NAME}.altapaysecure.com"},
    }
    # documentation.altapay.com, Payment Page OK Setup
    sources = ("185.206.120.0/24", "2a10:a200::/29", "185.203.232.129/32", "185.203.233.129/32")
    fetches_returns = True
    capabilities = base.Capabilities(
        can_query=True, can_refund=True, can_query_refund=True, can_capture=True, can_void=True, page_stays_open=True
    )

    def check(self) -> list[str]:
        """What every gateway lacks, and where a live one is."""
        nowhere = NAME in self.address("api")
        return super().check() + ([_("The name of your gateway (gateway) is missing.")] if nowhere else [])

    def address(self, name: str) -> str:
        """The merchant's own gateway, in which live payments are made."""
        return super().address(name).replace(NAME, self.settings.get("gateway") or NAME)

    def begin(self, bill: BillView, urls: Urls) -> Redirect:
        """A page for this attempt; asked for again it is another page for the same. Raises GatewayError."""
        reference, amount = compact(bill, LONGEST), money.plain(bill.amount_minor, bill.currency)
        if not re.fullmatch(r"\d+(\.\d{1,2})?", amount):
            raise GatewayError(_("The payment service does not take this sum."))
        try:
            root = self._call("createPaymentRequest", self._asked(bill, urls, reference, amount))
        except Refused as no:
            log.warning("AltaPay does not begin %s: %s", bill.reference, no.words)
            raise
        url = xml.said(root, "Body/Url")
        if xml.result(root)[0] != base.DONE or not re.match(r"https?://", url):
            log.warning("AltaPay does not begin %s: %s", bill.reference, xml.result(root)[1])
            raise GatewayError(_("The payment service gives no sensible answer."))
        return Redirect(url, reference=reference)

    def identify(self, message: Message) -> str | None:
        """The order that a callback names."""
        return message.once().get("shop_orderid")

    def read_return(self, message: Message, bill: BillView) -> Hint:
        """AltaPay's server, or whoever speaks as it: its checksum does not cover what became of the payment."""
        return Hint("return")

    def read_notification(self, message: Message) -> Reading:
        """A callback under a right checksum makes us ask; only the answer counts."""
        fields = message.once()
        given, secret = fields.get("checksum", ""), self.around.secrets.get("secret", "")
        right = checksum(fields, secret).encode()
        if not secret or not given or not hmac.compare_digest(right, given.lower().encode("utf-8", "replace")):
            return Reading(base.FORGED)
        try:
            return Reading(base.AUTHENTIC, self._news(fields.get("shop_orderid", "")))
        except GatewayError:
            return Reading(base.UNDECIDED)

    def query(self, bill: BillView) -> list[Outcome]:
        """Ask for every try under this reference. Raises GatewayError when there is no sensible answer."""
        return self._news(_reference(bill))

    def refund(self, bill: BillView, amount_minor: int, key: str) -> OperationResult:
        """Send money back, under our key: what went back under it already is not sent again."""
        return self._operate("refundCapturedReservation", bill, "refunded", amount_minor, key)

    def query_refund(self, bill: BillView, key: str) -> OperationResult:
        """The refund under our key. That it never arrived is certain only if nothing has gone back at all."""
        found = self._transaction(bill, "refunded")
        if xml.has(found, "refunded", key):
            return OperationResult(base.DONE, key)
        never = xml.went_back(found) == 0
        return OperationResult(base.NEVER_ARRIVED if never else base.UNKNOWN)

    def capture(self, bill: BillView, amount_minor: int, key: str) -> OperationResult:
        """Take what was authorized; the answer tells how much of it was taken."""
        return self._operate("captureReservation", bill, "captured", amount_minor, key)

    def void(self, bill: BillView, key: str) -> OperationResult:
        """Give up what was authorized."""
        return self._operate("releaseReservation", bill)

    def _asked(self, bill, urls, reference, amount):
        fields = {
            "terminal": self.settings["merchant"],
            "shop_orderid": reference,
            "amount": amount,
            "currency": bill.currency,
            "type": self.settings.get("capture") or "paymentAndCapture",
            "language": bill.locale[:2],
            "config[callback_ok]": urls.ok,
            "config[callback_open]": urls.ok,
            "config[callback_fail]": urls.error,
            "config[callback_notification]": urls.notify,
        }
        billing = bill.shopper.get("billing") or {}
        parts = {"address": "line1", "postal": "postcode", "city": "city", "country": "country"}
        known = {f"customer_info[billing_{theirs}]": billing.get(ours) for theirs, ours in parts.items()}
        known["customer_info[email]"] = bill.shopper.get("email")
        return fields | {name: value for name, value in known.items() if value}

    def _operate(self, what, bill, kind="", amount_minor=None, key=""):
        try:
            found = self._transaction(bill, kind)
            name = xml.said(found, "TransactionId")
            fields = {"transaction_id": name}
            if amount_minor is not None:
                fields |= {"amount": money.plain(amount_minor, bill.currency), "reconciliation_identifier": key}
                if xml.has(found, kind, key):
                    return self._moved(found, kind, key)
            root = self._call(what, fields)
            result, words = xml.result(root)
        except Refused as no:
            return OperationResult(base.REFUSED, reason=no.words)
        except GatewayError as error:
            return OperationResult(base.UNKNOWN, reason=error.message)
        if result != base.DONE:
            return OperationResult(result, key if kind == "refunded" else name, words)
        return self._moved(next(iter(xml.transactions(root, _reference(bill))), found), kind, key)

    def _moved(self, transaction, kind, key):
        """Done, under the names by which the callbacks tell of it."""
        if kind == "refunded":
            return OperationResult(base.DONE, key)
        taken = xml.amount_of(transaction, kind, key) if kind == "captured" else 0
        return OperationResult(base.DONE, xml.said(transaction, "TransactionId"), amount_minor=taken)

    def _transaction(self, bill, kind):
        """The payment of a bill; of one that is only reserved the try that reserves it. Raises Refused if none does."""
        found, wanted = self._tries(_reference(bill)), xml.is_captured if kind == "refunded" else xml.is_reserved
        name = (bill.transaction_id or "").partition(xml.PART)[0]  # of a later part: the whole it is a part of
        own = [one for one in found if xml.said(one, "TransactionId") == name]
        right = own if bill.transaction_id else [one for one in found if wanted(one)]
        if not right:
            raise Refused("there is no such payment")
        return right[0]

    def _news(self, reference):
        """What the tries say; of one that was given up nothing while another has the sum."""
        told = [outcome for one in self._tries(reference) for outcome in xml.news(one)]
        held = any(one.type in (base.PAID, base.AUTHORIZED) for one in told)
        return [one for one in told if not held or one.type != base.VOIDED]

    def _tries(self, reference):
        return xml.transactions(self._call("payments", {"shop_orderid": reference}, "GET"), reference)

    def _call(self, what: str, fields: dict[str, str], method: str = "POST") -> Any:
        """The root of the answer. Raises Refused for a plain no, GatewayError for anything that is no answer."""
        url, body = f"{self.address('api')}/merchant/API/{what}", urlencode(fields)
        secret = b64encode(f"{self.settings['username']}:{self.around.secrets['password']}".encode()).decode()
        headers = {"Authorization": f"Basic {secret}"}
        if method == "GET":
            answer = self.around.send("GET", f"{url}?{body}", data=None, headers=headers)
        else:
            headers["Content-Type"] = "application/x-www-form-urlencoded"
            answer = self.around.send("POST", url, data=body, headers=headers)
        if answer.status in (400, 401, 403, 404):
            raise Refused(f"HTTP {answer.status}")
        root = xml.document(answer.body) if answer.status == 200 else None
        if root is None:
            raise GatewayError(_("The payment service gives no sensible answer."))
        if no := xml.refusal(root):
            raise Refused(no)
        return root


class Refused(GatewayError):
    """AltaPay says no: nothing was done. Its words are for staff."""

    def __init__(self, words: str):
        super().__init__(_("The payment service does not accept this."))
        self.words = words[:200]


def _reference(bill):
    return bill.gateway_reference or bill.reference
