"""What a gateway is to the shop: a translator. It touches no table, opens no transaction, renders no page.

Everything that an adapter needs is handed to it: its settings, the bill as a value, the clock's time, and
the one way out to the network.
"""

import json
from collections.abc import Callable, Collection, Mapping, Sequence
from dataclasses import asdict, dataclass, field, fields
from datetime import datetime
from typing import Any, ClassVar
from urllib.parse import urlsplit

from storefront.payments.gateways.cards import CardOptions, CardWish as CardWish  # noqa: PLC0414
from storefront.payments.gateways.messages import Answer as Answer, Message as Message, Reading as Reading  # noqa: PLC0414
from storefront.payments.gateways.properties import Property, required, wrong_with

PAID, AUTHORIZED, PENDING = "paid", "authorized", "pending"
DECLINED, CANCELLED, EXPIRED, VOIDED = "declined", "cancelled", "expired", "voided"
REFUNDED, CHARGED_BACK, WON_BACK = "refunded", "charged_back", "won_back"

AUTHENTIC, FORGED, UNDECIDED = "authentic", "forged", "undecided"
DONE, ACCEPTED, REFUSED, UNKNOWN = "done", "accepted", "refused", "unknown"  # UNKNOWN is an outcome, too
NEVER_ARRIVED = "never_arrived"  # the gateway knows no refund, capture or void with this key


@dataclass(frozen=True)
class BillView:
    """A bill as an adapter sees it. Amount in minor units of the currency."""

    key: str
    reference: str
    order_number: str
    amount_minor: int
    currency: str
    attempt_no: int = 1
    transaction_id: str | None = None
    gateway_reference: str | None = None  # what the gateway calls this attempt, if `begin` told
    shopper: Mapping[str, Any] = field(default_factory=dict)  # only for `begin`: see orders/shopper.py
    expires_at: datetime | None = None
    locale: str = "en"
    settings: Mapping[str, Any] = field(default_factory=dict)  # of the way to pay: see `Gateway.method_settings`
    card: CardWish = field(default_factory=CardWish)  # the same, of every way to pay by card


@dataclass(frozen=True)
class Urls:
    """Our addresses for one bill."""

    ok: str
    cancel: str
    error: str
    notify: str


@dataclass(frozen=True)
class Form:
    """Where the browser posts, and the fields in their order. `hosts` may be posted to (CSP form-action).

    `reference` is what the gateway calls this attempt, where it cannot be called what we call it.
    """

    action: str
    fields: Sequence[tuple[str, str]]
    hosts: Sequence[str] = ()
    charset: str = "utf-8"  # in which the browser sends the fields: the one that was signed
    reference: str = ""


def origin(url: str) -> str:
    """Scheme and host of an address: what may be posted to."""
    parts = urlsplit(url)
    return f"{parts.scheme}://{parts.netloc}"


@dataclass(frozen=True)
class Redirect:
    """An address that a link leads to; `reference` as in a form."""

    url: str
    reference: str = ""


@dataclass(frozen=True)
class Outcome:
    """What a gateway says of a bill, in our words. `type` is one of the words above; UNKNOWN has no effect.

    `reference` is ours or the gateway's own of the attempt.
    """

    type: str
    reference: str
    event_key: str  # the same event has the same key, on every channel
    amount_minor: int = 0
    currency: str = ""
    transaction: str = ""
    mode: str = ""  # test or live, if the gateway says
    merchant: str = ""  # whose account was paid, if the gateway says
    error_type: str = ""  # a code of payments.errors
    vendor_code: str = ""
    occurred_at: datetime | None = None
    request_key: str = ""  # of a refund or capture that we asked for, if the gateway repeats it


def outcomes_from(body: bytes) -> list[Outcome]:
    """The outcomes that `stored_form` wrote down. What a newer shop knows besides is left out."""
    known = {field.name for field in fields(Outcome)}
    return [_outcome({name: value for name, value in row.items() if name in known}) for row in json.loads(body)]


def _outcome(facts):
    at = facts.get("occurred_at")
    return Outcome(**{**facts, "occurred_at": datetime.fromisoformat(at) if at else None})


def stored_form(outcomes: Sequence[Outcome]) -> bytes:
    """What a gateway answered to a question, as it is kept in the inbox: JSON."""
    return json.dumps([asdict(outcome) for outcome in outcomes], default=str).encode()


@dataclass(frozen=True)
class Hint:
    """What an unsigned return claims (ok, cancel or error): good for a page, proof of nothing."""

    kind: str


@dataclass(frozen=True)
class OperationResult:
    """What came of a capture, void or refund. Unknown is asked about, never repeated blindly.

    `amount_minor` of a capture: what was really taken, if the gateway says; 0: what was asked for.
    """

    result: str
    gateway_id: str = ""
    reason: str = ""
    amount_minor: int = 0


@dataclass(frozen=True)
class Capabilities:
    """What the gateway can do."""

    return_is_signed: bool = False
    notifies: bool = True
    can_query: bool = False
    can_query_many: bool = False
    can_close: bool = False
    can_refund: bool = False
    can_query_refund: bool = False
    can_capture: bool = False
    can_void: bool = False
    told_expiry: bool = False
    page_stays_open: bool = False  # after a refusal, for another card: that is no news of the payment


@dataclass(frozen=True)
class Surroundings:
    """What an adapter is given: its settings and opened secrets, the time, and the way out."""

    settings: dict[str, Any]
    secrets: dict[str, str]
    mode: str
    now: Callable[[], datetime]
    send: Callable[..., Any]
    file: Callable[[str], bytes] = lambda name: b""  # the key or certificate of a property; b"" if it is not there


class Gateway:
    """The parent of every adapter. A subclass names what it needs and says what it can do."""

    label: ClassVar[str] = ""  # as merchants know the service
    properties: ClassVar[tuple[Property, ...]] = ()
    addresses: ClassVar[Mapping[str, Mapping[str, str]]] = {}  # by name and mode; a property of that name goes before
    sources: ClassVar[tuple[str, ...]] = ()  # networks from which it notifies, where the service publishes them
    capabilities: ClassVar[Capabilities] = Capabilities()
    for_test_only: ClassVar[bool] = False
    fetches_returns: ClassVar[bool] = False  # its own server fetches the ways back, and leads the browser on
    method_settings: ClassVar[Mapping[str, Mapping[str, Any]]] = {}  # what a way to pay may be told: a schema by name
    card_options: ClassVar[CardOptions] = CardOptions()  # what its page can be told of cards, by `bill.card`

    def __init__(self, around: Surroundings):
        self.around = around
        self.settings = around.settings

    def check(self) -> list[str]:
        """What is wrong with the settings, in plain words; empty when it may be switched on."""
        return wrong_with(self.properties, self.around)

    @classmethod
    def required(cls) -> list[str]:
        """The names of what it cannot do without."""
        return required(cls.properties)

    @classmethod
    def can(cls, given: Collection[str]) -> Capabilities:
        """What it can do when these properties and secrets are filled in: at most its capabilities."""
        return cls.capabilities

    def address(self, name: str) -> str:
        """An address of the service: the merchant's own, else the one of the mode."""
        return self.settings.get(name) or self.addresses[name][self.around.mode]

    def begin(self, bill: BillView, urls: Urls) -> Form | Redirect | Outcome:
        """Where the shopper goes to pay the bill. Raises GatewayError when the service is down."""
        raise NotImplementedError

    def pay_to(self) -> Mapping[str, str]:
        """Where the shopper sends the money without a page: `account`, perhaps `holder`, `bic`, `bank`, `about`."""
        return {}

    def identify(self, message: Message) -> str | None:
        """The reference that a message speaks of, unverified: used only to find the bill."""
        raise NotImplementedError

    @classmethod
    def is_notice(cls, message: Message) -> bool:
        """Whether the service's own server comes by the way back: then it is heard and answered as a notification."""
        return False

    def read_return(self, message: Message, bill: BillView) -> Outcome | Hint:
        """What the browser brought back."""
        raise NotImplementedError

    def read_notification(self, message: Message) -> Reading:
        """What the gateway's server says, verified over the raw bytes."""
        raise NotImplementedError

    def query(self, bill: BillView) -> list[Outcome]:
        """What the gateway knows of a bill. Raises GatewayError when it gives no sensible answer."""
        raise NotImplementedError

    def query_many(self, bills: Sequence[BillView]) -> dict[str, list[Outcome]]:
        """What `query` says of each of many, by reference, in one call; whoever gets no answer is missing."""
        raise NotImplementedError

    def close(self, bill: BillView) -> bool:
        """End the session of a bill, so that it cannot be paid any more; whether that is certain."""
        raise NotImplementedError

    def refund(self, bill: BillView, amount_minor: int, key: str) -> OperationResult:
        """Send money back; asking again with the same key is harmless."""
        raise NotImplementedError

    def query_refund(self, bill: BillView, key: str) -> OperationResult:
        """What became of the refund with this key; NEVER_ARRIVED if the gateway knows of none."""
        raise NotImplementedError

    def capture(self, bill: BillView, amount_minor: int, key: str) -> OperationResult:
        """Take what was authorized; asking again with the same key is harmless."""
        raise NotImplementedError

    def void(self, bill: BillView, key: str) -> OperationResult:
        """Give up what was authorized; asking again with the same key is harmless."""
        raise NotImplementedError
