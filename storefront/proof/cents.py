"""The lines about money: no cent without a place."""

from flask_babel import lazy_gettext as _l

from storefront.proof import gifts
from storefront.proof.line import BILLS, Finding, Line

_APPROVED = """EXISTS (SELECT 1 FROM order_events e WHERE e.order_id = o.id AND e.type = 'ORDER_RELEASED'
    AND e.data ->> 'reason' IN ('approved', 'accepted', 'nothing_due'))"""
_RESERVED = """(EXISTS (SELECT 1 FROM order_events e WHERE e.order_id = o.id AND e.type = 'ORDER_RELEASED'
    AND e.data ->> 'reason' = 'authorized')
    AND NOT EXISTS (SELECT 1 FROM bills b WHERE b.order_id = o.id AND b.disposition = 'APPLIED'))"""

# The money to which another bill has brought the rest: it counts for its order, too.
_WITH_THE_REST = """(b.disposition = 'APPLIED' OR (b.disposition = 'RESOLVED' AND b.resolution = 'credited'))"""
_CREDITED = """coalesce((SELECT sum(c.amount_minor) FROM bills f JOIN ledger_entries c ON c.bill_id = f.id
    WHERE f.order_id = o.id AND f.disposition = 'RESOLVED' AND f.resolution = 'credited' AND c.kind = 'captured'), 0)"""

LINES = (
    Line(
        "INV-02",
        _l("Every captured sum pays an order, waits on the desk, was decided about or was sent back."),
        (
            Finding(
                _l("has money that nothing explains"),
                """SELECT 'bill' AS thing, b.id, b.reference AS name, o.number,
                    sum(l.amount_minor) AS captured, l.currency
                FROM ledger_entries l JOIN bills b ON b.id = l.bill_id LEFT JOIN orders o ON o.id = b.order_id
                WHERE b.id {part} AND l.kind = 'captured'
                    AND b.disposition NOT IN ('APPLIED', 'QUARANTINED', 'RESOLVED')
                GROUP BY b.id, b.reference, o.number, l.currency""",
                BILLS,
            ),
            Finding(
                _l("is counted for an order that its bill does not belong to"),
                """SELECT 'ledger entry' AS thing, l.id, b.reference AS name, o.number, l.amount_minor, l.currency
                FROM ledger_entries l JOIN bills b ON b.id = l.bill_id LEFT JOIN orders o ON o.id = l.order_id
                WHERE b.id {part} AND coalesce(l.order_id, 0) <> coalesce(b.order_id, 0)""",
                BILLS,
            ),
        ),
        shows=("RULE-04",),
    ),
    Line(
        "INV-03",
        _l("An order is paid by exactly one verified payment of all that is due, or somebody approved it without."),
        (
            Finding(
                _l("goes out without having been paid like that"),
                f"""SELECT * FROM (
                    SELECT 'order' AS thing, o.id, o.number AS name, o.number, o.due_minor AS due,
                        (SELECT count(*) FROM bills b WHERE b.order_id = o.id AND b.disposition = 'APPLIED') AS bills,
                        (SELECT coalesce(sum(l.amount_minor), 0) FROM bills b JOIN ledger_entries l ON l.bill_id = b.id
                         WHERE b.order_id = o.id AND {_WITH_THE_REST} AND b.verified
                            AND (l.kind = 'captured' OR (l.kind = 'authorized' AND b.status = 'AUTHORIZED'))
                            AND l.currency = o.currency) AS paid
                    FROM orders o
                    WHERE o.id {{part}} AND o.status IN ({{released}}) AND o.due_minor > 0 AND NOT {_APPROVED}
                        AND NOT {_RESERVED}
                ) found WHERE bills <> 1 OR paid <> due""",
            ),
            Finding(
                _l("has left the house before its reserved money was taken"),
                f"""SELECT 'order' AS thing, o.id, o.number AS name, o.number, o.status
                FROM orders o
                WHERE o.id {{part}} AND o.status IN ('PARTIALLY_SHIPPED', 'SHIPPED', 'DELIVERED') AND o.due_minor > 0
                    AND {_RESERVED}""",
            ),
            Finding(
                _l("is paid by more than one bill"),
                """SELECT 'order' AS thing, o.id, o.number AS name, o.number, count(*) AS bills
                FROM orders o JOIN bills b ON b.order_id = o.id AND b.disposition = 'APPLIED'
                WHERE o.id {part} GROUP BY o.id, o.number HAVING count(*) > 1""",
            ),
        ),
        shows=("RULE-03",),
    ),
    Line(
        "INV-04",
        _l("A transaction counts once, for one bill, in the whole shop."),
        (
            Finding(
                _l("was captured more than once"),
                """SELECT 'bill' AS thing, b.id, b.reference AS name, o.number, count(*) AS captures
                FROM bills b JOIN ledger_entries l ON l.bill_id = b.id AND l.kind = 'captured'
                    LEFT JOIN orders o ON o.id = b.order_id
                WHERE b.id {part} GROUP BY b.id, b.reference, o.number HAVING count(*) > 1""",
                BILLS,
            ),
            Finding(
                _l("has a transaction that another bill has too"),
                """SELECT 'bill' AS thing, b.id, b.reference AS name, o.number, b.transaction_id AS payment
                FROM bills b LEFT JOIN orders o ON o.id = b.order_id
                WHERE b.id {part} AND EXISTS (SELECT 1 FROM bills other WHERE other.backend = b.backend
                    AND other.transaction_id = b.transaction_id AND other.id <> b.id)""",
                BILLS,
            ),
        ),
    ),
    Line(
        "INV-05",
        _l("Money that counts for an order means that it is paid; what an order says of its money, the ledger says."),
        (
            Finding(
                _l("counts for an order that is not paid"),
                """SELECT 'bill' AS thing, b.id, b.reference AS name, o.number, o.status
                FROM bills b JOIN orders o ON o.id = b.order_id
                WHERE b.id {part} AND b.disposition = 'APPLIED' AND o.status IN ('NEW', 'HOLD')""",
                BILLS,
            ),
            Finding(
                _l("says something else of its money than the ledger"),
                """WITH seen AS (
                    SELECT o.id, o.number, o.due_minor, o.paid_minor, o.refunded_minor, o.payment_status,
                        coalesce(sum(CASE WHEN l.kind = 'captured' THEN l.amount_minor END), 0) AS captured,
                        coalesce(sum(CASE WHEN l.kind = 'refunded' THEN l.amount_minor END), 0) AS refunded,
                        coalesce(sum(CASE l.kind WHEN 'charged_back' THEN l.amount_minor
                            WHEN 'won_back' THEN -l.amount_minor END), 0) AS taken_back,
                        coalesce(sum(CASE l.kind WHEN 'authorized' THEN l.amount_minor
                            WHEN 'voided' THEN -l.amount_minor END), 0) AS authorized,
                        (SELECT coalesce(sum(u.amount_minor), 0) FROM certificate_uses u
                         WHERE u.order_id = o.id AND u.status = 'CAPTURED') AS covered,
                        (SELECT coalesce(sum(u.refunded_minor), 0) FROM certificate_uses u
                         WHERE u.order_id = o.id AND u.status = 'CAPTURED') AS given_back
                    FROM orders o LEFT JOIN ledger_entries l ON l.order_id = o.id AND l.currency = o.currency
                    WHERE o.id {part}
                    GROUP BY o.id, o.number, o.due_minor, o.paid_minor, o.refunded_minor, o.payment_status
                ), judged AS (
                    SELECT seen.*, CASE
                        WHEN taken_back > 0 THEN 'DISPUTED'
                        WHEN refunded + given_back > 0 AND refunded + given_back >= captured + covered THEN 'REFUNDED'
                        WHEN refunded + given_back > 0 AND (captured = 0
                            OR captured - refunded - given_back < due_minor) THEN 'PARTIALLY_REFUNDED'
                        WHEN captured - refunded - given_back > due_minor THEN 'OVERPAID'
                        WHEN captured > 0 AND captured - refunded - given_back = due_minor THEN 'PAID'
                        WHEN captured > 0 THEN 'PARTIALLY_PAID'
                        WHEN authorized > 0 THEN 'AUTHORIZED'
                        WHEN covered > 0 AND due_minor = 0 THEN 'PAID'
                        WHEN EXISTS (SELECT 1 FROM bills b WHERE b.order_id = seen.id
                            AND b.status IN ('PENDING', 'AUTHORIZED')) THEN 'PENDING'
                        ELSE 'UNPAID' END AS ledger_says
                    FROM seen
                )
                SELECT 'order' AS thing, id, number AS name, number, payment_status, ledger_says,
                    paid_minor AS paid, captured, refunded_minor AS sent_back, refunded
                FROM judged
                WHERE payment_status <> ledger_says OR paid_minor <> captured OR refunded_minor <> refunded""",
            ),
        ),
    ),
    Line(
        "INV-06",
        _l("Money that does not fit waits on the desk, with its reason, and fulfils nothing."),
        (
            Finding(
                _l("waits, but not on the desk"),
                """SELECT 'bill' AS thing, b.id, b.reference AS name, o.number, b.quarantine_reason AS reason
                FROM bills b LEFT JOIN orders o ON o.id = b.order_id
                WHERE b.id {part} AND b.disposition = 'QUARANTINED' AND (b.quarantine_reason = '' OR NOT EXISTS
                    (SELECT 1 FROM desk_rows d WHERE d.bill_id = b.id
                        AND (d.status = 'OPEN' OR d.decision = 'done')))""",
                BILLS,
            ),
            Finding(
                _l("is another sum than is due, and counts though nobody accepted it"),
                f"""SELECT 'bill' AS thing, b.id, b.reference AS name, o.number,
                    sum(l.amount_minor) AS captured, l.currency, o.due_minor AS due
                FROM bills b JOIN orders o ON o.id = b.order_id
                    JOIN ledger_entries l ON l.bill_id = b.id AND l.kind = 'captured'
                WHERE b.id {{part}} AND b.disposition = 'APPLIED' AND NOT {_APPROVED}
                GROUP BY b.id, b.reference, o.id, o.number, l.currency, o.due_minor, o.currency
                HAVING sum(l.amount_minor) + {_CREDITED} <> o.due_minor OR l.currency <> o.currency""",
                BILLS,
            ),
        ),
    ),
    Line(
        "INV-07",
        _l("No more is sent back of a payment than came, and what was sent back is in the ledger."),
        (
            Finding(
                _l("was sent back for more than came"),
                """SELECT * FROM (
                    SELECT 'bill' AS thing, b.id, b.reference AS name, o.number, l.currency,
                        sum(CASE WHEN l.kind = 'captured' THEN l.amount_minor ELSE 0 END) AS captured,
                        sum(CASE WHEN l.kind = 'refunded' THEN l.amount_minor ELSE 0 END) AS refunded
                    FROM bills b JOIN ledger_entries l ON l.bill_id = b.id LEFT JOIN orders o ON o.id = b.order_id
                    WHERE b.id {part} AND NOT EXISTS (SELECT 1 FROM desk_rows d WHERE d.bill_id = b.id
                        AND d.reason = 'refunded_too_much')
                    GROUP BY b.id, b.reference, o.number, l.currency
                ) found WHERE refunded > captured""",
                BILLS,
            ),
            Finding(
                _l("is asked back for more than came, or was sent back without a trace in the ledger"),
                """SELECT * FROM (
                    SELECT 'bill' AS thing, b.id, b.reference AS name, o.number, sum(r.amount_minor) AS asked,
                        sum(CASE WHEN r.status = 'SUCCEEDED' THEN r.amount_minor ELSE 0 END) AS sent,
                        (SELECT coalesce(sum(l.amount_minor), 0) FROM ledger_entries l
                         WHERE l.bill_id = b.id AND l.kind = 'captured') AS captured,
                        (SELECT coalesce(sum(l.amount_minor), 0) FROM ledger_entries l
                         WHERE l.bill_id = b.id AND l.kind IN ('refunded', 'charged_back')) AS refunded
                    FROM bills b JOIN refunds r ON r.bill_id = b.id AND r.status <> 'FAILED'
                        LEFT JOIN orders o ON o.id = b.order_id
                    WHERE b.id {part} GROUP BY b.id, b.reference, o.number
                ) found WHERE asked > captured OR sent > refunded""",
                BILLS,
            ),
        ),
        shows=("RULE-11",),
    ),
    *gifts.LINES,
)
