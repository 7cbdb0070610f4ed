"""Where the shop may be made to die: just before and just after each commit that has a name.

A point is written `place_order.before` or `place_order.after`. A test shop that is started with
`STOREFRONT_CRASH_AT=point[:n]` ends its own process, hard, at the n-th passing. A prover sets `watcher`.
"""

import os
import signal
from collections import Counter
from collections.abc import Callable, Iterable

SIDES = ("before", "after")

watcher: Callable[[str], None] | None = None  # told of each point that is reached; may raise
_armed: tuple[str, int] | None = None
_passed: Counter[str] = Counter()


def reach(point: str) -> None:
    """Tell whoever watches, and die here if this is the armed point at the armed passing."""
    if watcher:
        watcher(point)
    if _armed and point == _armed[0]:
        _passed[point] += 1
        if _passed[point] == _armed[1]:
            os.kill(os.getpid(), signal.SIGKILL)  # no clean-up, no answer: as if the plug were pulled


def arm(point_and_passing: tuple[str, int] | None) -> None:
    """Die at this point, when it is passed for the n-th time from now; None: nowhere."""
    global _armed
    _armed = point_and_passing
    _passed.clear()


def parsed(setting: str, names: Iterable[str]) -> tuple[str, int]:
    """The point and the passing that `name.before[:n]` asks for. Raises ValueError with a sentence."""
    point, _, passing = setting.partition(":")
    name, _, side = point.rpartition(".")
    if name not in set(names) or side not in SIDES:
        raise ValueError(f"there is no crash point {point!r}; `flask crash-points` lists them")
    if passing and not (passing.isascii() and passing.isdigit() and int(passing)):
        raise ValueError(f"after {point}: comes how many times it is passed, from 1; not {passing!r}")
    return point, int(passing or 1)
