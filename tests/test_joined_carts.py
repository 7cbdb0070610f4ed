"""Carts that became one at a sign-in, with an unpaid order in each: nothing is doubled, bought twice or left behind.

The rule: each order takes out what it bought when it is paid, whichever cart it was made from; confirming all of it
anew replaces both; what is closed is forgotten. Proves ROL-02, CRT-06, CRT-11 and INV-39.
"""

import pytest
from sqlalchemy import select

from storefront.cart.models import Cart
from storefront.kit.db import db
from storefront.orders.models import Order

from purchases import PASSWORD, at_once


@pytest.fixture
def both(play, right_books):
    """(an order of the laptop's cart, one of the phone's, phone): both signed in, in this order, and both unpaid."""
    play.shelves(mug=9, poster=9, lamp=9)
    laptop = play.held_order(play.visitor("laptop"), mug=2)
    play.signed_in(shopper=laptop.shopper)
    phone = play.held_order(play.visitor("phone"), mug=1, poster=1)
    play.signed_in(shopper=phone.shopper)
    return laptop, phone, phone.shopper


def waits(play) -> list[tuple[str, int]]:
    """(state of a cart, order that it waits for), of the carts that wait for one."""
    play.look_again()
    named = select(Cart.status, Cart.open_order_id).where(Cart.open_order_id.is_not(None)).order_by(Cart.open_order_id)
    return [tuple(row) for row in db.session.execute(named)]


def test_both_orders_of_merged_carts_are_taken_out_when_they_are_paid(play, both):
    """In either order: what each bought leaves the one cart; the last closes it."""
    laptop, phone, shopper = both
    assert play.in_cart(shopper) == {"Mug": 3, "Poster": 1} == play.in_cart(laptop.shopper)
    assert waits(play) == [("MERGED", laptop.order.id), ("OPEN", phone.order.id)]
    play.gateway_says("paid", laptop.bill)
    assert play.in_cart(shopper) == {"Mug": 1, "Poster": 1}
    play.gateway_says("paid", phone.bill)
    assert play.in_cart(shopper) == {} and waits(play) == []


def test_the_newer_is_paid_first(play, both):
    """The cart names the other one from then on, and gives it up in its turn; a repeat takes nothing."""
    laptop, phone, shopper = both
    play.gateway_says("paid", phone.bill)
    assert play.in_cart(shopper) == {"Mug": 2} and waits(play) == [("OPEN", laptop.order.id)]
    assert shopper.get("/cart").status == 200
    play.fill_cart(shopper, lamp=1)
    for _ in range(2):
        play.gateway_says("paid", laptop.bill)
    assert play.in_cart(shopper) == {"Lamp": 1} and waits(play) == []


def test_both_are_paid_at_the_same_moment(play, both):
    """Two orders, one cart: the cart's lock puts them one after the other."""
    laptop, phone, shopper = both
    told = [(play.visitor("gateway"), play.message("paid", bill)) for bill in (laptop.bill, phone.bill)]
    answers = at_once(*(lambda v=v, fields=fields: play.notify(fields, v).status for v, fields in told))
    assert answers == [200, 200]
    assert play.in_cart(shopper) == {} and waits(play) == []


def test_one_of_them_is_cancelled(play, both):
    """Its goods stay in the cart to be ordered again; the other's leave when it is paid."""
    laptop, phone, shopper = both
    shopper.get(f"/orders/{laptop.order.key}")
    shopper.press("Cancel order")
    assert waits(play) == [("OPEN", phone.order.id)]
    play.gateway_says("paid", phone.bill)
    assert play.in_cart(shopper) == {"Mug": 2} and waits(play) == []


def test_confirming_all_of_it_replaces_both(play, both):
    """One new order for everything; both older ones give it their goods and cannot be paid any more."""
    laptop, phone, shopper = both
    play.to_preview(shopper)
    placed = play.confirm(shopper)
    play.look_again()
    states = [db.session.get(Order, one.order.id) for one in (laptop, phone)]
    assert [(order.status, order.close_reason) for order in states] == [("CANCELLED", "superseded")] * 2
    assert waits(play) == [("OPEN", placed.order.id)] and play.on_shelf("mug") == 9 - 3
    play.gateway_says("paid", placed.bill)
    assert play.in_cart(shopper) == {} and waits(play) == []


def test_a_payment_of_either_is_on_its_way(play, both):
    """Nothing is confirmed over it; the rest can be ordered apart from it, and it takes nothing out of that."""
    laptop, phone, shopper = both
    play.gateway_says("pending", laptop.bill)
    play.to_preview(shopper)
    page = shopper.press("Confirm and pay")
    assert page.status == 409 and page.has(f"A payment for order {laptop.order.number} is being processed")
    shopper.press("Make a separate order")
    assert waits(play) == [("OPEN", phone.order.id)] and play.in_cart(shopper) == {"Mug": 3, "Poster": 1}
    play.gateway_says("paid", laptop.bill)
    assert play.in_cart(shopper) == {"Mug": 3, "Poster": 1}


def test_the_last_pieces_are_in_reach_of_the_one_cart(play, right_books):
    """What both orders hold is the cart's own: it can be confirmed anew though nothing else is left on the shelf."""
    play.shelves(mug=3)
    laptop = play.held_order(play.visitor("laptop"), mug=2)
    play.signed_in(shopper=laptop.shopper)
    phone = play.held_order(play.visitor("phone"), mug=1)
    play.signed_in(shopper=phone.shopper)
    assert play.in_cart(phone.shopper) == {"Mug": 3} and play.on_shelf("mug") == 0
    play.to_preview(phone.shopper)
    play.gateway_says("paid", play.confirm(phone.shopper).bill)
    assert play.in_cart(phone.shopper) == {}


def test_three_browsers_and_two_who_sign_in_at_once(play, both):
    """The carts end in one, which waits for all three orders; nothing is doubled by signing in again."""
    laptop, phone, _shopper = both
    third = play.held_order(play.visitor("tablet"), poster=2)
    fourth = play.visitor("watch")
    play.fill_cart(fourth, lamp=1)
    for visitor in (third.shopper, fourth):
        visitor.get("/account/sign-in")
    known = {"Email": "alice@example.com", "Password": PASSWORD}
    at_once(*(lambda v=v: v.press("Sign in", known) for v in (third.shopper, fourth)))
    assert play.in_cart(fourth) == play.in_cart(third.shopper) == {"Mug": 3, "Poster": 3, "Lamp": 1}
    for placed in (third, laptop, phone):
        play.gateway_says("paid", placed.bill)
    assert play.in_cart(fourth) == {"Lamp": 1} and waits(play) == []
    assert len(db.session.scalars(select(Cart).filter_by(status="OPEN")).all()) == 1


@pytest.fixture
def two_browsers(play, right_books):
    """(laptop, phone, deed): a customer on the preview, a guest's cart in another browser, and signing in there."""
    play.shelves(mug=2)
    laptop, phone = play.signed_in(), play.visitor("phone")
    play.fill_cart(laptop, mug=1)
    play.to_preview(laptop)
    play.fill_cart(phone, mug=1)
    phone.get("/account/sign-in")
    return laptop, phone, lambda: phone.press("Sign in", {"Email": "alice@example.com", "Password": PASSWORD})


def test_what_is_confirmed_while_carts_become_one_is_looked_at_again(play, two_browsers, between):
    """Signed in elsewhere between the copy and its goods: the order is not made, and the one cart has all. CRT-11."""
    laptop, phone, signs_in = two_browsers
    between("place_order.after", signs_in)
    page = laptop.press("Confirm and pay")
    assert (page.path, play.last_order().status, play.on_shelf("mug")) == ("/checkout/address", "FAILED", 2)
    assert play.in_cart(phone) == {"Mug": 2} and waits(play) == []
    play.to_preview(laptop)
    play.gateway_says("paid", play.confirm(laptop).bill)
    assert play.in_cart(phone) == {} and play.shelf("mug") == (2, 2)


def test_the_same_press_again_after_carts_became_one(play, two_browsers, between):
    """Signed in elsewhere once the goods are held, and pressed again: both presses lead to the one order. RACE-16."""
    laptop, phone, signs_in = two_browsers
    twin = play.visitor("twin")
    twin.http.cookies.update(laptop.http.cookies)
    twin.page = laptop.page
    pages = []

    def again():
        signs_in()
        pages.append(twin.press("Confirm and pay"))

    between("hold_stock.after", again)
    pages.append(laptop.press("Confirm and pay"))
    assert [page.status for page in pages] == [200, 200]
    (order,) = play.orders()
    assert (order.status, play.on_shelf("mug"), waits(play)) == ("HOLD", 1, [("OPEN", order.id)])
    play.to_preview(phone)
    newer = play.confirm(phone).order
    assert (newer.supersedes_order_id, play.on_shelf("mug")) == (order.id, 0)
