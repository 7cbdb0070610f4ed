"""Ten thousand abandoned orders are closed while somebody goes on buying: how long, and how long do they wait?"""

import subprocess
import sys
import threading
import time
from contextlib import suppress
from datetime import timedelta

import psutil
import requests
from sqlalchemy import create_engine, select, text, update

from bench import goods, history
from bench.purchases import to_preview
from storefront.app import create_app
from storefront.kit import clock
from storefront.kit.db import db, transaction
from storefront.orders.models import Order

from served import ROOT, Served

ORDERS = 10_000
CLOSED = text("SELECT count(*) FROM orders WHERE close_reason = 'abandoned'")
HELD = text("SELECT sum(qty) FROM stock_reservations WHERE status = 'HELD'")


def measure(database, many: int = ORDERS) -> dict:
    """Seconds for all of them, the longest confirm of a shopper meanwhile, and the memory of the job."""
    url = database.new()
    served = Served(url, SCHEDULER="off").ready()
    served.run("bench.goods", "40")
    with served:
        for _ in range(3):  # every worker has served a purchase before anything is measured
            _confirm(served)
        alone = max(_confirm(served) for _ in range(5))
        served.run("bench.closing", str(many))
        waits, over = [], threading.Event()
        buyer = threading.Thread(target=_buy_until, args=(served, over, waits))
        buyer.start()
        seconds, memory = _close_all(served)
        over.set()
        buyer.join()
    engine = create_engine(url)
    with engine.connect() as connection:
        closed, held = connection.scalar(CLOSED), connection.scalar(HELD)
    engine.dispose()
    return {
        "database": database.kind,
        "orders": many,
        "closed": closed,
        "seconds": round(seconds, 1),
        "ms_each": round(seconds / many * 1000, 1),
        "confirms": len(waits),
        "longest_confirm_s": round(max(waits), 2),
        "confirm_alone_s": round(alone, 2),
        "memory_mb": f"{memory[0]:.0f} to {memory[-1]:.0f}",
        "still_held": int(held or 0),
    }


def _buy_until(served, over, waits):
    while not over.is_set():
        with suppress(requests.ConnectionError):  # a worker that has served its share is replaced by a new one
            waits.append(_confirm(served))


def _confirm(served):
    """How many seconds one press of "Confirm and pay" takes, from the press to the page that leaves."""
    shopper = to_preview(served.url, goods.SLUG.format(7))
    began = time.perf_counter()
    page = shopper.press("Confirm and pay")
    assert page.path.startswith("/pay/"), f"{page.status} on {page.path}"
    return time.perf_counter() - began


def _close_all(served):
    """The job in a process of its own; seconds without its start, and its memory in MB from then on."""
    command = [sys.executable, "-m", "bench.closing"]
    job = subprocess.Popen(command, cwd=ROOT, env=served.environment, stdin=subprocess.PIPE, stdout=subprocess.PIPE)
    assert job.stdin and job.stdout
    job.stdout.readline()  # it is up
    began, memory, seen = time.perf_counter(), [], psutil.Process(job.pid)
    job.stdin.close()
    while job.poll() is None:
        memory.append(seen.memory_info().rss / 1e6)
        time.sleep(0.2)
    assert job.returncode == 0
    return time.perf_counter() - began, memory


def abandon(many: int) -> None:
    """The last order that waits, so many times over, and all of these past their time."""
    with create_app().app_context():
        order_id = db.session.scalars(select(Order.id).filter_by(status="HOLD").order_by(Order.id.desc())).first()
        history.multiply(order_id, many, without=("ledger_entries", "inbox_messages"))
        history.stock_up(many)
        with transaction():
            over = {"hold_expires_at": clock.now() - timedelta(seconds=1)}
            db.session.execute(update(Order).where(Order.number.startswith("H1-")).values(**over))
        history.analyze()


def close() -> None:
    """Wait for a sign, then run the job."""
    from storefront import jobs

    with create_app().app_context():
        print("ready", flush=True)
        sys.stdin.read()
        counts = jobs.run_once("close_unpaid_orders")
        assert not counts["failed"], counts


if __name__ == "__main__":
    abandon(int(sys.argv[1])) if sys.argv[1:] else close()
