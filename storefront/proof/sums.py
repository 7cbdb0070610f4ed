"""The lines about sums: what an order costs, what its bills ask for, and that all of it is whole coins."""

from flask_babel import lazy_gettext as _l

from storefront.proof import taxed, uses
from storefront.proof.line import BILLS, Finding, Line

LINES = (
    Line(
        "INV-01",
        _l("A bill asks for exactly what its order has to be paid, in the order's currency."),
        (
            Finding(
                _l("asks for something else"),
                """SELECT 'bill' AS thing, b.id, b.reference AS name, o.number,
                    b.amount_minor AS asked, b.currency AS asked_in, o.due_minor AS due, o.currency AS due_in
                FROM bills b JOIN orders o ON o.id = b.order_id
                WHERE b.id {part} AND b.reference NOT LIKE '%~%' AND b.reference LIKE o.number || '-%'
                    AND (b.amount_minor <> o.due_minor OR b.currency <> o.currency)""",
                BILLS,
            ),
            Finding(
                _l("asks for another rest than the money that came first has left"),
                """SELECT 'bill' AS thing, b.id, b.reference AS name, o.number,
                    b.amount_minor AS asked, sum(l.amount_minor) AS came, o.due_minor AS due
                FROM bills b JOIN orders o ON o.id = b.order_id
                    JOIN ledger_entries l ON l.bill_id = CAST(b.extra ->> 'rest_of' AS BIGINT) AND l.kind = 'captured'
                WHERE b.id {part} AND b.extra ->> 'rest_of' IS NOT NULL
                GROUP BY b.id, b.reference, o.number, b.amount_minor, o.due_minor
                HAVING b.amount_minor + sum(l.amount_minor) <> o.due_minor""",
                BILLS,
            ),
        ),
    ),
    Line(
        "INV-08",
        _l("Every sum is a whole number of the smallest coin, with a currency beside it."),
        (
            Finding(
                _l("has a sum or a currency that is none"),
                """SELECT 'order' AS thing, o.id, o.number AS name, o.number, o.total_minor AS total, o.currency
                FROM orders o WHERE o.id {part} AND (o.currency <> upper(o.currency) OR length(o.currency) <> 3
                    OR o.total_minor <> CAST(o.total_minor AS BIGINT) OR o.due_minor <> CAST(o.due_minor AS BIGINT))""",
            ),
            Finding(
                _l("is no whole number, or has no currency"),
                """SELECT 'ledger entry' AS thing, l.id, b.reference AS name, o.number, l.amount_minor, l.currency
                FROM ledger_entries l JOIN bills b ON b.id = l.bill_id LEFT JOIN orders o ON o.id = l.order_id
                WHERE b.id {part} AND (l.currency <> upper(l.currency) OR length(l.currency) <> 3
                    OR l.amount_minor <> CAST(l.amount_minor AS BIGINT))""",
                BILLS,
            ),
        ),
    ),
    Line(
        "INV-09",
        _l("The total is lines, shipping and tax on top, minus discounts; what is due is never more, never below 0."),
        (
            Finding(
                _l("has a line that does not multiply"),
                """SELECT 'order' AS thing, o.id, o.number AS name, o.number, l.sku, l.total_minor AS line
                FROM order_lines l JOIN orders o ON o.id = l.order_id
                WHERE o.id {part} AND l.total_minor <> l.unit_minor * l.qty - l.discount_minor""",
            ),
            Finding(
                _l("does not add up"),
                """SELECT * FROM (
                    SELECT 'order' AS thing, o.id, o.number AS name, o.number, o.total_minor AS total,
                        o.due_minor AS due, o.goods_minor AS goods, o.tax_minor AS tax,
                        o.discount_minor AS discount, o.shipping_minor AS shipping,
                        (SELECT coalesce(sum(l.unit_minor * l.qty), 0) FROM order_lines l
                         WHERE l.order_id = o.id) AS lines,
                        (SELECT coalesce(sum(l.discount_minor), 0) FROM order_lines l
                         WHERE l.order_id = o.id) AS taken,
                        (SELECT coalesce(sum(CAST(r.value ->> 'tax_minor' AS BIGINT)), 0)
                         FROM tax_documents d, {each_tax} WHERE d.order_id = o.id) AS taxes,
                        (SELECT coalesce(sum(CAST(r.value ->> 'tax_minor' AS BIGINT)), 0)
                         FROM tax_documents d, {each_tax} WHERE d.order_id = o.id
                            AND CAST(r.value ->> 'inclusive' AS TEXT) IN ('0', 'false')) AS on_top,
                        (SELECT coalesce(-sum(a.amount_minor), 0) FROM order_adjustments a
                         WHERE a.order_id = o.id AND a.kind = 'certificate') AS certificates,
                        (SELECT coalesce(sum(u.amount_minor), 0) FROM certificate_uses u
                         WHERE u.order_id = o.id) AS used
                    FROM orders o WHERE o.id {part}
                ) found
                WHERE goods <> lines OR discount <> taken OR tax <> taxes
                    OR total <> lines - discount + shipping + on_top
                    OR due < 0 OR due <> total - certificates OR certificates <> used""",
            ),
            Finding(
                _l("has parcels that cost more than its shipping"),
                """SELECT * FROM (
                    SELECT 'order' AS thing, o.id, o.number AS name, o.number, o.shipping_minor AS shipping,
                        (SELECT coalesce(sum(s.cost_minor), 0) FROM shipments s
                         WHERE s.order_id = o.id AND s.status NOT IN ('CANCELLED', 'FAILED_ORDER')) AS parcels
                    FROM orders o WHERE o.id {part}
                ) found WHERE parcels > shipping""",
            ),
            *uses.DISCOUNTS,
            *taxed.TAXES,
        ),
        shows=("RULE-02",),
    ),
    Line(
        "INV-10",
        _l("An order with nothing to pay goes the same way, only without a payment service."),
        (
            Finding(
                _l("has nothing to pay, and a bill all the same"),
                """SELECT 'bill' AS thing, b.id, b.reference AS name, o.number, b.amount_minor AS asked
                FROM orders o JOIN bills b ON b.order_id = o.id
                WHERE b.id {part} AND o.due_minor = 0 AND b.reference LIKE o.number || '-%'
                    AND b.reference NOT LIKE '%~%'""",
                BILLS,
            ),
            Finding(
                _l("has nothing to pay, and went out without having been released"),
                """SELECT 'order' AS thing, o.id, o.number AS name, o.number, o.status
                FROM orders o WHERE o.id {part} AND o.due_minor = 0 AND o.status IN ({released}) AND NOT EXISTS
                    (SELECT 1 FROM order_events e WHERE e.order_id = o.id AND e.type = 'ORDER_RELEASED')""",
            ),
        ),
    ),
)
