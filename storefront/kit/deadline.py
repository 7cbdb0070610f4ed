"""Waiting for others so long and no longer, whatever they do, and never in more than a few places at once."""

import contextlib
import threading
from collections.abc import Callable
from typing import TypeVar

from storefront.kit.errors import Unavailable

T = TypeVar("T")
MOST = 16  # calls of this process that may be under way, those that nobody waits for any more included
_places = threading.BoundedSemaphore(MOST)
_here = threading.local()


def within(seconds: float, do: Callable[[], T]) -> T:
    """What `do()` gives or raises, from a thread of its own. Raises Unavailable when its time or the places are over.

    A name that is not found, a server that sends a letter a second: no timeout of a socket ends these.
    """
    if not _places.acquire(blocking=False):
        raise Unavailable("Too many calls wait for an answer already.")
    call = _Call(do)
    try:
        call.start()
    except RuntimeError as error:  # this machine has no thread left
        _places.release()
        raise Unavailable("There is no room for one more call.") from error
    call.join(seconds)
    if call.is_alive():
        call.cut_off()
        raise Unavailable(f"There was no whole answer within {seconds:g} seconds.")
    if call.error:
        raise call.error
    return call.found  # type: ignore[return-value]


def can_be_cut(cut: Callable[[], object]) -> None:
    """Note how a connection of the call that this thread makes is cut."""
    getattr(_here, "cuts", []).append(cut)


class _Call(threading.Thread):
    """One call and what became of it; a daemon, so that no slow stranger keeps this process from ending."""

    def __init__(self, do):
        super().__init__(daemon=True, name="outgoing call")
        self.do, self.found, self.error = do, None, None
        self.cuts: list[Callable[[], object]] = []

    def run(self):
        _here.cuts = self.cuts
        try:
            self.found = self.do()
        except Exception as error:
            self.error = error
        finally:
            _places.release()

    def cut_off(self):
        """Close what it listens to: it ends by itself then, and its place is free."""
        for cut in self.cuts:
            with contextlib.suppress(OSError):
                cut()
