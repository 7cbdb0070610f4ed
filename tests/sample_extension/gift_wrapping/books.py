"""What must be true of the books besides: a line for `flask check`."""

from storefront.proof.line import ORDERS, Finding, Line

WRAPPED_ONCE = Line(
    "GIFT-01",
    "No order is wrapped twice.",
    (
        Finding(
            "wrapped more often than unwrapped",
            "SELECT 'order' AS thing, o.id AS id, o.number AS name, o.number AS number, count(*) AS wrapped"
            " FROM orders o JOIN order_events e ON e.order_id = o.id AND e.type = 'GIFT_WRAPPED'"
            " WHERE o.id {part} GROUP BY o.id, o.number HAVING count(*) > 1 + (SELECT count(*) FROM order_events u"
            " WHERE u.order_id = o.id AND u.type = 'GIFT_UNWRAPPED')",
            ORDERS,
        ),
    ),
)
