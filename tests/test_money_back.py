"""Money that goes back: what nobody answers is asked about, what the console does arrives, disputes hold the parcel."""

from dataclasses import replace

import pytest
from sqlalchemy import select

from storefront import checkout, desk, orders, payments
from storefront.admin import figures
from storefront.kit import events
from storefront.kit.db import db, transaction
from storefront.kit.errors import Conflict
from storefront.orders.models import Order
from storefront.payments.gateways.sandbox import Sandbox
from storefront.payments.models import Bill, LedgerEntry, Refund

from backstage import Backstage
from counter import comes_in, opens
from merchant import at_console, desk_row, on_desk

STORY = pytest.mark.usefixtures("right_books")


def paid(play: Backstage, **goods):
    """Somebody's paid order."""
    play.shelves(mug=5)
    return play.quickly_paid(**(goods or {"mug": 2}))


def states(play) -> tuple[str, str, str]:
    """The last order, its payment, and the last bill."""
    order = play.last_order()
    return order.status, order.payment_status, play.last_bill().status


def letters_of(smtp) -> list[str]:
    """The subjects of what the mail server was given."""
    subjects = [
        line for one in smtp.letters for line in one.content.decode().splitlines() if line.startswith("Subject")
    ]
    return [subject.removeprefix("Subject: ") for subject in subjects]


# --- refunds without an answer ---


@STORY
def test_race_32_the_gateway_is_asked_by_the_key(play):
    """The call was made and the machine died: on restart the gateway is asked for the key, and there is one refund.
    RACE-32."""
    placed = paid(play)
    refund = play.ask_refund(placed.order, 100, key="the-key")
    with transaction():
        payments.claim(refund.id)
    assert payments.call_gateway(db.session.get(Refund, refund.id)).result == "done"  # and now the machine goes off
    play.wait(minutes=2)
    play.run("send_refunds")
    (sent,) = payments.refunds_of(placed.order.id)
    event = db.session.scalar(select(LedgerEntry.gateway_event_key).filter_by(kind="refunded"))
    assert (sent.status, sent.tries, sent.gateway_id) == ("SUCCEEDED", 2, event)
    assert list(play.session_of(placed.bill).refunds) == ["the-key"]
    play.both_books_agree()


@STORY
def test_race_32_a_call_that_never_arrived_is_made_again(play):
    """The machine died before the call: the gateway knows no such key, and the refund is sent under it. RACE-32."""
    placed = paid(play)
    refund = play.ask_refund(placed.order, 100, key="the-key")
    with transaction():
        payments.claim(refund.id)
    play.wait(minutes=2)
    play.run("send_refunds")
    assert list(play.session_of(placed.bill).refunds) == ["the-key"]
    assert play.last_order().refunded_minor == 100
    play.both_books_agree()


@STORY
def test_the_gaps_grow(play):
    """What has no answer is asked about after 1, 2, 5, 15, 30, 60 minutes, then more rarely, never in a hurry.
    RACE-32."""
    placed = paid(play)
    play.gateway_is_away()
    play.ask_refund(placed.order, 100)
    asked = []
    for minute in range(125):
        if play.run("send_refunds")["rows"]:
            asked.append(minute)
        play.wait(minutes=1)
    assert asked == [0, 1, 3, 8, 23, 53, 113]


@STORY
def test_after_a_day_the_owner_is_told_once(play, smtp):
    """Nobody says for a day whether it arrived: one row on the desk, one letter; the answer takes the row away.
    RACE-32, INV-31."""
    placed = paid(play)
    play.run("deliver_events")
    play.gateway_is_away()
    play.ask_refund(placed.order, 100)
    for _hour in range(30):
        play.run("send_refunds")
        play.wait(hours=1)
    row = desk_row(play, "refund_unanswered")
    assert (row.order_id, row.bill_id, row.amount_minor) == (placed.order.id, placed.bill.id, 100)
    play.run("deliver_events")
    assert [subject for subject in letters_of(smtp) if "needs you" in subject] == ["The Test Shop: a payment needs you"]
    play.gateway_is_back()
    play.wait(hours=7)
    play.run("send_refunds")
    assert on_desk(play) == []
    assert play.last_order().refunded_minor == 100
    play.both_books_agree()


@STORY
def test_a_refused_refund_is_tried_again_from_the_desk(play, smtp):
    """Refused: a row and a letter to the owner; "try again" asks under a new key, and the money goes. INV-07."""
    placed = paid(play)
    play.run("deliver_events")
    with transaction():
        session = play.session_of(placed.bill)
        session.refunded_minor = session.captured_minor  # the gateway thinks that nothing is left
    play.ask_refund(placed.order, 100, key="first")
    play.run("send_refunds")
    row = desk_row(play, "refund_failed")
    assert row.evidence["refunds"] and "not so much left" in row.evidence["why"]
    play.run("deliver_events")
    assert "The Test Shop: a payment needs you" in letters_of(smtp)
    with transaction():
        play.session_of(placed.bill).refunded_minor = 0
    carol = comes_in(play)
    carol.get(f"/admin/desk/{row.id}/again")
    carol.press("Try the refund again")
    assert [refund.status for refund in payments.refunds_of(placed.order.id)] == ["FAILED", "SUCCEEDED"]
    assert list(play.session_of(placed.bill).refunds) == ["first~2"]
    assert (on_desk(play), play.last_order().refunded_minor) == ([], 100)


@STORY
def test_a_refund_given_by_hand(play):
    """Refused, and paid by bank transfer: the ledger says so, the letter does not speak of the card. INV-07."""
    placed = paid(play)
    with transaction():
        session = play.session_of(placed.bill)
        session.refunded_minor = session.captured_minor
    play.ask_refund(placed.order, 100)
    play.run("send_refunds")
    row, carol = desk_row(play, "refund_failed"), comes_in(play)
    carol.get(f"/admin/desk/{row.id}/by_hand")
    carol.press("The customer has the money")
    assert (on_desk(play), play.last_order().payment_status) == ([], "PARTIALLY_REFUNDED")
    assert play.ledger_of(placed.bill)["refunded", "EUR"] == 100
    play.run("deliver_events")
    letter = next(mail for mail in play.mails() if "refund for order" in mail["Subject"])
    assert "did not go the way the payment" in letter.get_body(("plain",)).get_content()
    assert payments.refundable(play.last_bill()) == placed.order.due_minor - 100


@STORY
def test_by_hand_enters_only_what_is_left(play):
    """The console has sent it all back, and that is known: "the customer has the money" counts no more. INV-07."""
    placed = paid(play)
    play.ask_refund(placed.order, placed.order.due_minor)
    at_console(play, placed.bill, "Refund")
    play.run("send_refunds")
    row, carol = desk_row(play, "refund_failed"), comes_in(play)
    carol.get(f"/admin/desk/{row.id}/by_hand")
    carol.press("The customer has the money")
    assert play.ledger_of(placed.bill)["refunded", "EUR"] == placed.order.due_minor
    assert [one.status for one in payments.refunds_of(placed.order.id)] == ["SUCCEEDED"]
    assert (on_desk(play), play.last_order().payment_status) == (["money_gone"], "REFUNDED")
    play.both_books_agree()


@pytest.mark.parametrize("key", ["ours", ""], ids=["by our key", "by its sum"])
def test_news_of_a_refund_given_by_hand_counts_once(play, key):
    """Seen in the console and entered; its message comes days later and is a copy, the next refund is not. INV-07."""
    placed = paid(play)
    refund = play.ask_refund(placed.order, 100, key="ours")
    with transaction():
        payments.claim(refund.id)
    with transaction():
        orders.locked(placed.order.id)
        payments.give_by_hand(db.session.get_one(Refund, refund.id), "otto")
    for _again in range(2):
        play.gateway_says("refunded", placed.bill, amount="100", event="r-1", key=key)
        assert play.ledger_of(placed.bill)["refunded", "EUR"] == 100
    play.gateway_says("refunded", placed.bill, amount="100", event="r-2")
    assert play.ledger_of(placed.bill)["refunded", "EUR"] == 200
    assert play.outcomes()[-3:] == ["DUPLICATE", "DUPLICATE", "APPLIED"]


def test_a_refused_refund_leaves_the_desk_when_the_money_is_gone(play):
    """The console sends back the rest after ours was refused: nobody has to decide about that any more. INV-07."""
    placed = paid(play)
    with transaction():
        session = play.session_of(placed.bill)
        session.refunded_minor = session.captured_minor
    play.ask_refund(placed.order, 100)
    play.run("send_refunds")
    assert on_desk(play) == ["refund_failed"]
    play.gateway_says("refunded", placed.bill, amount=str(placed.order.due_minor), event="r-1")
    assert on_desk(play) == ["money_gone"]


def test_trying_again_asks_before_it_sends(play):
    """The gateway had done it and the answer was lost: it says so, though the money is not there for a second call.
    RACE-32."""
    placed = paid(play)
    refund = play.ask_refund(placed.order, placed.order.due_minor)
    with transaction():
        payments.claim(refund.id)
    assert payments.call_gateway(db.session.get(Refund, refund.id)).result == "done"  # and nobody hears it
    play.gateway_says("charged_back", placed.bill, amount="100", event="c-1")
    with transaction():
        orders.locked(placed.order.id)
        payments.retry_refund(db.session.get_one(Refund, refund.id), "otto")
    play.run("send_refunds")
    assert [one.status for one in payments.refunds_of(placed.order.id)] == ["SUCCEEDED"]
    assert play.ledger_of(placed.bill)["refunded", "EUR"] == placed.order.due_minor


@STORY
def test_money_that_is_gone_is_not_asked_for(play):
    """It went back at the console before ours was sent: the gateway is not called, and a person is told. INV-07."""
    placed = paid(play)
    play.ask_refund(placed.order, placed.order.due_minor)
    at_console(play, placed.bill, "Refund")
    play.run("send_refunds")
    (refund,) = payments.refunds_of(placed.order.id)
    assert refund.status == "FAILED" and "not there any more" in refund.last_error
    assert len(play.session_of(placed.bill).refunds) == 1
    play.both_books_agree()


# --- what the gateway's own console does ---


@STORY
@pytest.mark.parametrize("told", ["by notification", "when asked"])
def test_race_41_refunded_at_the_console(play, told):
    """In part and in full, by message and by question: the ledger, the states and one letter each; no goods move.
    RACE-41."""
    placed = paid(play)
    with transaction():
        orders.ship(play.last_order().shipments[0].id)
    at_console(play, placed.bill, "Refund", "3.00", quietly=told == "when asked")
    if told == "when asked":
        assert play.last_order().payment_status == "PAID"
        carol = comes_in(play)
        opens(carol, placed.order)
        carol.press("Ask the gateway now")
    assert states(play) == ("SHIPPED", "PARTIALLY_REFUNDED", "PARTIALLY_REFUNDED")
    at_console(play, placed.bill, "Refund")
    assert states(play) == ("SHIPPED", "REFUNDED", "REFUNDED")
    assert play.shelf("mug") == (3, 0)
    play.run("deliver_events")
    assert len([words for words in play.letters() if "refund for order" in words]) == 2
    play.both_books_agree()


@STORY
def test_race_41_goods_are_asked_about_and_not_assumed(play):
    """The order's page asks for each refund of the console how much is back; answered once, never too much.
    RACE-41, STK-08."""
    placed = paid(play)
    with transaction():
        orders.ship(play.last_order().shipments[0].id)
    at_console(play, placed.bill, "Refund", "3.00")
    carol = comes_in(play)
    page = opens(carol, placed.order)
    assert page.has("Refunded at the gateway: put goods back on the shelf?")
    line = play.last_order().lines[0].id
    assert carol.press("Answer", **{f"back-{line}": "3"}).status == 400
    assert carol.press("Answer", **{f"back-{line}": "many"}).status == 400
    assert play.shelf("mug") == (3, 0)
    tab = play.tab(carol)
    carol.press("Answer", **{f"back-{line}": "1"})
    assert play.shelf("mug") == (4, 0)
    assert tab.press("Answer", **{f"back-{line}": "1"}).status == 409
    assert play.shelf("mug") == (4, 0)
    assert not opens(carol, placed.order).has("put goods back on the shelf?")


@STORY
def test_a_refund_of_ours_is_not_asked_about(play):
    """Its message comes before its answer: it is known by its key, done at once, and asks nobody. RACE-32, RULE-05."""
    placed = paid(play)
    refund = play.ask_refund(placed.order, 100, key="ours")
    with transaction():
        payments.claim(refund.id)
    result = payments.call_gateway(db.session.get(Refund, refund.id))
    play.gateway_says("refunded", placed.bill, amount="100", event=result.gateway_id, key="ours")
    assert [one.status for one in payments.refunds_of(placed.order.id)] == ["SUCCEEDED"]
    with transaction():
        orders.finish_refund(db.session.get(Refund, refund.id), result)
    assert play.ledger_of(placed.bill)["refunded", "EUR"] == 100
    assert not opens(comes_in(play), placed.order).has("put goods back on the shelf?")
    play.run("deliver_events")
    assert len([words for words in play.letters() if "refund for order" in words]) == 1


def test_more_back_than_came_is_told(play):
    """A fact is never refused: the excess stands in the ledger, and on the desk with its sum. INV-07, INV-11."""
    placed = paid(play)
    due = placed.order.due_minor
    play.gateway_says("refunded", placed.bill, amount=str(due), event="r-1")
    play.gateway_says("refunded", placed.bill, amount="250", event="r-2")
    assert (desk_row(play, "refunded_too_much").amount_minor, on_desk(play)) == (
        250,
        ["money_gone", "refunded_too_much"],
    )
    assert play.ledger_of(placed.bill)["refunded", "EUR"] == due + 250


def test_news_before_the_payment_waits_for_it(play):
    """The refund's message overtakes the payment's: told to come again, applied when the payment is there. RAC-15."""
    play.shelves(mug=5)
    placed = play.quickly_at_gateway(mug=1)
    assert play.gateway_says("refunded", placed.bill, amount="100", event="r-1") == 503
    play.gateway_says("paid", placed.bill)
    play.wait(minutes=1)
    play.run("apply_waiting_messages")
    assert play.last_order().payment_status == "PARTIALLY_REFUNDED"


# --- disputes ---


@STORY
def test_race_42_charged_back_before_shipping(play):
    """The order waits in review, its parcel is held; won back, it goes on from where it was. RACE-42, SHS-06."""
    placed = paid(play)
    at_console(play, placed.bill, "Charge back")
    assert states(play) == ("REVIEW", "DISPUTED", "DISPUTED")
    (parcel,) = play.last_order().shipments
    assert (parcel.status, parcel.held_status, on_desk(play)) == ("ONHOLD", "RELEASED", ["disputed"])
    at_console(play, placed.bill, "Dispute won")
    assert states(play) == ("PROCESSING", "PAID", "PAID")
    assert [(one.status, one.held_status) for one in play.last_order().shipments] == [("RELEASED", "")]
    assert (on_desk(play), play.shelf("mug")) == ([], (5, 2))
    with transaction():
        orders.ship(play.last_order().shipments[0].id)
    assert play.last_order().status == "SHIPPED"


@STORY
def test_race_42_charged_back_after_shipping(play, smtp):
    """The order's state is kept; a row with the evidence, a letter to the owner; won back, the row goes. RACE-42."""
    placed = paid(play)
    sold = figures.sales()[-1].minor
    play.run("deliver_events")
    with transaction():
        orders.ship(play.last_order().shipments[0].id, carrier="An Post", tracking="CB123")
    at_console(play, placed.bill, "Charge back", "5.00")
    assert states(play) == ("SHIPPED", "DISPUTED", "DISPUTED")
    assert desk_row(play, "disputed").amount_minor == 500
    assert figures.sales()[-1].minor == sold - 500
    play.run("deliver_events")
    assert "The Test Shop: a payment needs you" in letters_of(smtp)
    at_console(play, placed.bill, "Dispute won")
    assert (states(play), on_desk(play)) == (("SHIPPED", "PAID", "PAID"), [])
    assert figures.sales()[-1].minor == sold


@STORY
def test_race_42_two_chargebacks_of_one_payment(play):
    """The second is money too: both stand in the ledger, and only the second win ends the dispute. RACE-42, INV-30."""
    placed = paid(play)
    at_console(play, placed.bill, "Charge back", "5.00")
    at_console(play, placed.bill, "Charge back", "2.00")
    assert play.ledger_of(placed.bill)["charged_back", "EUR"] == 700
    at_console(play, placed.bill, "Dispute won")
    assert states(play)[1:] == ("DISPUTED", "DISPUTED")
    at_console(play, placed.bill, "Dispute won")
    assert states(play) == ("PROCESSING", "PAID", "PAID")


@STORY
def test_a_dispute_that_is_won_after_the_order_was_cancelled(play):
    """Nobody has sent the money back, so it waits on the desk instead of being forgotten. RACE-42, INV-17."""
    placed = paid(play)
    at_console(play, placed.bill, "Charge back")
    with transaction():
        orders.cancel_by_merchant(placed.order.id, "otto")
    assert (payments.refunds_of(placed.order.id), play.shelf("mug")) == ([], (5, 0))
    at_console(play, placed.bill, "Dispute won")
    assert (states(play)[0], play.last_bill().disposition) == ("CANCELLED", "QUARANTINED")
    assert "late_order_closed" in on_desk(play)


def called_off_and_paid(play):
    """The shop cancelled while the shopper was on the gateway's page, who pays: the money waits on the desk."""
    play.shelves(mug=5)
    placed = play.quickly_at_gateway(mug=2)
    with transaction():
        orders.cancel_by_merchant(placed.order.id, "otto")
    placed.shopper.press("Pay")
    assert on_desk(play) == ["late_order_closed"]
    return placed


@STORY
def test_money_that_waited_waits_again_when_a_dispute_is_won(play):
    """Disputed, nothing was left to decide about; won back, the same question is open again. RACE-42, INV-02."""
    placed = called_off_and_paid(play)
    at_console(play, placed.bill, "Charge back")
    assert (play.last_bill().disposition, on_desk(play)) == ("RESOLVED", ["disputed"])
    at_console(play, placed.bill, "Dispute won")
    bill = play.last_bill()
    assert (bill.status, bill.disposition, bill.quarantine_reason) == ("PAID", "QUARANTINED", "late_order_closed")
    assert desk_row(play, "late_order_closed").amount_minor == placed.order.due_minor
    with transaction():
        desk.refund_bill(placed.order.id, bill.id, actor="otto")
    play.run("send_refunds")
    assert (on_desk(play), play.last_bill().status, play.last_bill().disposition) == ([], "REFUNDED", "RESOLVED")


@STORY
@pytest.mark.parametrize("words", [("refunded", "charged_back"), ("charged_back", "refunded")])
def test_money_of_which_more_is_gone_than_came_does_not_wait(play, words):
    """A part sent back and all of it charged back, in whatever order: nothing is left that could be decided. INV-30."""
    placed = called_off_and_paid(play)
    for word in words:
        changes = {"amount": "300"} if word == "refunded" else {}
        play.gateway_says(word, placed.bill, event=f"{word}-1", **changes)
    assert play.last_bill().disposition == "RESOLVED"
    assert sorted(on_desk(play)) == ["disputed", "refunded_too_much"]


@STORY
def test_two_payments_of_a_cancelled_order_are_won_back(play):
    """Each waits on the desk as soon as it is ours again, though the other is still disputed. RACE-42, INV-02."""
    placed = paid(play)
    first = placed.bill.id
    play.gateway_says("paid", placed.bill, transaction="second", event="second-paid")
    second = play.last_bill()
    play.gateway_says("charged_back", placed.bill, event="c-1")
    play.gateway_says("charged_back", second, event="c-2", transaction="second")
    with transaction():
        orders.cancel_by_merchant(placed.order.id, "otto")
    play.gateway_says("won_back", placed.bill, event="w-1")
    bill = db.session.get_one(Bill, first, populate_existing=True)
    assert (bill.disposition, bill.quarantine_reason) == ("QUARANTINED", "late_order_closed")


@pytest.fixture
def paid_twice(play, right_books):
    """(the bill that pays an order, the one of a second payment of it, which waits on the desk)."""
    placed = paid(play)
    first = placed.bill
    play.gateway_says("paid", first, transaction="second", event="second-paid")
    second = play.last_bill()
    assert (second.disposition, on_desk(play)) == ("QUARANTINED", ["duplicate_payment"])
    return first, second


def test_money_that_pays_nothing_holds_no_order(play, paid_twice):
    """Both payments are disputed, and the one that pays the order is won: it goes on, as it would in any other order
    of the messages. RACE-42, INV-13."""
    first, second = paid_twice
    play.gateway_says("charged_back", second, event="c-2", transaction="second")
    assert play.last_order().status == "PROCESSING"
    play.gateway_says("charged_back", first, event="c-1")
    assert play.last_order().status == "REVIEW"
    play.gateway_says("won_back", first, event="w-1")
    order = play.last_order()
    assert (order.status, [one.status for one in order.shipments]) == ("PROCESSING", ["RELEASED"])
    assert on_desk(play) == ["disputed"]  # the second one's, which the bank still has


def test_a_refund_of_money_that_the_bank_took_leaves_nothing_to_decide(play, paid_twice):
    """The order is cancelled, and the bank is quicker than the refund of the second payment: that cannot be sent any
    more, waits for nothing, and waits again once it is won. RULE-12, INV-02."""
    _first, second = paid_twice
    with transaction():
        orders.cancel_by_merchant(second.order_id, "otto")
    play.gateway_says("charged_back", second, event="c-2", transaction="second")
    play.run("send_refunds")
    assert play.last_bill().disposition == "RESOLVED"
    assert sorted(on_desk(play)) == ["disputed", "refund_failed"]
    for reason in ("disputed", "refund_failed"):
        with transaction():
            desk.done(desk_row(play, reason).id, actor="otto")
    assert on_desk(play) == []
    play.gateway_says("won_back", second, event="w-2", transaction="second")
    assert (play.last_bill().disposition, on_desk(play)) == ("QUARANTINED", ["duplicate_payment"])


@STORY
def test_a_lost_dispute_ends_with_what_staff_say(play):
    """The bank never says that it is lost: once somebody has seen to it, the order can be completed. RULE-12."""
    placed = paid(play)
    with transaction():
        orders.ship(play.last_order().shipments[0].id)
    at_console(play, placed.bill, "Charge back")
    play.wait(days=20)
    play.run("complete_orders")
    with pytest.raises(Conflict), transaction():
        orders.complete(placed.order.id)
    with transaction():
        desk.done(desk_row(play, "disputed").id, actor="otto")
    play.run("complete_orders")
    assert states(play) == ("COMPLETED", "DISPUTED", "DISPUTED")


@STORY
def test_staff_may_send_a_disputed_order_all_the_same(play):
    """Accepted from review: the parcel goes on, nothing is sold twice. RACE-42, ORD-12."""
    placed = paid(play)
    at_console(play, placed.bill, "Charge back")
    with transaction():
        orders.accept_after_review(placed.order.id, "otto")
    assert (states(play)[0], play.shelf("mug")) == ("PROCESSING", (5, 2))
    assert [one.status for one in play.last_order().shipments] == ["RELEASED"]


@STORY
def test_a_held_parcel_cannot_be_sent_or_released(play):
    """While the order is in review its parcel stays in the house, whoever presses. RACE-42, SHS-06."""
    placed = paid(play)
    at_console(play, placed.bill, "Charge back")
    parcel = play.last_order().shipments[0].id
    for verb in (orders.ship, orders.release_shipment):
        with pytest.raises(Conflict), transaction():
            verb(parcel)
    assert play.last_order().shipments[0].status == "ONHOLD"


@STORY
def test_the_order_of_messages_does_not_matter(play):
    """Refund, chargeback and win in any order that can be: the same states and the same ledger. INV-30, RAC-15."""
    ends = set()
    words = {"refunded": "r-1", "charged_back": "c-1", "won_back": "w-1"}
    for order in (
        ("refunded", "charged_back", "won_back"),
        ("charged_back", "refunded", "won_back"),
        ("charged_back", "won_back", "refunded"),
        ("won_back", "charged_back", "refunded"),
    ):
        placed = paid(play, mug=1)
        for word in order:
            play.gateway_says(word, placed.bill, amount="200", event=f"{words[word]}-{placed.bill.id}")
        play.wait(minutes=1)
        play.run("apply_waiting_messages")
        ends.add((*states(play), *sorted(play.ledger_of(placed.bill).items())))
    assert len(ends) == 1, ends


@STORY
@pytest.mark.parametrize("order", [("w-1", "c-2", "w-2"), ("w-2", "w-1", "c-2"), ("w-1", "w-2", "c-2")])
def test_a_payment_that_is_disputed_twice_and_won_twice(play, order):
    """A win is told before the second dispute: it waits for that, and the order goes on in the end. INV-13, INV-30."""
    placed = paid(play)
    for event in ("c-1", *order):
        play.gateway_says("charged_back" if event[0] == "c" else "won_back", placed.bill, event=event)
    play.wait(minutes=1)
    play.run("apply_waiting_messages")
    assert (states(play), on_desk(play)) == (("PROCESSING", "PAID", "PAID"), [])
    assert [one.status for one in play.last_order().shipments] == ["RELEASED"]


def test_the_evidence_is_one_page(play):
    """What was ordered, paid, sent and written, without notes of staff or secrets. RACE-42, AUD-03."""
    placed = paid(play)
    play.run("deliver_events")
    with transaction():
        orders.ship(play.last_order().shipments[0].id, carrier="An Post", tracking="CB123")
    at_console(play, placed.bill, "Charge back")
    play.run("deliver_events")
    carol = comes_in(play)
    opens(carol, placed.order)
    carol.press("Add note", text="This one smells")
    carol.get(f"/admin/desk/{desk_row(play, 'disputed').id}")
    page = carol.click("Everything on one page, for your answer to the bank")
    for words in ("Mug", "CB123", "1 Quay Street", placed.bill.transaction_id or "", "Receipt", "signature right"):
        assert page.has(words), words
    assert not page.has("smells")
    fields = play.message("paid", placed.bill)
    assert fields["signature"] not in page.answer.text


def test_a_gateway_that_cannot_be_asked_is_never_called_twice(play, monkeypatch):
    """Where nobody answers for a key, nothing is repeated: it waits for the desk. RACE-32, INV-07."""
    placed = paid(play)
    play.gateway_is_away()
    refund = play.ask_refund(placed.order, 100)
    play.run("send_refunds")
    with transaction():
        db.session.get(Refund, refund.id).tries = 1
    play.gateway_is_back()
    monkeypatch.setattr(Sandbox, "capabilities", replace(Sandbox.capabilities, can_query_refund=False))
    play.wait(days=2)
    play.run("send_refunds")
    assert play.session_of(placed.bill).refunds == {}
    assert on_desk(play) == ["refund_unanswered"]
    carol, row = comes_in(play), desk_row(play, "refund_unanswered")
    carol.get(f"/admin/desk/{row.id}/again")
    carol.press("Try the refund again")  # a person has looked, and vouches for it
    play.run("send_refunds")
    assert play.session_of(placed.bill).refunded_minor == 100


def test_a_failed_card_payment_is_kept_with_its_code(play):
    """The bill is FAILED with the gateway's code, its message is stored; the order waits on. AUD-02, AUD-03, BIL-05."""
    play.shelves(mug=5)
    placed = play.quickly_at_gateway(mug=1)
    placed.shopper.press("Decline", reason="insufficient_funds")
    bill = play.last_bill()
    assert (bill.status, bill.error_type, bill.vendor_code) == ("FAILED", "insufficient_funds", "insufficient_funds")
    assert play.outcomes() and not play.rows_of(LedgerEntry)
    assert play.last_order().status == "HOLD"
    assert db.session.scalar(select(Order.payment_status)) == "UNPAID"
    assert [event.type for event in events.of_order(placed.order.id)][-1] == "BILL_FAILED"
    assert checkout.ask_and_settle(db.session.scalar(select(Bill.id)))
