"""How a fault is put into the shop's code and taken out again.

A fault edits the source of one function (or a table of states) as long as it is switched on. Text that is not there
any more raises, so that a fault cannot go stale unseen.
"""

import inspect
import textwrap
from collections.abc import Callable, Iterator, Mapping
from contextlib import AbstractContextManager, ExitStack, contextmanager
from dataclasses import dataclass
from unittest.mock import patch

from storefront.prover.shop import World

Edit = Callable[[], AbstractContextManager]


@dataclass(frozen=True)
class Fault:
    """One fault: its name says what goes wrong; `edits` bring it about; it is looked for in a small world."""

    name: str
    edits: tuple[Edit, ...]
    world: World | None = None  # the simplest, unless it names one
    endings: bool = False  # shows only in where states can lead

    @contextmanager
    def switched_on(self) -> Iterator[None]:
        """Inside, the shop is wrong in this way."""
        with ExitStack() as changes:
            for edit in self.edits:
                changes.enter_context(edit())
            yield


def edited(owner, name: str, *pairs: str) -> Edit:
    """A function of a module or a class with pieces of its text replaced (old, new, old, new …), wherever it is used.

    Its code is exchanged, so that it does not matter who has imported it.
    """

    @contextmanager
    def change():
        function = inspect.unwrap(getattr(owner, name))
        text = textwrap.dedent(inspect.getsource(function))
        for old, new in zip(pairs[::2], pairs[1::2], strict=True):
            if old not in text:
                raise LookupError(f"{function.__module__}.{name} has changed: {old!r} is not in it")
            text = text.replace(old, new)
        names: dict = {}
        exec(text[text.index("def ") :], function.__globals__, names)  # noqa: S102 - the shop's own text, with a fault
        true_code, function.__code__ = function.__code__, names[name].__code__
        try:
            yield
        finally:
            function.__code__ = true_code

    return change


def allowed(table: Mapping, event: str, sources: tuple, target: str) -> Edit:
    """A table of states that allows something else."""
    return lambda: patch.dict(table, {event: (sources, target)})
