"""Opayo Form (formerly Sage Pay Form): a form whose contents are encrypted, and no notification at all.

The field Crypt is "@" and the upper-case hexadecimal digits of AES-128 in CBC mode, with the encryption password as
key and as initial vector and PKCS #7 padding, over name=value&… in ISO-8859-1, not percent-encoded (Sage Pay Form
Integration and Protocol Guidelines 3.00, A1.1; thephpleague/omnipay-sagepay, Message/Form/AuthorizeRequest.php). The
browser brings the same kind of thing back. Decrypting is not verifying: there is no signature, the shopper holds pieces
whose plain text they know, and whoever joins or alters pieces makes others that decrypt as well. So what the browser
brings is a hint, whatever it says, and no refusal is told to it by another answer than a success.

What is believed is the answer of the Reporting & Admin API, asked by our transaction code over TLS: an XML request
under a hash of its elements and the password of a user of the account (Reporting & Admin API 1.02; packagist
colinbm/sagepayadminapi-php; the WooCommerce plugin for Opayo). Refunds are made in MyOpayo.
"""

import hashlib
import re
from urllib.parse import urlencode
from xml.sax.saxutils import escape

from cryptography.hazmat.primitives.ciphers import Cipher, algorithms, modes
from cryptography.hazmat.primitives.padding import PKCS7
from defusedxml import DefusedXmlException, ElementTree
from flask_babel import gettext as _, lazy_gettext as _l

from storefront.kit import money
from storefront.kit.errors import Invalid
from storefront.payments.errors import GatewayError
from storefront.payments.gateways import base, opayo_words as words
from storefront.payments.gateways.base import BillView, Form, Hint, Message, Outcome, Reading, Urls
from storefront.payments.gateways.properties import CHOICE, SECRET, Property
from storefront.payments.gateways.references import compact

LONGEST = 24  # letters of our transaction code; Opayo takes 40
MOST_LETTERS = 16_000  # of a crypt
FORM = "application/x-www-form-urlencoded"
CODE = re.compile(r"[A-Za-z0-9{}._-]{1,40}")


def encrypted(fields: dict[str, str], password: str) -> str:
    """The fields as the value of Crypt."""
    padder = PKCS7(128).padder()
    text = "&".join(f"{name}={value}" for name, value in fields.items()).encode("latin-1", "replace")
    cipher = _cipher(password).encryptor()
    done = cipher.update(padder.update(text) + padder.finalize()) + cipher.finalize()
    return f"@{done.hex().upper()}"


def decrypted(crypt: str, password: str) -> dict[str, str]:
    """The fields of a crypt; none if it is no crypt, or has a name twice. They prove nothing."""
    try:
        content = bytes.fromhex(crypt[1:]) if crypt[:1] == "@" and len(crypt) < MOST_LETTERS else b""
        cipher, unpadder = _cipher(password).decryptor(), PKCS7(128).unpadder()
        padded = cipher.update(content) + cipher.finalize()
        text = (unpadder.update(padded) + unpadder.finalize()).decode("latin-1")
    except ValueError:
        return {}
    pairs = [pair.partition("=") for pair in text.split("&")]
    found = {name: value for name, _equals, value in pairs}
    return found if len(found) == len(pairs) else {}


class Opayo(base.Gateway):
    """Payments through the hosted page that is reached by a form."""

    label = "Opayo Form"
    properties = (
        Property("merchant", _l("Vendor name"), pattern=r"[A-Za-z0-9]{1,15}", hint=_l("letters and digits")),
        Property("password", _l("Form encryption password"), SECRET, pattern=r"[!-~]{16}", hint=_l("16 letters")),
        Property("user", _l("Name of the reporting user")),
        Property("user_password", _l("Password of the reporting user"), SECRET),
        Property(
            "digest",
            _l("How questions are signed"),
            CHOICE,
            required=False,
            choices=(("md5", "MD5"), ("sha256", "SHA-256")),
        ),
    )
    addresses = {
        "page": {
            "test": "https://sandbox.opayo.eu.elavon.com/gateway/service/vspform-register.vsp",
            "live": "https://live.opayo.eu.elavon.com/gateway/service/vspform-register.vsp",
        },
        "api": {"test": "https://sandbox.opayo.eu.elavon.com", "live": "https://live.opayo.eu.elavon.com"},
    }
    capabilities = base.Capabilities(notifies=False, can_query=True)

    def begin(self, bill: BillView, urls: Urls) -> Form:
        """A form whose contents the browser cannot read."""
        reference = compact(bill, LONGEST)
        asked = {
            "VendorTxCode": reference,
            "Amount": money.plain(bill.amount_minor, bill.currency),
            "Currency": bill.currency,
            "Description": words.clean(bill.order_number, 100),
            "SuccessURL": urls.ok,
            "FailureURL": urls.error,
            **words.people(bill.shopper),
        }
        fields = (
            ("VPSProtocol", "4.00"),
            ("TxType", "PAYMENT"),
            ("Vendor", self.settings["merchant"]),
            ("Crypt", encrypted(asked, self._password)),
        )
        page = self.address("page")
        return Form(page, fields, hosts=(base.origin(page),), charset="iso-8859-1", reference=reference)

    def identify(self, message: Message) -> str | None:
        """Our transaction code, as the crypt has it."""
        code = self._brought(message).get("VendorTxCode", "")
        return code if CODE.fullmatch(code) else None

    def read_return(self, message: Message, bill: BillView) -> Hint:
        """What it seems to say. It proves nothing: Opayo is asked."""
        brought = self._brought(message)
        if brought.get("VendorTxCode") != (bill.gateway_reference or compact(bill, LONGEST)):
            return Hint("return")
        return Hint(words.HINTS.get(brought.get("Status", ""), "error"))

    def read_notification(self, message: Message) -> Reading:
        """There are none: whatever comes is not from Opayo."""
        return Reading(base.FORGED)

    def query(self, bill: BillView) -> list[Outcome]:
        """Ask for the transaction with our code. Raises GatewayError when there is no sensible answer."""
        reference = bill.gateway_reference or compact(bill, LONGEST)
        told = self._detail(reference)
        if told is None:
            return []
        if told.get("vendortxcode") != reference or not told.get("vpstxid"):
            raise GatewayError(_("The payment service gives no sensible answer."))
        word, error = words.STATES.get(told.get("txstateid", ""), (base.UNKNOWN, ""))
        return [self._outcome(told, word, error)] if word else []

    def _outcome(self, told, word, error):
        transaction = told["vpstxid"].strip("{}").upper()
        said = f"{told.get('txstateid', '')} {told.get('declinecode', '')} {told.get('status', '')}"
        return Outcome(
            type=word,
            reference=told["vendortxcode"],
            event_key=f"{transaction}-{word}",
            amount_minor=_amount(told.get("amount", ""), told.get("currency", "")),
            currency=told["currency"],
            transaction=transaction,
            error_type=error,
            vendor_code="" if word == base.PAID else " ".join(said.split())[:100],
        )

    def _detail(self, reference):
        """What the API tells of a transaction code, by element; None if it knows no such transaction."""
        answer = self.around.send(
            "POST",
            f"{self.address('api')}/access/access.htm",
            data=urlencode({"XML": self.question("getTransactionDetail", {"vendortxcode": reference})}),
            headers={"Content-Type": FORM},
        )
        told = _elements(answer.body) if answer.status == 200 else {}
        if told.get("errorcode") == words.NOT_FOUND:
            return None
        if told.get("errorcode") != words.SUCCESS:
            raise GatewayError(_("The payment service gives no sensible answer."))
        return told

    def question(self, command: str, more: dict[str, str]) -> str:
        """A signed request to the API."""
        digest = self.settings.get("digest") or "md5"
        told = {"command": command, "vendor": self.settings["merchant"], "user": self.settings["user"], **more}
        told |= {"algorithm": "sha256"} if digest == "sha256" else {}
        text = "".join(_element(name, value) for name, value in told.items())
        secret = text + _element("password", self.around.secrets.get("user_password", ""))
        signature = hashlib.new(digest, secret.encode(), usedforsecurity=False).hexdigest()
        return f"<vspaccess>{text}<signature>{signature}</signature></vspaccess>"

    def _brought(self, message):
        return decrypted(message.once("latin-1").get("crypt", ""), self._password)

    @property
    def _password(self):
        return self.around.secrets.get("password", "")


def _cipher(password):
    """Raises ValueError for a password that is none."""
    key = password.encode("utf-8")
    return Cipher(algorithms.AES128(key), modes.CBC(key))


def _element(name, value):
    return f"<{name}>{escape(value)}</{name}>"


def _elements(body):
    """The elements of an answer by name; none if it is not XML."""
    try:
        found = ElementTree.fromstring(body)
    except (ElementTree.ParseError, DefusedXmlException, ValueError, LookupError):
        return {}
    return {one.tag: (one.text or "").strip() for one in found} if found.tag == "vspaccess" else {}


def _amount(text, currency):
    """Minor units of 1,234.56."""
    try:
        if money.code(currency) != currency or not re.fullmatch(r"\d[\d,]*(\.\d+)?", text):
            raise GatewayError(_("The payment service gives no sensible answer."))
        return money.parsed(text.replace(",", ""), currency)
    except Invalid as error:
        raise GatewayError(_("The payment service gives no sensible answer.")) from error
