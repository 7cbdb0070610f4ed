"""What an extension is handed: every way in which it may add to the shop. A name belongs to whoever takes it first.

Nothing happens while an extension registers: what it adds is written down, and fitted in when all have spoken.
"""

from collections.abc import Callable, MutableMapping
from dataclasses import dataclass
from datetime import timedelta
from difflib import get_close_matches
from typing import Any

from flask import Flask

from storefront import notices, proof, shipping
from storefront.admin import wording
from storefront.cart.models import Cart
from storefront.extensions.placing import Place, put_into_list
from storefront.jobs import schedule
from storefront.kit import hooks
from storefront.kit.db import db
from storefront.kit.events import OrderEvent
from storefront.kit.recipes import Step, nothing
from storefront.orders.models import Order
from storefront.payments.gateways import GATEWAYS
from storefront.payments.gateways.base import Gateway
from storefront.promotions.benefits import BENEFITS, Benefit
from storefront.promotions.conditions import CONDITIONS, Condition

PLACED = ("ORDER_HELD", "ORDER_RELEASED")  # an order leaves NEW by one of these, once


@dataclass(frozen=True)
class Addition:
    """Something that an extension adds: what it is, its name, and how it is fitted into an application."""

    extension: str
    what: str
    name: str
    fit: Callable[[Flask], None]


class Shop:
    """The shop as an extension sees it while it registers. Each verb adds one thing."""

    def __init__(self, extension: str):
        self.extension = extension
        self.additions: list[Addition] = []

    def step(
        self,
        kind: str,
        do: Callable[..., None],
        *,
        undo: Callable[..., None] = nothing,
        needs: tuple[str, ...] = (),
        place: Place | None = None,
    ) -> None:
        """A step of the checkout for the list `kind` (CHECKOUT_SETUP …), called by its function's name.

        It stands before, after or instead of another one; without a place where its list ends: before the bill, before
        the event. A list that the environment gives is left as it is.
        """
        place = place or Place()
        step = Step(kind, do, undo, needs, instead_of=place.instead_of)
        self._add("step", do.__name__, lambda app: put_into_list(app, step, place))

    def pre_checkout(self, handler: Callable[[Cart], None]) -> None:
        """Called with the cart before anything else of a checkout; what it raises (a ShopError) ends the checkout."""
        self._add("pre_checkout", handler.__name__, lambda app: hooks.add(app, "pre_checkout", handler))

    def pre_order_persist(self, handler: Callable[[Order], None]) -> None:
        """Called inside the transaction just before an order is saved: it may add to `order.custom`, nothing else."""
        self._add("pre_order_persist", handler.__name__, lambda app: hooks.add(app, "pre_order_persist", handler))

    def post_checkout(self, handler: Callable[[Order], None]) -> None:
        """Called by a job once an order is placed; when it raises, the order stands and it is tried again later."""

        def placed(event: OrderEvent) -> None:
            if event.data.get("was") == "NEW":
                handler(db.session.get_one(Order, event.order_id))

        name = self._own(handler)
        self._add("post_checkout", name, lambda app: [_hear(kind, name, placed) for kind in PLACED])

    def event(self, name: str, words: str) -> None:
        """An event of its own, and how staff read it. `kit.events.record(name, order_id, …)` writes it down."""
        self._add("event", name, lambda app: _take(wording.EVENTS, name, words))

    def on(self, event: str, handler: Callable[[OrderEvent], None]) -> None:
        """Called by a job after an event was committed; tried again when it raises, so it may run twice."""
        name = self._own(handler)
        self._add(f"handler of {event}", name, lambda app: _hear(event, name, handler))

    def cost_method(self, method: shipping.Method) -> None:
        """A way to compute what shipping costs; a service level names it."""
        self._add("cost method", method.name, lambda app: _register_method(method))

    def condition(self, name: str, condition: Condition) -> None:
        """A kind of condition for promotions."""
        self._add("condition", name, lambda app: _take(CONDITIONS, name, condition))

    def benefit(self, name: str, benefit: Benefit) -> None:
        """A kind of benefit for promotions."""
        self._add("benefit", name, lambda app: _take(BENEFITS, name, benefit))

    def gateway(self, name: str, kind: type[Gateway]) -> None:
        """A type of gateway; a configured gateway names it."""
        self._add("gateway", name, lambda app: _take_gateway(name, kind))

    def check(self, line: proof.Line) -> None:
        """A line of `flask check`: what must be true of the books besides."""
        self._add("line of the proof", line.name, lambda app: proof.add(line))

    def job(self, run: Callable[[], dict[str, int]], every: timedelta) -> None:
        """Something to be done regularly; it gives counts, and may run twice at once."""
        self._add("job", run.__name__, lambda app: schedule.add(schedule.Job(run, every)))

    def _add(self, what, name, fit):
        self.additions.append(Addition(self.extension, what, name, fit))

    def _own(self, handler):
        return f"{self.extension}.{handler.__name__}"


def _take(table: MutableMapping[str, Any], name: str, thing: Any) -> None:
    """The name stands for this thing from now on. Raises ValueError if it stands for another."""
    if table.setdefault(name, thing) is not thing:
        raise ValueError("the name is taken already.")


def _take_gateway(name, kind):
    if not (isinstance(kind, type) and issubclass(kind, Gateway)):
        raise ValueError(f"{kind!r} is not a Gateway.")
    _take(GATEWAYS, name, kind)


def _register_method(method):
    if shipping.METHODS.get(method.name) is not method:
        shipping.register(method)


def _hear(event, name, handler):
    if event not in wording.EVENTS:
        near = get_close_matches(event, wording.EVENTS, n=3)
        raise ValueError(f"there is no event {event}." + (f" Did you mean {' or '.join(near)}?" if near else ""))
    notices.hear(event, name, handler)
