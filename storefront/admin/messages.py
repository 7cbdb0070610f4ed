"""What gateways really sent, made fit for staff to read: short text, without what proves or opens anything."""

from typing import NamedTuple

from storefront.kit.masking import masked
from storefront.payments.models import InboxMessage

_LONGEST = 6000


class Shown(NamedTuple):
    """One message with its parts as text."""

    message: InboxMessage
    headers: str
    body: str


def shown(message: InboxMessage) -> Shown:
    """The message with signatures, keys and card-like numbers masked."""
    headers = "\n".join(f"{name}: {value}" for name, value in sorted(message.headers.items()))
    text = bytes(message.body).decode("utf-8", "replace").replace("\0", "\ufffd")
    parts = (message.url, text)
    body = masked("\n".join(part for part in parts if part))
    return Shown(message, masked(headers), body if len(body) <= _LONGEST else body[:_LONGEST] + " …")
