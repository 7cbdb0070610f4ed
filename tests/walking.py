"""Random walks through the shop: whatever shoppers, gateways, staff, time and jobs do, in any order."""

import random
from datetime import timedelta

from sqlalchemy import exists, func, inspect, select

from storefront import desk, orders
from storefront.cart import service
from storefront.cart.models import Cart
from storefront.jobs.schedule import BY_NAME
from storefront.kit import clock
from storefront.kit.db import db, transaction
from storefront.kit.errors import ShopError
from storefront.orders.models import Order, Shipment
from storefront.orders.return_models import OrderReturn
from storefront.orders.states import CLOSED, HOLD, NEW
from storefront.payments.models import Bill, DeskRow, InboxMessage, PaymentMethod
from storefront.stock.models import Stock

from bookkeeping import check_books

JOBS = (
    "close_unpaid_orders",
    "apply_waiting_messages",
    "remove_failed_orders",
    "ask_about_quiet_bills",
    "send_refunds",
    "deliver_events",
)
ENDING = ("apply_waiting_messages", "close_unpaid_orders", "decide_waiting_money")
DEAF = ("deliver_events", "send_refunds", "send_captures")  # jobs that fail where a gateway plays dead
WORDS = ("paid", "paid", "paid", "declined", "cancelled", "pending", "expired")
AFTER = ("refunded", "charged_back", "won_back", "authorized")


class Walk:
    """Somebody who does whatever comes to their mind: what shoppers, a gateway, staff and time do every day."""

    jobs = JOBS

    def __init__(self, play, seed):
        self.play, self.dice, self.carts, self.counts = play, random.Random(seed), [], {}
        self.server = play.visitor("gateway")

    def deeds(self):
        """What may happen next, the frequent more than once."""
        return [self.buy, self.buy, self.gateway, self.gateway, self.gateway, self.time, self.staff, self.shopper]

    def step(self):
        """One more thing happens."""
        self.dice.choice(self.deeds())()

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
            status = self.play.notify(fields, self.server).status
            assert status in (200, 400)
            self.note(f"{word} {status}")

    def time(self):
        """It passes, and some jobs run."""
        self.play.wait(minutes=self.dice.choice((1, 10, 10, 50, 24 * 60)))
        for name in self.dice.sample(self.jobs, 3):
            failed = self.play.run(name).get("failed")
            assert not failed or name in DEAF, name

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

    def one_of(self, prefix, deeds):
        """Any of these deeds of staff or shoppers, in a transaction of its own."""
        name = self.dice.choice(list(deeds))
        self.tried(f"{prefix} {name}", deeds[name], inside=True)

    def note(self, what):
        """Count it."""
        self.counts[what] = self.counts.get(what, 0) + 1

    def some_bill(self):
        """One of the last, or None."""
        return self.some(Bill, 12)

    def some_order(self):
        """One of the last, or None."""
        return self.some(Order, 12)

    def some(self, model, last=15):
        """Any of the last rows of a table, read afresh; None of an empty one."""
        self.play.look_again()
        (key,) = inspect(model).primary_key
        found = db.session.scalars(select(model).order_by(key)).all()
        return self.dice.choice(found[-last:]) if found else None


class WideWalk(Walk):
    """The same, and all that is rarer: parcels, the desk, returns, counting, carts, disputes, and every job."""

    jobs = tuple(sorted(BY_NAME))

    def deeds(self):
        """What may happen next."""
        return [*super().deeds(), self.later, self.parcel, self.at_the_desk, self.back, self.count, self.cart]

    def later(self):
        """The gateway tells what became of a payment, at times of one that it never told of."""
        bill = self.some_bill()
        if bill is None:
            return
        word, part = self.dice.choice(AFTER), self.dice.randint(1, 3)
        told = {
            "amount": str(max(1, bill.amount_minor // part)),
            "event": f"{word}-{bill.id}-{self.dice.randint(1, 2)}",
            "transaction": f"{word}-{bill.id}-{part}" if word == "refunded" else f"tr-{bill.reference}",
        }
        self.note(f"{word} {self.play.notify(self.play.message(word, bill, **told), self.server).status}")

    def parcel(self):
        """Staff split, join, hold, send and cancel parcels, whatever their order is doing."""
        parcel = self.some(Shipment)
        if parcel is None:
            return
        number, order_id = parcel.id, parcel.order_id
        other = self.dice.choice([one.id for one in parcel.order.shipments])
        units = {line.order_line_id: self.dice.randint(0, line.qty) for line in parcel.lines}
        self.one_of(
            "parcel",
            {
                "split": lambda: orders.split_parcel(number, units, "otto"),
                "merge": lambda: orders.merge_parcels(number, other, "otto"),
                "hold": lambda: orders.hold_shipment(number, "otto"),
                "release": lambda: orders.release_shipment(number),
                "ship": lambda: orders.ship(number),
                "deliver": lambda: orders.deliver(number),
                "complete": lambda: orders.complete(order_id),
                "cancel": lambda: orders.cancel_parcels(order_id, [number], "out_of_stock", "otto"),
                "take money": lambda: orders.take_money_for(number, "otto"),
            },
        )

    def at_the_desk(self):
        """Staff decide about something that waits, or about what is decided; the shopper answers an offer."""
        row = self.some(DeskRow)
        if row is None:
            return
        number, order_id, target = row.id, row.order_id, self.some_order().number
        careless = self.dice.random() < 0.5
        self.one_of(
            "desk",
            {
                "accept": lambda: desk.accept(number, actor="otto"),
                "refund": lambda: desk.refund(number, actor="otto"),
                "cancel": lambda: desk.cancel(number, actor="otto"),
                "done": lambda: desk.done(number, actor="otto"),
                "void": lambda: desk.void(number, actor="otto"),
                "wait": lambda: desk.wait(number, 2, actor="otto"),
                "offer": lambda: desk.offer(number, 2, actor="otto"),
                "move": lambda: desk.move(number, target, difference_ok=careless, actor="otto"),
                "try again": lambda: desk.try_again(number, actor="otto"),
                "by hand": lambda: desk.by_hand(number, actor="otto"),
                "ask rest": lambda: desk.ask_rest(number, 2, actor="otto"),
                "answer": lambda: desk.answer(order_id, self.dice.choice(("refund", "wait"))),
            },
        )

    def back(self):
        """Goods are announced to come back, come, and are settled, or not."""
        order, coming = self.some_order(), self.some(OrderReturn)
        if order is None:
            return
        order_id, units = order.id, {line.id: self.dice.randint(0, line.qty) for line in order.lines}
        who = self.dice.choice(("", "otto"))
        deeds = {"announce": lambda: orders.announce_return(order_id, units, "broken", actor=who)}
        if coming:
            deeds |= self._decisions(coming)
        self.one_of("return", deeds)

    def _decisions(self, coming):
        number = coming.id
        came = {line.order_line_id: self.dice.randint(0, line.qty) for line in coming.lines}
        whole = {line_id: self.dice.randint(0, qty) for line_id, qty in came.items()}
        most = orders.suggested_refund(coming)
        amount = self.dice.choice((most, most, most + 1, 0))
        return {
            "receive": lambda: orders.receive_return(number, came, whole, "otto"),
            "settle": lambda: orders.settle_return(number, amount, "as agreed", "otto"),
            "decline": lambda: orders.decline_return(number, "worn", "otto"),
            "withdraw": lambda: orders.withdraw_return(number),
        }

    def count(self):
        """Somebody counts a shelf again, and finds more or fewer."""
        shelf = self.some(Stock)
        number, seen, by = shelf.variant_id, shelf.on_hand, self.dice.randint(-4, 6)
        now = {"seen": seen, "cause": "counted", "actor": "otto"}
        self.one_of("stock", {"count": lambda: orders.correct_stock(number, max(0, seen + by), **now)})

    def cart(self):
        """An order stands in a cart again; a cart goes on apart from its order."""
        order, basket = self.some_order(), self.some(Cart)
        if order is None:
            return
        order_id, number = order.id, basket.id
        self.one_of(
            "cart",
            {
                "put back": lambda: orders.put_back(order_id, db.session.get_one(Cart, number)),
                "apart": lambda: orders.set_apart(db.session.get_one(Cart, number)),
            },
        )


def the_end_of_everything(play):
    """Days later nothing waits that time should have ended, and every shelf is as its orders left it."""
    play.wait(days=4)
    for hour in range(40):
        play.wait(hours=1)
        for job in ENDING if hour % 3 == 0 else ENDING[:1]:
            play.run(job)
    check_books(play, timely=True)
    now, late = clock.now(), timedelta(minutes=2)
    waiting = db.session.scalars(select(Order).where(Order.status.in_((NEW, HOLD)))).all()
    assert not [order.number for order in waiting if order.hold_expires_at < now - late]  # invariant 5 and 23
    on_the_desk = exists().where(DeskRow.message_id == InboxMessage.id)
    stuck = select(func.count()).where(InboxMessage.outcome.in_(("RECEIVED", "ERROR")), ~on_the_desk)
    assert db.session.scalar(stuck) == 0  # invariant 31
    holding = {order.id for order in db.session.scalars(select(Order).where(Order.status.notin_(CLOSED)))}
    promised = db.session.scalar(select(func.coalesce(func.sum(Stock.reserved), 0)))
    assert bool(promised) <= bool(holding)
