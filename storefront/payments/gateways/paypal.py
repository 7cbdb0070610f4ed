"""PayPal Payments Standard: a form that nobody signs, and messages (IPN) that PayPal itself is asked about.

The form: the variables of "HTML variables for PayPal Payments Standard". Whoever pays can change each of them, so the
shop compares receiver, sum, currency and invoice of what was paid. The message: a form in the charset that its own
field `charset` names. It is proved by posting it back, byte for byte, with `cmd=_notify-validate` before it; PayPal
answers with the one word VERIFIED or INVALID (developer.paypal.com/api/nvp-soap/ipn/IPNImplementation), and sends the
message again until it is answered with 200 (developer.paypal.com/api/nvp-soap/ipn/IPNOperations/). A payment may be
Pending and then Completed under one txn_id; a refund or a reversal has its own, and names the payment's as its parent.

With API credentials it can also be asked about payments, and send back, take or give up money: see paypal_api.py. It
cannot be asked what became of a refund: its message tells. What happened to money after it was paid is told by
messages only.
"""

from collections.abc import Collection
from dataclasses import replace

from flask_babel import gettext as _, lazy_gettext as _l

from storefront.payments.errors import GatewayError
from storefront.payments.gateways import base, paypal_words as words
from storefront.payments.gateways.base import (
    Answer,
    BillView,
    Capabilities,
    Form,
    Hint,
    Message,
    OperationResult,
    Outcome,
    Reading,
    Urls,
)
from storefront.payments.gateways.paypal_api import Api, Refused, decimal
from storefront.payments.gateways.paypal_news import fields_of, known, news
from storefront.payments.gateways.properties import CHOICE, SECRET, Property
from storefront.payments.gateways.references import compact

CREDENTIALS = ("api_user", "api_password", "api_signature")
SANDBOX_ACCOUNTS = ("@business.example.com", "-facilitator@", "_biz@")
LONGEST = 24  # letters of an invoice, which no other shop of the account has; PayPal takes 127
_PREFIX = b"cmd=_notify-validate&"
_HEADERS = {"Content-Type": "application/x-www-form-urlencoded", "User-Agent": "Storefront"}


class PayPal(base.Gateway):
    """PayPal's own payment page."""

    label = "PayPal"
    properties = (
        Property(
            "merchant",
            _l("Merchant account ID, or e-mail address of the account"),
            pattern=r"[A-Z0-9]{13}|[^@\s]+@[^@\s]+",
            hint=_l("13 letters and digits, or an e-mail address"),
        ),
        Property(
            "paymentaction",
            _l("Take the money"),
            CHOICE,
            required=False,
            choices=(("sale", _l("at once")), ("authorization", _l("later, when it is captured"))),
        ),
        Property("api_user", _l("API username"), required=False),
        Property("api_password", _l("API password"), SECRET, required=False),
        Property("api_signature", _l("API signature"), SECRET, required=False),
    )
    addresses = {
        "page": {
            "test": "https://www.sandbox.paypal.com/cgi-bin/webscr",
            "live": "https://www.paypal.com/cgi-bin/webscr",
        },
        "postback": {
            "test": "https://ipnpb.sandbox.paypal.com/cgi-bin/webscr",
            "live": "https://ipnpb.paypal.com/cgi-bin/webscr",
        },
        "api": {"test": "https://api-3t.sandbox.paypal.com/nvp", "live": "https://api-3t.paypal.com/nvp"},
    }
    capabilities = Capabilities(can_query=True, can_refund=True, can_capture=True, can_void=True)

    @classmethod
    def can(cls, given: Collection[str]) -> Capabilities:
        """Without API credentials it is only told."""
        return cls.capabilities if set(CREDENTIALS) <= set(given) else Capabilities()

    def check(self) -> list[str]:
        """Besides the properties: all of the API credentials or none; no account of PayPal's sandbox in a live shop."""
        given = {**self.settings, **self.around.secrets}
        missing = [name for name in CREDENTIALS if not given.get(name)]
        wrong = super().check()
        if 0 < len(missing) < len(CREDENTIALS):
            wrong.append(f"API credentials are given in part: {', '.join(missing)} is missing.")
        account = given.get("merchant", "").lower()
        if self.around.mode == "live" and any(mark in account for mark in SANDBOX_ACCOUNTS):
            wrong.append("The account (merchant) is one of PayPal's sandbox: a live shop needs your own.")
        if self.settings.get("paymentaction") == "authorization" and missing:
            wrong.append("To take the money later the API credentials are needed.")
        return wrong

    def begin(self, bill: BillView, urls: Urls) -> Form:
        """An unsigned form for the payment page. Raises GatewayError for a sum that PayPal does not take."""
        prefilled, reference = _prefilled(bill.shopper), compact(bill, LONGEST)
        fields = {
            **({"cmd": "_ext-enter", "redirect_cmd": "_xclick"} if prefilled else {"cmd": "_xclick"}),
            "business": self.settings["merchant"],
            "item_name": _("Order %(number)s", number=bill.order_number)[:127],
            "amount": decimal(bill.amount_minor, bill.currency),
            "currency_code": bill.currency,
            "invoice": reference,
            "paymentaction": self.settings.get("paymentaction") or "sale",
            "charset": "utf-8",
            "no_note": "1",
            "no_shipping": "1",
            "notify_url": urls.notify,
            "return": urls.ok,
            "rm": "1",  # comes back by GET, without the variables
            "cancel_return": urls.cancel,
            **prefilled,
        }
        page = self.address("page")
        return Form(page, list(fields.items()), hosts=(base.origin(page),), reference=reference)

    def identify(self, message: Message) -> str | None:
        """The invoice that it names."""
        return fields_of(message).get("invoice") or None

    def read_return(self, message: Message, bill: BillView) -> Hint:
        """The browser brings nothing that proves anything."""
        return Hint("return")

    def read_notification(self, message: Message) -> Reading:
        """Whatever looks like a message of PayPal's is posted back to PayPal, in the very bytes that came."""
        told = fields_of(message)
        if not {"payment_status", "txn_type"} & set(told):
            return Reading(base.FORGED)
        try:
            sent = self.around.send("POST", self.address("postback"), data=_PREFIX + message.body, headers=_HEADERS)
        except GatewayError:
            return Reading(base.UNDECIDED)
        word = sent.body.strip() if sent.status == 200 else b""
        if word == b"VERIFIED":
            return Reading(base.AUTHENTIC, news(told, self.settings["merchant"]), Answer(200, ""))
        return Reading(base.FORGED if word == b"INVALID" else base.UNDECIDED)

    def query(self, bill: BillView) -> list[Outcome]:
        """The transactions under our invoice. Raises GatewayError when there is no sensible answer."""
        later = self.settings.get("paymentaction") == "authorization"
        details = self._api.found(bill.gateway_reference or bill.reference)
        found = known(details, self.settings["merchant"], reserved_first=later)
        return [replace(one, mode=self.around.mode) for one in found]

    def refund(self, bill: BillView, amount_minor: int, key: str) -> OperationResult:
        """Send money back; the same key again gives the same answer."""
        about = {"TRANSACTIONID": bill.transaction_id or "", "REFUNDTYPE": "Partial"}  # also for the whole sum
        return self._operate("RefundTransaction", _refunded, bill, amount_minor, key, **about)

    def capture(self, bill: BillView, amount_minor: int, key: str) -> OperationResult:
        """Take what was authorized, and no more later; the same key again gives the same answer."""
        return self._operate("DoCapture", _captured, bill, amount_minor, key, COMPLETETYPE="Complete")

    def void(self, bill: BillView, key: str) -> OperationResult:
        """Give up what was authorized; what is given up already stays so."""
        return self._operate("DoVoid", _voided, bill)

    def _operate(self, method, read, bill, amount_minor=None, key="", **about):
        try:
            if amount_minor is not None:
                about |= {"AMT": decimal(amount_minor, bill.currency), "CURRENCYCODE": bill.currency}
            if "TRANSACTIONID" not in about:
                about["AUTHORIZATIONID"] = self._reserved(bill)
            return read(self._api.call(method, key, **about))
        except Refused as no:
            gone = method == "DoVoid" and no.vendor == words.ALREADY_VOIDED
            return OperationResult(base.DONE if gone else base.REFUSED, reason=no.message)
        except GatewayError as error:
            return OperationResult(base.UNKNOWN, reason=error.message)

    def _reserved(self, bill):
        """PayPal's name of what is reserved: looked up if the shop does not know it."""
        if bill.transaction_id:
            return bill.transaction_id
        return next((one.transaction for one in self.query(bill) if one.type == base.AUTHORIZED), "")

    @property
    def _api(self):
        return Api(self.around, self.address("api"))


def _prefilled(shopper):
    """The address as PayPal's form for cards shows it, to be changed there."""
    billing = shopper.get("billing") or {}
    known = {
        "email": shopper.get("email"),
        "address1": billing.get("line1"),
        "address2": billing.get("line2"),
        "city": billing.get("city"),
        "zip": billing.get("postcode"),
        "country": billing.get("country"),
    }
    most = {"email": 127, "city": 40, "zip": 32}
    return {name: value[: most.get(name, 100)] for name, value in known.items() if value}


def _refunded(told):
    delayed = told.get("REFUNDSTATUS", "").lower() == "delayed"
    return OperationResult(base.ACCEPTED if delayed else base.DONE, told.get("REFUNDTRANSACTIONID", ""))


def _captured(told):
    results = {base.PAID: base.DONE, base.PENDING: base.ACCEPTED, base.DECLINED: base.REFUSED}
    status = told.get("PAYMENTSTATUS", "")
    kind = words.meaning(status, told.get("PENDINGREASON", ""))
    why = "" if kind == base.PAID else status
    return OperationResult(results.get(kind, base.UNKNOWN), told.get("TRANSACTIONID", ""), why)


def _voided(told):
    return OperationResult(base.DONE, told.get("AUTHORIZATIONID", ""))
