"""Money that is only reserved: taken once, on somebody's word; given up; or gone by itself, which somebody is told."""

import pytest
from sqlalchemy import select

from storefront import jobs, orders, payments
from storefront.kit import events
from storefront.kit.db import db, transaction
from storefront.kit.errors import Conflict
from storefront.payments.models import Capture, GatewayConfig

from counter import comes_in, opens
from merchant import desk_row, on_desk
from purchases import at_once

pytestmark = pytest.mark.usefixtures("right_books")


def authorized(play):
    """An order whose payment is only reserved: the gateway was told to authorize first."""
    play.shelves(mug=5)
    with transaction():
        config = db.session.scalars(select(GatewayConfig).filter_by(name="sandbox")).one()
        config.properties = {**config.properties, "authorize_first": True}
    placed = play.quickly_at_gateway(mug=2)
    placed.shopper.press("Pay")
    return placed._replace(order=play.last_order(), bill=play.last_bill())


def states(play) -> tuple[str, str, str]:
    """The last order, its payment, and the last bill."""
    order = play.last_order()
    return order.status, order.payment_status, play.last_bill().status


def test_reserved_is_not_paid(play):
    """AUTHORIZED and PAID are two states; nothing is packed, nothing captured, and nothing more can be paid. BIL-20."""
    placed = authorized(play)
    assert states(play) == ("HOLD", "AUTHORIZED", "AUTHORIZED")
    assert play.ledger_of(placed.bill) == {("authorized", "EUR"): placed.order.due_minor}
    page = placed.shopper.get(f"/orders/{placed.order.key}")
    assert page.has("Please don’t pay again") and not page.has("Pay now")
    with pytest.raises(Conflict), transaction():
        orders.cancel_by_shopper(placed.order.id)


def test_reserved_money_is_never_closed_over(play):
    """When the hold ends the order goes to a person instead of being closed. BIL-20, INV-17."""
    authorized(play)
    play.wait(hours=2)
    for _ in range(12):
        play.run("close_unpaid_orders")
        play.wait(minutes=20)
    assert states(play) == ("REVIEW", "AUTHORIZED", "AUTHORIZED")


@pytest.mark.parametrize("where", ["HOLD", "REVIEW"])
def test_taken_once(play, where):
    """One press, two presses, two jobs and the gateway's own message: captured once, and the order goes on. BIL-20."""
    placed = authorized(play)
    if where == "REVIEW":
        play.wait(hours=2)
        play.run("close_unpaid_orders")
    assert play.last_order().status == where
    carol = comes_in(play)
    opens(carol, placed.order)
    tab = play.tab(carol)
    carol.press("Take the money")
    assert tab.press("Take the money").status == 409
    assert states(play) == ("PROCESSING", "PAID", "PAID")
    play.gateway_says("paid", placed.bill, transaction=play.session_of(placed.bill).transaction, event="later")
    play.run("send_captures")
    due = placed.order.due_minor
    assert play.ledger_of(placed.bill) == {("authorized", "EUR"): due, ("captured", "EUR"): due}
    assert (play.session_of(placed.bill).captured_minor, on_desk(play)) == (due, [])
    assert play.shelf("mug") == (5, 2)


def test_a_crash_after_the_call_takes_it_once(play):
    """The gateway took it, we died before writing it down: asked first, it says so. BIL-20, RACE-32."""
    placed = authorized(play)
    with transaction():
        row = orders.request_capture(placed.order.id, placed.bill.id, "capture", "otto")
    with transaction():
        payments.claim_capture(row.id)
    assert payments.call_capture(db.session.get(Capture, row.id)).result == "done"
    play.wait(minutes=2)
    play.run("send_captures")
    assert states(play) == ("PROCESSING", "PAID", "PAID")
    assert play.session_of(placed.bill).captured_minor == placed.order.due_minor
    assert len(play.session_of(placed.bill).operations) == 1


def test_two_jobs_take_it_once(play):
    """Claimed by one. BIL-20, RACE-33."""
    placed = authorized(play)
    with transaction():
        orders.request_capture(placed.order.id, placed.bill.id, "capture", "otto")

    def send():
        with play.app.app_context():
            return jobs.run_once("send_captures")

    at_once(send, send, send)
    assert len(play.session_of(placed.bill).operations) == 1
    assert states(play) == ("PROCESSING", "PAID", "PAID")


def test_given_up(play):
    """Nothing is charged: the bill is CANCELLED, the ledger says so, and the order can be paid again. BIL-20."""
    placed = authorized(play)
    carol = comes_in(play)
    opens(carol, placed.order)
    carol.press("Give it up")
    assert play.last_bill().status == "CANCELLED"
    assert play.ledger_of(placed.bill)["voided", "EUR"] == placed.order.due_minor
    assert (play.session_of(placed.bill).status, on_desk(play)) == ("voided", [])
    assert play.last_order().payment_status == "UNPAID"


def test_cancelling_the_order_gives_it_up(play):
    """A cancelled order keeps no money reserved. BIL-20, ORD-13."""
    placed = authorized(play)
    with transaction():
        orders.cancel_by_merchant(placed.order.id, "otto")
    play.run("send_captures")
    assert (play.last_order().status, play.last_bill().status) == ("CANCELLED", "CANCELLED")
    assert play.session_of(placed.bill).status == "voided"


def test_it_ran_out_at_the_gateway(play):
    """Nobody took it in time: the fact is in the ledger, and a person is told. BIL-20."""
    placed = authorized(play)
    merchant = play.visitor("merchant")
    merchant.get("/sandbox/console")
    merchant.press("Let the reservation run out")
    assert play.last_bill().status == "CANCELLED"
    assert desk_row(play, "authorization_ended").bill_id == placed.bill.id


def test_what_is_refused_is_told_in_the_history(play):
    """It ran out unheard: the gateway refuses, the row is FAILED with the reason, nothing is captured. BIL-20."""
    placed = authorized(play)
    with transaction():
        play.session_of(placed.bill).status = "voided"
    with transaction():
        orders.request_capture(placed.order.id, placed.bill.id, "capture", "otto")
    play.run("send_captures")
    (row,) = db.session.scalars(select(Capture)).all()
    assert (row.status, row.last_error) == ("FAILED", "Nothing is reserved.")
    assert "CAPTURE_FAILED" in [event.type for event in events.of_order(placed.order.id)]
    assert play.captured(placed.order) == 0
