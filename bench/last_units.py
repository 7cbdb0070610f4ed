"""Many shoppers confirm the last ten units in the same moment: ten get them, the others are told politely."""

import threading
from collections import Counter
from concurrent.futures import ThreadPoolExecutor

import requests
from sqlalchemy import create_engine, text

from served import Served
from visitors import Visitor

UNITS = 10
HELD = text("SELECT count(*) FROM orders WHERE status = 'HOLD'")
RESERVED = text("SELECT sum(reserved) FROM stock")


def measure(database, shoppers: int = 50, rounds: int = 1) -> dict:
    """What each of them saw, and what the books say after the last round; each round has goods of its own."""
    url, seen, kept, sold = database.new(), Counter(), 0, []
    served = Served(url).ready()
    served.run("bench.goods", str(rounds), str(UNITS))
    engine = create_engine(url)
    with served:
        for number in range(rounds):
            people = _at_the_preview(served, f"B-{number}-S", shoppers)
            seen += _all_at_once(people)
            kept += _still_full(people)
            with engine.connect() as connection:
                sold.append(connection.scalar(HELD) - sum(sold))
    with engine.connect() as connection:
        reserved = connection.scalar(RESERVED)
    engine.dispose()
    return {
        "database": database.kind,
        "shoppers": shoppers,
        "units": UNITS,
        "rounds": rounds,
        "sold_each_round": f"{min(sold)}-{max(sold)}",
        "units_held": int(reserved or 0),
        "carts_kept": kept,
        "answers": dict(sorted(seen.items())),
    }


def _at_the_preview(served, sku, many):
    """So many shoppers who see the preview; their carts were filled behind the scenes, for the time it saves."""
    cookies = served.run("bench.baskets", sku, str(many)).split()
    with ThreadPoolExecutor(8) as pool:
        return list(pool.map(lambda cookie: _shopper(served.url, cookie), cookies))


def _shopper(url, cookie):
    shopper = Visitor(url)
    shopper.http.cookies.set("cart", cookie)
    shopper.get("/checkout/preview")
    shopper.broken_is_fine = True
    shopper.http.close()  # a connection that was idle too long may close in this very moment; browsers ask again
    return shopper


def _all_at_once(people):
    start, seen = threading.Barrier(len(people)), Counter()
    with ThreadPoolExecutor(len(people)) as pool:
        for answer in pool.map(lambda shopper: _confirm(shopper, start), people):
            seen[answer] += 1
    return seen


def _confirm(shopper, start):
    start.wait()
    try:
        page = shopper.press("Confirm and pay")
    except requests.RequestException as error:
        return f"no answer ({type(error).__name__})"
    return "left for the gateway" if page.path.startswith("/pay/") else f"{page.status} on {page.path}"


def _still_full(people):
    def is_full(shopper):
        shopper.http.close()
        return "Go to checkout" in shopper.get("/cart").text

    with ThreadPoolExecutor(8) as pool:
        return sum(pool.map(is_full, people))
