"""The address book at the checkout: chosen or typed, kept if one likes, the preferred first (ADR-01..06, ADR-08..09).

What orders copied stays as it was, whatever becomes of the book (RACE-38). Proves CRT-15 and ACT rows on addresses.
"""

import pytest
from sqlalchemy import inspect, select

from storefront import cart, customers
from storefront.cart import aging
from storefront.cart.models import Cart
from storefront.customers.models import Customer, CustomerAddress
from storefront.kit.db import db, transaction
from storefront.orders.models import OrderAddress

from purchases import ADDRESS, at_once

HOME = {"name": "Alice Byrne", "line1": "1 Quay Street", "city": "Galway", "postcode": "H91 E2R8", "country": "IE"}
WORK = {**HOME, "line1": "2 Dock Road", "company": "Byrne Ltd"}
FAR = {**HOME, "line1": "3 Chome", "country": "JP", "subdivision": "東京都", "postcode": "100-0001", "city": "千代田区"}


@pytest.fixture
def alice(play):
    """Somebody signed in with a mug in the cart and an empty book."""
    play.shelves(mug=9)
    alice = play.signed_in()
    play.fill_cart(alice, mug=1)
    return alice


def book(play, *parts: dict, shipping: int | None = None, billing: int | None = None) -> list[int]:
    """The ids of addresses in Alice's book; by their places which she prefers."""
    with transaction():
        person = db.session.scalars(select(Customer).filter_by(email="alice@example.com")).one()
        rows = [customers.save_address(one, person.id).id for one in parts]
        for place, use in ((shipping, "shipping"), (billing, "billing")):
            if place is not None:
                customers.prefer_address(person, rows[place], use)
    return rows


def checked(page, name: str) -> str:
    """The radio button that is chosen in the address form."""
    return dict(page.form("Continue to shipping")[0].values()).get(name, "")


def in_book(play) -> list[str]:
    """The streets of everybody's books, and of typed addresses in brackets."""
    play.look_again()
    rows = db.session.scalars(select(CustomerAddress).order_by(CustomerAddress.id))
    return [row.line1 if row.customer_id else f"({row.line1})" for row in rows]


def test_an_empty_book_shows_the_form_and_a_full_one_a_choice(play, alice):
    """ADR-06, ADR-05: what is typed joins the book if ticked; after that the book is offered, with that row chosen."""
    page = alice.get("/checkout/address")
    assert checked(page, "to") == "" and page.has("Save to my addresses")
    alice.press("Continue to shipping", ADDRESS)
    assert in_book(play) == ["1 Quay Street"]
    page = alice.get("/checkout/address")
    assert page.has("Another address") and checked(page, "to") == str(db.session.scalar(select(CustomerAddress.id)))
    alice.press("Continue to shipping")
    alice.get("/checkout/address")
    alice.press(
        "Continue to shipping", {**ADDRESS, "to": "new", "Address": "9 New Road", "Save to my addresses": False}
    )
    assert in_book(play) == ["1 Quay Street", "(9 New Road)"]
    page = alice.get("/checkout/address")
    assert checked(page, "to") == "new" and 'value="9 New Road"' in page.html
    assert not play.visitor("guest").get("/checkout/address").has("Save to my addresses")


def test_the_preferred_addresses_are_chosen_at_first(play, alice):
    """ADR-02, ADR-03, ADR-04: one row may be both; another one for billing is ticked and chosen by itself."""
    home, work = book(play, HOME, WORK, shipping=0, billing=1)
    page = alice.get("/checkout/address")
    assert checked(page, "to") == str(home) and checked(page, "billing_to") == str(work)
    play_on = alice.press("Continue to shipping")
    assert play_on.path == "/checkout/shipping"
    alice.press("Continue to payment")
    alice.press("Review order")
    order = play.confirm(alice).order
    assert (order.shipping_address.line1, order.billing_address.line1) == ("1 Quay Street", "2 Dock Road")
    with transaction():
        customers.prefer_address(db.session.get(Customer, order.customer_id), home, "billing")
        db.session.execute(CustomerAddress.__table__.delete().where(CustomerAddress.id == work))
    play.fill_cart(alice, mug=1)
    play.look_again()
    person = db.session.get(Customer, order.customer_id)
    assert (person.preferred_shipping_address_id, person.preferred_billing_address_id) == (home, home)


def test_what_is_typed_beside_a_chosen_address_does_not_count(play, alice):
    """The hidden fields may say anything; a typed one is checked as ever."""
    home, _work = book(play, HOME, WORK, shipping=0)
    alice.get("/checkout/address")
    assert alice.press("Continue to shipping", {"Postcode": "nonsense", "City": ""}).path == "/checkout/shipping"
    assert in_book(play) == ["1 Quay Street", "2 Dock Road"]
    alice.get("/checkout/address")
    page = alice.press("Continue to shipping", {"to": "new", "Postcode": "nonsense"})
    assert page.status == 400 and page.has("Enter the street and house number")


def test_a_level_must_reach_the_chosen_address(play, alice):
    """ADR-07: the book may hold any address; where nothing goes to, the page says so at the choice."""
    _home, far = book(play, HOME, FAR)
    alice.get("/checkout/address")
    page = alice.press("Continue to shipping", {"to": str(far)})
    assert page.status == 400 and page.has("Choose another address") and checked(page, "to") == str(far)


def test_somebody_elses_row_and_one_that_is_gone(play, alice):
    """Neither is another address: the page asks to choose again, and nothing is written."""
    home, work = book(play, HOME, WORK)
    with transaction():
        bob = customers.sign_up("bob@example.com", "nine old kettles", "Bob")
        his = customers.save_address({**HOME, "line1": "5 Bob Street"}, bob.id).id
    alice.get("/checkout/address")
    for wrong in (str(his), "999999", "", "x"):
        page = alice.post("/checkout/address", {"email": "alice@example.com", "country": "IE", "to": wrong})
        assert page.status == 400 and page.has("Choose an address of your book"), wrong
    tab = play.tab(alice)
    alice.get("/checkout/address")
    tab.get("/account/")
    tab.press("Delete")
    page = alice.press("Continue to shipping", {"to": str(home)})
    assert page.status == 400 and page.has("Choose an address of your book")
    assert alice.press("Continue to shipping", {"to": str(work)}).path == "/checkout/shipping"


def test_the_invoice_goes_to_an_address_of_the_book(play, alice):
    """Ticking the box offers the book a second time; a typed one is kept beside the first."""
    home, work = book(play, HOME, WORK, shipping=0)
    alice.get("/checkout/address")
    alice.press("Update the form", {"The invoice goes to another address": True}, nth=0)
    page = alice.press("Continue to shipping", {"billing_to": str(work)})
    assert page.path == "/checkout/shipping"
    page = alice.get("/checkout/address")
    assert checked(page, "billing_to") == str(work)
    typed = {"billing_to": "new", "billing_name": "Alice", "billing_line1": "7 Bill Row", "billing_city": "Galway"}
    alice.press("Continue to shipping", {**typed, "billing_postcode": "H91 E2R8"})
    assert in_book(play) == ["1 Quay Street", "2 Dock Road", "7 Bill Row"]


def test_a_replaced_address_leaves_no_row(play, alice):
    """CRT-15: what was typed for a cart, and is not its address any more, is gone at once; the book stays."""
    (home,) = book(play, HOME)
    apart, here_only = {"The invoice goes to another address": True}, {"Save to my addresses": False}
    elsewhere = {**ADDRESS, **here_only, "to": "new", "Address": "9 New Road"}
    bill = {"billing_to": "new", "billing_name": "Alice", "billing_line1": "7 Bill Row", "billing_city": "Galway"}
    alice.get("/checkout/address")
    alice.press("Update the form", apart, nth=0)
    kept_out = {"billing_keep": False, "billing_postcode": "H91 E2R8"}
    alice.press("Continue to shipping", {**elsewhere, **bill, **kept_out})
    assert in_book(play) == ["1 Quay Street", "(9 New Road)", "(7 Bill Row)"]
    alice.get("/checkout/address")
    alice.press("Continue to shipping", {**here_only, "The invoice goes to another address": False})
    assert in_book(play) == ["1 Quay Street", "(9 New Road)"]
    alice.get("/checkout/address")
    tabs = [play.tab(alice) for _ in range(4)]
    pages = at_once(*(lambda tab=tab: tab.press("Continue to shipping", {"to": str(home)}) for tab in tabs))
    assert {page.status for page in pages} == {200} and in_book(play) == ["1 Quay Street"]


def test_an_address_that_another_cart_goes_to_stays(play):
    """CRT-18: the order stands apart and its closed cart is removed; what goes on beside it keeps its address."""
    play.shelves(mug=9)
    guest = play.visitor("guest")
    placed = play.held_order(guest, mug=1)
    play.gateway_says("pending", placed.bill)
    with transaction():
        new = cart.part(db.session.get_one(Cart, placed.order.cart_id), placed.order.id)
        assert new.id != placed.order.cart_id
        aging.remove(cart.locked(placed.order.cart_id))
    assert in_book(play) == ["(1 Quay Street)"] and guest.get("/checkout/address").has("1 Quay Street")


def test_a_full_book_keeps_no_more_and_the_order_goes_on(play, alice):
    """Fifty addresses: one more is used for this purchase only."""
    book(play, *({**HOME, "line1": f"{number} Long Row"} for number in range(50)))
    alice.get("/checkout/address")
    page = alice.press("Continue to shipping", {**ADDRESS, "to": "new", "Address": "51 Long Row"})
    assert page.path == "/checkout/shipping" and in_book(play)[-1] == "(51 Long Row)"


def test_race_38_the_book_changes_after_the_order(play, alice):
    """Edited or deleted meanwhile: the cart follows until it is confirmed, the order never. RACE-38, ADR-08, CRT-15."""
    (home,) = book(play, HOME)
    play.to_preview(alice)
    with transaction():
        customers.change_address(db.session.get(CustomerAddress, home), {**HOME, "line1": "8 Changed Street"})
    assert alice.get("/checkout/preview").has("8 Changed Street")
    order = play.confirm(alice).order
    with transaction():
        customers.change_address(db.session.get(CustomerAddress, home), {**HOME, "line1": "9 Later Street"})
        customers.delete_address(order.customer_id, home)
    play.look_again()
    assert db.session.get(OrderAddress, order.shipping_address_id).line1 == "8 Changed Street"
    assert alice.get(f"/orders/{order.key}").has("8 Changed Street")


def test_two_kinds_of_addresses_are_stored_apart(context):
    """ADR-09: the book and the orders' copies are two tables, and no column of the copy leads back to the book."""
    schema = inspect(db.engine)
    assert {"customer_addresses", "order_addresses"} <= set(schema.get_table_names())
    assert schema.get_foreign_keys("order_addresses") == []
    assert {"type", "kind", "role"} & {column["name"] for column in schema.get_columns("customer_addresses")} == set()
