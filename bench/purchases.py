"""Whole guest purchases over HTTP: from the product's page to a paid order, with the gateway's notification."""

import threading
import time

from bench import goods

from purchases import Purchases
from served import Served
from visitors import Visitor

SHOPPERS = 4


def measure(database, seconds: float) -> dict:
    """Purchases per second by a few shoppers at once, and what one costs the server."""
    served = Served(database.new()).ready()
    served.run("bench.goods", "40")
    with served:
        _shop_for(served, 2.0)
        before, began = served.cpu_seconds(), time.perf_counter()
        done = _shop_for(served, seconds)
        lasted, cpu = time.perf_counter() - began, served.cpu_seconds() - before
        return {
            "database": database.kind,
            "purchases": done,
            "per_second": round(done / lasted, 2),
            "cpu_ms": round(cpu / done * 1000),
            "memory_mb": round(served.memory_mb()),
        }


def _shop_for(served, seconds):
    until, done, errors = time.perf_counter() + seconds, [], []

    def shop(number):
        try:
            while time.perf_counter() < until:
                buy(served.url, goods.SLUG.format((number * 7 + len(done)) % 40))
                done.append(number)
        except Exception as error:
            errors.append(error)

    threads = [threading.Thread(target=shop, args=(number,)) for number in range(SHOPPERS)]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()
    if errors:
        raise errors[0]
    return len(done)


def buy(url: str, slug: str) -> None:
    """One guest buys one thing and is told that it is paid. Raises AssertionError if not."""
    shopper = to_preview(url, slug)
    shopper.press("Confirm and pay")
    shopper.press("Continue to payment page")
    page = shopper.press("Pay")
    for _ in range(100):
        if shopper.get(f"/orders/{page.path.split('/')[2]}/status").json()["payment"] == "PAID":
            return
        time.sleep(0.05)
    raise AssertionError(f"not paid: {page.path} {page.text[:300]}")


def to_preview(url: str, slug: str) -> Visitor:
    """A new guest with one thing in the cart, on the preview."""
    shopper, cast = Visitor(url), Purchases()
    cast.fill_cart(shopper, **{slug.replace("-", "_"): 1})
    cast.to_preview(shopper, City="Rīga", Postcode="LV-1001")
    return shopper
