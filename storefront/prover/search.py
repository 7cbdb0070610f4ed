"""The search: from one state to all that can follow, each remembered by its hash, breadth first.

A deed is known by what it asks of the database. If a state is equal to an earlier one in every table that a deed
spoke of there, what comes of it is known. Else its path is walked on the database; else the real code runs.
"""

import time
from collections import deque
from collections.abc import Iterator
from typing import Any

from storefront.prover import acting, afterwards, cart_rules, deeds, gateway_rules, moves, rules, shopping  # noqa: F401 - they fill the tables of deeds and rules
from storefront.prover.deeds import DEEDS, Deed
from storefront.prover.paths import Paths
from storefront.prover.shop import World
from storefront.prover.stage import Ending, Moment, Stage
from storefront.prover.tables import Tables, View
from storefront.prover.ways import BY_SLOT, WAITS, Changes, Found, Result, Run, State, Step
from storefront.stock.models import TIMED_HOLD


class Search:
    """All states of one world that were found, how each was reached, and what can follow."""

    def __init__(self, world: World, stage: Stage, paths: Paths):
        self.world, self.stage = world, stage
        self.tables = Tables(stage.raw, exact={"added_at"} if world.policy == TIMED_HOLD else set())
        self.paths = paths
        self.memories: list[dict[str, Any]] = []
        self._numbers: dict[tuple, int] = {}
        self._results: dict[tuple, dict[tuple[int, ...], dict[tuple[int, ...], Result]]] = {}
        self.came: dict[State, tuple[State, Step] | None] = {}
        self.waiting: deque[State] = deque()
        self.transitions = 0
        deeds.on(stage)
        self.first = (*self.tables.begin(), self._memory(world.told()))
        self.came[self.first] = None
        self.waiting.append(self._begun(self.first, world.begun))

    def _begun(self, state, names):
        """The state in which the search begins: after some deeds, each in the first way that it may be done."""
        for name in names:
            view, deed = self.view(state), DEEDS[name]
            step = next(self.done(state, view, deed, next(iter(deed.when(view, self.world)))))
            self.transitions += 1
            self.came[step.state], state = (state, step), step.state
        return state

    def view(self, state: State) -> View:
        """A state as rules look at it."""
        return View(self.tables, state, self.memories[state[-1]])

    def explore(self, states: int, until: float = float("inf")) -> Found | None:
        """Go on until so many states are known, a moment of `time.monotonic` is over, or nothing is left.

        Gives the first broken rule, with the shortest story that leads to it.
        """
        while self.waiting and len(self.came) < states and time.monotonic() < until:
            state = self.waiting.popleft()
            before = self.view(state)
            for step in self.steps(state, before):
                self.transitions += 1
                if broken := self._judged(before, state, step):
                    return Found(broken, [*self.story(state), step])
        return None

    def _judged(self, before, state, step):
        after = self.view(step.state)
        broken = moves.broken(before, after, step)
        if step.state not in self.came:
            broken = broken or rules.broken(after)
            self.came[step.state] = (state, step)
            self.waiting.append(step.state)
        return broken

    def story(self, state: State) -> list[Step]:
        """The shortest way to a state."""
        steps = []
        while (before := self.came[state]) is not None:
            state, step = before
            steps.append(step)
        return steps[::-1]

    def steps(self, state: State, view: View) -> Iterator[Step]:
        """Everything that can happen next in a state."""
        memory, world = view.memory, self.world
        running = memory.get("runs", ())
        for name, most in world.may.items():
            deed = DEEDS[name]
            if not most or memory.get(name, 0) < most:
                for args in deed.when(view, world):
                    if len(running) < world.runs and name in world.slow:
                        yield from self.begun(state, view, deed, args, len(running))
                    else:
                        yield from self.done(state, view, deed, args)
        for slot, run in enumerate(running):
            yield from self.continued(state, view, slot, run)
        if running and memory.get("crashes", 0) < world.crashes:
            died = {**_without_runs(memory), "crashes": memory.get("crashes", 0) + 1}
            yield Step("crash", (), Ending("done"), "", (*state[:-1], self._memory(died)))

    def done(self, state: State, view: View, deed: Deed, args: tuple) -> Iterator[Step]:
        """Do a deed at once; and, if the world knows crashes, die after each of its commits but the last."""
        mortal = self.world.crashes > view.memory.get("crashes", 0) and not self.world.runs
        moment = self._moment(view, deed, args)
        root = self.paths.root((deed.name, args, moment))
        result = self._known(
            state, root, deed, args, moment, mortal, at_once=True, running=bool(view.memory.get("runs"))
        )
        yield self._step(state, view, deed, args, result)
        for changes, commit in result.crashes:
            died = {**view.memory, "crashes": view.memory.get("crashes", 0) + 1}
            self._count(died, deed)
            yield Step(deed.name, args, Ending("crashed"), commit, (*_changed(state[:-1], changes), self._memory(died)))

    def begun(self, state: State, view: View, deed: Deed, args: tuple, slot: int) -> Iterator[Step]:
        """Begin a deed that may stand still between its transactions while others act."""
        moment = self._moment(view, deed, args, slot)
        run = Run(deed.name, args, moment, self.paths.root((deed.name, args, moment)).number)
        memory = {**view.memory, "runs": (*view.memory.get("runs", ()), run)}
        self._count(memory, deed)
        yield from self._gone_on(state, view, memory, slot, run)

    def continued(self, state: State, view: View, slot: int, run: Run) -> Iterator[Step]:
        """One transaction more of a deed that stands still."""
        yield from self._gone_on(state, view, dict(view.memory), slot, run)

    def _gone_on(self, state, view, memory, slot, run):
        deed, place = DEEDS[run.deed], self.paths.places[run.place]
        others = memory["runs"][:slot] + memory["runs"][slot + 1 :]
        result = self._known(state, place, deed, run.args, run.moment, False, at_once=False, running=True)
        ending = result.ending
        if ending.word == WAITS:
            met = run.met or bool(deed.notice and deed.notice(view, run.args))
            stands = run._replace(place=result.place.number, met=met)
            memory["runs"] = (*memory["runs"][:slot], stands, *memory["runs"][slot + 1 :])
        else:
            memory = {**_without_runs(memory), **({"runs": others} if others else {})}
            if ending.word == "done" and deed.remember:
                deed.remember(memory, run.args, ending.value)
        after = _changed(state[:-1], result.changes)
        if not memory.get("runs"):
            after = self._settled(after)
        yield Step(run.deed, run.args, ending, "", (*after, self._memory(memory)), run.met)

    def _step(self, state, view, deed, args, result):
        memory = dict(view.memory)
        if result.ending.word == "done" and deed.remember:
            deed.remember(memory, args, result.ending.value)
        after = _changed(state[:-1], result.changes)
        if after != state[:-1] or memory != view.memory:
            self._count(memory, deed)
        return Step(deed.name, args, result.ending, "", (*after, self._memory(memory)))

    def _count(self, memory, deed):
        if self.world.may.get(deed.name):
            memory[deed.name] = memory.get(deed.name, 0) + 1

    def _known(self, state, place, deed, args, moment, mortal, *, at_once, running):
        """What comes of a deed: known from a state that is equal in every table that it spoke of, or tried."""
        known = self._results.setdefault((place.number, mortal, at_once, running), {})
        for places, results in known.items():
            result = results.get(tuple([state[place] for place in places]))
            if result is not None:
                return result
        result, places = self._tried(state, place, deed, args, moment, mortal, at_once, running)
        known.setdefault(places, {})[tuple([state[place] for place in places])] = result
        return result

    def _tried(self, state, place, deed, args, moment, mortal, at_once, running):
        crashes: list[tuple[Changes, str]] = []
        self.tables.load(state[:-1])
        raw = self.stage.raw
        raw.execute("SAVEPOINT step")

        def seen(written, commits):
            crashes.append((self._changes(self.tables.read(written, running=False)), commits[-1]))

        def run():
            return self.stage.run(lambda: deed.run(*args), moment)

        walked = self.paths.go(place, run, stops=not at_once, seen=seen if mortal else None)
        changes = self._changes(self.tables.read(walked.written, running=running))
        log = moves.wrong_in_log(self.tables, walked.written)
        raw.execute("ROLLBACK TO step")
        raw.execute("RELEASE step")
        ending = Ending("broken", ("log", log)) if log else walked.place.ending or Ending(WAITS)
        return Result(walked.place, ending, changes, tuple(crashes)), self.tables.spoken_of(walked.spoken_of)

    def _settled(self, tables):
        """The same state when nobody stands still any more and knows rows by their ids."""
        self.tables.load(tables)
        return self.tables.read(self.tables.names, running=False)

    def _changes(self, after):
        return tuple((place, number) for place, number in enumerate(after) if number != self.tables.now[place])

    def _moment(self, view, deed, args, slot=0):
        draws = deed.draws(view, args) + BY_SLOT * slot if deed.draws else 0
        return Moment(view.memory["now"], draws, view.memory.get("down", False))

    def _memory(self, memory):
        key = tuple(sorted(memory.items(), key=lambda item: item[0]))
        number = self._numbers.get(key)
        if number is None:
            number = self._numbers[key] = len(self.memories)
            self.memories.append(memory)
        return number


def _without_runs(memory):
    return {name: value for name, value in memory.items() if name != "runs"}


def _changed(tables, changes):
    if not changes:
        return tables
    after = list(tables)
    for place, number in changes:
        after[place] = number
    return tuple(after)
