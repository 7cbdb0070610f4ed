"""Two people, two devices, two presses in one moment: a unique constraint has the last word, and nobody sees a 500."""

from concurrent.futures import ThreadPoolExecutor
from functools import partial

import pytest
from sqlalchemy import select, text, update

from storefront import admin, cart
from storefront.admin import staff
from storefront.admin.models import StaffUser
from storefront.cart.models import Cart
from storefront.kit.db import db, transaction
from storefront.kit.errors import Conflict
from storefront.orders.models import Order
from storefront.sandbox import books
from storefront.sandbox.models import SandboxPayment

from counter import CLERK, OWNER, hire
from purchases import PASSWORD, at_once


def open_carts(play):
    """What lies in each open cart."""
    play.look_again()
    found = db.session.scalars(select(Cart).where(Cart.status == "OPEN").order_by(Cart.id)).all()
    return [sorted(line.qty for line in one.lines) for one in found]


def test_two_guests_become_one_customer_in_one_moment(play):
    """Two devices with a cart each sign in at once: one open cart with what both had. CRT-11, INV-38."""
    play.shelves(mug=50, poster=50)
    play.signed_in()
    devices = [play.visitor(name) for name in ("phone", "laptop", "desk")]
    for device, quantity in zip(devices, (1, 2, 4), strict=True):
        play.fill_cart(device, mug=quantity)
        device.get("/account/sign-in")
    answers = {"Email": "alice@example.com", "Password": PASSWORD}
    pages = at_once(*(lambda device=device: device.press("Sign in", answers) for device in devices))
    assert [page.status for page in pages] == [200] * 3
    assert open_carts(play) == [[7]]
    assert all(play.in_cart(device) == {"Mug": 7} for device in devices)


@pytest.mark.parametrize("moment", range(3))
def test_a_first_cart_and_a_sign_in_in_one_moment(play, moment):
    """One device signs in with its cart, another puts the customer's first thing in: one cart. CRT-11, INV-38."""
    play.shelves(mug=50, poster=50)
    phone, laptop = play.signed_in(), play.visitor("laptop")
    play.fill_cart(laptop, mug=1)
    laptop.get("/account/sign-in")
    phone.get("/products/poster")
    answers = {"Email": "alice@example.com", "Password": PASSWORD}
    pages = at_once(lambda: laptop.press("Sign in", answers), lambda: phone.press("Add to cart"))
    assert [page.status for page in pages] == [200, 200]
    assert open_carts(play) == [[1, 1]]
    assert play.in_cart(phone) == play.in_cart(laptop) == {"Mug": 1, "Poster": 1}


def test_one_confirm_token_from_two_carts(play):
    """The same token from two carts at once: one order, and the other looks at the preview again. CNF-08, SEC-04."""
    play.shelves(mug=9)
    shoppers = [play.visitor(name) for name in ("alice", "bob")]
    for shopper in shoppers:
        play.fill_cart(shopper, mug=1)
        play.to_preview(shopper)
    token = dict(shoppers[0].page.form("Confirm and pay")[0].values())["confirm_token"]
    pages = at_once(
        *(lambda shopper=shopper: shopper.press("Confirm and pay", confirm_token=token) for shopper in shoppers)
    )
    assert sorted(page.status for page in pages) == [200, 409]
    (order,) = play.orders()
    assert order.status == "HOLD" and play.shelf("mug") == (9, 1)
    refused = shoppers[[page.status for page in pages].index(409)]
    assert refused.press("Confirm and pay").status == 200  # with a token of its own
    assert len({order.cart_id for order in play.orders()}) == 2


def in_own_session(play, deed):
    """Do it in a thread with a session of its own; what it gave, or the Conflict that it met."""

    def run():
        with play.app.app_context(), play.app.test_request_context():
            try:
                with transaction():
                    return deed()
            except Conflict as error:
                return error

    return run


def test_the_gateways_page_is_opened_by_a_double_press(play):
    """ "Continue to payment page" pressed six times at once: one session at the gateway. RED-03, RAC-12."""
    play.shelves(mug=9)
    for _round in range(3):
        placed = play.held_order(play.visitor(), mug=1)
        fields = dict(placed.bill.extra["form"]["fields"])
        seen = at_once(*[in_own_session(play, lambda fields=fields: books.opened(fields).reference)] * 6)
        assert seen == [placed.bill.reference] * 6
    assert play.rows_of(SandboxPayment) == 3


def test_a_member_of_staff_is_added_twice_in_one_moment(play):
    """Two owners invite the same person at once: one is added, the other is told so in words. ROL-03."""
    play.shop()
    done = at_once(*(in_own_session(play, lambda: admin.add("new@example.com", "staff").login) for _ in range(4)))
    refusals = [one for one in done if isinstance(one, Conflict)]
    assert len(refusals) == 3 and {one.message for one in refusals} == {"new@example.com is a member of staff already."}
    assert play.rows_of(StaffUser) == 1


def test_two_owners_shut_each_other_out(play):
    """Both press at the same moment: one is out, the other stays the owner. ROL-03, RULE-12."""
    play.shop()
    for _round in range(3):
        with transaction():
            db.session.execute(text("DELETE FROM staff_users"))
        hire(OWNER, "owner")
        hire(CLERK, "owner")
        deeds = [in_own_session(play, lambda who=who: staff.disable(staff.by_login(who))) for who in (OWNER, CLERK)]
        done = at_once(*deeds)
        assert sum(isinstance(one, Conflict) for one in done) == 1
        play.look_again()
        assert sorted(db.session.scalars(select(StaffUser.active))) == [False, True]


def test_adding_to_a_cart_that_is_paid_in_this_moment(play):
    """The payment closes the cart while something is put in: that lies in the next cart. CRT-06, INV-39."""
    play.shelves(mug=50, poster=50)
    for _round in range(3):
        placed = play.held_order(play.visitor("alice"), mug=1)
        tab = play.tab(placed.shopper)
        tab.get("/products/poster")
        paid, gateway = play.message("paid", placed.bill), play.visitor("gateway")
        page, answer = at_once(partial(tab.press, "Add to cart"), partial(play.notify, paid, gateway))
        assert (page.status, answer.status) == (200, 200)
        assert play.in_cart(tab) == {"Poster": 1}
        assert play.last_order().status == "PROCESSING"
    closed = db.session.scalars(select(Cart).where(Cart.status != "OPEN")).all()
    assert not any(one.lines for one in closed)


def test_a_closed_cart_takes_nothing_in(play):
    """Whoever still holds a cart that was paid, merged or put away meanwhile is told; nothing is lost in it. CRT-08."""
    play.shelves(mug=9)
    basket = play.filled_basket(mug=1)
    for status in ("CONVERTED", "MERGED", "ABANDONED"):
        with transaction():
            db.session.execute(update(Cart).values(status=status))
        for deed in (
            lambda: cart.add(basket, "MUG", 1),
            lambda: cart.choose(basket, email="b@example.com"),
            lambda: cart.change(basket, 1, 2, 1),
        ):
            with pytest.raises(cart.StaleCart), transaction():
                deed()


def test_ten_orders_are_put_back_and_confirmed_at_once(play):
    """Copying back, adding and confirming in the same moment: no error, one payable order a cart. CRT-12, RULE-07."""
    play.shelves(mug=50, poster=50)
    placed = play.held_order(mug=2)
    alice = placed.shopper
    alice.get(f"/orders/{placed.order.key}")
    alice.press("Cancel order")
    alice.get("/cart")
    alice.press("Update", quantity="1")
    play.to_preview(alice)
    confirming, adding, copying = (play.tab(alice) for _ in range(3))
    adding.get("/products/poster")
    copying.get(f"/orders/{placed.order.key}")
    with ThreadPoolExecutor(3) as threads:
        pressed = [
            threads.submit(confirming.press, "Confirm and pay"),
            threads.submit(adding.press, "Add to cart"),
            threads.submit(copying.press, "Put everything back into the cart"),
        ]
        assert {one.result().status for one in pressed} <= {200, 409}
    assert play.in_cart(alice) == {"Mug": 2, "Poster": 1}
    payable = db.session.scalars(select(Order.id).where(Order.status.in_(("NEW", "HOLD")))).all()
    assert len(payable) <= 1
