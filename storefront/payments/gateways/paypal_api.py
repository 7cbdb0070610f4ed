"""PayPal's name-value API: to ask about payments, and to send back, take or give up money.

Fields as in the Name-Value Pair API Developer Guide (TransactionSearch, GetTransactionDetails, RefundTransaction,
DoCapture, DoVoid) and developer.paypal.com/docs/classic/express-checkout/integration-guide/ECRelatedAPIOps/. MSGSUBID,
up to 38 characters, names a call: the same call again is answered with what the first one did (from version 92.0 on,
for some 13 days).
"""

import hashlib
from datetime import UTC, datetime, timedelta
from urllib.parse import parse_qsl, urlencode

from flask_babel import gettext as _

from storefront.kit import money
from storefront.payments.errors import GatewayError
from storefront.payments.gateways.paypal_words import NO_ANSWER, WHOLE

VERSION = "95.0"
LOOKED_BACK = timedelta(days=180)
MOST_FOUND = 10  # transactions of one invoice that are looked at
_FORM = {"Content-Type": "application/x-www-form-urlencoded"}


class Refused(GatewayError):
    """PayPal says no: nothing was done. `vendor` is its number."""

    def __init__(self, vendor: str, words: str):
        super().__init__(f"{vendor} {words}".strip()[:200])
        self.vendor = vendor


class Api:
    """Calls under the credentials of the merchant."""

    def __init__(self, around, address: str):
        self.around, self.address = around, address

    def found(self, invoice: str) -> list[dict[str, str]]:
        """The details of each transaction with exactly this invoice. Raises GatewayError."""
        start = (self.around.now() - LOOKED_BACK).astimezone(UTC)
        told = self.call("TransactionSearch", STARTDATE=f"{start:%Y-%m-%dT%H:%M:%SZ}", INVNUM=invoice)
        ids = [told[name] for place in range(MOST_FOUND) if (name := f"L_TRANSACTIONID{place}") in told]
        details = [self.call("GetTransactionDetails", TRANSACTIONID=one) for one in dict.fromkeys(ids)]
        return [one for one in details if one.get("INVNUM") == invoice]

    def call(self, method: str, key: str = "", **fields: str) -> dict[str, str]:
        """What it answers. Raises Refused for a plain no, GatewayError for anything that leaves a doubt."""
        credentials = {
            "USER": self.around.settings.get("api_user", ""),
            "PWD": self.around.secrets.get("api_password", ""),
            "SIGNATURE": self.around.secrets.get("api_signature", ""),
        }
        named = {"MSGSUBID": hashlib.sha256(f"{method} {key}".encode()).hexdigest()[:38]} if key else {}
        body = urlencode({"METHOD": method, "VERSION": VERSION, **credentials, **fields, **named})
        answer = self.around.send("POST", self.address, data=body, headers=_FORM)
        told = _fields(answer.body) if answer.status == 200 else {}
        if told.get("ACK") in ("Success", "SuccessWithWarning"):
            return told
        number = told.get("L_ERRORCODE0", "")
        if told.get("ACK") in ("Failure", "FailureWithWarning") and number and number not in NO_ANSWER:
            raise Refused(number, told.get("L_LONGMESSAGE0", ""))
        raise GatewayError(_("The payment service gives no sensible answer."))


def decimal(amount_minor: int, currency: str) -> str:
    """A sum as PayPal writes it. Raises Refused for a fraction that it does not take."""
    text = money.plain(amount_minor, currency)
    whole, _point, rest = text.partition(".")
    if currency in WHOLE and rest.strip("0"):
        raise Refused("", _("PayPal takes only whole amounts of %(currency)s.", currency=currency))
    return whole if currency in WHOLE else text


def written(text: str) -> datetime | None:
    """A time of the API, like 2030-01-07T09:00:00Z; None if it cannot be read."""
    try:
        return datetime.fromisoformat(text).astimezone(UTC)
    except (ValueError, OverflowError):
        return None


def _fields(body):
    try:
        pairs = parse_qsl(body.decode("utf-8", "replace"), keep_blank_values=True, max_num_fields=2000)
    except ValueError:
        return {}
    return dict(pairs)
