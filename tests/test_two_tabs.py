"""Two tabs, two clicks, two pages at once: one cart has at most one order that can be paid."""

from dataclasses import replace

import pytest
from sqlalchemy import select

from storefront import cart, checkout
from storefront.cart.models import Cart
from storefront.checkout.steps import REVERSIBLE
from storefront.kit.db import db, transaction
from storefront.kit.errors import Conflict
from storefront.kit.recipes import position
from storefront.orders.models import Order
from storefront.payments.models import PaymentMethod

from purchases import at_once


@pytest.fixture
def alice(play):
    """Alice, with two mugs in her cart, looking at the preview."""
    play.shelves(mug=9, poster=9)
    alice = play.visitor("alice")
    play.fill_cart(alice, mug=2)
    play.to_preview(alice)
    return alice


def payable(play):
    """The orders that could be paid now."""
    return [order for order in play.orders() if order.status in ("NEW", "HOLD")]


def statuses(play):
    """The state of every order, oldest first."""
    return [order.status for order in play.orders()]


def test_race_16_a_double_click_makes_one_order(play, alice):
    """The same form sent twice at the same moment leads to the same order, twice. RACE-16, RAC-11, INV-11."""
    tabs = [play.tab(alice) for _ in range(2)]
    pages = at_once(*(lambda tab=tab: tab.press("Confirm and pay") for tab in tabs))
    (order,) = payable(play)
    assert statuses(play) == ["HOLD"] and len(play.bills(order)) == 1
    assert all(page.status == 200 and page.has(order.number) for page in pages)
    assert play.on_shelf("mug") == 7


def test_race_16_a_double_click_on_the_last_units_makes_one_order(play):
    """The first click has taken the last ones; the second finds that order, not an empty shelf. RACE-16."""
    play.shelves(mug=2)
    alice = play.visitor("alice")
    play.fill_cart(alice, mug=2)
    play.to_preview(alice)
    tabs = [play.tab(alice) for _ in range(4)]
    pages = at_once(*(lambda tab=tab: tab.press("Confirm and pay") for tab in tabs))
    assert statuses(play) == ["HOLD"] and play.on_shelf("mug") == 0
    assert [page.status for page in pages] == [200] * 4


def test_race_16_a_double_click_where_the_order_closes_the_cart(play, alice):
    """Paid on pickup, the first click closes the cart; the second one still finds the order. RACE-16."""
    with transaction():
        pickup = db.session.scalar(select(PaymentMethod).filter_by(code="pickup"))
        pickup.active, pickup.countries = True, []
    alice.get("/checkout/payment")
    alice.press("Review order", choice="Pay on pickup")
    tabs = [play.tab(alice) for _ in range(4)]
    pages = at_once(*(lambda tab=tab: tab.press("Confirm and pay") for tab in tabs))
    assert statuses(play) == ["PROCESSING"] and play.on_shelf("mug") == 7
    assert {page.path for page in pages} == {f"/orders/{play.last_order().key}"}


def test_race_16_reloading_the_confirmation_leads_to_the_same_order(play, alice):
    """Back, and the button once more, an hour later: the same order. RACE-16."""
    tab = play.tab(alice)
    order = play.confirm(alice).order
    page = tab.press("Confirm and pay")
    assert page.path == f"/orders/{order.key}" and len(play.orders()) == 1


def test_race_15_two_tabs_with_the_same_content_make_one_order(play, alice):
    """Two previews, each with a token of its own, of the same cart: one order, one bill, one hold. RACE-15."""
    tabs = [play.tab(alice) for _ in range(2)]
    for tab in tabs:
        tab.get("/checkout/preview")
    pages = at_once(*(lambda tab=tab: tab.press("Confirm and pay") for tab in tabs))
    (order,) = payable(play)
    assert all(page.status == 200 and page.has(order.number) for page in pages)
    assert statuses(play) == ["HOLD"] and play.on_shelf("mug") == 7


def test_race_13_a_tab_with_other_content_replaces_the_order(play, alice):
    """Changed and confirmed again: the old order makes way, its goods are handed over. RACE-13, RACE-15."""
    first = play.confirm(alice).order
    alice.get("/cart")
    alice.press("Update", quantity="9")  # all there are, two of them held by the first order
    play.to_preview(alice)
    second = play.confirm(alice).order
    assert [order.id for order in payable(play)] == [second.id]
    assert play.holds(db.session.get(Order, first.id)) == {"RELEASED": 2}
    assert play.holds(second) == {"HELD": 9} and play.on_shelf("mug") == 0
    first = db.session.get(Order, first.id)
    assert (first.close_reason, first.superseded_by_order_id) == ("superseded", second.id)
    assert second.supersedes_order_id == first.id


def test_race_15_many_tabs_with_other_content_at_once_leave_one_payable_order(play, alice):
    """Six tabs, two contents: one order can be paid, and it alone holds goods. RACE-15, RULE-07."""
    old = [play.tab(alice) for _ in range(3)]
    for tab in old:
        tab.get("/checkout/preview")
    alice.get("/checkout/address?change=1")
    alice.press("Review order", Address="9 Other Street")
    new = [play.tab(alice) for _ in range(3)]
    for tab in new:
        tab.get("/checkout/preview")
    pages = at_once(*(lambda tab=tab: tab.press("Confirm and pay") for tab in (*old, *new)))
    assert {page.status for page in pages} <= {200, 409}
    (order,) = payable(play)
    assert play.holds(order) == {"HELD": 2} and play.on_shelf("mug") == 7
    (basket,) = db.session.scalars(select(Cart))
    assert basket.open_order_id == order.id


def test_race_13_an_order_that_could_not_be_replaced_keeps_its_goods(play, alice):
    """The new content is short of something: the older order stands, and holds what it held. RACE-13."""
    first = play.confirm(alice).order
    alice.get("/products/poster")
    alice.press("Add to cart", quantity="9")
    play.to_preview(alice)
    play.held_order(play.visitor("bob"), poster=1)
    assert alice.press("Confirm and pay").status == 409
    first = db.session.get(Order, first.id)
    assert first.status == "HOLD" and play.holds(first) == {"HELD": 2}


def test_race_12_the_cart_may_change_while_the_payment_runs(play, alice):
    """The snapshot stands, the page shows both, and the paid goods leave the cart. RACE-12, CRT-04."""
    placed = play.confirm(alice)
    tab = play.tab(alice)
    tab.get("/products/poster")
    tab.press("Add to cart", quantity="1")
    page = tab.get(f"/orders/{placed.order.key}")
    assert page.has("Your cart has changed since you went to pay")
    assert page.has("This payment covers") and page.has("1 × Poster") and page.has("€29.90") and page.has("€42.40")
    play.gateway_says("paid", placed.bill)
    assert [line.sku for line in play.last_order().lines] == ["MUG"]
    assert play.in_cart(tab) == {"Poster": 1}


def replaced(play, alice):
    """The first order with its bill, and the one that replaced it."""
    first = play.confirm(alice)
    alice.get("/cart")
    alice.press("Update", quantity="3")
    play.to_preview(alice)
    return first, play.confirm(alice)


def test_race_14_the_replaced_order_is_paid_after_all(play, alice):
    """The old one lives again, the new one makes way, and what was more stays in the cart. RACE-14."""
    first, second = replaced(play, alice)
    play.gateway_says("paid", first.bill)
    assert statuses(play) == ["PROCESSING", "CANCELLED"]
    assert play.on_shelf("mug") == 7 and play.in_cart(alice) == {"Mug": 1}
    assert play.captured(second.order) == 0


def test_race_14_both_are_paid(play, alice):
    """The new one first: the old money waits on the desk, nothing is fulfilled twice. RACE-14."""
    first, second = replaced(play, alice)
    play.gateway_says("paid", second.bill)
    play.gateway_says("paid", first.bill)
    assert statuses(play) == ["CANCELLED", "PROCESSING"] and play.on_shelf("mug") == 6
    (bill,) = play.bills(first.order)
    assert (bill.status, bill.quarantine_reason) == ("PAID", "duplicate_payment")


@pytest.mark.parametrize("content", ["same", "other"])
def test_race_50_while_the_payment_is_pending_nothing_is_confirmed_again(play, alice, content):
    """The gateway has not decided yet: 409, which order it is, and no second one. RACE-50."""
    placed = play.confirm(alice)
    play.gateway_says("pending", placed.bill)
    if content == "other":
        alice.get("/cart")
        alice.press("Update", quantity="3")
    play.to_preview(alice)
    page = alice.press("Confirm and pay")
    assert page.status == 409
    assert page.has(f"A payment for order {placed.order.number} is being processed.")
    assert page.link("Show the order that is being paid") == f"/orders/{placed.order.key}"
    assert statuses(play) == ["HOLD"] and play.holds(play.last_order()) == {"HELD": 2}


def test_race_30_a_crash_before_the_redirect_loses_nothing(play, alice):
    """Confirmed, and the answer never came: the order's page by the cart's cookie goes on. RACE-30."""
    alice.press("Confirm and pay", follow=False)
    order = play.last_order()
    page = alice.get("/checkout/preview")
    assert page.has(f"Order {order.number} waits for its payment")
    page = alice.get(page.link("Go on with that order"))
    assert page.path == f"/orders/{order.key}" and page.form("Pay now")
    assert alice.press("Pay now").path.startswith("/pay/")


def attempt_of(alice, play):
    """A press of the button as the view makes it: cart, method and the preview's two tokens."""
    fields = dict(alice.page.form("Confirm and pay")[0].values())
    basket = db.session.scalar(select(Cart))
    method = db.session.scalar(select(PaymentMethod).filter_by(code="card"))
    return basket, method, fields["quote_token"], fields["confirm_token"]


@pytest.mark.parametrize("at", ["hold_stock", "open_bill", "start_payment"])
def test_race_13_an_order_that_is_replaced_half_way_gives_up(play, alice, at, monkeypatch):
    """Another tab confirms between two steps; only its order can be paid. RACE-13, RACE-15, RULE-07."""
    ours = attempt_of(alice, play)
    recipes = play.app.extensions["recipes"]
    before = recipes[REVERSIBLE]
    index = position(before, at)
    step = before[index]

    def other_tab_first(attempt):
        monkeypatch.setitem(recipes, REVERSIBLE, before)
        tab = play.tab(alice)
        tab.get("/cart")
        tab.press("Update", quantity="3")
        play.to_preview(tab)
        play.confirm(tab)
        step.do(attempt)

    changed = (*before[:index], replace(step, do=other_tab_first), *before[index + 1 :])
    monkeypatch.setitem(recipes, REVERSIBLE, changed)
    why, end = ("replaced", "CANCELLED") if at != "hold_stock" else ("has changed", "FAILED")  # nothing was held yet
    with play.app.test_request_context(), pytest.raises(Conflict, match=f"{why} in another tab"):
        checkout.place(*ours)
    assert statuses(play) == [end, "HOLD"]
    (order,) = payable(play)
    assert play.holds(order) == {"HELD": order.lines[0].qty}
    assert play.on_shelf("mug") == 9 - order.lines[0].qty
    assert [bill.status for bill in play.bills(order)] == ["REDIRECTED"]


def test_a_tab_that_claims_the_cart_in_between_is_noticed(play, alice):
    """Invariant 7: the cart's order is another than when this one began to be held: it must be looked at again."""
    mine = play.confirm(alice).order
    other = play.held_order(play.visitor("bob"), poster=1).order
    with pytest.raises(cart.StaleCart), transaction():
        cart.claim(mine.cart_id, other.id, instead_of=(), version=mine.cart_version)
    with transaction():
        cart.claim(mine.cart_id, mine.id, instead_of=(), version=mine.cart_version)
        cart.claim(mine.cart_id, other.id, instead_of=[mine.id], version=mine.cart_version)
    assert db.session.get(Cart, mine.cart_id).open_order_id == other.id
