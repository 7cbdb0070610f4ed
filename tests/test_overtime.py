"""What happens when the time of an order is over: never closed while somebody may have paid, never held for ever."""

import time
from dataclasses import replace
from datetime import timedelta

import pytest
from sqlalchemy import select

from storefront import jobs, orders, payments
from storefront.kit import clock
from storefront.kit.db import db, transaction
from storefront.orders import finding
from storefront.payments.gateways import GATEWAYS
from storefront.payments.gateways.base import AUTHORIZED, Capabilities, Outcome
from storefront.payments.gateways.sandbox import Sandbox
from storefront.payments.models import Bill, DeskRow, PaymentMethod
from storefront.stock.models import TIMED_HOLD

from counter import comes_in
from purchases import at_once

pytestmark = pytest.mark.usefixtures("right_books")


class Deaf(Sandbox):
    """A gateway that notifies, and can be neither asked nor told when a session ends."""

    capabilities = Capabilities(notifies=True)


@pytest.fixture
def deaf(monkeypatch):
    """The shop's gateway is of that kind."""
    monkeypatch.setitem(GATEWAYS, "sandbox", Deaf)


def closes(play):
    """Run the job; the last order as it is then."""
    play.run("close_unpaid_orders")
    return play.last_order()


# --- race 47: whose clock


@pytest.mark.parametrize("days", [1, -1])
def test_race_47_another_machines_clock_ends_nothing(play, monkeypatch, days):
    """A worker whose clock is a day off ends neither orders nor holds early or late. (RACE-47, RULE-05)."""
    play.shelves(mug=5)
    play.shelves(policy=TIMED_HOLD, print=1)
    play.fill_cart(play.visitor(), print=1)
    placed, right = play.quick_order(mug=1), time.time
    monkeypatch.setattr(time, "time", lambda: right() + days * 86_400)
    assert play.run("end_timed_holds")["rows"] == 0 and closes(play).status == "HOLD"
    assert abs(play.order_of(placed.bill).hold_expires_at - clock.now() - timedelta(minutes=45)) < timedelta(seconds=30)
    play.wait(minutes=46)
    assert play.run("end_timed_holds")["done"] == 1 and closes(play).status == "CANCELLED"


# --- race 49: a gateway that can be neither asked nor told


def test_race_49_a_deaf_gateway_has_window_and_grace(play, deaf):
    """Its orders close after window and grace, with no answer waited for. (RACE-49, CLN-03)."""
    play.shelves(mug=5)
    play.quickly_at_gateway(mug=2)
    play.wait(minutes=44)
    assert closes(play).status == "HOLD"
    play.wait(minutes=2)
    order = closes(play)
    assert (order.status, order.close_reason, order.prolonged) == ("CANCELLED", "abandoned", 0)
    assert play.shelf("mug") == (5, 0)


def test_race_49_what_comes_later_is_late_money(play, deaf):
    """Paid afterwards: the order lives again if the goods are there, else the money waits. (RACE-49, RACE-20)."""
    play.shelves(mug=1)
    first = play.quickly_at_gateway(mug=1)
    play.wait(minutes=46)
    closes(play)
    second = play.quickly_at_gateway(mug=1)
    assert play.gateway_says("paid", first.bill) == 200
    assert play.order_of(first.bill).status == "CANCELLED"
    assert db.session.scalars(select(DeskRow.reason)).all() == ["late_order_closed"]
    play.wait(minutes=46)
    closes(play)
    assert play.gateway_says("paid", second.bill) == 200
    assert play.order_of(second.bill).status == "PROCESSING" and play.shelf("mug") == (1, 1)


def test_race_49_the_merchant_is_told(play, monkeypatch):
    """The list of ways to pay says of such a one that it can pay late, and of no other. (RACE-49)."""
    play.shelves(mug=1)
    carol = comes_in(play)
    assert not carol.get("/admin/payments").has("This method can pay late")
    monkeypatch.setitem(GATEWAYS, "sandbox", Deaf)
    assert carol.get("/admin/payments").has("This method can pay late")


# --- race 19: a gateway that is asked about one order after another


class Slow(Sandbox):
    """A gateway whose sessions stay open, and that is asked about each alone: it thinks for four seconds."""

    capabilities = replace(Sandbox.capabilities, can_query_many=False)

    def query(self, bill):
        """No money, as of the beginning of these seconds."""
        clock.move(timedelta(seconds=4))
        return []


@pytest.mark.parametrize("seconds", [4, 20])
def test_race_19_no_order_is_closed_on_an_answer_that_has_grown_old(play, monkeypatch, seconds):
    """Many orders and a slow gateway: each is closed within ten seconds of its own answer, or waits. (RACE-19)."""
    asked, ages = {}, []

    class Counted(Slow):
        def query(self, bill):
            asked[bill.reference] = clock.now()
            clock.move(timedelta(seconds=seconds - 4))
            return super().query(bill)

    def closing(*order_ids):
        closed = close(*order_ids)
        ages.extend(clock.now() - asked[bill.reference] for bill in payments.bills_of(*closed))
        return closed

    close = orders.close_if_unpaid
    closing.__name__ = close.__name__
    monkeypatch.setitem(GATEWAYS, "sandbox", Counted)
    monkeypatch.setattr(orders, "close_if_unpaid", closing)
    play.shelves(mug=9)
    for _ in range(5):
        play.quickly_at_gateway(mug=1)
    play.wait(minutes=46)
    assert play.run("close_unpaid_orders")["rows"] == 5
    assert len(ages) == (5 if seconds == 4 else 0) and all(age < timedelta(seconds=10) for age in ages)
    assert [order.prolonged for order in play.orders()] == [int(seconds > 4)] * 5


def test_an_answer_that_cannot_be_read_leaves_the_others(play, monkeypatch):
    """One bill breaks the adapter of a gateway that is asked one by one: the others close all the same. (CLN-06)."""
    play.shelves(mug=9)
    broken, *others = (play.quickly_at_gateway(mug=1) for _ in range(3))

    class Breaking(Slow):
        def query(self, bill):
            if bill.reference == broken.bill.reference:
                raise KeyError("status")
            return super().query(bill)

    monkeypatch.setitem(GATEWAYS, "sandbox", Breaking)
    play.wait(minutes=46)
    play.run("close_unpaid_orders")
    assert play.order_of(broken.bill).status == "HOLD"
    assert {play.order_of(one.bill).status for one in others} == {"CANCELLED"}


# --- race 48 and its neighbours: what counts as an answer


def test_race_48_an_old_answer_is_none(play):
    """Only an answer of the last ten seconds lets an order close. (RACE-48, RAC-10)."""
    play.shelves(mug=5)
    placed = play.quickly_at_gateway(mug=1)
    play.wait(minutes=46)
    for age, closed in ((timedelta(seconds=11), False), (timedelta(seconds=9), True)):
        with transaction():
            order = orders.locked(placed.order.id)
            order.hold_expires_at = clock.now() - timedelta(seconds=1)
            db.session.get_one(Bill, placed.bill.id).asked_at = clock.now() - age
        with transaction():
            assert bool(orders.close_if_unpaid(placed.order.id)) is closed
    assert (play.last_order().status, play.last_order().prolonged) == ("CANCELLED", 1)


def test_an_order_with_reserved_money_is_never_closed_unseen(play):
    """A bill that is authorized: at the hold's end a person has to look, and the goods stay. (INV-17, INV-44)."""
    play.shelves(mug=5)
    placed = play.quickly_at_gateway(mug=1)
    reserved = Outcome(AUTHORIZED, placed.bill.reference, "auth-1", placed.bill.amount_minor, "EUR", "tr-1", "test")
    with transaction():
        orders.settle(db.session.get_one(Bill, placed.bill.id), reserved)
    play.wait(minutes=46)
    order = closes(play)
    assert (order.status, order.review_reason, play.shelf("mug")) == ("REVIEW", "authorized_only", (5, 1))
    assert db.session.scalars(select(DeskRow.reason)).all() == ["authorized_only"]


def test_pending_lasts_as_long_as_its_method_says(play):
    """The hold ends at the first such answer plus the window of the method, else of the shop. (ORD-02)."""
    play.shelves(mug=5)
    carol = comes_in(play)
    method = db.session.scalars(select(PaymentMethod).filter_by(code="card")).one()
    carol.get(f"/admin/payments/{method.id}")
    assert carol.press("Save method", {"Hours for payments on their way": "721"}).status == 400
    assert carol.press("Save method", {"Hours for payments on their way": "5"}).has("Saved.")
    placed = play.quick_order(mug=1)
    play.gateway_says("pending", placed.bill)
    until = play.last_order().hold_expires_at
    assert abs(until - clock.now() - timedelta(hours=5)) < timedelta(seconds=30)
    play.wait(hours=1)
    play.gateway_says("pending", placed.bill, event="again")
    assert play.last_order().hold_expires_at == until


# --- a question that breaks


class Broken(Sandbox):
    """A gateway whose answer breaks its translator."""

    def query(self, bill):
        raise RuntimeError("an answer that nobody thought of")

    query_many = query


def test_race_48_a_question_that_breaks_is_no_answer(play, monkeypatch):
    """Step by step like silence, then a person, then the deadline; the shopper's way back stands. (RACE-48, ORD-11)."""
    play.shelves(mug=5)
    placed = play.quickly_at_gateway(mug=1)
    monkeypatch.setitem(GATEWAYS, "sandbox", Broken)
    assert placed.shopper.get(play.return_path(placed.bill)).status == 200
    for _ in range(12):
        play.wait(minutes=46)
        assert play.run("close_unpaid_orders")["failed"] == 0
    order = play.last_order()
    assert (order.status, order.review_reason, play.shelf("mug")) == ("REVIEW", "gateway_silent", (5, 1))
    play.wait(days=8)
    play.run("decide_waiting_money")
    assert (play.last_order().status, play.shelf("mug")) == ("CANCELLED", (5, 0))
    assert db.session.scalars(select(DeskRow.status)).all() == ["DONE"]


def test_a_gateway_that_a_live_shop_refuses_keeps_no_order_open(play, monkeypatch):
    """A shop goes live with a test order waiting: its gateway cannot be asked, so its time ends it. (RAC-10)."""
    play.shelves(mug=5)
    placed = play.quickly_at_gateway(mug=1)
    monkeypatch.setitem(play.app.config, "LIVE", True)
    assert not payments.can_be_asked(placed.bill) and payments.ask(placed.bill) is None
    play.wait(minutes=46)
    assert closes(play).status == "CANCELLED" and play.shelf("mug") == (5, 0)


class Killed(BaseException):
    """The machine goes off: nothing catches this."""


def test_a_crash_after_the_gateway_was_told(play, monkeypatch):
    """An order left in NEW of which its gateway knows waits like any other: it is not just failed. (ACT-29, RAC-10)."""
    play.shelves(mug=5)
    basket = play.filled_basket(mug=1)
    monkeypatch.setattr(orders, "hold", lambda *args: (_ for _ in ()).throw(Killed()))
    with pytest.raises(Killed):
        play.confirm_basket(basket)
    monkeypatch.undo()
    assert play.gateway_says("pending", play.last_bill()) == 200 and play.last_order().status == "NEW"
    play.wait(minutes=6)
    order = closes(play)
    assert order.status == "HOLD" and order.hold_expires_at > clock.now() and play.shelf("mug") == (5, 1)
    assert play.gateway_says("paid", play.last_bill()) == 200 and play.last_order().status == "PROCESSING"


# --- many at once


def test_the_job_goes_on_until_all_are_closed(play, monkeypatch):
    """More orders than fit a batch are closed in one run; one that nobody answers for stays. (CLN-03, CLN-06)."""
    monkeypatch.setattr(finding, "BATCH", 2)
    play.shelves(mug=9)
    silent = play.quickly_at_gateway(mug=1)
    for _ in range(6):
        play.quick_order(mug=1)
    with transaction():
        play.session_of(silent.bill).unreachable = True
    play.wait(minutes=46)
    assert play.run("close_unpaid_orders") == {"rows": 7, "done": 6, "failed": 0}
    assert sorted(order.status for order in play.orders()) == ["CANCELLED"] * 6 + ["HOLD"]
    assert play.shelf("mug") == (9, 1)


def test_two_runs_of_the_job_at_once(play):
    """Two schedulers that close the same orders: each order once, nothing given back twice. (CLN-05, RACE-33)."""
    play.shelves(mug=9)
    for _ in range(5):
        play.quick_order(mug=1)
    play.wait(minutes=46)

    def run():
        with play.app.app_context():
            return jobs.run_once("close_unpaid_orders")

    counts = at_once(run, run)
    assert sum(count["done"] for count in counts) == 5 and not any(count["failed"] for count in counts)
    assert play.shelf("mug") == (9, 0)
