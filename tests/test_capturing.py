"""Money that is only reserved: taken once, on somebody's word; given up; or gone by itself, which somebody is told."""

import pytest
from sqlalchemy import select

from storefront import desk, jobs, orders, payments
from storefront.kit import events
from storefront.kit.db import db, transaction
from storefront.kit.errors import Conflict
from storefront.payments.fates import CHANGED, NO_EFFECT
from storefront.payments.gateways.base import AUTHORIZED, Outcome
from storefront.payments.models import Bill, Capture, GatewayConfig, LedgerEntry, PaymentMethod

from counter import comes_in, opens, takes
from merchant import desk_row, on_desk
from purchases import at_once
from waiting import decides

pytestmark = pytest.mark.usefixtures("right_books")


def authorized(play):
    """An order whose payment is only reserved: the gateway was told to authorize first."""
    play.shelves(mug=5)
    with transaction():
        config = db.session.scalars(select(GatewayConfig).filter_by(name="sandbox")).one()
        config.properties = {**config.properties, "authorize_first": True}
    placed = play.quickly_at_gateway(mug=2)
    placed.shopper.press("Pay")
    return placed._replace(order=play.last_order(), bill=play.last_bill())


def states(play) -> tuple[str, str, str]:
    """The last order, its payment, and the last bill."""
    order = play.last_order()
    return order.status, order.payment_status, play.last_bill().status


def test_reserved_is_not_paid(play):
    """AUTHORIZED and PAID are two states; nothing is packed, nothing captured, and nothing more can be paid. BIL-20."""
    placed = authorized(play)
    assert states(play) == ("HOLD", "AUTHORIZED", "AUTHORIZED")
    assert play.ledger_of(placed.bill) == {("authorized", "EUR"): placed.order.due_minor}
    page = placed.shopper.get(f"/orders/{placed.order.key}")
    assert page.has("Please don’t pay again") and not page.has("Pay now")
    with pytest.raises(Conflict), transaction():
        orders.cancel_by_shopper(placed.order.id)


def test_reserved_money_is_never_closed_over(play):
    """When the hold ends the order goes to a person instead of being closed. BIL-20, INV-17."""
    authorized(play)
    play.wait(hours=2)
    for _ in range(12):
        play.run("close_unpaid_orders")
        play.wait(minutes=20)
    assert states(play) == ("REVIEW", "AUTHORIZED", "AUTHORIZED")


def test_money_that_becomes_another_orders_takes_along_how_it_was_taken(play):
    """What the ledger says of it and that it was captured are the other order's too; here it is only tried. BIL-20."""
    placed = authorized(play)
    carol = comes_in(play)
    opens(carol, placed.order)
    takes(carol)
    other = play.quick_order(mug=1).order
    with pytest.raises(ZeroDivisionError), transaction():
        payments.give_to(db.session.get_one(Bill, placed.bill.id), other.id)
        for table in (Capture, LedgerEntry):
            assert set(db.session.scalars(select(table.order_id).filter_by(bill_id=placed.bill.id))) == {other.id}
        raise ZeroDivisionError
    assert db.session.scalars(select(Capture.order_id)).all() == [placed.order.id]


@pytest.mark.parametrize("where", ["HOLD", "REVIEW"])
def test_taken_once(play, where):
    """One press, two presses, two jobs and the gateway's own message: captured once, and the order goes on. BIL-20."""
    placed = authorized(play)
    if where == "REVIEW":
        play.wait(hours=2)
        play.run("close_unpaid_orders")
    assert play.last_order().status == where
    carol = comes_in(play)
    opens(carol, placed.order)
    carol.click("Take the money")
    tab = play.tab(carol)
    carol.press("Take the money")
    assert tab.press("Take the money").status == 409
    assert states(play) == ("PROCESSING", "PAID", "PAID")
    play.gateway_says("paid", placed.bill, transaction=play.session_of(placed.bill).transaction, event="later")
    play.run("send_captures")
    due = placed.order.due_minor
    assert play.ledger_of(placed.bill) == {("authorized", "EUR"): due, ("captured", "EUR"): due}
    assert (play.session_of(placed.bill).captured_minor, on_desk(play)) == (due, [])
    assert play.shelf("mug") == (5, 2)


@pytest.mark.parametrize(
    ("words", "said"), [("Take the money", "is charged €29.90"), ("Give it up", "is charged nothing")]
)
def test_a_page_says_before_what_it_does(play, words, said):
    """ADM-15, INV-27: sum, order and consequence; looking changes nothing; once it is decided it is not offered."""
    placed = authorized(play)
    carol = comes_in(play)
    opens(carol, placed.order)
    before = play.tables("staff", "audit_entries", "sandbox_notices")
    page = carol.click(words)
    assert "€29.90" in page.heading and page.has(placed.order.number) and page.has(placed.bill.reference)
    assert page.has(said) and page.has("This cannot be undone") and page.link("Not now")
    assert play.tables("staff", "audit_entries", "sandbox_notices") == before
    address = page.path
    carol.press(words)
    assert carol.get(address).status == 409 and carol.page.has("not reserved any more")
    for other in ("9999/reserved/capture", f"{placed.bill.id}/reserved/nothing"):
        assert carol.get(f"/admin/orders/{placed.order.number}/bills/{other}").status == 404


def test_a_crash_after_the_call_takes_it_once(play):
    """The gateway took it, we died before writing it down: asked first, it says so. BIL-20, RACE-32."""
    placed = authorized(play)
    with transaction():
        row = orders.request_capture(placed.order.id, placed.bill.id, "capture", "otto")
    with transaction():
        payments.claim_capture(row.id)
    assert payments.call_capture(db.session.get(Capture, row.id)).result == "done"
    play.wait(minutes=2)
    play.run("send_captures")
    assert states(play) == ("PROCESSING", "PAID", "PAID")
    assert play.session_of(placed.bill).captured_minor == placed.order.due_minor
    assert len(play.session_of(placed.bill).operations) == 1


def test_two_jobs_take_it_once(play):
    """Claimed by one. BIL-20, RACE-33."""
    placed = authorized(play)
    with transaction():
        orders.request_capture(placed.order.id, placed.bill.id, "capture", "otto")

    def send():
        with play.app.app_context():
            return jobs.run_once("send_captures")

    at_once(send, send, send)
    assert len(play.session_of(placed.bill).operations) == 1
    assert states(play) == ("PROCESSING", "PAID", "PAID")


def test_given_up(play):
    """Nothing is charged: the bill is CANCELLED, the ledger says so, and the order can be paid again. BIL-20."""
    placed = authorized(play)
    carol = comes_in(play)
    opens(carol, placed.order)
    takes(carol, "Give it up")
    assert play.last_bill().status == "CANCELLED"
    assert play.ledger_of(placed.bill)["voided", "EUR"] == placed.order.due_minor
    assert (play.session_of(placed.bill).status, on_desk(play)) == ("voided", [])
    assert play.last_order().payment_status == "UNPAID"


def test_cancelling_the_order_gives_it_up(play):
    """A cancelled order keeps no money reserved. BIL-20, ORD-13."""
    placed = authorized(play)
    with transaction():
        orders.cancel_by_merchant(placed.order.id, "otto")
    play.run("send_captures")
    assert (play.last_order().status, play.last_bill().status) == ("CANCELLED", "CANCELLED")
    assert play.session_of(placed.bill).status == "voided"


def test_it_ran_out_at_the_gateway(play):
    """Nobody took it in time: the fact is in the ledger, and a person is told. BIL-20."""
    placed = authorized(play)
    merchant = play.visitor("merchant")
    merchant.get("/sandbox/console")
    merchant.press("Let the reservation run out")
    assert play.last_bill().status == "CANCELLED"
    assert desk_row(play, "authorization_ended").bill_id == placed.bill.id


def test_what_is_refused_is_told_in_the_history(play):
    """It ran out unheard: the gateway refuses, the row is FAILED with the reason, nothing is captured. BIL-20."""
    placed = authorized(play)
    with transaction():
        play.session_of(placed.bill).status = "voided"
    with transaction():
        orders.request_capture(placed.order.id, placed.bill.id, "capture", "otto")
    play.run("send_captures")
    (row,) = db.session.scalars(select(Capture)).all()
    assert (row.status, row.last_error) == ("FAILED", "Nothing is reserved.")
    assert "CAPTURE_FAILED" in [event.type for event in events.of_order(placed.order.id)]
    assert play.captured(placed.order) == 0


# --- what is reserved is not always what was asked for


def reserves(play, bill, minor: int = 0, currency: str = "EUR", mode: str = "test") -> str:
    """The gateway says that so much is reserved for a bill."""
    told = Outcome(AUTHORIZED, bill.reference, f"auth-{bill.reference}", minor or bill.amount_minor, currency, "", mode)
    play.look_again()
    with transaction():
        return orders.settle(db.session.get_one(Bill, bill.id), told)


@pytest.mark.parametrize("minor, currency, why", [(100, "EUR", "amount_mismatch"), (0, "USD", "currency_mismatch")])
def test_another_sum_than_asked_for_is_never_taken(play, minor, currency, why):
    """Less, or another money, is reserved: a person is told, it cannot be taken, but given up. BIL-20, INV-03."""
    play.shelves(mug=5)
    placed = play.quickly_at_gateway(mug=2)
    assert reserves(play, placed.bill, minor, currency) == CHANGED
    assert states(play) == ("HOLD", "AUTHORIZED" if currency == "EUR" else "PENDING", "AUTHORIZED")
    row = desk_row(play, "reserved_sum_wrong")
    assert (row.evidence["why"], row.currency, row.bill_id) == (why, currency, placed.bill.id)
    with pytest.raises(Conflict), transaction():
        orders.request_capture(placed.order.id, placed.bill.id, "capture", "otto")
    carol = comes_in(play)
    carol.get(f"/admin/desk/{row.id}/void")
    carol.press("Give up the reserved sum")
    play.look_again()
    assert (desk.look_at(row.id).row.decision, desk.allowed(desk.look_at(row.id))) == ("voided", [])
    with transaction():  # it is asked for already: the same row
        assert orders.request_capture(placed.order.id, placed.bill.id, "void", "otto").kind == "void"


def test_what_is_reserved_wrongly_is_given_up_by_time(play):
    """Nobody looks: at the deadline the sum is given up by itself, and the row is gone. BIL-20."""
    play.shelves(mug=5)
    placed = play.quickly_at_gateway(mug=2)
    reserves(play, placed.bill, 100)
    play.wait(days=8)
    play.run("decide_waiting_money")
    play.look_again()
    (asked,) = db.session.scalars(select(Capture).filter_by(bill_id=placed.bill.id))
    assert (asked.kind, asked.actor) == ("void", "the deadline")


def test_what_is_reserved_is_given_up_when_another_attempt_pays(play):
    """Two attempts: the first is reserved late, the second paid; money is not blocked twice. BIL-20, BIL-21."""
    play.shelves(mug=5)
    placed = play.quickly_at_gateway(mug=2)
    play.gateway_says("declined", placed.bill)
    placed.shopper.get(f"/orders/{placed.order.key}/pay")
    with transaction():
        second = orders.pay_again(placed.order.id, db.session.get_one(PaymentMethod, placed.bill.method_id)).id
    assert reserves(play, placed.bill) == CHANGED
    play.gateway_says("paid", db.session.get_one(Bill, second))
    play.look_again()
    assert play.order_of(placed.bill).payment_status == "PAID"
    (asked,) = db.session.scalars(select(Capture).filter_by(bill_id=placed.bill.id))
    assert (asked.kind, asked.actor) == ("void", "the shop")


def test_a_reservation_of_the_other_world_is_none(play):
    """A live reservation in a shop that tests: it stays on the desk and can never be taken. BIL-20, SEC-04."""
    play.shelves(mug=5)
    placed = play.quickly_at_gateway(mug=2)
    assert reserves(play, placed.bill, mode="live") == NO_EFFECT
    assert states(play) == ("HOLD", "UNPAID", "REDIRECTED") and play.ledger_of(placed.bill) == {}
    row = desk_row(play, "reserved_sum_wrong")
    assert (row.evidence["why"], desk.allowed(desk.look_at(row.id))) == ("mode_mismatch", ["done", "wait"])
    with pytest.raises(Conflict), transaction():
        orders.request_capture(placed.order.id, placed.bill.id, "capture", "otto")


@pytest.mark.parametrize("end", ["declined", "cancelled", "expired"])
def test_reserved_after_all(play, end):
    """A "no" that was overtaken by a reservation: the order that waits has it. BIL-20, BIL-21."""
    play.shelves(mug=5)
    placed = play.quickly_at_gateway(mug=2)
    play.gateway_says(end, placed.bill)
    assert reserves(play, placed.bill) == CHANGED
    assert states(play) == ("HOLD", "AUTHORIZED", "AUTHORIZED")
    assert not db.session.scalars(select(Capture)).all()


def test_reserved_for_a_closed_order_is_given_up(play):
    """Nobody waits for it any more: it goes back by itself, and an echo brings nothing back. BIL-20, INV-17."""
    play.shelves(mug=5)
    placed = play.quickly_at_gateway(mug=2)
    with transaction():
        orders.cancel_by_shopper(placed.order.id)
    with transaction():
        play.session_of(placed.bill).status = "authorized"
    assert reserves(play, placed.bill) == CHANGED
    play.run("send_captures")
    assert states(play) == ("CANCELLED", "UNPAID", "CANCELLED")
    assert (play.session_of(placed.bill).status, on_desk(play)) == ("voided", [])
    again = Outcome(AUTHORIZED, placed.bill.reference, "echo", placed.bill.amount_minor, "EUR", "", "test")
    with transaction():
        assert orders.settle(db.session.get_one(Bill, placed.bill.id), again) == NO_EFFECT
    assert play.last_bill().status == "CANCELLED"


def test_reserved_beside_a_payment_is_given_up(play):
    """The order is paid by a second attempt: what the first one reserves late goes back. BIL-20, INV-03."""
    play.shelves(mug=5)
    first = play.quickly_at_gateway(mug=2)
    play.gateway_says("declined", first.bill)
    first.shopper.get(f"/orders/{first.order.key}")
    first.shopper.press("Pay now")
    play.gateway_says("paid", play.last_bill())
    assert play.last_order().status == "PROCESSING"
    with transaction():
        play.session_of(first.bill).status = "authorized"
    reserves(play, first.bill)
    play.run("send_captures")
    assert [bill.status for bill in play.bills(first.order)] == ["CANCELLED", "PAID"]
    assert play.captured(first.order) == first.order.due_minor


# --- accepted at the desk


def waiting_reserved(play):
    """Its time is over, its sum is only reserved, and a person looks at it."""
    placed = authorized(play)
    play.wait(hours=2)
    play.run("close_unpaid_orders")
    assert play.last_order().review_reason == "authorized_only"
    return placed


def test_accepted_it_is_taken_first(play):
    """The suggested button takes the sum first, and that lets the order go. BIL-20, RULE-03."""
    placed = waiting_reserved(play)
    page = decides(play, desk_row(play, "authorized_only"), "accept", "Accept the order")
    assert page.has("The payment service is asked for the reserved sum.")
    assert states(play) == ("PROCESSING", "PAID", "PAID") and on_desk(play) == []
    assert play.session_of(placed.bill).captured_minor == placed.order.due_minor == play.captured(placed.order)


@pytest.mark.parametrize("row", [True, False], ids=["by its row", "without a row"])
def test_accepted_it_waits_for_its_money(play, row):
    """Nothing is packed before; refused, the order still waits for a person. BIL-20, RULE-03."""
    placed = waiting_reserved(play)
    with transaction():
        play.session_of(placed.bill).status = "voided"
    if not row:
        with transaction():
            payments.clear_desk("done", order_id=placed.order.id)
    with transaction():
        desk.accept_order(placed.order.id, actor="otto")
    play.run("send_captures")
    assert states(play)[0] == "REVIEW" and not play.last_order().shipments and play.captured(placed.order) == 0
    assert db.session.scalars(select(Capture.status)).all() == ["FAILED"]
    assert on_desk(play) == (["authorized_only"] if row else [])
