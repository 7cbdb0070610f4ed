"""The cart: changed by forms only, known in every tab, kept until the money is certain, one for each shopper."""

import pytest
from sqlalchemy import delete, func, select, update

from storefront.cart.models import Cart, CartLine
from storefront.catalog.models import Variant
from storefront.customers.models import CustomerAddress
from storefront.kit.db import db, transaction
from storefront.orders.models import Order
from storefront.shipping.models import ServiceLevel, ShippingRegion

from purchases import at_once


def carts(play, status="OPEN"):
    """The carts in this state."""
    play.look_again()
    return list(db.session.scalars(select(Cart).filter_by(status=status)))


def total(page):
    """The sum on a page with totals."""
    return page.text.split("Total ")[-1].split()[0]


def test_a_cart_changes_by_post_only(play):
    """CRT-01: asking for an address that changes a cart is answered with 405, and with how it works."""
    play.shelves(mug=5)
    alice = play.visitor("alice")
    play.fill_cart(alice, mug=1)
    (line,) = db.session.scalars(select(CartLine))
    before = play.tables()
    for path in ("/cart/lines", f"/cart/lines/{line.id}", f"/cart/lines/{line.id}?quantity=0&remove=1"):
        answer = alice.get(path)
        assert answer.status == 405 and "POST" in answer.headers["Allow"]
    assert play.tables() == before


def test_lines_are_added_changed_and_removed(play):
    """CRT-01: the buttons of the cart do what they say; what was removed can be put back."""
    play.shelves(mug=5, tea_towel=5)
    alice = play.visitor("alice")
    play.fill_cart(alice, mug=1, tea_towel=2)
    alice.get("/cart")
    alice.press("Update", quantity="4")
    assert play.in_cart(alice) == {"Mug": 4, "Tea towel": 2}
    page = alice.press("Remove")
    assert page.steps == [303, 200] and page.has("Mug is out of your cart.")
    alice.press("Put back")
    assert play.in_cart(alice) == {"Tea towel": 2, "Mug": 4}
    alice.press("Update", quantity="0")
    assert "Tea towel" not in play.in_cart(alice)


def test_more_than_there_is_becomes_what_there_is_and_says_so(play):
    """CRT-01: a quantity beyond the stock or the limit is cut to it, with a message."""
    play.shelves(mug=3, poster=500)
    play.shop(max_quantity=99)
    alice = play.visitor("alice")
    alice.get("/products/mug")
    page = alice.press("Add to cart", quantity="5")
    assert page.has("Only 3 of Mug left.")
    alice.get("/products/poster")
    page = alice.press("Add to cart", quantity="100")
    assert page.has("At most 99 of Poster per order.")
    assert play.in_cart(alice) == {"Mug": 3, "Poster": 99}


def test_cart_preview_and_order_say_the_same_sum(play):
    """CRT-02: the totals of cart, preview, order and bill are one figure."""
    play.shelves(mug=5, price=1999)
    alice = play.visitor("alice")
    play.fill_cart(alice, mug=3)
    preview = play.to_preview(alice)
    in_cart = alice.get("/cart")
    alice.get("/checkout/preview")
    order, bill, _ = play.confirm(alice)
    assert order.total_minor == order.due_minor == bill.amount_minor == 3 * 1999 + 490
    shown = f"€{order.total_minor / 100:.2f}"
    assert total(in_cart) == total(preview) == shown
    assert alice.get(f"/orders/{order.key}").has(shown)


def test_a_form_from_an_older_cart_gets_both_values(play):
    """CRT-03: two tabs; the second one's stale quantity changes nothing and is answered 409 with both values."""
    play.shelves(mug=50)
    alice = play.visitor("alice")
    play.fill_cart(alice, mug=1)
    other = play.tab(alice)
    alice.press("Update", quantity="7")
    page = other.press("Update", quantity="3")
    assert page.status == 409
    assert page.has("Your cart has changed in another tab.")
    assert page.has("You typed 3 for Mug. Now it is 7.")
    assert play.in_cart(play.tab(alice)) == {"Mug": 7}
    page = other.press("Update")
    assert page.status == 200 and play.in_cart(alice) == {"Mug": 3}


def test_a_line_that_went_in_another_tab_is_told_so(play):
    """CRT-03: removing or changing what another tab has removed shows the cart as it is, with 409."""
    play.shelves(mug=50, poster=5)
    alice = play.visitor("alice")
    play.fill_cart(alice, mug=1, poster=1)
    other = play.tab(alice)
    alice.press("Remove")
    page = other.press("Remove")
    assert page.status == 409 and page.has("Your cart has changed in another tab.")
    assert play.in_cart(alice) == {"Poster": 1}


def test_what_is_added_while_paying_is_not_charged(play):
    """CRT-04: B goes into the cart during the payment; the charge stays, the order has only A."""
    play.shelves(mug=5, poster=5)
    placed = play.at_gateway(mug=2)
    tab = play.tab(placed.shopper)
    tab.get("/products/poster")
    tab.press("Add to cart", quantity="1")
    placed.shopper.press("Pay")
    order = play.last_order()
    assert (order.status, order.total_minor, [line.sku for line in order.lines]) == ("PROCESSING", 2990, ["MUG"])
    assert play.captured(order) == 2990


def test_the_paid_goods_leave_the_cart_and_nothing_else(play):
    """CRT-06: 10 A paid, 10 B and 2 more A added meanwhile: the cart keeps those; the next payment closes it.

    INV-37, INV-39.
    """
    play.shelves(mug=50, poster=50)
    placed = play.at_gateway(mug=10)
    assert play.in_cart(play.tab(placed.shopper)) == {"Mug": 10}
    tab = play.tab(placed.shopper)
    for name, more in (("poster", 10), ("mug", 2)):
        tab.get(f"/products/{name}")
        tab.press("Add to cart", quantity=str(more))
    page = placed.shopper.press("Pay")
    assert page.has("What you added meanwhile is still in your cart.")
    assert play.in_cart(tab) == {"Mug": 2, "Poster": 10}
    assert [cart.open_order_id for cart in carts(play)] == [None]

    placed.shopper.get("/cart")
    play.to_preview(placed.shopper)
    placed = play.confirm(placed.shopper)
    play.gateway_says("paid", placed.bill)
    assert play.in_cart(tab) == {}
    assert not carts(play) and [cart.status for cart in carts(play, "CONVERTED")] == ["CONVERTED"]


def test_back_at_the_shop_the_cart_is_still_full(play):
    """CRT-07, CRT-08: before the money is certain nothing leaves the cart, and it can be changed as ever."""
    play.shelves(mug=5)
    placed = play.at_gateway(mug=3)
    alice = placed.shopper
    assert play.in_cart(alice) == {"Mug": 3}
    alice.press("Update", quantity="2")
    assert play.in_cart(alice) == {"Mug": 2}
    assert play.last_order().lines[0].qty == 3


def test_the_goods_of_the_own_unpaid_order_are_not_sold_out(play):
    """CRT-08, RAC-11: who holds the last ones may still change, keep and confirm them; others may not have them."""
    play.shelves(mug=3)
    placed = play.held_order(mug=3)
    alice = placed.shopper
    page = alice.get("/cart")
    assert not page.has("Sold out") and not page.has("left")
    alice.press("Update", quantity="2")
    assert play.in_cart(alice) == {"Mug": 2}
    alice.press("Update", quantity="4")
    assert play.in_cart(alice) == {"Mug": 3}
    assert play.visitor("bob").get("/products/mug").has("Sold out")


def test_an_order_needs_no_cart(play):
    """CRT-09: deleting the cart's row leaves the order whole."""
    play.shelves(mug=5)
    order, bill, shopper = play.held_order(mug=2)
    with transaction():
        db.session.execute(delete(CartLine))
        db.session.execute(update(Cart).values(open_order_id=None))
        db.session.execute(delete(Cart).where(Cart.id == order.cart_id))
    order = play.last_order()
    assert (order.cart_id, [(line.sku, line.qty) for line in order.lines]) == (None, [("MUG", 2)])
    assert order.shipping_address.name == "Alice Byrne"
    assert play.gateway_says("paid", bill) == 200
    assert play.last_order().status == "PROCESSING"
    assert shopper.get(f"/orders/{order.key}").has("is paid")


@pytest.mark.parametrize("first", ["user", "gateway"])
def test_cancelled_twice_there_is_one_cart_with_the_same_lines(play, first):
    """CRT-10, RAC-01, RAC-02: cancelled by the shopper and by the gateway, in either order: one cart, same lines."""
    play.shelves(mug=5, poster=5)
    order, bill, shopper = play.held_order(mug=2, poster=1)
    page = shopper.get(f"/orders/{order.key}")

    def user():
        shopper.page = page
        assert shopper.press("Cancel order").status == 200

    def gateway():
        assert play.gateway_says("cancelled", bill) == 200

    for deed in (user, gateway) if first == "user" else (gateway, user):
        deed()
    assert play.last_order().status == "CANCELLED"
    assert play.in_cart(shopper) == {"Mug": 2, "Poster": 1}
    assert len(carts(play)) == 1 and play.on_shelf("mug") == 5


def test_ten_first_adds_at_once_make_one_cart(play):
    """CRT-11: ten tabs put the first thing in at the same moment; there is one open cart with ten of it.

    INV-38, RULE-07.
    """
    play.shelves(mug=50)
    alice = play.paid_order(mug=1).shopper
    assert not carts(play)
    alice.get("/products/mug")
    pages = at_once(*(lambda tab=tab: tab.press("Add to cart") for tab in [play.tab(alice) for _ in range(10)]))
    assert [page.status for page in pages] == [200] * 10
    assert [[line.qty for line in cart.lines] for cart in carts(play)] == [[10]]


def test_a_customer_has_one_cart_on_every_device(play):
    """CRT-11, ROL-02: signed in on two devices, both show and fill the same cart."""
    play.shelves(mug=50)
    phone, laptop = play.signed_in(), play.signed_in()
    play.fill_cart(phone, mug=1)
    play.fill_cart(laptop, mug=2)
    assert play.in_cart(phone) == play.in_cart(laptop) == {"Mug": 3}
    assert len(carts(play)) == 1


def test_the_cart_refers_to_addresses(play):
    """CRT-15: the address row is changed before confirm; the preview and the order follow it."""
    play.shelves(mug=5)
    alice = play.visitor("alice")
    play.fill_cart(alice, mug=1)
    assert play.to_preview(alice, Address="7 Elm Row").has("7 Elm Row")
    with transaction():
        (cart,) = db.session.scalars(select(Cart))
        db.session.get(CustomerAddress, cart.shipping_address_id).line1 = "2 Mill Lane"
    page = alice.press("Confirm and pay")  # what was shown is what is ordered
    assert page.status == 409 and page.has("2 Mill Lane") and not page.has("7 Elm Row")
    assert play.confirm(alice).order.shipping_address.line1 == "2 Mill Lane"


def test_a_level_that_does_not_reach_the_address_is_reset_with_a_notice(play):
    """CRT-16: another country without the chosen way of sending: the first one there is taken, and it is said."""
    play.shelves(mug=5)
    with transaction():
        region = ShippingRegion(name="France", countries=["FR"])
        db.session.add(region)
        db.session.flush()
        level = ServiceLevel(region_id=region.id, name="Colissimo", params={"amount_minor": 1290}, currency="EUR")
        db.session.add(level)
    alice = play.visitor("alice")
    play.fill_cart(alice, mug=1)
    alice.click("Go to checkout")
    alice.press("Continue to shipping", ADDRESS)
    alice.press("Continue to payment", choice="Express")
    page = alice.press("Review order")
    assert page.has("Express") and total(page) == "€22.30"

    alice.get("/checkout/address?change=1")
    page = alice.press("Review order", {"Country": "France", "Postcode": "75001"})
    assert page.path == "/checkout/preview"
    assert page.has("The way of sending that you had chosen does not reach this address.")
    assert page.has("Colissimo") and total(page) == "€25.40"
    alice.press("Confirm and pay")
    assert play.last_order().service_level["name"] == "Colissimo"


ADDRESS = {
    "Email": "a@example.com",
    "Full name": "Alice",
    "Address": "1 Quay",
    "City": "Galway",
    "Postcode": "H91 E2R8",
}


def test_signing_in_merges_the_carts_and_doubles_nothing(play):
    """ROL-02: a guest's cart and the account's become one; what exceeds the stock is cut, and it is said."""
    play.shelves(mug=5, poster=9, lamp=1)
    alice = play.signed_in()
    play.fill_cart(alice, mug=4, poster=1)
    alice.get("/account/")
    page = alice.press("Sign out")
    assert play.in_cart(alice) == {} and "cart" not in alice.http.cookies
    assert page.steps[0] == 303

    play.fill_cart(alice, mug=3, lamp=1)
    page = play.signed_in(shopper=alice)
    assert alice.page.has("Only 5 of Mug left.")
    assert play.in_cart(alice) == {"Mug": 5, "Lamp": 1, "Poster": 1}
    assert len(carts(play)) == 1 and len(carts(play, "MERGED")) == 1

    del alice.http.cookies["session"]
    play.signed_in(shopper=alice)  # once more: nothing is doubled
    assert play.in_cart(alice) == {"Mug": 5, "Lamp": 1, "Poster": 1}


def test_race_43_a_guest_who_signs_in_while_paying_keeps_one_order_and_one_cart(play):
    """The carts become one, and the paid goods leave it. RACE-43."""
    play.shelves(mug=9, poster=9)
    alice = play.signed_in()
    play.fill_cart(alice, poster=2)
    alice.get("/account/")
    alice.press("Sign out")
    placed = play.held_order(alice, mug=1)
    play.signed_in(shopper=alice)
    assert play.in_cart(alice) == {"Mug": 1, "Poster": 2}
    play.gateway_says("paid", placed.bill)
    assert play.in_cart(alice) == {"Poster": 2}


def test_race_43_a_cart_that_joined_another_while_it_was_paid_gives_up_what_was_bought(play):
    """Paid on the phone after the carts were merged on the laptop; nothing is bought twice. RACE-43, CRT-06."""
    play.shelves(mug=9, poster=9)
    phone, laptop = play.signed_in(), play.visitor("laptop")
    placed = play.held_order(phone, mug=1)
    play.fill_cart(laptop, poster=1)
    play.signed_in(shopper=laptop)
    assert play.in_cart(laptop) == {"Poster": 1, "Mug": 1}
    play.gateway_says("paid", placed.bill)
    assert play.in_cart(phone) == play.in_cart(laptop) == {"Poster": 1}


def test_who_signs_in_after_somebody_else_does_not_get_their_cart(play):
    """ROL-02: a session ran out, its cookie is still there: the next customer begins with an empty cart."""
    play.shelves(mug=9)
    alice = play.signed_in()
    play.fill_cart(alice, mug=2)
    del alice.http.cookies["session"]
    play.signed_in("bob@example.com", alice)
    assert play.in_cart(alice) == {}
    assert play.in_cart(play.signed_in()) == {"Mug": 2}


def test_goods_that_are_no_longer_sold_can_be_removed_but_not_ordered(play):
    """CRT-08: the merchant hides an article that is in a cart; the cart says so, and works when it is out."""
    play.shelves(mug=5, poster=5)
    alice = play.visitor("alice")
    play.fill_cart(alice, mug=1, poster=1)
    play.to_preview(alice)
    with transaction():
        db.session.execute(update(Variant).where(Variant.sku == "MUG").values(active=False))
    assert alice.press("Confirm and pay").status == 409
    assert alice.get("/cart").has("This article is no longer for sale.")
    assert db.session.scalar(select(func.count()).select_from(Order)) == 0
    alice.press("Remove")
    play.to_preview(alice)
    assert play.confirm(alice).order.lines[0].sku == "POSTER"
