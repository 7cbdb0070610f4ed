"""Jobs about what is kept for somebody: minutes that are over, and who waits for what comes free."""

from storefront import stock
from storefront.jobs.each import batches, each
from storefront.kit.db import transaction


def end_timed_holds() -> dict[str, int]:
    """End the holds of carts whose minutes are over; a hold that ran out counts for nobody even before that."""
    return each(batches(stock.overdue), stock.end_hold)


def tell_who_waits() -> dict[str, int]:
    """Tell the first in each line that one has come free."""
    return each(stock.awaited(), stock.tell_waiting)


def forget_who_waited() -> dict[str, int]:
    """Forget the e-mails of those who were told, or who have waited for a month."""
    with transaction("forget_who_waited"):
        return {"done": stock.forget_waiting()}
