"""The lines about carts, letters and jobs: each purchase is taken out, told and tidied up once."""

from flask_babel import lazy_gettext as _l

from storefront.proof import outward
from storefront.proof.line import BILLS, CARTS, SHOP, Finding, Line

MOST_IN_A_CART = 9999  # what the settings allow at most as the limit of a line

LINES = (
    Line(
        "INV-37",
        _l("The cart is never turned into the order: it stays as it is until the order is paid."),
        (
            Finding(
                _l("was closed while its order still waits for its money"),
                """SELECT 'cart' AS thing, c.id, CAST(c.id AS TEXT) AS name, o.number, c.status
                FROM carts c JOIN orders o ON o.cart_id = c.id
                WHERE o.id {part} AND o.status = 'HOLD' AND c.status NOT IN ({open_cart}, 'MERGED')""",
            ),
        ),
    ),
    Line(
        "INV-38",
        _l("Each shopper has one open cart; quantities are whole numbers from 1 to the limit."),
        (
            Finding(
                _l("has a quantity that cannot be"),
                f"""SELECT 'cart' AS thing, c.id, CAST(c.id AS TEXT) AS name, '' AS number, l.qty
                FROM cart_lines l JOIN carts c ON c.id = l.cart_id
                WHERE c.id {{part}} AND (l.qty < 1 OR l.qty > {MOST_IN_A_CART} OR l.qty <> CAST(l.qty AS BIGINT))""",
                CARTS,
            ),
            Finding(
                _l("is open beside another one of the same shopper"),
                """SELECT 'cart' AS thing, c.id, CAST(c.id AS TEXT) AS name, '' AS number, c.status
                FROM carts c WHERE c.id {part} AND c.status = 'OPEN' AND (
                    EXISTS (SELECT 1 FROM carts other WHERE other.token_hash = c.token_hash
                        AND other.status = 'OPEN' AND other.id <> c.id)
                    OR EXISTS (SELECT 1 FROM carts other WHERE other.customer_id = c.customer_id
                        AND other.status = 'OPEN' AND other.id <> c.id))""",
                CARTS,
            ),
        ),
        shows=("RULE-07",),
    ),
    Line(
        "INV-39",
        _l("What was bought is taken out of its cart when it is paid: no cart waits for an order that is over."),
        (
            Finding(
                _l("still waits for an order that is paid or over"),
                """SELECT 'cart' AS thing, c.id, CAST(c.id AS TEXT) AS name, o.number, o.status
                FROM carts c JOIN orders o ON o.id = c.open_order_id
                WHERE c.id {part} AND o.status NOT IN ('NEW', 'HOLD', 'REVIEW')""",
                CARTS,
            ),
            Finding(
                _l("was paid although the same cart had been ordered anew, and that order went on too"),
                """SELECT 'order' AS thing, o.id, o.number AS name, newer.number, newer.status
                FROM orders o JOIN orders newer ON newer.cart_id = o.cart_id AND newer.id > o.id
                WHERE o.id {part} AND o.status IN ({released}) AND newer.status IN ({released})
                    AND newer.placed_at < o.paid_at""",
            ),
        ),
    ),
    Line(
        "INV-42",
        _l("One confirmation for each paid order, and none for others."),
        (
            Finding(
                _l("has no confirmation, or more than one of its payment"),
                """SELECT * FROM (
                    SELECT 'order' AS thing, o.id, o.number AS name, o.number, o.status,
                        (SELECT count(*) FROM order_events e JOIN outbox_messages x ON x.event_id = e.id
                         WHERE e.order_id = o.id AND e.type = 'ORDER_PAID' AND x.target = 'receipt') AS receipts,
                        (SELECT count(*) FROM order_events e JOIN outbox_messages x ON x.event_id = e.id
                         WHERE e.order_id = o.id AND e.type = 'ORDER_RELEASED' AND x.target = 'approved'
                            AND e.data ->> 'reason' IN ('approved', 'accepted', 'nothing_due', 'authorized'))
                            AS approvals
                    FROM orders o WHERE o.id {part}
                ) found WHERE receipts > 1 OR (receipts + approvals = 0 AND status IN ({released}))
                    OR (receipts > 0 AND status IN ('NEW', 'HOLD'))""",
            ),
        ),
    ),
    Line(
        "RULE-09",
        _l("Each letter and message stands in the outbox once, those of an order go out in their order."),
        (
            Finding(
                _l("was sent, and is to be sent again; or waits, and never will be"),
                """SELECT 'letter' AS thing, x.id, x.target AS name, o.number, x.status, x.next_try_at AS next
                FROM outbox_messages x JOIN order_events e ON e.id = x.event_id JOIN orders o ON o.id = e.order_id
                WHERE o.id {part} AND ((x.status IN ('SENT', 'FAILED')) <> (x.next_try_at IS NULL)
                    OR (x.status = 'SENT' AND x.tries < 1))""",
            ),
            Finding(
                _l("stands in the outbox more than once"),
                """SELECT 'letter' AS thing, min(x.id) AS id, x.target AS name, o.number, count(*) AS times
                FROM outbox_messages x JOIN order_events e ON e.id = x.event_id JOIN orders o ON o.id = e.order_id
                WHERE o.id {part} GROUP BY x.event_id, x.kind, x.target, o.number HAVING count(*) > 1""",
            ),
            *outward.FINDINGS,
        ),
    ),
    Line(
        "INV-43",
        _l("A job has its effect once: whoever runs it has an owner's name and an end time."),
        (
            Finding(
                _l("is held by nobody, or without an end"),
                """SELECT 'lease' AS thing, 0 AS id, j.job AS name, '' AS number, j.holder, j.until
                FROM job_leases j WHERE j.holder = '' OR j.until > :hour_ahead""",
                SHOP,
            ),
        ),
    ),
    Line(
        "INV-44",
        _l("The clean-up spares every order with money, with a message that waits, or with an attempt in flight."),
        (
            Finding(
                _l("was closed with an attempt still open"),
                """SELECT 'bill' AS thing, b.id, b.reference AS name, o.number, b.status
                FROM bills b JOIN orders o ON o.id = b.order_id
                WHERE b.id {part} AND o.status IN ({closed}) AND b.status IN ({open_bills})""",
                BILLS,
            ),
            Finding(
                _l("was closed by time before this message was applied"),
                """SELECT 'message' AS thing, m.id, m.backend || ' ' || m.channel AS name, o.number, m.outcome
                FROM orders o JOIN bills b ON b.order_id = o.id JOIN inbox_messages m ON m.bill_id = b.id
                WHERE o.id {part} AND o.close_reason IN ('abandoned', 'payment_failed')
                    AND m.outcome IN ({waiting}) AND m.received_at < o.closed_at""",
            ),
        ),
    ),
)
