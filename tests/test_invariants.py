"""A random walk: whatever shoppers, gateway, staff, time and jobs do, in any order, the books are right."""

import random
from datetime import timedelta

import pytest
from sqlalchemy import func, select

from storefront import orders
from storefront.cart import service
from storefront.cart.models import Cart
from storefront.kit import clock
from storefront.kit.db import db, transaction
from storefront.kit.errors import ShopError
from storefront.orders.models import Order
from storefront.orders.states import CLOSED, HOLD, NEW, PROCESSING
from storefront.payments.models import Bill, InboxMessage, PaymentMethod
from storefront.stock.models import Stock

from bookkeeping import check_books

PURCHASES = 60
JOBS = (
    "close_unpaid_orders",
    "apply_waiting_messages",
    "remove_failed_orders",
    "ask_about_quiet_bills",
    "send_refunds",
    "deliver_events",
)
WORDS = ("paid", "paid", "paid", "declined", "cancelled", "pending", "expired")


class Walk:
    """Somebody who does whatever comes to their mind."""

    def __init__(self, play, seed):
        self.play, self.dice, self.carts, self.counts = play, random.Random(seed), [], {}

    def step(self):
        """One more thing happens."""
        deeds = (self.buy, self.buy, self.gateway, self.gateway, self.gateway, self.time, self.staff, self.shopper)
        self.dice.choice(deeds)()

    def buy(self):
        """A new purchase, or the same cart confirmed again with something more in it."""
        names = self.dice.sample(("mug", "bowl", "jug"), self.dice.randint(1, 2))
        goods = {name: self.dice.randint(1, 3) for name in names}
        if self.carts and self.dice.random() < 0.25:
            self.tried("confirm again", lambda: self.confirm_again(self.dice.choice(self.carts[-6:]), names[0]))
        elif self.dice.random() < 0.2:
            self.tried("buy", lambda: self.press(self.play.quickly_at_gateway(**goods)))
        else:
            self.tried("buy", lambda: self.carts.append(self.play.quick_order(**goods).order.cart_id))

    def press(self, placed):
        """On the gateway's own page, in any of its scenarios."""
        self.carts.append(placed.order.cart_id)
        button = self.dice.choice(("Pay", "Pay", "Decline", "Cancel and return"))
        placed.shopper.press(button, scenario=self.dice.choice(("before", "never", "error", "wrong_amount", "down")))

    def confirm_again(self, cart_id, name):
        """The same cart, with one thing more, confirmed a second time."""
        with transaction():
            service.add(db.session.get(Cart, cart_id), self.play.variant(name).sku, 1)
        self.play.confirm_basket(db.session.get(Cart, cart_id))

    def gateway(self):
        """The gateway says something of any bill: once or twice, at times nonsense."""
        bill = self.some_bill()
        if bill is None:
            return
        word, changes = self.dice.choice(WORDS), {}
        if self.dice.random() < 0.12:
            changes = self.dice.choice(({"amount": "1"}, {"currency": "USD"}, {"transaction": "other", "event": ""}))
        fields = self.play.message(word, bill, **changes)
        if self.dice.random() < 0.1:
            fields["signature"] = "0" * 64
        for _ in range(self.dice.choice((1, 1, 2))):
            status = self.play.notify(fields, self.play.server).status
            assert status in (200, 400)
            self.note(f"{word} {status}")

    def time(self):
        """It passes, and the jobs run."""
        self.play.wait(minutes=self.dice.choice((1, 10, 10, 50, 24 * 60)))
        for name in self.dice.sample(JOBS, 3):
            failed = self.play.run(name).get("failed")
            assert not failed or name in ("deliver_events", "send_refunds"), name  # whose gateway plays dead

    def staff(self):
        """Staff send, cancel, accept or refund."""
        order = self.some_order()
        if order is None:
            return
        order_id, due = order.id, order.due_minor
        parcels = [parcel.id for parcel in order.shipments]
        deeds = {
            "ship": lambda: [orders.ship(parcel) for parcel in parcels],
            "cancel": lambda: orders.cancel_by_merchant(order_id, "otto"),
            "accept": lambda: orders.accept_after_review(order_id, "otto"),
            "refund": lambda: orders.request_refund(
                order_id,
                self.dice.randint(1, due),
                request_key=f"r{self.dice.random()}",
                reason="",
                actor="o",
                restock={},
            ),
        }
        name = self.dice.choice(list(deeds))
        self.tried(name, deeds[name], inside=True)

    def shopper(self):
        """The shopper cancels, keeps, or pays again."""
        order = self.some_order()
        if order is None:
            return
        order_id = order.id
        method = db.session.scalars(select(PaymentMethod).filter_by(code="card")).one()
        deeds = {
            "cancel": lambda: orders.cancel_by_shopper(order_id),
            "keep": lambda: orders.keep(order_id),
            "again": lambda: orders.pay_again(order_id, method),
        }
        name = self.dice.choice(list(deeds))
        self.tried(f"shopper {name}", deeds[name], inside=True)

    def tried(self, name, deed, inside=False):
        """Do it; what the shop refuses in words is fine, and is counted."""
        try:
            if inside:
                with transaction():
                    deed()
            else:
                deed()
            self.note(name)
        except ShopError as error:
            self.note(f"{name}: {type(error).__name__}")

    def note(self, what):
        self.counts[what] = self.counts.get(what, 0) + 1

    def some_bill(self):
        self.play.look_again()
        bills = db.session.scalars(select(Bill).order_by(Bill.id)).all()
        return self.dice.choice(bills[-12:]) if bills else None

    def some_order(self):
        self.play.look_again()
        found = db.session.scalars(select(Order).order_by(Order.id)).all()
        return self.dice.choice(found[-12:]) if found else None


@pytest.mark.parametrize("seed", [11, 2026])
def test_a_random_walk_ends_in_right_books(play, seed):
    """60 purchases with whatever may happen in between break no line of the proof. STK-09, RAC-09, RAC-14, INV-18.

    RULE-01, RULE-02, RULE-03, RULE-04, RULE-05, RULE-06, RULE-07, RULE-08, RULE-09, RULE-10, RULE-11, INV-22, INV-23.
    """
    play.shelves(mug=60, bowl=50, jug=40)
    play.server = play.visitor("gateway")
    walk = Walk(play, seed)
    while walk.counts.get("buy", 0) < PURCHASES:
        walk.step()
        if sum(walk.counts.values()) % 40 == 0:
            check_books(play)
    check_books(play)
    the_end_of_everything(play)
    tried = {name.split(":")[0] for name in walk.counts}
    assert {"confirm again", "paid 200", "paid 400", "ship", "cancel", "refund", "shopper again"} <= tried, walk.counts


def the_end_of_everything(play):
    """A month later nothing waits that time should have ended, and every shelf is as its orders left it."""
    play.wait(days=4)
    for _ in range(10):
        play.wait(hours=2)
        for job in ("apply_waiting_messages", "close_unpaid_orders", "decide_waiting_money"):
            play.run(job)
    check_books(play, timely=True)
    now, late = clock.now(), timedelta(minutes=2)
    waiting = db.session.scalars(select(Order).where(Order.status.in_((NEW, HOLD)))).all()
    assert not [order.number for order in waiting if order.hold_expires_at < now - late]  # invariant 5 and 23
    stuck = select(func.count()).select_from(InboxMessage).where(InboxMessage.outcome.in_(("RECEIVED", "ERROR")))
    assert db.session.scalar(stuck) == 0  # invariant 31
    holding = {order.id for order in db.session.scalars(select(Order).where(Order.status.notin_(CLOSED)))}
    promised = db.session.scalar(select(func.coalesce(func.sum(Stock.reserved), 0)))
    assert bool(promised) <= bool(holding)


@pytest.mark.parametrize("harm", ["stock", "money", "total", "state", "event", "hold"])
def test_the_check_itself_finds_what_is_wrong(play, harm):
    """The bookkeeping of these tests notices each kind of harm."""
    play.shelves(mug=5)
    placed = play.quick_order(mug=1)
    play.gateway_says("paid", placed.bill)
    check_books(play)
    with transaction():
        order, bill = db.session.get(Order, placed.order.id), db.session.get(Bill, placed.bill.id)
        if harm == "stock":
            db.session.get(Stock, play_variant(order)).on_hand += 1
        elif harm == "money":
            bill.disposition = "NONE"
        elif harm == "total":
            order.total_minor += 1
        elif harm == "state":
            order.status = "SHIPPED"
        elif harm == "event":
            db.session.execute(Bill.metadata.tables["order_events"].update().values(actor="nobody"))
        elif harm == "hold":
            order.status = PROCESSING
            db.session.execute(Bill.metadata.tables["stock_reservations"].update().values(status="RELEASED"))
    with pytest.raises(AssertionError):
        check_books(play)
    with transaction():
        assert db.session.scalar(select(func.count()).select_from(Cart)) == 1


def play_variant(order):
    """The variant of the order's only line."""
    return order.lines[0].variant_id
