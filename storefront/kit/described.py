"""A cursor of psycopg that describes the columns of a statement once: a page has fifty of them in its few answers."""

from typing import Any

from psycopg import Column, Cursor

MOST = 300  # statements, and whatever text comes after them is described each time
_known: dict[tuple[str, int], list[Column]] = {}


class Described(Cursor[Any]):
    """As its parent, but equal statements share a description: their columns are named in them, no `SELECT *`."""

    _asked: str | None = None

    def execute(self, query, params=None, **options):
        """Remember what was asked."""
        self._asked = query if isinstance(query, str) else None
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
