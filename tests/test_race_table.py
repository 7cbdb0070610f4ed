"""The table of races: stories of rows that no other file tells, and a sweep that every row has its test."""

import ast
import re
from pathlib import Path
from types import SimpleNamespace

import pytest
from sqlalchemy import select

from storefront import checkout, orders
from storefront.cart.models import Cart
from storefront.kit.db import db
from storefront.payments.models import InboxMessage, LedgerEntry

from purchases import at_once

TESTS = Path(__file__).resolve().parent
ROWS = range(1, 51)


def stories():
    """Every test that is named after a row of the table: (its file and name, the row, its docstring)."""
    for path in sorted(TESTS.glob("test_*.py")):
        for node in ast.parse(path.read_text()).body:
            found = re.match(r"test_race_(\d\d)_\w+$", getattr(node, "name", ""))
            if found:
                yield f"{path.name}::{node.name}", int(found[1]), ast.get_docstring(node) or ""


def test_every_row_has_its_test():
    """No race of the table is without a test of its name."""
    assert set(ROWS) - {row for _, row, _ in stories()} == set()


@pytest.mark.parametrize(("name", "row", "says"), stories(), ids=lambda value: value if "::" in str(value) else "")
def test_a_race_test_says_which_row_it_proves(name, row, says):
    """A reader finds the row of the table by its number."""
    assert row in ROWS
    assert f"RACE-{row:02}" in says, f"{name} must say RACE-{row:02}"


# --- rows 1 to 7: the gateway's two voices


def history(play, order):
    """What happened to an order, oldest first, without what happened to its shopper's page."""
    from storefront.kit import events

    return [event.type for event in events.of_order(order.id)]


def test_race_01_the_notification_comes_before_the_return(play, right_books):
    """It pays; the return only displays: no second event, row or letter. RACE-01, NOT-03."""
    play.shelves(mug=5)
    placed = play.quickly_at_gateway(mug=2)
    assert play.gateway_says("paid", placed.bill) == 200
    before = history(play, placed.order)
    page = placed.shopper.get(play.return_path(placed.bill, **play.message("paid", placed.bill, "return")))
    assert page.has("is paid")
    unsigned = play.visitor().get(play.return_path(placed.bill, "cancel"))
    assert unsigned.has("is paid")
    assert history(play, placed.order) == before and before.count("ORDER_PAID") == 1
    assert play.outcomes() == ["APPLIED", "DUPLICATE", "NO_EFFECT"]
    assert play.rows_of(LedgerEntry) == 1


@pytest.mark.parametrize("first", ["return", "notify"])
def test_race_02_whichever_verifies_first_pays(play, right_books, first):
    """A signed return pays by itself; what comes after it says what we knew; and mirrored. RACE-02, ORD-15."""
    play.shelves(mug=5)
    placed = play.quickly_at_gateway(mug=2)
    deeds = {
        "return": lambda: play.visitor().get(
            play.return_path(placed.bill, **play.message("paid", placed.bill, "return"))
        ),
        "notify": lambda: play.gateway_says("paid", placed.bill),
    }
    for name in sorted(deeds, key=lambda name: name != first):
        deeds[name]()
        assert play.order_of(placed.bill).status == "PROCESSING"
    assert play.outcomes() == ["APPLIED", "DUPLICATE"] and play.rows_of(LedgerEntry) == 1


def carts(play):
    """Every cart that there is, with what is in it."""
    play.look_again()
    return [(cart.status, [line.qty for line in cart.lines]) for cart in db.session.scalars(select(Cart))]


@pytest.mark.parametrize("where", ["at the gateway", "in the shop"])
def test_race_06_the_shopper_cancels_and_then_a_notification_says_so(play, right_books, where):
    """The second has no effect: one cart as it was, one order, its goods held or let go. RACE-06, RAC-01, CRT-10."""
    play.shelves(mug=5)
    placed = play.quickly_at_gateway(mug=2)
    if where == "at the gateway":
        placed.shopper.press("Cancel and return", scenario="cancel_then_notice")
    else:
        shopper = play.visitor()
        shopper.get(f"/orders/{placed.order.key}")
        shopper.press("Cancel order")
    before = history(play, placed.order)
    for _ in range(2):
        assert play.gateway_says("cancelled", placed.bill) == 200
    one_cart_one_order(play, placed, before, "HOLD" if where == "at the gateway" else "CANCELLED")


@pytest.mark.parametrize("where", ["at the gateway", "in the shop"])
def test_race_07_a_notification_cancels_and_then_the_shopper(play, right_books, where):
    """Mirrored: the attempt is over already; the browser's return changes nothing. RACE-07, RAC-02, CRT-10."""
    play.shelves(mug=5)
    placed = play.quickly_at_gateway(mug=2)
    assert play.gateway_says("cancelled", placed.bill) == 200
    before = history(play, placed.order)
    for signed in ({}, play.message("cancelled", placed.bill, "return")):
        page = play.visitor().get(play.return_path(placed.bill, "cancel", **signed))
        assert page.heading == "You left the payment page"
    assert history(play, placed.order) == before
    if where == "in the shop":
        shopper = play.visitor()
        shopper.get(f"/orders/{placed.order.key}")
        shopper.press("Cancel order")
        before = history(play, placed.order)
        play.gateway_says("cancelled", placed.bill)
    one_cart_one_order(play, placed, before, "HOLD" if where == "at the gateway" else "CANCELLED")


def one_cart_one_order(play, placed, before, status):
    """Nothing was moved into a cart, nothing was made, and nothing happened since."""
    assert history(play, placed.order) == before
    assert [order.status for order in play.orders()] == [status]
    assert play.bills(placed.order)[0].status == "CANCELLED"
    assert carts(play) == [("OPEN", [2])]
    assert play.shelf("mug") == (5, 2 if status == "HOLD" else 0)


# --- row 39: who is not believed


def test_race_39_an_old_message_said_again_changes_nothing(play, right_books):
    """Recorded and sent again a day later: known by its event, also when other things came since. RACE-39."""
    play.shelves(mug=5)
    placed = play.quickly_at_gateway(mug=2)
    recorded = play.message("paid", placed.bill)
    play.notify(recorded)
    play.ask_refund(placed.order, 100)
    play.run("send_refunds")
    before, money = history(play, placed.order), play.ledger_of(placed.bill)
    play.wait(days=1)
    for _ in range(3):
        assert play.notify(recorded).status == 200
    assert (history(play, placed.order), play.ledger_of(placed.bill)) == (before, money)
    assert play.outcomes()[-3:] == ["DUPLICATE"] * 3


@pytest.mark.parametrize(
    "field", ["status", "amount", "currency", "reference", "transaction", "event", "mode", "merchant"]
)
def test_race_39_no_field_can_be_altered(play, right_books, field):
    """Each field of a genuine message, changed under its signature: 400, REJECTED, nothing moves. RACE-39, SEC-05."""
    play.shelves(mug=5)
    placed, other = play.quickly_at_gateway(mug=1), play.quickly_at_gateway(mug=1)
    message = play.message("paid", placed.bill)
    changed = {"status": "declined", "amount": "1", "reference": other.bill.reference}.get(field, "another")
    before = play.tables("inbox_messages", "gateway_configs")
    assert play.notify({**message, field: changed}).status == 400
    assert play.outcomes() == ["REJECTED"]
    assert play.tables("inbox_messages", "gateway_configs") == before


# --- rows 40 and 46


def test_race_40_live_money_for_a_test_order_is_quarantined(play, right_books):
    """The other way round: it pays nothing, the goods stay held, and it waits on the desk. RACE-40, ADM-10."""
    play.shelves(mug=5)
    placed = play.quickly_at_gateway(mug=2)
    placed.shopper.press("Pay", scenario="live_mode")
    order, bill = play.last_order(), play.last_bill()
    assert (order.status, order.review_reason) == ("REVIEW", "mode_mismatch")
    assert (bill.disposition, bill.quarantine_reason) == ("QUARANTINED", "mode_mismatch")
    assert play.shelf("mug") == (5, 2)


def test_race_46_a_notification_while_the_order_is_being_confirmed(play, right_books, between):
    """The order stands, its bill not yet: UNMATCHED, answered 2xx, applied when it is tried again. RACE-46, NOT-13."""
    play.shelves(mug=5)
    basket = play.filled_basket(mug=2)
    early = SimpleNamespace(reference="K-1001-1", amount_minor=0, currency="EUR")
    due = 2 * 1250 + 490
    answers = []
    between(
        "place_order.after", lambda: answers.append(play.notify(play.message("paid", early, amount=str(due))).status)
    )
    order = play.confirm_basket(basket)
    assert (answers, play.outcomes(), order.status) == ([200], ["UNMATCHED"], "HOLD")
    play.wait(minutes=1)
    play.run("apply_waiting_messages")
    assert (play.outcomes(), play.last_order().status) == (["APPLIED"], "PROCESSING")


def test_race_31_the_machine_dies_between_storing_and_applying(play, right_books, between):
    """Stored and not applied, then the job and the gateway's next try at once: as if nothing had happened. RACE-31."""
    play.shelves(mug=5)
    placed = play.quickly_at_gateway(mug=2)

    def dies():
        raise RuntimeError("the plug is pulled")

    between("store_notification.after", dies)
    gateway = play.visitor("gateway")
    gateway.broken_is_fine = True
    assert play.notify(play.message("paid", placed.bill), gateway).status >= 500
    assert (play.outcomes(), play.order_of(placed.bill).status) == (["RECEIVED"], "HOLD")
    play.wait(minutes=1)
    (waiting,) = db.session.scalars(select(InboxMessage.id)).all()

    def the_job():
        with play.app.app_context():
            checkout.take_in(waiting)

    at_once(the_job, lambda: play.gateway_says("paid", placed.bill))
    assert sorted(play.outcomes()) == ["APPLIED", "DUPLICATE"]
    order = play.order_of(placed.bill)
    assert (order.status, play.captured(order), play.shelf("mug")) == ("PROCESSING", order.due_minor, (5, 2))
    assert orders.stage_of(order).word == "paid"
