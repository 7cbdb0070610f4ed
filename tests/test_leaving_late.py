"""An attempt to pay is begun while there is time for it; when that is over, a fresh one is."""

import pytest

from counter import comes_in
from waiting import asks, goes_to_pay, rest_bill

pytestmark = pytest.mark.usefixtures("right_books")


def confirmed(play):
    """An order that was just confirmed; its shopper has not seen the page that leaves."""
    play.shelves(mug=9)
    alice = play.visitor("alice")
    play.fill_cart(alice, mug=2)
    play.to_preview(alice)
    alice.press("Confirm and pay", follow=False)
    return alice, play.last_order(), play.last_bill()


def test_the_page_that_leaves_opens_no_attempt_whose_time_is_over(play):
    """In the grace it leads to the order's page, and nothing has changed; "Pay now" there begins a fresh attempt.

    RED-02, BIL-11, PNT-04.
    """
    alice, order, bill = confirmed(play)
    play.wait(minutes=29)
    other = play.tab(alice)
    play.wait(minutes=6)
    page = alice.get(bill.next_step)
    assert page.path == f"/orders/{order.key}" and page.has("This order is not paid yet")
    assert [one.status for one in play.bills(order)] == ["CREATED"] and play.bills(order)[0].claimed_at is None
    page = alice.press("Pay now")
    fresh = play.last_bill()
    assert page.path == f"/pay/{fresh.key}" and fresh.expires_at > bill.expires_at
    assert [one.status for one in play.bills(order)] == ["CANCELLED", "REDIRECTED"]
    assert other.get(bill.next_step).path == f"/orders/{order.key}"  # the other tab, with the older address
    alice.press("Continue to payment page")
    alice.press("Pay")
    assert (play.last_order().status, play.last_order().payment_status) == ("PROCESSING", "PAID")


def test_back_to_an_attempt_whose_time_is_over(play):
    """Left in time, and back by the button of the browser: choices while there is time, then a fresh attempt. RACE-36.

    An attempt that was left is still believed when its money comes late.
    """
    alice, order, bill = confirmed(play)
    play.wait(minutes=29)
    assert alice.get(bill.next_step).form("Continue to payment page")
    tab = play.tab(alice)
    tab.press("Continue to payment page")
    assert alice.get(bill.next_step).has("Nothing was charged.")
    play.wait(minutes=2)
    page = alice.get(bill.next_step)
    assert page.path == f"/orders/{order.key}" and page.has("Pay now")
    assert [one.status for one in play.bills(order)] == ["REDIRECTED"]
    play.gateway_says("paid", bill)
    assert (play.last_order().status, play.captured(order)) == ("PROCESSING", order.due_minor)


def test_the_same_cart_confirmed_again_in_the_grace(play):
    """The order is found, not made twice; its page offers the fresh attempt. RACE-15, CNF-03."""
    alice, order, _ = confirmed(play)
    play.wait(minutes=35)
    play.to_preview(alice)
    page = alice.press("Confirm and pay")
    assert page.path == f"/orders/{order.key}" and page.has("Pay now") and len(play.orders()) == 1


def test_an_order_that_cannot_be_kept_any_longer_and_is_not_closed_yet(play):
    """The page says so and begins no attempt that is over at once; closed, the order can be paid. RET-10."""
    alice, order, _ = confirmed(play)
    for _minutes in range(3):
        play.wait(minutes=20)
        assert alice.get(f"/orders/{order.key}").has("Pay now")
        alice.press("Keep for me")
    play.wait(minutes=50)
    attempts = [bill.status for bill in play.bills(order)]
    alice.get(f"/orders/{order.key}")
    page = alice.press("Pay now")
    assert page.status == 409 and page.has("The goods are not kept any more.")
    assert [bill.status for bill in play.bills(order)] == attempts
    play.run("close_unpaid_orders")
    alice.get(f"/orders/{order.key}")
    assert alice.press("Pay now").path == f"/pay/{play.last_bill().key}"


def test_the_rest_is_paid_in_time_or_by_a_fresh_attempt(play):
    """What is missing of a short payment: the page that leaves is over after half an hour, and begun afresh. BIL-20."""
    play.shelves(mug=9)
    short = play.quickly_at_gateway(mug=2)
    short.shopper.press("Pay", scenario="wrong_amount")
    asks(play, comes_in(play))
    short.shopper.get(f"/orders/{short.order.key}")
    short.shopper.press("Pay the missing", follow=False)
    first = rest_bill(play)
    play.wait(minutes=31)
    assert short.shopper.get(first.next_step).path == f"/orders/{short.order.key}"
    assert play.bills(short.order)[-1].status == "CREATED"
    goes_to_pay(short)
    short.shopper.press("Pay")
    assert play.last_order().status == "PROCESSING" and rest_bill(play).id != first.id
