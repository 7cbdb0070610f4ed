"""What an open page is told when it asks: whether anything has changed since it was made, what, and where to see it."""

import re
from html import unescape

import pytest
from sqlalchemy import event

from storefront.kit.db import db

from purchases import at_once

QUIET = {"changed": "", "url": "", "link": ""}


@pytest.fixture
def alice(play):
    """Alice at a shop with mugs, posters and lamps."""
    play.shelves(mug=9, poster=9, lamp=9, bowl=9, plate=9)
    return play.visitor("alice")


def watch_of(page):
    """The address that a page asks."""
    return unescape(re.search(r'data-watch="([^"]+)"', page.html)[1])


def told(shopper, watch):
    """What a page with this address is told now."""
    answer = shopper.http.get(f"{shopper.url}{watch}", timeout=30)
    assert answer.status_code == 200
    said = answer.json()
    return {name: said[name] for name in QUIET}


def words(shopper, watch):
    """What it is told in words."""
    return told(shopper, watch)["changed"]


def test_every_page_on_the_way_asks(play, alice):
    """Cart, address, shipping, payment, preview, leaving and order page each carry the address they ask. CRT-05."""
    play.fill_cart(alice, mug=1)
    seen = [alice.page]
    seen.append(alice.click("Go to checkout"))
    play.to_preview(alice)
    seen += [alice.get(f"/checkout/{step}") for step in ("shipping", "payment", "preview")]
    order = play.confirm(alice).order
    seen += [alice.page, alice.again(), alice.get(f"/orders/{order.key}")]
    for page in seen:
        assert told(alice, watch_of(page)) == QUIET or (
            page is not seen[-1] and order.number in words(alice, watch_of(page))
        )
    assert [watch_of(page).split("?")[0] for page in seen[-3:]] == [f"/orders/{order.key}/status"] * 3
    assert {watch_of(page).split("?")[0] for page in seen[:-3]} == {"/cart/status"}


@pytest.mark.parametrize(
    ("deed", "sentence"),
    [
        (lambda play, tab: play.fill_cart(tab, poster=1), "Your cart has changed: Poster was added."),
        (lambda play, tab: play.fill_cart(tab, mug=2), "Your cart has changed: 4 × Mug instead of 2."),
        (lambda play, tab: [tab.get("/cart"), tab.press("Remove", nth=1)], "Your cart has changed: Lamp was removed."),
        (
            lambda play, tab: play.fill_cart(tab, poster=1, bowl=1, plate=1, mug=1),
            "Your cart has changed: 3 × Mug instead of 2, Poster was added, Bowl was added, and more.",
        ),
        (
            lambda play, tab: [tab.get("/cart"), tab.press("Remove"), tab.press("Remove")],
            "Your cart is empty now.",
        ),
        (
            lambda play, tab: [tab.get("/checkout/address"), tab.press("Continue to shipping", City="Cork", **REST)],
            "Something that you chose for this purchase has changed.",
        ),
    ],
    ids=["added", "more", "removed", "many", "empty", "address"],
)
def test_a_changed_cart_is_told_by_name(play, alice, deed, sentence):
    """What another tab did to the cart is said by the names of the articles, with the way to see it. CRT-05, CRT-03."""
    play.fill_cart(alice, mug=2, lamp=1)
    watch = watch_of(alice.page)
    assert told(alice, watch) == QUIET
    deed(play, play.tab(alice))
    assert told(alice, watch) == {"changed": sentence, "url": "/cart", "link": "View cart"}
    assert told(alice, watch_of(alice.get("/cart"))) == QUIET


REST = {"Email": "a@example.com", "Full name": "Alice", "Address": "1 Quay", "Postcode": "H91 E2R8"}


def paid(play, placed, tab):
    play.gateway_says("paid", placed.bill)


def cancelled(play, placed, tab):
    tab.get(f"/orders/{placed.order.key}")
    tab.press("Cancel order")


def replaced(play, placed, tab):
    tab.get("/cart")
    tab.press("Update", quantity="3")
    play.to_preview(tab)
    play.confirm(tab)


def prolonged(play, placed, tab):
    play.wait(minutes=20)
    tab.get(f"/orders/{placed.order.key}")
    tab.press("Keep for me")


def tried_again(play, placed, tab):
    tab.get(f"/orders/{placed.order.key}")
    tab.press("Pay now")


def declined(play, placed, tab):
    play.gateway_says("declined", placed.bill)


def pending(play, placed, tab):
    play.gateway_says("pending", placed.bill)


def run_out(play, placed, tab):
    play.wait(hours=2)
    play.run("close_unpaid_orders")


STORIES = {
    paid: "Order {0} is paid.",
    cancelled: "Order {0} is cancelled. Nothing was charged.",
    replaced: "Order {0} was replaced by order {1}.",
    prolonged: "The goods of order {0} are kept until ",
    tried_again: "Another attempt to pay order {0} has begun.",
    declined: "Order {0}: The payment did not go through. Nothing was charged.",
    pending: "Order {0}: Your payment is on its way.",
    run_out: "Order {0}: We could not keep the goods any longer. Nothing was charged.",
}


@pytest.mark.parametrize("where", ["leaving page", "order page", "cart", "preview"])
@pytest.mark.parametrize("deed", STORIES, ids=lambda deed: deed.__name__)
def test_what_became_of_the_order_is_told(play, alice, deed, where):
    """Paid, cancelled, replaced, kept longer, tried again: each page that shows it is told. CRT-05, RED-07, RED-03."""
    play.fill_cart(alice, mug=2)
    play.to_preview(alice)
    placed = play.confirm(alice)
    page = {
        "leaving page": lambda: alice.page,
        "order page": lambda: alice.get(f"/orders/{placed.order.key}"),
        "cart": lambda: alice.get("/cart"),
        "preview": lambda: alice.get("/checkout/preview"),
    }[where]()
    watch = watch_of(page)
    assert told(alice, watch) == QUIET
    deed(play, placed, play.tab(alice))
    newest = play.last_order()
    said = told(alice, watch)
    if where in ("cart", "preview") and deed in (prolonged, tried_again, declined, pending):
        assert said == QUIET  # nothing that these pages show is another
        return
    assert said["changed"].startswith(STORIES[deed].format(placed.order.number, newest.number)), said
    assert said["url"] == f"/orders/{newest.key}" and said["link"] == f"Show order {newest.number}"


def test_an_order_made_elsewhere_is_told_to_the_cart(play, alice):
    """The preview was confirmed in another tab: cart and preview are told which order waits. CRT-05, RACE-15."""
    play.fill_cart(alice, mug=1)
    watch = watch_of(alice.page)
    tab = play.tab(alice)
    play.to_preview(tab)
    order = play.confirm(tab).order
    assert words(alice, watch) == f"Order {order.number} was made from this cart, and waits to be paid."


def test_the_leaving_page_is_told_not_to_go_on(play, alice):
    """Tried again in another tab: the page that leaves is told that its button leads nowhere. RED-07."""
    placed = play.held_order(alice, mug=2)
    watch = watch_of(alice.page)

    def payable():
        return alice.http.get(f"{alice.url}{watch}").json()["payable"]

    assert payable()
    prolonged(play, placed, play.tab(alice))
    assert payable()
    tried_again(play, placed, play.tab(alice))
    assert not payable()
    page = alice.get(f"/pay/{placed.bill.key}")
    assert page.path == f"/orders/{placed.order.key}"
    assert alice.http.get(f"{alice.url}{watch_of(page)}").json()["payable"]


def test_race_13_the_leaving_page_of_a_replaced_order_says_so(play, alice):
    """Opened, reloaded or gone back to, it leads to the page that names the newer order. RACE-13, RED-03, RED-07."""
    first = play.held_order(alice, mug=2)
    replaced(play, first, play.tab(alice))
    newer = play.last_order()
    page = alice.get(f"/pay/{first.bill.key}")
    assert page.path == f"/orders/{first.order.key}"
    assert page.has(f"Order {first.order.number} was replaced by a newer one")
    assert page.link(f"Go to order {newer.number}") == f"/orders/{newer.key}"


def test_race_13_the_old_session_is_closed_at_the_gateway(play, alice):
    """Whoever stayed on the first payment page cannot pay there once the order is replaced. RACE-13, RED-07."""
    first = play.at_gateway(alice, mug=2)
    stayed = play.tab(alice)
    replaced(play, first, play.tab(alice))
    play.run("deliver_events")
    assert play.session_of(first.bill).status == "closed"
    page = stayed.press("Pay")
    assert not page.has("Thank you") and play.session_of(first.bill).captured_minor == 0
    assert [order.status for order in play.orders()] == ["CANCELLED", "HOLD"]


def test_asking_again_costs_nothing(play, alice):
    """An ETag and 304 as long as nothing changes, for the cart and the order, in words and without. CRT-05."""
    placed = play.held_order(alice, mug=1)
    for watch in ("/cart/status", watch_of(alice.get("/cart")), watch_of(alice.get(f"/orders/{placed.order.key}"))):
        first = alice.get(watch)
        again = {"If-None-Match": first.headers["ETag"]}
        assert (first.status, alice.get(watch, headers=again).status) == (200, 304)
        play.gateway_says("pending", placed.bill)
        play.fill_cart(play.tab(alice), lamp=1)
        assert alice.get(watch, headers=again).status == 200


def statements(shopper, watch):
    """How many statements one question costs."""
    seen = []

    def count(connection, cursor, statement, *_):
        seen.append(statement)

    event.listen(db.engine, "before_cursor_execute", count)
    shopper.http.get(f"{shopper.url}{watch}", timeout=30)
    event.remove(db.engine, "before_cursor_execute", count)
    return len([one for one in seen if not one.startswith(("BEGIN", "PRAGMA"))])


def test_asking_takes_a_constant_number_of_queries(play, alice):
    """With one line in the cart or five, changed or not: the same few statements. CRT-05."""
    play.fill_cart(alice, mug=1)
    quiet, changed = [], []
    for name in ("poster", "lamp", "bowl", "plate"):
        watch = watch_of(alice.get("/cart"))
        quiet.append(statements(alice, watch))
        play.fill_cart(play.tab(alice), **{name: 1})
        changed.append(statements(alice, watch))
    assert len(set(quiet)) == 1 and quiet[0] <= 4, quiet
    assert len(set(changed)) == 1 and changed[0] <= 8, changed


@pytest.mark.parametrize("seen", ["", "nonsense", "e30.broken", "x" * 5000, "%00", "[1]"])
def test_a_mark_that_is_not_ours_says_nothing(play, alice, seen):
    """An altered or foreign mark is no mark: the state is told as ever, and nothing in words. SEC-02."""
    order = play.held_order(alice, mug=1).order
    for path in ("/cart/status", f"/orders/{order.key}/status"):
        answer = alice.http.get(f"{alice.url}{path}", params={"seen": seen}, timeout=30)
        assert answer.status_code in (200, 400)
        assert answer.status_code == 400 or answer.json()["changed"] == ""


def test_a_mark_tells_nobody_else_of_an_order(play, alice):
    """Whoever has the address of somebody's page learns nothing of that cart's order, nor its key. SEC-01, RET-09."""
    play.fill_cart(alice, mug=1)
    play.to_preview(alice)
    placed = play.confirm(alice)
    watch = watch_of(alice.get("/cart"))
    play.gateway_says("paid", placed.bill)
    assert words(alice, watch) == f"Order {placed.order.number} is paid."
    said = told(play.visitor("mallory"), watch)
    assert placed.order.key not in str(said) and placed.order.number not in str(said)


def test_signing_in_elsewhere_is_told(play, alice):
    """The same customer puts something in on another device: this one is told by its next question. CRT-05."""
    phone, laptop = play.signed_in(), play.signed_in()
    play.fill_cart(phone, mug=1)
    watch = watch_of(phone.page)
    play.fill_cart(laptop, lamp=2)
    assert words(phone, watch) == "Your cart has changed: Lamp was added."


def test_many_tabs_asking_at_once_change_nothing(play, alice):
    """Twenty questions in the same moment are answered, and no row is another for it. CRT-05, SEC-05."""
    placed = play.held_order(alice, mug=1)
    watches = [watch_of(alice.get("/cart")), watch_of(alice.get(f"/orders/{placed.order.key}"))] * 10
    before = play.tables()
    assert set(at_once(*(lambda watch=watch: words(play.tab(alice), watch) for watch in watches))) == {""}
    assert play.tables() == before
