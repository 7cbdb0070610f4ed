"""What happens by itself: once, in time, by one scheduler or by two, and never against money."""

import logging
from datetime import timedelta
from itertools import pairwise

import pytest
from sqlalchemy import func, select, update

from storefront import checkout, jobs, orders, payments
from storefront.cart.models import Cart
from storefront.jobs import each, lease, runner
from storefront.jobs.models import JobLease, JobRun
from storefront.jobs.schedule import SCHEDULE
from storefront.kit import clock, events
from storefront.kit.db import db, transaction
from storefront.kit.errors import NotFound
from storefront.orders.models import Order, OrderNote, OrderTombstone
from storefront.payments.gateways.base import Message
from storefront.payments.models import Bill, InboxMessage, PaymentMethod
from storefront.stock.models import StockMovement

from purchases import at_once

pytestmark = pytest.mark.usefixtures("right_books")
MINUTE = timedelta(minutes=1)


def ordered(play, **goods):
    """Somebody's order that waits for its money."""
    play.shelves(mug=5)
    return play.quick_order(**(goods or {"mug": 2}))


def left(play, **goods):
    """The same, and the shopper is on the gateway's page."""
    play.shelves(mug=5)
    return play.quickly_at_gateway(**(goods or {"mug": 2}))


def wait_until(play, moment, before=timedelta(0)):
    """Let time pass until so shortly before a moment."""
    play.wait(seconds=(moment - clock.now() - before).total_seconds())


# --- who runs


def test_one_holder_at_a_time(play):
    """CLN-05, rule 33: of two holders one wins; a lease that ran out is taken over."""
    assert lease.take("scheduler", "one", 30 * MINUTE / 60)
    assert not lease.take("scheduler", "two", MINUTE)
    assert lease.take("scheduler", "one", MINUTE)  # renewed
    play.wait(seconds=61)
    assert lease.take("scheduler", "two", MINUTE)
    assert not lease.take("scheduler", "one", MINUTE)


def test_many_take_the_lease_at_once(play):
    """CLN-05: eight threads, one of them gets it; the first row of all included."""

    def take(name):
        with play.app.app_context():
            return lease.take("scheduler", name, MINUTE)

    assert sum(at_once(*(lambda n=n: take(f"worker-{n}") for n in range(8)))) == 1
    play.wait(seconds=61)
    assert sum(at_once(*(lambda n=n: take(f"worker-{n}") for n in range(8)))) == 1
    assert play.rows_of(JobLease) == 1


def test_race_33_a_scheduler_without_the_lease_does_nothing(play):
    """Rule 33, invariant 43: it looks at the lease before each run. RACE-33."""
    ordered(play)
    play.wait(minutes=46)
    job = next(job for job in SCHEDULE if job.name == "close_unpaid_orders")
    lease.take(runner.LEASE, "the other", MINUTE)
    runner._fire(play.app, "this one", job)
    assert play.last_order().status == "HOLD"
    runner._fire(play.app, "the other", job)
    assert play.last_order().status == "CANCELLED"


def test_the_heartbeat_tells_its_age(play):
    """ROL-08: from the lease, by the database's clock."""
    assert jobs.heartbeat_age() is None
    runner._beat(play.app, "one")
    play.wait(seconds=90)
    play.look_again()
    assert timedelta(seconds=89) < jobs.heartbeat_age() < timedelta(seconds=99)


def test_a_day_leaves_its_runs(play):
    """ROL-08, CLN-06: what was missed while nobody was there happens at the next start; the runs are written down."""
    ordered(play)
    play.wait(days=1)
    with play.app.app_context():
        jobs.run_overdue()
    assert play.last_order().status == "CANCELLED"
    runs = {run.job: run for run in db.session.scalars(select(JobRun))}
    assert {"close_unpaid_orders", "remove_failed_orders", "remove_stale_carts", "deliver_events"} <= set(runs)
    run = runs["close_unpaid_orders"]
    assert run.counts == {"rows": 1, "done": 1, "failed": 0} and run.ended >= run.started and not run.error

    before = play.rows_of(JobRun)
    play.run("refresh_sold_out")
    with play.app.app_context():
        jobs.run_overdue()  # the daily ones have just run
    again = [run.job for run in db.session.scalars(select(JobRun).order_by(JobRun.id))][before:]
    assert "remove_failed_orders" not in again and "remove_stale_carts" not in again
    play.wait(days=1, minutes=1)
    with play.app.app_context():
        jobs.run_overdue()
    play.look_again()
    assert db.session.scalar(select(func.count()).select_from(JobRun).filter_by(job="remove_stale_carts")) == 2


def test_daily_jobs_run_once_a_day(play):
    """CLN-05: looked at every hour, run when a day has passed."""
    job = next(job for job in SCHEDULE if job.name == "remove_stale_carts")
    assert runner._is_due(job)
    play.run(job.name)
    play.wait(hours=23)
    assert not runner._is_due(job)
    play.wait(hours=1)
    assert runner._is_due(job)


def test_runs_are_not_kept_for_ever(play):
    """The list of runs stays short, and a quick job leaves a row only when it did something."""
    play.run("deliver_events")
    assert play.rows_of(JobRun) == 0
    for _ in range(3):
        play.run("close_unpaid_orders")
        play.wait(days=8)
    assert play.rows_of(JobRun) == 1


def test_a_job_that_breaks_says_so(play, monkeypatch, caplog):
    """CLN-06: the error is in its run, and the next job goes on."""
    monkeypatch.setattr(orders, "overdue", lambda last: 1 / 0)
    with caplog.at_level(logging.CRITICAL):
        assert play.run("close_unpaid_orders") == {}
    (run,) = db.session.scalars(select(JobRun))
    assert "ZeroDivisionError" in run.error and run.ended
    monkeypatch.undo()
    play.run("close_unpaid_orders")


def test_the_commands(play):
    """ROL-08: `flask jobs list` tells the table, `flask jobs once` runs one, an unknown name is refused in words."""
    ordered(play)
    play.wait(minutes=46)
    commands = play.app.test_cli_runner()
    listed = commands.invoke(args=["jobs", "list"])
    assert listed.exit_code == 0 and all(job.name in listed.output for job in SCHEDULE)
    done = commands.invoke(args=["jobs", "once", "close_unpaid_orders"])
    assert (done.exit_code, done.output) == (0, "1 rows, 1 done, 0 failed\n")
    unknown = commands.invoke(args=["jobs", "once", "nothing"])
    assert unknown.exit_code == 1 and "There is no job called nothing." in unknown.output
    assert play.last_order().status == "CANCELLED"
    with pytest.raises(NotFound):
        jobs.run_once("nothing")


# --- orders that nobody paid


def test_the_hold_ends_with_window_and_grace(play):
    """Open until the last second, closed after it, goods back once.

    Proves CLN-03, CLN-04, RAC-09, RAC-10, ORD-02, STK-02, STK-06, INV-23, RULE-05.
    """
    placed = ordered(play)
    order = placed.order
    assert abs((order.hold_expires_at - order.placed_at).total_seconds() - 45 * 60) < 5
    wait_until(play, order.hold_expires_at, before=timedelta(seconds=2))
    play.run("close_unpaid_orders")
    assert (play.last_order().status, play.shelf("mug")) == ("HOLD", (5, 2))
    play.wait(seconds=3)
    for _ in range(2):
        play.run("close_unpaid_orders")
    order = play.last_order()
    assert (order.status, order.close_reason, play.shelf("mug")) == ("CANCELLED", "abandoned", (5, 0))
    assert order.closed_at and play.bills(order)[0].status == "EXPIRED"
    assert play.cart_lines(order) == {"MUG": 2}
    released = [event for event in events.of_order(order.id) if event.type == "STOCK_RELEASED"]
    assert len(released) == 1
    last = events.of_order(order.id)[-1]
    assert (last.actor_kind, last.actor) == ("job", "close_if_unpaid")


def test_the_windows_come_from_the_settings(play):
    """CLN-03: window and grace are the shop's own."""
    play.shelves(mug=5)
    play.shop(payment_window_min=10, hold_grace_min=5)
    play.quick_order(mug=1)
    play.wait(minutes=14)
    play.run("close_unpaid_orders")
    assert play.last_order().status == "HOLD"
    play.wait(minutes=2)
    play.run("close_unpaid_orders")
    assert play.last_order().status == "CANCELLED"


def test_failed_when_the_last_attempt_failed(play):
    """CLN-01, ORD-08, ORD-09: FAILED after a declined card; CANCELLED when nobody answered."""
    declined, silent = ordered(play), ordered(play)
    play.gateway_says("declined", declined.bill, reason="card_declined")
    play.wait(minutes=46)
    play.run("close_unpaid_orders")
    ends = [(play.order_of(one.bill).status, play.order_of(one.bill).close_reason) for one in (declined, silent)]
    assert ends == [("FAILED", "payment_failed"), ("CANCELLED", "abandoned")]


def test_a_payment_whose_notice_was_lost_is_found(play):
    """The gateway is asked before the goods go back: paid, though no notice came. (CLN-08, RAC-10, RACE-19)."""
    placed = left(play)
    placed.shopper.press("Pay", scenario="down")
    play.gateway_is_back()
    play.wait(minutes=46)
    assert play.run("close_unpaid_orders") == {"rows": 1, "done": 0, "failed": 0}
    assert (play.last_order().status, play.shelf("mug")) == ("PROCESSING", (5, 2))
    assert play.outcomes() == ["NO_EFFECT", "APPLIED"]
    play.both_books_agree()


def test_quiet_bills_are_asked_about_in_time(play):
    """CLN-08: after 5, 15 and 30 minutes and then every hour, not in between, and never once it is settled."""
    placed = left(play)
    play.shop(payment_window_min=600)
    asked = []
    for minute in range(0, 160, 4):
        play.wait(minutes=4)
        if play.run("ask_about_quiet_bills")["rows"]:
            asked.append(minute + 4)
    assert asked[:3] == [8, 16, 32] and len(asked) <= 6, asked
    assert play.bills(placed.order)[0].status == "EXPIRED"  # the gateway's own session had an end


def test_race_48_silence_prolongs_in_steps_and_then_calls_a_person(play):
    """No answer is not "unpaid": goods are kept, step by step, then REVIEW with an alarm. (RACE-48, ORD-11)."""
    placed = left(play)
    placed.shopper.press("Pay", scenario="down")
    play.run("deliver_events")
    ends = []
    for _ in range(12):
        if play.last_order().status != "HOLD":
            break
        ends.append(play.last_order().hold_expires_at)
        wait_until(play, ends[-1], before=timedelta(seconds=-1))
        play.run("close_unpaid_orders")
    steps = [later - earlier for earlier, later in pairwise(ends)]
    assert len(steps) == 8 and all(14 * MINUTE < step < 17 * MINUTE for step in steps)
    order = play.last_order()
    assert (order.status, order.review_reason, play.shelf("mug")) == ("REVIEW", "gateway_silent", (5, 2))
    play.run("deliver_events")
    assert play.letters()[1:] == [
        f"The Test Shop: we are checking your payment for order {order.number}",
        "The Test Shop: a payment needs you",
    ]
    page = play.visitor().get(f"/orders/{order.key}")
    assert page.has("We are checking your payment") and not page.has("is paid")

    play.gateway_is_back()
    play.wait(minutes=2)
    play.run("ask_about_quiet_bills")
    assert (play.last_order().status, play.last_order().review_reason) == ("PROCESSING", "")
    play.both_books_agree()


def test_race_48_a_gateway_that_answers_again_lets_the_order_close(play):
    """Silent for a while, then "nobody paid": the order is closed. (RACE-48)."""
    left(play)
    play.gateway_is_away()
    play.wait(minutes=46)
    play.run("close_unpaid_orders")
    assert (play.last_order().status, play.last_order().prolonged) == ("HOLD", 1)
    play.gateway_is_back()
    play.wait(minutes=16)
    play.run("close_unpaid_orders")
    assert (play.last_order().status, play.shelf("mug")) == ("CANCELLED", (5, 0))


def test_pending_keeps_the_goods_for_days(play):
    """ORD-02, rule 50: the gateway does not know yet; after the pending window a person looks."""
    placed = ordered(play)
    play.gateway_says("pending", placed.bill)
    play.wait(hours=71)
    play.run("close_unpaid_orders")
    assert (play.last_order().status, play.last_order().prolonged) == ("HOLD", 0)
    for _ in range(10):
        play.wait(hours=2)
        play.run("close_unpaid_orders")
    assert (play.last_order().status, play.shelf("mug")) == ("REVIEW", (5, 2))
    play.gateway_says("paid", placed.bill)
    assert play.last_order().status == "PROCESSING"


def test_a_pending_payment_that_fails_gives_the_goods_back_soon(play):
    """Invariants 13 and 23: what was prolonged for a payment that did not come is cut back to one window."""
    placed = ordered(play)
    play.gateway_says("pending", placed.bill)
    play.gateway_says("declined", placed.bill, reason="insufficient_funds")
    play.wait(minutes=46)
    play.run("close_unpaid_orders")
    assert (play.last_order().status, play.shelf("mug")) == ("FAILED", (5, 0))


def test_an_order_with_a_message_to_apply_is_spared(play):
    """CLN-08, invariant 44: stored but not applied, whatever the reason; and not for ever without a person. INV-44."""
    placed = ordered(play)
    with transaction():
        payments.store_message("sandbox", "notify", Message("POST", f"reference={placed.bill.reference}", b""))
    play.wait(minutes=46)
    play.run("close_unpaid_orders")
    assert (play.last_order().status, play.shelf("mug")) == ("HOLD", (5, 2))
    play.run("apply_waiting_messages")  # it was forged
    assert play.outcomes() == ["REJECTED"]
    play.wait(minutes=16)
    play.run("close_unpaid_orders")
    assert play.last_order().status == "CANCELLED"


class Killed(BaseException):
    """The machine goes off: nothing catches this."""


@pytest.mark.parametrize("at", ["hold_goods", "open_bill", "hold"])
def test_a_crash_in_the_middle_is_cleaned_up(play, monkeypatch, at):
    """ORD-01, ACT-29, CLN-06, rule 30: an order left in NEW is failed after five minutes, its goods go back."""
    play.shelves(mug=5)
    basket = play.filled_basket(mug=2)
    owner = payments if at == "open_bill" else orders
    monkeypatch.setattr(owner, at, lambda *args, **kwargs: (_ for _ in ()).throw(Killed()))
    with pytest.raises(Killed):
        play.confirm_basket(basket)
    monkeypatch.undo()
    order = play.last_order()
    assert (order.status, play.shelf("mug")) == ("NEW", (5, 0 if at == "hold_goods" else 2))
    play.wait(minutes=4, seconds=55)
    play.run("close_unpaid_orders")
    assert play.last_order().status == "NEW"
    play.wait(seconds=10)
    play.run("close_unpaid_orders")
    order = play.last_order()
    assert (order.status, order.close_reason, play.shelf("mug")) == ("FAILED", "step_failed", (5, 0))
    assert play.cart_lines(order) == {"MUG": 2}
    play.run("deliver_events")
    assert play.letters() == []  # the shopper saw it on the page
    play.confirm_basket(db.session.get(Cart, order.cart_id))
    assert play.last_order().status == "HOLD"


def test_race_33_two_schedulers_have_one_effect(play):
    """RAC-09, CLN-05, RACE-33, invariant 43: every job in two threads at once: one close, one refund, one letter.

    INV-22, INV-43.
    """
    play.shelves(mug=50)
    unpaid = [play.quickly_at_gateway(mug=1) for _ in range(2)]
    paid = [play.quickly_paid(mug=1) for _ in range(2)]
    for placed in paid:
        play.ask_refund(placed.order, 100)
    play.wait(minutes=46)

    def run_all():
        with play.app.app_context():
            for name in ("close_unpaid_orders", "ask_about_quiet_bills", "send_refunds", "deliver_events"):
                jobs.run_once(name)
                db.session.remove()

    at_once(run_all, run_all, run_all)
    play.all_jobs()
    assert [play.order_of(one.bill).status for one in unpaid] == ["CANCELLED"] * 2
    assert [play.order_of(one.bill).refunded_minor for one in paid] == [100, 100]
    letters = play.letters()
    assert sorted(letters) == sorted(set(letters)) and len(letters) == 2 + 2 + 2
    assert [play.session_of(one.bill).refunded_minor for one in paid] == [100, 100]
    play.both_books_agree()
    assert play.shelf("mug") == (50, 2)


def test_race_19_closing_and_paying_at_once(play):
    """Hold end and success in the same moment: paid, or closed and then revived; never both. (RACE-19, RAC-09)."""
    for _ in range(3):
        placed = ordered(play, mug=1)
        play.wait(minutes=46)
        server = play.visitor()
        fields = play.message("paid", placed.bill)

        def close():
            with play.app.app_context():
                return jobs.run_once("close_unpaid_orders")

        counts, page = at_once(close, lambda fields=fields, server=server: play.notify(fields, server))
        assert page.status == 200 and not counts["failed"]
        assert play.order_of(placed.bill).status == "PROCESSING"
        assert play.captured(placed.order) == placed.order.due_minor
    assert play.shelf("mug") == (5, 3)


def test_one_bad_row_does_not_stop_the_rest(play, caplog):
    """CLN-06, invariant 45: many orders in one transaction, and when one breaks it, each in one of its own. INV-45."""
    placed = [ordered(play, mug=1) for _ in range(3)]
    ids = [one.order.id for one in placed]
    play.wait(minutes=46)

    def close_if_unpaid(*order_ids):
        closed = orders.close_if_unpaid(*order_ids)
        if ids[1] in order_ids:
            raise RuntimeError("this one is broken")
        return closed

    with caplog.at_level(logging.CRITICAL), play.app.app_context():
        assert each.at_once(ids, close_if_unpaid) == {"rows": 3, "done": 2, "failed": 1}
    assert [play.order_of(one.bill).status for one in placed] == ["CANCELLED", "HOLD", "CANCELLED"]
    assert play.run("close_unpaid_orders") == {"rows": 1, "done": 1, "failed": 0}
    assert play.shelf("mug") == (5, 0)


# --- the clean-up of what has ended


def closed(play, **goods):
    """An order that was closed, whose time to be kept is over."""
    placed = ordered(play, **goods)
    play.wait(minutes=46)
    play.run("close_unpaid_orders")
    return placed


def test_worthless_orders_are_removed_with_a_tombstone(play):
    """CLN-02, CLN-07, RAC-14, invariant 18: after its time, with number, dates, reason, sum and references kept.

    INV-18.
    """
    placed = closed(play)
    number, total, reference = placed.order.number, placed.order.total_minor, placed.bill.reference
    closed_at = play.last_order().closed_at
    play.run("deliver_events")
    play.wait(days=29, hours=23)
    play.run("remove_failed_orders")
    assert play.rows_of(Order) == 1
    play.wait(hours=2)
    play.run("remove_failed_orders")
    assert play.rows_of(Order) == play.rows_of(Bill) == 0
    stone = db.session.get(OrderTombstone, number)
    assert (stone.total_minor, stone.currency, stone.reason, stone.references) == (
        total,
        "EUR",
        "abandoned",
        [reference],
    )
    assert stone.closed_at == closed_at and stone.placed_at < closed_at
    orphans = {name: rows for name, rows in play.tables().items() if name.startswith("order_") and rows}
    assert set(orphans) == {"order_tombstones"}, orphans
    assert play.shelf("mug") == (5, 0)


def test_money_for_a_removed_order_is_kept(play):
    """Rule 44, invariant 32: late money finds no order: UNMATCHED, 2xx, the tombstone knows its reference."""
    placed = closed(play)
    fields, address = play.message("paid", placed.bill), play.return_path(placed.bill)
    play.wait(days=31)
    play.run("remove_failed_orders")
    assert play.notify(fields).status == 200
    assert play.outcomes() == ["UNMATCHED"]
    assert play.visitor().get(address).status == 404
    (stone,) = db.session.scalars(select(OrderTombstone))
    assert fields["reference"] in stone.references


@pytest.mark.parametrize("trace", ["money", "refunded", "note", "unapplied", "review"])
def test_what_saw_money_or_a_person_is_kept(play, trace):
    """CLN-02, rule 44: an order with a ledger entry, a note or an unanswered message is never removed. INV-18."""
    if trace in ("money", "refunded"):
        placed = ordered(play)
        play.gateway_says("paid", placed.bill)
        with transaction():
            orders.cancel_by_merchant(placed.order.id, "otto")
    else:
        placed = closed(play)
    if trace == "review":
        play.shop(late_policy="quarantine")
        play.gateway_says("paid", placed.bill)
    elif trace == "note":
        with transaction():
            db.session.add(OrderNote(order_id=placed.order.id, text="Rang twice.", actor="otto", at=clock.now()))
    elif trace == "unapplied":
        with transaction():
            payments.store_message("sandbox", "return", Message("GET", "", b""), placed.bill.id)
    play.wait(days=365)
    assert play.run("remove_failed_orders")["failed"] == 0
    assert play.rows_of(Order) == 1 and play.rows_of(OrderTombstone) == 0


def test_a_removed_order_leaves_its_neighbours(play):
    """Invariant 18: an order that it replaced, or that replaced it, and the cart, stay whole."""
    play.shelves(mug=5)
    basket = play.filled_basket(mug=1)
    first = play.confirm_basket(basket)
    with transaction():
        db.session.execute(update(Cart).values(email="other@example.com", version=Cart.version + 1))
    second = play.confirm_basket(db.session.get(Cart, first.cart_id))
    assert play.orders()[0].superseded_by_order_id == second.id
    play.gateway_says("paid", play.bills(second)[0])
    play.wait(days=31)
    assert play.run("remove_failed_orders") == {"rows": 1, "done": 1, "failed": 0}
    (left_over,) = play.orders()
    assert (left_over.status, left_over.supersedes_order_id) == ("PROCESSING", None)


def test_stale_carts_go_and_carts_with_an_open_order_stay(play):
    """CRT-18: abandoned after their time, removed a month later; never while something is being paid."""
    play.shelves(mug=5)
    lonely = play.filled_basket(mug=1).id
    placed = play.quick_order(mug=1)
    empty = play.filled_basket().id
    paying = placed.order.cart_id
    play.wait(hours=7)
    play.run("remove_stale_carts")
    assert db.session.get(Cart, empty) is None
    assert {db.session.get(Cart, one).status for one in (lonely, paying)} == {"OPEN"}
    play.wait(days=31)
    play.run("remove_stale_carts")
    assert db.session.get(Cart, lonely).status == "ABANDONED"
    assert db.session.get(Cart, paying).status == "OPEN"
    play.wait(days=31)
    play.run("remove_stale_carts")
    assert db.session.get(Cart, lonely) is None
    assert db.session.get(Cart, paying) is not None
    play.gateway_says("paid", placed.bill)
    assert play.last_order().status == "PROCESSING"


def test_an_order_outlives_its_cart(play):
    """CRT-09: the cart's row may go; the order is whole."""
    placed = ordered(play)
    play.gateway_says("paid", placed.bill)
    play.wait(days=31)
    play.run("remove_stale_carts")
    assert play.rows_of(Cart) == 0
    assert play.last_order().cart_id is None and len(play.last_order().lines) == 1


# --- stock


def test_each_movement_has_its_cause(play):
    """STK-08, STK-09, invariant 19: held, sold, shipped, taken back: the movements explain both counters. INV-19."""
    play.shelves(mug=5)
    placed = play.quickly_paid(mug=2)
    with transaction():
        (shipment,) = play.last_order().shipments
        orders.ship(shipment.id, tracking="RR1")
    line = play.last_order().lines[0].id
    play.ask_refund(play.last_order(), 100, restock={line: 1})
    play.run("send_refunds")
    rows = db.session.execute(
        select(StockMovement.cause, StockMovement.delta_on_hand, StockMovement.delta_reserved).order_by(
            StockMovement.id
        )
    ).all()
    assert [tuple(row) for row in rows] == [("import", 5, 0), ("order", 0, 2), ("shipment", -2, -2), ("return", 1, 0)]
    assert play.holds(placed.order) == {"CONSUMED": 1, "RETURNED": 1}


@pytest.mark.parametrize("policy", ["reserve_on_confirm", "deduct_on_paid", "backorder", "untracked"])
def test_every_policy_returns_to_the_start(play, policy):
    """STK-01, STK-02, RAC-09: whatever the policy, an order that comes to nothing leaves the shelf as it was.

    INV-21, RULE-06.
    """
    play.shelves(mug=5, policy=policy)
    before = play.shelf("mug")
    for _ in range(3):
        play.quick_order(mug=2 if policy != "backorder" else 4)
        play.wait(minutes=46)
        play.run("close_unpaid_orders")
    assert play.shelf("mug") == before


# --- what changes meanwhile


def test_everything_may_change_while_somebody_pays(play):
    """RAC-13, rules 17, 18, 37 and 38: product, price, cart, shop and method change; the order is paid as confirmed."""
    placed = ordered(play)
    before = (placed.order.total_minor, placed.order.lines[0].title, placed.order.service_level)
    with transaction():
        variant = play.variant("mug")
        variant.active = False
        db.session.execute(update(PaymentMethod).values(active=False))
        db.session.execute(update(Cart).values(email="else@example.com"))
    play.reprice("mug", 9999)
    play.shop(name="Another Name", payment_window_min=5)
    assert play.gateway_says("paid", placed.bill) == 200
    order = play.last_order()
    assert (order.total_minor, order.lines[0].title, order.service_level) == before
    assert (order.status, order.payment_status) == ("PROCESSING", "PAID")


def test_asking_is_safe_beside_a_notification(play):
    """Rule 3: the poll and the notification meet on one bill, again and again, in two threads."""
    for _ in range(3):
        placed = left(play, mug=1)
        placed.shopper.press("Pay", scenario="down")
        play.gateway_is_back()
        fields, server = (
            play.message("paid", placed.bill, transaction=play.session_of(placed.bill).transaction),
            play.visitor(),
        )

        def ask(bill_id=placed.bill.id):
            with play.app.app_context():
                return checkout.ask_and_settle(bill_id)

        answered, page = at_once(ask, lambda fields=fields, server=server: play.notify(fields, server))
        assert answered and page.status == 200
        assert play.ledger_of(placed.bill) == {("captured", "EUR"): placed.order.due_minor}
    assert sorted(set(db.session.scalars(select(InboxMessage.outcome)))) == ["APPLIED", "DUPLICATE", "NO_EFFECT"]


def test_a_sent_order_is_completed_after_its_time(play):
    """ORD-06: a fortnight after it was sent nothing more is to be done; not a day earlier."""
    play.shelves(mug=5)
    order = play.paid_order(mug=1).order
    with transaction():
        orders.ship(order.shipments[0].id, tracking="X1")
    play.wait(days=13, hours=23)
    play.run("complete_orders")
    assert play.last_order().status == "SHIPPED"
    play.wait(hours=2)
    play.run("complete_orders")
    assert play.last_order().status == "COMPLETED"
