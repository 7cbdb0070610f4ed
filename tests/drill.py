"""The drill: a real server dies at one commit of a purchase, is started again, and the story goes on.

When an act of a story dies, the server is started again without the fault, what the shop had acknowledged is looked
for, and the same act is done once more, as a shopper presses the button once more. At the end the books must be
those of a purchase in which nothing happened. `drill_stories.py` says which commit dies in which story.
"""

import shutil
import subprocess
import sys
import tempfile
import time
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

import requests
from flask_migrate import upgrade
from sqlalchemy import select

from config import Config
from forked import Forked
from storefront.app import create_app
from storefront.kit import clock
from storefront.kit.db import db
from storefront.orders.models import Order
from storefront.payments.models import Bill, InboxMessage, Refund
from storefront.stock.models import StockReservation

import counter
from play import Play
from served import ROOT, Served

KEY = "a key of tests and measurements"
JOB_ALONE = 60  # seconds that a job in a process of its own may take


class Died(Exception):
    """The process that was asked is not there any more."""


@dataclass
class Row:
    """One line of the drill's table."""

    point: str
    act: str = "nothing died"
    found: str = ""
    back_after: float = 0.0  # seconds from the death to the first answer of the restarted server
    end: str = ""


@dataclass
class Drill:
    """One story with one fault in it: the server, the cast that sees it from outside, and what was promised."""

    point: str
    served: Served
    play: Play
    in_a_job: bool = False  # the fault is armed in a job's process, not in the server
    row: Row = field(init=False)
    consumer: Any = None  # another system that is told, in the stories that have one
    promised: dict[str, object] = field(default_factory=dict)  # what pages have said, by the word for it

    def __post_init__(self):
        self.row = Row(self.point)
        self.workers = self.served.workers()
        self.alice = self.play.visitor("alice")
        self.carol = self.play.visitor("carol")

    def through(self, *acts: Callable[["Drill"], object]) -> None:
        """Do the acts one after the other; whichever dies is done once more after the restart."""
        for act in acts:
            try:
                act(self)
                self._look_for_the_dead()
            except (requests.ConnectionError, Died):
                assert not self.row.found, f"{act.__name__} died a second time: {self.served.log()[-2000:]}"
                self._start_again(act.__name__)
                act(self)

    def _look_for_the_dead(self):
        """Raises Died if the server's only worker is another than at the start: it may die without a visitor."""
        if not self.row.found and self.served.workers() != self.workers:
            raise Died("a worker")

    def job(self, name: str, **settings: str) -> None:
        """Run a job here; in a process of its own when it is the one to die. Raises Died."""
        if not self.in_a_job or self.row.found:
            self.play.run(name)
            return
        self.job_alone("jobs", "once", name, **settings)

    def job_alone(self, *command: str, **settings: str) -> None:
        """Run a flask command with the fault in it, in a process of its own. Raises Died."""
        environment = {**self.served.environment, "STOREFRONT_CRASH_AT": self.point, **settings}
        command = [sys.executable, "-m", "flask", *command]
        done = subprocess.run(command, cwd=ROOT, env=environment, capture_output=True, timeout=JOB_ALONE, check=False)
        if done.returncode == -9:
            raise Died(*command)

    def _start_again(self, act):
        """Kill what is left, look at what a crash left behind, start without the fault, and ask for what was said."""
        died = time.monotonic()
        if not self.in_a_job:
            self.served.kill()
            self.served.environment.pop("STOREFRONT_CRASH_AT", None)
            self.row.found = self.as_it_stands()
            self.served.start()
        self.row.act, self.row.found = act.replace("_", " "), self.row.found or self.as_it_stands()
        self.row.back_after = round(time.monotonic() - died, 1)
        self.keeps_its_word()

    def keeps_its_word(self) -> None:
        """Everything that a page has told somebody is still true."""
        if "cart" in self.promised:
            assert self.alice.http.get(f"{self.served.url}/cart/status", timeout=20).json()["count"] == 1 or self.sold
        if key := self.promised.get("order"):
            assert f"/orders/{key}" in self.alice.http.get(f"{self.served.url}/orders/{key}", timeout=20).url
        if self.promised.get("paid"):
            assert self.play.last_order().payment_status in ("PAID", "PARTIALLY_REFUNDED", "REFUNDED")

    @property
    def sold(self) -> bool:
        """Whether what was in the cart is on its way to its buyer."""
        return any(order.status == "PROCESSING" for order in self.play.orders())

    def as_it_stands(self) -> str:
        """What the database says at this moment, in a few words: order, bills, goods, messages, refunds."""
        self.play.look_again()
        kinds = {
            "order": select(Order.status).order_by(Order.id),
            "bill": select(Bill.status).order_by(Bill.id),
            "goods": select(StockReservation.status).order_by(StockReservation.id),
            "message": select(InboxMessage.outcome).order_by(InboxMessage.id),
            "refund": select(Refund.status).order_by(Refund.id),
        }
        told = ((kind, db.session.scalars(query).all()) for kind, query in kinds.items())
        return "; ".join(f"{kind} {', '.join(words)}" for kind, words in told if words) or "no order"


def stage_a_shop(url: str) -> None:
    """A shop with five mugs and an owner in an empty database: what every drill begins with."""
    folder = tempfile.mkdtemp(prefix="shop-drill-")
    app = _app(url, Path(folder), "http://127.0.0.1:1")
    with app.app_context():
        upgrade()
        Play(app, "").shelves(mug=5)
        counter.hire()
        db.session.remove()
        db.engine.dispose()
    shutil.rmtree(folder)


def rehearse(point: str, story: Callable[[Drill], None], url: str, *, in_a_job: bool = False) -> Row:
    """Play a story on this database with this fault, and end in right books; gives the table's line."""
    with rehearsal(point, url, in_a_job=in_a_job) as drill:
        story(drill)
        drill.row.end = drill.as_it_stands()
    return drill.row


@contextmanager
def rehearsal(
    point: str, url: str, *, in_a_job: bool = False, kind: type[Served] = Forked, **settings: str
) -> Iterator[Drill]:
    """The served shop with this fault ("" for none) and these settings, and the cast.

    `kind` is Served where it matters that a server has read nothing before it starts.
    """
    fault = {"STOREFRONT_CRASH_AT": point} if point and not in_a_job else {}
    served = kind(url, workers=1, SCHEDULER="off", SECRET_KEY=KEY, **fault, **settings)
    app = _app(url, served.folder, served.url)
    clock.reset()
    with served, app.app_context():
        play = Play(app, served.url)
        drill = Drill(point, served, play, in_a_job)
        try:
            yield drill
        finally:
            served.kill()
            play.end()
            db.session.remove()
            db.engine.dispose()
            clock.reset()


def _app(url, folder, public_url):
    settings = {"DATABASE_URL": url, "DATA_DIR": str(folder), "PUBLIC_URL": public_url, "SECRET_KEY": KEY}
    quiet = {"SCHEDULER": "off", "LOG_LEVEL": "WARNING", "RATELIMIT_ENABLED": "0"}  # limits are for all of a process
    return create_app(Config({**settings, **quiet}))
