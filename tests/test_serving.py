"""The shop as it is really served: gunicorn, several workers, one scheduler, and a clean end.

Proves ROL-08 as far as one lease among several workers goes, and invariants 10 (killed and started again).
"""

import json
import signal
import time

import psutil
import requests
from sqlalchemy import create_engine, text

from storefront.kit.db import transaction

import stage
from conftest import Shop
from served import Served


def eventually(true, seconds=30):
    """Wait until something that happens by itself has happened; what it was."""
    until = time.monotonic() + seconds
    while not (found := true()) and time.monotonic() < until:
        time.sleep(0.1)
    assert found, "it never happened"
    return found


def test_the_shop_is_served_and_killed_and_served_again(database):
    """Two workers answer, one scheduler works; killed with -9 all is there again; told to stop it ends well."""
    url = a_small_shop(database)
    with Served(url, LOG_LEVEL="INFO") as shop:
        home = requests.get(shop.url, timeout=20)
        assert home.status_code == 200
        assert "The Test Shop" in home.text
        assert eventually(lambda: requests.get(f"{shop.url}/readyz", timeout=20).status_code == 200)
        figures = requests.get(f"{shop.url}/metrics", timeout=20).text
        assert 'shop_requests_total{endpoint="catalog.home",method="GET",status="200"} 1.0' in figures
        assert one_holder(url)
        welcome = eventually(lambda: "The shop is open" in shop.log() and shop.log())
        assert f"{shop.url}/admin/" in welcome

        shop.kill()
        assert gone(shop)
        began = time.monotonic()
        shop.start()
        assert time.monotonic() - began < SOON
        assert requests.get(f"{shop.url}/products/mug", timeout=20).status_code == 200

        shop.process.send_signal(signal.SIGTERM)
        assert shop.process.wait(60) == 0
        told = [json.loads(line) for line in shop.log().splitlines() if line.startswith("{")]
        assert any(line["message"].startswith("GET / 200") for line in told)
        assert [line.get("trace", line["message"]) for line in told if line["level"] == "error"] == []


SOON = 10  # seconds, as the manual promises


def a_small_shop(database):
    """The address of a database with one product in it."""
    url = database.new()
    shop = Shop(url)
    with shop.app.app_context(), transaction():
        stage.open_shop()
        stage.put_on_shelf("mug", 5)
    shop.stop()
    return url


def one_holder(url):
    """The lease has one row, so only one of the workers runs the jobs."""
    engine = create_engine(url)
    with engine.connect() as connection:
        count = connection.scalar(text("SELECT count(*) FROM job_leases WHERE job = 'scheduler'"))
    engine.dispose()
    return count == 1


def gone(shop):
    """Whether no process of it is left."""
    return eventually(lambda: not psutil.pid_exists(shop.process.pid) or shop.process.poll() is not None)
