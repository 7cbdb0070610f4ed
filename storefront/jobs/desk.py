"""The job of the desk: money that nobody claimed, reminders, and what time decides."""

from collections import Counter

from storefront import checkout, desk, payments
from storefront.jobs.each import each


def decide_waiting_money() -> dict[str, int]:
    """Take in money of unknown orders, let orders go on whose goods are back, remind, and do what is due."""
    counts: Counter[str] = Counter()
    counts.update(each(desk.old_strays(), desk.take_in_stray))
    counts.update(each(desk.waited_for(), desk.fulfil_waiting))
    counts.update(each(desk.overdue(), desk.decide_row, first=_ask_once_more))
    counts.update(each(desk.due_soon(), desk.remind_owner))
    return dict(counts)


def _ask_once_more(row_id):
    """Nothing is closed for silence before the gateway was asked a last time."""
    row = desk.look_at(row_id).row
    if row.reason == "gateway_silent" and row.order_id:
        for bill in payments.open_bills(row.order_id):
            if bill.claimed_at is not None:
                checkout.try_to_ask(bill.id)
