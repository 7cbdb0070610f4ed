"""What comes from a gateway's server or is brought by a browser, raw, and what it is understood as."""

from collections.abc import Sequence
from dataclasses import dataclass, field
from datetime import datetime
from typing import TYPE_CHECKING
from urllib.parse import parse_qsl

if TYPE_CHECKING:
    from storefront.payments.gateways.base import Outcome

MOST_FIELDS = 500


@dataclass(frozen=True)
class Message:
    """A raw message, as it was received and stored."""

    method: str
    query: str
    body: bytes
    headers: dict[str, str] = field(default_factory=dict)
    remote_addr: str = ""
    received_at: datetime | None = None  # when it came, however late it is read

    @property
    def fields(self) -> dict[str, str]:
        """The form fields of body and query as text, the last of doubled ones; none if there are too many.

        Read only what was verified.
        """
        try:
            pairs = _parsed(self.query)
            if "json" not in self.headers.get("content-type", ""):
                pairs += _parsed(self.body.decode("utf-8", "replace"))
        except ValueError:
            return {}
        return {name.replace("\0", ""): value.replace("\0", "") for name, value in pairs}

    def pairs(self, charset: str = "utf-8") -> list[tuple[str, str]]:
        """The fields of the query and then of a form's body, in their order, blank ones too; none if too many.

        Whoever reads what was signed reads these: a name may stand there twice.
        """
        try:
            body = self.body.decode("latin-1") if self.is_form else ""
            return [pair for part in (self.query, body) for pair in _parsed(part, charset)]
        except (ValueError, LookupError):
            return []

    def once(self, charset: str = "utf-8") -> dict[str, str]:
        """The same by name; nothing at all if a name stands there twice: which of them was signed, nobody knows."""
        pairs = self.pairs(charset)
        found = dict(pairs)
        return found if len(found) == len(pairs) else {}

    @property
    def is_form(self) -> bool:
        """Whether the body is a form's."""
        kind = self.headers.get("content-type", "")
        return "json" not in kind and "xml" not in kind

    def header(self, name: str) -> str:
        """A header by its name in small letters; "" if it is missing."""
        return self.headers.get(name, "")


def _parsed(text, charset="utf-8"):
    return parse_qsl(text, keep_blank_values=True, max_num_fields=MOST_FIELDS, encoding=charset)


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
    outcomes: Sequence["Outcome"] = ()
    answer: Answer = Answer()
