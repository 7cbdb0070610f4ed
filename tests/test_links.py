"""The link of an order is its lock: it cannot be guessed, it can be replaced, and the old one leads nowhere."""

import pytest
from sqlalchemy import select

from storefront.kit import ids
from storefront.kit.db import db
from storefront.orders.models import Order

from counter import comes_in, opens

pytestmark = pytest.mark.usefixtures("right_books")


def old_addresses(order, bill):
    """Every address that led to the order before, by GET and by POST."""
    gets = (f"/orders/{order.key}", f"/orders/{order.key}/status", f"/orders/{order.key}/pay", f"/pay/{bill.key}")
    posts = tuple(f"/orders/{order.key}/{deed}" for deed in ("pay", "cancel", "keep", "link", "put-back"))
    return gets, posts


def nothing_is_there(play, order, bill):
    """At the old link, and at the ways of attempts that are over."""
    stranger = play.visitor("whoever had the link")
    gets, posts = old_addresses(order, bill)
    for path in gets:
        assert stranger.get(path).status == 404, path
    for path in posts:
        assert stranger.post(path).status == 404, path
    assert stranger.get(play.return_path(bill)).status == 404


def facts(order, bill):
    """The keys as they were, apart from the session."""
    return type("Then", (), {"key": order.key})(), type("Then", (), {"key": bill.key, "reference": bill.reference})()


def test_its_shopper_replaces_the_link(play):
    """RET-09, SEC-01: the page goes on under the new link, which is also sent; at the old one there is nothing."""
    play.shelves(mug=5)
    order, bill, alice = play.at_gateway(mug=1)
    then = facts(order, bill)
    alice.press("Decline")
    alice.get(f"/orders/{order.key}")
    page = alice.press("Replace the link")
    now = play.last_order()
    assert now.key != then[0].key and len(now.key) >= 22
    assert page.path == f"/orders/{now.key}" and page.has("The old link does not work any more")
    nothing_is_there(play, *then)
    assert now.previous_keys == [ids.digest(then[0].key)]  # not the key itself
    play.run("deliver_events")
    (mail,) = [mail for mail in play.mails() if "new link" in mail["Subject"]]
    for part in mail.walk():
        if part.get_content_maintype() == "text":
            assert now.key in part.get_content() and then[0].key not in part.get_content()
    alice.press("Pay now")
    alice.press("Continue to payment page")
    assert alice.press("Pay").has("is paid")


def test_whoever_only_has_the_link_is_not_led_on(play):
    """RET-09: a stranger can lock the door, and stands outside; the new link goes to the order's e-mail alone."""
    play.shelves(mug=5)
    order, bill, _ = play.held_order(mug=1)
    stranger = play.visitor("mallory")
    stranger.get(f"/orders/{order.key}")
    page = stranger.press("Replace the link")
    now = play.last_order()
    assert page.path == "/" and now.key not in page.html and page.has("on its way to the e-mail of the order")
    play.run("deliver_events")
    assert [mail["To"] for mail in play.mails() if "new link" in mail["Subject"]] == [order.email]


def test_staff_replace_the_link(play):
    """RET-09, AUD-05: with one press, in the trail and in the order's history, and a letter."""
    play.shelves(mug=5)
    order, bill, _ = play.quickly_paid(mug=1)
    then = facts(order, bill)
    carol = comes_in(play)
    opens(carol, order)
    page = carol.press("Replace the link")
    assert page.has("The old link does not work any more")
    assert page.has("The link of the order was replaced")
    nothing_is_there(play, *then)
    play.run("deliver_events")
    assert f"The Test Shop: order {order.number} has a new link" in play.letters()


def test_a_payment_under_way_still_finds_its_order(play):
    """RET-09: the gateway was told the ways back of an open attempt: it ends as always, under the new link."""
    play.shelves(mug=5)
    order, bill, alice = play.at_gateway(mug=1)
    tab = play.tab(alice)
    tab.get(f"/orders/{order.key}")
    tab.press("Replace the link")
    page = alice.press("Pay")
    assert page.has("is paid") and page.path == f"/orders/{play.last_order().key}"


def test_many_keys_are_all_different(play):
    """SEC-01: 128 random bits each; none is part of another, of a number, or of a bill's key."""
    play.shelves(mug=50)
    for _ in range(5):
        play.quick_order(mug=1)
    keys = list(db.session.scalars(select(Order.key)))
    assert len(set(keys)) == 5 and all(len(key) == 22 for key in keys)


def test_the_link_is_not_replaced_over_and_over(play, rate_limits):
    """RET-09: a stranger cannot keep the owner's letterbox busy."""
    play.shelves(mug=5)
    order, _, alice = play.held_order(mug=1)
    for _ in range(5):
        alice.get(f"/orders/{play.last_order().key}")
        assert alice.press("Replace the link").status == 200
    alice.get(f"/orders/{play.last_order().key}")
    assert alice.press("Replace the link").status == 429
