"""What a search speaks of: states, the steps between them, and what was found on a way."""

from typing import NamedTuple

from storefront.prover.paths import Place
from storefront.prover.stage import Ending, Moment

State = tuple[int, ...]
Changes = tuple[tuple[int, int], ...]  # (place of a table, the number of its content then)
WAITS = "stands still"
BY_SLOT = 500  # runs that are under way at once draw from chances apart


class Run(NamedTuple):
    """A deed that stands still between two of its transactions, and whether it has met what it takes notice of."""

    deed: str
    args: tuple
    moment: Moment
    place: int
    met: bool = False


class Step(NamedTuple):
    """One way on from a state: who did what, how it ended, and the state after it."""

    deed: str
    args: tuple
    ending: Ending
    crashed: str  # the commit after which the machine died; "" if it did not
    state: State
    met: bool = False  # at an earlier moment of its run, what its deed takes notice of was so


class Result(NamedTuple):
    """What comes of a deed: where it ended, which tables it changed, and what a crash after each commit leaves."""

    place: Place
    ending: Ending
    changes: Changes
    crashes: tuple[tuple[Changes, str], ...]


class Found(NamedTuple):
    """A broken rule, and the steps that lead to it."""

    rule: str
    story: list[Step]
