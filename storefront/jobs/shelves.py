"""Jobs about what lies on the shelf: goods that parcels wait for, and what runs low."""

from storefront import catalog, orders
from storefront.jobs.each import each
from storefront.kit.db import transaction


def assign_waiting_goods() -> dict[str, int]:
    """Goods that were sold before they were there have come: parcels that wait for them have theirs, in their order."""
    return each(orders.awaited_goods(), orders.assign_goods)


def watch_low_stock() -> dict[str, int]:
    """The owner is told of what has run low, once until it is refilled."""
    if not catalog.shelves_moved():
        return {"done": 0}
    with transaction("note_low_stock"):
        return {"done": len(catalog.note_low_stock())}


def end_old_returns() -> dict[str, int]:
    """Returns that never arrived are over, and those that nobody has decided about are paid back."""
    return each(orders.overdue_returns(), orders.end_return)
