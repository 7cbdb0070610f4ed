"""Carts that wait, come back and change hands: put away, brought back, joined; and the orders made from them."""

import pytest
from sqlalchemy import select, update

from storefront import cart
from storefront.cart.models import Cart
from storefront.cart.states import CART
from storefront.catalog.models import Product
from storefront.customers.models import Customer
from storefront.kit import clock
from storefront.kit.db import db, transaction
from storefront.kit.events import OrderEvent, chain_is_whole
from storefront.orders.models import Order
from storefront.stock.models import Stock

from purchases import at_once


@pytest.fixture
def alice(play):
    """Alice at a shop with nine mugs and nine posters."""
    play.shelves(mug=9, poster=9)
    return play.visitor("alice")


def statuses(play):
    """The state of every cart, oldest first."""
    play.look_again()
    return list(db.session.scalars(select(Cart.status).order_by(Cart.id)))


def put_away(play, shopper, **goods):
    """A cart that nobody has touched for a month."""
    play.fill_cart(shopper, **goods)
    play.wait(days=31)
    play.run("remove_stale_carts")
    assert statuses(play) == ["ABANDONED"]


def test_the_table_of_the_cart_is_that_of_the_domain():
    """Every row of the cart's table, and no frozen state. CRT-08, CRT-18."""
    assert CART.table == {
        "changed": (("OPEN",), "OPEN"),
        "subtracted": (("OPEN",), "OPEN"),
        "merged": (("OPEN",), "MERGED"),
        "converted": (("OPEN",), "CONVERTED"),
        "abandoned": (("OPEN",), "ABANDONED"),
        "reopened": (("ABANDONED",), "OPEN"),
    }


def test_a_cart_that_was_put_away_comes_back_by_a_press(play, alice):
    """GET changes nothing; one press brings it back, with prices and stock looked at again and told. CRT-18, CRT-01."""
    put_away(play, alice, mug=4, poster=2)
    with transaction():
        db.session.get_one(Stock, play.variant("mug").id).on_hand = 3
    play.reprice("poster", 1500)
    page = alice.get("/cart")
    assert page.has("You left a cart here some time ago.") and statuses(play) == ["ABANDONED"]
    page = alice.press("Bring it back")
    assert page.has("Only 3 of Mug left.") and page.has("was €12.50, now €15.00")
    assert play.in_cart(alice) == {"Mug": 3, "Poster": 2} and statuses(play) == ["OPEN"]
    play.to_preview(alice)
    assert play.confirm(alice).order.goods_minor == 3 * 1250 + 2 * 1500


def test_whoever_goes_on_shopping_finds_it_again(play, alice):
    """Putting something in reopens the old cart instead of a second one, and says what is fewer. CRT-18, CRT-11."""
    put_away(play, alice, mug=4)
    with transaction():
        db.session.get_one(Stock, play.variant("mug").id).on_hand = 2
    alice.get("/products/poster")
    page = alice.press("Add to cart")
    assert page.has("Only 2 of Mug left.")
    assert play.in_cart(alice) == {"Mug": 2, "Poster": 1} and statuses(play) == ["OPEN"]


def test_a_customer_finds_it_on_another_device(play):
    """With an account the cart that was put away is found wherever the customer signs in. CRT-18, ROL-02."""
    play.shelves(mug=9)
    phone = play.signed_in()
    play.fill_cart(phone, mug=2)
    play.wait(days=91)
    play.run("remove_stale_carts")
    laptop = play.signed_in(shopper=play.visitor("laptop"))
    laptop.get("/cart")
    laptop.press("Bring it back")
    assert play.in_cart(laptop) == {"Mug": 2} and statuses(play) == ["OPEN"]


def test_brought_back_ten_times_at_once_it_is_one(play, alice):
    """Ten tabs press at once, and one adds something: one open cart with everything. CRT-11, CRT-18."""
    put_away(play, alice, mug=4)
    alice.get("/cart")
    tabs = [play.tab(alice) for _ in range(9)]
    adding = play.tab(alice)
    adding.get("/products/poster")
    deeds = [lambda tab=tab: tab.press("Bring it back") for tab in tabs]
    pages = at_once(*deeds, lambda: adding.press("Add to cart"))
    assert {page.status for page in pages} == {200}
    assert statuses(play).count("OPEN") == 1 and play.in_cart(alice) == {"Mug": 4, "Poster": 1}


def test_what_is_gone_from_it_is_said(play, alice):
    """Nothing of it is left: the cart comes back empty, with the reason. CRT-18."""
    put_away(play, alice, mug=4)
    with transaction():
        db.session.get_one(Stock, play.variant("mug").id).on_hand = 0
    alice.get("/cart")
    page = alice.press("Bring it back")
    assert page.has("Mug is sold out.") and page.has("Nothing is in your cart yet.")


def test_after_it_was_removed_there_is_nothing_to_bring_back(play, alice):
    """A month later it is gone, and the cart's page is an empty cart's; the address does no harm. CRT-18."""
    put_away(play, alice, mug=4)
    page = alice.get("/cart")
    play.wait(days=31)
    play.run("remove_stale_carts")
    alice.page = page
    assert alice.press("Bring it back").has("Nothing is in your cart yet.")
    assert statuses(play) == []


def test_a_cart_that_is_being_paid_is_never_put_away(play, alice):
    """A bill is open, pending or its order waits: the cart stays, however long. CRT-18, INV-44."""
    placed = play.held_order(alice, mug=2)
    play.gateway_says("pending", placed.bill)
    play.wait(days=200)
    play.run("remove_stale_carts")
    assert statuses(play) == ["OPEN"]
    play.gateway_says("paid", placed.bill)
    assert statuses(play) == ["CONVERTED"] and play.last_order().status == "PROCESSING"


def test_a_cart_that_was_touched_meanwhile_is_not_put_away(play, alice):
    """Found old, and used before its turn came: the job looks again under the lock. CRT-18."""
    play.fill_cart(alice, mug=2)
    play.wait(days=31)
    (found,) = cart.stale()
    play.fill_cart(alice, poster=1)
    with transaction():
        assert cart.purge(found) is False
    assert statuses(play) == ["OPEN"] and play.in_cart(alice) == {"Mug": 2, "Poster": 1}


def confirm_email(email="alice@example.com"):
    """Alice has shown that the e-mail is hers."""
    with transaction():
        db.session.execute(update(Customer).where(Customer.email == email).values(verified_at=clock.now()))


def test_race_43_the_confirmed_email_counts_and_not_the_browser(play, alice):
    """Whoever has confirmed the e-mail finds the guest's order on any device; the cart stays where it was. RACE-43."""
    play.signed_in()
    confirm_email()
    placed = play.held_order(alice, mug=1)
    other = play.signed_in(shopper=play.visitor("another browser"))
    assert other.get("/account/orders").has(placed.order.number)
    assert play.in_cart(alice) == {"Mug": 1} and play.in_cart(other) == {}


@pytest.mark.parametrize("when", ["before", "after"])
def test_race_43_the_order_joins_the_account(play, alice, when):
    """A guest signs in while paying, or just after: same order, now the customer's, and the cart gives up. RACE-43."""
    play.signed_in()
    confirm_email()
    placed = play.held_order(alice, mug=1)
    if when == "after":
        play.gateway_says("paid", placed.bill)
    play.signed_in(shopper=alice)
    if when == "before":
        play.gateway_says("paid", placed.bill)
    order = play.last_order()
    person = db.session.scalar(select(Customer).filter_by(email="alice@example.com"))
    assert (order.id, order.customer_id, order.status) == (placed.order.id, person.id, "PROCESSING")
    assert alice.get("/account/orders").has(order.number) and play.in_cart(alice) == {}
    assert db.session.scalars(select(OrderEvent.type).filter_by(order_id=order.id)).all().count("ORDER_JOINED") == 1
    assert chain_is_whole(order.id)


@pytest.mark.parametrize("why", ["not confirmed", "another e-mail", "somebody else's"])
def test_race_43_no_order_joins_an_account_that_has_not_shown_whose_it_is(play, alice, why):
    """An e-mail that is not confirmed, or another one, gains nothing. RACE-43, SEC-01."""
    email = "bob@example.com" if why == "another e-mail" else "alice@example.com"
    play.signed_in(email)
    if why != "not confirmed":
        confirm_email(email)
    owner = alice
    if why == "somebody else's":
        owner = play.signed_in("carol@example.com")
    order = play.held_order(owner, mug=1).order
    before = order.customer_id
    play.signed_in(email, shopper=alice)
    assert play.last_order().customer_id == before


def test_race_43_signing_in_while_the_money_comes(play, alice):
    """Both in one moment: the order is paid once, belongs to the customer, and nothing is bought twice. RACE-43."""
    play.signed_in()
    confirm_email()
    placed = play.held_order(alice, mug=1)
    paid, gateway = play.message("paid", placed.bill), play.visitor("gateway")
    alice.get("/account/sign-in")
    answers = {"Email": "alice@example.com", "Password": "nine old kettles"}
    page, answer = at_once(lambda: alice.press("Sign in", answers), lambda: play.notify(paid, gateway))
    assert (page.status, answer.status) == (200, 200)
    order = play.last_order()
    assert (order.status, order.customer_id is not None) == ("PROCESSING", True)
    assert play.in_cart(alice) == {} and play.captured(order) == order.due_minor


def test_race_37_the_goods_are_deleted_while_they_are_paid(play, alice):
    """The article is gone from the shop: the order is paid as it was, and what is put back says so. RACE-37, RAC-13."""
    placed = play.held_order(alice, mug=1, poster=1)
    with transaction():
        product = db.session.get_one(Product, play.variant("mug").product_id)
        db.session.execute(update(Order).values(version=Order.version + 1))
        product.active = False
    play.gateway_says("paid", placed.bill)
    order = play.last_order()
    assert (order.status, [line.sku for line in order.lines]) == ("PROCESSING", ["MUG", "POSTER"])
    assert order.paid_minor == order.due_minor and play.in_cart(alice) == {}


def test_race_38_the_address_changes_while_it_is_paid(play, alice):
    """Another address in another tab: the order goes where it was confirmed to go. RACE-38, RACE-12, RAC-13."""
    placed = play.held_order(alice, mug=1)
    tab = play.tab(alice)
    tab.get("/checkout/address?change=1")
    tab.press("Review order", Address="9 Other Street")
    play.gateway_says("paid", placed.bill)
    order = play.last_order()
    assert (order.status, order.shipping_address.line1) == ("PROCESSING", "1 Quay Street")


def test_short_lines_are_mended_by_one_press(play, alice):
    """Two lines are short at confirm: both are named with what is left, and one press takes what there is. CNF-14."""
    play.fill_cart(alice, mug=5, poster=4)
    play.to_preview(alice)
    play.held_order(play.visitor("bob"), mug=7, poster=9)
    page = alice.press("Confirm and pay")
    assert page.status == 409 and page.has("Mug: Only 2 left.") and page.has("Poster: Sold out.")
    page = alice.press("Take what there is")
    assert page.path == "/checkout/preview" and page.has("Only 2 of Mug left.") and page.has("Poster is sold out.")
    order = play.confirm(alice).order
    assert [(line.sku, line.qty) for line in order.lines] == [("MUG", 2)]


def test_when_nothing_is_left_the_press_leads_to_the_cart(play, alice):
    """Everything is sold out: the cart is empty and says why. CNF-14, CNF-01."""
    play.fill_cart(alice, mug=5)
    play.to_preview(alice)
    play.held_order(play.visitor("bob"), mug=9)
    assert alice.press("Confirm and pay").status == 409
    page = alice.press("Take what there is")
    assert page.path == "/cart" and page.has("Mug is sold out.") and page.has("Nothing is in your cart yet.")


def test_an_old_session_secret_pays_nothing_more(play, alice):
    """The form of a replaced attempt, kept and posted again: its gateway refuses it. RED-11, RED-07, RACE-13."""
    first = play.held_order(alice, mug=1)
    kept = play.tab(alice)
    alice.get(f"/pay/{first.bill.key}")
    kept.page = alice.page
    kept.press("Continue to payment page")
    form = kept.page
    alice.get("/cart")
    alice.press("Update", quantity="3")
    play.to_preview(alice)
    second = play.confirm(alice)
    assert second.bill.reference != first.bill.reference and second.bill.key != first.bill.key
    play.run("deliver_events")
    kept.page = form
    page = kept.press("Pay")
    assert not page.has("Thank you") and play.session_of(first.bill).captured_minor == 0
    assert [order.status for order in play.orders()] == ["CANCELLED", "HOLD"]
