"""A cursor of psycopg that describes the columns of a statement once.

psycopg makes an object of each column of each answer; a page has fifty of them, a tenth of its time.
"""

from sys import intern
from typing import Any

from psycopg import Cursor

MOST, LONGEST = 200, 8000  # statements, then it begins anew; characters of one: no lists of rows to be inserted
_known: dict[tuple[str, int], list[tuple[Any, ...]]] = {}


class Described(Cursor[Any]):
    """As its parent, but equal statements share a description, if they name their columns."""

    _asked: str | None = None

    def execute(self, query, params=None, **options):
        """Run a statement, and remember which it was."""
        names = isinstance(query, str) and len(query) <= LONGEST and "SELECT *" not in query
        self._asked = query if names else None
        return super().execute(query, params, **options)

    @property
    def description(self) -> Any:
        """The columns of the answer, each as seven values with its name first (PEP 249); None if there is none."""
        result = self.pgresult
        if not result or not result.nfields or not self._asked:
            return super().description
        key = self._asked, result.nfields
        if (known := _known.get(key)) is None:
            known = [(intern(column.name), *column[1:]) for column in super().description or ()]
            if len(_known) >= MOST:
                _known.clear()
            _known[key] = known
        return known
