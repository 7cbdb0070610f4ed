"""What other systems read and are told: the events of an order in their order."""

from flask_babel import lazy_gettext as _l

from storefront.proof.line import Finding

FINDINGS = (
    Finding(
        _l("stands in the feed before an earlier event of its order"),
        """SELECT 'event' AS thing, e.id, e.type AS name, o.number, e.feed_position AS place, p.feed_position AS before
        FROM orders o JOIN order_events e ON e.order_id = o.id
            JOIN order_events p ON p.order_id = o.id AND p.seq = e.seq - 1
        WHERE o.id {part} AND e.feed_position IS NOT NULL
            AND (p.feed_position IS NULL OR p.feed_position > e.feed_position)""",
    ),
    Finding(
        _l("was told to another system before an earlier event of its order"),
        """SELECT 'event' AS thing, e.id, e.type AS name, o.number, x.target AS endpoint
        FROM orders o JOIN order_events e ON e.order_id = o.id
            JOIN outbox_messages x ON x.event_id = e.id AND x.kind = 'webhook'
        WHERE o.id {part} AND EXISTS (
            SELECT 1 FROM order_events p JOIN outbox_messages y ON y.event_id = p.id AND y.kind = 'webhook'
            WHERE p.order_id = o.id AND p.seq < e.seq AND y.target = x.target
                AND NOT EXISTS (SELECT 1 FROM webhook_tries g WHERE g.outbox_id = y.id AND g.outcome = 'given_up')
                AND (SELECT min(t.id) FROM webhook_tries t WHERE t.outbox_id = x.id AND t.outcome = 'ok')
                    < coalesce((SELECT min(t.id) FROM webhook_tries t WHERE t.outbox_id = y.id AND t.outcome = 'ok'),
                        (SELECT max(t.id) + 1 FROM webhook_tries t)))""",
    ),
)
