"""Less came than the order costs, and the shopper is asked for the rest: a second bill, and both are explained.

Proves RACE-28 (underpaid), INV-01, INV-02, INV-03 in it.
"""

import pytest
from sqlalchemy import select, text

from storefront import proof
from storefront.kit import money
from storefront.kit.db import db, transaction
from storefront.payments.gateways.sandbox import Sandbox
from storefront.payments.models import Bill, PaymentMethod

from counter import comes_in, opens
from purchases import at_once
from waiting import asks, bill_now, goes_to_pay, on_desk, refunds, rest_bill, the_row

pytestmark = pytest.mark.usefixtures("right_books")


@pytest.fixture
def short(play):
    """Less than the order costs was paid at the gateway."""
    play.shelves(mug=5)
    placed = play.quickly_at_gateway(mug=2)
    placed.shopper.press("Pay", scenario="wrong_amount")
    return placed


def sums(play, short):
    """What came, and what is missing."""
    came = play.captured(short.order)
    assert 0 < came < short.order.due_minor
    return came, short.order.due_minor - came


def test_the_rest_is_asked_for_with_the_same_settings(play, short, monkeypatch):
    """CNF-12: the gateway is told of the way to pay what it was told for the first attempt."""
    monkeypatch.setattr(Sandbox, "method_settings", {"pew": {"type": "integer"}})
    with transaction():
        db.session.scalars(select(PaymentMethod).where(PaymentMethod.code == "card")).one().settings = {"pew": 7}
    assert asks(play, comes_in(play)).has("Desk")
    goes_to_pay(short)
    assert rest_bill(play).extra["settings"] == {"pew": 7}


def test_the_rest_is_paid_and_both_sums_count(play, short):
    """RACE-28, INV-03: asked by letter, paid by a bill of the difference; that is applied, the first is credited."""
    came, rest = sums(play, short)
    assert asks(play, comes_in(play)).has("Desk")
    play.run("deliver_events")
    letter = play.mails()[-1].get_body(("plain",)).get_content()
    assert money.shown(rest, "EUR") in letter
    assert short.order.key in letter
    goes_to_pay(short)
    second = rest_bill(play)
    assert (second.amount_minor, second.reference) == (rest, f"{short.order.number}R2")
    assert play.session_of(second).amount_minor == rest
    page = short.shopper.press("Pay")
    order = play.order_of(short.bill)
    assert page.heading.startswith("Thank you")
    assert (order.status, order.payment_status, order.paid_minor) == ("PROCESSING", "PAID", order.due_minor)
    assert bill_now(play, short.bill) == ("RESOLVED", "credited")
    assert bill_now(play, second) == ("APPLIED", "")
    assert not on_desk(play)
    (euros,) = proof.money()
    assert (euros.on_orders, euros.decided, euros.unexplained) == (came + rest, 0, 0)
    play.both_books_agree()
    carol = comes_in(play)
    opens(carol, order)
    carol.click("Cancel order")
    carol.press("Cancel order")
    play.run("send_refunds")
    assert sorted(refunds(play)) == sorted([(came, "SUCCEEDED"), (rest, "SUCCEEDED")])


def test_a_rule_looks_at_an_order_that_both_sums_pay(play, short):
    """The rest comes while a rule wants a look: both sums count, and wait with the order. BIL-11, ORD-12, INV-03."""
    asks(play, comes_in(play))
    play.shop(review_rules={"amount_minor": 100})
    goes_to_pay(short)
    short.shopper.press("Pay")
    play.look_again()
    order = play.last_order()
    assert (order.status, order.review_reason) == ("REVIEW", "review_amount")
    assert bill_now(play, short.bill) == ("RESOLVED", "credited") and rest_bill(play).disposition == "APPLIED"
    assert [row.reason for row in on_desk(play)] == ["review_amount"]
    assert list(proof.violations()) == []


def test_the_proof_tells_a_wrong_rest(play, short):
    """INV-01: a bill for the rest that asks for anything else than what is missing turns the line red."""
    asks(play, comes_in(play))
    goes_to_pay(short)
    second = rest_bill(play).id
    with transaction():
        db.session.execute(text("UPDATE bills SET amount_minor = amount_minor + 1 WHERE id = :id"), {"id": second})
    assert [found.line for found in proof.violations(timely=False)] == ["INV-01"]
    with transaction():
        db.session.execute(text("UPDATE bills SET amount_minor = amount_minor - 1 WHERE id = :id"), {"id": second})


def test_the_shopper_wants_the_money_back_instead(play, short):
    """The order is cancelled and what came goes back; the bill for the rest is closed, and paid late it waits."""
    came, _rest = sums(play, short)
    asks(play, comes_in(play))
    goes_to_pay(short)
    second = rest_bill(play)
    tab = play.visitor()
    tab.get(f"/orders/{short.order.key}")
    tab.press("Have the money back")
    play.run("send_refunds")
    assert play.order_of(short.bill).status == "CANCELLED"
    assert refunds(play) == [(came, "SUCCEEDED")]
    play.gateway_says("paid", second)
    assert bill_now(play, second)[0] == "QUARANTINED"
    assert play.order_of(short.bill).status == "CANCELLED"


def test_the_owner_accepts_the_short_sum_after_all(play, short):
    """The first money counts; whoever pays the rest all the same has paid twice, and it waits to go back."""
    carol = comes_in(play)
    asks(play, carol)
    goes_to_pay(short)
    second = rest_bill(play)
    carol.get(f"/admin/desk/{the_row(play, 'amount_mismatch').id}/accept")
    carol.press("Accept the order")
    assert bill_now(play, short.bill)[0] == "APPLIED"
    assert db.session.get_one(Bill, second.id).status == "CANCELLED"
    play.gateway_says("paid", second)
    assert the_row(play, "duplicate_payment").bill_id == second.id


def test_the_rest_comes_short_too(play, short):
    """Another wrong sum: both wait, the order stays in review, nothing is lost."""
    asks(play, comes_in(play))
    goes_to_pay(short)
    play.gateway_says("paid", rest_bill(play), amount="5")
    assert play.order_of(short.bill).status == "REVIEW"
    assert [bill.disposition for bill in play.bills(short.order)] == ["QUARANTINED", "QUARANTINED"]


def test_nobody_pays_the_rest(play, short):
    """The deadline cancels the order and sends back what came."""
    came, _rest = sums(play, short)
    asks(play, comes_in(play), Days="3")
    play.wait(days=4)
    play.run("decide_waiting_money")
    play.run("send_refunds")
    assert (play.order_of(short.bill).status, refunds(play)) == ("CANCELLED", [(came, "SUCCEEDED")])


def test_two_tabs_pay_the_rest_by_one_bill(play, short):
    """Both press: only the newer bill is open, and the press of whoever was not asked is a 409."""
    short.shopper.get(f"/orders/{short.order.key}")
    token = {"csrf_token": short.shopper.csrf_token()}
    assert short.shopper.post(f"/orders/{short.order.key}/rest", token).status == 409
    asks(play, comes_in(play))
    tabs = [play.visitor(), play.visitor()]
    for tab in tabs:
        tab.get(f"/orders/{short.order.key}")
    at_once(*(lambda tab=tab: tab.press("Pay the missing") for tab in tabs))
    open_ones = [bill for bill in play.bills(short.order) if bill.status in ("CREATED", "REDIRECTED")]
    assert len(open_ones) == 1


def test_too_much_is_never_asked_for(play):
    """More than is due came: there is no rest to ask for."""
    play.shelves(mug=5)
    placed = play.quickly_at_gateway(mug=2)
    play.gateway_says("paid", placed.bill, amount="9000")
    carol = comes_in(play)
    assert not carol.get(f"/admin/desk/{the_row(play, 'amount_mismatch').id}").has("Ask for the rest")
    assert carol.get(f"/admin/desk/{the_row(play, 'amount_mismatch').id}/rest").status == 409


def test_a_rest_that_is_too_much_is_accepted_with_what_came_first(play, short):
    """RACE-28, INV-03, INV-29: the row of the rest says the sum above both; accepted, both count and that goes back."""
    came, rest = sums(play, short)
    over = _pays_a_wrong_rest(play, short, rest + 100)
    carol = comes_in(play)
    page = carol.get(f"/admin/desk/{_row_of(play, over).id}")
    assert not page.has("Ask for the rest")  # no rest has a rest
    page = carol.click("Accept the order")
    assert page.has(f"The {money.shown(100, 'EUR')} that are too much go back")
    carol.press("Accept the order")
    order = play.order_of(short.bill)
    assert (order.status, bill_now(play, short.bill)) == ("PROCESSING", ("RESOLVED", "credited"))
    assert bill_now(play, over)[0] == "APPLIED"
    assert "amount_mismatch" not in [row.reason for row in on_desk(play)]
    assert [sum_ for sum_, _state in refunds(play)] == [100]
    play.wait(days=31)
    play.run("decide_waiting_money")
    assert len(refunds(play)) == 1


def test_a_rest_that_is_short_too_is_accepted_with_what_came_first(play, short):
    """RACE-28: the page says what is still missing of both together, and only that is waived."""
    _came, rest = sums(play, short)
    little = _pays_a_wrong_rest(play, short, rest - 30)
    carol = comes_in(play)
    page = carol.get(f"/admin/desk/{_row_of(play, little).id}/accept")
    assert page.has(f"The missing {money.shown(30, 'EUR')} are waived")
    carol.press("Accept the order")
    assert (bill_now(play, short.bill), bill_now(play, little)[0]) == (("RESOLVED", "credited"), "APPLIED")
    assert (play.order_of(short.bill).status, refunds(play)) == ("PROCESSING", [])


def test_a_rest_that_pays_another_order_takes_nothing_along(play, short):
    """INV-02, INV-03: moved away, the wrong rest is only itself there; what came first goes back with its order."""
    came, rest = sums(play, short)
    over, meant = _pays_a_wrong_rest(play, short, rest + 100), play.quick_order(mug=1)
    carol = comes_in(play)
    carol.get(f"/admin/desk/{_row_of(play, over).id}/move")
    carol.press("Move it to another order", number=meant.order.number, difference="on")
    assert play.order_of(meant.bill).status == "PROCESSING"
    assert (play.order_of(short.bill).status, refunds(play)[0][0]) == ("CANCELLED", came)
    assert bill_now(play, short.bill)[1] != "credited"


def test_the_rest_is_asked_for_while_nobody_knew_whether_it_was_paid(play):
    """RACE-28, RACE-48: the gateway was silent, then too little came: that can be asked for, and pays the order."""
    placed = _nobody_knows(play)
    play.gateway_says("paid", placed.bill, amount="2000")
    carol = comes_in(play)
    row = _row_of(play, placed.bill)
    assert row.reason == "amount_mismatch"
    carol.get(f"/admin/desk/{row.id}")
    carol.click("Ask for the rest")
    carol.press("Ask for the rest")
    goes_to_pay(placed)
    second = rest_bill(play)
    placed.shopper.press("Pay")
    order = play.order_of(placed.bill)
    assert (order.status, order.payment_status) == ("PROCESSING", "PAID")
    assert (bill_now(play, second)[0], bill_now(play, placed.bill)) == ("APPLIED", ("RESOLVED", "credited"))
    assert not on_desk(play)


def test_too_much_while_nobody_knew_whether_it_was_paid(play):
    """RACE-28, RACE-48: whichever row is accepted, what is too much goes back."""
    placed = _nobody_knows(play)
    play.gateway_says("paid", placed.bill, amount="9000")
    (doubt,) = [row for row in on_desk(play) if row.reason == "gateway_silent"]
    carol = comes_in(play)
    carol.get(f"/admin/desk/{doubt.id}/accept")
    carol.press("Accept the order")
    assert play.order_of(placed.bill).status == "PROCESSING"
    assert [sum_ for sum_, _state in refunds(play)] == [9000 - placed.order.due_minor]


def test_money_in_another_currency_never_pays_a_silent_order(play):
    """RACE-28, RACE-48: accepted because somebody knows better, the order goes on without it; it stays in sight."""
    placed = _nobody_knows(play)
    play.gateway_says("paid", placed.bill, currency="USD")
    (doubt,) = [row for row in on_desk(play) if row.reason == "gateway_silent"]
    carol = comes_in(play)
    carol.get(f"/admin/desk/{doubt.id}/accept")
    carol.press("Accept the order")
    assert (play.order_of(placed.bill).status, bill_now(play, placed.bill)[0]) == ("PROCESSING", "QUARANTINED")
    assert the_row(play, "currency_mismatch").bill_id == placed.bill.id


def _nobody_knows(play):
    """The gateway was silent for hours after a shopper had left for it, and is back."""
    play.shelves(mug=5)
    placed = play.quickly_at_gateway(mug=2)
    play.gateway_is_away()
    for _step in range(20):
        play.wait(minutes=16)
        play.run("close_unpaid_orders")
    play.gateway_is_back()
    assert the_row(play, "gateway_silent").order_id == placed.order.id
    return placed


def _pays_a_wrong_rest(play, short, amount: int):
    """The rest was asked for, and so much came; gives its bill."""
    asks(play, comes_in(play))
    goes_to_pay(short)
    play.gateway_says("paid", rest_bill(play), amount=str(amount))
    return rest_bill(play)


def _row_of(play, bill):
    """What waits about this payment."""
    (row,) = [row for row in on_desk(play) if row.bill_id == bill.id]
    return row
