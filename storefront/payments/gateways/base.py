"""What a gateway is to the shop: a translator. It touches no table, opens no transaction, renders no page.

Everything that an adapter needs is handed to it: its settings, the bill as a value, the clock's time, and
the one way out to the network.
"""

import json
from collections.abc import Callable, Mapping, Sequence
from dataclasses import asdict, dataclass, field, fields
from datetime import datetime
from typing import Any, ClassVar
from urllib.parse import parse_qsl

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
    expires_at: datetime | None = None
    locale: str = "en"
    settings: Mapping[str, Any] = field(default_factory=dict)  # of the way to pay: see `Gateway.method_settings`


@dataclass(frozen=True)
class Urls:
    """Our addresses for one bill."""

    ok: str
    cancel: str
    error: str
    notify: str


@dataclass(frozen=True)
class Form:
    """Where the browser posts, and the fields in their order. `hosts` may be posted to (CSP form-action)."""

    action: str
    fields: Sequence[tuple[str, str]]
    hosts: Sequence[str] = ()


@dataclass(frozen=True)
class Redirect:
    """An address that a link leads to."""

    url: str


@dataclass(frozen=True)
class Outcome:
    """What a gateway says of a bill, in our words. `type` is one of the words above; UNKNOWN has no effect."""

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
class Message:
    """A raw message, as it was received and stored."""

    method: str
    query: str
    body: bytes
    headers: dict[str, str] = field(default_factory=dict)
    remote_addr: str = ""

    @property
    def fields(self) -> dict[str, str]:
        """The form fields of body and query as text, the last of doubled ones; none if there are too many.

        Read only what was verified.
        """
        try:
            pairs = parse_qsl(self.query, keep_blank_values=True, max_num_fields=500)
            if "json" not in self.headers.get("content-type", ""):
                pairs += parse_qsl(self.body.decode("utf-8", "replace"), keep_blank_values=True, max_num_fields=500)
        except ValueError:
            return {}
        return {name.replace("\0", ""): value.replace("\0", "") for name, value in pairs}


@dataclass(frozen=True)
class Answer:
    """What the gateway wants to hear."""

    status: int = 200
    body: str = "OK"
    content_type: str = "text/plain; charset=utf-8"


@dataclass(frozen=True)
class Reading:
    """A notification, understood: its verdict, what it says, and the exact answer that it expects."""

    verdict: str
    outcomes: Sequence[Outcome] = ()
    answer: Answer = Answer()


@dataclass(frozen=True)
class OperationResult:
    """What came of a capture, void or refund. Unknown is asked about, never repeated blindly."""

    result: str
    gateway_id: str = ""
    reason: str = ""


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


@dataclass(frozen=True)
class Surroundings:
    """What an adapter is given: its settings and opened secrets, the time, and the way out."""

    settings: dict[str, Any]
    secrets: dict[str, str]
    mode: str
    now: Callable[[], datetime]
    send: Callable[..., Any]


class Gateway:
    """The parent of every adapter. A subclass names what it needs and says what it can do."""

    needs: ClassVar[tuple[str, ...]] = ()
    needs_secrets: ClassVar[tuple[str, ...]] = ()
    capabilities: ClassVar[Capabilities] = Capabilities()
    for_test_only: ClassVar[bool] = False
    method_settings: ClassVar[Mapping[str, Mapping[str, Any]]] = {}  # what a way to pay may be told: a schema by name

    def __init__(self, around: Surroundings):
        self.around = around
        self.settings = around.settings

    def check(self) -> list[str]:
        """What is wrong with the settings, in plain words; empty when it may be switched on."""
        problems = [f"{name} is missing." for name in self.needs if not self.settings.get(name)]
        return problems + [
            f"The secret {name} is missing." for name in self.needs_secrets if not self.around.secrets.get(name)
        ]

    def begin(self, bill: BillView, urls: Urls) -> Form | Redirect | Outcome:
        """Where the shopper goes to pay the bill. Raises GatewayError when the service is down."""
        raise NotImplementedError

    def identify(self, message: Message) -> str | None:
        """The reference that a message speaks of, unverified: used only to find the bill."""
        raise NotImplementedError

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
