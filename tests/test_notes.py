"""What shoppers write beside their choices, a note with an article, a message with the order, survives every path."""

from itertools import permutations

import pytest
from sqlalchemy import select

from storefront.cart.models import Cart, CartLine
from storefront.kit.db import db, transaction

import counter

GREETING, MESSAGE = "For Ann: <b>many</b> & happy returns", "Please ring twice"


@pytest.fixture
def alice(play):
    """Alice at a shop with nine mugs and nine posters."""
    play.shelves(mug=9, poster=9)
    return play.visitor("alice")


def add(shopper, name, quantity=1, note=""):
    """Put something in, with a note."""
    shopper.get(f"/products/{name}")
    return shopper.press("Add to cart", quantity=str(quantity), note=note)


def lines(play):
    """SKU, quantity and words of every line of every open cart."""
    play.look_again()
    found = db.session.scalars(select(CartLine).join(Cart).where(Cart.status == "OPEN").order_by(CartLine.id))
    names = {play.variant(name).id: name for name in ("mug", "poster")}
    return [(names[line.variant_id], line.qty, line.custom.get("note", "")) for line in found]


def ordered(order):
    """The same of an order."""
    return [(line.sku.lower(), line.qty, line.custom.get("note", "")) for line in order.lines]


def noted_order(play, shopper):
    """A placed order with two mugs, one of them with a greeting, and a message to the shop."""
    add(shopper, "mug", 1, GREETING)
    add(shopper, "mug", 1)
    play.to_preview(shopper, **{"Message to us": MESSAGE})
    return play.confirm(shopper)


WORDS = [("mug", 1, GREETING), ("mug", 1, "")]


def test_other_words_are_another_line(play, alice):
    """One article with and without a note is two lines, the same words again are the same line. CRT-13."""
    add(alice, "mug", 1, GREETING)
    add(alice, "mug", 2)
    add(alice, "mug", 1, f"  {GREETING}\r\n")
    assert lines(play) == [("mug", 2, GREETING), ("mug", 2, "")]
    page = alice.get("/cart")
    assert page.has(GREETING) and "<b>many</b>" not in page.html


def test_a_note_is_written_changed_and_taken_away_in_the_cart(play, alice):
    """A line's note is its own form; lines that come to say the same become one. Proves CRT-13 and CRT-01."""
    add(alice, "mug", 2)
    add(alice, "mug", 1, "For Ben")
    alice.get("/cart")
    alice.press("Save note", note="For Ann")
    assert lines(play) == [("mug", 2, "For Ann"), ("mug", 1, "For Ben")]
    alice.press("Save note", nth=1, note="For Ann")
    assert lines(play) == [("mug", 3, "For Ann")]
    alice.press("Save note", note="")
    assert lines(play) == [("mug", 3, "")]


def test_a_stale_note_form_changes_nothing(play, alice):
    """A note written in an older cart is answered with 409 and what was typed. CRT-03."""
    add(alice, "mug", 1)
    alice.get("/cart")
    other = play.tab(alice)
    alice.press("Save note", note="first")
    page = other.press("Save note", note="second")
    assert page.status == 409 and page.has("Your cart has changed in another tab.")
    assert dict(page.form("Save note")[0].values())["note"] == "second"
    assert lines(play) == [("mug", 1, "first")]


@pytest.mark.parametrize("where", ["cart", "product", "address"])
def test_too_many_words_are_said_at_the_field(play, alice, where):
    """501 letters: 400, what was typed is kept, and nothing is cut silently. CNF-15."""
    add(alice, "mug", 1)
    long = "x" * 501
    if where == "address":
        alice.get("/checkout/address")
        page = alice.press("Continue to shipping", {"Message to us": long})
    elif where == "cart":
        alice.get("/cart")
        page = alice.press("Save note", note=long)
    else:
        page = add(alice, "mug", 1, long)
    assert page.status == 400 and page.has("at most 500 letters")
    assert where == "product" or long in page.html
    assert lines(play) == [("mug", 1, "")]


def test_two_lines_of_one_article_share_its_stock_and_its_limit(play, alice):
    """Notes do not make more of an article than there is: what stands in other lines counts. CRT-01, CNF-14."""
    add(alice, "mug", 6, "one")
    page = add(alice, "mug", 6, "two")
    assert page.has("Only 9 of Mug left.") and lines(play) == [("mug", 6, "one"), ("mug", 3, "two")]
    play.held_order(play.visitor("bob"), mug=2)
    page = alice.get("/cart")
    assert page.has("Only 7 left.")
    alice.press("Take what there is")
    assert lines(play)[:2] == [("mug", 6, "one"), ("mug", 1, "two")]


def test_the_words_stand_wherever_the_order_is_shown(play, alice):
    """Preview, order page, letter and admin show the words as they were typed, as text. Proves CRT-13 and SEC-02."""
    add(alice, "mug", 1, GREETING)
    page = play.to_preview(alice, **{"Message to us": MESSAGE})
    assert page.has(GREETING) and page.has(MESSAGE)
    placed = play.confirm(alice)
    play.gateway_says("paid", placed.bill)
    play.run("deliver_events")
    carol = counter.comes_in(play)
    for page in (alice.get(f"/orders/{placed.order.key}"), counter.opens(carol, placed.order)):
        assert page.has(GREETING) and page.has(MESSAGE) and "<b>many</b>" not in page.html
    (letter,) = [mail for mail in play.mails() if "paid" in mail["Subject"] and "not" not in mail["Subject"]]
    text, html = (letter.get_body((kind,)).get_content() for kind in ("plain", "html"))
    assert GREETING in text and MESSAGE in text
    assert "&lt;b&gt;many&lt;/b&gt; &amp; happy" in html and MESSAGE in html and "<b>many" not in html


def test_only_the_line_that_was_bought_leaves_the_cart(play, alice):
    """Paid: subtracted line by line, by article and words; what was added with other words stays. CRT-06, INV-39."""
    placed = noted_order(play, alice)
    add(alice, "mug", 2, GREETING)
    add(alice, "mug", 1, "For Ben")
    play.gateway_says("paid", placed.bill)
    assert lines(play) == [("mug", 2, GREETING), ("mug", 1, "For Ben")]
    assert ordered(play.last_order()) == WORDS


def cancelled_by_shopper(play, shopper, placed):
    shopper.get(f"/orders/{placed.order.key}")
    if any(form.button("Cancel order") for form in shopper.page.forms):
        shopper.press("Cancel order")


def cancelled_by_gateway(play, shopper, placed):
    play.gateway_says("cancelled", placed.bill)


def back_from_the_gateway(play, shopper, placed):
    shopper.get(play.return_path(placed.bill, "cancel", **play.message("cancelled", placed.bill, "return")))


@pytest.mark.parametrize("order_of_events", list(permutations(range(3))), ids=str)
def test_the_words_survive_whoever_speaks_first(play, alice, order_of_events):
    """Notification, return and the shopper's cancel in every order: cart and order keep every word, and paying again
    orders the same. RAC-03, CRT-13, CRT-10."""
    deeds = (cancelled_by_gateway, back_from_the_gateway, cancelled_by_shopper)
    placed = noted_order(play, alice)
    for place in order_of_events:
        deeds[place](play, alice, placed)
    assert lines(play) == WORDS and ordered(play.last_order()) == WORDS
    (basket,) = db.session.scalars(select(Cart))
    assert basket.custom == play.last_order().custom == {"note": MESSAGE}
    alice.get(f"/orders/{placed.order.key}")
    assert alice.press("Pay now").path.startswith("/pay/")
    play.gateway_says("paid", play.last_bill())
    order = play.last_order()
    assert (order.status, ordered(order), order.custom) == ("PROCESSING", WORDS, {"note": MESSAGE})
    assert lines(play) == []


@pytest.mark.parametrize("first", ["notification", "return"])
def test_the_words_survive_success_in_either_order(play, alice, first):
    """Paid with the notification first or the return first: the order has every word. RAC-03."""
    placed = noted_order(play, alice)
    back = play.return_path(placed.bill, "ok", **play.message("paid", placed.bill, "return"))
    deeds = [lambda: play.gateway_says("paid", placed.bill), lambda: alice.get(back)]
    for deed in deeds if first == "notification" else reversed(deeds):
        deed()
    order = play.last_order()
    assert (order.status, ordered(order), order.custom) == ("PROCESSING", WORDS, {"note": MESSAGE})


def test_another_message_is_another_order(play, alice):
    """What was confirmed is what is ordered: the same goods with another message replace the order. CNF-18."""
    first = noted_order(play, alice).order
    alice.get("/checkout/address?change=1")
    alice.press("Review order", {"Message to us": "Leave it with Ben"})
    second = play.confirm(alice).order
    assert (first.id != second.id, second.custom) == (True, {"note": "Leave it with Ben"})
    assert second.supersedes_order_id == first.id and play.orders()[0].custom == {"note": MESSAGE}


def test_the_words_survive_signing_in(play, alice):
    """Two carts become one: lines with other words stay apart, the message stays. CRT-13, ROL-02."""
    add(alice, "mug", 1, GREETING)
    laptop = play.signed_in()
    add(laptop, "mug", 1)
    add(laptop, "mug", 2, GREETING)
    play.signed_in(shopper=alice)
    assert sorted(lines(play)) == sorted([("mug", 3, GREETING), ("mug", 1, "")])


def test_what_was_removed_comes_back_with_its_note(play, alice):
    """Put back means all of it, and a browser keeps no more than fits into its cookie. CRT-01, CRT-13."""
    add(alice, "mug", 2, GREETING)
    alice.get("/cart")
    alice.press("Remove")
    alice.press("Put back")
    assert lines(play) == [("mug", 2, GREETING)]
    add(alice, "poster", 1, "🎁" * 500)
    alice.get("/cart")
    assert alice.press("Remove", nth=1).has("Poster is out of your cart.")
    alice.press("Put back")
    assert lines(play) == [("mug", 2, GREETING), ("poster", 1, "")]


def test_a_shop_may_do_without_notes(play, alice):
    """The setting takes the field away; what was written before stays and can be taken away. CRT-13."""
    add(alice, "mug", 1, GREETING)
    play.shop(line_notes=False)
    assert not alice.get("/products/poster").text.count("Add a note")
    add_without = alice.press("Add to cart")
    assert add_without.status == 200
    page = alice.get("/cart")
    assert page.has("Change the note") and not page.has("Add a note")


def test_words_that_are_no_words_are_kept_as_text(play, alice):
    """Control characters and turned text go, lines and every script stay. SEC-02."""
    add(alice, "mug", 1, "Für Ānna\r\n\u202eevil\u202c\x07 生日快乐 🎂\r\n\r\n=1+1")
    assert lines(play) == [("mug", 1, "Für Ānna\nevil 生日快乐 🎂\n\n=1+1")]


def test_a_cart_from_before_the_words_still_fits(play, alice):
    """A preview from before an update still confirms: without words the shopper agrees to the same. INV-12."""
    play.fill_cart(alice, mug=1)
    play.to_preview(alice)
    with transaction():
        basket = db.session.scalar(select(Cart))
        assert basket.custom == {}
    assert ordered(play.confirm(alice).order) == [("mug", 1, "")]
