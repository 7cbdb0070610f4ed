"""State machines: one table each, and one conditional update that moves a row."""

from collections.abc import Iterable
from typing import NamedTuple

from flask_babel import gettext as _
from sqlalchemy import update

from storefront.kit import events
from storefront.kit.db import changed, db
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
        sources, target = self.table[event]
        kind, before = type(thing), thing.status
        db.session.flush()
        moved = changed(
            update(kind)
            .where(kind.id == thing.id, kind.status.in_(sources))
            .values(status=target)
            .execution_options(synchronize_session=False)
        )
        db.session.refresh(thing, ["status"])
        if not moved and thing.status != target:
            name, state = self.name.replace("_", " "), thing.status
            sentence = _(
                "This %(name)s is %(state)s: it cannot be %(event)s.", name=name, state=state.lower(), event=event
            )
            raise Conflict(sentence, state=state)
        if moved:
            order_id = thing.id if self.name == "order" else getattr(thing, "order_id", None)
            events.record(f"{self.name}_{event}".upper(), order_id, was=before, id=thing.id, **data)
        return bool(moved)
