"""The feed: every event in one row, each with a place of its own, in which a reader who goes on never misses one.

Ids are given when an event is written, and transactions end in another order than they began: whoever went on from
the highest id seen would miss those that were written before and committed after. So places are given afterwards, to
what is committed, by one at a time; what a place was given to never has something new before it.
"""

from typing import NamedTuple

from sqlalchemy import func, or_, select, text, update

from storefront.kit.db import db
from storefront.kit.events import OrderEvent
from storefront.orders.models import Order
from storefront.store.models import Sequence

COUNTER = "feed"
BATCH = 500
ANY = "*"


class Feed(NamedTuple):
    """Some events with the numbers of their orders ("" if none); from where to go on, and whether there is more."""

    events: list[tuple[OrderEvent, str]]
    next: int
    more: bool


def publish() -> int:
    """Give the next committed events their places; says how many. The events of an order stay in their order.

    Its lock on the counter is held to the end of the caller's transaction: places become visible in their order.
    """
    db.session.execute(text("INSERT INTO sequences (name, next_value) VALUES (:name, 1) ON CONFLICT (name) DO NOTHING"),
                       {"name": COUNTER})  # fmt: skip
    counter = db.session.execute(select(Sequence).filter_by(name=COUNTER).with_for_update()).scalar_one()
    db.session.refresh(counter)
    waiting = select(OrderEvent.id).where(OrderEvent.feed_position.is_(None)).order_by(OrderEvent.id).limit(BATCH)
    places = [{"id": id_, "feed_position": counter.next_value + n} for n, id_ in enumerate(db.session.scalars(waiting))]
    if places:
        db.session.execute(update(OrderEvent), places)
        counter.next_value += len(places)
    return len(places)


def is_behind() -> bool:
    """Whether something has happened that has no place yet: without that nobody need wait for the lock."""
    return db.session.scalar(select(OrderEvent.id).where(OrderEvent.feed_position.is_(None)).limit(1)) is not None


def head() -> int:
    """The last place that was given; 0 before the first."""
    return db.session.scalar(select(func.max(OrderEvent.feed_position))) or 0


def read(after: int, most: int, *, topics: tuple[str, ...] = (ANY,), number: str = "") -> Feed:
    """The events behind a place, oldest first, at most so many: of these topics, of the order with this number.

    `next` is behind everything that was looked at, fitting or not.
    """
    last = head()  # before the events: what is published meanwhile is for the next reading
    query = (
        select(OrderEvent, func.coalesce(Order.number, ""))
        .outerjoin(Order, Order.id == OrderEvent.order_id)
        .where(OrderEvent.feed_position > after, OrderEvent.feed_position <= last)
        .order_by(OrderEvent.feed_position)
        .limit(most + 1)
    )
    if ANY not in topics:
        query = query.where(or_(*(_like(topic) for topic in topics)))
    if number:
        query = query.where(Order.number == number)
    found = [(event, of_order) for event, of_order in db.session.execute(query)]
    more, found = len(found) > most, found[:most]
    place = found[-1][0].feed_position if more else max(last, after)
    return Feed(found, place or 0, more)


def _like(topic):
    """ORDER_PAID is one type, ORDER_* is all that begin so."""
    begins = topic.removesuffix(ANY)
    return OrderEvent.type == topic if begins == topic else OrderEvent.type.startswith(begins, autoescape=True)
