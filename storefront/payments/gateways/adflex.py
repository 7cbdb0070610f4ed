"""Adflex PayPage: a session is opened by a call, and the card is typed on a page of the merchant's own.

`POST v2/ahpp/session` is authorized by a JSON Web Token (HS256 under the secret key; `aud` is the address that is
called) and two headers; its answer names the session (madison-web-solutions/php-adflex, src/Client.php and
src/Adflex.php). The page with Adflex's script is the merchant's: it is told the session and our addresses, and takes
the payment with Adflex. Amounts are whole minor units, as text. `saveCardOption` says whether the form offers to keep
the card (the same file); the token is told to that page, never to the shop.

What Adflex's server tells a shop, and how it is asked what became of a payment, is not public. So this adapter hears
nothing and asks nothing: that a payment was made is entered by hand or read from a settlement file, and a live
shop has to say that this is known before it can be switched on.
"""

import hashlib
import hmac
import json
import uuid
from base64 import urlsafe_b64encode
from urllib.parse import urlencode

from flask_babel import gettext as _, lazy_gettext as _l

from storefront.payments.errors import GatewayError
from storefront.payments.gateways import base
from storefront.payments.gateways.base import BillView, Hint, Message, Reading, Redirect, Urls
from storefront.payments.gateways.cards import CardOptions
from storefront.payments.gateways.properties import ADDRESS, FLAG, SECRET, Property
from storefront.payments.gateways.references import compact

LONGEST = 12  # letters of a reference
SECONDS = 3600  # of a session whose end nobody has said
SUCCESS = 50001
KEPT = {"saveCardOption": "ShowUnticked", "ttlDays": 90}  # whoever pays has to tick it
NOT_KEPT = {"saveCardOption": "Hide", "ttlDays": 1}
OURS = uuid.UUID("5f0c7f5e-8d0b-4f0a-9b52-6d1f3b1f7c11")  # the space of our transactions' names


def token(claims: dict[str, object], key: str) -> str:
    """A JSON Web Token under HS256 (RFC 7515 and 7519)."""
    head = {"alg": "HS256", "typ": "JWT"}
    signed = ".".join(_encoded(json.dumps(part, separators=(",", ":")).encode()) for part in (head, claims))
    return f"{signed}.{_encoded(hmac.new(key.encode(), signed.encode(), hashlib.sha256).digest())}"


class Adflex(base.Gateway):
    """Sessions of Adflex's PayPage."""

    label = "Adflex"
    properties = (
        Property("merchant", _l("Account code (apgID)"), pattern=r"[A-Za-z0-9-]{1,50}", hint=_l("letters and digits")),
        Property("access_key", _l("Access key"), SECRET),
        Property("secret_key", _l("Secret key"), SECRET),
        Property("page", _l("Your page with Adflex's form"), ADDRESS),
        Property(
            "by_hand", _l("I know that the shop hears nothing from Adflex: payments are entered by hand"), FLAG, False
        ),
    )
    addresses = {"api": {"test": "https://api-test.adflex.co.uk", "live": "https://api.adflex.co.uk"}}
    capabilities = base.Capabilities(notifies=False)
    card_options = CardOptions(keep=True)

    def check(self) -> list[str]:
        """Besides what is missing: nobody goes live without knowing that the shop will hear nothing."""
        wrong = super().check()
        if self.around.mode == "live" and not self.settings.get("by_hand"):
            wrong.append(
                "What Adflex tells a shop is not public, so this one hears nothing and asks nothing: payments are "
                "entered by hand, or read from a settlement file. Tick by_hand if that is what you want."
            )
        return wrong

    def begin(self, bill: BillView, urls: Urls) -> Redirect:
        """A link to the merchant's page with a new session of the same transaction. Raises GatewayError."""
        reference = compact(bill, LONGEST)
        asked = {
            "transactionGUID": str(uuid.uuid5(OURS, bill.key)),
            "reference": reference,
            "ttlSeconds": self._seconds(bill),
            "amount": {"currency": bill.currency, "value": str(bill.amount_minor)},
            "description": bill.order_number or reference,
            "tokenLifetime": KEPT if bill.card.tokenize else NOT_KEPT,
            "tdsCheck": "Default",
            "cvcCheck": "Default",
            "avsCheck": "Default",
        }
        session = self._called("v2/ahpp/session", asked).get("sessionID")
        if not isinstance(session, str) or not session:
            raise GatewayError(_("The payment service gives no sensible answer."))
        told = {"session": session, "reference": reference, "ok": urls.ok, "cancel": urls.cancel, "error": urls.error}
        page = self.settings["page"]
        return Redirect(f"{page}{'&' if '?' in page else '?'}{urlencode(told)}", reference=reference)

    def identify(self, message: Message) -> str | None:
        """The reference that the merchant's page brings back."""
        return message.once().get("reference")

    def read_return(self, message: Message, bill: BillView) -> Hint:
        """Whoever comes back has proven nothing."""
        return Hint("return")

    def read_notification(self, message: Message) -> Reading:
        """Nobody knows what one looks like: none is believed."""
        return Reading(base.FORGED)

    def _seconds(self, bill):
        left = (bill.expires_at - self.around.now()).total_seconds() if bill.expires_at else SECONDS
        return max(60, int(left))

    def _called(self, path, fields):
        """What the service answers to a call. Raises GatewayError for anything but a success."""
        url = f"{self.address('api')}/{path}"
        claims = {
            "jti": str(uuid.uuid4()),
            "aud": url,
            "iss": "Adflex",
            "iat": int(self.around.now().timestamp()),
        }
        headers = {
            "Accept": "application/json",
            "Content-Type": "application/json",
            "Authorization": f"Bearer {token(claims, self.around.secrets.get('secret_key', ''))}",
            "x-request-apgID": self.settings["merchant"],
            "x-request-accessKey": self.around.secrets.get("access_key", ""),
        }
        answer = self.around.send("POST", url, data=json.dumps(fields), headers=headers)
        try:
            found = json.loads(answer.body)
        except (ValueError, RecursionError):
            found = None
        done = isinstance(found, dict) and str(found.get("subCode")) == str(SUCCESS)
        if not done or not isinstance(found.get("responseObject"), dict):
            raise GatewayError(_("The payment service gives no sensible answer."))
        return found["responseObject"]


def _encoded(data):
    return urlsafe_b64encode(data).rstrip(b"=").decode()
