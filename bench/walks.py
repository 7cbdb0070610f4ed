"""Thousands of simulated purchases with whatever may happen in between; after each walk all books are looked at."""

import time
from collections import Counter

from storefront.kit import clock
from storefront.kit.db import db

import databases
from bookkeeping import check_books
from conftest import Shop
from play import Play
from walking import Walk, WideWalk, the_end_of_everything

EACH = 100  # purchases of one walk; then the shelves are filled anew


def measure(database, purchases: int = 10_000) -> dict:
    """How many purchases and deeds there were, and that no book was wrong. Raises AssertionError with the rows."""
    shop, counts, began, seeds = Shop(database.new()), Counter(), time.perf_counter(), 0
    try:
        while counts["buy"] < purchases:
            counts += _walk(shop, seeds)
            seeds += 1
    finally:
        clock.reset()
        shop.stop()
    return {
        "database": database.kind,
        "walks": seeds,
        "purchases": counts["buy"],
        "deeds": sum(counts.values()),
        "refused_in_words": sum(many for name, many in counts.items() if ": " in name),
        "forged": sum(many for name, many in counts.items() if name.endswith(" 400")),
        "broken_books": 0,
        "minutes": round((time.perf_counter() - began) / 60, 1),
    }


def _walk(shop, seed):
    with shop.app.app_context():
        databases.empty(db.engine)
        clock.reset()
        play = Play(shop.app, shop.url)
        play.shelves(mug=EACH, bowl=EACH, jug=EACH)
        walk = (Walk, WideWalk)[seed % 2](play, seed)
        while walk.counts.get("buy", 0) < EACH:
            walk.step()
        check_books(play)
        the_end_of_everything(play)
        play.end()
        db.session.remove()
        return Counter(walk.counts)
