"""Exploring every world, and looking for faults that were put in on purpose."""

import time
from collections.abc import Callable, Iterable, Iterator
from contextlib import contextmanager
from dataclasses import dataclass
from functools import partial
from multiprocessing import get_context

from flask import Flask

from storefront.prover.editing import Fault
from storefront.prover.endings import Endings
from storefront.prover.paths import Paths
from storefront.prover.search import Search
from storefront.prover.shop import World
from storefront.prover.small import BUYING
from storefront.prover.stage import Moment, Stage
from storefront.prover.story import told
from storefront.prover.worlds import WORLDS

Create = Callable[..., Flask]  # makes the application, as app.create_app does
ENDLESS = 1e9  # seconds
FEW = 250  # states are enough to see where they lead


@dataclass(frozen=True)
class Figures:
    """What the search of one world came to. `recorded` runs of the real code taught all transitions; seconds."""

    world: str
    states: int
    transitions: int
    recorded: int
    seconds: float
    complete: bool  # there is nothing left that was not explored
    story: str  # of the first broken rule; "" if none is


def prove(
    create_app: Create,
    states: int,
    seconds: float = ENDLESS,
    worlds: Iterable[World] = WORLDS,
    processes: int = 1,
) -> Iterator[Figures]:
    """Explore so many states, or for so long, shared among the worlds; gives the figures of each as it is done."""
    worlds = list(worlds)
    share = partial(_explored, states=-(-states // len(worlds)), seconds=seconds * processes / len(worlds))
    if processes == 1:
        _set_up(create_app)
        yield from map(share, worlds)
    else:
        with get_context("fork").Pool(processes, _set_up, (create_app,)) as pool:
            yield from pool.imap_unordered(share, worlds)


class Prover:
    """A stage, and what was learned of the code on it: the same for every world."""

    def __init__(self, create_app: Create):
        self.stage = Stage(create_app)
        self.paths = Paths(self.stage.raw, self.stage.connection)

    @contextmanager
    def opened(self, world: World) -> Iterator[Search]:
        """A search at the beginning of a world."""
        with self.stage.playing():
            self.stage.empty()
            self.stage.connection.fresh([])
            built = self.stage.run(world.build, Moment())
            if built.word != "done":
                raise RuntimeError(f"The world {world.name} cannot be built: {built.value}")
            yield Search(world, self.stage, self.paths)

    def explored(self, world: World, states: int, seconds: float = ENDLESS) -> Figures:
        """Explore one world: its states, and then where they lead."""
        begun, known = time.monotonic(), self.paths.recorded
        with self.opened(world) as search:
            found = search.explore(states, begun + 0.7 * seconds) or Endings(search).check(begun + seconds)
            return Figures(
                world.name,
                len(search.came),
                search.transitions,
                self.paths.recorded - known,
                time.monotonic() - begun,
                not search.waiting,
                told(world, found) if found else "",
            )


_prover: list[Prover] = []  # one a process


def _set_up(create_app):
    _prover[:] = [Prover(create_app)]


def _explored(world, states, seconds):
    return _prover[0].explored(world, states, seconds)


def look_for(create_app: Create, fault: Fault, states: int = 3000) -> str:
    """Switch a fault on and search for it in its own small world; gives the story of how it shows, or ""."""
    world = fault.world or BUYING
    with fault.switched_on(), Prover(create_app).opened(world) as search:
        found = search.explore(FEW if fault.endings else states)
        if found is None and fault.endings:
            found = Endings(search).check()
        return told(world, found) if found else ""
