"""What was sold, day by day, and what stands on the shelf: the figures of the first page."""

from dataclasses import dataclass
from datetime import UTC, date, datetime, time, timedelta
from zoneinfo import ZoneInfo

from sqlalchemy import case, func, literal, select, union_all

from storefront import store
from storefront.certificates.models import CertificateUse, GiftCertificate
from storefront.certificates.states import CAPTURED
from storefront.kit import clock
from storefront.kit.db import db
from storefront.orders.models import Order
from storefront.orders.states import RELEASED_STATES
from storefront.payments.models import LedgerEntry

SHOWN = 30  # days in the picture; as many before them to compare with
WIDE, HIGH, FOOT = 720, 180, 22  # of the picture, in its own units


@dataclass(frozen=True)
class Day:
    """One day by the clocks of the shop: orders that went to packing, and their sum less what went back.

    What bought gift certificates have paid of it was counted when they were sold.
    """

    date: date
    orders: int
    minor: int


@dataclass(frozen=True)
class Period:
    """Some days, and as many before them."""

    days: int
    orders: int
    minor: int
    orders_before: int
    minor_before: int


@dataclass(frozen=True)
class Bar:
    """One bar of the picture, with the date below it where there is room."""

    x: int
    width: int
    y: int
    height: int
    kind: str
    label: str = ""


def sales(days: int = 2 * SHOWN) -> list[Day]:
    """The last days, oldest first; one query with a range of an index for each day.

    A gift certificate counts on the day on which it is sold: what it pays later is no sale once more. One that nobody
    has bought counts when it is spent, less what came back to it.
    """
    shop = store.current()
    zone = ZoneInfo(shop.timezone)
    today = clock.here().astimezone(zone).date()
    dates = [today - timedelta(days=back) for back in range(days - 1, -1, -1)]
    bought = GiftCertificate.bought_in_line_id.is_not(None)
    counted = case((bought, CertificateUse.amount_minor), else_=CertificateUse.refunded_minor)
    elsewhere = (
        select(func.coalesce(func.sum(counted), 0))
        .join(GiftCertificate, GiftCertificate.id == CertificateUse.certificate_id)
        .where(CertificateUse.order_id == Order.id, CertificateUse.status == CAPTURED)
    )
    lost = case((LedgerEntry.kind == "charged_back", LedgerEntry.amount_minor), else_=-LedgerEntry.amount_minor)
    charged = select(func.coalesce(func.sum(lost), 0)).where(
        LedgerEntry.order_id == Order.id, LedgerEntry.kind.in_(("charged_back", "won_back"))
    )
    kept = Order.total_minor - Order.refunded_minor - elsewhere.scalar_subquery() - charged.scalar_subquery()
    worth = func.coalesce(func.sum(kept), 0)
    parts = [
        select(literal(place).label("place"), func.count().label("orders"), worth.label("minor")).where(
            Order.placed_at >= _midnight(day, zone),
            Order.placed_at < _midnight(day + timedelta(days=1), zone),
            Order.status.in_(RELEASED_STATES),
            Order.currency == shop.currency,
        )
        for place, day in enumerate(dates)
    ]
    rows = {row.place: row for row in db.session.execute(union_all(*parts))}
    return [Day(day, rows[place].orders, int(rows[place].minor)) for place, day in enumerate(dates)]


def period(history: list[Day], days: int) -> Period:
    """The last so many days against those before."""
    now, before = history[-days:], history[-2 * days : -days]
    return Period(
        days,
        sum(day.orders for day in now),
        sum(day.minor for day in now),
        sum(day.orders for day in before),
        sum(day.minor for day in before),
    )


def bars(history: list[Day]) -> list[Bar]:
    """The last days as bars, and behind each the one of as many days before."""
    before, now = history[-2 * SHOWN : -SHOWN], history[-SHOWN:]
    most = max([day.minor for day in history] + [1])
    step = WIDE // SHOWN
    found = []
    for place, (old, new) in enumerate(zip(before, now, strict=True)):
        label = f"{new.date.day}.{new.date.month}." if place % 5 == 4 else ""
        found.append(_bar(place * step + 1, step - 2, old.minor, most, "bar-before"))
        found.append(_bar(place * step + 6, step - 12, new.minor, most, "bar-now", label))
    return found


def _bar(x, width, minor, most, kind, label=""):
    tall = max(0, minor) * (HIGH - FOOT) // most
    return Bar(x, width, HIGH - FOOT - tall, tall, kind, label)


def _midnight(day, zone):
    return datetime.combine(day, time(), zone).astimezone(UTC)
