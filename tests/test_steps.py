"""The recipe of "confirm": whatever step fails, and however, the shop is as it was, with a trail of what was tried."""

from dataclasses import dataclass, replace

import pytest
from sqlalchemy import event, select, update
from sqlalchemy.engine import Engine

from config import Config
from storefront import cart, checkout, orders, stock
from storefront.cart.models import Cart
from storefront.checkout import reversible, setup, steps
from storefront.error_pages import status_of
from storefront.kit import errors, events
from storefront.kit.db import db, transaction
from storefront.kit.recipes import Step
from storefront.orders.models import OrderLine
from storefront.payments.errors import DECLINES, GatewayError
from storefront.payments.models import Bill, InboxMessage, PaymentMethod
from storefront.shipping.models import ServiceLevel
from storefront.stock.models import Stock, StockReservation
from storefront.taxes.models import TaxDocument

NAMES = list(Config.CHECKOUT_REVERSIBLE)


class Broken(Exception):
    """A step that went wrong in a way that nobody foresaw."""


@pytest.fixture
def alice(play):
    """Alice, with two mugs in her cart, looking at the preview."""
    play.shelves(mug=9)
    alice = play.visitor("alice")
    play.fill_cart(alice, mug=2)
    play.to_preview(alice)
    return alice


@dataclass
class Kept:
    """What must be as it was after a failed confirm."""

    cart: list
    stock: list
    held: list


def kept(play):
    """The cart, the counters, and the goods that are set aside."""
    play.look_again()
    (basket,) = db.session.scalars(select(Cart))
    facts = [
        basket.status,
        basket.version,
        basket.open_order_id,
        [(line.variant_id, line.qty) for line in basket.lines],
    ]
    counters = [(one.on_hand, one.reserved) for one in db.session.scalars(select(Stock).order_by(Stock.variant_id))]
    held = select(StockReservation.id).where(StockReservation.status.in_(("HELD", "COMMITTED")))
    return Kept(facts, counters, list(db.session.scalars(held)))


def breaks(attempt):
    """Do nothing but fail."""
    raise Broken


def replaced(monkeypatch, play, name, do):
    """Put another function into the list of reversible steps."""
    row, index = list(recipe(play, steps.REVERSIBLE)), NAMES.index(name)
    row[index] = replace(row[index], do=do, instead_of=name)
    listed(monkeypatch, play, steps.REVERSIBLE, row)


def recipe(play, kind):
    """The steps of a list, as this shop takes them."""
    return play.app.extensions["recipes"][kind]


def listed(monkeypatch, play, kind, row):
    """Let the shop take these steps instead."""
    monkeypatch.setitem(play.app.extensions["recipes"], kind, tuple(row))


@pytest.mark.parametrize("name", NAMES)
def test_whatever_step_fails_nothing_is_left_but_its_trail(play, alice, monkeypatch, name):
    """ACT-02, ACT-09, PRM-13, AUD-01: at most one FAILED order without goods or live bill; then it can be confirmed."""
    before = kept(play)
    with monkeypatch.context() as broken:
        replaced(broken, play, name, breaks)
        alice.broken_is_fine = True
        assert alice.press("Confirm and pay").status == 500
    placed = play.orders()
    began = NAMES.index(name) > NAMES.index("place_order")
    assert [order.status for order in placed] == ["FAILED"] * int(began)
    assert kept(play) == before
    for order in placed:
        assert (order.close_reason, order.payment_status) == ("step_failed", "UNPAID")
        assert all(bill.status == "CANCELLED" for bill in play.bills(order))
        history = [told.type for told in events.of_order(order.id)]
        assert history[0] == "ORDER_CREATED" and "ORDER_FAILED" in history and events.chain_is_whole(order.id)
        assert set(db.session.scalars(select(TaxDocument.status).filter_by(order_id=order.id))) == {"VOIDED"}
    alice.get("/checkout/preview")
    page = alice.press("Confirm and pay")
    assert page.steps == [303, 200] and page.path.startswith("/pay/")


@pytest.mark.parametrize("name", [*NAMES, "after all"])
def test_a_worker_that_dies_between_two_steps_leaves_no_half_order(play, alice, monkeypatch, name):
    """ACT-28, ORD-01, CLN-06: nothing is undone, for nobody is left to do it; the job ends it within minutes."""
    before, ours = kept(play), press_of(alice)
    last = NAMES[-1] if name == "after all" else name

    def dies(attempt):
        if name == "after all":
            reversible.start_payment(attempt)
        raise SystemExit

    with monkeypatch.context() as broken:
        replaced(broken, play, last, dies)
        with play.app.test_request_context(), pytest.raises(SystemExit):
            checkout.place(*ours)
    play.wait(minutes=6)
    play.run("close_unpaid_orders")
    if name == "after all":
        assert [order.status for order in play.orders()] == ["HOLD"]
        assert alice.press("Confirm and pay").path == f"/orders/{play.last_order().key}"
        return
    assert {order.status for order in play.orders()} <= {"FAILED"}
    assert kept(play) == before


def press_of(alice):
    """A press of the button as the view makes it: cart, method and the preview's two tokens."""
    fields = dict(alice.page.form("Confirm and pay")[0].values())
    method = db.session.scalar(select(PaymentMethod).filter_by(code="card"))
    return db.session.scalar(select(Cart)), method, fields["quote_token"], fields["confirm_token"]


@pytest.mark.parametrize("table", ["order_lines", "order_events", "stock_reservations", "stock_movements", "bills"])
def test_a_step_is_one_transaction(play, alice, table):
    """ACT-29: the database fails in the middle of a step: none of what that step had written is there."""
    before, seen = kept(play), []

    def fails(connection, cursor, statement, *rest):
        if statement.startswith(f"INSERT INTO {table} ") and not seen:
            seen.append(statement)
            raise Broken

    event.listen(Engine, "before_cursor_execute", fails)
    alice.broken_is_fine = True
    assert alice.press("Confirm and pay").status == 500
    event.remove(Engine, "before_cursor_execute", fails)
    assert seen and kept(play) == before
    inside_placing = table in ("order_lines", "order_events")
    assert [order.status for order in play.orders()] == ([] if inside_placing else ["FAILED"])
    assert bool(db.session.scalars(select(OrderLine)).all()) is not inside_placing
    assert not db.session.scalars(select(Bill)).all()


@pytest.mark.parametrize("place", range(len(Config.CHECKOUT_SETUP) + 1))
def test_a_setup_step_that_refuses_leaves_no_row(play, alice, monkeypatch, place):
    """ACT-01, ACT-05: wherever in the list a step refuses, no table has changed; and a no-op harms nothing."""
    before = play.tables()
    with monkeypatch.context() as refusing:
        row = recipe(play, steps.SETUP)
        listed(refusing, play, steps.SETUP, (*row[:place], Step(steps.SETUP, breaks), *row[place:]))
        alice.broken_is_fine = True
        assert alice.press("Confirm and pay").status == 500
    assert play.tables() == before
    listed(monkeypatch, play, steps.SETUP, (*recipe(play, steps.SETUP), Step(steps.SETUP, lambda attempt: None)))
    alice.get("/checkout/preview")
    assert play.confirm(alice).order.status == "HOLD"


@pytest.mark.parametrize("missing", ["level", "address", "email"])
def test_the_shipping_step_refuses_what_is_missing(play, alice, missing):
    """ACT-06: without a level, an address or an e-mail there is no order, whatever the browser sends."""
    ours = press_of(alice)
    with transaction():
        (basket,) = db.session.scalars(select(Cart))
        if missing == "address":
            basket.shipping_address_id = basket.billing_address_id = None
        elif missing == "email":
            basket.email = ""
        else:
            db.session.execute(update(ServiceLevel).values(active=False))
    with play.app.test_request_context(), pytest.raises(errors.ShopError):
        checkout.place(*ours)
    quote = cart.quote(db.session.scalar(select(Cart)))
    attempt = steps.Attempt(quote.cart.id, ours[1].id, quote.token, "x", quote=quote)
    with play.app.test_request_context(), pytest.raises(errors.ShopError, match=r"address|country"):
        setup.check_shipping(attempt)
    assert not play.orders()


def test_what_finishes_a_purchase_can_be_repeated(play, alice, monkeypatch):
    """ACT-03: a crash in the last list, then the button once more: the same order, finished once."""
    with transaction():
        pickup = db.session.scalar(select(PaymentMethod).filter_by(code="pickup"))
        pickup.active, pickup.countries = True, []
    alice.get("/checkout/payment")
    preview = alice.press("Review order", choice="Pay on pickup")
    with monkeypatch.context() as broken:
        listed(broken, play, steps.FINALIZE, [Step(steps.FINALIZE, breaks)])
        alice.broken_is_fine = True
        assert alice.press("Confirm and pay").status == 500
    assert [order.status for order in play.orders()] == ["NEW"]
    for _ in range(2):
        alice.page = preview
        assert alice.press("Confirm and pay").has("is confirmed")
    (order,) = play.orders()
    assert (order.status, play.holds(order), play.on_shelf("mug")) == ("PROCESSING", {"COMMITTED": 2}, 7)
    assert [told.type for told in events.of_order(order.id)].count("ORDER_RELEASED") == 1
    assert len(order.shipments) == 1


def test_a_last_step_that_comes_later_finds_all_done(play, alice, monkeypatch):
    """ACT-23: a step put behind the last list runs once a purchase, after everything else."""
    seen = []
    last = Step(steps.FINALIZE, lambda attempt: seen.append(attempt.order.status))
    listed(monkeypatch, play, steps.FINALIZE, (*recipe(play, steps.FINALIZE), last))
    play.confirm(alice)
    assert seen == ["HOLD"]


def test_a_declined_payment_leaves_its_trail(play, alice):
    """ACT-28, AUD-02, AUD-03, RAC-14: the bill with its reason, the raw message, and the events are kept."""
    order, bill, _ = play.confirm(alice)
    play.gateway_says("declined", bill, reason="insufficient_funds")
    bill = db.session.get(Bill, bill.id)
    assert (bill.status, bill.error_type, bill.vendor_code) == ("FAILED", "insufficient_funds", "insufficient_funds")
    (message,) = db.session.scalars(select(InboxMessage))
    assert b"insufficient_funds" in message.body and message.bill_id == bill.id
    failed = next(told for told in events.of_order(order.id) if told.type == "BILL_FAILED")
    assert failed.actor_kind == "gateway" and failed.cause_inbox_id == message.id
    page = alice.get(f"/orders/{order.key}")
    assert page.has("The payment did not go through") and page.has("There is not enough money on the account.")


def test_race_13_when_the_replacement_fails_the_shopper_can_still_pay(play, alice, monkeypatch):
    """The older order was replaced already; nothing is held twice, the new one can be paid. RACE-13."""
    first = play.confirm(alice).order
    alice.get("/cart")
    alice.press("Update", quantity="3")
    play.to_preview(alice)
    with monkeypatch.context() as broken:
        replaced(broken, play, "start_payment", breaks)
        alice.broken_is_fine = True
        assert alice.press("Confirm and pay").status == 500
    assert [order.status for order in play.orders()] == ["CANCELLED", "FAILED"]
    assert play.on_shelf("mug") == 9 and play.holds(first) == {"RELEASED": 2}
    alice.get(f"/orders/{play.last_order().key}")
    assert alice.press("Pay now").path.startswith("/pay/")
    assert play.last_order().status == "HOLD" and play.on_shelf("mug") == 6


@pytest.mark.parametrize(
    ("kind", "status"),
    [
        (errors.NotFound, 404),
        (errors.Invalid, 400),
        (errors.Conflict, 409),
        (errors.Unavailable, 503),
        (GatewayError, 503),
        (steps.QuoteChanged, 409),
        (orders.PaymentPending, 409),
        (cart.StaleCart, 409),
        (stock.OutOfStock, 409),
        *((kind, 409) for kind in DECLINES.values()),
    ],
)
def test_every_refusal_has_its_status(kind, status):
    """ACT-30, ERR-12: one tree of errors; each has a word, a sentence, and one status."""
    error = kind("A sentence.")
    assert isinstance(error, errors.ShopError) and status_of(error) == status
    assert error.message == "A sentence." and error.code
    assert error.retryable is (status == 503 or kind in DECLINES.values())
