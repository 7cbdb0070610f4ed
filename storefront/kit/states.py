"""State machines: one table each, and one conditional update that moves a row."""

from collections.abc import Iterable, Sequence
from typing import Any, NamedTuple, cast

from flask_babel import gettext as _
from sqlalchemy import Table, update
from sqlalchemy.orm.attributes import set_committed_value

from storefront.kit import events
from storefront.kit.db import db
from storefront.kit.errors import Conflict


class Move(NamedTuple):
    """One row of a table: what happens, from which states, to which; when it may, and what follows from it.

    Guard and effect are words for people: the code that holds them stands beside the call of `apply`.
    """

    event: str
    sources: Iterable[str]
    target: str
    guard: object = ""
    effect: object = ""


class Machine:
    """A table of moves.

    Moving is one conditional update: of two who try at once, one wins and the other is told so.
    """

    def __init__(self, name: str, *rows: Iterable):
        self.name = name
        self.moves = tuple(Move(*row) for row in rows)
        self.table = {move.event: (tuple(move.sources), move.target) for move in self.moves}

    @property
    def states(self) -> set[str]:
        """Every state that the table names."""
        return {state for sources, target in self.table.values() for state in (*sources, target)}

    def allows(self, thing, event: str) -> bool:
        """Whether the row may make this move now; buttons are shown by it."""
        return thing.status in self.table[event][0]

    def apply(self, thing, event: str, **data) -> bool:
        """Move one row of the database and record the move.

        Returns False if the row was there already. Raises Conflict, naming the present state, if the
        table has no such move.
        """
        return bool(self.apply_all([thing], event, **data))

    def apply_all(self, things: Sequence[Any], event: str, **data) -> list[Any]:
        """Move rows of one kind; gives those that moved, without those that were there already.

        Raises Conflict, naming the present state, if the table has no such move for one of them.
        """
        sources, target = self.table[event]
        if not things:
            return []
        before = {thing.id: thing.status for thing in things}
        moved = self._moved(things, sources, target)
        for thing in things:
            if thing.id in moved:
                set_committed_value(thing, "status", target)
            else:
                self._refuse_unless_there(thing, event, target)
        done = [thing for thing in things if thing.id in moved]
        events.record_all(
            f"{self.name}_{event}".upper(),
            [(self._order_of(thing), {"was": before[thing.id], "id": thing.id, **data}) for thing in done],
        )
        return done

    def _moved(self, things, sources, target):
        db.session.flush()
        table = cast(Table, type(things[0]).__table__)
        found = table.c.id.in_(sorted(thing.id for thing in things)), table.c.status.in_(sources)
        return set(db.session.scalars(update(table).where(*found).values(status=target).returning(table.c.id)))

    def _refuse_unless_there(self, thing, event, target):
        db.session.refresh(thing, ["status"])
        if thing.status != target:
            name, state = self.name.replace("_", " "), thing.status
            sentence = _(
                "This %(name)s is %(state)s: it cannot be %(event)s.", name=name, state=state.lower(), event=event
            )
            raise Conflict(sentence, state=state)

    def _order_of(self, thing):
        return thing.id if self.name == "order" else getattr(thing, "order_id", None)
