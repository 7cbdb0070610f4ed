"""Every way in which the books can be wrong, as SQL that makes them so, and what the proof must then say.

The story has these ids by name. Orders: `:paid` (and sent, one piece is back), `:held`, `:gifted` (held, a part of it
by certificate `:gift`), `:other` (waits too), `:doubted` (in review, its money on the desk), `:closed`, `:abandoned`,
`:refunded`, `:free` (nothing to pay); for each its bill (`:paid_bill`) and its cart (`:paid_cart`). Variants: `:mug`,
`:bowl`, `:jug`. Moments: `:now`, `:long_ago`, `:far_ahead`.
"""

from typing import NamedTuple

NEW_BILL = """INSERT INTO bills (order_id, backend, attempt_no, key, reference, amount_minor, currency, status,
    disposition, quarantine_reason, resolution, next_step, verified, extra, error_type, vendor_code, created_at,
    updated_at) SELECT id, 'sandbox', {attempt}, 'abcdefghijklmnopqrstuv', number || '-{attempt}', {amount}, currency,
    'CREATED', '{disposition}', '', '', '', true, '{{}}', '', '', placed_at, placed_at
    FROM orders WHERE id = :{order}"""
NEW_ENTRY = """INSERT INTO ledger_entries (bill_id, order_id, backend, kind, amount_minor, currency, gateway_event_key,
    recorded_at) SELECT id, order_id, backend, '{kind}', {amount}, '{currency}', 'again', created_at
    FROM bills WHERE id = :{bill}"""
NEW_MESSAGE = """INSERT INTO inbox_messages (backend, channel, method, url, headers, body, remote_addr, received_at,
    signature, outcome, tries, last_error, bill_id)
    VALUES ('sandbox', 'notify', 'POST', '', '{{}}', '', '', :long_ago, 'ok', '{outcome}', 1, '', {bill})"""
NEW_HOLD = """INSERT INTO stock_reservations
    (variant_id, owner_kind, qty, status, policy, expires_at, reason, created_at)
    VALUES (:jug, 'cart', 1, 'HELD', 'timed_hold', {until}, '', :now)"""
NEW_GIFT = """INSERT INTO gift_certificates
    (code_hash, last4, currency, initial_minor, balance_minor, held_minor, status)
    VALUES ('x', '1234', 'EUR', 1000, {balance}, 0, 'ACTIVE')"""
NEW_LEASE = "INSERT INTO job_leases (job, holder, until) VALUES ('some_job', {holder}, {until})"
NEW_GRAVE = """INSERT INTO order_tombstones (number, placed_at, reason, total_minor, currency, "references")
    SELECT number, placed_at, 'abandoned', total_minor, currency, '[]' FROM orders WHERE id = :paid"""
COPIED_MESSAGE = """INSERT INTO inbox_messages (backend, channel, method, url, headers, body, remote_addr, received_at,
    signature, event_key, bill_id, outcome, tries, last_error) SELECT backend, channel, method, url, headers, body,
    remote_addr, received_at, signature, event_key, bill_id, outcome, tries, last_error
    FROM inbox_messages WHERE bill_id = :paid_bill AND outcome = 'APPLIED'"""


WRONG_TAX = (
    '[{"line": "X", "name": "VAT", "rate_ppm": 10, "inclusive": true, "base_minor": 1, "tax_minor": 1},'
    ' {"line": "X", "name": "VAT", "rate_ppm": 10, "inclusive": true, "base_minor": 1, "tax_minor": -1}]'
)


class Damage(NamedTuple):
    """One harm: the line that must turn red, the SQL, the name in a red row, and what else must be red by it.

    `without` names a constraint or index of a table that would have prevented it, and is taken away for the moment.
    """

    line: str
    sql: str
    names: str
    also: str = ""
    without: tuple[str, str] | None = None


NEW_OFFER = """INSERT INTO promotions
    (name, label, priority, exclusive, active, with_code, conditions, actions, used, held, version)
    VALUES ('Spring', '', 0, false, true, false, '[]', '[]', {used}, {held}, 0)"""
NEW_DISCOUNT = """INSERT INTO order_adjustments
    (order_id, line_id, kind, label, rule_version, amount_minor, coupon_id, detail)
    SELECT order_id, {line}, 'coupon', 'Spring', '', {amount}, {code}, '{detail}'
    FROM order_lines WHERE order_id = :held"""


def bill(order, attempt, amount="due_minor", disposition="NONE"):
    """One more attempt for an order."""
    return NEW_BILL.format(order=order, attempt=attempt, amount=amount, disposition=disposition)


def entry(bill, kind="fee", amount="1", currency="EUR"):
    """One more line in the ledger."""
    return NEW_ENTRY.format(bill=bill, kind=kind, amount=amount, currency=currency)


def event(order, type, change):
    """Something of an event is altered."""
    return f"UPDATE order_events SET {change} WHERE order_id = :{order} AND type = '{type}'"


SUMS = (
    Damage("INV-01", "UPDATE bills SET amount_minor = amount_minor + 1 WHERE id = :held_bill", "held_bill"),
    Damage("INV-01", "UPDATE bills SET currency = 'USD' WHERE id = :held_bill", "held_bill"),
    Damage("INV-08", entry("paid_bill", currency="euro"), "paid_bill"),
    Damage("INV-08", "UPDATE orders SET currency = 'eur' WHERE id = :free", "free", "INV-12 INV-13"),
    Damage("INV-09", "UPDATE tax_documents SET lines = '[]' WHERE order_id = :held", "held"),
    Damage("INV-09", "UPDATE tax_documents SET status = 'VOIDED' WHERE order_id = :held", "held"),
    Damage("INV-09", "UPDATE tax_documents SET status = 'COMMITTED' WHERE order_id = :closed", "closed"),
    Damage("INV-09", "UPDATE tax_documents SET note = 'Reverse charge' WHERE order_id = :held", "held"),
    Damage("INV-09", f"UPDATE tax_documents SET lines = '{WRONG_TAX}' WHERE order_id = :free", "free"),
    Damage("INV-09", "UPDATE orders SET total_minor = total_minor + 1 WHERE id = :held", "held", "INV-12 INV-13"),
    Damage("INV-09", "UPDATE orders SET due_minor = due_minor - 1 WHERE id = :held", "held", "INV-01 INV-13"),
    Damage("INV-09", "UPDATE order_adjustments SET amount_minor = amount_minor + 1 WHERE order_id = :gifted", "gifted"),
    Damage("INV-09", "UPDATE order_lines SET unit_minor = unit_minor + 1 WHERE order_id = :held", "held", "INV-13"),
    Damage("INV-09", "UPDATE shipments SET cost_minor = cost_minor + 1 WHERE order_id = :paid", "paid"),
    Damage("INV-09", NEW_DISCOUNT.format(line="id", amount=-5, code="NULL", detail="{}"), "held"),
    Damage(
        "INV-09",
        "UPDATE order_lines SET discount_minor = 5, total_minor = total_minor - 5 WHERE order_id = :held",
        "held",
        "INV-13",
    ),
    Damage("INV-09", NEW_DISCOUNT.format(line="NULL", amount=-5, code="NULL", detail='{"of": "shipping"}'), "held"),
    Damage("INV-40", NEW_OFFER.format(used=1, held=0), "Spring"),
    Damage("INV-40", NEW_OFFER.format(used=0, held=1), "Spring"),
    Damage("INV-40", NEW_DISCOUNT.format(line="NULL", amount=0, code=1, detail="{}"), "held"),
    Damage("INV-10", bill("free", 1, amount="1"), "free_bill", "INV-01"),
    Damage("INV-10", event("free", "ORDER_RELEASED", "type = 'ELSE'"), "free", "INV-15 INV-42 RULE-10"),
)
CENTS = (
    Damage("INV-02", "UPDATE bills SET disposition = 'NONE' WHERE id = :doubted_bill", "doubted_bill"),
    Damage(
        "INV-02",
        "UPDATE ledger_entries SET order_id = :held WHERE bill_id = :doubted_bill",
        "doubted_bill",
        "INV-05 INV-27",
    ),
    Damage("INV-03", "UPDATE bills SET disposition = 'RESOLVED' WHERE id = :paid_bill", "paid"),
    Damage("INV-03", bill("paid", 2, disposition="APPLIED"), "paid", without=("bills", "uq_bills_applied_order")),
    Damage("INV-04", entry("doubted_bill", kind="captured", amount="0"), "doubted_bill"),
    Damage(
        "INV-04",
        """UPDATE bills SET transaction_id = (SELECT transaction_id FROM bills WHERE id = :paid_bill)
        WHERE id = :refunded_bill""",
        "paid_bill",
        without=("bills", "uq_bills_backend_transaction_id"),
    ),
    Damage("INV-05", "UPDATE bills SET disposition = 'APPLIED' WHERE id = :held_bill", "held_bill"),
    Damage("INV-05", "UPDATE orders SET paid_minor = paid_minor + 1 WHERE id = :paid", "paid"),
    Damage("INV-05", "UPDATE orders SET refunded_minor = 0 WHERE id = :refunded", "refunded"),
    Damage("INV-05", "UPDATE orders SET payment_status = 'PAID' WHERE id = :held", "held"),
    Damage("INV-06", "UPDATE desk_rows SET status = 'DONE' WHERE bill_id = :doubted_bill", "doubted_bill", "RULE-12"),
    Damage(
        "INV-06",
        "UPDATE ledger_entries SET amount_minor = amount_minor - 1 WHERE bill_id = :paid_bill",
        "paid_bill",
        "INV-03 INV-05",
    ),
    Damage("INV-07", entry("doubted_bill", kind="refunded", amount="5"), "doubted_bill", "INV-05"),
    Damage("INV-07", "UPDATE refunds SET amount_minor = amount_minor + 99999", "refunded_bill"),
    Damage("INV-07", "UPDATE refunds SET amount_minor = amount_minor + 1", "refunded_bill"),
    Damage("INV-41", NEW_GIFT.format(balance=1001), "1234"),
    Damage("INV-41", "UPDATE gift_certificates SET balance_minor = initial_minor - 1, held_minor = 0", "gift"),
    Damage("INV-41", "UPDATE certificate_transactions SET amount_minor = amount_minor + 1 WHERE kind = 'hold'", "gift"),
    Damage("INV-41", "UPDATE certificate_uses SET status = 'RELEASED' WHERE order_id = :gifted", "gifted"),
    Damage(
        "INV-41",
        """UPDATE gift_certificates SET bought_in_line_id = (SELECT min(id) FROM order_lines WHERE order_id = :held)
        WHERE id = :gift""",
        "held",
    ),
    Damage(
        "INV-41", NEW_GIFT.format(balance=-1), "1234", without=("gift_certificates", "ck_gift_certificates_balance")
    ),
)
ORDERS = (
    Damage("INV-11", "UPDATE orders SET cart_id = :held_cart WHERE id = :other", "held"),
    Damage("INV-11", event("held", "STOCK_HELD", "type = 'ORDER_CREATED'"), "held", "INV-13 RULE-10"),
    Damage(
        "INV-12",
        event("held", "ORDER_CREATED", """data = '{"total": 1, "currency": "EUR"}'"""),
        "held",
        "RULE-10",
    ),
    Damage("INV-13", "UPDATE order_lines SET title = 'Another mug' WHERE order_id = :held", "held"),
    Damage("INV-13", "UPDATE orders SET email = 'eve@example.com' WHERE id = :paid", "paid"),
    Damage("INV-13", "UPDATE orders SET erased_at = :now WHERE id = :paid", "paid"),
    Damage(
        "INV-13",
        """UPDATE order_addresses SET city = 'Elsewhere'
        WHERE id = (SELECT shipping_address_id FROM orders WHERE id = :closed)""",
        "closed",
    ),
    Damage("INV-14", "UPDATE orders SET key = 'guess-me' WHERE id = :held", "held"),
    Damage("INV-14", "UPDATE bills SET key = 'guess-me' WHERE id = :held_bill", "held_bill"),
    Damage("INV-14", NEW_GRAVE, "paid"),
    Damage("INV-15", "UPDATE orders SET status = 'DELIVERED' WHERE id = :paid", "paid"),
    Damage("INV-15", "UPDATE bills SET status = 'REDIRECTED' WHERE id = :held_bill", "held_bill"),
    Damage("INV-15", "UPDATE shipments SET status = 'DELIVERED' WHERE order_id = :paid", "paid"),
    Damage(
        "INV-15", event("closed", "ORDER_CANCELLED", """data = '{"was": "SHIPPED", "id": 0}'"""), "closed", "RULE-10"
    ),
    Damage("RULE-10", "UPDATE order_events SET actor = 'nobody' WHERE order_id = :held AND seq = 2", ""),
    Damage("RULE-10", "UPDATE order_events SET prev_hash = 'x' WHERE order_id = :held AND seq = 2", ""),
    Damage("RULE-10", "UPDATE audit_entries SET action = 'nothing'", ""),
    Damage("INV-16", "UPDATE bills SET status = 'FAILED' WHERE id = :doubted_bill", "doubted_bill", "INV-15"),
    Damage("INV-16", event("paid", "STOCK_COMMITTED", "type = 'ORDER_PAID'"), "paid", "RULE-10"),
    Damage("INV-17", "UPDATE orders SET status = 'CANCELLED' WHERE id = :paid", "paid", "INV-15 INV-09"),
    Damage("INV-17", "UPDATE bills SET status = 'AUTHORIZED' WHERE id = :closed_bill", "closed_bill", "INV-05 INV-15"),
    Damage("INV-18", "UPDATE bills SET attempt_no = 3 WHERE id = :held_bill", "held"),
    Damage(
        "INV-18",
        "DELETE FROM ledger_entries WHERE bill_id = :doubted_bill",
        "doubted",
        "INV-05",
    ),
    Damage("INV-18", "DELETE FROM order_lines WHERE order_id = :closed", "closed", "INV-09 INV-13"),
    Damage("RULE-12", "UPDATE orders SET hold_expires_at = NULL WHERE id = :held", "held"),
    Damage("RULE-12", "UPDATE orders SET status = 'NEW', placed_at = :long_ago WHERE id = :held", "held", "INV-15"),
    Damage("RULE-12", "UPDATE orders SET status = 'COMPLETED' WHERE id = :paid", "paid", "INV-15"),
    Damage("RULE-12", "UPDATE desk_rows SET order_id = NULL", "doubted"),
    Damage("RULE-12", "UPDATE desk_rows SET due_at = :long_ago", "amount_mismatch"),
)
STOCK = (
    Damage("INV-19", "UPDATE stock SET on_hand = on_hand + 1 WHERE variant_id = :mug", "mug"),
    Damage("INV-19", "UPDATE stock_movements SET cause = '' WHERE variant_id = :jug", "jug"),
    Damage("RULE-01", NEW_HOLD.format(until=":now"), "jug"),
    Damage(
        "INV-20",
        "UPDATE stock SET on_hand = -1 WHERE variant_id = :jug",
        "jug",
        "INV-19",
        without=("stock", "ck_stock_available"),
    ),
    Damage(
        "INV-21",
        "UPDATE stock_reservations SET status = 'RELEASED', closed_at = :now WHERE order_id = :held",
        "held",
        "RULE-01",
    ),
    Damage("INV-21", "UPDATE stock_reservations SET qty = qty + 1 WHERE order_id = :paid", "paid", "INV-22"),
    Damage(
        "INV-21",
        "UPDATE stock_reservations SET status = 'HELD', closed_at = NULL WHERE order_id = :closed",
        "closed",
        "RULE-01",
    ),
    Damage("INV-21", "UPDATE shipment_lines SET qty = qty + 1", "paid"),
    Damage("INV-22", "UPDATE order_return_lines SET qty = qty + 5, received = received + 5", "paid"),
    Damage("INV-22", "UPDATE stock_reservations SET closed_at = NULL WHERE order_id = :closed", "jug"),
    Damage("INV-22", "UPDATE stock_movements SET cause = 'adjust' WHERE cause = 'shipment'", "mug"),
    Damage("INV-23", "UPDATE orders SET hold_expires_at = :long_ago WHERE id = :held", "held"),
    Damage("INV-23", NEW_HOLD.format(until=":long_ago"), "jug", "RULE-01"),
    Damage("INV-24", "UPDATE stock_movements SET cause = 'return' WHERE cause = 'import'", "mug"),
)
MESSAGES = (
    Damage("INV-25", "UPDATE inbox_messages SET signature = 'none' WHERE bill_id = :paid_bill", "sandbox notify"),
    Damage(
        "INV-26",
        "UPDATE inbox_messages SET outcome = 'REJECTED' WHERE bill_id = :paid_bill AND outcome = 'APPLIED'",
        "BILL_PAID",
    ),
    Damage("INV-27", event("paid", "BILL_PAID", "cause_inbox_id = NULL"), "BILL_PAID", "RULE-10"),
    Damage("INV-27", event("doubted", "BILL_PAID", "type = 'ELSE'"), "doubted_bill", "INV-15 RULE-10"),
    Damage(
        "INV-28",
        "UPDATE inbox_messages SET outcome = 'DUPLICATE' WHERE bill_id = :paid_bill AND outcome = 'APPLIED'",
        "BILL_PAID",
    ),
    Damage("INV-28", COPIED_MESSAGE, "sandbox notify", without=("inbox_messages", "uq_inbox_messages_applied")),
    Damage("INV-29", "UPDATE bills SET verified = false WHERE id = :doubted_bill", "doubted_bill"),
    Damage("INV-29", "UPDATE ledger_entries SET backend = 'other' WHERE bill_id = :doubted_bill", "doubted_bill"),
    Damage("INV-31", NEW_MESSAGE.format(outcome="RECEIVED", bill="NULL"), "sandbox notify"),
    Damage("INV-31", NEW_MESSAGE.format(outcome="ERROR", bill="NULL"), "sandbox notify"),
    Damage("INV-32", NEW_MESSAGE.format(outcome="UNMATCHED", bill="NULL"), "sandbox notify"),
)
CARTS = (
    Damage("INV-37", "UPDATE carts SET status = 'CONVERTED' WHERE id = :held_cart", "held_cart"),
    Damage("INV-38", "UPDATE cart_lines SET qty = 10000 WHERE cart_id = :held_cart", "held_cart"),
    Damage(
        "INV-38",
        "UPDATE carts SET token_hash = 'the same', status = 'OPEN'",
        "held_cart",
        without=("carts", "uq_carts_open_token"),
    ),
    Damage("INV-39", "UPDATE carts SET open_order_id = :paid WHERE id = :paid_cart", "paid_cart"),
    Damage(
        "INV-39",
        "UPDATE orders SET cart_id = :paid_cart, placed_at = (SELECT o.placed_at FROM orders o WHERE o.id = :paid)"
        " WHERE id = :refunded",
        "paid",
    ),
    Damage(
        "INV-42",
        """DELETE FROM outbox_messages WHERE target = 'receipt'
        AND event_id IN (SELECT id FROM order_events WHERE order_id = :paid)""",
        "paid",
    ),
    Damage(
        "RULE-09",
        """UPDATE outbox_messages SET next_try_at = NULL WHERE status = 'PENDING' AND target = 'received'
        AND event_id IN (SELECT id FROM order_events WHERE order_id = :held)""",
        "received",
    ),
    Damage(
        "RULE-09",
        """UPDATE outbox_messages SET status = 'SENT', tries = 1 WHERE target = 'received'
        AND event_id IN (SELECT id FROM order_events WHERE order_id = :held)""",
        "received",
    ),
    Damage(
        "RULE-09",
        """INSERT INTO outbox_messages (event_id, kind, target, status, tries, next_try_at, last_error)
        SELECT event_id, kind, target, status, tries, next_try_at, last_error FROM outbox_messages
        WHERE target = 'received' AND event_id IN (SELECT id FROM order_events WHERE order_id = :held)""",
        "received",
        without=("outbox_messages", "uq_outbox_messages_event_id_kind_target"),
    ),
    Damage("RULE-09", event("held", "ORDER_HELD", "feed_position = 1"), "held"),
    Damage(
        "RULE-09",
        "UPDATE webhook_tries SET outcome = 'refused' WHERE id = (SELECT min(id) FROM webhook_tries)",
        "paid",
    ),
    Damage("INV-43", NEW_LEASE.format(holder="''", until=":now"), "some_job"),
    Damage("INV-43", NEW_LEASE.format(holder="'somebody'", until=":far_ahead"), "some_job"),
    Damage("INV-44", "UPDATE bills SET status = 'CREATED' WHERE id = :closed_bill", "closed_bill", "INV-15"),
    Damage(
        "INV-44",
        NEW_MESSAGE.format(outcome="RECEIVED", bill=":abandoned_bill"),
        "sandbox notify",
        "INV-31",
    ),
)
ALL = {"sums": SUMS, "cents": CENTS, "orders": ORDERS, "stock": STOCK, "messages": MESSAGES, "carts": CARTS}
