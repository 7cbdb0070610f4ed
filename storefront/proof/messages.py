"""The lines about messages of payment services: verified, stored, and of effect once."""

from flask_babel import lazy_gettext as _l

from storefront.proof.line import BILLS, MESSAGES, SHOP, Finding, Line

_MESSAGE = "'message' AS thing, m.id, m.backend || ' ' || m.channel AS name, coalesce(o.number, '') AS number"
_OF_ORDER = "LEFT JOIN bills b ON b.id = m.bill_id LEFT JOIN orders o ON o.id = b.order_id"

LINES = (
    Line(
        "INV-25",
        _l("Nothing is believed that was not verified."),
        (
            Finding(
                _l("was applied without a good signature"),
                f"""SELECT {_MESSAGE}, m.signature, m.outcome FROM inbox_messages m {_OF_ORDER}
                WHERE m.id {{part}} AND m.outcome = 'APPLIED' AND m.signature <> 'ok'""",
                MESSAGES,
            ),
        ),
    ),
    Line(
        "INV-26",
        _l("A message that was refused has no effect."),
        (
            Finding(
                _l("was refused, and yet something happened because of it"),
                """SELECT 'event' AS thing, e.id, e.type AS name, o.number, m.id AS message, m.outcome
                FROM order_events e JOIN inbox_messages m ON m.id = e.cause_inbox_id JOIN orders o ON o.id = e.order_id
                WHERE o.id {part} AND (m.outcome = 'REJECTED' OR m.signature = 'bad')""",
            ),
        ),
    ),
    Line(
        "INV-27",
        _l("What a payment service says is stored before it is believed: behind each payment stands its message."),
        (
            Finding(
                _l("says that money came, and no stored message says so"),
                """SELECT 'event' AS thing, e.id, e.type AS name, o.number, e.data ->> 'id' AS bill
                FROM order_events e JOIN orders o ON o.id = e.order_id
                WHERE o.id {part} AND e.type = 'BILL_PAID' AND e.cause_inbox_id IS NULL AND e.actor_kind = 'gateway'""",
            ),
            Finding(
                _l("is money that the order's history does not tell of"),
                """SELECT 'ledger entry' AS thing, l.id, b.reference AS name, o.number, l.amount_minor, l.currency
                FROM ledger_entries l JOIN bills b ON b.id = l.bill_id JOIN orders o ON o.id = l.order_id
                WHERE b.id {part} AND l.kind = 'captured' AND NOT EXISTS (SELECT 1 FROM order_events e
                    WHERE e.order_id = l.order_id AND e.type IN ('BILL_PAID', 'BILL_MOVED')
                        AND CAST(e.data ->> 'id' AS BIGINT) = b.id)""",
                BILLS,
            ),
        ),
    ),
    Line(
        "INV-28",
        _l("Each message has its effect once; a copy changes nothing."),
        (
            Finding(
                _l("changed a state because of a message that was a copy, or had no effect"),
                """SELECT 'event' AS thing, e.id, e.type AS name, o.number, m.id AS message, m.outcome
                FROM order_events e JOIN inbox_messages m ON m.id = e.cause_inbox_id JOIN orders o ON o.id = e.order_id
                WHERE o.id {part} AND m.outcome IN ('DUPLICATE', 'NO_EFFECT') AND e.type IN ('BILL_PAID', 'ORDER_PAID',
                    'BILL_REFUNDED', 'BILL_PARTIALLY_REFUNDED', 'BILL_DISPUTED', 'BILL_AUTHORIZED')""",
            ),
            Finding(
                _l("was applied more than once under one name"),
                f"""SELECT {_MESSAGE}, m.event_key AS event FROM inbox_messages m {_OF_ORDER}
                WHERE m.id {{part}} AND m.outcome = 'APPLIED' AND EXISTS (SELECT 1 FROM inbox_messages other
                    WHERE other.backend = m.backend AND other.event_key = m.event_key
                        AND other.outcome = 'APPLIED' AND other.id <> m.id)""",
                MESSAGES,
            ),
        ),
    ),
    Line(
        "INV-29",
        _l("A verified message is still only a claim: money counts if it is the bill's own sum and currency."),
        (
            Finding(
                _l("has money that was not verified"),
                """SELECT 'bill' AS thing, b.id, b.reference AS name, o.number, b.disposition
                FROM bills b LEFT JOIN orders o ON o.id = b.order_id
                WHERE b.id {part} AND NOT b.verified AND EXISTS
                    (SELECT 1 FROM ledger_entries l WHERE l.bill_id = b.id AND l.kind = 'captured')""",
                BILLS,
            ),
            Finding(
                _l("is recorded for another payment service than its bill's"),
                """SELECT 'ledger entry' AS thing, l.id, b.reference AS name, o.number, l.backend, b.backend AS asked
                FROM ledger_entries l JOIN bills b ON b.id = l.bill_id LEFT JOIN orders o ON o.id = l.order_id
                WHERE b.id {part} AND l.backend <> b.backend""",
                BILLS,
            ),
        ),
    ),
    Line(
        "INV-31",
        _l("No stored message waits for long: it ends with an outcome, or on the desk."),
        (
            Finding(
                _l("still waits to be applied"),
                f"""SELECT {_MESSAGE}, m.outcome, m.received_at AS since, m.tries, m.last_error AS error
                FROM inbox_messages m {_OF_ORDER}
                WHERE ((m.outcome = 'RECEIVED' AND m.received_at < :quarter_ago)
                        OR (m.outcome = 'ERROR' AND m.received_at < :tries_ago))
                    AND NOT EXISTS (SELECT 1 FROM desk_rows d WHERE d.message_id = m.id)""",
                SHOP,
            ),
        ),
        timely=True,
    ),
    Line(
        "INV-32",
        _l("A message about a bill that we do not know is kept, and shown."),
        (
            Finding(
                _l("is about a bill that we do not know, and nobody is shown it"),
                f"""SELECT {_MESSAGE}, m.event_key AS event, m.received_at AS since FROM inbox_messages m {_OF_ORDER}
                WHERE m.outcome = 'UNMATCHED' AND m.received_at < :quarter_ago AND NOT EXISTS
                    (SELECT 1 FROM desk_rows d WHERE d.message_id = m.id)""",
                SHOP,
            ),
            Finding(
                _l("is marked as known, and names no bill"),
                f"""SELECT {_MESSAGE}, m.outcome, m.event_key AS event FROM inbox_messages m {_OF_ORDER}
                WHERE m.id {{part}} AND m.outcome = 'UNMATCHED' AND m.bill_id IS NOT NULL""",
                MESSAGES,
            ),
        ),
        timely=True,
    ),
)
