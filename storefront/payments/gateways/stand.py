"""A gateway on a stand, to be looked at by the checks of conformance.py: its surroundings, and its service's words."""

import string
from collections.abc import Callable, Iterator, Mapping
from dataclasses import dataclass, field, replace
from datetime import UTC, datetime
from typing import Any
from urllib.parse import urlencode

from storefront.payments.errors import GatewayError
from storefront.payments.gateways.base import BillView, Capabilities, Gateway, Message, Surroundings, Urls
from storefront.payments.inbox import worth_keeping

NOW = datetime(2030, 1, 7, 9, 0, tzinfo=UTC)
OURS = BillView("bill-key-1", "K1001-1", "K1001", 4290, "EUR", expires_at=NOW)
OTHER = BillView("bill-key-2", "K1002-1", "K1002", 1000, "EUR", expires_at=NOW)
SIZES = ((OURS, 4290, "EUR"), (OURS, 500, "JPY"), (OURS, 12345, "KWD"))
_PAGE = "https://shop.example/payments/theirs"
URLS = Urls(f"{_PAGE}/return/1/ok", f"{_PAGE}/return/1/cancel", f"{_PAGE}/return/1/error", f"{_PAGE}/notify")
Said = Callable[[str, str, BillView, Mapping[str, str]], Message]


@dataclass(frozen=True)
class Stand:
    """A gateway's class, settings and secrets with which it may be used, and what its service says (conformance.py)."""

    kind: type[Gateway]
    settings: Mapping[str, Any]
    secrets: Mapping[str, str]
    said: Said
    currencies: tuple[str, ...] = ("EUR", "JPY", "KWD")
    files: Mapping[str, bytes] = field(default_factory=dict)
    begins: Callable[..., Any] | None = None  # what the service's API answers to `begin`, where that is a call
    proves: Callable[..., Any] | None = None  # what the service answers to a gateway that asks whether a message is its
    sealed: bool = True  # whether what proves a message covers its every byte; a password only shows who sends it

    def can(self) -> Capabilities:
        """What it can do with what is filled in."""
        return self.kind.can({*self.settings, *self.secrets, *self.files})

    def told(self, bill: BillView) -> BillView:
        """The bill after it was begun: it has the gateway's name too, if that is another."""
        step = self.gateway(send=self.begins).begin(bill, URLS)
        return replace(bill, gateway_reference=getattr(step, "reference", "") or None)

    def gateway(self, *, without: str = "", send: Callable[..., Any] | None = None) -> Gateway:
        """The adapter, perhaps without one of its settings or secrets."""
        settings = {name: value for name, value in self.settings.items() if name != without}
        secrets = {name: value for name, value in self.secrets.items() if name != without}
        files = {name: content for name, content in self.files.items() if name != without}
        around = Surroundings(
            settings, secrets, "test", lambda: NOW, send or self.proves or nobody_answers, _reader(files)
        )
        return self.kind(around)

    def message(self, channel: str, word: str = "paid", bill: BillView = OURS, *, forged: bool = False) -> Message:
        """What the service says, with the headers that the shop keeps; forged: by somebody without its secrets."""
        secrets = {name: f"not {value}" for name, value in self.secrets.items()} if forged else self.secrets
        message = self.said(channel, word, bill, secrets)
        headers = {name.lower(): value for name, value in message.headers.items()}
        return replace(message, headers={name: value for name, value in headers.items() if worth_keeping(name)})


def _reader(files):
    return lambda name: files.get(name, b"")


def nobody_answers(*args: Any, **kwargs: Any) -> Any:
    """The service is down."""
    raise GatewayError("The payment service does not answer.")


def altered(message: Message) -> Iterator[Message]:
    """The message with one byte of its body or of its query another, each in its turn."""
    letters = string.ascii_letters + string.digits
    for place, letter in enumerate(message.query):
        yield replace(message, query=f"{message.query[:place]}{_another(letter, letters)}{message.query[place + 1 :]}")
    for place, byte in enumerate(message.body):
        instead = _another(chr(byte), letters).encode()
        yield replace(message, body=message.body[:place] + instead + message.body[place + 1 :])


def doubled(message: Message) -> Iterator[Message]:
    """The message with one of its form's fields twice, the second of them another, before and after the genuine one."""
    for name, value in dict(message.pairs("latin-1")).items():
        more = urlencode({name: f"{value}0"})
        if message.body:
            yield replace(message, body=message.body + b"&" + more.encode())
            yield replace(message, body=more.encode() + b"&" + message.body)
        else:
            yield replace(message, query=f"{message.query}&{more}")
            yield replace(message, query=f"{more}&{message.query}")


def _another(letter: str, letters: str) -> str:
    return letters[(letters.find(letter) + 1) % len(letters)]
