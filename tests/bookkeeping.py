"""What must be true of the whole database at the end of every story, whatever happened in it."""

import pytest
from sqlalchemy import select, text

from storefront import proof
from storefront.kit import events
from storefront.kit.db import db
from storefront.orders.models import Order
from storefront.orders.states import CLOSED, HOLD
from storefront.payments.models import Bill


@pytest.fixture
def right_books(play):
    """The story may end as it likes, but its books must be right."""
    yield
    check_books(play)


def check_books(play=None, *, timely: bool = False) -> None:
    """Every line of the proof over every row that there is, and what only a test may ask.

    `timely` asks for the deadlines too: for stories in which the jobs have run.
    """
    db.session.rollback()
    db.session.expire_all()
    broken = [str(violation) for violation in proof.violations(timely=timely)]
    assert not broken, "\n".join(broken)
    assert not [sum for sum in proof.money() if sum.unexplained]
    _nothing_is_orphaned()
    for order in db.session.scalars(select(Order)):
        assert events.of_order(order.id)[0].type == "ORDER_CREATED", order.number
        if order.status in CLOSED:
            assert order.close_reason and order.closed_at, order.number
        if order.status == HOLD:
            bill = select(Bill.id).filter_by(order_id=order.id).limit(1)
            assert order.hold_expires_at and db.session.scalar(bill), order.number


def _nothing_is_orphaned():
    """PostgreSQL never lets a row go that another one points at."""
    if db.engine.dialect.name == "sqlite":
        assert not db.session.execute(text("PRAGMA foreign_key_check")).all()
