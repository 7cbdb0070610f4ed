"""States of the database: what is in the tables that matter, remembered by content, loaded again by difference.

A state is one small number a table. What can never be told apart by the shop's rules is made alike: times that no
rule compares, counters of changes, the names of rows that nobody refers to, messages that are done with.
"""

import re
import sqlite3
from collections import namedtuple
from collections.abc import Collection, Iterable, Mapping
from typing import Any

from storefront.prover.stage import MORNING

MATTERS = (
    "carts cart_lines orders order_lines order_addresses bills ledger_entries inbox_messages desk_rows refunds stock"
    " stock_reservations shipments shipment_lines tax_documents sandbox_payments sandbox_notices sequences"
    " order_tombstones order_notes order_adjustments promotions coupons usage_holds gift_certificates"
    " certificate_transactions certificate_uses customers customer_addresses"
).split()
# Written by every step and read by no rule: each step is judged by what it wrote, then they are empty again.
LOGS = ("order_events", "outbox_messages", "stock_movements", "order_search")
FORGOTTEN = (*LOGS, "gateway_configs", "job_runs", "job_leases")

THEN = f"{MORNING:%Y-%m-%d %H:%M}:00.000000"
ANY_TIME = {
    "created_at",
    "updated_at",
    "received_at",
    "recorded_at",
    "occurred_at",
    "claimed_at",
    "paid_at",
    "added_at",
    "captured_at",
}
MADE_ALIKE: dict[str, dict[str, Any]] = {
    "orders": {"version": 1, "closed_at": THEN, "ip_hash": ""},
    "stock": {"version": 0},
    "stock_reservations": {"closed_at": THEN, "reason": ""},
    "inbox_messages": {"tries": 0, "headers": "{}", "last_error": "", "remote_addr": "", "next_try_at": THEN},
    "shipments": {"shipped_at": THEN, "delivered_at": THEN},
    "bills": {"asked_at": None},  # between two deeds there is more time than an answer stays fresh
    "sandbox_notices": {"due_at": THEN, "answer": ""},
    "refunds": {"last_error": "", "next_try_at": THEN, "sent_at": THEN},
    "desk_rows": {"decided_at": THEN},
    "order_tombstones": {"placed_at": THEN, "closed_at": THEN},
}
UNNAMED = ("ledger_entries", "stock_reservations", "tax_documents")  # nobody refers to these rows by their ids

_WORD = re.compile(r"\w+")


class Tables:
    """The contents that each table has had, and the one that it has now. Times in `exact` columns matter."""

    def __init__(self, raw: sqlite3.Connection, exact: Collection[str] = ()):
        self.raw = raw
        there = {name for (name,) in raw.execute("SELECT name FROM sqlite_master WHERE type = 'table'")}
        self.names = [name for name in MATTERS if name in there]
        self.place = {name: place for place, name in enumerate(self.names)}
        self.columns = {name: [row[1] for row in raw.execute(f"PRAGMA table_info({name})")] for name in self.names}
        self.keys = {name: _key_places(raw, name) for name in self.names}
        self.alike = {name: _alike(name, self.columns[name], exact) for name in self.names}
        self.contents: list[list[tuple]] = [[] for _ in self.names]
        self._numbers: list[dict[tuple, int]] = [{} for _ in self.names]
        self._kinds = {name: namedtuple(name, columns) for name, columns in self.columns.items()}
        self._rows: dict[tuple[int, int], list[Any]] = {}
        self._spoken: dict[str, set[int]] = {}
        self.now: tuple[int, ...] = ()

    def begin(self) -> tuple[int, ...]:
        """Take the database as it is for the first state, without its logs."""
        self.raw.execute("PRAGMA foreign_keys=OFF")
        for name in LOGS:
            self.raw.execute(f"DELETE FROM {name}")  # noqa: S608
        self.raw.execute("PRAGMA foreign_keys=ON")
        self.now = tuple(-1 for _ in self.names)
        state = self.read(self.names, running=False)
        self.now = tuple(-1 for _ in self.names)
        self.load(state)
        return state

    def read(self, written: Iterable[str], *, running: bool) -> tuple[int, ...]:
        """The state after a step that wrote to these tables; `running`: another run still knows some rows by id."""
        state = list(self.now)
        for name in self._with_dependants(written):
            if name in self.place:
                place = self.place[name]
                state[place] = self._number(place, self._content(name, running))
            elif name not in FORGOTTEN:
                raise LookupError(
                    f"The table {name} has changed, and the prover does not know it: see prover/tables.py."
                )
        return tuple(state)

    def rows(self, state: tuple[int, ...], name: str) -> list[Any]:
        """The rows of a table in a state, by the names of their columns."""
        if name not in self.place:
            return []
        place = self.place[name]
        found = self._rows.get((place, state[place]))
        if found is None:
            kind = self._kinds[name]
            found = [kind._make(row) for row in self.contents[place][state[place]]]
            self._rows[place, state[place]] = found
        return found

    def spoken_of(self, words: Iterable[str]) -> tuple[int, ...]:
        """The places of the tables that some questions speak of: all that their answers can depend on."""
        found: set[int] = set()
        for sql in words:
            places = self._spoken.get(sql)
            if places is None:
                named = set(_WORD.findall(sql))
                removes = sql.startswith("DELETE") and named & {"carts", "orders"}
                places = {place for name, place in self.place.items() if name in named or removes}
                self._spoken[sql] = places
            found |= places
        return tuple(sorted(found))

    def log(self, name: str, columns: str) -> list[tuple]:
        """What the last step wrote to a log."""
        return self.raw.execute(f"SELECT {columns} FROM {name} ORDER BY rowid").fetchall()  # noqa: S608

    def load(self, state: tuple[int, ...]) -> None:
        """Bring the database to a state, row by row where it differs."""
        if state == self.now:
            return
        run = self.raw.execute
        run("PRAGMA foreign_keys=OFF")
        run("BEGIN")
        for place, name in enumerate(self.names):
            if state[place] != self.now[place]:
                self._change(place, name, state[place])
        run("COMMIT")
        run("PRAGMA foreign_keys=ON")
        self.now = state

    def _change(self, place, name, number):
        wanted = self.contents[place][number]
        if self.now[place] < 0:
            self.raw.execute(f"DELETE FROM {name}")  # noqa: S608
            there: tuple = ()
        else:
            there = self.contents[place][self.now[place]]
        keys = self.keys[name]
        gone, new = set(there) - set(wanted), [row for row in wanted if row not in set(there)]
        if gone:
            condition = " AND ".join(f"{self.columns[name][key]} = ?" for key in keys)
            self.raw.executemany(f"DELETE FROM {name} WHERE {condition}", [[row[k] for k in keys] for row in gone])  # noqa: S608
        if new:
            marks = ",".join("?" * len(self.columns[name]))
            self.raw.executemany(f"INSERT INTO {name} VALUES ({marks})", new)  # noqa: S608

    def _content(self, name, running):
        rows, alike = self.raw.execute(f"SELECT * FROM {name} ORDER BY rowid").fetchall(), self.alike[name]  # noqa: S608
        if alike and not (running and name == "bills"):
            rows = [_made_alike(row, alike) for row in rows]
        if name in UNNAMED and not running:
            rows = _renamed(rows)
        elif name == "inbox_messages" and not running:
            rows = self._put_away(rows)
        return tuple(rows)

    def _put_away(self, rows):
        """Messages that are done with: those that did something keep a name for their event, the others are dropped."""
        outcome = self.columns["inbox_messages"].index("outcome")
        waiting = [row for row in rows if row[outcome] in ("RECEIVED", "ERROR", "UNMATCHED")]
        done = [row for row in rows if row[outcome] == "APPLIED"]
        return waiting + _renamed(done)

    def _number(self, place, content):
        numbers = self._numbers[place]
        number = numbers.get(content)
        if number is None:
            number = numbers[content] = len(self.contents[place])
            self.contents[place].append(content)
        return number

    def _with_dependants(self, written):
        """A row that is deleted takes those with it that refer to it."""
        found = set(written)
        if found & {"carts"}:
            found.add("cart_lines")
        if found & {"orders"}:
            found |= {"order_lines", "carts", "shipments", "stock_reservations", "tax_documents"}
        return [name for name in found if name in self.place or name not in FORGOTTEN]


def _key_places(raw, name):
    rows = raw.execute(f"PRAGMA table_info({name})").fetchall()
    return [row[0] for row in rows if row[5]]


def _alike(name, columns, exact):
    """(place, value) of the columns that no rule compares: a time stays some time, and nothing stays nothing."""
    values = {column: THEN for column in columns if column in ANY_TIME - set(exact)} | MADE_ALIKE.get(name, {})
    return [(columns.index(column), value) for column, value in values.items() if column in columns]


def _made_alike(row, alike):
    changed = list(row)
    for place, value in alike:
        if changed[place] is not None:
            changed[place] = value
    return tuple(changed)


def _renamed(rows):
    """The same rows with ids from 0 downwards in the order of their contents: which came first does not matter, and
    the next row of the table is always the first."""
    ordered = sorted((row[1:] for row in rows), key=repr)
    return [(-place, *rest) for place, rest in enumerate(ordered)][::-1]


class View:
    """A state as rules and deeds look at it: `view.orders` are the rows of that table; `view.memory` is the world's."""

    __slots__ = ("_tables", "memory", "state")

    def __init__(self, tables: Tables, state: tuple[int, ...], memory: Mapping[str, Any]):
        self._tables, self.state, self.memory = tables, state, memory

    def __getattr__(self, name: str) -> list[Any]:
        return self._tables.rows(self.state, name)
