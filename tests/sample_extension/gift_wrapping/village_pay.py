"""A gateway of somebody else: a signed link there, signed fields back."""

import hashlib
import hmac
from urllib.parse import urlencode

from storefront.payments.gateways import base
from storefront.payments.gateways.base import BillView, Hint, Message, Outcome, Reading, Redirect, Urls
from storefront.payments.gateways.properties import ADDRESS, SECRET, Property

SIGNED = ("amount", "currency", "event", "reference", "word")
WORDS = {"paid": base.PAID, "declined": base.DECLINED, "cancelled": base.CANCELLED}


def signature(fields: dict[str, str], key: str) -> str:
    """HMAC-SHA256 of the values, each with its length before it."""
    text = "".join(f"{len(fields.get(name, ''))}:{fields.get(name, '')}" for name in SIGNED)
    return hmac.new(key.encode(), text.encode(), hashlib.sha256).hexdigest()


class VillagePay(base.Gateway):
    """The village keeps a book of who owes what."""

    properties = (Property("page", kind=ADDRESS), Property("key", kind=SECRET))
    capabilities = base.Capabilities(return_is_signed=True)
    method_settings = {"pew": {"type": "integer", "minimum": 1, "maximum": 40}}

    def begin(self, bill: BillView, urls: Urls) -> Redirect:
        """A link to the book."""
        fields = {"reference": bill.reference, "amount": str(bill.amount_minor), "currency": bill.currency}
        back = {"back": urls.ok, "notify": urls.notify}
        return Redirect(f"{self.settings['page']}?{urlencode({**fields, **back, 'signature': self._sign(fields)})}")

    def identify(self, message: Message) -> str | None:
        """The reference that it names."""
        return message.fields.get("reference")

    def read_return(self, message: Message, bill: BillView) -> Outcome | Hint:
        """A signed return of this bill counts."""
        told = self._told(message)
        return told if told and told.reference == bill.reference else Hint("return")

    def read_notification(self, message: Message) -> Reading:
        """A signed notification counts."""
        told = self._told(message)
        return Reading(base.AUTHENTIC, [told]) if told else Reading(base.FORGED)

    def _told(self, message):
        fields = message.fields
        given = fields.get("signature", "").encode("utf-8", "replace")
        if not hmac.compare_digest(given, self._sign(fields).encode()) or not fields.get("amount", "").isdecimal():
            return None
        kind = WORDS.get(fields.get("word", ""), base.UNKNOWN)
        return Outcome(
            kind,
            fields["reference"],
            f"{fields['reference']}-{fields['event']}",
            int(fields["amount"]),
            fields["currency"],
            transaction=fields["event"],
        )

    def _sign(self, fields):
        return signature(fields, self.around.secrets.get("key", ""))
