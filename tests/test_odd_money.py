"""Orders of events that nobody plans: money in two parts goes back in two, and nothing is given, or given back, twice.

Proves RACE-28, RACE-42, INV-03, INV-11 and INV-41 in them.
"""

import pytest
from sqlalchemy import select

from storefront import certificates, desk, orders, payments
from storefront.kit.db import db, transaction
from storefront.kit.errors import Conflict, Invalid
from storefront.orders.models import Order
from storefront.payments.models import Capture, DeskRow, GatewayConfig, PaymentMethod, Refund

from counter import comes_in, opens
from giving import active_ones, card_on_shelf, gift, issued, money_of, types, uses_of
from waiting import asks, goes_to_pay, refunds, rest_bill, the_row

pytestmark = pytest.mark.usefixtures("right_books")
MUG, SHIPPING, CARD = 1250, 490, 5000


@pytest.fixture
def cards(play):
    """A shop with mugs, and cards of fifty euros."""
    play.shelves(mug=9)
    card_on_shelf(CARD)


@pytest.fixture
def in_two_parts(play):
    """An order that was paid short, and then the rest of it: (the order, its first bill, that for the rest)."""
    play.shelves(mug=5)
    placed = play.quickly_at_gateway(mug=2)
    placed.shopper.press("Pay", scenario="wrong_amount")
    asks(play, comes_in(play))
    goes_to_pay(placed)
    placed.shopper.press("Pay")
    return play.last_order(), placed.bill, rest_bill(play)


def sends_back_all(play, order_id, key="all"):
    """Staff send back whatever the order was paid with."""
    with transaction():
        asked = {"request_key": key, "reason": "", "actor": "otto", "restock": {}}
        return orders.request_refund(order_id, orders.refundable_of(db.session.get_one(Order, order_id)), **asked)


def test_a_used_part_stays_used_when_the_rest_was_paid_back(play, cards):
    """INV-41: what is left of a card goes back and makes it void; what was used of it never goes back."""
    order, bill, _shopper = play.paid_order(mug=1, gift_card=1)
    code = certificates.code_of(gift(play))
    bob = play.visitor("bob")
    play.fill_cart(bob, mug=1)
    types(bob, code)
    play.to_preview(bob)
    bob.press("Confirm and pay")
    used = MUG + SHIPPING
    left, asked = CARD - used, {"request_key": "left", "reason": "", "actor": "otto", "restock": {}}
    with transaction():
        orders.request_refund(order.id, left, void={gift(play, code).id: left}, **asked)
    assert money_of(play, code) == (0, 0, "VOID") and orders.used_of_bought(play.order_of(bill)) == used
    with transaction(), pytest.raises(Conflict, match="are used or set aside"):
        orders.cancel_by_merchant(order.id, "otto")
    page = comes_in(play).get(f"/admin/orders/{order.number}/refund")
    assert page.has("€17.40 of those bought with this order are used")


@pytest.mark.parametrize("goods", [{"gift_card": 1}, {"gift_card": 1, "mug": 1}], ids=["alone", "with a mug"])
def test_what_is_handed_over_at_once_is_paid_at_once(play, cards, goods):
    """ACT-21, INV-03: money that is taken on shipment is taken before a card can be spent, and no order ends unpaid."""
    with transaction():
        config = db.session.scalars(select(GatewayConfig).filter_by(name="sandbox")).one()
        config.properties = {**config.properties, "authorize_first": True}
        method = db.session.scalars(select(PaymentMethod).filter_by(code="card")).one()
        method.settings = {**method.settings, "capture": "on_shipment"}
    play.at_gateway(**goods).shopper.press("Pay")
    assert play.last_order().status == "HOLD" and active_ones(play) == 0
    assert [row.kind for row in db.session.scalars(select(Capture))] == ["capture"]
    play.run("send_captures")
    order = play.last_order()
    assert order.status in ("COMPLETED", "PROCESSING") and order.paid_minor == order.due_minor
    assert active_ones(play) == 1


def test_a_dispute_that_is_won_too_late_pays_nothing_any_more(play, cards):
    """RACE-42, INV-41: cancelled, its certificate has back what it paid; what the bank gives again goes back, too."""
    code = issued(1000)
    alice = play.visitor("alice")
    play.fill_cart(alice, mug=2)
    types(alice, code)
    play.to_preview(alice)
    order, bill, _shopper = play.confirm(alice)
    alice.press("Continue to payment page")
    alice.press("Pay")
    said = {"amount": str(2 * MUG + SHIPPING - 1000), "transaction": f"tr-{bill.reference}"}
    assert play.gateway_says("charged_back", bill, event="c-1", **said) == 200
    with transaction():
        orders.cancel_by_merchant(order.id, "otto")
    assert money_of(play, code) == (1000, 0, "ACTIVE") and uses_of(play, order) == [(1000, 1000, "CAPTURED")]
    assert play.gateway_says("won_back", bill, event="w-1", **said) == 200
    row = the_row(play, "late_order_closed")
    carol = comes_in(play)
    assert carol.get(f"/admin/desk/{row.id}/accept").status == 409
    with transaction(), pytest.raises(Conflict):
        orders.accept_money(order.id, bill.id, "carol")
    play.wait(days=30)
    play.run("decide_waiting_money")
    play.run("send_refunds")
    assert play.order_of(bill).status == "CANCELLED" and len(refunds(play)) == 1
    assert play.order_of(bill).payment_status == "REFUNDED"


def test_an_order_paid_in_two_parts_goes_back_in_two(play, in_two_parts):
    """RACE-28, INV-11: the bill for the rest first, then the one that it adds to; pressed twice, once."""
    order, first, second = in_two_parts
    carol = comes_in(play)
    opens(carol, order)
    carol.click("Refund")
    carol.press("Look at the refund", {"what": "all"})
    pressed = carol.page
    for _ in range(2):
        carol.page = pressed
        assert carol.press("Send back €29.90").steps == [303, 200]
    play.run("send_refunds")
    came = order.due_minor - second.amount_minor
    assert sorted(refunds(play)) == sorted([(second.amount_minor, "SUCCEEDED"), (came, "SUCCEEDED")])
    found = play.order_of(first)
    assert (found.payment_status, found.refunded_minor) == ("REFUNDED", found.due_minor)
    with transaction(), pytest.raises(Invalid):
        asked = {"request_key": "more", "reason": "", "actor": "otto", "restock": {}}
        orders.request_refund(order.id, 1, **asked)
    play.both_books_agree()


def test_the_return_of_an_order_paid_in_two_parts(play, in_two_parts):
    """RACE-28, BIL-19: what comes back is worth what it cost, as money and as credit for other goods."""
    order, first, _second = in_two_parts
    with transaction():
        orders.ship(order.shipments[0].id)
    (line,) = play.order_of(first).lines
    for _ in range(2):
        with transaction():
            coming = orders.announce_return(order.id, {line.id: 1}, "Too small", actor="otto")
            orders.receive_return(coming.id, {line.id: 1}, {}, "otto")
            assert orders.suggested_refund(coming) == MUG
        play.look_again()
    one, other = orders.returns_of(order.id)
    with transaction():
        orders.settle_return(one.id, MUG, "", "otto")
    with transaction():
        orders.exchange_return(other.id, MUG, 0, "otto")
    play.run("send_refunds")
    assert play.order_of(first).refunded_minor == 2 * MUG


def test_a_disputed_part_holds_the_order(play, in_two_parts):
    """RACE-42: the bank takes the first of two payments; what is in the house stays there."""
    order, first, second = in_two_parts
    part = str(order.due_minor - second.amount_minor)
    assert (
        play.gateway_says("charged_back", first, amount=part, event="c-1", transaction=f"tr-{first.reference}") == 200
    )
    assert (play.order_of(first).status, play.order_of(first).review_reason) == ("REVIEW", "disputed")


# --- a gateway that contradicts its own sums


def test_no_more_can_be_given_back_than_the_bank_had_taken(play):
    """A win that tells of more than was disputed makes nothing more of the payment. INV-07."""
    play.shelves(mug=5)
    placed = play.quickly_paid(mug=1)
    play.gateway_says("charged_back", placed.bill, amount="1", event="cb-1")
    play.gateway_says("won_back", placed.bill, amount="700", event="cb-1-won")
    with pytest.raises(Invalid), transaction():
        _back(placed.order, placed.order.total_minor + 1)
    with transaction():
        _back(placed.order, placed.order.total_minor)
    play.run("send_refunds")
    assert play.ledger_of(placed.bill)["refunded", "EUR"] == MUG + SHIPPING


def _back(order, amount_minor):
    orders.request_refund(order.id, amount_minor, request_key="all", reason="", actor="otto", restock={})


def test_money_that_goes_back_in_another_currency_waits_for_a_person(play):
    """Nothing of that currency came: the ledger keeps what is true, and after a day it is on the desk. INV-07."""
    play.shelves(mug=5)
    placed = play.quickly_paid(mug=1)
    told = {"amount": "1", "currency": "USD", "event": "back-1", "transaction": "back-1"}
    assert play.gateway_says("refunded", placed.bill, **told) == 503
    for _ in range(40):
        play.wait(hours=1)
        play.run("apply_waiting_messages")
    assert play.ledger_of(placed.bill) == {("captured", "EUR"): MUG + SHIPPING}
    (row,) = db.session.scalars(select(DeskRow).filter_by(status="OPEN", reason="message_stuck")).all()
    assert row.bill_id == placed.bill.id


def test_a_second_payment_in_another_currency_pays_nothing(play):
    """As many dollars as euros are due, after a first payment that was too small: they wait. INV-03, INV-06."""
    play.shelves(mug=5)
    placed = play.quickly_at_gateway(mug=1)
    placed.shopper.press("Pay", scenario="wrong_amount")
    dollars = {"currency": "USD", "transaction": "second", "event": "second-paid"}
    assert play.gateway_says("paid", placed.bill, **dollars) == 200
    assert play.last_order().status == "REVIEW"
    assert [bill.quarantine_reason for bill in play.bills(placed.order)] == ["amount_mismatch", "currency_mismatch"]


def test_two_refunds_given_by_hand_are_no_more_than_the_payment(play):
    """The second is entered with what the first has left of the payment, and a third with nothing. INV-07."""
    play.shelves(mug=5)
    placed = play.quickly_paid(mug=1)
    for amount in (300, MUG + SHIPPING, MUG + SHIPPING):
        with transaction():
            key = f"asked-{play.rows_of(Refund)}"
            orders.request_refund(placed.order.id, amount, request_key=key, reason="", actor="otto", restock={})
        with transaction():
            session = play.session_of(placed.bill)
            session.refunded_minor = session.captured_minor  # the gateway finds nothing left to send back
        play.run("send_refunds")
    rows = db.session.scalars(select(DeskRow).filter_by(status="OPEN", reason="refund_failed")).all()
    for row_id in [row.id for row in rows]:
        with transaction():
            desk.by_hand(row_id, actor="otto")
    found = {(one.amount_minor, one.status) for one in payments.refunds_of(placed.order.id)}
    assert found == {(300, "SUCCEEDED"), (MUG + SHIPPING - 300, "SUCCEEDED"), (MUG + SHIPPING, "FAILED")}
    assert play.ledger_of(placed.bill)["refunded", "EUR"] == MUG + SHIPPING


def test_money_that_other_money_has_overtaken_stays_on_the_desk(play):
    """Its order waited for a look at it, and goes on with what was moved there: the first sum is not lost. INV-06."""
    play.shelves(mug=9)
    doubted = play.quickly_at_gateway(mug=1)
    doubted.shopper.press("Pay", scenario="wrong_amount")
    paid = play.quickly_paid(mug=1)
    play.gateway_says("paid", paid.bill, transaction="second", event="second-paid")
    with transaction():
        desk.move(_row(play, "duplicate_payment").id, doubted.order.number, difference_ok=False, actor="otto")
    assert {one.status for one in play.orders()} == {"PROCESSING"}
    assert [one.disposition for one in play.bills(doubted.order)].count("QUARANTINED") == 1
    with transaction():
        desk.refund(_row(play, "amount_mismatch").id, actor="otto")
    play.run("send_refunds")
    assert play.bills(doubted.order)[0].status == "REFUNDED"


def _row(play, reason):
    play.look_again()
    return db.session.scalars(select(DeskRow).filter_by(status="OPEN", reason=reason)).one()
