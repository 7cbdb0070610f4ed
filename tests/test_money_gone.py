"""Money that goes back past the shop before the goods leave: nothing is sent unpaid, and nothing waits for ever.

Proves RACE-28, RACE-41, RACE-42, INV-03, INV-06, INV-30 and RULE-12 in it.
"""

import itertools

import pytest
from sqlalchemy import select

from storefront import certificates, desk, orders
from storefront.kit.db import db, transaction
from storefront.kit.errors import Conflict
from storefront.payments.models import Bill

from counter import comes_in, opens
from giving import card_on_shelf, gift, money_of
from merchant import at_console, desk_row, on_desk
from waiting import asks, bill_now, decides, goes_to_pay, refunds, rest_bill

pytestmark = pytest.mark.usefixtures("right_books")
MUG, SHIPPING, CARD = 1250, 490, 5000


def of_order(play) -> tuple[str, str, str, str]:
    """The last order: its state, why it waits, why it was closed, its payment."""
    order = play.last_order()
    return order.status, order.review_reason, order.close_reason, order.payment_status


def parcels(play) -> list[str]:
    """The states of the last order's parcels."""
    return [parcel.status for parcel in play.last_order().shipments]


def short(play, **goods):
    """Less than the order costs was paid at the gateway."""
    play.shelves(mug=5)
    placed = play.quickly_at_gateway(**(goods or {"mug": 2}))
    placed.shopper.press("Pay", scenario="wrong_amount")
    return placed


def passes(play, days=40):
    """Time passes, and the desk decides what nobody did."""
    play.wait(days=days)
    for job in ("decide_waiting_money", "send_refunds", "close_unpaid_orders"):
        play.run(job)


# --- money that waited for a decision is gone


@pytest.mark.parametrize("button", ["Refund", "Charge back"])
def test_wrong_money_that_went_back_at_the_console_ends_its_order(play, button):
    """RACE-28, RULE-12: a row about the order takes the place of that about its money; time cancels it."""
    placed = short(play)
    at_console(play, placed.bill, button)
    assert of_order(play)[:2] == ("REVIEW", "money_gone")
    assert "money_gone" in on_desk(play) and "amount_mismatch" not in on_desk(play)
    page = placed.shopper.get(f"/orders/{placed.order.key}")
    assert page.heading == "We are checking your order"
    passes(play)
    assert of_order(play)[0] == "CANCELLED" and play.shelf("mug") == (5, 0) and not refunds(play)


def test_staff_end_an_order_whose_money_is_gone(play):
    """RULE-12: one press on the row cancels it; nothing is left to be sent back."""
    placed = short(play)
    at_console(play, placed.bill, "Refund")
    decides(play, desk_row(play, "money_gone"), "cancel", "Cancel the order")
    assert of_order(play)[::2] == ("CANCELLED", "review") and of_order(play)[3] == "REFUNDED"
    assert (on_desk(play), play.shelf("mug"), refunds(play)) == ([], (5, 0), [])


def test_the_right_sum_still_pays_an_order_whose_wrong_money_went_back(play):
    """INV-30: the second attempt pays in full, before or after the first was sent back: the same end."""
    ends = set()
    play.shelves(mug=5)
    for words in itertools.permutations(("refunded", "paid")):
        placed = play.quickly_at_gateway(mug=1)
        key = placed.order.key
        placed.shopper.get(f"/orders/{key}/pay")
        placed.shopper.post(f"/orders/{key}/pay", {"csrf_token": placed.shopper.csrf_token()})
        second = play.last_bill()
        play.gateway_says("paid", placed.bill, amount="5")
        for word in words:
            play.gateway_says(
                word, second if word == "paid" else placed.bill, **({} if word == "paid" else {"amount": "5"})
            )
        assert on_desk(play) == []
        ends.add((*of_order(play), *parcels(play)))
    assert ends == {("PROCESSING", "", "", "PAID", "RELEASED")}


def test_wrong_money_that_the_bank_gives_back_waits_again(play):
    """RACE-42: the dispute is won, and the order waits for a decision about that money as before."""
    placed = short(play)
    at_console(play, placed.bill, "Charge back")
    at_console(play, placed.bill, "Dispute won")
    assert (of_order(play)[:2], on_desk(play)) == (("REVIEW", "amount_mismatch"), ["amount_mismatch"])
    decides(play, desk_row(play, "amount_mismatch"), "accept", "Accept the order")
    assert (of_order(play)[0], parcels(play), on_desk(play)) == ("PROCESSING", ["RELEASED"], [])


def test_other_money_that_waits_is_what_is_asked_about(play):
    """RULE-12: two sums that fit nowhere; one goes back at the console, and the order waits because of the other."""
    placed = short(play)
    dollars = {"currency": "USD", "transaction": "second", "event": "second-paid"}
    play.gateway_says("paid", placed.bill, **dollars)
    at_console(play, placed.bill, "Refund")
    assert (of_order(play)[:2], on_desk(play)) == (("REVIEW", "currency_mismatch"), ["currency_mismatch"])
    passes(play)
    assert of_order(play)[0] == "CANCELLED" and play.shelf("mug") == (5, 0)


def test_staff_accept_an_order_whose_money_is_gone(play):
    """ORD-12: it never went out, and does now: its goods are sold and its parcel is made."""
    placed = short(play)
    at_console(play, placed.bill, "Refund")
    decides(play, desk_row(play, "money_gone"), "accept", "Accept the order")
    assert (of_order(play)[0], parcels(play), on_desk(play)) == ("PROCESSING", ["RELEASED"], [])


# --- paid, and sent back before the goods left


def test_a_paid_order_that_was_refunded_at_the_console_stays_in_the_house(play):
    """RACE-41: in part it goes on; when nothing is left its parcel is held, and staff, or time, cancel it."""
    play.shelves(mug=5)
    placed = play.quickly_paid(mug=2)
    at_console(play, placed.bill, "Refund", "3.00")
    assert (of_order(play)[0], on_desk(play)) == ("PROCESSING", [])
    at_console(play, placed.bill, "Refund")
    assert (of_order(play)[:2], parcels(play)) == (("REVIEW", "money_gone"), ["ONHOLD"])
    assert on_desk(play) == ["money_gone"]
    carol = comes_in(play)
    assert not carol.get("/admin/parcels").has(placed.order.number)
    with pytest.raises(Conflict), transaction():
        orders.ship(play.last_order().shipments[0].id)
    passes(play)
    assert of_order(play)[::2] == ("CANCELLED", "review") and of_order(play)[3] == "REFUNDED"
    assert (play.shelf("mug"), parcels(play), refunds(play)) == ((5, 0), ["CANCELLED"], [])


def test_staff_send_a_refunded_order_all_the_same(play):
    """RACE-41, ORD-12: accepted, its parcel goes on from where it was, and nothing is sold twice."""
    play.shelves(mug=5)
    placed = play.quickly_paid(mug=2)
    at_console(play, placed.bill, "Refund")
    decides(play, desk_row(play, "money_gone"), "accept", "Accept the order")
    assert (of_order(play)[0], parcels(play), play.shelf("mug")) == ("PROCESSING", ["RELEASED"], (5, 2))
    with transaction():
        orders.ship(play.last_order().shipments[0].id)
    assert (of_order(play)[0], on_desk(play)) == ("SHIPPED", [])


def test_the_rest_of_an_order_that_was_sent_in_part_is_held(play):
    """RACE-41: what has left has left; what is in the house stays there, and staff are told."""
    play.shelves(mug=5)
    placed = play.quickly_paid(mug=2)
    with transaction():
        (parcel,) = play.last_order().shipments
        (line,) = play.last_order().lines
        orders.split_parcel(parcel.id, {line.id: 1}, "otto")
    with transaction():
        orders.ship(play.last_order().shipments[0].id)
    at_console(play, placed.bill, "Refund")
    assert of_order(play)[0] == "PARTIALLY_SHIPPED" and sorted(parcels(play)) == ["ONHOLD", "SHIPPED"]
    assert on_desk(play) == ["money_gone"]
    decides(play, desk_row(play, "money_gone"), "done", "It is seen to")
    assert on_desk(play) == []


def test_refund_dispute_and_win_end_alike_in_any_order(play):
    """INV-30: all of it sent back at the console, the bank disputes and gives in: the order waits, its parcel too."""
    ends = set()
    play.shelves(mug=6)
    for words in itertools.permutations(("refunded", "charged_back", "won_back")):
        placed = play.quickly_paid(mug=1)
        for word in words:
            play.gateway_says(word, placed.bill, event=f"{word[0]}-{placed.bill.id}")
        play.wait(minutes=1)
        play.run("apply_waiting_messages")
        ends.add((*of_order(play), *parcels(play)))
    assert ends == {("REVIEW", "money_gone", "", "REFUNDED", "ONHOLD")}


def test_what_it_bought_cannot_be_used_while_nobody_has_paid(play):
    """INV-41: the card that a refunded order bought is suspended with it, and works again once staff accept."""
    play.shelves(mug=9)
    card_on_shelf(CARD)
    _order, bill, _shopper = play.paid_order(mug=1, gift_card=1)
    code = certificates.code_of(gift(play))
    at_console(play, bill, "Refund")
    assert money_of(play, code) == (CARD, 0, "SUSPENDED")
    with transaction():
        desk.accept(desk_row(play, "money_gone").id, actor="otto")
    assert money_of(play, code) == (CARD, 0, "ACTIVE")


def test_one_of_two_payments_is_sent_back_at_the_console(play):
    """RACE-10, INV-03: the one that counted, as it happens; accepted, the order is paid by the other."""
    play.shelves(mug=5)
    placed = play.quickly_paid(mug=1)
    play.gateway_says("paid", placed.bill, transaction="second", event="second-paid")
    second = play.last_bill()
    play.gateway_says("refunded", placed.bill, event="r-1")
    assert sorted(on_desk(play)) == ["duplicate_payment", "money_gone"]
    decides(play, desk_row(play, "money_gone"), "accept", "Accept the order")
    assert (of_order(play)[0], of_order(play)[3], on_desk(play)) == ("PROCESSING", "PAID", [])
    assert (bill_now(play, placed.bill), bill_now(play, second)) == (("RESOLVED", "refunded"), ("APPLIED", ""))
    passes(play)
    assert refunds(play) == []


# --- a dispute of an order that a rule holds


@pytest.fixture
def looked_at(play):
    """A paid order that waits for a look at its sum."""
    play.shelves(mug=5)
    play.shop(review_rules={"amount_minor": 100})
    placed = play.quickly_at_gateway(mug=1)
    placed.shopper.press("Pay")
    assert on_desk(play) == ["review_amount"]
    return placed


def test_an_order_that_is_looked_at_does_not_go_on_while_the_bank_disputes_it(play, looked_at):
    """RACE-42, ORD-12: accepting is refused with the reason, until the dispute is won."""
    at_console(play, looked_at.bill, "Charge back")
    carol = comes_in(play)
    page = decides(play, desk_row(play, "review_amount"), "accept", "Accept the order", who=carol)
    assert page.status == 409 and page.has("The shopper's bank disputes the payment: that has to end first.")
    assert of_order(play)[:2] == ("REVIEW", "review_amount")
    opens(carol, looked_at.order)
    at_console(play, looked_at.bill, "Dispute won")
    decides(play, desk_row(play, "review_amount"), "accept", "Accept the order", who=carol)
    assert (of_order(play)[0], parcels(play), on_desk(play)) == ("PROCESSING", ["RELEASED"], [])


def test_staff_who_have_seen_to_the_dispute_may_accept(play, looked_at):
    """RULE-12: a lost dispute never ends at the bank; whoever has decided about its row may let the order go on."""
    at_console(play, looked_at.bill, "Charge back")
    decides(play, desk_row(play, "disputed"), "done", "It is seen to")
    decides(play, desk_row(play, "review_amount"), "accept", "Accept the order")
    assert (of_order(play)[0], on_desk(play)) == ("PROCESSING", [])


def test_an_order_that_is_looked_at_is_refunded_at_the_console(play, looked_at):
    """RACE-41: the question is another one now; by time it is cancelled, and nothing is sent unpaid."""
    at_console(play, looked_at.bill, "Refund")
    assert (of_order(play)[:2], on_desk(play)) == (("REVIEW", "money_gone"), ["money_gone"])
    passes(play)
    assert of_order(play)[0] == "CANCELLED" and play.shelf("mug") == (5, 0)


# --- refused, or sent back twice


def test_a_refused_refund_of_the_first_part_leaves_the_order_paid(play):
    """INV-03, INV-06: what was added to the rest counts on; tried again, it goes back."""
    placed = short(play)
    asks(play, comes_in(play))
    goes_to_pay(placed)
    placed.shopper.press("Pay")
    order, rest = play.last_order(), rest_bill(play)
    came = order.due_minor - rest.amount_minor
    with transaction():
        play.session_of(placed.bill).refunded_minor = came  # the gateway thinks that nothing is left
    with transaction():
        asked = {"request_key": "all", "reason": "", "actor": "otto", "restock": {}}
        orders.request_refund(order.id, order.due_minor, **asked)
    play.run("send_refunds")
    assert sorted(refunds(play)) == sorted([(rest.amount_minor, "SUCCEEDED"), (came, "FAILED")])
    assert bill_now(play, placed.bill) == ("RESOLVED", "credited")
    assert on_desk(play) == ["refund_failed"]
    with transaction():
        play.session_of(placed.bill).refunded_minor = 0
    with transaction():
        desk.try_again(desk_row(play, "refund_failed").id, actor="otto")
    play.run("send_refunds")
    assert (play.order_of(placed.bill).payment_status, bill_now(play, placed.bill)) == (
        "REFUNDED",
        ("RESOLVED", "credited"),
    )


def test_paid_twice_and_sent_back_once_is_paid(play):
    """The payment status compares what is left with what is due; a part of that sent back is told. INV-05."""
    play.shelves(mug=5)
    placed = play.quickly_paid(mug=1)
    play.gateway_says("paid", placed.bill, transaction="second", event="second-paid")
    assert of_order(play)[3] == "OVERPAID"
    decides(play, desk_row(play, "duplicate_payment"), "refund", "Send the money back")
    play.run("send_refunds")
    assert (of_order(play)[0], of_order(play)[3]) == ("PROCESSING", "PAID")
    play.gateway_says("refunded", placed.bill, amount="100", event="r-1")
    assert of_order(play)[3] == "PARTIALLY_REFUNDED"
    assert db.session.scalars(select(Bill.status).order_by(Bill.id)).all() == ["PARTIALLY_REFUNDED", "REFUNDED"]
