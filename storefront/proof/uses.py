"""The lines about offers and codes: how often they are used, and what discounts come to."""

from flask_babel import lazy_gettext as _l

from storefront.proof.line import SHOP, Finding, Line

_COUNTS = """SELECT * FROM (
    SELECT '{thing}' AS thing, p.id, p.{name} AS name, '' AS number, p.used, p.held, {limit} AS most,
        (SELECT count(*) FROM usage_holds u WHERE u.{thing}_id = p.id AND u.status = 'COMMITTED') AS spent,
        (SELECT count(*) FROM usage_holds u WHERE u.{thing}_id = p.id AND u.status = 'HELD') AS kept
    FROM {thing}s p
) found WHERE used <> spent OR held <> kept OR used + held > most"""

LINES = (
    Line(
        "INV-40",
        _l("Offers and codes are used no more often than their limit, and each use belongs to one order."),
        (
            Finding(
                _l("counts other uses than its orders have"),
                _COUNTS.format(thing="promotion", name="name", limit="p.limit_total"),
                SHOP,
            ),
            Finding(
                _l("counts other uses than its orders have"),
                _COUNTS.format(thing="coupon", name="code", limit='p."limit"'),
                SHOP,
            ),
            Finding(
                _l("has a discount by a code, and no use of it"),
                """SELECT DISTINCT 'order' AS thing, o.id, o.number AS name, o.number, o.status, a.coupon_id AS code
                FROM orders o JOIN order_adjustments a ON a.order_id = o.id
                WHERE o.id {part} AND a.coupon_id IS NOT NULL AND o.status NOT IN ({closed}) AND o.status <> 'NEW'
                    AND NOT EXISTS (SELECT 1 FROM usage_holds u WHERE u.order_id = o.id AND u.coupon_id = a.coupon_id
                        AND u.status = CASE WHEN o.status = 'HOLD' THEN 'HELD' ELSE 'COMMITTED' END)
                    AND NOT (o.status = 'REVIEW' AND EXISTS (SELECT 1 FROM usage_holds u
                        WHERE u.order_id = o.id AND u.coupon_id = a.coupon_id AND u.status = 'HELD'))""",
            ),
        ),
    ),
)
DISCOUNTS = (
    Finding(
        _l("has a line whose discount is not the sum of what was taken off it"),
        """SELECT * FROM (
            SELECT 'order' AS thing, o.id, o.number AS name, o.number, l.sku, l.discount_minor AS discount,
                (SELECT -coalesce(sum(a.amount_minor), 0) FROM order_adjustments a WHERE a.line_id = l.id) AS taken
            FROM order_lines l JOIN orders o ON o.id = l.order_id WHERE o.id {part}
        ) found WHERE discount <> taken OR discount < 0""",
    ),
    Finding(
        _l("pays another sum for shipping than its price and its discounts make"),
        """SELECT * FROM (
            SELECT 'order' AS thing, o.id, o.number AS name, o.number, o.shipping_minor AS shipping,
                CAST(o.service_level ->> 'list_minor' AS BIGINT) AS price,
                (SELECT coalesce(sum(a.amount_minor), 0) FROM order_adjustments a
                 WHERE a.order_id = o.id AND a.detail ->> 'of' = 'shipping') AS taken
            FROM orders o WHERE o.id {part}
        ) found WHERE price IS NOT NULL AND shipping <> price + taken""",
    ),
)
