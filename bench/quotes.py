"""What a quote costs: 100 lines with 50 active promotions, and how it grows with the lines. CPU of this process."""

import shutil
import statistics
import tempfile
import time

from flask_migrate import upgrade
from sqlalchemy import event
from sqlalchemy.engine import Engine

from config import Config
from storefront import cart, promotions
from storefront.app import create_app
from storefront.cart import discounts
from storefront.cart.models import Cart
from storefront.kit.db import db, transaction

import stage
from play import Play

SIZES = (1, 25, 50, 100, 200)
PROMOTIONS = 50
ROUNDS = 40
KINDS = (  # condition, benefit: half of them apply
    ({"type": "sum", "least_minor": 2000}, {"type": "percent", "rate_ppm": 20_000, "skus": ["THING-1", "THING-7"]}),
    ({"type": "quantity", "least": 1}, {"type": "amount", "amount_minor": 1, "skus": ["THING-2"]}),
    ({"type": "region", "countries": ["FR"]}, {"type": "percent", "rate_ppm": 100_000}),
    ({"type": "goods", "skus": ["THING-3"], "least": 500}, {"type": "percent", "rate_ppm": 100_000}),
    ({"type": "sum", "least_minor": 10**9}, {"type": "free_shipping", "rate_ppm": 1_000_000}),
    ({"type": "quantity", "least": 1}, {"type": "buy_x_get_y", "buy": 3, "get": 1, "rate_ppm": 500_000}),
    ({"type": "first_order"}, {"type": "fixed_price", "each_minor": 900, "skus": ["THING-4", "THING-5"]}),
    ({"type": "dates", "weekdays": [0, 1]}, {"type": "amount", "amount_minor": 300}),
    ({"type": "sum", "least_minor": 1000}, {"type": "percent", "rate_ppm": 5_000}),
    ({"type": "region", "countries": ["IE"]}, {"type": "free_shipping", "rate_ppm": 10_000}),
)


def measure(database) -> list[dict]:
    """One row a size of cart: milliseconds of CPU and queries for a whole quote, and for the rules alone."""
    folder = tempfile.mkdtemp(prefix="shop-bench-")
    settings = {"DATABASE_URL": database.new(), "DATA_DIR": folder, "SECRET_KEY": "-", "LOG_LEVEL": "ERROR"}
    app = create_app(Config({**settings, "SCHEDULER": "off"}))
    try:
        with app.app_context(), app.test_request_context():
            upgrade()
            play = Play(app, "")
            _stock(play)
            return [_row(database, play, size) for size in SIZES]
    finally:
        with app.app_context():
            db.session.remove()
            db.engine.dispose()
        shutil.rmtree(folder, ignore_errors=True)


def _stock(play):
    play.shop(max_lines=max(SIZES))
    for start in range(0, max(SIZES), 50):
        with transaction():
            for number in range(start, min(start + 50, max(SIZES))):
                stage.put_on_shelf(f"thing_{number}", 10_000, price=1000 + number)
    with transaction():
        for number in range(PROMOTIONS):
            condition, action = KINDS[number % len(KINDS)]
            made = promotions.save(None, name=f"Offer {number}", priority=number)
            promotions.put_part(made.id, "conditions", None, condition)
            promotions.put_part(made.id, "actions", None, action)
            promotions.switch(made.id, True)


def _row(database, play, size):
    basket = play.filled_basket(**{f"thing_{number}": 1 + number % 3 for number in range(size)}).id
    whole, rules, queries = [], [], 0
    for _round in range(ROUNDS):
        db.session.remove()  # as a request begins
        with _Counted() as seen:
            began = time.process_time()
            quote = cart.quote(db.session.get(Cart, basket))
            whole.append(1000 * (time.process_time() - began))
        queries = seen.queries
        rules.append(_rules_alone(quote))
    return {
        "database": database.kind,
        "lines": size,
        "promotions": PROMOTIONS,
        "came": len(quote.promoted.applied),
        "takings": len(quote.promoted.takings),
        "quote_cpu_ms": round(statistics.median(whole), 2),
        "rules_cpu_ms": round(statistics.median(rules), 2),
        "queries": queries,
    }


def _rules_alone(quote):
    """The engine without any query: the same lines and rules once more."""
    standing = promotions.standing([], promotions.Who(), list)
    lines = discounts._lines(quote, standing)
    facts = discounts._facts(quote, standing, promotions.Who(), None, list)
    began = time.process_time()
    promotions.apply(lines, standing.rules, facts)
    return 1000 * (time.process_time() - began)


class _Counted:
    """Counts what is asked of the database meanwhile."""

    def __enter__(self):
        self.queries = 0
        event.listen(Engine, "before_cursor_execute", self._note)
        return self

    def __exit__(self, *error):
        event.remove(Engine, "before_cursor_execute", self._note)

    def _note(self, *_):
        self.queries += 1
