"""What a line of the proof is: a sentence that must be true of the books, and the queries that find what breaks it."""

from collections.abc import Callable, Iterable, Iterator
from dataclasses import dataclass, field
from typing import Any, NamedTuple

from flask_babel.speaklater import LazyString

from storefront.cart.states import OPEN as OPEN_CART
from storefront.orders.states import CLOSED, RELEASED_STATES
from storefront.payments.inbox import WAITING
from storefront.payments.states import MONEY, OPEN as OPEN_BILLS
from storefront.stock.states import OPEN as OPEN_HOLDS

ORDERS, BILLS, VARIANTS, MESSAGES, CARTS, SHOP = "orders", "bills", "variants", "messages", "carts", "shop"


class Row(NamedTuple):
    """One thing that breaks a line: what it is, its id, its name, its order's number ("" if none), and the figures."""

    thing: str
    id: int
    name: str
    order: str
    why: str
    facts: dict[str, Any]


@dataclass(frozen=True)
class Part:
    """Some ids of one kind: a range of them, or these. SHOP has no parts: its queries look at everything."""

    low: int = 0
    high: int = 0
    ids: tuple[int, ...] | None = None

    @property
    def condition(self) -> str:
        """What follows an id in a query."""
        return "BETWEEN :low AND :high" if self.ids is None else "IN :ids"

    @property
    def values(self) -> dict[str, Any]:
        """What stands for the names in it."""
        return {"low": self.low, "high": self.high} if self.ids is None else {"ids": list(self.ids)}


Walk = Callable[[Part], Iterator[tuple[Any, ...]]]  # (thing, id, name, order number, facts) of what is wrong


@dataclass(frozen=True)
class Finding:
    """One way in which a line can be broken.

    `query` is SQL for both databases that gives thing, id, name, number and figures of every row that is wrong;
    `{part}` stands where a range of ids of `along` belongs. What SQL cannot say (hashes) is a function of the part.
    `known` words in braces are lists of states.
    """

    why: LazyString
    query: str | Walk
    along: str = ORDERS


@dataclass(frozen=True)
class Line:
    """One invariant: its name, its sentence, the other lines that it shows too.

    A `timely` line is about deadlines: it is true only where the jobs run.
    """

    name: str
    sentence: LazyString
    findings: tuple[Finding, ...]
    shows: tuple[str, ...] = ()
    timely: bool = False


@dataclass(frozen=True)
class Violation:
    """A line that is broken: how often, and the first rows that break it."""

    line: str
    sentence: str
    count: int = 0
    rows: list[Row] = field(default_factory=list)

    def __str__(self) -> str:
        named = "; ".join(in_words(row) for row in self.rows)
        return f"{self.line} ({self.sentence}) {self.count}: {named}"


def in_words(row: Row) -> str:
    """A row as a command prints it: "bill K-1001-1 of order K-1001: asks for another sum (asked 1, due 2)"."""
    of_order = f" of order {row.order}" if row.order and row.thing != "order" else ""
    figures = ", ".join(f"{name} {value}" for name, value in row.facts.items())
    return f"{row.thing} {row.name}{of_order}: {row.why}" + (f" ({figures})" if figures else "")


def listed(words: Iterable[str]) -> str:
    """Words of our own as a list in SQL."""
    return ", ".join(f"'{word}'" for word in words)


STATES = {
    "{released}": listed(RELEASED_STATES),
    "{closed}": listed(CLOSED),
    "{money}": listed(MONEY),
    "{open_bills}": listed(OPEN_BILLS),
    "{open_holds}": listed(OPEN_HOLDS),
    "{waiting}": listed(WAITING),
    "{open_cart}": listed([OPEN_CART]),
}
