"""A database connection that remembers: what the shop's code asked, and what it was answered.

The shop's code is a function of what the database answers it: its clock stands still, its random keys are counted,
and nothing else reaches it. So a run can be told as a tape of questions and answers. Questions are put to one SQLite
database in memory; the shop's own transactions are savepoints there, so that whoever explores can take them back.
"""

import re
import sqlite3
from typing import Any, NamedTuple

ASK, MANY, BEGIN, COMMIT, ROLLBACK = "ask", "many", "begin", "commit", "rollback"
_WRITES = re.compile(r"^\s*(?:INSERT INTO|REPLACE INTO|UPDATE|DELETE FROM)\s+\"?(\w+)", re.I)


class Question(NamedTuple):
    """One thing that a run asks of its database; `writes` names the table that it changes, "" if it only reads."""

    kind: str
    sql: str
    params: tuple
    writes: str


class Answer(NamedTuple):
    """Rows, how many were changed, the id of a new row; or the error that the database raised."""

    rows: tuple
    count: int = -1
    new_id: int | None = None
    error: sqlite3.Error | None = None

    def __hash__(self):
        return hash((self.rows, self.count, self.new_id, str(self.error)))

    def __eq__(self, other):
        mine, others = (self[:3], other[:3])
        return mine == others and str(self.error) == str(other.error)


BEGUN = Question(BEGIN, "", (), "")
ENDED = Answer(())
COLUMNS: dict[str, Any] = {}  # the columns of an answer depend on the words of the question alone


class AnotherWay(Exception):
    """The same run asked another question than before: something reaches it that is not in the database."""


class Tape:
    """The questions of one run in their order, each with its answer; the first of them may be known already."""

    def __init__(self, known: list[tuple[Question, Answer]]):
        self.known, self.told = known, []

    def answer(self, raw: sqlite3.Connection, question: Question) -> Answer:
        """The known answer while there is one, then the database's own."""
        place = len(self.told)
        if place < len(self.known):
            before, answer = self.known[place]
            if before[:3] != question[:3]:
                raise AnotherWay(
                    f"asked {question.kind} {question.sql[:300]} {question.params}, before it was {before}"
                )
        else:
            answer = put(raw, question)
        self.told.append((question, answer))
        return answer


def put(raw: sqlite3.Connection, question: Question) -> Answer:
    """Put a question to the database."""
    kind = question.kind
    if kind == ASK:
        return _asked(raw.execute, question)
    if kind == MANY:
        return _asked(raw.executemany, question)
    if kind == BEGIN:
        raw.execute("SAVEPOINT shop")
    else:
        if kind == ROLLBACK:
            raw.execute("ROLLBACK TO shop")
        raw.execute("RELEASE shop")
    return ENDED


def _asked(execute, question):
    try:
        cursor = execute(question.sql, question.params)
        rows = tuple(cursor.fetchall()) if cursor.description else ()
        COLUMNS[question.sql] = cursor.description
    except sqlite3.Error as error:
        return Answer((), error=error)
    return Answer(rows, cursor.rowcount, cursor.lastrowid if question.sql.startswith("INSERT") else None)


class Connection:
    """What SQLAlchemy takes for a connection of sqlite3."""

    isolation_level = None

    def __init__(self, raw: sqlite3.Connection):
        self.raw, self.tape, self.open = raw, Tape([]), False
        self.last_commit = ""  # the name of the last transaction that was committed

    def cursor(self) -> "Cursor":
        """A cursor over the one database."""
        return Cursor(self)

    def commit(self) -> None:
        """The end of a transaction of the shop: named, so that a story can say which."""
        self._end(COMMIT, self.last_commit)

    def rollback(self) -> None:
        """What was written since the transaction began is taken back."""
        self._end(ROLLBACK, "")

    def close(self) -> None:
        """There is one database, and it stays."""

    def create_function(self, *args, **kwargs) -> None:
        """SQLAlchemy brings its own "regexp"."""
        self.raw.create_function(*args, **kwargs)

    def begin(self) -> None:
        """A transaction that writes begins; one that only reads needs nothing: nobody else is at the database."""
        if not self.open:
            self.open = True
            self.tape.answer(self.raw, BEGUN)

    def fresh(self, known: list) -> Tape:
        """A tape for the next run."""
        self.tape, self.open = Tape(known), False
        return self.tape

    def _end(self, kind, name):
        if self.open:
            self.open = False
            self.tape.answer(self.raw, Question(kind, name, (), ""))


class Cursor:
    """Answers from the tape, in the shape of a cursor of sqlite3."""

    arraysize = 1

    def __init__(self, connection: Connection):
        self.connection, self.description, self.rowcount, self.lastrowid = connection, None, -1, None
        self._rows: list[tuple] = []

    def execute(self, sql: str, params: Any = ()) -> "Cursor":
        """Ask one question."""
        if sql.startswith("BEGIN"):
            if sql.endswith("IMMEDIATE"):
                self.connection.begin()
            return self
        if sql.startswith("PRAGMA") and "=" in sql:
            return self  # how the database works is not the shop's business here
        return self._ask(Question(ASK, sql, _plain(params), _written(sql)))

    def executemany(self, sql: str, many: Any) -> "Cursor":
        """Ask one question with many values."""
        return self._ask(Question(MANY, sql, tuple(_plain(params) for params in many), _written(sql)))

    def _ask(self, question):
        answer = self.connection.tape.answer(self.connection.raw, question)
        if answer.error:
            raise type(answer.error)(*answer.error.args)
        self._rows, self.rowcount, self.lastrowid = list(answer.rows), answer.count, answer.new_id
        self.description = COLUMNS.get(question.sql)
        return self

    def fetchone(self):
        """The next row."""
        return self._rows.pop(0) if self._rows else None

    def fetchmany(self, size=1):
        """The next rows."""
        part, self._rows = self._rows[:size], self._rows[size:]
        return part

    def fetchall(self):
        """All rows that are left."""
        part, self._rows = self._rows, []
        return part

    def setinputsizes(self, *args):
        """sqlite3 does not need it."""

    def close(self):
        """Nothing is kept."""
        self._rows = []


def _plain(params):
    return tuple(bytes(value) if isinstance(value, memoryview) else value for value in params)


def _written(sql):
    found = _WRITES.match(sql)
    return found.group(1) if found else ""
