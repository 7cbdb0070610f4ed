"""Asking the queries part by part, so that neither memory nor the time of one statement grows with the shop."""

import re
from collections.abc import Callable, Iterable, Iterator
from datetime import UTC, datetime, timedelta
from decimal import Decimal
from functools import cache, lru_cache
from typing import Any

from sqlalchemy import TextClause, bindparam, func, select, text

from storefront.cart.models import Cart
from storefront.catalog.models import Variant
from storefront.kit import clock
from storefront.kit.db import UtcDateTime, db
from storefront.orders.models import Order
from storefront.payments.models import Bill, InboxMessage
from storefront.proof.line import (
    BILLS,
    CARTS,
    MESSAGES,
    ORDERS,
    SHOP,
    STATES,
    VARIANTS,
    Finding,
    Line,
    Part,
    Row,
    Violation,
)
from storefront.proof.recent import Recent
from storefront.proof.table import chosen

STEP = 20_000  # ids in one part
NAMED = 20  # so many rows are named; all are counted
TABLES = {ORDERS: Order, BILLS: Bill, VARIANTS: Variant, MESSAGES: InboxMessage, CARTS: Cart}
AGO = {  # the deadlines that queries speak of
    "sweeps_ago": timedelta(minutes=5),  # the clean-up runs every minute: twice, and its questions to gateways
    "quarter_ago": timedelta(minutes=15),
    "day_ago": timedelta(days=1),
    "tries_ago": timedelta(hours=30),  # what could not be applied is tried again for a day
    "hour_ahead": timedelta(hours=-1),
}
_TIME = re.compile(r"\d{4}-\d\d-\d\d \d\d:\d\d:\d\d\.\d+$")
EACH_TAX = {
    "sqlite": "json_each(d.lines) AS r",
    "postgresql": "jsonb_array_elements(d.lines) AS r(value)",
}


def violations(names: Iterable[str] | None = None, *, timely: bool = True) -> Iterator[Violation]:
    """Every broken line, with how often and the first rows; of these lines, or of all.

    Without `timely` the lines about deadlines are left out: they hold only where the jobs run. Changes nothing.
    Raises KeyError for a line that does not exist.
    """
    ranges = cache(lambda along: list(_ranges(TABLES[along])))  # the same parts for every line
    for line in chosen(None if names is None else list(names)):
        if (timely or not line.timely) and (found := look(line, ranges=ranges)).count:
            yield found


def look(line: Line, recent: Recent | None = None, *, ranges: Callable[[str], list[Part]] | None = None) -> Violation:
    """One line against everything there is, or against what `recent` names; a count of 0 if it holds.

    `ranges` gives the parts of each table, if they are known already.
    """
    count, rows = 0, list[Row]()
    for finding in line.findings:
        if recent and finding.along == SHOP and not isinstance(finding.query, str):
            continue  # a long walk through what has no parts: by night
        for part in _parts(finding.along, recent, ranges):
            number, named = _ask(finding, part, NAMED - len(rows))
            count, rows = count + number, rows + named
    return Violation(line.name, str(line.sentence), count, rows)


def _parts(along, recent, ranges) -> Iterator[Part]:
    if along == SHOP:
        yield Part()
    elif recent is not None:
        ids = recent.ids(along)
        for start in range(0, len(ids), 500):
            yield Part(ids=tuple(ids[start : start + 500]))
    else:
        yield from ranges(along) if ranges else _ranges(TABLES[along])


def _ranges(table: Any) -> Iterator[Part]:
    """Ranges of so many ids of a table as there are, whatever gaps are between them."""
    last = 0
    while True:
        some = select(table.id).where(table.id > last).order_by(table.id).limit(STEP).subquery()
        of_some = select(func.min(some.c.id), func.max(some.c.id), func.count())
        low, last, many = db.session.execute(of_some.select_from(some)).one()
        if many:
            yield Part(low, last)
        if many < STEP:
            return


def _ask(finding: Finding, part: Part, most: int) -> tuple[int, list[Row]]:
    """How many rows of a part are wrong, and the first of them."""
    if not isinstance(finding.query, str):
        return _walked(finding, part, most)
    statement = _statement(finding.query, part.condition, db.session.get_bind().dialect.name)
    found = db.session.execute(statement, {**part.values, **_moments(finding.query)}).mappings().all()
    return (int(found[0]["of_all"]), [_row(finding, dict(one)) for one in found[:most]]) if found else (0, [])


def _walked(finding, part, most):
    count, rows = 0, list[Row]()
    for thing, row_id, name, number, facts in finding.query(part):
        count += 1
        if len(rows) < most:
            rows.append(Row(thing, row_id, name, number, str(finding.why), facts))
    return count, rows


@lru_cache(maxsize=1024)
def _statement(query: str, condition: str, dialect: str) -> TextClause:
    """A query as it is asked: at most NAMED rows, each with how many there are in all."""
    for name, words in {**STATES, "{each_tax}": EACH_TAX[dialect], "{part}": condition}.items():
        query = query.replace(name, words)
    whole = text(f"SELECT found.*, count(*) OVER () AS of_all FROM ({query}) found ORDER BY id LIMIT {NAMED}")
    names = [bindparam(name, type_=UtcDateTime()) for name in AGO if f":{name}" in query]
    return whole.bindparams(*names, *([bindparam("ids", expanding=True)] if ":ids" in query else []))


def _moments(query):
    wanted = [name for name in AGO if f":{name}" in query]
    now = clock.now() if wanted else None
    return {name: now - AGO[name] for name in wanted} if now else {}


def _row(finding: Finding, found: dict[str, Any]) -> Row:
    facts = {
        name: _plain(value) for name, value in found.items() if name not in ("thing", "id", "name", "number", "of_all")
    }
    return Row(found["thing"], found["id"], found["name"], found["number"] or "", str(finding.why), facts)


def _plain(value):
    """As JSON keeps it and people read it; a time comes as text from SQLite."""
    if isinstance(value, Decimal):
        return int(value)
    if isinstance(value, datetime):
        return f"{value.astimezone(UTC):%Y-%m-%d %H:%M:%S}"
    return value.partition(".")[0] if isinstance(value, str) and _TIME.match(value) else value
