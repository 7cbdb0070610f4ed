"""What a settlement file comes to: fees in the ledger, each once, and payouts to the cent."""

from collections import Counter, defaultdict
from typing import Any

from sqlalchemy import select

from storefront.desk.statement import CAPTURED, FEE, PAYOUT, WON_BACK, Row
from storefront.kit import clock
from storefront.kit.db import db
from storefront.payments.models import Bill, LedgerEntry

AT_ONCE = 400


def new_fees(backend: str, rows: list[Row]) -> dict[str, Row]:
    """The fees of the file that are not in the ledger yet, by the names that they get there."""
    named = _named(rows)
    known = {key for some in _handfuls(list(named)) for key in _known(backend, some)}
    return {key: row for key, row in named.items() if key not in known}


def enter_fees(backend: str, rows: list[Row]) -> None:
    """Every fee of the file is in the ledger, once for each row, however often the file comes.

    The caller holds the lock of the gateway's row.
    """
    new = new_fees(backend, rows)
    bills = _bills(backend, new.values())
    now = clock.now()
    for key, row in new.items():
        bill = bills.get(row.transaction) or bills.get(row.reference)
        entry = LedgerEntry(
            bill_id=bill.id if bill else None,
            order_id=bill.order_id if bill else None,
            backend=backend,
            kind="fee" if row.fee > 0 else "fee_returned",
            amount_minor=abs(row.fee),
            currency=row.currency,
            gateway_event_key=key,
            recorded_at=now,
        )
        db.session.add(entry)
    db.session.flush()


def figures_of(rows: list[Row]) -> dict[str, Any]:
    """Rows by kind, sums by kind and currency, and every payout with what it should come to; minor units."""
    sums: Counter[str] = Counter()
    for row in rows:
        sums[f"{row.what} {row.currency}"] += row.amount
        sums[f"fees {row.currency}"] += row.fee
    return {
        "rows": len(rows),
        "kinds": dict(Counter(row.what for row in rows)),
        "sums": {name: total for name, total in sorted(sums.items()) if total},
        "payouts": _payouts(rows),
    }


def _payouts(rows):
    """For each payout and currency what its rows come to, and what the gateway says that it paid."""
    parts, stated = defaultdict(list), {}
    for row in rows:
        if row.what == PAYOUT:
            stated[row.payout or row.transaction, row.currency] = row.amount
        elif row.payout:
            parts[row.payout, row.currency].append(row)
    return [
        {
            "name": name,
            "currency": currency,
            "rows": len(parts[name, currency]),
            "gross": sum(_signed(row) for row in parts[name, currency]),
            "fees": sum(row.fee for row in parts[name, currency]),
            "net": sum(_signed(row) - row.fee for row in parts[name, currency]),
            "stated": stated.get((name, currency)),
        }
        for name, currency in sorted({*parts, *stated})
    ]


def _signed(row):
    if row.what == FEE:
        return 0
    return row.amount if row.what in (CAPTURED, WON_BACK) else -row.amount


def _named(rows):
    """The rows that bear a fee, by a name that is the same whenever the same file, or a longer one, comes."""
    named: dict[str, Row] = {}
    again: Counter[str] = Counter()
    for row in rows:
        if row.fee and row.what != PAYOUT:
            own = row.transaction or f"{row.payout}:{row.day or ''}:{row.reference}:{row.fee}"
            name = f"fee:{row.what}:{own}"
            again[name] += 1
            if again[name] == 1 or not row.transaction:
                named[name if again[name] == 1 else f"{name}:{again[name]}"] = row
    return named


def _known(backend, keys):
    there = select(LedgerEntry.gateway_event_key).where(
        LedgerEntry.backend == backend, LedgerEntry.gateway_event_key.in_(keys)
    )
    return db.session.scalars(there)


def _bills(backend, rows):
    """The bills that fees are about, by transaction and by reference."""
    found = {}
    names = {name for row in rows for name in (row.transaction, row.reference) if name}
    for some in _handfuls(sorted(names)):
        which = Bill.reference.in_(some) | Bill.transaction_id.in_(some) | Bill.gateway_reference.in_(some)
        for bill in db.session.scalars(select(Bill).where(Bill.backend == backend, which)):
            known_as = (bill.gateway_reference, bill.reference, bill.transaction_id)
            found.update({name: bill for name in known_as if name})
    return found


def _handfuls(names):
    return [names[start : start + AT_ONCE] for start in range(0, len(names), AT_ONCE)]
