"""What the shop's code does, learned once: a tree of its questions, branching by the answers.

The first time that a run meets an answer it has never had, the real code runs, and its tape becomes a branch. After
that the branch is walked: every question is still put to the database and every change made there, only the code
between the questions is not worked out again. A place in the tree is also a run that stands still between two
transactions: everything that it knows is what it was told on the way there.
"""

import sqlite3
from collections.abc import Callable
from typing import NamedTuple

from storefront.prover.recorder import BEGIN, COMMIT, Answer, Connection, Question, put
from storefront.prover.stage import Ending


class Place:
    """Before one question of a run, or at its end."""

    __slots__ = ("answer", "ending", "next", "number", "parent", "question")

    def __init__(self, number: int, parent: "Place | None" = None, answer: Answer | None = None):
        self.number, self.parent, self.answer = number, parent, answer
        self.question: Question | None = None
        self.next: dict[Answer, Place] = {}
        self.ending: Ending | None = None

    def way(self) -> list[tuple[Question, Answer]]:
        """The tape from the beginning of the run to here."""
        steps, place = [], self
        while place.parent is not None:
            steps.append((place.parent.question, place.answer))
            place = place.parent
        return steps[::-1]


class Walked(NamedTuple):
    """Where a walk ended, which tables it changed and all its questions' words, and its commits by name."""

    place: Place
    written: frozenset[str]
    spoken_of: frozenset[str]
    commits: tuple[str, ...]


class Paths:
    """The tree of every run that was met, by what was run."""

    def __init__(self, raw: sqlite3.Connection, connection: Connection):
        self.raw, self.connection = raw, connection
        self.roots: dict[object, Place] = {}
        self.places: list[Place] = []
        self.recorded = 0

    def root(self, key: object) -> Place:
        """The beginning of a run."""
        if key not in self.roots:
            self.roots[key] = self._new()
        return self.roots[key]

    def go(
        self, place: Place, run: Callable[[], Ending], *, stops: bool = False, seen: Callable | None = None
    ) -> Walked:
        """Go on from a place, in the database as it is now, to the end of the run or (`stops`) its next transaction.

        `seen(written, commits)` is called between two transactions: what a crash at that moment leaves behind.
        """
        while True:
            self.raw.execute("SAVEPOINT way")
            walked = self._walk(place, stops, seen)
            if walked is None:
                self.raw.execute("ROLLBACK TO way")
            self.raw.execute("RELEASE way")
            if walked is not None:
                return walked
            self._record(place, run)

    def _walk(self, place, stops, seen):
        raw, written, spoken_of, commits, first = self.raw, set(), set(), [], True
        while place.question is not None:
            question = place.question
            if question.kind == BEGIN and not first:
                if stops:
                    break
                if seen is not None and commits:
                    seen(written, commits)
            first = False
            if question.writes:
                written.add(question.writes)
            elif question.kind == COMMIT:
                commits.append(question.sql)
            spoken_of.add(question.sql)
            place = place.next.get(put(raw, question))
            if place is None:
                return None
        if place.question is None and place.ending is None:
            return None
        return Walked(place, frozenset(written), frozenset(spoken_of), tuple(commits))

    def _record(self, place, run):
        """Let the real code run from its beginning: told what it was told before up to here, and then the truth."""
        tape = self.connection.fresh(place.way())
        self.raw.execute("SAVEPOINT way")
        ending = run()
        self.raw.execute("ROLLBACK TO way")
        self.raw.execute("RELEASE way")
        self.recorded += 1
        here = place
        for question, answer in tape.told[len(tape.known) :]:
            here.question = here.question or question
            if answer not in here.next:
                here.next[answer] = self._new(here, answer)
            here = here.next[answer]
        here.ending = ending

    def _new(self, parent=None, answer=None):
        place = Place(len(self.places), parent, answer)
        self.places.append(place)
        return place
