"""Redsys (the terminals of Spanish banks): a signed form, and the same envelope back in a notification and a return.

Form, notification (a form POST to Ds_Merchant_MerchantURL) and return (in the query of the address, if the terminal is
set to send it) carry one envelope each: redsys_signing.py. A request never passes as a result: it names no Ds_Response.
Answers 0000 to 0099 grant a payment or reservation, 0900 a refund or a confirmation, 0400 a cancellation
(pagosonline.redsys.es/conexion-redireccion.html, conexion-rest.html). After a refusal the page stays open for another
card; a shopper who comes back with one has left it.

An order's number at Redsys is four digits and up to eight letters or digits, and is used once: so it is our
transaction, too. Redsys has no keys for asking twice: a refund without an answer is looked at by a person. Its service
for questions (redsys_query.py) is asked only if the merchant has ticked that the terminal has it. It tells of refunds
by sum alone, so that they are left out of what is read there.
"""

import json
from collections.abc import Collection
from dataclasses import replace

from flask_babel import gettext as _, lazy_gettext as _l

from storefront.payments.errors import GatewayError
from storefront.payments.gateways import (
    base,
    redsys_news as news,
    redsys_query as asking,
    redsys_signing as signing,
    redsys_words as words,
)
from storefront.payments.gateways.base import BillView, Form, Hint, Message, OperationResult, Outcome, Reading, Urls
from storefront.payments.gateways.properties import CHOICE, FLAG, SECRET, Property
from storefront.payments.gateways.references import compact

LONGEST, DIGITS = 12, 4  # of an order's number; so many digits first
MOST_AMOUNT = 10**12  # twelve digits
REST = "sis/rest/trataPeticionREST"
TEST_KEYS = ("sq7HjrUOBfKmC576ILgskD5srU870gJ7", "Mk9m98IfEblmPfrpsawt7BmxObt98Jev")  # of the published test account


class Refused(GatewayError):
    """Redsys says no to a call: nothing was done."""


class Redsys(base.Gateway):
    """The hosted page of a Redsys terminal ("TPV virtual")."""

    label = "Redsys"
    properties = (
        Property("merchant", _l("Merchant code (FUC)"), pattern=r"\d{1,9}", hint=_l("digits only"), test="999008881"),
        Property("terminal", _l("Terminal"), pattern=r"\d{1,3}", hint=_l("digits only")),
        Property("key", _l("Key of the terminal (clave de firma)"), SECRET),
        Property("signature", _l("Signature"), CHOICE, choices=((signing.V1, signing.V1), (signing.V2, signing.V2))),
        Property(
            "operation",
            _l("Take the money"),
            CHOICE,
            required=False,
            choices=((words.PAYMENT, _l("at once")), (words.RESERVATION, _l("later, when it is captured"))),
        ),
        Property("query_service", _l("The terminal answers questions (consultas SOAP)"), FLAG, required=False),
    )
    addresses = {
        "page": {
            "test": "https://sis-t.redsys.es:25443/sis/realizarPago",
            "live": "https://sis.redsys.es/sis/realizarPago",
        },
        "api": {"test": "https://sis-t.redsys.es:25443", "live": "https://sis.redsys.es"},
    }
    capabilities = base.Capabilities(
        return_is_signed=True,
        can_query=True,
        can_refund=True,
        can_capture=True,
        can_void=True,
        page_stays_open=True,
    )
    method_settings = {
        "pay_methods": {
            "type": "string",
            "maxLength": 10,
            "description": _l("Which ways to pay Redsys's page shows, in its own letters: z is Bizum"),
        }
    }

    @classmethod
    def can(cls, given: Collection[str]) -> base.Capabilities:
        """Questions are answered where the terminal has the service for them."""
        return replace(cls.capabilities, can_query="query_service" in given)

    def check(self) -> list[str]:
        """Besides what is missing: a key that cannot be one, and the published ones in a live shop."""
        wrong, key = super().check(), self._key
        if key and not signing.is_key(key):
            wrong.append("The key of the terminal (key) is not right: it has 32 letters, digits, + and /.")
        if key in TEST_KEYS and self.around.mode == "live":
            wrong.append("The key of the terminal (key) is the one of the test account: a live shop needs your own.")
        return wrong

    def begin(self, bill: BillView, urls: Urls) -> Form:
        """A signed form. Raises GatewayError for a sum or a currency that Redsys does not take."""
        if bill.currency not in words.CURRENCIES or bill.amount_minor >= MOST_AMOUNT:
            raise GatewayError(_("The payment service does not take this sum or currency."))
        order = compact(bill, LONGEST, DIGITS)
        facts = self._facts(self.settings.get("operation") or words.PAYMENT, order, bill.amount_minor, bill.currency)
        facts |= {
            "DS_MERCHANT_MERCHANTURL": urls.notify,
            "DS_MERCHANT_URLOK": urls.ok,
            "DS_MERCHANT_URLKO": urls.cancel,
            "DS_MERCHANT_PRODUCTDESCRIPTION": bill.order_number[:125],
        }
        if language := words.LANGUAGES.get(bill.locale[:2]):
            facts["DS_MERCHANT_CONSUMERLANGUAGE"] = language
        if ways := bill.settings.get("pay_methods"):
            facts["DS_MERCHANT_PAYMETHODS"] = ways
        page = self.address("page")
        return Form(page, list(self._signed(facts, order).items()), hosts=(base.origin(page),), reference=order)

    def identify(self, message: Message) -> str | None:
        """The order's number."""
        return signing.peeked(message.once()).get("Ds_Order")

    def read_return(self, message: Message, bill: BillView) -> Outcome | Hint:
        """A signed result of this order, a refusal too; without one nothing is known."""
        told = self._told(message)
        if not told or told["Ds_Order"] != self._order(bill):
            return Hint("return")
        found = news.told_by(told, self._merchant) or news.refused_by(told, self._merchant)
        return found[0] if found else Hint("return")

    def read_notification(self, message: Message) -> Reading:
        """A notification proves itself by its signature. A refusal is no news: the page is open for another card."""
        told = self._told(message)
        return Reading(base.AUTHENTIC, news.told_by(told, self._merchant)) if told else Reading(base.FORGED)

    def query(self, bill: BillView) -> list[Outcome]:
        """Ask for the operations of our order. Raises GatewayError while one is being decided, and for nonsense."""
        order = self._order(bill)
        body = asking.question(order, self.settings["merchant"], self.settings["terminal"], self._right_key())
        answer = self._send(asking.PATH, body, asking.HEADERS)
        if answer.status != 200:
            raise GatewayError(_("The payment service gives no sensible answer."))
        ours = [one for one in asking.operations(answer.body) if one.get("Ds_Order") == order]
        if any(asking.is_being_decided(one, self.around.now()) for one in ours):
            raise GatewayError(_("The payment is being decided at this moment."))
        finished = [one for one in ours if one.get("Ds_State") == asking.FINISHED]
        found = [one for told in finished for one in news.told_by(told, self._merchant) if one.type != base.REFUNDED]
        if any(not one.amount_minor for one in found if one.type in (base.PAID, base.AUTHORIZED)):
            raise GatewayError(_("The payment service gives no sensible answer."))
        return found

    def refund(self, bill: BillView, amount_minor: int, key: str) -> OperationResult:
        """Send money back. Redsys does not know our keys: asking twice would pay twice."""
        return self._operate(words.REFUND, bill, amount_minor, key)

    def capture(self, bill: BillView, amount_minor: int, key: str) -> OperationResult:
        """Take what was reserved; a second time is refused."""
        return self._operate(words.CAPTURE, bill, amount_minor, key)

    def void(self, bill: BillView, key: str) -> OperationResult:
        """Give up what was reserved; a second time is refused."""
        return self._operate(words.VOID, bill, bill.amount_minor, key)

    @property
    def _key(self):
        return self.around.secrets.get("key", "")

    @property
    def _merchant(self):
        return self.settings.get("merchant", "")

    def _order(self, bill):
        return bill.gateway_reference or compact(bill, LONGEST, DIGITS)

    def _facts(self, kind, order, amount_minor, currency):
        return {
            "DS_MERCHANT_AMOUNT": str(amount_minor),
            "DS_MERCHANT_ORDER": order,
            "DS_MERCHANT_MERCHANTCODE": self.settings["merchant"],
            "DS_MERCHANT_CURRENCY": words.CURRENCIES.get(currency, ""),
            "DS_MERCHANT_TRANSACTIONTYPE": kind,
            "DS_MERCHANT_TERMINAL": self.settings["terminal"],
        }

    def _signed(self, facts, order):
        return signing.envelope(facts, order, self._right_key(), self.settings["signature"])

    def _right_key(self):
        """The key, if it can be one. Raises GatewayError."""
        if not signing.is_key(self._key):
            raise GatewayError(_("The payment service is not set up right."))
        return self._key

    def _told(self, message):
        """What a message says, if it is a signed result."""
        told = signing.opened(message.once(), self._key)
        return told if told and "Ds_Response" in told else None

    def _operate(self, kind, bill, amount_minor, key):
        order = self._order(bill)
        facts = self._facts(kind, order, amount_minor, bill.currency)
        try:
            told = self._call(facts | {"DS_MERCHANT_MERCHANTDATA": key}, order)
        except Refused as no:
            return OperationResult(base.REFUSED, reason=no.message)
        except GatewayError as error:
            return OperationResult(base.UNKNOWN, reason=error.message)
        name = f"{order}-refund-{key}" if kind == words.REFUND else order
        return news.result_of(told, (kind, order, amount_minor), name)

    def _call(self, facts, order):
        """The facts of the API's answer. Raises Refused for a plain no, GatewayError for anything unsigned."""
        body = json.dumps(self._signed(facts, order)).encode()
        answer = self._send(REST, body, {"Content-Type": "application/json"})
        try:
            found = json.loads(answer.body) if answer.status == 200 else None
        except (ValueError, RecursionError):
            found = None
        fields = {str(name): str(value) for name, value in found.items()} if isinstance(found, dict) else {}
        if fields.get("errorCode"):
            raise Refused(f"{fields['errorCode']} {fields.get('errorCodeDescription', '')}".strip()[:200])
        told = signing.opened(fields, self._key)
        if not told or "Ds_Response" not in told:
            raise GatewayError(_("The payment service gives no sensible answer."))
        return told

    def _send(self, path, body, headers):
        return self.around.send("POST", f"{self.address('api')}/{path}", data=body, headers=headers)
