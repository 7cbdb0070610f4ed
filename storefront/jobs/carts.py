"""Jobs about carts and lists."""

from storefront import cart, catalog
from storefront.jobs.each import batches, each
from storefront.kit.db import transaction


def remove_stale_carts() -> dict[str, int]:
    """Abandon carts that nobody has touched for long, and remove those that are over, with what was typed for them."""
    return each(batches(cart.stale), cart.purge)


def refresh_sold_out() -> dict[str, int]:
    """Bring the order of the lists up to date: what is sold out comes last."""
    with transaction("refresh_sold_out"):
        return {"done": catalog.refresh_sold_out() or 0}
