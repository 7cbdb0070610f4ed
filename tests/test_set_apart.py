"""Confirming again while a payment is on its way: wait for it, or make a separate order; then both stand alone."""

import pytest
from sqlalchemy import select

from storefront.cart.models import Cart, CartLine
from storefront.kit.db import db
from storefront.orders.models import Order

from purchases import at_once


@pytest.fixture
def alice(play):
    """Alice at a shop with nine mugs and nine posters, with two mugs in her cart."""
    play.shelves(mug=9, poster=9)
    alice = play.visitor("alice")
    play.fill_cart(alice, mug=2)
    play.to_preview(alice)
    return alice


def pending_order(play, alice):
    """Her order, of which the gateway says that it does not know yet."""
    placed = play.confirm(alice)
    play.gateway_says("pending", placed.bill)
    return placed


def refused(play, alice):
    """The page that says that a payment is on its way."""
    play.to_preview(alice)
    page = alice.press("Confirm and pay")
    assert page.status == 409
    return page


def apart(play, alice, placed):
    """A second order beside the pending one."""
    refused(play, alice)
    page = alice.press("Make a separate order")
    assert page.path == "/checkout/preview"
    assert page.has(f"Order {placed.order.number} goes on by itself. What you confirm here is another order.")
    return play.confirm(alice)


def states(play):
    """The state of every order, oldest first."""
    return [order.status for order in play.orders()]


def payable_by_cart(play):
    """How many orders of each cart could be paid."""
    play.look_again()
    carts = db.session.scalars(select(Order.cart_id).where(Order.status.in_(("NEW", "HOLD")))).all()
    return {cart: carts.count(cart) for cart in carts}


def test_race_50_refused_with_two_ways_on(play, alice):
    """The gateway has not decided yet: 409, which order it is, and the two ways on; nothing has moved. RACE-50."""
    placed = pending_order(play, alice)
    before = play.tables("order_events", "sequences")
    page = refused(play, alice)
    assert page.has(f"A payment for order {placed.order.number} is being processed.")
    assert page.link("Show the order that is being paid") == f"/orders/{placed.order.key}"
    assert page.form("Make a separate order")
    after = play.tables("order_events", "sequences")
    assert {name for name in after if after[name] != before[name]} <= {"carts", "customer_addresses"}
    assert states(play) == ["HOLD"]


def test_race_50_two_orders_stand_on_their_own(play, alice):
    """Set apart: two orders, each with its goods, bill and cart; one payable order a cart. RACE-50, RULE-07."""
    first = pending_order(play, alice)
    second = apart(play, alice, first)
    assert states(play) == ["HOLD", "HOLD"] and set(payable_by_cart(play).values()) == {1}
    assert play.holds(first.order) == {"HELD": 2} == play.holds(second.order)
    assert play.shelf("mug") == (9, 4)
    statuses = sorted(db.session.scalars(select(Cart.status)))
    assert statuses == ["MERGED", "OPEN"]
    open_cart = db.session.scalar(select(Cart).where(Cart.status == "OPEN"))
    assert open_cart.open_order_id == second.order.id


@pytest.mark.parametrize("order_of_payment", [(0, 1), (1, 0)], ids=["first first", "second first"])
def test_race_50_both_are_paid(play, alice, order_of_payment):
    """Whichever is paid first, each takes its own goods, and the cart gives up once. RACE-50, INV-39."""
    first = pending_order(play, alice)
    second = apart(play, alice, first)
    tab = play.tab(alice)
    tab.get("/products/poster")
    tab.press("Add to cart", quantity="1")
    for place in order_of_payment:
        play.gateway_says("paid", (first, second)[place].bill)
    assert states(play) == ["PROCESSING", "PROCESSING"] and play.shelf("mug") == (9, 4)
    assert play.captured(first.order) == first.order.due_minor and play.captured(second.order) == second.order.due_minor
    assert play.in_cart(tab) == {"Poster": 1}


@pytest.mark.parametrize("ends", ["declined", "cancelled", "expired"])
def test_race_50_the_first_one_fails_after_all(play, alice, ends):
    """The payment that was waited for fails: its order waits or closes alone, the second one is untouched. RACE-50."""
    first = pending_order(play, alice)
    second = apart(play, alice, first)
    play.gateway_says(ends, first.bill)
    assert states(play) == ["HOLD", "HOLD"]
    alice.get(f"/orders/{first.order.key}")
    alice.press("Cancel order")
    assert states(play) == ["CANCELLED", "HOLD"] and play.shelf("mug") == (9, 2)
    assert play.in_cart(alice) == {"Mug": 2}
    play.gateway_says("paid", second.bill)
    assert states(play) == ["CANCELLED", "PROCESSING"] and play.in_cart(alice) == {}


def test_race_50_the_second_may_be_something_else(play, alice):
    """What is in the cart now is what the separate order is for, not what the first one had. RACE-50, CRT-04."""
    first = pending_order(play, alice)
    alice.get("/cart")
    alice.press("Remove")
    play.fill_cart(alice, poster=3)
    second = apart(play, alice, first)
    assert [(line.sku, line.qty) for line in second.order.lines] == [("POSTER", 3)]
    play.gateway_says("paid", first.bill)
    assert play.in_cart(alice) == {"Poster": 3}
    play.gateway_says("paid", second.bill)
    assert play.in_cart(alice) == {}


def test_race_50_the_goods_of_the_first_are_out_of_reach(play):
    """The last mugs are the first order's, and the preview says so with one press to mend it. RACE-50, CNF-14."""
    play.shelves(mug=2, poster=9)
    alice = play.visitor("alice")
    play.fill_cart(alice, mug=2, poster=1)
    play.to_preview(alice)
    first = pending_order(play, alice)
    refused(play, alice)
    page = alice.press("Make a separate order")
    assert page.has("Mug: Sold out.")
    page = alice.press("Take what there is")
    assert page.path == "/checkout/preview" and page.has("Mug is sold out.") and not page.has("Mug: Sold out.")
    second = play.confirm(alice)
    assert [line.sku for line in second.order.lines] == ["POSTER"]
    assert play.holds(first.order) == {"HELD": 3}


def test_race_50_pressed_many_times_it_is_done_once(play, alice):
    """Ten tabs press the button at once: one cart lives on, one second order comes of it. RACE-50, CRT-11."""
    first = pending_order(play, alice)
    refused(play, alice)
    tabs = [play.tab(alice) for _ in range(10)]
    pages = at_once(*(lambda tab=tab: tab.press("Make a separate order") for tab in tabs))
    assert {(page.status, page.path) for page in pages} == {(200, "/checkout/preview")}
    play.look_again()
    assert sorted(db.session.scalars(select(Cart.status))) == ["MERGED", "OPEN"]
    assert [line.qty for line in db.session.scalars(select(CartLine))] == [2]
    at_once(*(lambda tab=tab: tab.press("Confirm and pay") for tab in tabs))
    assert states(play) == ["HOLD", "HOLD"] and set(payable_by_cart(play).values()) == {1}
    assert play.holds(first.order) == {"HELD": 2}


def test_race_50_paid_while_the_button_is_pressed(play, alice):
    """The payment comes just before the press: nothing is set apart, the cart is as it left it. RACE-50."""
    first = pending_order(play, alice)
    refused(play, alice)
    play.gateway_says("paid", first.bill)
    page = alice.press("Make a separate order")
    assert page.path == "/cart" and page.has("Nothing is in your cart yet.")
    assert states(play) == ["PROCESSING"]


def test_without_a_pending_payment_nothing_is_set_apart(play, alice):
    """An order that only waits is replaced, as ever: the address does nothing to it. RACE-13, RULE-07."""
    first = play.confirm(alice).order
    alice.get("/checkout/preview")
    page = alice.post("/checkout/separate")
    assert page.path == "/checkout/preview" and len(db.session.scalars(select(Cart)).all()) == 1
    assert db.session.scalar(select(Cart.open_order_id)) == first.id


def test_the_set_apart_order_keeps_its_page_and_its_copy(play, alice):
    """Its shopper finds it, pays or cancels it, and can put it back into the cart when it has ended. CRT-10, RET-10."""
    first = pending_order(play, alice)
    apart(play, alice, first)
    play.gateway_says("declined", first.bill)
    alice.get(f"/orders/{first.order.key}")
    assert alice.press("Pay now").path.startswith("/pay/")
    alice.get(f"/orders/{first.order.key}")
    alice.press("Cancel order")
    tab = play.tab(alice)
    tab.get("/cart")
    tab.press("Update", quantity="1")
    alice.get(f"/orders/{first.order.key}")
    alice.press("Put everything back into the cart")
    assert play.in_cart(alice) == {"Mug": 2}
