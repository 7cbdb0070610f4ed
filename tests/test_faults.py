"""What is expected when things break: part 10 of the invariants, row by row, with faults that are real."""

import sqlite3
import threading
import time
from concurrent.futures import ThreadPoolExecutor
from contextlib import contextmanager

import psutil
import psycopg
import pytest
import requests
from sqlalchemy import make_url, select

from storefront import payments
from storefront.jobs import lease, runner
from storefront.jobs.schedule import BY_NAME
from storefront.kit import crash, http
from storefront.kit.db import db, transaction
from storefront.kit.errors import Unavailable
from storefront.payments.configs import MOST_CALLS
from storefront.payments.models import Bill, GatewayConfig

from badgateway import WAYS, BadGateway
from bookkeeping import check_books
from drill import rehearsal
from drill_stories import TO_GATEWAY, everything_settles, pay
from purchases import at_once
from served import Served

SHOPPERS_WAIT = 4  # seconds that somebody who comes back from paying has to look at nothing
GATEWAYS_WAIT = 2  # seconds: twice what is promised to a gateway, for a test machine that is busy


def gateway_moves(url):
    """The shop's calls to the sandbox gateway go to another address from now on."""
    with transaction():
        config = db.session.scalars(select(GatewayConfig).filter_by(name="sandbox")).one()
        config.properties = {**config.properties, "page": url}


def until(holds):
    """Wait for what another thread or process does."""
    end = time.monotonic() + 30
    while not holds():
        assert time.monotonic() < end, "waited in vain"
        time.sleep(0.02)


# --- the gateway


@pytest.mark.parametrize("way", WAYS)
@pytest.mark.usefixtures("right_books")
def test_the_way_back_never_hangs(play, way):
    """ERR-01, RET-07, INV-33: slow, down, nonsense or 6 MB: the page says that we wait; the notice settles it."""
    play.shelves(mug=5)
    placed = play.quickly_at_gateway(mug=1)
    with BadGateway(way) as broken:
        gateway_moves(broken.url)
        page = play.visitor().get(play.return_path(placed.bill), timeout=SHOPPERS_WAIT)
        assert page.steps == [303, 200] and page.heading == "We are still waiting for your bank"
        assert (play.last_order().status, play.last_bill().status) == ("HOLD", "REDIRECTED")
        assert play.gateway_says("paid", placed.bill) == 200
        assert play.last_order().status == "PROCESSING"


@pytest.mark.parametrize("way", ["dripping headers", "dripping body", "silent"])
def test_a_call_that_was_given_up_is_cut_off(context, way):
    """INV-33: nobody keeps listening to a server that sends a letter now and then: its place is free again."""
    with BadGateway(way) as broken:
        with pytest.raises(Unavailable):
            http.send("GET", broken.url, timeout=0.3)
        until(lambda: not broken.waiting)
        assert broken.calls == 1


def test_more_calls_than_places_are_refused_at_once(context, monkeypatch):
    """ERR-01: when every place is taken the next call is told so, and later there is room again."""
    monkeypatch.setattr("storefront.kit.deadline._places", threading.BoundedSemaphore(1))
    with BadGateway("silent") as broken, ThreadPoolExecutor(1) as other:
        first = other.submit(_refused, broken.url, context)
        until(lambda: broken.waiting)
        assert "Too many calls" in _refused(broken.url, context)
        assert "Too many calls" not in first.result(timeout=30)
        assert "Too many calls" not in _refused(broken.url, context)


def _refused(url, app):
    with app.app_context(), pytest.raises(Unavailable) as refusal:
        http.send("GET", url, timeout=0.5)
    return refusal.value.message


@pytest.mark.usefixtures("right_books")
def test_a_bounded_number_of_threads_waits_for_a_gateway(play):
    """ERR-01: of six who ask at once two wait at most, the others hear that it is slow; no answer is not "unpaid"."""
    play.shelves(mug=5)
    bill_id = play.quickly_at_gateway(mug=1).bill.id
    with BadGateway("silent") as broken:
        gateway_moves(broken.url)

        def ask():
            with play.app.app_context():
                return payments.ask(db.session.get_one(Bill, bill_id))

        assert at_once(*[ask] * 6) == [None] * 6
        assert 0 < broken.most <= MOST_CALLS


def test_browsing_goes_on_while_the_gateway_hangs(database, staged):
    """ERR-01: eight shoppers wait for a silent gateway; at most half of the threads do, and the window stays open."""
    with rehearsal("", database.copy(staged)) as drill, BadGateway("silent") as broken:
        drill.through(*TO_GATEWAY)
        bill = drill.play.last_bill()
        gateway_moves(broken.url)
        back = f"{drill.served.url}{drill.play.return_path(bill)}"
        with ThreadPoolExecutor(8) as shoppers:
            waiting = [shoppers.submit(requests.get, back, timeout=20, allow_redirects=False) for _ in range(8)]
            until(lambda: broken.waiting)
            for path in ("/", "/products/mug", "/cart", "/healthz"):
                assert requests.get(f"{drill.served.url}{path}", timeout=SHOPPERS_WAIT).status_code == 200
            assert {one.result().status_code for one in waiting} == {303}
        assert 0 < broken.most <= MOST_CALLS
        assert drill.play.gateway_says("paid", bill) == 200
        assert drill.play.last_order().status == "PROCESSING"
        check_books(drill.play)


# --- the database


@contextmanager
def locked(play, table="inbox_messages"):
    """Somebody else has the lock for as long as this lasts: all of SQLite, or one table of PostgreSQL."""
    url = make_url(play.app.config["SQLALCHEMY_DATABASE_URI"])
    if db.engine.dialect.name == "sqlite":
        other = sqlite3.connect(url.database, isolation_level=None, check_same_thread=False)
        other.execute("BEGIN IMMEDIATE")
    else:
        other = psycopg.connect(url.set(drivername="postgresql").render_as_string(hide_password=False))
        other.execute(f"LOCK TABLE {table} IN EXCLUSIVE MODE")
    try:
        yield
    finally:
        other.rollback()
        other.close()


@pytest.mark.usefixtures("right_books")
def test_a_notification_is_not_stored_while_the_database_is_locked(play):
    """NOT-06, INV-27: refused soon with 503 and Retry-After, nothing is stored; the next delivery has its effect."""
    play.shelves(mug=5)
    placed = play.quickly_at_gateway(mug=1)
    gateway = play.visitor("gateway")
    fields = play.message("paid", placed.bill)
    with locked(play):
        answer = gateway.post("/payments/sandbox/notify", data=fields, csrf=False, timeout=GATEWAYS_WAIT)
        assert answer.status == 503 and int(answer.headers["Retry-After"]) > 0
    assert play.outcomes() == []
    assert play.gateway_says("paid", placed.bill) == 200
    assert play.last_order().status == "PROCESSING"


@pytest.mark.usefixtures("right_books")
@pytest.mark.parametrize("proof", ["ok", "bad"])
def test_a_stored_notification_is_answered_though_the_lock_comes_then(play, monkeypatch, proof):
    """INV-27, RACE-31: stored, and its proof is enough for the answer; the job applies or rejects it."""
    play.shelves(mug=5)
    placed = play.quickly_at_gateway(mug=1)
    fields = play.message("paid", placed.bill) | ({"signature": "0" * 64} if proof == "bad" else {})
    held = []

    def take_the_lock(point):
        if point == "store_notification.after":
            held.append(locked(play))
            held[0].__enter__()

    monkeypatch.setattr(crash, "watcher", take_the_lock)
    gateway = play.visitor("gateway")
    try:
        answer = gateway.post("/payments/sandbox/notify", data=fields, csrf=False, timeout=GATEWAYS_WAIT)
    finally:
        held[0].__exit__(None, None, None)
    monkeypatch.setattr(crash, "watcher", None)
    assert answer.status == (200 if proof == "ok" else 400)
    assert play.outcomes() == ["RECEIVED"]
    play.wait(minutes=1)
    play.run("apply_waiting_messages")
    assert play.outcomes() == ["APPLIED" if proof == "ok" else "REJECTED"]
    assert play.last_order().status == ("PROCESSING" if proof == "ok" else "HOLD")


@pytest.mark.usefixtures("right_books")
def test_pages_are_read_while_the_database_is_locked(play):
    """INV part 10: what only reads goes on, what writes is 503 with Retry-After, and works when the lock is gone."""
    play.shelves(mug=5)
    placed = play.held_order(mug=1)
    alice = placed.shopper
    with locked(play, "carts"):
        for path in ("/", "/products/mug", "/cart", "/checkout/address", f"/orders/{placed.order.key}"):
            assert alice.get(path).status == 200
        alice.get("/products/mug")
        page = alice.press("Add to cart")
        assert page.status == 503 and int(page.headers["Retry-After"]) > 0 and page.has("very busy")
    alice.get("/products/mug")
    assert alice.press("Add to cart").status == 200
    assert play.in_cart(alice) == {"Mug": 2}


@pytest.mark.usefixtures("right_books")
@pytest.mark.only_on("postgresql")
def test_a_database_that_is_away_is_said_and_comes_back(play):
    """NOT-06, INV-27: pages and notifications are 503 with Retry-After, alive is not ready; then all goes on."""
    play.shelves(mug=5)
    placed = play.quickly_at_gateway(mug=1)
    fields, gateway, alice = play.message("paid", placed.bill), play.visitor("gateway"), play.visitor("alice")
    name = db.engine.url.database
    db.session.remove()  # the test itself holds no line that would break
    with _away(name):
        for path in ("/", "/products/mug", "/readyz"):
            page = alice.get(path)
            assert page.status == 503 and int(page.headers["Retry-After"]) > 0, path
        assert alice.get("/healthz").status == 200
        answer = gateway.post("/payments/sandbox/notify", data=fields, csrf=False, timeout=SHOPPERS_WAIT)
        assert answer.status == 503 and int(answer.headers["Retry-After"]) > 0
    assert alice.get("/").status == 200
    assert play.outcomes() == []
    assert play.gateway_says("paid", placed.bill) == 200
    assert play.last_order().status == "PROCESSING"


@contextmanager
def _away(name):
    """Nobody gets a connection to this database, and whoever had one has lost it."""
    url = db.engine.url.set(drivername="postgresql", database="postgres").render_as_string(hide_password=False)
    with psycopg.connect(url, autocommit=True) as server:
        server.execute(f"ALTER DATABASE {name} ALLOW_CONNECTIONS false")
        server.execute("SELECT pg_terminate_backend(pid) FROM pg_stat_activity WHERE datname = %s", (name,))
        try:
            yield
        finally:
            server.execute(f"ALTER DATABASE {name} ALLOW_CONNECTIONS true")


@pytest.mark.only_on("sqlite")
def test_nothing_is_promised_on_a_full_disk(database, staged):
    """INV-27: no byte more can be written: 503, nothing is half there; with room again everything goes on."""
    with rehearsal("", database.copy(staged), kind=Served) as drill:
        drill.through(*TO_GATEWAY)
        play, alice = drill.play, drill.alice
        bill, gateway = play.last_bill(), play.visitor("gateway")
        fields, before = play.message("paid", bill), drill.as_it_stands()
        db.session.remove()
        with _full_disk(drill.served):
            for _ in range(3):
                assert gateway.post("/payments/sandbox/notify", data=fields, csrf=False).status == 503
            for path in ("/products/mug", "/account/sign-in", "/search?q=mug", "/nowhere"):  # some for the first time
                page = alice.http.get(f"{drill.served.url}{path}", timeout=20)
                assert page.status_code in (200, 404, 503), path
            assert alice.post("/cart/lines", {"sku": "MUG", "quantity": "1"}, csrf=False).status in (400, 503)
        assert drill.as_it_stands() == before
        assert gateway.post("/payments/sandbox/notify", data=fields, csrf=False).status == 200
        assert play.last_order().status == "PROCESSING"
        drill.served.kill()
        drill.served.start()
        drill.through(everything_settles)
        check_books(play)


@contextmanager
def _full_disk(served):
    """Every file of the server's processes may grow no more: what a write beyond the end of a full disk meets."""
    processes = [psutil.Process(pid) for pid in served.workers()]
    before = [one.rlimit(psutil.RLIMIT_FSIZE) for one in processes]
    for one in processes:
        one.rlimit(psutil.RLIMIT_FSIZE, (4096, before[0][1]))
    try:
        yield
    finally:
        for one, room in zip(processes, before, strict=True):
            one.rlimit(psutil.RLIMIT_FSIZE, room)


# --- the machine


def test_a_reload_fails_no_request(database, staged):
    """INV part 10: HUP while people shop and pay: every request is answered, and what was begun goes on after it."""
    with rehearsal("", database.copy(staged), kind=Served) as drill:
        drill.through(*TO_GATEWAY)
        old, stop, seen = drill.served.workers(), threading.Event(), []

        def browse():
            while not stop.is_set():
                seen.append(requests.get(f"{drill.served.url}/products/mug", timeout=20).status_code)

        with ThreadPoolExecutor(3) as people:
            browsing = [people.submit(browse) for _ in range(3)]
            drill.served.reload()
            try:
                until(lambda: not drill.served.workers() & old)
            finally:
                stop.set()
            for one in browsing:
                one.result(timeout=30)
        assert set(seen) == {200}
        drill.alice.http.close()
        drill.workers = drill.served.workers()
        drill.through(pay, everything_settles)
        assert drill.play.last_order().status == "PROCESSING"
        check_books(drill.play)


@pytest.mark.usefixtures("right_books")
@pytest.mark.parametrize("days", [1, -1])
def test_race_47_a_clock_that_jumps_ends_no_order(play, days):
    """RACE-47, INV-17: a day either way: who is paying has as long as before, who has paid is not touched."""
    play.shelves(mug=5)
    paid, left = play.quickly_paid(mug=1), play.quickly_at_gateway(mug=1)
    before = left.order.hold_expires_at
    job = BY_NAME["close_unpaid_orders"]
    runner._fire(play.app, "one", job)
    play.wait(days=days)
    runner._fire(play.app, "one", job)
    runner._fire(play.app, "two", job)
    assert play.last_order().status == "HOLD"
    moved = play.last_order().hold_expires_at - before
    assert abs(moved.total_seconds() - days * 86400) < 60
    play.look_again()
    assert play.order_of(paid.bill).status == "PROCESSING"
    assert play.gateway_says("paid", left.bill) == 200
    assert play.last_order().status == "PROCESSING"


@pytest.mark.usefixtures("right_books")
def test_race_47_a_lease_from_the_future_is_free(play):
    """RACE-47: a clock that was set back leaves no lease that nobody can take until tomorrow."""
    play.shop()
    play.wait(days=1)
    assert lease.take("scheduler", "one", runner.LASTING)
    assert not lease.take("scheduler", "two", runner.LASTING)
    play.wait(days=-1)
    assert lease.take("scheduler", "two", runner.LASTING)
    assert not lease.take("scheduler", "one", runner.LASTING)


@pytest.mark.usefixtures("right_books")
def test_a_slow_minute_is_no_jump(play):
    """RACE-47: the watch stays quiet while time merely passes, and at its first look."""
    play.shop()
    watch = runner.CLOCKS["nobody yet"]
    assert not watch.jump() and not watch.jump()
    play.wait(seconds=90)
    assert not watch.jump()
    play.wait(minutes=3)
    assert watch.jump().total_seconds() == pytest.approx(180, abs=30)
    assert not watch.jump()
