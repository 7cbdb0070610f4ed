"""Money in = money explained: for each currency, where every captured cent is now."""

from dataclasses import dataclass

from sqlalchemy import text

from storefront.kit.db import db


@dataclass(frozen=True)
class Explained:
    """The money of one currency, in its minor units; the places add up to what came, or `unexplained` is not 0."""

    currency: str
    captured: int
    on_orders: int
    on_desk: int
    on_its_way_back: int
    refunded: int
    charged_back: int
    decided: int  # struck off the desk, and neither on an order nor on its way back
    unexplained: int


_QUERY = """
WITH money AS (
    SELECT l.bill_id, l.currency,
        sum(CASE WHEN l.kind = 'captured' THEN l.amount_minor ELSE 0 END) AS captured,
        sum(CASE WHEN l.kind = 'refunded' THEN l.amount_minor ELSE 0 END) AS refunded,
        sum(CASE l.kind WHEN 'charged_back' THEN l.amount_minor
            WHEN 'won_back' THEN -l.amount_minor ELSE 0 END) AS charged_back
    FROM ledger_entries l GROUP BY l.bill_id, l.currency
), going AS (
    SELECT r.bill_id, r.currency, sum(r.amount_minor) AS amount
    FROM refunds r WHERE r.status IN ('REQUESTED', 'SENT') GROUP BY r.bill_id, r.currency
), placed AS (
    SELECT m.currency, CASE b.resolution WHEN 'credited' THEN 'APPLIED' ELSE b.disposition END AS disposition,
        m.captured, m.refunded, m.charged_back, coalesce(g.amount, 0) AS going,
        m.captured - m.refunded - m.charged_back - coalesce(g.amount, 0) AS rest
    FROM money m JOIN bills b ON b.id = m.bill_id
        LEFT JOIN going g ON g.bill_id = m.bill_id AND g.currency = m.currency
)
SELECT currency, sum(captured) AS captured, sum(CASE disposition WHEN 'APPLIED' THEN rest ELSE 0 END) AS on_orders,
    sum(CASE disposition WHEN 'QUARANTINED' THEN rest ELSE 0 END) AS on_desk, sum(going) AS on_its_way_back,
    sum(refunded) AS refunded, sum(charged_back) AS charged_back,
    sum(CASE disposition WHEN 'RESOLVED' THEN rest ELSE 0 END) AS decided
FROM placed GROUP BY currency ORDER BY currency
"""


def money() -> list[Explained]:
    """The table, a row for each currency in which money ever came. Changes nothing."""
    rows = [{**row} for row in db.session.execute(text(_QUERY)).mappings()]
    return [_checked(row.pop("currency"), {name: int(sum_) for name, sum_ in row.items()}) for row in rows]


def _checked(currency, sums):
    places = sum(amount for name, amount in sums.items() if name != "captured")
    return Explained(currency, **sums, unexplained=sums["captured"] - places)
