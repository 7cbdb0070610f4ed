"""The desk: whatever fits no order waits for a person, is decided once, and has an end by time."""

import pytest
from sqlalchemy import select

from storefront import desk, payments, stock
from storefront.kit import events, money
from storefront.kit.db import db, transaction
from storefront.kit.errors import Conflict, Invalid
from storefront.kit.events import OrderEvent
from storefront.payments.models import Bill, DeskRow
from storefront.payments.reasons import REASONS
from storefront.stock import OutOfStock

from counter import CLERK, comes_in, trail
from purchases import at_once
from waiting import bill_now, decides, on_desk, paid_too_late, refunds, the_row

pytestmark = pytest.mark.usefixtures("right_books")


def test_race_21_late_money_without_goods_is_the_shoppers_choice(play):
    """RACE-21, STK-05, INV-06: closed, nothing oversold; the page offers to wait or the money back."""
    play.shelves(mug=2)
    placed = paid_too_late(play, taken=2, mug=2)
    row = the_row(play, "late_order_closed")
    assert (row.order_id, row.bill_id, row.suggested) == (placed.order.id, placed.bill.id, "offer")
    assert (row.amount_minor, row.currency, play.on_shelf("mug")) == (placed.order.due_minor, "EUR", 0)
    page = placed.shopper.get(f"/orders/{placed.order.key}")
    assert page.heading == "You paid, but the goods are gone" and not page.has("is paid")

    page = placed.shopper.press("Have the money back")
    assert page.steps == [303, 200] and bill_now(play, placed.bill) == ("RESOLVED", "refunded")
    play.run("send_refunds")
    assert refunds(play) == [(placed.order.due_minor, "SUCCEEDED")] and not on_desk(play)
    assert placed.shopper.again().heading == f"Order {placed.order.number} is refunded"
    play.both_books_agree()


def test_race_21_a_shopper_who_waits_gets_the_goods_when_they_are_back(play):
    """RACE-21, STK-05: wait keeps the money in sight; the order goes on by itself, once, when the shelf is filled."""
    play.shelves(mug=2)
    placed = paid_too_late(play, taken=2, mug=2)
    placed.shopper.get(f"/orders/{placed.order.key}")
    page = placed.shopper.press("Wait until it is back")
    assert page.heading == "You wait for the goods" and play.order_of(placed.bill).status == "CANCELLED"
    assert play.run("decide_waiting_money")["done"] == 0  # the shelf is still empty
    with transaction():
        stock.set_on_hand(play.variant("mug").id, 5, cause="adjust", actor="carol")
    play.run("decide_waiting_money")
    order = play.order_of(placed.bill)
    assert (order.status, play.on_shelf("mug"), on_desk(play)) == ("PROCESSING", 1, [])
    assert placed.shopper.again().heading.startswith("Thank you")
    assert play.run("decide_waiting_money")["done"] == 0


def test_a_shopper_may_stop_waiting(play):
    """STK-05, RAC-04: who waits can still have the money back, and after thirty days it goes back by itself."""
    play.shelves(mug=4)
    gone, other = paid_too_late(play, taken=2, mug=3), None
    gone.shopper.get(f"/orders/{gone.order.key}")
    gone.shopper.press("Wait until it is back")
    gone.shopper.press("Have the money back after all")
    assert bill_now(play, gone.bill) == ("RESOLVED", "refunded")
    other = paid_too_late(play, taken=1, mug=2)
    other.shopper.get(f"/orders/{other.order.key}")
    other.shopper.press("Wait until it is back")
    play.wait(days=31)
    play.run("decide_waiting_money")
    assert bill_now(play, other.bill) == ("RESOLVED", "refunded") and not on_desk(play)


def test_a_choice_counts_once_and_only_if_it_was_offered(play):
    """STK-05, RACE-21: two tabs choose at once, one refund is asked for; nonsense is a 400, a late press a 409."""
    play.shelves(mug=2)
    placed = paid_too_late(play, taken=2, mug=2)
    shopper, path = placed.shopper, f"/orders/{placed.order.key}/choose"
    shopper.get(f"/orders/{placed.order.key}")
    assert shopper.post(path, {"choice": "everything"}).status == 400
    tabs = [play.tab(shopper), play.tab(shopper)]
    pages = at_once(*(lambda tab=tab: tab.post(path, {"choice": "refund"}) for tab in tabs))
    assert sorted(page.status for page in pages) == [200, 409]
    assert len(refunds(play)) == 1
    assert shopper.post(path, {"choice": "wait"}).status == 409


@pytest.mark.parametrize("scenario, suggested", [("wrong_amount", "refund"), ("more_money", "accept")])
def test_race_28_another_sum_waits_and_can_be_accepted(play, scenario, suggested):
    """RACE-28, RAC-06, ORD-12: goods kept, nothing shown as paid; accepted as it is, and what is too much goes back."""
    play.shelves(mug=5)
    placed = play.quickly_at_gateway(mug=2)
    placed.shopper.press("Pay", scenario=scenario)
    row, due = the_row(play, "amount_mismatch"), placed.order.due_minor
    order = play.order_of(placed.bill)
    assert (order.status, order.review_reason, row.suggested) == ("REVIEW", "amount_mismatch", suggested)
    assert play.holds(order) == {"HELD": 2}
    came = row.amount_minor
    page = decides(play, row, "accept", "Accept the order")
    assert page.path == "/admin/desk" and page.has("The order is accepted")

    order = play.order_of(placed.bill)
    assert (order.status, bill_now(play, placed.bill)[0], play.holds(order)) == (
        "PROCESSING",
        "APPLIED",
        {"COMMITTED": 2},
    )
    assert refunds(play) == ([(came - due, "SUCCEEDED")] if came > due else [])
    assert not on_desk(play) and f"desk: accept: desk {row.id}" in trail()
    released = [event for event in events.of_order(order.id) if event.type == "ORDER_RELEASED"]
    assert [(event.actor_kind, event.data["reason"]) for event in released] == [("staff", "accepted")]
    play.both_books_agree()


def test_race_28_another_currency_can_only_go_back(play):
    """RACE-28, RAC-07, ORD-13: it cannot pay the order, which is cancelled, and the sum that came goes back."""
    play.shelves(mug=5)
    placed = play.quickly_at_gateway(mug=2)
    placed.shopper.press("Pay", scenario="wrong_currency")
    row = the_row(play, "currency_mismatch")
    assert desk.allowed(desk.look_at(row.id)) == ["refund", "move", "wait"]
    came = (row.amount_minor, row.currency)
    decides(play, row, "refund", "Send the money back")
    order = play.order_of(placed.bill)
    assert (order.status, order.close_reason, play.shelf("mug")) == ("CANCELLED", "review", (5, 0))
    assert play.ledger_of(placed.bill) == {("captured", came[1]): came[0], ("refunded", came[1]): came[0]}
    assert not on_desk(play)


def test_race_24_the_merchant_cancels_while_the_shopper_pays(play):
    """RACE-24, INV-16: closed by a person, so no revival though the goods are there; the money goes back."""
    play.shelves(mug=5)
    placed = play.quickly_at_gateway(mug=2)
    staff = comes_in(play)
    staff.get(f"/admin/orders/{placed.order.number}/cancel")
    staff.press("Cancel order")
    assert play.order_of(placed.bill).status == "CANCELLED"
    play.gateway_says("paid", placed.bill)
    row = the_row(play, "late_order_closed")
    assert (play.order_of(placed.bill).status, row.suggested, play.on_shelf("mug")) == ("CANCELLED", "refund", 5)
    page = staff.get("/admin/desk")
    assert page.has("Paid after the order was closed") and page.has(placed.order.number)
    play.wait(days=6, hours=1)
    play.run("decide_waiting_money")
    assert the_row(play, "late_order_closed").reminded == 1  # told a day before, and nothing else
    play.wait(days=1)
    play.run("decide_waiting_money")
    assert bill_now(play, placed.bill) == ("RESOLVED", "refunded") and not on_desk(play)


def test_a_closed_order_can_be_opened_again_for_its_money(play):
    """ORD-12, RACE-24: staff change their mind: the goods are taken again and the order goes on, late."""
    play.shelves(mug=5)
    play.shop(late_policy="quarantine")
    placed = paid_too_late(play, mug=2)
    decides(play, the_row(play, "late_order_closed"), "accept", "Accept the order")
    order = play.order_of(placed.bill)
    assert (order.status, order.close_reason, play.shelf("mug")) == ("PROCESSING", "", (5, 2))
    play.run("deliver_events")
    paid = [letter for letter in play.letters() if f"order {order.number} paid" in letter]
    assert len(paid) == 1


def test_goods_that_are_gone_cannot_be_accepted(play):
    """STK-05, INV-20: the page says so with a 409, and everything is as before."""
    play.shelves(mug=2)
    paid_too_late(play, taken=1, mug=2)
    row = the_row(play, "late_order_closed")
    before = play.tables("desk_rows", "staff_users", "audit_entries")
    page = decides(play, row, "accept", "Accept the order")
    assert page.status == 409 and page.has("There are not enough of MUG left")
    after = play.tables("desk_rows", "staff_users", "audit_entries")
    assert after == before and the_row(play, "late_order_closed")


def test_a_double_payment_goes_back_and_the_order_stays(play):
    """RAC-12, RAC-07: the second sum goes back by its deadline; the order keeps its first payment."""
    play.shelves(mug=5)
    placed = play.quickly_at_gateway(mug=1)
    placed.shopper.press("Pay", scenario="pays_twice")
    play.wait(seconds=5)
    play.run("deliver_sandbox_notices")
    row = the_row(play, "duplicate_payment")
    assert "accept" not in desk.allowed(desk.look_at(row.id))
    play.wait(days=8)
    play.run("decide_waiting_money")
    play.run("send_refunds")
    assert refunds(play) == [(placed.order.due_minor, "SUCCEEDED")]
    assert play.order_of(placed.bill).status == "PROCESSING" and not on_desk(play)
    play.both_books_agree()


def test_money_can_be_moved_to_the_order_it_was_meant_for(play):
    """INV-06, RAC-12: a doubled payment pays another order of the same sum, once; both histories tell it."""
    play.shelves(mug=5)
    twice = play.quickly_paid(mug=1)
    play.gateway_says("paid", twice.bill, transaction="second", event="second-paid")
    unpaid = play.quick_order(mug=1)
    page = decides(
        play, the_row(play, "duplicate_payment"), "move", "Move it to another order", number=unpaid.order.number
    )
    assert page.path == "/admin/desk" and page.has("pays the other order")
    moved = play.order_of(unpaid.bill)
    assert (moved.status, moved.payment_status, play.captured(moved)) == ("PROCESSING", "PAID", moved.due_minor)
    left = play.order_of(twice.bill)
    assert (left.status, left.payment_status, play.captured(left)) == ("PROCESSING", "PAID", left.due_minor)
    for order in (moved, left):
        assert "BILL_MOVED" in [event.type for event in events.of_order(order.id)]
        assert events.chain_is_whole(order.id)
    assert not on_desk(play)


def test_money_is_moved_only_where_it_fits(play):
    """INV-29, RACE-28: no such order, itself, a paid one, another sum: each is told at the field, nothing moves."""
    play.shelves(mug=9)
    twice, paid = play.quickly_paid(mug=1), play.quickly_paid(mug=1)
    play.gateway_says("paid", twice.bill, transaction="second", event="second-paid")
    other = play.quick_order(mug=2)
    row, staff = the_row(play, "duplicate_payment"), comes_in(play)
    for number, status, words in (
        ("K-9999", 400, "There is no order with this number"),
        ("", 400, "There is no order with this number"),
        ("x" * 50, 400, "Shorten"),
        (twice.order.number, 400, "the money came for already"),
        (other.order.number, 400, "say that the difference is accepted"),
        (paid.order.number, 409, "is paid, or cannot be paid any more"),
    ):
        staff.get(f"/admin/desk/{row.id}/move")
        page = staff.press("Move it to another order", number=number)
        assert page.status == status and page.has(words), number
    assert the_row(play, "duplicate_payment") and play.order_of(other.bill).status == "HOLD"
    staff.get(f"/admin/desk/{row.id}/move")
    staff.press("Move it to another order", number=other.order.number, difference="on")
    assert play.order_of(other.bill).status == "PROCESSING"


def test_what_is_too_much_for_the_order_that_money_is_moved_to_goes_back(play):
    """RACE-28, INV-29: page and refusal say the sums; the excess is sent back at once, and nothing stays too much."""
    play.shelves(mug=9)
    twice, meant = play.quickly_paid(mug=3), play.quick_order(mug=1)
    play.gateway_says("paid", twice.bill, transaction="second", event="second-paid")
    excess = twice.order.due_minor - meant.order.due_minor
    staff = comes_in(play)
    assert staff.get(f"/admin/desk/{the_row(play, 'duplicate_payment').id}/move").has("what is too much goes back")
    page = staff.press("Move it to another order", number=meant.order.number)
    assert page.status == 400 and page.has(f"The {money.shown(excess, 'EUR')} that are too much go back")
    staff.press("Move it to another order", number=meant.order.number, difference="on")
    assert refunds(play) == [(excess, "SUCCEEDED")]
    order = play.order_of(meant.bill)
    assert (order.status, order.paid_minor - order.refunded_minor) == ("PROCESSING", order.due_minor)


def test_what_is_missing_for_the_order_that_money_is_moved_to_is_waived(play):
    """RACE-28: the refusal says how much would be waived; moved all the same, nothing goes back."""
    play.shelves(mug=9)
    twice, meant = play.quickly_paid(mug=1), play.quick_order(mug=3)
    play.gateway_says("paid", twice.bill, transaction="second", event="second-paid")
    staff, missing = comes_in(play), meant.order.due_minor - twice.order.due_minor
    staff.get(f"/admin/desk/{the_row(play, 'duplicate_payment').id}/move")
    page = staff.press("Move it to another order", number=meant.order.number)
    assert page.status == 400 and page.has(f"The missing {money.shown(missing, 'EUR')} are waived.")
    staff.press("Move it to another order", number=meant.order.number, difference="on")
    assert (play.order_of(meant.bill).status, refunds(play)) == ("PROCESSING", [])


def test_only_what_is_left_of_the_money_is_moved(play):
    """INV-29, RACE-28: a part went back meanwhile: page and check speak of the rest, not of what came once."""
    play.shelves(mug=9)
    play.shop(late_policy="quarantine")
    first = play.quick_order(mug=1)
    play.wait(minutes=46)
    play.run("close_unpaid_orders")
    play.gateway_says("paid", first.bill)
    play.gateway_says("refunded", first.bill, amount="300", event="r-1")
    meant, row, staff = play.quick_order(mug=1), the_row(play, "late_order_closed"), comes_in(play)
    rest = money.shown(first.order.due_minor - 300, "EUR")
    assert staff.get(f"/admin/desk/{row.id}").has(rest)
    assert staff.get(f"/admin/desk/{row.id}/move").has(f"{rest} pay the order")
    page = staff.press("Move it to another order", number=meant.order.number)
    assert page.status == 400 and page.has(f"{rest} came: say that the difference is accepted")
    assert play.order_of(meant.bill).status == "HOLD"


def test_the_order_that_money_leaves_is_cancelled(play):
    """RAC-04, INV-17: a wrong sum that was meant for another order leaves the first one closed."""
    play.shelves(mug=5)
    first, meant = play.quickly_at_gateway(mug=1), play.quick_order(mug=1)
    first.shopper.press("Pay", scenario="wrong_amount")
    row, staff = the_row(play, "amount_mismatch"), comes_in(play)
    staff.get(f"/admin/desk/{row.id}/move")
    staff.press("Move it to another order", number=meant.order.number, difference="on")
    first_now = db.session.get_one(type(first.order), first.order.id)
    assert (first_now.status, first_now.close_reason) == ("CANCELLED", "review")
    assert play.order_of(meant.bill).status == "PROCESSING" and not on_desk(play)
    fresh = play.quick_order(mug=1)
    assert fresh.bill.reference and play.order_of(fresh.bill).status == "HOLD"


def test_paying_again_after_money_was_moved_away_gets_a_reference_of_its_own(play):
    """INV-14 of bills: the number of an attempt whose money pays another order is never given twice."""
    play.shelves(mug=9)
    first = play.quick_order(mug=1)
    play.shop(late_policy="quarantine")
    play.wait(minutes=46)
    play.run("close_unpaid_orders")
    play.gateway_says("paid", first.bill)
    meant = play.quick_order(mug=1)
    row = the_row(play, "late_order_closed")
    with transaction():
        desk.move(row.id, meant.order.number, difference_ok=False, actor="carol")
    first.shopper.get(f"/orders/{first.order.key}")
    first.shopper.press("Pay now")
    second = play.last_bill()
    assert (second.order_id, second.reference) == (first.order.id, f"{first.order.number}-2")
    play.gateway_says("paid", second)
    assert [one.status for one in play.orders()] == ["PROCESSING", "PROCESSING"]


def test_race_29_money_for_no_order_is_shown_within_minutes(play):
    """RACE-29, NOT-13, INV-32: kept as UNMATCHED, answered 2xx; on the desk within minutes, with what it says."""
    play.shelves(mug=5)
    placed = play.quick_order(mug=1)
    assert play.notify(play.message("paid", placed.bill, reference="K-9999-1")).status == 200
    assert play.outcomes() == ["UNMATCHED"] and not on_desk(play)
    for _ in range(9):
        play.wait(seconds=31)
        play.run("apply_waiting_messages")
    row = the_row(play, "unknown_reference")
    assert (row.amount_minor, row.currency, row.order_id) == (placed.order.due_minor, "EUR", None)
    page = comes_in(play).get(f"/admin/desk/{row.id}")
    assert page.has("No order of this shop had this reference") and page.has("K-9999-1")
    play.run("deliver_events")
    assert any("needs you" in letter for letter in play.letters())
    assert play.last_order().status == "HOLD"


def test_race_29_money_that_nobody_claims_is_taken_in_and_goes_back(play):
    """RACE-29, INV-02, INV-32: after a day it is in the ledger as nobody's, after its deadline sent back."""
    play.shelves(mug=5)
    placed = play.quick_order(mug=1)
    play.notify(play.message("paid", placed.bill, reference="K-9999-1"))
    _patience(play)
    assert the_row(play, "unknown_reference").bill_id is None
    play.wait(hours=25)
    play.run("decide_waiting_money")
    row = the_row(play, "unknown_reference")
    bill = db.session.get_one(Bill, row.bill_id)
    assert (bill.order_id, bill.disposition, bill.quarantine_reason) == (None, "QUARANTINED", "unknown_reference")
    assert (row.evidence["outcome"]["reference"], row.amount_minor) == (bill.extra["session"], placed.order.due_minor)
    play.wait(days=15)
    play.run("decide_waiting_money")
    assert bill_now(play, bill) == ("RESOLVED", "refunded")


def test_race_29_a_payment_that_is_counted_is_not_a_second_one(play):
    """RACE-29, INV-04: the same transaction under a wrong name counts once; its row goes, and no money is made up."""
    play.shelves(mug=5)
    placed = play.quick_order(mug=1)
    stranger = play.message("paid", placed.bill, reference="K-9999-1")
    play.notify(stranger)
    _patience(play)
    row_id = the_row(play, "unknown_reference").id
    play.gateway_says("paid", placed.bill)
    with pytest.raises(Conflict), transaction():
        desk.refund(row_id, actor="carol")
    play.wait(hours=25)
    play.run("decide_waiting_money")
    assert not on_desk(play) and play.rows_of(Bill) == 1 and play.outcomes() == ["DUPLICATE", "APPLIED"]


def test_race_29_money_of_no_order_is_moved_to_one(play):
    """RACE-29, RAC-07: whoever knows whose it is pays the right order with it, before the day is over."""
    play.shelves(mug=5)
    placed = play.quick_order(mug=1)
    play.notify(play.message("paid", placed.bill, reference="K-9999-1"))
    _patience(play)
    decides(play, the_row(play, "unknown_reference"), "move", "Move it to another order", number=placed.order.number)
    order = play.last_order()
    assert (order.status, play.captured(order)) == ("PROCESSING", order.due_minor)
    assert play.outcomes() == ["APPLIED"] and not on_desk(play)
    play.notify(play.message("paid", placed.bill, reference="K-9999-1"))
    assert play.outcomes() == ["APPLIED", "DUPLICATE"] and play.captured(order) == order.due_minor


def test_race_46_a_bill_that_becomes_known_takes_its_message_off_the_desk(play):
    """RACE-46, RACE-29, NOT-13: matched on a later try, it pays its order, and the row goes by itself."""
    play.shelves(mug=5)
    placed = play.quick_order(mug=1)
    play.notify(play.message("paid", placed.bill, reference="K-9999-1"))
    _patience(play)
    with transaction():
        db.session.get_one(Bill, placed.bill.id).reference = "K-9999-1"
    play.wait(hours=3)
    play.run("apply_waiting_messages")
    assert play.last_order().status == "PROCESSING" and not on_desk(play)
    assert [row.decision for row in on_desk(play, "DONE")] == ["applied"]


def test_a_message_without_money_about_nothing_is_shown_and_leaves(play):
    """NOT-13, INV-32: a refusal for an unknown payment is seen, moves nothing, and leaves the desk by itself."""
    play.shelves(mug=5)
    placed = play.quick_order(mug=1)
    play.notify(play.message("declined", placed.bill, reference="K-9999-1"))
    _patience(play)
    assert (the_row(play, "unknown_message").amount_minor, desk.sums()) == (0, [])
    play.wait(days=8)
    play.run("decide_waiting_money")
    assert not on_desk(play) and play.rows_of(Bill) == 1


def test_race_44_money_for_a_removed_order_finds_its_tombstone(play):
    """RACE-44, RACE-29, CLN-09: shown at once with number, sum and reason of the order that was removed."""
    play.shelves(mug=5)
    placed = play.quick_order(mug=1)
    fields = play.message("paid", placed.bill)
    number, due = placed.order.number, placed.order.due_minor
    play.wait(minutes=46)
    play.run("close_unpaid_orders")
    play.wait(days=31)
    play.run("remove_failed_orders")
    assert not play.orders()
    assert play.notify(fields).status == 200
    row = the_row(play, "unknown_reference")
    assert (row.evidence["tombstone"]["number"], row.amount_minor) == (number, due)
    page = comes_in(play).get(f"/admin/desk/{row.id}")
    assert page.has(f"It speaks of order {number}") and page.has("nobody had paid it")
    decides(play, row, "refund", "Send the money back")
    assert [amount for amount, _state in refunds(play)] == [due]


def test_two_people_decide_once(play):
    """ADM-15, INV-43: of two who press at the same moment one is told, with the decision, that it is done."""
    play.shelves(mug=5)
    twice = play.quickly_paid(mug=1)
    play.gateway_says("paid", twice.bill, transaction="second", event="second-paid")
    row_id = the_row(play, "duplicate_payment").id
    people = [comes_in(play), comes_in(play, CLERK, "staff")]
    for person in people:
        person.get(f"/admin/desk/{row_id}/refund")
    pages = at_once(*(lambda one=one: one.press("Send the money back") for one in people))
    assert sorted(page.status for page in pages) == [200, 409]
    late = next(page for page in pages if page.status == 409)
    assert late.has("already") and late.has("sent back")
    assert len(refunds(play)) == 1
    assert people[0].get(f"/admin/desk/{row_id}/refund").status == 409


def test_who_looks_at_it_is_seen_by_the_others(play):
    """ORD-11: the assignee stands in the list and on the page; the history tells who it is."""
    play.shelves(mug=5)
    placed = play.quickly_at_gateway(mug=2)
    placed.shopper.press("Pay", scenario="wrong_amount")
    row, clerk = the_row(play, "amount_mismatch"), comes_in(play, CLERK, "staff")
    clerk.get(f"/admin/desk/{row.id}")
    assert clerk.press("I look at it").has(f"looked at by {CLERK}")
    assert comes_in(play).get("/admin/desk").has(CLERK)
    (taken,) = [event for event in events.of_order(placed.order.id) if event.type == "DESK_ROW_ASSIGNED"]
    assert (taken.actor_kind, taken.actor) == ("staff", CLERK)


def test_it_may_wait_longer(play):
    """RAC-04: a person gives it a new deadline, which holds; nonsense is told at the field."""
    play.shelves(mug=5)
    placed = play.quickly_at_gateway(mug=2)
    placed.shopper.press("Pay", scenario="wrong_amount")
    row, staff = the_row(play, "amount_mismatch"), comes_in(play)
    for days in ("", "0", "-1", "1.5", "many", "400", "99999"):
        staff.get(f"/admin/desk/{row.id}/wait")
        assert staff.press("Let it wait", days=days).status == 400, days
    staff.get(f"/admin/desk/{row.id}/wait")
    staff.press("Let it wait", days="20")
    play.wait(days=18)
    play.run("decide_waiting_money")
    assert the_row(play, "amount_mismatch").reminded == 0
    play.wait(days=3)
    play.run("decide_waiting_money")
    assert play.order_of(placed.bill).status == "CANCELLED" and bill_now(play, placed.bill) == ("RESOLVED", "refunded")


def test_an_order_that_nobody_knows_of_ends_by_time_and_not_in_silence(play):
    """RACE-48, RULE-12: gateway silent for days: the owner is told, then told again, then it is closed as unpaid."""
    play.shelves(mug=5)
    placed = play.quickly_at_gateway(mug=2)
    play.gateway_is_away()
    for _ in range(20):
        play.wait(minutes=16)
        play.run("close_unpaid_orders")
    assert the_row(play, "gateway_silent").order_id == placed.order.id
    play.wait(days=6, hours=1)
    play.run("decide_waiting_money")
    play.run("deliver_events")
    assert len([letter for letter in play.letters() if "needs you" in letter]) == 2
    assert play.order_of(placed.bill).status == "REVIEW"
    play.wait(days=1)
    play.run("decide_waiting_money")
    order = play.order_of(placed.bill)
    assert (order.status, order.close_reason, play.on_shelf("mug")) == ("CANCELLED", "abandoned", 5)
    play.gateway_says("paid", placed.bill)
    assert play.order_of(placed.bill).status == "PROCESSING"  # late money after all


def test_a_last_question_is_asked_before_silence_closes(play):
    """RACE-48, RACE-19: at the deadline the gateway answers after all: paid, and nothing is closed."""
    play.shelves(mug=5)
    placed = play.quickly_at_gateway(mug=2)
    placed.shopper.press("Pay", scenario="down")
    for _ in range(20):
        play.wait(minutes=16)
        play.run("close_unpaid_orders")
    assert play.order_of(placed.bill).status == "REVIEW"
    play.gateway_is_back()
    play.wait(days=8)
    play.run("decide_waiting_money")
    assert play.order_of(placed.bill).status == "PROCESSING" and not on_desk(play)


def test_the_right_payment_gets_an_order_out_of_review(play):
    """RACE-10, INV-05: after a wrong sum the second attempt pays: the order goes on, the wrong sum waits."""
    play.shelves(mug=5)
    order, first, shopper = play.held_order(mug=1)
    shopper.post(f"/orders/{order.key}/pay")
    second = play.last_bill()
    play.gateway_says("paid", first, amount="100")
    assert play.last_order().status == "REVIEW"
    play.gateway_says("paid", second)
    assert (play.last_order().status, play.last_order().review_reason) == ("PROCESSING", "")
    row = the_row(play, "amount_mismatch")
    assert "accept" not in desk.allowed(desk.look_at(row.id))
    play.wait(days=8)
    play.run("decide_waiting_money")
    assert play.order_of(second).status == "PROCESSING" and bill_now(play, first) == ("RESOLVED", "refunded")


def test_money_that_comes_after_a_blind_acceptance_counts(play):
    """INV-05, RACE-48: staff saw it in the console and accepted; when the message comes it pays, and nothing waits."""
    play.shelves(mug=5)
    placed = play.quickly_at_gateway(mug=2)
    play.gateway_is_away()
    for _ in range(20):
        play.wait(minutes=16)
        play.run("close_unpaid_orders")
    decides(play, the_row(play, "gateway_silent"), "accept", "Accept the order")
    assert play.order_of(placed.bill).status == "PROCESSING"
    play.gateway_says("paid", placed.bill)
    assert (bill_now(play, placed.bill)[0], play.order_of(placed.bill).payment_status) == ("APPLIED", "PAID")
    assert not on_desk(play)


def test_a_default_that_cannot_be_done_is_told_again(play):
    """RULE-12: what only a person can see to gets a new deadline, and the owner hears of it each time."""
    play.shelves(mug=5)
    placed = play.quickly_paid(mug=1)
    with transaction():
        payments.put_on_desk("authorization_ended", order_id=placed.order.id, bill_id=placed.bill.id)
    for times in (1, 2):
        play.wait(days=8)
        play.run("decide_waiting_money")
        row = the_row(play, "authorization_ended")
        assert row.reminded == times
    assert len(_events("DESK_ROW_DUE")) == 2


def test_every_reason_has_its_words_and_its_end(play):
    """RAC-07: one table: each kind has a suggestion among its actions, and a default that is done or told again."""
    for reason, kind in REASONS.items():
        assert str(kind.label) and kind.suggested in kind.actions, reason
        assert kind.default in (*kind.actions, "remind"), reason
        assert "wait" in kind.actions, reason


def test_one_thing_waits_once(play):
    """INV-43: put there twice it is one row; taken off twice, the second is told the decision."""
    play.shelves(mug=5)
    placed = play.quickly_paid(mug=1)
    with transaction():
        first = payments.put_on_desk("authorization_ended", bill_id=placed.bill.id).id
        again = payments.put_on_desk("authorization_ended", bill_id=placed.bill.id).id
    assert first == again
    with transaction():
        payments.take_off_desk(db.session.get_one(DeskRow, first), "done", "carol")
    with pytest.raises(Conflict) as told, transaction():
        payments.take_off_desk(db.session.get_one(DeskRow, first), "refunded", "henry")
    assert told.value.data["state"] == "done"
    with transaction():
        assert payments.put_on_desk("authorization_ended", bill_id=placed.bill.id).id != first
    with transaction():
        payments.clear_desk("done", bill_id=placed.bill.id)


def test_verbs_refuse_what_the_state_forbids(play):
    """RAC-07, ORD-12: no page is needed for it: each verb looks under the lock."""
    play.shelves(mug=2)
    paid_too_late(play, taken=1, mug=2)
    row_id = the_row(play, "late_order_closed").id
    with pytest.raises(OutOfStock), transaction():
        desk.accept(row_id, actor="carol")
    with pytest.raises(Conflict), transaction():
        desk.cancel(row_id, actor="carol")
    with pytest.raises(Invalid), transaction():
        desk.offer(row_id, 31, actor="carol")
    with transaction():
        desk.offer(row_id, 5, actor="carol")
    with pytest.raises(Conflict), transaction():
        desk.offer(row_id, 5, actor="carol")  # asked once
    play.run("deliver_events")
    assert len([letter for letter in play.letters() if "but the goods are gone" in letter]) == 2


def _patience(play):
    """The minutes in which an order that is being confirmed may still become known."""
    for _ in range(9):
        play.wait(seconds=31)
        play.run("apply_waiting_messages")


def _events(kind):
    return list(db.session.scalars(select(OrderEvent).filter_by(type=kind)))
