"""Reserved money that nobody needs is given up, however its order ended; and nobody's silence keeps it for ever."""

from dataclasses import replace

import pytest
from sqlalchemy import select

from storefront import desk, orders
from storefront.kit.db import db, transaction
from storefront.kit.errors import Conflict
from storefront.orders.ending import close
from storefront.payments.fates import CHANGED, DUPLICATE
from storefront.payments.gateways import GATEWAYS, base
from storefront.payments.gateways.base import AUTHORIZED, PAID, VOIDED, OperationResult, Outcome
from storefront.payments.gateways.sandbox import Sandbox
from storefront.payments.models import Bill, Capture, GatewayConfig, PaymentMethod

from merchant import desk_row, on_desk
from waiting import decides

pytestmark = pytest.mark.usefixtures("right_books")


class Away(Sandbox):
    """Nobody can be asked, and what it is told to do gets no answer."""

    capabilities = replace(Sandbox.capabilities, can_query=False, can_query_many=False)

    def capture(self, *asked):
        """No answer."""
        return OperationResult(base.UNKNOWN, reason="timeout")

    def void(self, *asked):
        """No answer."""
        return OperationResult(base.UNKNOWN, reason="timeout")


class Refuses(Sandbox):
    """It does not give up anything."""

    def void(self, *asked):
        """No."""
        return OperationResult(base.REFUSED, reason="Not today.")


def says(play, bill, type_: str = AUTHORIZED, event: str = "", transaction_: str = "") -> str:
    """The gateway says this of a bill, over the sum that it asks for."""
    key = event or f"{type_}-{bill.reference}"
    told = Outcome(type_, bill.reference, key, bill.amount_minor, "EUR", transaction_, mode="test")
    play.look_again()
    with transaction():
        return orders.settle(db.session.get_one(Bill, bill.id), told)


def reserved(play, **settings):
    """An order whose sum is reserved at its gateway; settings of its way to pay (`capture="at_release"`)."""
    play.shelves(mug=9)
    with transaction():
        config = db.session.scalars(select(GatewayConfig).filter_by(name="sandbox")).one()
        config.properties = {**config.properties, "authorize_first": True}
        method = db.session.scalars(select(PaymentMethod).filter_by(code="card")).one()
        method.settings = {**method.settings, **settings}
    placed = play.quickly_at_gateway(mug=2)
    placed.shopper.press("Pay")
    return placed._replace(order=play.last_order(), bill=play.last_bill())


def asked(play, bill=None) -> list[tuple[str, str]]:
    """What the gateway was asked to do with reserved sums, oldest first: (kind, state)."""
    play.look_again()
    rows = db.session.scalars(select(Capture).order_by(Capture.id))
    return [(row.kind, row.status) for row in rows if bill is None or row.bill_id == bill.id]


def silent_for_hours(play):
    """Its shopper is at the gateway, which answers nobody until a person has to look."""
    play.shelves(mug=9)
    placed = play.quickly_at_gateway(mug=2)
    play.gateway_is_away()
    for _ in range(12):
        play.wait(minutes=30)
        play.run("close_unpaid_orders")
    assert play.last_order().review_reason == "gateway_silent"
    play.gateway_is_back()
    with transaction():
        play.session_of(placed.bill).status = "authorized"
    return placed


# --- however an order ends


def test_reserved_after_the_silence(play):
    """The order is in review, its sum is reserved late, and the deadline ends it: what is reserved is free. BIL-20."""
    placed = silent_for_hours(play)
    assert says(play, placed.bill) == CHANGED
    play.wait(days=8)
    play.run("decide_waiting_money")
    assert (play.last_order().status, asked(play)) == ("CANCELLED", [("void", "REQUESTED")])
    play.run("send_captures")
    assert (play.last_bill().status, play.session_of(placed.bill).status) == ("CANCELLED", "voided")
    assert on_desk(play) == []


def test_the_newer_order_makes_way_with_what_is_reserved_for_it(play):
    """The older of two orders is paid after all: the sum reserved for the newer one is given up. RACE-14, BIL-20."""
    play.shelves(mug=9)
    alice = play.visitor("alice")
    play.fill_cart(alice, mug=2)
    play.to_preview(alice)
    first = play.confirm(alice)
    alice.get("/cart")
    alice.press("Update", quantity="3")
    play.to_preview(alice)
    second = play.confirm(alice)
    assert says(play, second.bill) == CHANGED
    play.gateway_says("paid", first.bill)
    assert play.order_of(first.bill).status == "PROCESSING"
    assert play.order_of(second.bill).status == "CANCELLED"
    assert asked(play, second.bill) == [("void", "REQUESTED")]


def test_what_was_being_taken_when_its_order_ended(play, monkeypatch):
    """The capture is under way while the order is closed, and refused later: then the sum is given up. BIL-20."""
    placed = reserved(play)
    with transaction():
        orders.request_capture(placed.order.id, placed.bill.id, "capture", "otto")
    with transaction():
        close(orders.locked(placed.order.id), "cancelled", "abandoned")
    assert asked(play) == [("capture", "REQUESTED")]
    monkeypatch.setattr(Sandbox, "capture", lambda *asked: OperationResult(base.REFUSED, reason="No."))
    play.run("send_captures")
    assert asked(play) == [("capture", "FAILED"), ("void", "REQUESTED")]
    play.run("send_captures")
    assert (play.last_bill().status, on_desk(play)) == ("CANCELLED", [])


def test_a_reserved_sum_that_cannot_be_given_up_needs_a_person(play, monkeypatch):
    """The gateway refuses: a row says so and offers to try again; it goes when the sum is free. BIL-20, RULE-12."""
    placed = reserved(play)
    with transaction():
        orders.cancel_by_merchant(placed.order.id, "otto")
    with monkeypatch.context() as patch:
        patch.setitem(GATEWAYS, "sandbox", Refuses)
        play.run("send_captures")
    assert (asked(play), play.last_bill().status) == ([("void", "FAILED")], "AUTHORIZED")
    row = desk_row(play, "void_failed")
    assert (row.bill_id, row.evidence["why"], row.amount_minor) == (
        placed.bill.id,
        "Not today.",
        placed.bill.amount_minor,
    )
    play.wait(days=8)
    play.run("decide_waiting_money")
    assert on_desk(play) == ["void_failed"]  # the owner is told again
    decides(play, desk_row(play, "void_failed"), "void", "Give up the reserved sum")
    assert asked(play) == [("void", "FAILED"), ("void", "SUCCEEDED")]
    assert (play.last_bill().status, play.session_of(placed.bill).status) == ("CANCELLED", "voided")
    assert on_desk(play) == []


def test_it_ends_by_itself_after_a_refused_void(play, monkeypatch):
    """What nobody could give up runs out at the gateway: nobody has to look any more. BIL-20."""
    placed = reserved(play)
    with transaction():
        orders.cancel_by_merchant(placed.order.id, "otto")
    monkeypatch.setitem(GATEWAYS, "sandbox", Refuses)
    play.run("send_captures")
    assert on_desk(play) == ["void_failed"]
    assert says(play, placed.bill, VOIDED) == CHANGED
    assert on_desk(play) == []


# --- two attempts, one sum


def test_one_sum_is_taken_at_a_time(play):
    """The older attempt is reserved while the newer one is just being taken: it is given up. BIL-20, INV-03."""
    play.shelves(mug=9)
    with transaction():
        db.session.scalars(select(PaymentMethod).filter_by(code="card")).one().settings = {"capture": "at_release"}
    first = play.quickly_at_gateway(mug=2)
    first.shopper.get(f"/orders/{first.order.key}")
    first.shopper.press("Pay now")
    second = play.last_bill()
    for bill in (second, first.bill):
        assert says(play, bill) == CHANGED
    assert (asked(play, second), asked(play, first.bill)) == ([("capture", "REQUESTED")], [("void", "REQUESTED")])


def test_what_is_reserved_beside_money_that_is_accepted(play):
    """Too little came, and the next attempt has more reserved: staff accept what came, the rest is free. BIL-20."""
    play.shelves(mug=9)
    first = play.quickly_at_gateway(mug=2)
    first.shopper.get(f"/orders/{first.order.key}")
    first.shopper.press("Pay now")
    second = play.last_bill()
    play.gateway_says("paid", first.bill, amount="100")
    assert says(play, second) == CHANGED
    with transaction():
        desk.accept(desk_row(play, "amount_mismatch").id, actor="otto")
    assert play.last_order().status == "PROCESSING"
    assert asked(play, second) == [("void", "REQUESTED")]


# --- nobody answers


def unanswered(play, monkeypatch, kind: str):
    """The sum shall be taken (or given up), and for a day nobody has said what came of it."""
    placed = reserved(play)
    monkeypatch.setitem(GATEWAYS, "sandbox", Away)
    with transaction():
        if kind == "capture":
            orders.request_capture(placed.order.id, placed.bill.id, kind, "otto")
        else:
            orders.cancel_by_merchant(placed.order.id, "otto")
    for _ in range(4):
        play.run("send_captures")
        assert f"{kind}_unanswered" not in on_desk(play)
        play.wait(hours=6)
    play.run("send_captures")
    assert asked(play) == [(kind, "SENT")]
    return placed


def test_a_capture_without_an_answer_is_told(play, monkeypatch):
    """After a day a row says so, once; time alone decides nothing; nobody can call it seen to. BIL-20, RULE-12."""
    placed = unanswered(play, monkeypatch, "capture")
    row = desk_row(play, "capture_unanswered")
    assert (row.bill_id, row.amount_minor) == (placed.bill.id, placed.bill.amount_minor)
    assert desk.allowed(desk.look_at(row.id)) == ["happened", "never_happened", "wait"]
    play.wait(days=8)
    play.run("send_captures")
    play.run("decide_waiting_money")
    assert on_desk(play).count("capture_unanswered") == 1


def test_a_person_has_seen_that_it_was_taken(play, monkeypatch):
    """The order goes on, paid once; the gateway's own word for it, late, is no second payment. BIL-20, INV-04."""
    placed = unanswered(play, monkeypatch, "capture")
    page = decides(play, desk_row(play, "capture_unanswered"), "happened", "It was done")
    assert page.has("Noted: it was done.")
    due = placed.order.due_minor
    assert (play.last_order().status, play.last_order().payment_status) == ("PROCESSING", "PAID")
    assert play.captured(placed.order) == due and on_desk(play) == []
    with transaction():
        play.session_of(placed.bill).captured_minor = due
    assert says(play, placed.bill, PAID, "theirs", "another-name") == DUPLICATE
    assert says(play, placed.bill, PAID, "theirs", "another-name") == DUPLICATE
    assert play.captured(placed.order) == due and len(play.bills(placed.order)) == 1
    assert play.last_bill().transaction_id == "another-name"
    assert says(play, placed.bill, PAID, "once more", "a-second-payment") == CHANGED
    assert on_desk(play) == ["duplicate_payment"]


def test_a_person_has_seen_that_it_was_not_taken(play, monkeypatch):
    """The sum is reserved as before: the order can be cancelled again, and the sum is given up. BIL-20, RULE-12."""
    placed = unanswered(play, monkeypatch, "capture")
    with pytest.raises(Conflict), transaction():
        orders.cancel_by_merchant(placed.order.id, "otto")
    decides(play, desk_row(play, "capture_unanswered"), "never_happened", "It was not done")
    assert (asked(play), play.captured(placed.order)) == ([("capture", "FAILED")], 0)
    monkeypatch.setitem(GATEWAYS, "sandbox", Sandbox)
    with transaction():
        orders.cancel_by_merchant(placed.order.id, "otto")
    play.run("send_captures")
    assert (play.last_order().status, play.last_bill().status, on_desk(play)) == ("CANCELLED", "CANCELLED", [])


def test_a_message_answers_what_nobody_could_be_asked(play, monkeypatch):
    """The notification says that it came: the row goes, and the job asks for nothing more. BIL-20."""
    placed = unanswered(play, monkeypatch, "capture")
    with transaction():
        play.session_of(placed.bill).captured_minor = placed.bill.amount_minor
    assert says(play, placed.bill, PAID, "told", "tr-told") == CHANGED
    assert on_desk(play) == [] and play.last_order().status == "PROCESSING"
    play.wait(hours=7)
    play.run("send_captures")
    assert asked(play) == [("capture", "SUCCEEDED")] and len(play.bills(placed.order)) == 1
    assert play.captured(placed.order) == placed.bill.amount_minor and on_desk(play) == []


@pytest.mark.parametrize("seen", ["happened", "never_happened"])
def test_a_void_without_an_answer_is_told(play, monkeypatch, seen):
    """A person says what the console shows: given up, or still reserved, which needs one more try. BIL-20, RULE-12."""
    placed = unanswered(play, monkeypatch, "void")
    button = {"happened": "It was done", "never_happened": "It was not done"}[seen]
    decides(play, desk_row(play, "void_unanswered"), seen, button)
    given_up = seen == "happened"
    assert play.last_bill().status == ("CANCELLED" if given_up else "AUTHORIZED")
    assert on_desk(play) == ([] if given_up else ["void_failed"])
    if given_up:
        with transaction():
            play.session_of(placed.bill).status = "voided"
        assert says(play, placed.bill, VOIDED, "late") == DUPLICATE


def test_a_message_came_before_the_call(play):
    """Taken at the gateway's own console before the job could ask: nothing is refused, nobody is bothered. BIL-20."""
    placed = reserved(play)
    with transaction():
        orders.request_capture(placed.order.id, placed.bill.id, "capture", "otto")
    with transaction():
        play.session_of(placed.bill).captured_minor = placed.bill.amount_minor
    assert says(play, placed.bill, PAID, "console", placed.bill.transaction_id or "") == CHANGED
    play.run("send_captures")
    assert (asked(play), on_desk(play)) == ([("capture", "SUCCEEDED")], [])
    assert play.captured(placed.order) == placed.order.due_minor
