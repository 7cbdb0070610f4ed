"""Worldpay Business Gateway: a form under MD5, a payment response under a password, order notifications in XML.

The form's signature is the MD5, in hexadecimal digits, of the secret and the values of some fields, joined by colons;
which fields, and in which order, is set at the installation (activemerchant/offsite_payments world_pay.rb and
thephpleague/omnipay-worldpay PurchaseRequest.php agree). The payment response is a form that Worldpay's server posts,
in the charset of its own field `charenc`; only the password `callbackPW` shows that it is Worldpay's
(support.worldpay.com/support/kb/bg/recurringpayments/rpfp8105.html). It is sent of what was authorised or cancelled,
never of what was declined, and the page that it is answered with is shown to the shopper
(developer.worldpay.com/docs/bg350/enablepaymentresponses/). An order notification is an XML document, answered with
the literal [OK] (Worldpay/Worldpay-Magento2-CG); it proves nothing by itself, so its address holds a key of ours, and
the addresses that it comes from may be limited.

It cannot be asked, and can take, give up or send back nothing: that is done in Worldpay's own administration. Since the
two kinds of messages have no name of a payment in common, one of them alone tells that money came.
"""

import hashlib
import hmac
import ipaddress
from dataclasses import replace
from html import escape

from flask_babel import gettext as _, lazy_gettext as _l

from storefront.kit import money
from storefront.payments.gateways import base, worldpay_words as words, worldpay_xml as xml
from storefront.payments.gateways.base import Answer, BillView, Form, Hint, Message, Reading, Urls
from storefront.payments.gateways.properties import CHOICE, SECRET, Property
from storefront.payments.gateways.references import compact

RESPONSE, XML = "response", "xml"
SIGNED = "amount:currency:instId:cartId"
OK = Answer(200, "[OK]")
SHORTEST = 12
LONGEST = 24  # letters of a cart's name, which no other shop of the installation has
_HTML = "text/html; charset=utf-8"


def signature(fields: dict[str, str], names: str, secret: str) -> str:
    """What signs a form: over the values of these fields, whose names are joined by colons, in their order."""
    text = ":".join([secret, *(fields.get(name, "") for name in names.split(":"))])
    return hashlib.md5(text.encode(), usedforsecurity=False).hexdigest()  # Worldpay knows nothing stronger


class Worldpay(base.Gateway):
    """The payment pages of Worldpay's Business Gateway."""

    label = "Worldpay"
    properties = (
        Property("merchant", _l("Installation ID"), pattern=r"\d{1,16}", hint=_l("digits only")),
        Property("md5_secret", _l("MD5 secret for transactions"), SECRET),
        Property(
            "signature_fields",
            _l("SignatureFields of the installation"),
            required=False,
            pattern=r"[A-Za-z0-9_]+(:[A-Za-z0-9_]+)*",
            hint=_l("names joined by colons"),
        ),
        Property("callback_password", _l("Payment Response password"), SECRET),
        Property(
            "paid_by",
            _l("Money is told by"),
            CHOICE,
            required=False,
            choices=((RESPONSE, _l("the payment response")), (XML, _l("order notifications in XML"))),
        ),
        Property("merchant_code", _l("Merchant code, for order notifications in XML"), required=False),
        Property("xml_key", _l("Key in the address of the order notifications"), SECRET, required=False),
        Property(
            "networks", _l("Addresses that its messages come from"), required=False, hint=_l("networks and blanks")
        ),
    )
    addresses = {
        "page": {
            "test": "https://secure-test.worldpay.com/wcc/purchase",
            "live": "https://secure.worldpay.com/wcc/purchase",
        }
    }

    def check(self) -> list[str]:
        """Besides the properties: what is signed must name the sum, passwords must be long, networks must be some."""
        wrong = super().check()
        missing = set(SIGNED.split(":")) - set(self._signed.split(":"))
        if missing:
            wrong.append(f"SignatureFields (signature_fields) must name {', '.join(sorted(missing))}, too.")
        for name in ("callback_password", "xml_key"):
            if 0 < len(self.around.secrets.get(name, "")) < SHORTEST:
                wrong.append(f"The secret {name} is short: it is all that proves a message. Take {SHORTEST} letters.")
        if self._paid_by == XML and not (self._secret("xml_key") and self.settings.get("merchant_code")):
            wrong.append("Order notifications in XML need merchant_code and xml_key.")
        if self._networks() is None:
            wrong.append("The addresses (networks) are no networks like 192.0.2.0/24.")
        return wrong

    def begin(self, bill: BillView, urls: Urls) -> Form:
        """A signed form for the payment pages."""
        reference = compact(bill, LONGEST)
        fields = {
            "instId": self.settings["merchant"],
            "cartId": reference,
            "amount": money.plain(bill.amount_minor, bill.currency),
            "currency": bill.currency,
            "desc": _("Order %(number)s", number=bill.order_number)[:255],
            "testMode": "100" if self.around.mode == "test" else "0",
            "authMode": "A",
            "lang": bill.locale[:2],
            "hideCurrency": "true",  # in another one the sum would be another
            **_expiry(bill),
            **_prefilled(bill.shopper),
            "MC_callback": urls.notify,
            "M_ok": urls.ok,
            "M_cancel": urls.cancel,
        }
        fields["M_seal"] = self._seal(fields)
        fields["signatureFields"] = self._signed
        fields["signature"] = signature(fields, self._signed, self._secret("md5_secret"))
        page = self.address("page")
        return Form(page, list(fields.items()), hosts=(base.origin(page),), reference=reference)

    def identify(self, message: Message) -> str | None:
        """The cart of a payment response, or the order of a notification: our reference."""
        root = xml.document(message.body)
        return xml.order_code(root) if root is not None else words.fields_of(message).get("cartId") or None

    def read_return(self, message: Message, bill: BillView) -> Hint:
        """The browser brings nothing that proves anything."""
        return Hint("return")

    def read_notification(self, message: Message) -> Reading:
        """A payment response shows the password, an order notification the key; both come from the right network."""
        if not self._may_come_from(message.remote_addr):
            return Reading(base.FORGED)
        root = xml.document(message.body)
        return self._response(words.fields_of(message)) if root is None else self._ordered(message, root)

    def _response(self, told):
        if not _same(told.get("callbackPW", ""), self._secret("callback_password")):
            return Reading(base.FORGED)
        outcomes = words.response(told, tells_money=self._paid_by == RESPONSE)
        return Reading(base.AUTHENTIC, outcomes, self._page(told))

    def _ordered(self, message, root):
        """The key is in the address, which TLS hides on the way."""
        keys = [value for name, value in Message("GET", message.query, b"").pairs() if name == "key"]
        if len(keys) != 1 or not _same(keys[0], self._secret("xml_key")):
            return Reading(base.FORGED)
        told = xml.news(root)
        if self._paid_by != XML:  # it tells what the payment response never does
            told = [one for one in told if one.type not in words.MONEY_COMES]
        return Reading(base.AUTHENTIC, [self._of_ours(one) for one in told], OK)

    def _of_ours(self, outcome):
        """The merchant code is another name of our account; nobody's is nobody's."""
        code = self.settings.get("merchant_code", "")
        same = bool(code) and outcome.merchant == code
        return replace(outcome, merchant=self.settings["merchant"] if same else f"code {outcome.merchant}")

    def _page(self, told):
        """What the shopper sees inside of Worldpay's page: a way back, if it is the one that we had sent there."""
        back = told.get("M_ok" if told.get("transStatus") == "Y" else "M_cancel", "")
        if not back or not _same(told.get("M_seal", ""), self._seal({**told})):
            return Answer(200, f"<!doctype html><p>{escape(_('You can go back to the shop now.'))}</p>", _HTML)
        link = f'<a href="{escape(back)}">{escape(_("Back to the shop"))}</a>'
        move = f'<meta http-equiv="refresh" content="1; url={escape(back)}">'
        return Answer(200, f"<!doctype html><html><head>{move}</head><body><p>{link}</p></body></html>", _HTML)

    def _seal(self, fields):
        """Shows that the ways back are those of this cart, which nobody else has chosen."""
        text = "\n".join(["back", *(fields.get(name, "") for name in ("cartId", "M_ok", "M_cancel"))])
        return hmac.new(self._secret("md5_secret").encode(), text.encode(), hashlib.sha256).hexdigest()

    def _secret(self, name):
        return self.around.secrets.get(name, "")

    @property
    def _signed(self):
        return self.settings.get("signature_fields") or SIGNED

    @property
    def _paid_by(self):
        return self.settings.get("paid_by") or RESPONSE

    def _networks(self):
        """The networks that were typed, none for anywhere; None if they cannot be read."""
        try:
            return [ipaddress.ip_network(one) for one in self.settings.get("networks", "").split()]
        except ValueError:
            return None

    def _may_come_from(self, address):
        networks = self._networks()
        if not networks:
            return networks == []
        try:
            return any(ipaddress.ip_address(address) in network for network in networks)
        except ValueError:
            return False


def _same(given, ours):
    """Whether a password is the right one, in constant time; an empty one never is."""
    return bool(ours) and hmac.compare_digest(given.encode("utf-8", "replace"), ours.encode())


def _expiry(bill):
    """Until when the form may be used, in milliseconds."""
    return {"authValidTo": str(int(bill.expires_at.timestamp()) * 1000)} if bill.expires_at else {}


def _prefilled(shopper):
    billing = shopper.get("billing") or {}
    known = {
        "name": billing.get("name"),
        "address1": billing.get("line1"),
        "address2": billing.get("line2"),
        "town": billing.get("city"),
        "postcode": billing.get("postcode"),
        "country": billing.get("country"),
        "email": shopper.get("email"),
    }
    most = {"town": 30, "postcode": 12, "name": 40}
    return {name: value[: most.get(name, 80)] for name, value in known.items() if value}
