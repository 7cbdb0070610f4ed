"""What the looks at the lines found, stored: for the board, and so that the owner is told once of each change."""

from collections.abc import Iterable
from contextlib import suppress
from datetime import datetime, timedelta
from zoneinfo import ZoneInfo

from sqlalchemy import func, select, update
from sqlalchemy.exc import IntegrityError

from storefront import store
from storefront.kit import clock, events
from storefront.kit.db import db, release
from storefront.orders.models import Order
from storefront.proof.line import Violation
from storefront.proof.looking import look
from storefront.proof.models import ProofResult
from storefront.proof.recent import Recent
from storefront.proof.table import BY_NAME, LINES

NIGHT = 3  # o'clock by the shop's clocks: then everything is looked at
OVERLAP = timedelta(minutes=2)  # what was being written during the last look is looked at again
SMALL = 5_000  # orders that a look at everything takes a second or two for


def look_at_all(whole: bool) -> list[Violation]:
    """Every line, against everything; or, if not `whole`, against what is new, and those that were red in full.

    Reads only, and gives the connection back between two lines.
    """
    known = {result.line: result for result in results()}
    times = [result.checked_at for result in known.values()]
    recent = None if whole or len(known) < len(LINES) else Recent(min(times) - OVERLAP)
    red = {name for name, result in known.items() if not result.ok}
    found = []
    for line in LINES:
        found.append(look(line, None if line.name in red else recent))
        release()
    return found


def is_due_in_full() -> bool:
    """Whether the night has come since everything was last looked at."""
    known = results()
    oldest = min((result.whole_at or datetime.min.replace(tzinfo=ZoneInfo("UTC")) for result in known), default=None)
    local = clock.now().astimezone(ZoneInfo(store.current().timezone))
    night = local.replace(hour=NIGHT, minute=0, second=0, microsecond=0)
    night -= timedelta(days=local < night)
    return len(known) < len(LINES) or oldest is None or oldest < night


def ask_for_a_whole_look() -> None:
    """The next run of the job looks at everything."""
    db.session.execute(update(ProofResult).values(whole_at=None))


def is_small() -> bool:
    """Whether the shop is so small that a page can wait for a look at everything."""
    low, high = db.session.execute(select(func.min(Order.id), func.max(Order.id))).one()
    return (high or 0) - (low or 0) < SMALL


def keep(found: Iterable[Violation], whole: bool) -> dict[str, int]:
    """Store what was found, and tell the owner once of each line that turned red or green; gives how many did."""
    known, now = {result.line: result for result in _locked()}, clock.now()
    turned: dict[bool, list[Violation]] = {True: [], False: []}
    for line in found:
        result, ok = known.get(line.line) or _begun(line.line, now), not line.count
        if result.ok != ok:
            turned[ok].append(line)
        result.ok, result.count, result.checked_at = ok, line.count, now
        result.rows = [row._asdict() for row in line.rows]
        result.whole_at = now if whole or not ok else result.whole_at
    for ok, lines in turned.items():
        if lines:
            said = [{"line": one.line, "sentence": one.sentence, "count": one.count} for one in lines]
            events.record("BOOKS_MENDED" if ok else "BOOKS_BROKEN", lines=said)
    db.session.flush()
    return {"red": len(turned[False]), "green": len(turned[True])}


def results() -> list[ProofResult]:
    """What the last look found, a row a line, in no order; empty before the first."""
    return list(db.session.scalars(select(ProofResult).where(ProofResult.line.in_(BY_NAME))))


def red_lines() -> int:
    """How many lines were red at the last look."""
    return sum(not result.ok for result in results())


def _locked():
    return db.session.scalars(select(ProofResult).order_by(ProofResult.line).with_for_update())


def _begun(line, now):
    """The row of a line that has none yet, green; another job may make it in the same moment."""
    with suppress(IntegrityError), db.session.begin_nested():
        db.session.add(ProofResult(line=line, checked_at=now))
    return db.session.get_one(ProofResult, line, populate_existing=True, with_for_update=True)
