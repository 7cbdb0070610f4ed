"""Jobs about money: stored messages, quiet bills, refunds on their way, orders that nobody paid."""

from collections import Counter

from storefront import checkout, orders, payments, store
from storefront.jobs.each import at_once, batches, each, each_alone, together
from storefront.kit.db import transaction


def apply_waiting_messages() -> dict[str, int]:
    """Apply what was stored but not applied: after a crash, or because the bill was not known yet."""
    return each_alone(payments.unread(), checkout.take_in)


def prune_forged_messages() -> dict[str, int]:
    """Remove forged messages that are older than a month, or beyond the newest ten thousand."""
    removed = 0
    while True:
        with transaction("prune_forged_messages"):
            some = payments.prune_forged()
        removed += some
        if not some:
            return {"done": removed}


def ask_about_quiet_bills() -> dict[str, int]:
    """Ask the gateways about bills that have said nothing for a while."""
    return each_alone(payments.quiet(), checkout.ask_and_settle)


def send_refunds() -> dict[str, int]:
    """Send the refunds that were asked for, and ask again about those without an answer."""
    return each_alone(payments.unsent_refunds(), checkout.send_refund)


def send_captures() -> dict[str, int]:
    """Take or give up the reserved sums that somebody has decided about, and ask again where no answer came."""
    return each_alone(payments.unsent_captures(), checkout.send_capture)


def close_unpaid_orders() -> dict[str, int]:
    """Close the orders that nobody paid for in time, so that their goods go back on the shelf."""
    counts: Counter[str] = Counter(rows=0, done=0, failed=0)
    for some in together(batches(orders.overdue)):
        while some:
            later = _ask_about(some)
            now = [order_id for order_id in some if order_id not in later] or some[:1]
            counts.update(at_once(now, orders.close_if_unpaid))
            some = [order_id for order_id in some if order_id not in now]
    return dict(counts)


def complete_orders() -> dict[str, int]:
    """Complete the orders that were sent long ago, with nothing heard of them since."""
    days = store.current().complete_after_days
    return each(batches(lambda last: orders.arrived_long_ago(days, last)), orders.complete)


def remove_failed_orders() -> dict[str, int]:
    """Remove closed orders that never saw money, after their time; a tombstone stays."""
    days = store.current().retention_failed_days
    return each(batches(lambda last: orders.old_failures(days, last)), orders.remove_if_worthless)


def _ask_about(order_ids):
    """Ask about every attempt of these orders that has left for its gateway and is still open.

    Gives the orders that have to wait for another round: there was no time to ask about all of their attempts.
    """
    asked = {bill.id: bill.order_id for bill in payments.open_bills(*order_ids) if bill.claimed_at}
    return {asked[bill_id] for bill_id in checkout.ask_about_many(list(asked))}
