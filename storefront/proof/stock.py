"""The lines about stock: nothing is promised twice, and every number has its moves."""

from flask_babel import lazy_gettext as _l

from storefront.proof.line import SHOP, VARIANTS, Finding, Line

_SHELF = "FROM stock s JOIN variants v ON v.id = s.variant_id"
_UNHELD = "('untracked', 'deduct_on_paid')"

LINES = (
    Line(
        "INV-19",
        _l("What is there is the sum of all moves, and each move names its cause."),
        (
            Finding(
                _l("is not the sum of its moves"),
                f"""SELECT * FROM (
                    SELECT 'variant' AS thing, v.id, v.sku AS name, '' AS number, s.on_hand, s.reserved,
                        (SELECT coalesce(sum(m.delta_on_hand), 0) FROM stock_movements m
                         WHERE m.variant_id = v.id) AS moved,
                        (SELECT coalesce(sum(m.delta_reserved), 0) FROM stock_movements m
                         WHERE m.variant_id = v.id) AS moved_reserved
                    {_SHELF} WHERE v.id {{part}}
                ) found WHERE on_hand <> moved OR reserved <> moved_reserved""",
                VARIANTS,
            ),
            Finding(
                _l("has a move without a cause"),
                """SELECT 'variant' AS thing, v.id, v.sku AS name, '' AS number, m.id AS move
                FROM stock_movements m JOIN variants v ON v.id = m.variant_id WHERE v.id {part} AND m.cause = ''""",
                VARIANTS,
            ),
        ),
    ),
    Line(
        "RULE-01",
        _l("What is set aside is what carts and orders hold, piece by piece."),
        (
            Finding(
                _l("has another number set aside than is held"),
                f"""SELECT * FROM (
                    SELECT 'variant' AS thing, v.id, v.sku AS name, '' AS number, s.reserved,
                        (SELECT coalesce(sum(h.qty), 0) FROM stock_reservations h
                         WHERE h.variant_id = v.id AND h.status IN ({{open_holds}})) AS held
                    {_SHELF} WHERE v.id {{part}}
                ) found WHERE reserved <> held""",
                VARIANTS,
            ),
        ),
    ),
    Line(
        "INV-20",
        _l("Nothing is there less than zero times, and no more is promised than is there."),
        (
            Finding(
                _l("is promised more often than it is there"),
                f"""SELECT 'variant' AS thing, v.id, v.sku AS name, '' AS number, s.on_hand, s.reserved
                {_SHELF} WHERE v.id {{part}} AND NOT s.backorder
                    AND (s.on_hand < 0 OR s.reserved < 0 OR s.on_hand - s.reserved < 0)""",
                VARIANTS,
            ),
        ),
        shows=("RULE-01",),
    ),
    Line(
        "INV-21",
        _l("A waiting order holds exactly its lines, a paid one has them for good, an ended one holds nothing."),
        (
            Finding(
                _l("waits for its money and does not hold exactly its lines"),
                f"""SELECT * FROM (
                    SELECT 'order' AS thing, o.id, o.number AS name, o.number, l.sku, l.qty AS ordered,
                        (SELECT coalesce(sum(h.qty), 0) FROM stock_reservations h
                         WHERE h.order_id = o.id AND h.order_line_id = l.id AND h.status = 'HELD') AS held
                    FROM orders o JOIN order_lines l ON l.order_id = o.id
                    WHERE o.id {{part}} AND o.status = 'HOLD' AND l.variant_id IS NOT NULL
                        AND l.stock_policy NOT IN {_UNHELD}
                ) found WHERE held <> ordered""",
            ),
            Finding(
                _l("is paid and does not have exactly its lines"),
                """SELECT * FROM (
                    SELECT 'order' AS thing, o.id, o.number AS name, o.number, l.sku, l.qty AS ordered,
                        (SELECT coalesce(sum(h.qty), 0) FROM stock_reservations h
                         WHERE h.order_id = o.id AND h.order_line_id = l.id
                            AND h.status IN ('COMMITTED', 'CONSUMED', 'RETURNED')) AS has,
                        (SELECT coalesce(sum(i.qty), 0) FROM shipment_lines i JOIN shipments s ON s.id = i.shipment_id
                         WHERE i.order_line_id = l.id AND s.status = 'CANCELLED') AS not_sent
                    FROM orders o JOIN order_lines l ON l.order_id = o.id
                    WHERE o.id {part} AND o.status IN ({released}) AND l.variant_id IS NOT NULL
                        AND l.stock_policy <> 'untracked'
                ) found WHERE has + not_sent <> ordered""",
            ),
            Finding(
                _l("has parcels that do not hold exactly its lines"),
                """SELECT * FROM (
                    SELECT 'order' AS thing, o.id, o.number AS name, o.number, l.sku, l.qty AS ordered,
                        (SELECT coalesce(sum(i.qty), 0) FROM shipment_lines i JOIN shipments s ON s.id = i.shipment_id
                         WHERE i.order_line_id = l.id AND s.status <> 'FAILED_ORDER') AS packed
                    FROM orders o JOIN order_lines l ON l.order_id = o.id
                    WHERE o.id {part} AND o.status IN ({released}) AND l.requires_shipping
                ) found WHERE packed <> ordered""",
            ),
            Finding(
                _l("has ended and still holds goods"),
                """SELECT 'order' AS thing, o.id, o.number AS name, o.number, o.status, sum(h.qty) AS held
                FROM orders o JOIN stock_reservations h ON h.order_id = o.id
                WHERE o.id {part} AND o.status IN ({closed}) AND h.status IN ({open_holds})
                GROUP BY o.id, o.number, o.status""",
            ),
            Finding(
                _l("has ended and still holds the use of an offer or a code"),
                """SELECT 'order' AS thing, o.id, o.number AS name, o.number, u.status
                FROM orders o JOIN usage_holds u ON u.order_id = o.id
                WHERE o.status IN ({closed}) AND u.status IN ('HELD', 'COMMITTED')""",
                SHOP,
            ),
        ),
        shows=("RULE-06",),
    ),
    Line(
        "INV-22",
        _l("A hold ends once: it is sent or given back, never both and never twice."),
        (
            Finding(
                _l("has holds that ended without a time, or a time without an end"),
                """SELECT 'variant' AS thing, v.id, v.sku AS name, coalesce(o.number, '') AS number,
                    h.id AS hold, h.status
                FROM stock_reservations h JOIN variants v ON v.id = h.variant_id LEFT JOIN orders o ON o.id = h.order_id
                WHERE v.id {part} AND (h.closed_at IS NULL) <> (h.status IN ({open_holds}))""",
                VARIANTS,
            ),
            Finding(
                _l("left the shelf another number of times than holds were sent"),
                """SELECT * FROM (
                    SELECT 'variant' AS thing, v.id, v.sku AS name, '' AS number,
                        (SELECT coalesce(sum(h.qty), 0) FROM stock_reservations h
                         WHERE h.variant_id = v.id AND h.status IN ('CONSUMED', 'RETURNED')) AS sent,
                        (SELECT -coalesce(sum(m.delta_on_hand), 0) FROM stock_movements m
                         WHERE m.variant_id = v.id AND m.cause = 'shipment') AS gone
                    FROM variants v WHERE v.id {part}
                ) found WHERE sent <> gone""",
                VARIANTS,
            ),
            Finding(
                _l("has had more come back than was sent, or more put on the shelf than came"),
                """SELECT * FROM (
                    SELECT 'order' AS thing, o.id, o.number AS name, o.number, l.sku,
                        (SELECT coalesce(sum(r.received), 0) FROM order_return_lines r
                         WHERE r.order_line_id = l.id) AS came,
                        (SELECT coalesce(sum(r.restocked), 0) FROM order_return_lines r
                         WHERE r.order_line_id = l.id) AS shelved,
                        (SELECT coalesce(sum(i.qty), 0) FROM shipment_lines i JOIN shipments s ON s.id = i.shipment_id
                         WHERE i.order_line_id = l.id AND s.status IN ('SHIPPED', 'DELIVERED')) AS sent
                    FROM orders o JOIN order_lines l ON l.order_id = o.id WHERE o.id {part}
                ) found WHERE came > sent OR shelved > came""",
            ),
        ),
    ),
    Line(
        "INV-23",
        _l("No unpaid order holds goods for longer than its time and two runs of the clean-up."),
        (
            Finding(
                _l("should have ended"),
                """SELECT 'order' AS thing, o.id, o.number AS name, o.number, o.hold_expires_at AS until
                FROM orders o WHERE o.status = 'HOLD' AND o.hold_expires_at < :sweeps_ago""",
                SHOP,
            ),
            Finding(
                _l("holds goods for a cart whose time is over"),
                """SELECT 'variant' AS thing, v.id, v.sku AS name, '' AS number, h.qty, h.expires_at AS until
                FROM stock_reservations h JOIN variants v ON v.id = h.variant_id
                WHERE h.status = 'HELD' AND h.owner_kind = 'cart' AND h.expires_at < :sweeps_ago""",
                SHOP,
            ),
        ),
        shows=("RULE-05",),
        timely=True,
    ),
    Line(
        "INV-24",
        _l("Never more is sold than was ever put on the shelf."),
        (
            Finding(
                _l("was sold more often than it was there"),
                f"""SELECT * FROM (
                    SELECT 'variant' AS thing, v.id, v.sku AS name, '' AS number,
                        (SELECT coalesce(sum(m.delta_on_hand), 0) FROM stock_movements m
                         WHERE m.variant_id = v.id AND m.cause NOT IN ('shipment', 'return')) AS put,
                        (SELECT coalesce(sum(h.qty), 0) FROM stock_reservations h
                         WHERE h.variant_id = v.id AND h.status IN ('COMMITTED', 'CONSUMED')) AS sold
                    {_SHELF} WHERE v.id {{part}} AND NOT s.backorder
                ) found WHERE sold > put""",
                VARIANTS,
            ),
        ),
    ),
)
