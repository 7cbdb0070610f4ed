"""Who can do what: a table of deeds, each of which acts on the shop's real code.

A deed says in words what it is, when it can be done (which arguments it may have in a state), and does it. What it
gives back may be remembered outside of the database, as a tab of a browser remembers the page that it shows. The
deeds themselves stand in shopping.py and acting.py.
"""

from collections.abc import Callable, Iterable
from dataclasses import dataclass
from typing import Any

from storefront.prover.shop import SANDBOX
from storefront.prover.stage import Stage
from storefront.prover.tables import View


@dataclass(frozen=True)
class Deed:
    """One kind of thing that somebody may do."""

    name: str
    words: str  # "{0}" and so on are the arguments
    run: Callable[..., Any]
    when: Callable[..., Iterable[tuple]]  # of a view and its world: the arguments that it may have
    draws: Callable[[View, tuple], int] | None = None  # where counted chance begins, for deeds that make random keys
    remember: Callable[[dict, tuple, Any], None] | None = None
    notice: Callable[[View, tuple], bool] | None = None  # what a run that stands still remembers to have met

    def told(self, args: tuple) -> str:
        """The deed in words."""
        return self.words.format(*args)


DEEDS: dict[str, Deed] = {}
_stage: list[Stage] = []


def on(stage: Stage) -> None:
    """Deeds that visit a page of the shop do it on this stage."""
    _stage[:] = [stage]


def visit(method: str, path: str, **what) -> Any:
    """A request to a page of the shop or of the gateway; gives Flask's answer."""
    return _stage[0].visit(method, path, **what)


def deed(words: str, when: Callable[..., Iterable[tuple]], **more):
    """Enter a function into the table of deeds, under its name."""

    def enter(run):
        DEEDS[run.__name__] = Deed(run.__name__, words, run, when, **more)
        return run

    return enter


def open_sessions(view: View) -> list[Any]:
    """The sessions at the gateway that can still be paid."""
    return [row for row in view.sandbox_payments if row.status == "open"]


def called(bill: Any) -> str:
    """The name of a bill's session in the gateways' own books."""
    return str(bill.reference if bill.backend == SANDBOX else f"{bill.backend}.{bill.gateway_reference}")


def left(view: View) -> list[Any]:
    """The bills whose shopper has gone to the gateway."""
    return [bill for bill in view.bills if bill.claimed_at is not None]
