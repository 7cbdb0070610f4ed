"""Rows of a settlement file beside lines of the ledger: by transaction, by the name of the event, by reference."""

from collections import Counter
from collections.abc import Iterable
from datetime import UTC, datetime, timedelta
from typing import Any, NamedTuple

from sqlalchemy import select

from storefront.desk.statement import MOST_ROWS, Row
from storefront.kit.db import db
from storefront.payments.bills import UNKNOWN
from storefront.payments.ledger import AS_CREDIT, BY_HAND
from storefront.payments.models import Bill, LedgerEntry

MISSING_HERE, MISSING_THERE, DOUBLED = "missing_here", "missing_there", "doubled"
AMOUNT, CURRENCY = "amount_differs", "currency_differs"
MONEY = ("captured", "refunded", "charged_back", "won_back")
AT_ONCE = 400  # names in one question to the database


class Entry(NamedTuple):
    """A line of the ledger with the names by which a gateway may know it."""

    id: int
    kind: str
    amount_minor: int
    currency: str
    event_key: str
    bill_id: int
    reference: str
    transaction: str | None


class Difference(NamedTuple):
    """One difference: the row, the entry, or both; and the bill that it is about, if that is known."""

    kind: str
    row: Row | None
    entry: Entry | None
    bill_id: int | None = None
    nth: int = 1  # of the rows of its day that say the same and have no name of their own


def differences_of(backend: str, rows: list[Row]) -> list[Difference]:
    """Every difference between the rows of a file and the ledger of their gateway."""
    ledger = _Ledger(backend, [row for row in rows if row.what in MONEY])
    seen: Counter[tuple] = Counter()
    found = []
    for row in ledger.rows:
        own = ledger.has_own_name(row)
        name = (row.what, row.transaction or row.reference, row.amount, row.currency, None if own else row.day)
        seen[name] += 1
        if seen[name] > 1 and own:
            found.append(Difference(DOUBLED, row, None, ledger.bill_of(row)))
        elif difference := _compare(row, ledger):
            found.append(difference._replace(nth=1 if own else seen[name]))
    return found + [Difference(MISSING_THERE, None, entry, entry.bill_id) for entry in ledger.not_in_the_file()]


def _compare(row, ledger):
    entry = ledger.take(row)
    if entry is None:
        return Difference(MISSING_HERE, row, None, ledger.bill_of(row))
    if entry.currency != row.currency:
        return Difference(CURRENCY, row, entry, entry.bill_id)
    if entry.amount_minor != row.amount:
        return Difference(AMOUNT, row, entry, entry.bill_id)
    return None


class _Ledger:
    """The lines of the ledger that the rows may speak of; each is matched once."""

    def __init__(self, backend: str, rows: list[Row]):
        self.backend, self.rows = backend, rows
        self.bills = self._bills()
        self.entries = self._entries(set(self.bills.values()))
        self.matched: set[int] = set()
        self.by_event = {(entry.kind, entry.event_key): entry for entry in self.entries}
        self.by_bill: dict[tuple[str, int], list[Entry]] = {}
        for entry in self.entries:
            self.by_bill.setdefault((entry.kind, entry.bill_id), []).append(entry)

    def bill_of(self, row: Row) -> int | None:
        """The id of the bill that a row speaks of: by its transaction first, then by its reference, ours or theirs."""
        names = (("t", row.transaction), ("r", row.reference), ("g", row.reference), ("g", row.transaction))
        return next((self.bills[name] for name in names if name in self.bills), None)

    def has_own_name(self, row: Row) -> bool:
        """Whether its transaction names the row itself; a refund may bear that of its payment, like others of it."""
        of_payment = ("t", row.transaction) in self.bills or ("g", row.transaction) in self.bills
        return bool(row.transaction) and (row.what == "captured" or not of_payment)

    def take(self, row: Row) -> Entry | None:
        """The line that a row speaks of, as long as no other row has taken it."""
        named = self.by_event.get((row.what, row.transaction))
        of_bill = self.by_bill.get((row.what, self.bill_of(row) or 0), [])
        same = [entry for entry in of_bill if (entry.amount_minor, entry.currency) == (row.amount, row.currency)]
        for entry in (*([named] if named else []), *same, *(of_bill if row.what == "captured" else [])):
            if entry.id not in self.matched:
                self.matched.add(entry.id)
                return entry
        return None

    def not_in_the_file(self) -> Iterable[Entry]:
        """Lines of the days of the file that no row speaks of; none if the file tells no days."""
        days = [row.day for row in self.rows if row.day]
        if not days:
            return []
        begin = datetime(min(days).year, min(days).month, min(days).day, tzinfo=UTC)
        end = datetime(max(days).year, max(days).month, max(days).day, tzinfo=UTC) + timedelta(days=1)
        within = (LedgerEntry.recorded_at >= begin, LedgerEntry.recorded_at < end)
        elsewhere = [LedgerEntry.gateway_event_key.not_like(f"{word}%") for word in (BY_HAND, AS_CREDIT)]
        ours = self._read(*within, *elsewhere)
        return [entry for entry in ours if entry.id not in self.matched]

    def _bills(self) -> dict[tuple[str, str], int]:
        """By our reference, or that of money of nobody's; by transaction; by what the gateway calls the attempt."""
        found: dict[tuple[str, str], int] = {}
        references, transactions = {row.reference for row in self.rows}, {row.transaction for row in self.rows}
        for column, mark, names in (
            (Bill.reference, "r", {f"{UNKNOWN}{name}" for name in references - {""}}),
            (Bill.reference, "r", references),
            (Bill.transaction_id, "t", transactions),
            (Bill.gateway_reference, "g", references | transactions),
        ):
            for some in _some(names - {""}):
                query = select(column, Bill.id).where(Bill.backend == self.backend, column.in_(some))
                known = db.session.execute(query)
                found.update({(mark, str(name).removeprefix(UNKNOWN)): bill_id for name, bill_id in known})
        return found

    def _entries(self, bill_ids) -> list[Entry]:
        found: dict[int, Entry] = {}
        events = {row.transaction for row in self.rows if row.what != "captured"} - {""}
        for column, names in ((LedgerEntry.bill_id, bill_ids), (LedgerEntry.gateway_event_key, events)):
            for some in _some(names):
                found.update({entry.id: entry for entry in self._read(column.in_(some))})
        return sorted(found.values())

    def _read(self, *which: Any) -> list[Entry]:
        query = (
            select(
                LedgerEntry.id,
                LedgerEntry.kind,
                LedgerEntry.amount_minor,
                LedgerEntry.currency,
                LedgerEntry.gateway_event_key,
                Bill.id,
                Bill.reference,
                Bill.transaction_id,
            )
            .join(Bill, Bill.id == LedgerEntry.bill_id)
            .where(LedgerEntry.backend == self.backend, LedgerEntry.kind.in_(MONEY), *which)
        )
        return [Entry(*row) for row in db.session.execute(query.order_by(LedgerEntry.id).limit(2 * MOST_ROWS))]


def _some(names) -> Iterable[list]:
    """The names in handfuls, in a fixed order."""
    ordered = sorted(names)
    return [ordered[start : start + AT_ONCE] for start in range(0, len(ordered), AT_ONCE)]
