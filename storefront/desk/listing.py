"""The one list of what waits, and the sums in it."""

from typing import NamedTuple

from sqlalchemy import func, select

from storefront.kit.db import db
from storefront.orders.models import Order
from storefront.payments.models import Bill, DeskRow
from storefront.payments.reasons import REASONS, REFUND, REVIEW_RULES
from storefront.payments.waiting import DONE, OPEN

A_PAGE = 50
STRAYS = tuple(name for name, kind in REASONS.items() if REFUND in kind.actions and name not in REVIEW_RULES)


class Listed(NamedTuple):
    """A row with the numbers by which people know its order and its payment; "" where it has none."""

    row: DeskRow
    number: str
    reference: str


class Sum(NamedTuple):
    """So many rows wait with money of their own, which makes so much of a currency."""

    currency: str
    amount_minor: int
    rows: int


def rows(*, done: bool = False, reason: str = "", page: int = 1, most: int = A_PAGE) -> tuple[list[Listed], bool]:
    """The rows of a page, and whether there are more: open ones by deadline, done ones the latest first."""
    order = (DeskRow.closed_at.desc(), DeskRow.id.desc()) if done else (DeskRow.due_at, DeskRow.id)
    query = (
        select(DeskRow, func.coalesce(Order.number, ""), func.coalesce(Bill.reference, ""))
        .outerjoin(Order, Order.id == DeskRow.order_id)
        .outerjoin(Bill, Bill.id == DeskRow.bill_id)
        .where(DeskRow.status == (DONE if done else OPEN))
        .order_by(*order)
        .offset((page - 1) * most)
        .limit(most + 1)
    )
    found = db.session.execute(query.where(DeskRow.reason == reason) if reason else query).tuples().all()
    return [Listed(*each) for each in found[:most]], len(found) > most


def count_open() -> int:
    """How much waits."""
    return db.session.scalar(select(func.count()).select_from(DeskRow).filter_by(status=OPEN)) or 0


def sums() -> list[Sum]:
    """The money that waits, by currency; orders that are only looked at have theirs already."""
    total = func.sum(DeskRow.amount_minor)
    waiting = select(DeskRow.currency, total, func.count()).where(DeskRow.status == OPEN, DeskRow.reason.in_(STRAYS))
    found = db.session.execute(waiting.group_by(DeskRow.currency).order_by(DeskRow.currency))
    return [Sum(currency, int(amount), count) for currency, amount, count in found if currency]
