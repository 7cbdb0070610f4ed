"""Fifty shoppers confirm the last ten units in the same moment: ten get them, forty are told politely."""

import threading
from collections import Counter
from concurrent.futures import ThreadPoolExecutor

import requests
from sqlalchemy import create_engine, text

from bench import goods
from bench.purchases import to_preview

from served import Served

SHOPPERS, UNITS = 50, 10
HELD = text("SELECT count(*) FROM orders WHERE status = 'HOLD'")
RESERVED = text("SELECT sum(reserved) FROM stock")


def measure(database) -> dict:
    """What each of them saw, and what the books say."""
    url = database.new()
    served = Served(url).ready()
    served.run("bench.goods", "1", str(UNITS))
    with served:
        with ThreadPoolExecutor(8) as pool:
            shoppers = list(pool.map(lambda _: to_preview(served.url, goods.SLUG.format(0)), range(SHOPPERS)))
        start, seen = threading.Barrier(SHOPPERS), Counter()
        with ThreadPoolExecutor(SHOPPERS) as pool:
            for answer in pool.map(lambda shopper: _confirm(shopper, start), shoppers):
                seen[answer] += 1
        kept = sum("S" in (shopper.get("/cart").text) for shopper in shoppers)
    engine = create_engine(url)
    with engine.connect() as connection:
        held, reserved = connection.scalar(HELD), connection.scalar(RESERVED)
    engine.dispose()
    return {
        "database": database.kind,
        "shoppers": SHOPPERS,
        "units": UNITS,
        "orders": held,
        "units_held": int(reserved or 0),
        "carts_kept": kept,
        "answers": dict(sorted(seen.items())),
    }


def _confirm(shopper, start):
    shopper.broken_is_fine = True
    shopper.http.close()  # a connection that was idle too long may close in this very moment; browsers ask again
    start.wait()
    try:
        page = shopper.press("Confirm and pay")
    except requests.ConnectionError as error:
        return f"no answer ({type(error.args[0]).__name__})"
    return "left for the gateway" if page.path.startswith("/pay/") else f"{page.status} on {page.path}"
