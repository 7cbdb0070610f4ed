"""A closed order is copied into the cart, once: its lines with their words, at the prices and the stock of today."""

import pytest
from sqlalchemy import func, select

from storefront import orders
from storefront.cart.models import Cart, CartLine
from storefront.kit.db import db, transaction
from storefront.kit.events import OrderEvent
from storefront.orders.models import Order
from storefront.stock.models import Stock

from purchases import at_once

BUTTON = "Put everything back into the cart"


@pytest.fixture
def alice(play):
    """Alice at a shop with nine mugs and nine posters."""
    play.shelves(mug=9, poster=9)
    return play.visitor("alice")


def cancelled(play, shopper, **goods):
    """An order that its shopper has cancelled."""
    order = play.held_order(shopper, **goods).order
    shopper.get(f"/orders/{order.key}")
    shopper.press("Cancel order")
    return order


def empty(shopper):
    """Take everything out of the cart."""
    shopper.get("/cart")
    while any(form.button("Remove") for form in shopper.page.forms):
        shopper.press("Remove")
        shopper.get("/cart")


def put_back(shopper, order):
    """Press the button on the order's page."""
    shopper.get(f"/orders/{order.key}")
    return shopper.press(BUTTON)


def offers_it(shopper, order):
    """Whether the order's page has the button."""
    return any(form.button(BUTTON) for form in shopper.get(f"/orders/{order.key}").forms)


def test_a_closed_order_comes_back_into_the_cart(play, alice):
    """One press: every line once, with a way to see what changed, and the order stays what it was. CRT-10, INV-37."""
    order = cancelled(play, alice, mug=2, poster=1)
    assert not offers_it(alice, order)  # it is all there still
    empty(alice)
    page = put_back(alice, order)
    assert (page.path, page.steps) == ("/cart", [303, 200])
    assert page.has(f"What was in order {order.number} is in your cart")
    assert play.in_cart(alice) == {"Mug": 2, "Poster": 1}
    order, basket = play.last_order(), db.session.scalar(select(Cart).where(Cart.status == "OPEN"))
    assert (order.status, order.restored_cart_id, basket.restored_from_order_id) == ("CANCELLED", basket.id, order.id)
    events = db.session.scalars(select(OrderEvent.type).where(OrderEvent.order_id == order.id)).all()
    assert events.count("ORDER_PUT_BACK") == 1
    play.to_preview(alice)
    assert [(line.sku, line.qty) for line in play.confirm(alice).order.lines] == [("MUG", 2), ("POSTER", 1)]


def test_a_second_press_leads_to_the_same_cart(play, alice):
    """Pressed five times in stale tabs, and ten at once: the same lines, the same cart. CRT-12, CRT-14, INV-37."""
    order = cancelled(play, alice, mug=2, poster=1)
    empty(alice)
    alice.get(f"/orders/{order.key}")
    tabs = [play.tab(alice) for _ in range(10)]
    later = [play.tab(alice) for _ in range(5)]
    pages = at_once(*(lambda tab=tab: tab.press(BUTTON) for tab in tabs))
    assert {page.status for page in pages} == {200}
    first = play.last_order().restored_cart_id
    for tab in later:
        page = tab.press(BUTTON)
        assert page.path == "/cart" and page.has("was put back into the cart before.")
    assert play.in_cart(alice) == {"Mug": 2, "Poster": 1}
    assert play.last_order().restored_cart_id == first
    assert db.session.scalar(select(func.count()).select_from(CartLine)) == 2
    assert db.session.scalar(select(func.count()).select_from(Cart).where(Cart.status == "OPEN")) == 1
    assert not offers_it(alice, order)


def test_what_is_in_the_cart_is_not_doubled(play, alice):
    """Part of it is there: each line has as many as were ordered, or as many as it had. CRT-12."""
    order = cancelled(play, alice, mug=2, poster=1)
    alice.get("/cart")
    alice.press("Update", quantity="5")  # mugs
    alice.press("Remove", nth=1)  # the poster
    put_back(alice, order)
    assert play.in_cart(alice) == {"Mug": 5, "Poster": 1}


def test_only_what_is_there_comes_back_and_it_is_said(play, alice):
    """Clamped by the stock of today, with a notice each; prices are those of today, old beside new. CRT-10, CRT-01."""
    order = cancelled(play, alice, mug=3, poster=2)
    empty(alice)
    with transaction():
        db.session.get_one(Stock, play.variant("mug").id).on_hand = 1
        play.variant("poster").active = False
    play.reprice("mug", 1500)
    page = put_back(alice, order)
    assert page.has("Only 1 of Mug left.") and page.has("Poster is not for sale any more.")
    assert page.has("was €12.50, now €15.00")
    assert play.in_cart(alice) == {"Mug": 1}


def test_many_lines_that_are_fewer_are_told_in_a_few_words(play):
    """Twenty articles are gone: five are named, the rest counted, and the browser keeps its session. CRT-10, INV-24."""
    names = [f"thing_{number}_{'x' * 90}" for number in range(20)]
    play.shelves(**dict.fromkeys(names, 5))
    alice = play.visitor("alice")
    order = cancelled(play, alice, **dict.fromkeys(names, 1))
    empty(alice)
    with transaction():
        for name in names:
            play.variant(name).active = False
    page = put_back(alice, order)
    assert page.text.count("is not for sale any more.") == 5 and page.has("15 more articles are fewer than they were.")


@pytest.mark.parametrize("how", ["shopper", "time", "declined", "merchant", "replaced"])
def test_whatever_closed_it(play, alice, how):
    """Cancelled, abandoned, failed or superseded: every closed order can come back. CRT-10, RET-10."""
    placed = play.held_order(alice, mug=2)
    order = placed.order
    if how == "shopper":
        alice.get(f"/orders/{order.key}")
        alice.press("Cancel order")
    elif how == "merchant":
        with transaction():
            orders.cancel_by_merchant(order.id, "carol")
    elif how == "replaced":
        alice.get("/cart")
        alice.press("Update", quantity="1")
        play.to_preview(alice)
        play.confirm(alice)
    else:
        if how == "declined":
            play.gateway_says("declined", placed.bill)
        play.wait(hours=1)
        play.run("close_unpaid_orders")
    closed = play.orders()[0]
    assert closed.status == ("FAILED" if how == "declined" else "CANCELLED")
    empty(alice)
    put_back(alice, closed)
    assert play.in_cart(alice) == {"Mug": 2}


@pytest.mark.parametrize("paid", [False, True], ids=["waiting", "paid"])
def test_a_living_order_does_not_come_back(play, alice, paid):
    """An order that waits or is paid is not copied: 409, and the cart is as it was. CRT-10."""
    placed = play.held_order(alice, mug=2)
    if paid:
        play.gateway_says("paid", placed.bill)
    before = play.in_cart(alice)
    page = alice.post(f"/orders/{placed.order.key}/put-back")
    assert page.status == 409 and page.has("This order is not closed")
    assert play.in_cart(alice) == before and play.last_order().restored_cart_id is None


def test_a_stranger_needs_the_key(play, alice):
    """Without the order's key nothing comes back; with it, on another device, it is that device's cart. RET-09."""
    order = cancelled(play, alice, mug=2)
    bob = play.visitor("bob")
    assert bob.post("/orders/nobody-knows-this/put-back").status == 404
    put_back(bob, order)
    assert play.in_cart(bob) == {"Mug": 2} and play.in_cart(alice) == {"Mug": 2}


def test_an_old_order_is_ordered_afresh_once(play, alice):
    """Older than a day, paying again means a fresh checkout; and the cart is not filled twice. RET-10, CRT-12."""
    order = play.held_order(alice, mug=2).order
    play.wait(hours=30)
    play.run("close_unpaid_orders")
    empty(alice)
    for _again in range(3):
        assert alice.post(f"/orders/{order.key}/pay").path == "/cart"
    assert play.in_cart(alice) == {"Mug": 2}
    assert [order.status for order in play.orders()] == ["CANCELLED"]


def test_the_order_keeps_its_snapshot(play, alice):
    """Copying takes nothing away: lines, sums and history of the closed order are what they were. INV-13, RULE-08."""
    order = cancelled(play, alice, mug=2, poster=1)
    empty(alice)
    before = snapshot(play.last_order())
    put_back(alice, order)
    assert snapshot(play.last_order()) == before


def snapshot(order):
    """What was copied when the order was placed."""
    return [
        (order.total_minor, order.due_minor, order.email, order.custom),
        [(line.sku, line.qty, line.unit_minor, line.total_minor, line.custom) for line in order.lines],
        db.session.scalar(select(Order.quote_hash).filter_by(id=order.id)),
    ]


# --- once more what was bought before


def order_again(shopper):
    """Press the button beside the first order of the list."""
    shopper.get("/account/orders")
    return shopper.press("Order again")


def test_a_customer_orders_the_same_again(play, alice):
    """One press beside an order that was paid: its lines stand in the cart, once however often it is pressed."""
    play.signed_in(shopper=alice)
    first = play.paid_order(alice, mug=2, poster=1).order
    assert play.in_cart(alice) == {}
    page = order_again(alice)
    assert (page.path, page.steps) == ("/cart", [303, 200])
    assert page.has(f"What was in order {first.number} is in your cart, at the prices of today.")
    order_again(alice)
    assert play.in_cart(alice) == {"Mug": 2, "Poster": 1}
    play.to_preview(alice)
    second = play.confirm(alice).order
    assert second.number != first.number
    assert [(line.sku, line.qty) for line in second.lines] == [("MUG", 2), ("POSTER", 1)]


def test_what_is_gone_is_not_ordered_again(play, alice):
    """Only what is there comes into the cart; when nothing is, nothing says that it did."""
    play.signed_in(shopper=alice)
    play.paid_order(alice, mug=2)
    with transaction():
        play.variant("mug").active = False
    page = order_again(alice)
    assert page.has("Mug is not for sale any more.") and not page.has("What was in order")


def test_nobody_orders_what_somebody_else_ordered(play, alice):
    """The number of an order of somebody else leads nowhere, and a guest is asked to sign in."""
    play.signed_in(shopper=alice)
    number = play.paid_order(alice, mug=2).order.number
    bob = play.signed_in("bob@example.com")
    bob.get("/account/orders")
    assert bob.post(f"/account/orders/{number}/again").status == 404
    guest = play.visitor("guest")
    assert guest.post(f"/account/orders/{number}/again").path == "/account/sign-in"
    assert play.in_cart(bob) == {}


def test_what_waits_to_be_paid_is_not_ordered_again(play, alice):
    """What is in the cart is what that order asks for, and leaves with it: the press leads to the order's own page."""
    play.signed_in(shopper=alice)
    order = play.held_order(alice, mug=2).order
    alice.get("/account/orders")
    assert not any(form.button("Order again") for form in alice.page.forms)
    assert alice.post(f"/account/orders/{order.number}/again").path == f"/orders/{order.key}"
    assert play.in_cart(alice) == {"Mug": 2}
