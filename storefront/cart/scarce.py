"""Scarce goods in a cart: kept for minutes from the moment they are put in, and no longer.

The time of a line counts from its first press of "Add to cart". Putting in more, changing the quantity or looking
again does not prolong it: otherwise one shopper could keep the last piece for ever. When it is over the line stays,
but keeps nothing for as long as it did; adding it again after that pause begins a new time.
"""

from contextlib import suppress
from datetime import datetime, timedelta

from storefront import stock
from storefront.cart.joined import open_orders
from storefront.cart.models import Cart, CartLine
from storefront.catalog.offers import Offer
from storefront.kit import clock
from storefront.kit.db import db
from storefront.stock.models import TIMED_HOLD


def keep(cart: Cart, line: CartLine, offer: Offer) -> None:
    """The hold of a line follows its quantity; what the cart's open order holds already is not held twice.

    Raises OutOfStock when somebody else was quicker, and then nothing is held that was not.
    """
    if offer.stock_policy != TIMED_HOLD:
        return
    db.session.flush()
    wanted = max(0, line.qty - _with_the_order(cart, line))
    stock.keep(line.id, line.variant_id, wanted, until=_ends(line, timedelta(minutes=offer.hold_minutes)))


def lift(*lines: CartLine) -> dict[int, int]:
    """What is kept for some lines, taken in hand to be put down for others in this transaction; units by line."""
    return stock.let_go([line.id for line in lines], "moved")


def put_down(units: int, line: CartLine, offer: Offer, since: datetime) -> None:
    """So many units that were lifted are kept for this line, in the time that began with `since`."""
    if not units:
        return
    db.session.flush()
    line.added_at = max(since, line.added_at)
    ends, wanted = _ends(line, timedelta(minutes=offer.hold_minutes)), stock.kept([line.id]) + units
    with suppress(stock.OutOfStock):  # it ran out in this moment: the line stays, and says so
        stock.keep(line.id, line.variant_id, min(line.qty, wanted), until=ends)


def let_go(*lines: CartLine, reason: str) -> None:
    """Nothing is kept for these lines any more."""
    stock.let_go([line.id for line in lines], reason)


def shrink(line: CartLine) -> None:
    """A line never keeps more than it has."""
    stock.shrink(line.id, line.qty)


def _with_the_order(cart, line):
    """How many of the line are set aside for the order that the cart is being paid with."""
    if cart.open_order_id is None:
        return 0
    ordered = [held for order_id in open_orders(cart) for held in stock.reservations_of(order_id)]
    held = sum(one.qty for one in ordered if one.variant_id == line.variant_id)
    earlier = sum(one.qty for one in cart.lines if one.variant_id == line.variant_id and one.id < line.id)
    return max(0, held - earlier)


def _ends(line: CartLine, lasting: timedelta) -> datetime | None:
    """When the time of the line is over; None in the pause after it."""
    now = clock.now()
    if now >= line.added_at + 2 * lasting:
        line.added_at = now
    return line.added_at + lasting if now < line.added_at + lasting else None
