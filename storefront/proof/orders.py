"""The lines about orders: one confirmation one order, a snapshot that stands, and a history that leads to its state."""

from flask_babel import lazy_gettext as _l

from storefront.orders.return_states import RETURN
from storefront.orders.states import ORDER, SHIPMENT
from storefront.payments.states import BILL
from storefront.proof import chains
from storefront.proof.line import BILLS, SHOP, Finding, Line

_MACHINES = {machine.name: machine for machine in (ORDER, BILL, SHIPMENT, RETURN)}
_TARGETS = ", ".join(
    f"('{name}', '{name.upper()}_{event.upper()}', '{target}')"
    for name, machine in _MACHINES.items()
    for event, (_, target) in machine.table.items()
)
_ALLOWED = ", ".join(
    f"('{name.upper()}_{event.upper()}', '{source}')"
    for name, machine in _MACHINES.items()
    for event, (sources, _) in machine.table.items()
    for source in sources
)
# Every move that a history tells of, and the state that it leads to. Not of bills that were moved: half of theirs
# is another order's history. CROSS JOIN: SQLite shall take the events of the part first, not each type of the shop.
_TOLD = f"""WITH targets(kind, type, target) AS (VALUES {_TARGETS}), told AS (
    SELECT e.id, e.order_id, e.type, t.kind, t.target, e.data ->> 'was' AS was,
        CASE WHEN t.kind = 'order' THEN e.order_id ELSE CAST(e.data ->> 'id' AS BIGINT) END AS thing_id
    FROM order_events e CROSS JOIN targets t
    WHERE e.order_id {{part}} AND t.type = e.type AND e.data ->> 'was' IS NOT NULL AND (t.kind <> 'bill' OR NOT EXISTS
        (SELECT 1 FROM order_events moved WHERE moved.order_id = e.order_id AND moved.type = 'BILL_MOVED'
            AND moved.data ->> 'id' = e.data ->> 'id'))
)"""
_AFTER_ALL = 2**62  # the place of the present state, behind every event
_NOW = """SELECT 'order' AS kind, o.id, o.number AS name, o.id AS order_id, o.status FROM orders o WHERE o.id {part}
    UNION ALL SELECT 'bill', b.id, b.reference, b.order_id, b.status FROM bills b WHERE b.order_id {part}
        AND NOT EXISTS (SELECT 1 FROM order_events e WHERE e.order_id = b.order_id AND e.type = 'BILL_MOVED'
            AND CAST(e.data ->> 'id' AS BIGINT) = b.id)
    UNION ALL SELECT 'order_shipment', s.id, o.number, s.order_id, s.status
        FROM shipments s JOIN orders o ON o.id = s.order_id WHERE s.order_id {part}
    UNION ALL SELECT 'order_return', r.id, o.number, r.order_id, r.status
        FROM order_returns r JOIN orders o ON o.id = r.order_id WHERE r.order_id {part}"""

LINES = (
    Line(
        "INV-11",
        _l("One confirmed preview makes one order, and of one cart at most one order waits to be paid."),
        (
            Finding(
                _l("waits to be paid beside another order of the same cart"),
                """SELECT 'order' AS thing, o.id, o.number AS name, o.number, o.cart_id AS cart
                FROM orders o WHERE o.id {part} AND o.status = 'HOLD' AND EXISTS (SELECT 1 FROM orders other
                    WHERE other.cart_id = o.cart_id AND other.status = 'HOLD' AND other.id <> o.id)""",
            ),
            Finding(
                _l("was placed more than once, or never"),
                """SELECT 'order' AS thing, o.id, o.number AS name, o.number, count(e.id) AS placed
                FROM orders o LEFT JOIN order_events e ON e.order_id = o.id AND e.type = 'ORDER_CREATED'
                WHERE o.id {part} GROUP BY o.id, o.number HAVING count(e.id) <> 1""",
            ),
        ),
        shows=("RULE-07",),
    ),
    Line(
        "INV-12",
        _l("What was shown at the confirmation is what was ordered."),
        (
            Finding(
                _l("has another total than was confirmed"),
                """SELECT 'order' AS thing, o.id, o.number AS name, o.number, o.total_minor AS total, o.currency,
                    e.data ->> 'total' AS confirmed, e.data ->> 'currency' AS confirmed_in
                FROM orders o JOIN order_events e ON e.order_id = o.id AND e.type = 'ORDER_CREATED'
                WHERE o.id {part} AND (CAST(e.data ->> 'total' AS BIGINT) <> o.total_minor
                    OR e.data ->> 'currency' <> o.currency)""",
            ),
        ),
    ),
    Line(
        "INV-13",
        _l("Lines, prices, names, addresses and totals of an order never change after it was placed."),
        (
            Finding(_l("is not as it was placed"), chains.changed_snapshots),
            Finding(
                _l("was to say nothing of its shopper any more, and does"),
                """SELECT 'order' AS thing, o.id, o.number AS name, o.number FROM orders o
                WHERE o.id {part} AND o.erased_at IS NOT NULL
                    AND (o.email NOT LIKE '%@erased.invalid' OR o.ip_hash <> '' OR NOT EXISTS
                        (SELECT 1 FROM order_events e WHERE e.order_id = o.id AND e.type = 'ORDER_ERASED')
                    OR EXISTS (SELECT 1 FROM order_addresses a WHERE a.name || a.line1 || a.phone <> ''
                        AND a.id IN (o.shipping_address_id, o.billing_address_id)))""",
            ),
        ),
        shows=("RULE-08", "SEC-08"),
    ),
    Line(
        "INV-14",
        _l("An order's number is never used again, and its address cannot be guessed."),
        (
            Finding(
                _l("has the number of an order that was removed"),
                """SELECT 'order' AS thing, o.id, o.number AS name, o.number FROM orders o
                JOIN order_tombstones t ON t.number = o.number WHERE o.id {part}""",
            ),
            Finding(
                _l("has a key with fewer than 128 random bits"),
                """SELECT 'order' AS thing, o.id, o.number AS name, o.number, length(o.key) AS letters
                FROM orders o WHERE o.id {part} AND length(o.key) < 22""",
            ),
            Finding(
                _l("has a key with fewer than 128 random bits"),
                """SELECT 'bill' AS thing, b.id, b.reference AS name, o.number, length(b.key) AS letters
                FROM bills b LEFT JOIN orders o ON o.id = b.order_id WHERE b.id {part} AND length(b.key) < 22""",
                BILLS,
            ),
        ),
    ),
    Line(
        "INV-15",
        _l("State changes follow one written table, each with its cause; the last of them is the present state."),
        (
            Finding(
                _l("made a move that is not in the table"),
                f"""{_TOLD}, followed AS (
                    SELECT told.*, lag(target) OVER (PARTITION BY kind, thing_id ORDER BY id) AS before FROM told
                )
                SELECT f.kind AS thing, f.thing_id AS id, o.number AS name, o.number, f.type AS event, f.was, f.before
                FROM followed f JOIN orders o ON o.id = f.order_id
                WHERE (f.type, f.was) NOT IN (VALUES {_ALLOWED}) OR f.was <> coalesce(f.before, f.was)""",
            ),
            Finding(
                _l("is in a state to which its history does not lead"),
                f"""{_TOLD}, stream AS (
                    SELECT kind, thing_id, id AS place, target AS state, CAST(NULL AS TEXT) AS name, order_id FROM told
                    UNION ALL SELECT kind, id, {_AFTER_ALL}, status, name, order_id FROM ({_NOW}) present
                ), read AS (
                    SELECT stream.*, lag(state) OVER (PARTITION BY kind, thing_id ORDER BY place) AS history FROM stream
                )
                SELECT r.kind AS thing, r.thing_id AS id, r.name, o.number, r.state AS status, r.history
                FROM read r JOIN orders o ON o.id = r.order_id
                WHERE r.name IS NOT NULL AND r.state <> coalesce(r.history, CASE r.kind WHEN 'order' THEN 'NEW'
                    WHEN 'bill' THEN 'CREATED' ELSE r.state END)""",
            ),
        ),
    ),
    Line(
        "RULE-10",
        _l("Everything that happened has its cause, and no line of a history or of the trail was altered or removed."),
        (
            Finding(
                _l("has no cause"),
                """SELECT 'event' AS thing, e.id, e.type AS name, o.number, e.actor_kind AS actor
                FROM order_events e JOIN orders o ON o.id = e.order_id WHERE o.id {part} AND (e.actor_kind = ''
                    OR (e.actor_kind = 'gateway' AND e.cause_inbox_id IS NULL))""",
            ),
            Finding(_l("was altered, or stands where one was removed"), chains.broken_histories),
            Finding(_l("was altered, or stands where one was removed"), chains.broken_trail, SHOP),
        ),
    ),
    Line(
        "INV-16",
        _l("Paid is entered once, and left only towards refunded."),
        (
            Finding(
                _l("has money, and is not in a paid state"),
                """SELECT 'bill' AS thing, b.id, b.reference AS name, o.number, b.status
                FROM bills b LEFT JOIN orders o ON o.id = b.order_id
                WHERE b.id {part} AND b.status NOT IN ({money}) AND EXISTS
                    (SELECT 1 FROM ledger_entries l WHERE l.bill_id = b.id AND l.kind = 'captured')""",
                BILLS,
            ),
            Finding(
                _l("became paid more than once"),
                """SELECT 'order' AS thing, o.id, o.number AS name, o.number, count(*) AS times
                FROM orders o JOIN order_events e ON e.order_id = o.id AND e.type = 'ORDER_PAID'
                WHERE o.id {part} GROUP BY o.id, o.number HAVING count(*) > 1""",
            ),
        ),
    ),
    Line(
        "INV-17",
        _l("No order is ended while money that came for it is not flagged."),
        (
            Finding(
                _l("has ended, with money that nobody sends back"),
                """SELECT * FROM (
                    SELECT 'order' AS thing, o.id, o.number AS name, o.number, o.status, sum(CASE l.kind
                        WHEN 'captured' THEN l.amount_minor WHEN 'refunded' THEN -l.amount_minor
                        WHEN 'charged_back' THEN -l.amount_minor ELSE 0 END) AS kept
                    FROM orders o JOIN bills b ON b.order_id = o.id JOIN ledger_entries l ON l.bill_id = b.id
                    WHERE o.id {part} AND o.status IN ({closed}) AND b.disposition = 'APPLIED'
                        AND NOT EXISTS (SELECT 1 FROM refunds r WHERE r.bill_id = b.id)
                        AND NOT EXISTS (SELECT 1 FROM desk_rows d WHERE d.order_id = o.id AND d.status = 'OPEN')
                    GROUP BY o.id, o.number, o.status
                ) found WHERE kept > 0""",
            ),
            Finding(
                _l("is reserved for an order that has ended, and nobody gives it up"),
                """SELECT 'bill' AS thing, b.id, b.reference AS name, o.number, b.status
                FROM bills b JOIN orders o ON o.id = b.order_id
                WHERE b.id {part} AND b.status = 'AUTHORIZED' AND o.status IN ({closed}) AND NOT EXISTS
                    (SELECT 1 FROM captures c WHERE c.bill_id = b.id
                        AND (c.kind = 'void' OR c.status IN ('REQUESTED', 'SENT')))""",
                BILLS,
            ),
        ),
    ),
    Line(
        "INV-18",
        _l("Orders, bills, payments and messages are never removed, but for unpaid orders after their time."),
        (
            Finding(
                _l("has lost a bill"),
                """SELECT 'order' AS thing, o.id, o.number AS name, o.number,
                    max(b.attempt_no) AS attempts, count(*) AS bills
                FROM orders o JOIN bills b ON b.order_id = o.id
                WHERE o.id {part} AND NOT EXISTS (SELECT 1 FROM order_events e
                    WHERE e.order_id = o.id AND e.type = 'BILL_MOVED')
                GROUP BY o.id, o.number HAVING max(b.attempt_no) <> count(*)""",
            ),
            Finding(
                _l("has lost a payment or its bill"),
                """SELECT 'order' AS thing, o.id, o.number AS name, o.number, e.data ->> 'id' AS bill
                FROM orders o JOIN order_events e ON e.order_id = o.id AND e.type = 'BILL_PAID'
                WHERE o.id {part} AND NOT EXISTS (SELECT 1 FROM ledger_entries l
                    WHERE l.bill_id = CAST(e.data ->> 'id' AS BIGINT) AND l.kind = 'captured')""",
            ),
            Finding(
                _l("has lost its lines"),
                """SELECT 'order' AS thing, o.id, o.number AS name, o.number FROM orders o
                WHERE o.id {part} AND NOT EXISTS (SELECT 1 FROM order_lines l WHERE l.order_id = o.id)""",
            ),
        ),
    ),
    Line(
        "RULE-12",
        _l("No dead end: whatever waits has an end by time and an end by a person."),
        (
            Finding(
                _l("was begun long ago, and never finished"),
                """SELECT 'order' AS thing, o.id, o.number AS name, o.number, o.status, o.placed_at AS since
                FROM orders o WHERE o.status = 'NEW' AND o.placed_at < :quarter_ago""",
                SHOP,
            ),
            Finding(
                _l("waits for its money without an end"),
                """SELECT 'order' AS thing, o.id, o.number AS name, o.number, o.status
                FROM orders o WHERE o.status = 'HOLD' AND o.hold_expires_at IS NULL""",
                SHOP,
            ),
            Finding(
                _l("is being checked, but nobody is asked to"),
                """SELECT 'order' AS thing, o.id, o.number AS name, o.number, o.review_reason AS reason
                FROM orders o WHERE o.status = 'REVIEW' AND NOT EXISTS (SELECT 1 FROM desk_rows d
                    WHERE d.order_id = o.id AND d.status = 'OPEN' AND d.reason = o.review_reason)""",
                SHOP,
            ),
            Finding(
                _l("is completed, though something of it is on its way back"),
                """SELECT 'order' AS thing, o.id, o.number AS name, o.number, r.status
                FROM order_returns r JOIN orders o ON o.id = r.order_id
                WHERE o.status = 'COMPLETED' AND r.status IN ('ANNOUNCED', 'RECEIVED')""",
                SHOP,
            ),
            Finding(
                _l("waits on the desk, past the day when time decides"),
                """SELECT 'desk row' AS thing, d.id, d.reason AS name, o.number, d.due_at AS due
                FROM desk_rows d LEFT JOIN orders o ON o.id = d.order_id
                WHERE d.status = 'OPEN' AND d.due_at < :day_ago""",
                SHOP,
            ),
        ),
        timely=True,
    ),
)
