"""What a player is: the other side of an adapter. It speaks as the service would, out of the sandbox's books.

A player reads what the shop sends, verifies it as the service would, and says what the service's server would call and
how the browser would come back. The sessions, what was captured and refunded, are kept by `books`; whoever calls a
player has opened a transaction.
"""

import re
from collections.abc import Mapping
from dataclasses import dataclass, field
from typing import Any, ClassVar
from urllib.parse import urlsplit

from flask import current_app

from storefront.kit.errors import Invalid, NotFound
from storefront.kit.pages import public_url
from storefront.payments.gateways.base import Answer, Form, Gateway, Message, origin
from storefront.sandbox import books
from storefront.sandbox.models import SandboxPayment
from storefront.sandbox.scenario import AUTHORIZED, DECLINED, PAID, PENDING

HINTS = {PAID: "ok", PENDING: "ok", AUTHORIZED: "ok", DECLINED: "error"}


@dataclass(frozen=True)
class Asked:
    """A payment that was asked for. `reference` is what the adapter calls the attempt; `kept` is what the player will
    need again, as JSON. Amount in minor units; `later`: it is only to be reserved.
    """

    reference: str
    amount_minor: int
    currency: str
    ok_url: str
    cancel_url: str
    error_url: str
    notify_url: str = ""
    later: bool = False
    kept: Mapping[str, Any] = field(default_factory=dict)


@dataclass(frozen=True)
class Call:
    """What the service's server sends to the shop."""

    url: str
    body: str
    headers: Mapping[str, str]


class Player:
    """The parent of every player. `gateway` is the adapter with its settings, secrets and files.

    For the button that fills in a rehearsal: `places` says where an address of the service lies below our own (`page`
    and `api` need no word), `invents` which values of its properties are taken where none can be guessed.
    """

    places: ClassVar[Mapping[str, str]] = {}
    invents: ClassVar[Mapping[str, str]] = {}

    def __init__(self, name: str, gateway: Gateway):
        self.name, self.gateway = name, gateway

    @classmethod
    def plays_with(cls, name: str, content: bytes) -> bool:
        """Whether the service can be played with this file of the gateway's."""
        return True

    def asked(self, message: Message) -> Asked:
        """What the posted form asks for. Raises Invalid when the service would refuse it."""
        raise Invalid("This service is not asked by a form.")

    def notice(self, payment: SandboxPayment, state: str) -> Call | None:
        """What the service's server says of a payment in this state; None when it says nothing."""
        return None

    def way_back(self, payment: SandboxPayment, state: str) -> Form | str:
        """Where the browser goes: an address, or a form that it posts. Unsigned unless the service signs."""
        return str(payment.fields[f"{HINTS.get(state, 'cancel')}_url"])

    def answer(self, path: str, message: Message) -> Answer:
        """What the service's API says to a call; `path` begins after the address that the adapter was given."""
        raise NotFound("The service has no such address.")

    # --- for the players ---

    def open(self, asked: Asked) -> SandboxPayment:
        """The session of what was asked for, made if it is the first time. Raises Invalid for a strange reference."""
        if not re.fullmatch(r"[A-Za-z0-9._-]{1,100}", asked.reference) or not _http(asked) or not _is_here(asked):
            raise Invalid("The payment service refuses this form: its reference or an address is not right.")
        return books.begun(self.facts_of(asked), player=self.name)

    def facts_of(self, asked: Asked) -> dict[str, Any]:
        """What the sandbox's books keep of what was asked for."""
        urls = {name: getattr(asked, name) for name in ("ok_url", "cancel_url", "error_url", "notify_url")}
        return urls | {
            "reference": self.key_of(asked.reference),
            "amount": str(asked.amount_minor),
            "currency": asked.currency,
            "capture": "later" if asked.later else "",
            "theirs": asked.reference,
            **asked.kept,
        }

    def payment(self, reference: str, *, lock: bool = False) -> SandboxPayment:
        """The session of what the adapter calls so. Raises NotFound."""
        return books.session_of(self.key_of(reference), lock=lock)

    def key_of(self, reference: str) -> str:
        """The name of a session in the sandbox's books."""
        return f"{self.name}.{reference}"

    def page_of(self, payment: SandboxPayment) -> str:
        """The address of the hosted page, for services that are asked by an API and answer with a link."""
        return public_url("sandbox.page", reference=payment.reference)


def _is_here(asked):
    """The service is played for this shop alone: what stands in a form of anybody's is no reason to call elsewhere."""
    return not asked.notify_url or origin(asked.notify_url) == origin(current_app.config["PUBLIC_URL"])


def _http(asked):
    urls = [asked.ok_url, asked.cancel_url, asked.error_url, *filter(None, [asked.notify_url])]
    return all(urlsplit(url).scheme in ("http", "https") for url in urls)
