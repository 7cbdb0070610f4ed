"""Finding orders among a million: every way to look uses an index, and no page counts or skips what it does not show.

A list goes on from the last row shown (a cursor), never from a page number. Words are looked up exactly or by
how they begin, and give at most MOST orders, so that the cost of a page has a bound.
"""

import re
from collections.abc import Iterator
from dataclasses import dataclass, field, replace
from datetime import UTC, date, datetime, timedelta
from typing import Any

from sqlalchemy import Select, func, literal, select, tuple_, union
from sqlalchemy.orm import joinedload, selectinload

from storefront import store
from storefront.customers.text import folded
from storefront.kit.db import UtcDateTime, db
from storefront.orders.criteria import Criteria, begins, conditions, midnight
from storefront.orders.models import Order, OrderAddress, OrderLine
from storefront.orders.states import HOLD, NEW, PARTIALLY_SHIPPED, PREPARING, REVIEW
from storefront.payments.models import Bill, GatewayConfig
from storefront.payments.states import QUARANTINED

PAGE, MOST = 50, 1000
SORTS = {"date": Order.placed_at, "number": Order.placed_at, "total": Order.total_minor}  # numbers follow time
EPOCH = datetime(1970, 1, 1, tzinfo=UTC)
_CURSOR = re.compile(r"(-?\d{1,18})-(\d{1,18})")


@dataclass(frozen=True)
class Wish:
    """What somebody wants to see. Days are the shop's; a cursor is (value of the sorted column, id)."""

    view: str = "all"
    words: str = ""
    status: str = ""
    since: date | None = None
    until: date | None = None
    sort: str = "date"
    descending: bool = True
    cursor: tuple[int, int] | None = None
    backwards: bool = False
    criteria: Criteria = field(default_factory=Criteria)

    @property
    def narrowed(self) -> bool:
        """Whether anything is asked for beside the view."""
        return bool(self.words or self.status or self.since or self.until or not self.criteria.empty)


@dataclass(frozen=True)
class Found:
    """One page of orders, and the cursors of the pages beside it ("" if there is none)."""

    orders: list[Order]
    before: str
    after: str
    clipped: bool  # the words fit more than MOST orders


def find(wish: Wish, most: int = PAGE) -> Found:
    """The orders that match, in the order wished for; a constant number of queries."""
    query, clipped = _matching(wish)
    column, down = SORTS[wish.sort], wish.descending != wish.backwards
    if wish.cursor:
        query = query.where(_beyond(wish, column, down))
    ways = [each.desc() if down else each.asc() for each in (column, Order.id)]
    query = query.order_by(*ways).limit(most + 1).options(joinedload(Order.shipping_address), selectinload(Order.lines))
    rows = list(db.session.scalars(query))
    more, rows = len(rows) > most, rows[:most]
    if wish.backwards:
        rows.reverse()
    beginning, end = (more, True) if wish.backwards else (wish.cursor is not None, more)
    return Found(
        rows,
        before=cursor_of(rows[0], wish.sort) if rows and beginning else "",
        after=cursor_of(rows[-1], wish.sort) if rows and end else "",
        clipped=clipped,
    )


def every(wish: Wish, most: int) -> Iterator[Order]:
    """The orders that match, page by page until there are no more, at most so many."""
    wish, left = replace(wish, cursor=None, backwards=False), most
    while left > 0:
        found = find(wish, min(500, left))
        yield from found.orders
        left -= len(found.orders)
        if not found.after:
            return
        wish = replace(wish, cursor=read_cursor(found.after))
        db.session.expunge_all()


def counts() -> dict[str, int]:
    """How many orders wait in each of the work views, up to MOST + 1; one query."""
    capped = {
        view: select(func.count()).select_from(_ids(view).limit(MOST + 1).subquery()).scalar_subquery()
        for view in _VIEWS
    }
    row = db.session.execute(select(*capped.values())).one()
    return dict(zip(capped, row, strict=True))


def cursor_of(order: Order, sort: str) -> str:
    """The place of a row in a sorted list, for an address."""
    value: Any = getattr(order, SORTS[sort].key)
    if isinstance(value, datetime):
        value = (value - EPOCH) // timedelta(microseconds=1)
    return f"{value}-{order.id}"


def read_cursor(text: str) -> tuple[int, int] | None:
    """The cursor of an address; None when there is none, or it is not one of ours."""
    read = _CURSOR.fullmatch(text)
    return (int(read[1]), int(read[2])) if read else None


def looks(words: str) -> Iterator[Select]:
    """Each way to look words up, as a query of order ids that one index answers."""
    text = " ".join(words.split())
    numbers = {text, text.upper(), store.current().order_prefix + text}
    yield select(Order.id).where(Order.number.in_(numbers))
    email = text.lower()
    yield select(Order.id).where(Order.email == email).order_by(Order.id.desc())
    yield select(Order.id).where(*begins(Order.email, email))
    for column in (OrderAddress.name_folded, OrderAddress.last_name_first):
        for owner in (Order.shipping_address_id, Order.billing_address_id):
            yield select(Order.id).join(OrderAddress, OrderAddress.id == owner).where(*begins(column, folded(text)))
    for sku in dict.fromkeys((text, text.upper())):
        yield select(OrderLine.order_id).where(OrderLine.sku == sku).order_by(OrderLine.order_id.desc())
    yield select(Bill.order_id).where(Bill.reference == text)
    yield select(Bill.order_id).where(Bill.backend.in_(select(GatewayConfig.name)), Bill.transaction_id == text)


_VIEWS = {
    "ship": (*PREPARING, PARTIALLY_SHIPPED),
    "unpaid": (NEW, HOLD),
    "person": (REVIEW,),
}


def _ids(view):
    """The orders of a work view; what needs a person may be money of an order that is over."""
    inside = select(Order.id).where(Order.status.in_(_VIEWS[view]))
    if view != "person":
        return inside
    waiting = select(Bill.order_id).where(Bill.disposition == QUARANTINED, Bill.order_id.is_not(None))
    both = union(inside, waiting).subquery()
    return select(both.c[0])


def _matching(wish):
    query, clipped = select(Order), False
    if wish.view in _VIEWS:
        one_state = wish.view != "person"
        query = query.where(Order.status.in_(_VIEWS[wish.view]) if one_state else Order.id.in_(_ids(wish.view)))
    if wish.status:
        query = query.where(Order.status == wish.status)
    if wish.since:
        query = query.where(Order.placed_at >= midnight(wish.since))
    if wish.until:
        query = query.where(Order.placed_at < midnight(wish.until + timedelta(days=1)))
    query = query.where(*conditions(wish.criteria))
    if wish.words.strip():
        ids = _looked_up(wish.words)
        clipped = len(ids) > MOST
        query = query.where(Order.id.in_(ids[:MOST]))
    return query, clipped


def _looked_up(words):
    parts = [select(look.limit(MOST + 1).subquery()) for look in looks(words)]
    ids = db.session.scalars(union(*parts).limit(MOST + 1))
    return [order_id for order_id in ids if order_id is not None]


def _beyond(wish, column, down):
    """Rows past the cursor, as one comparison of pairs that an index on (column, id) answers."""
    value, row_id = wish.cursor
    if column is Order.placed_at:
        try:
            place = literal(EPOCH + timedelta(microseconds=value), UtcDateTime())
        except OverflowError:
            place = literal(EPOCH, UtcDateTime())
    else:
        place = literal(value)
    here, there = tuple_(column, Order.id), tuple_(place, literal(row_id))
    return here < there if down else here > there
