"""DIBS FlexWin: a form and a callback under a double MD5, and questions that are answered by order id.

The form's key is MD5(key2 + MD5(key1 + "merchant=…&orderid=…&currency=…&amount=…")); a result's is the same over
"transact=…&amount=…&currency=…", with the fee added if there is one (tech.dibspayment.com/D2/Hosted/Md5_calculation,
tech.dibs.dk/dibs-api/other-features/md5-key-control). The second says nothing of the order: the result of one order
fits another of the same sum. So a callback is believed only when DIBS, asked for the order by transinfo.cgi, names the
same transaction; while it gives no answer the message waits. What the browser brings is a hint. DIBS calls back after
a success only, in ISO-8859-1. Amounts are in minor units. There are no keys for asking twice: a refund without an
answer waits for a person. Types of cards are told as `paytype`, joined by commas, in the words of
tech.dibspayment.com/D2/Toolbox/Paytypes (listed in pretix-dibs, drupal/commerce_payment_dibs and CS-Cart's module).

Neither key covers `test`, whose every value makes a payment a test (tech.dibs.dk/dibs_api/status_functions/callbackcgi
shows `test=foo`): a shopper could add it to the form, and leave it out of a callback of their own. So a live shop needs
a DIBS account that refuses tests, and with an API user it asks DIBS for the callback as it was (callback.cgi) before
money counts. Without either all money is held back as of another mode.
"""

import hmac
from collections.abc import Collection
from dataclasses import replace

from flask_babel import gettext as _, lazy_gettext as _l

from storefront.payments.errors import GatewayError
from storefront.payments.gateways import base, dibs_words as words
from storefront.payments.gateways.base import BillView, Form, Hint, Message, OperationResult, Outcome, Reading, Urls
from storefront.payments.gateways.cards import CardOptions
from storefront.payments.gateways.dibs_api import DibsApi
from storefront.payments.gateways.properties import CHOICE, FLAG, SECRET, Property
from storefront.payments.gateways.references import compact

MOST_AMOUNT = 1_715_000_000
MONEY = (base.PAID, base.AUTHORIZED)
LONGEST = 20  # letters of our order id; DIBS takes 50


class Dibs(base.Gateway):
    """The payment window FlexWin, also called D2."""

    label = "DIBS FlexWin"
    properties = (
        Property("merchant", _l("Merchant number"), pattern=r"\d{4,12}", hint=_l("digits only")),
        Property("key1", _l("MD5 key 1"), SECRET),
        Property("key2", _l("MD5 key 2"), SECRET),
        Property(
            "capturenow",
            _l("Take the money"),
            CHOICE,
            required=False,
            choices=(("1", _l("at once")), ("0", _l("later, when it is captured"))),
        ),
        Property("account", _l("Account (if you have several)"), required=False, pattern=r"[A-Za-z0-9_-]{1,50}"),
        Property("api_user", _l("Name of the API user"), required=False, hint=_l("for refunds and cancellations")),
        Property("api_password", _l("Password of the API user"), SECRET, required=False),
        Property("tests_refused", _l("DIBS refuses test payments for this merchant number"), FLAG, required=False),
    )
    addresses = {
        "page": dict.fromkeys(("test", "live"), "https://payment.architrade.com/paymentweb/start.action"),
        "api": dict.fromkeys(("test", "live"), "https://payment.architrade.com"),
    }
    card_options = CardOptions(types=words.CARDS)
    # It calls back after a success only: a refusal is news by question.
    capabilities = base.Capabilities(
        can_query=True, can_refund=True, can_capture=True, can_void=True, page_stays_open=True
    )

    @classmethod
    def can(cls, given: Collection[str]) -> base.Capabilities:
        """Money goes back, and reservations are given up, by the API user only."""
        able = {"api_user", "api_password"} <= set(given)
        return replace(cls.capabilities, can_refund=able, can_void=able)

    def check(self) -> list[str]:
        """Besides what is missing: a live account that takes test payments gives goods away."""
        wrong = super().check()
        if self.around.mode == "live" and not self.settings.get("tests_refused"):
            wrong.append("Ask DIBS to refuse test payments for your merchant number, then tick tests_refused.")
        if bool(self.settings.get("api_user")) != bool(self.around.secrets.get("api_password")):
            wrong.append("The API user (api_user) and its password (api_password) belong together.")
        return wrong

    def begin(self, bill: BillView, urls: Urls) -> Form:
        """A signed form. Raises GatewayError for a sum or currency that DIBS does not take."""
        if bill.amount_minor > MOST_AMOUNT or bill.currency not in words.NUMBERS:
            raise GatewayError(_("The payment service does not take this sum or currency."))
        reference = compact(bill, LONGEST)
        signed = {
            "merchant": self.settings["merchant"],
            "orderid": reference,
            "currency": words.NUMBERS[bill.currency],
            "amount": str(bill.amount_minor),
        }
        fields = signed | self._wishes(bill, urls) | {"md5key": self._api.key_of(signed)}
        page = self.address("page")
        return Form(page, list(fields.items()), hosts=(base.origin(page),), reference=reference)

    def identify(self, message: Message) -> str | None:
        """The order id."""
        return message.once("latin-1").get("orderid")

    def read_return(self, message: Message, bill: BillView) -> Hint:
        """What the browser brings could be the result of another order: DIBS is asked."""
        return Hint("return")

    def read_notification(self, message: Message) -> Reading:
        """A callback proves its sum by its key, and its order by what DIBS answers when asked for it."""
        told = message.once("latin-1")
        if not self._is_signed(told) or not told.get("orderid"):
            return Reading(base.FORGED)
        try:
            found = self._api.found(told["orderid"], told["amount"], told["currency"])
        except GatewayError:
            return Reading(base.UNDECIDED)
        if found.transact != told["transact"]:  # that one was paid by another
            return Reading(base.FORGED if found.state in (words.RESERVED, words.TAKEN) else base.UNDECIDED)
        if found.state not in words.FOUND:
            return Reading(base.UNDECIDED)
        try:
            mode = self._mode(found.transact, told)
        except GatewayError:
            return Reading(base.UNDECIDED)
        return Reading(base.AUTHENTIC, [self._told(told, words.FOUND[found.state], mode)])

    def query(self, bill: BillView) -> list[Outcome]:
        """Ask for the transaction of our order id, then for its state; a refusal is news only by such a question.

        Raises GatewayError when there is no sensible answer.
        """
        reference = _named(bill)
        found = self._api.found(reference, str(bill.amount_minor), bill.currency)
        if not found.transact:
            return []
        number = self._api.state(found.transact)
        word = words.STATES[number]
        if number in words.SENT_BACK and bill.transaction_id == found.transact:
            word = base.PAID  # as we know; how much has gone back since, nobody says
        facts = {"error_type": words.reason_of(number, found.reason)} if word == base.DECLINED else {}
        if word in (base.UNKNOWN, base.DECLINED):
            facts["vendor_code"] = f"{number} {found.reason}".strip()[:100]
        if word in MONEY and bill.transaction_id != found.transact:
            facts["mode"] = self._mode(found.transact)
        return [self._outcome(word, reference, found.transact, bill.amount_minor, bill.currency, **facts)]

    def refund(self, bill: BillView, amount_minor: int, key: str) -> OperationResult:
        """Send money back, as the API user. DIBS knows no key of ours, and has no name for a refund."""
        currency = {"currency": words.NUMBERS.get(bill.currency, "")}
        done = self._operate("cgi-adm/refund.cgi", bill, {"amount": str(amount_minor)}, currency)
        return replace(done, gateway_id="")

    def capture(self, bill: BillView, amount_minor: int, key: str) -> OperationResult:
        """Take what was authorized."""
        return self._operate("cgi-bin/capture.cgi", bill, {"amount": str(amount_minor)})

    def void(self, bill: BillView, key: str) -> OperationResult:
        """Give up what was authorized, as the API user."""
        return self._operate("cgi-adm/cancel.cgi", bill)

    def _operate(self, path, bill, signed=None, more=None):
        """The transaction of a reservation is asked for: only that of a payment is known."""
        try:
            known = bill.transaction_id
            transact = known or self._api.found(_named(bill), str(bill.amount_minor), bill.currency).transact
            if not transact:
                return OperationResult(base.UNKNOWN, reason="no transaction")
            fields = {"orderid": _named(bill), "transact": transact, **(signed or {})}
            result, said = self._api.operate(path, fields, more or {})
        except GatewayError as error:
            return OperationResult(base.UNKNOWN, reason=error.message)
        return OperationResult(result, transact if result == base.DONE else "", said)

    def _wishes(self, bill, urls):
        """What is not signed."""
        wanted = {
            "accepturl": urls.ok,
            "cancelurl": urls.cancel,
            "callbackurl": urls.notify,
            "uniqueoid": "1",
            "decorator": "responsive",
            "lang": words.language(bill.locale),
            "capturenow": "1" if self.settings.get("capturenow", "1") != "0" else "",
            "account": self.settings.get("account", ""),
            "paytype": ",".join(self.card_options.named(bill.card.types)),
            "test": "yes" if self.around.mode == "test" else "",
        }
        return {name: value for name, value in wanted.items() if value}

    def _is_signed(self, told):
        """Whether the result carries its key, over a sum that can be one."""
        given = told.get("authkey", "").lower().encode("utf-8", "replace")
        numbers = (told.get("transact", ""), told.get("amount", ""), told.get("fee") or "0")
        right = all(number.isascii() and number.isdigit() and len(number) < 16 for number in numbers)
        if not right or not told.get("currency"):
            return False
        total = int(told["amount"]) + int(told.get("fee") or 0)
        signed = {"transact": told["transact"], "amount": str(total), "currency": told["currency"]}
        return bool(given and self._api.has_keys) and hmac.compare_digest(self._api.key_of(signed).encode(), given)

    @property
    def _api(self):
        return DibsApi(self.address("api"), self.settings, self.around)

    def _mode(self, transact, told=None):
        """Test for play money, live where DIBS itself shows that it is none; "" where it refuses tests anyway.

        Raises GatewayError while DIBS does not answer.
        """
        if self.around.mode != "live":
            return ""
        original = {} if told and words.is_test(told) else self._api.original(transact)
        if words.is_test(told or {}) or words.is_test(original):
            return "test"
        return "live" if original else "" if self.settings.get("tests_refused") else "test"

    def _told(self, told, word, mode):
        """What a callback says that was found to be true: the sum is the one that is signed."""
        amount = int(told["amount"]) + int(told.get("fee") or 0)
        currency = words.LETTERS.get(told["currency"], told["currency"])
        return self._outcome(word, told["orderid"], told["transact"], amount, currency, mode=mode)

    def _outcome(self, word, reference, transact, amount_minor, currency, **more):
        return Outcome(
            type=word,
            reference=reference,
            event_key=f"{transact}-{word}",
            amount_minor=amount_minor,
            currency=currency,
            transaction=transact,
            merchant=self.settings["merchant"],  # found under this number
            **more,
        )


def _named(bill):
    return bill.gateway_reference or compact(bill, LONGEST)
