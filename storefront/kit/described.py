"""A cursor of psycopg that describes the columns of a statement once.

psycopg makes an object of each column of each answer; a page has fifty of them, a tenth of its time.
"""

from typing import Any

from psycopg import Column, Cursor

MOST = 300  # statements; what comes after them is described each time
_known: dict[tuple[str, int], list[Column]] = {}


class Described(Cursor[Any]):
    """As its parent, but equal statements share a description, if they name their columns."""

    _asked: str | None = None

    def execute(self, query, params=None, **options):
        """Run a statement, and remember which it was."""
        self._asked = query if isinstance(query, str) and "SELECT *" not in query else None
        return super().execute(query, params, **options)

    @property
    def description(self) -> list[Column] | None:
        """The columns of the answer; None if there is none."""
        result = self.pgresult
        if not result or not result.nfields or not self._asked:
            return super().description
        key = self._asked, result.nfields
        if (known := _known.get(key)) is None:
            known = super().description or []
            if len(_known) < MOST:
                _known[key] = known
        return known
