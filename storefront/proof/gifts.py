"""The line about gift certificates: each is worth what its ledger says, to whom its order says, and never below 0."""

from flask_babel import lazy_gettext as _l

from storefront.proof.line import SHOP, Finding, Line

LINES = (
    Line(
        "INV-41",
        _l("A gift certificate is worth what its ledger says, never less than nothing; no unpaid order yields one."),
        (
            Finding(
                _l("has less than nothing, or more set aside than it has"),
                """SELECT 'gift certificate' AS thing, c.id, c.last4 AS name, '' AS number,
                    c.balance_minor AS balance, c.held_minor AS held, c.currency
                FROM gift_certificates c
                WHERE c.balance_minor < c.held_minor OR c.held_minor < 0 OR c.balance_minor > c.initial_minor""",
                SHOP,
            ),
            Finding(
                _l("is worth something else than its ledger says"),
                """SELECT * FROM (
                    SELECT 'gift certificate' AS thing, c.id, c.last4 AS name, '' AS number,
                        c.balance_minor AS balance, c.held_minor AS held,
                        coalesce(sum(CASE WHEN t.kind IN ('issue', 'refund') THEN t.amount_minor
                            WHEN t.kind IN ('capture', 'void') THEN -t.amount_minor END), 0) AS ledger,
                        coalesce(sum(CASE WHEN t.kind = 'hold' THEN t.amount_minor
                            WHEN t.kind IN ('release', 'capture') THEN -t.amount_minor END), 0) AS set_aside
                    FROM gift_certificates c LEFT JOIN certificate_transactions t ON t.certificate_id = c.id
                    WHERE c.status <> 'INACTIVE' OR t.id IS NOT NULL
                    GROUP BY c.id, c.last4, c.balance_minor, c.held_minor
                ) found WHERE balance <> ledger OR held <> set_aside""",
                SHOP,
            ),
            Finding(
                _l("uses gift certificates otherwise than their ledgers say"),
                """SELECT * FROM (
                    SELECT 'order' AS thing, o.id, o.number AS name, o.number, u.status, u.amount_minor AS used,
                        u.refunded_minor AS given_back,
                        coalesce(sum(CASE WHEN t.kind = 'hold' THEN t.amount_minor
                            WHEN t.kind IN ('release', 'capture') THEN -t.amount_minor END), 0) AS set_aside,
                        coalesce(sum(CASE WHEN t.kind = 'capture' THEN t.amount_minor END), 0) AS captured,
                        coalesce(sum(CASE WHEN t.kind = 'refund' THEN t.amount_minor END), 0) AS refunded
                    FROM orders o JOIN certificate_uses u ON u.order_id = o.id LEFT JOIN certificate_transactions t
                        ON t.certificate_id = u.certificate_id AND t.order_id = u.order_id
                    WHERE o.id {part}
                    GROUP BY o.id, o.number, u.id, u.status, u.amount_minor, u.refunded_minor
                ) found WHERE set_aside <> CASE WHEN status = 'HELD' THEN used ELSE 0 END
                    OR captured <> CASE WHEN status = 'CAPTURED' THEN used ELSE 0 END
                    OR refunded <> given_back OR given_back > captured""",
            ),
            Finding(
                _l("waits, is paid or is closed, but what it uses of gift certificates is not"),
                """SELECT 'order' AS thing, o.id, o.number AS name, o.number, o.status, u.status AS certificate
                FROM orders o JOIN certificate_uses u ON u.order_id = o.id
                WHERE o.id {part} AND ((o.status IN ({released}) AND u.status <> 'CAPTURED')
                    OR (o.status = 'HOLD' AND u.status <> 'HELD') OR (o.status IN ({closed}) AND u.status = 'HELD'))""",
            ),
            Finding(
                _l("has bought a gift certificate that is worth something before it is paid, or nothing after that"),
                """SELECT 'order' AS thing, o.id, o.number AS name, o.number, o.status, c.last4 AS certificate
                FROM orders o JOIN order_lines l ON l.order_id = o.id
                    JOIN gift_certificates c ON c.bought_in_line_id = l.id
                WHERE o.id {part} AND ((o.status IN ({released}) AND c.status = 'INACTIVE')
                    OR (o.status IN ('NEW', 'HOLD') AND (c.status <> 'INACTIVE' OR c.balance_minor <> 0))
                    OR (o.status IN ({closed}) AND c.balance_minor > c.held_minor AND NOT EXISTS
                        (SELECT 1 FROM certificate_transactions t
                         WHERE t.certificate_id = c.id AND t.kind = 'refund')))""",
            ),
        ),
        shows=("RULE-11", "RULE-06"),
    ),
)
