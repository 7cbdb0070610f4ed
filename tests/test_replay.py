"""Stored messages applied again: harmless when nothing is missing, and enough to rebuild what followed from them."""

import random

import pytest
from sqlalchemy import insert, select, update

from storefront import moving, payments
from storefront.kit import clock
from storefront.kit.db import db, transaction
from storefront.orders.models import Order
from storefront.payments.gateways import GATEWAYS, sandbox
from storefront.payments.models import Bill, DeskRow, GatewayConfig, InboxMessage, LedgerEntry
from storefront.stock.models import Stock, StockReservation

from bookkeeping import check_books
from conftest import Shop
from play import Play

WORDS = ("paid", "paid", "paid", "declined", "cancelled", "pending", "expired")
CHANGES = (
    {},
    {},
    {},
    {},
    {"amount": "1"},
    {"currency": "USD"},
    {"transaction": "the-same", "event": ""},
    {"mode": "live"},
)


def replay(app, *options):
    """What `flask inbox replay` prints, line by line."""
    db.session.rollback()
    ran = app.test_cli_runner().invoke(args=["inbox", "replay", *options])
    assert ran.exit_code == 0, ran.output
    return [line.strip() for line in ran.output.strip().splitlines()]


def ordered(play, **goods):
    """An order that waits for its money."""
    play.shelves(mug=50, bowl=40)
    return play.quick_order(**(goods or {"mug": 2}))


def test_replaying_what_was_applied_changes_nothing(play, right_books):
    """Invariants 28 and 30, AUD-03: three times over every channel: not one row of any table is another."""
    placed = play.quickly_at_gateway(mug=2) if play.shelves(mug=50) else None
    placed.shopper.press("Pay", scenario="before")
    quiet = play.quickly_at_gateway(mug=1)
    quiet.shopper.press("Pay", scenario="silent")
    play.wait(minutes=6)
    play.run("ask_about_quiet_bills")
    play.gateway_says("declined", placed.bill)
    play.notify({**play.message("paid", placed.bill), "signature": "0" * 64})
    before = play.tables()
    channels = set(db.session.scalars(select(InboxMessage.channel)))
    assert channels == {"notify", "return", "poll"}
    for _ in range(3):
        lines = replay(play.app)
        assert lines == [f"{len(play.outcomes())} messages read again, 0 changed."]
    assert before == play.tables()


def test_a_dry_run_tells_and_writes_nothing(play, right_books, monkeypatch):
    """A message that failed would be applied: said before it is done, with no row written; then done, once."""
    placed = ordered(play)
    monkeypatch.setattr(sandbox.Sandbox, "read_notification", lambda self, message: 1 / 0)
    assert play.gateway_says("pending", placed.bill) == 503
    assert play.gateway_says("paid", placed.bill) == 503
    monkeypatch.undo()
    first, second = db.session.scalars(select(InboxMessage.id).order_by(InboxMessage.id))
    before = play.tables()
    lines = replay(play.app, "--dry-run")
    assert lines == [
        f"{first}  ERROR would be APPLIED",
        f"{second}  ERROR would be APPLIED",
        "2 messages read again, 2 would change.",
    ]
    assert before == play.tables()
    assert replay(play.app, "--id", str(second))[0] == f"{second}  ERROR is now APPLIED"
    assert play.outcomes() == ["ERROR", "APPLIED"] and play.order_of(placed.bill).status == "PROCESSING"
    assert replay(play.app, "--dry-run") == [
        f"{first}  ERROR would be NO_EFFECT",
        "2 messages read again, 1 would change.",
    ]


def test_only_what_is_asked_for(play, right_books):
    """By time, by gateway, by number; a number that is not there is said."""
    placed = ordered(play)
    play.gateway_says("pending", placed.bill)
    play.wait(days=2)
    play.gateway_says("paid", placed.bill)
    day = f"{clock.now():%Y-%m-%d}"
    assert replay(play.app, "--since", day)[-1].startswith("1 messages")
    assert replay(play.app, "--backend", "sandbox")[-1].startswith("2 messages")
    assert replay(play.app, "--backend", "nobody")[-1].startswith("0 messages")
    ran = play.app.test_cli_runner().invoke(args=["inbox", "replay", "--id", "4711"])
    assert ran.exit_code == 1 and "no message with this number" in ran.output


def test_messages_that_were_refused_for_a_wrong_key(play, right_books):
    """The key was typed wrong: everything was refused; mended, the messages are replayed and nothing was lost."""
    placed = ordered(play)
    good = play.message("paid", placed.bill)
    config = select(GatewayConfig).filter_by(name="sandbox")
    right = db.session.scalars(config).one().secrets
    with transaction():
        db.session.scalars(config).one().secrets = {}
    assert play.notify(good).status == 400
    with transaction():
        db.session.scalars(config).one().secrets = right
    (message,) = db.session.scalars(select(InboxMessage.id))
    assert replay(play.app)[0] == f"{message}  REJECTED is now APPLIED"
    assert play.order_of(placed.bill).status == "PROCESSING"


# --- a shop rebuilt from its inbox


@pytest.fixture(scope="module")
def rebuilt(database):
    """A second shop, on an empty database of the same kind."""
    shop = Shop(database.new())
    yield shop
    shop.stop()


class Rumours:
    """A gateway that says whatever comes to its mind, over every channel."""

    def __init__(self, play, seed):
        self.play, self.dice, self.server = play, random.Random(seed), play.visitor("gateway")

    def orders(self):
        """A dozen orders: open, paid again, replaced, closed by time and by a person."""
        for _ in range(12):
            self.play.quickly_at_gateway(**{self.dice.choice(("mug", "bowl")): self.dice.randint(1, 3)})
        some = self.play.orders()
        for order in some[:3]:
            self.play.visitor().post(f"/orders/{order.key}/pay")
        self.play.visitor().post(f"/orders/{some[3].key}/cancel")
        self.play.wait(minutes=50)
        self.play.run("close_unpaid_orders")
        for _ in range(12):
            self.play.quickly_at_gateway(**{self.dice.choice(("mug", "bowl")): self.dice.randint(1, 3)})

    def say(self):
        """Something about some bill: once or twice, by notification, return, or as an answer."""
        known = select(Bill).where(Bill.reference.not_like("%~%")).order_by(Bill.id)  # of others it does not know
        bill = self.dice.choice(db.session.scalars(known).all())
        if bill.disposition == "APPLIED" and self.dice.random() < 0.3:
            self.play.notify(self.play.message("refunded", bill, amount="100"), self.server)
        fields = dict(self.dice.choice(CHANGES))
        if self.dice.random() < 0.08:
            fields["reference"] = "K-9999-9"
        word, kind = self.dice.choice(WORDS), self.dice.choice(("notify", "notify", "return"))
        message = self.play.message(word, bill, kind, **fields)
        if self.dice.random() < 0.08:
            message["signature"] = "0" * 64
        for _ in range(self.dice.choice((1, 1, 2))):
            if kind == "notify":
                self.play.notify(message, self.server)
            else:
                self.server.get(self.play.return_path(bill, **message))
        self.play.look_again()


def books(app):
    """What follows from messages: orders, bills, ledger, stock, what waits on the desk; and the messages' own words."""
    with app.app_context():
        order = select(Order.number, Order.status, Order.payment_status, Order.paid_minor, Order.refunded_minor)
        bill = select(Bill.reference, Bill.status, Bill.disposition, Bill.quarantine_reason, Bill.transaction_id)
        ledger = select(LedgerEntry.backend, LedgerEntry.gateway_event_key, LedgerEntry.kind, LedgerEntry.amount_minor)
        holds = select(StockReservation.order_line_id, StockReservation.qty, StockReservation.status)
        stock = select(Stock.variant_id, Stock.on_hand, Stock.reserved)
        waiting = DeskRow.status == "OPEN"  # what was there for minutes only follows from when the jobs ran
        desk = select(DeskRow.reason, DeskRow.amount_minor, DeskRow.currency).where(waiting)
        said = select(InboxMessage.id, InboxMessage.outcome, InboxMessage.signature)
        return {
            name: sorted(map(tuple, db.session.execute(rows)), key=repr)
            for name, rows in (
                ("orders", order), ("bills", bill), ("ledger", ledger), ("holds", holds), ("stock", stock),
                ("desk", desk), ("inbox", said),
            )
        }  # fmt: skip


def test_a_shop_rebuilt_from_its_inbox_equals_the_original(play, shop, rebuilt):
    """Invariants 27, 28 and 30, domain 13: a backup from before, the inbox since, one command: the same books.

    Each database hears rumours of its own.
    """
    import databases

    play.shelves(mug=60, bowl=60)
    gateway = Rumours(play, {"sqlite": 3, "postgresql": 77}[db.engine.dialect.name])
    gateway.orders()
    with rebuilt.app.app_context():
        databases.empty(db.engine)
        with transaction():
            moving.copy_from(shop.app.config["SQLALCHEMY_DATABASE_URI"])  # the backup
    last = max(db.session.scalars(select(InboxMessage.id)), default=0)
    for _ in range(120):
        gateway.say()
    for _ in range(3):
        play.wait(minutes=3)
        play.run("apply_waiting_messages")
    check_books(play)
    later = select(InboxMessage.__table__).where(InboxMessage.id > last).order_by(InboxMessage.id)
    rows = [dict(row) for row in db.session.execute(later).mappings()]
    original = books(shop.app)
    told = {row["outcome"] for row in rows}
    assert {"APPLIED", "DUPLICATE", "NO_EFFECT", "REJECTED", "UNMATCHED"} <= told
    assert {"QUARANTINED", "APPLIED"} <= {disposition for _, _, disposition, *_ in original["bills"]}
    db.session.remove()

    with rebuilt.app.app_context():
        with transaction():
            new = {"outcome": "RECEIVED", "signature": "none", "event_key": None, "tries": 0, "bill_id": None}
            for row in rows:
                bill_id = row["bill_id"] if row["channel"] == "return" else None
                db.session.execute(insert(InboxMessage.__table__).values({**row, **new, "bill_id": bill_id}))
        assert original != books(rebuilt.app)
        for _ in range(3):
            replay(rebuilt.app, "--since", "2020-01-01")
        assert books(rebuilt.app) == original
        there = Play(rebuilt.app, rebuilt.url)
        check_books(there)
        there.end()
    with shop.app.app_context():
        assert books(shop.app) == original


# --- messages that never get through


@pytest.fixture
def stubborn(monkeypatch):
    """An adapter that breaks on every notification until it is mended."""

    class Stubborn(sandbox.Sandbox):
        def read_notification(self, message):
            raise KeyError("resource")

    monkeypatch.setitem(GATEWAYS, "sandbox", Stubborn)
    return lambda: monkeypatch.setitem(GATEWAYS, "sandbox", sandbox.Sandbox)


def test_a_message_is_retried_with_growing_gaps_and_then_a_person_is_called(play, right_books, stubborn):
    """INV-31, invariant 31: bounded tries, then a row on the desk; mended and replayed, the row is gone."""
    placed = ordered(play)
    play.gateway_says("paid", placed.bill)
    gaps, message = [], select(InboxMessage)
    while due := db.session.scalars(message).one().next_try_at:
        gaps.append(round((due - clock.now()).total_seconds()))
        assert play.run("apply_waiting_messages")["rows"] == 0  # not before its time
        play.wait(seconds=gaps[-1] + 2)
        play.run("apply_waiting_messages")
        assert len(gaps) < 50
    assert gaps == sorted(gaps) and 29 <= gaps[0] <= 30 and 3600 <= gaps[-1] <= 7200 and len(gaps) < 25
    (row,) = db.session.scalars(select(DeskRow).filter_by(status="OPEN", reason="message_stuck")).all()
    assert row.message_id == db.session.scalars(message).one().id and "KeyError" in row.evidence["why"]
    assert play.run("deliver_events")["failed"] == 0
    assert "The Test Shop: a payment needs you" in play.letters()
    play.wait(days=3)
    assert play.run("apply_waiting_messages")["rows"] == 0
    stubborn()
    replay(play.app, "--id", str(row.message_id))
    play.look_again()
    assert db.session.scalars(select(DeskRow).filter_by(status="OPEN", reason="message_stuck")).all() == []
    assert play.outcomes() == ["APPLIED"] and play.order_of(placed.bill).status == "PROCESSING"


def test_forged_messages_are_pruned_and_nothing_else_is(play, right_books, monkeypatch):
    """Invariant 26: kept and counted, cut to their beginning, never more than so many, never longer than a month."""
    monkeypatch.setattr(payments.inbox, "FORGED_KEPT", 3)
    placed = ordered(play)
    play.gateway_says("pending", placed.bill)
    for number in range(5):
        assert play.notify(b"signature=x&padding=" + b"%d" % number * 100_000).status == 400
    assert all(
        len(body) == 16 * 1024 for body in db.session.scalars(select(InboxMessage.body).filter_by(outcome="REJECTED"))
    )
    assert play.run("prune_forged_messages")["done"] == 2
    assert play.outcomes() == ["APPLIED", "REJECTED", "REJECTED", "REJECTED"]
    play.wait(days=31)
    assert play.run("prune_forged_messages")["done"] == 3
    assert play.outcomes() == ["APPLIED"]
    with transaction():
        db.session.execute(update(InboxMessage).values(outcome="ERROR"))
    assert play.run("prune_forged_messages")["done"] == 0
