"""The line of those who want to know when one comes free: first come, first told, each once, and then forgotten."""

import pytest
from sqlalchemy import select

from storefront import orders, stock
from storefront.kit.db import db, transaction
from storefront.stock.models import TIMED_HOLD, WaitingEntry

from purchases import at_once

pytestmark = pytest.mark.usefixtures("right_books")


@pytest.fixture
def placed(play):
    """The last mug is in an order that nobody has paid."""
    play.shelves(mug=1, bowl=3)
    return play.quick_order(mug=1)


def waits(play, email, name="mug"):
    """Somebody asks on the product's page to be told."""
    person = play.visitor(email)
    person.get(f"/products/{name}")
    return person.press("Tell me if one comes free", {"Email": email})


def line(play):
    """Who stands in the line: (e-mail, told or not), first come first."""
    play.look_again()
    rows = db.session.scalars(select(WaitingEntry).order_by(WaitingEntry.since, WaitingEntry.id))
    return [(row.email, row.told_at is not None) for row in rows]


def told(play):
    """Who got the letter, in the order of the letters."""
    play.run("tell_who_waits")
    play.run("deliver_events")
    return [mail["To"] for mail in play.mails() if "has come free" in mail["Subject"]]


def test_the_first_in_line_is_told(play, placed):
    """When the order is closed the first is written to, once, with a link to the goods; the second is not. (RAC-08)."""
    for email in ("ann@example.com", "ben@example.com"):
        assert waits(play, email).has(f"We write to {email} as soon as one of Mug comes free.")
    assert told(play) == []
    with transaction():
        orders.cancel_by_shopper(placed.order.id)
    for _ in range(3):
        assert told(play) == ["ann@example.com"]
    (letter,) = [mail for mail in play.mails() if "has come free" in mail["Subject"]]
    text, html = (letter.get_body([kind]).get_content() for kind in ("plain", "html"))
    for words in (f"{play.url}/products/mug?sku=MUG", f"{play.url}/waiting/"):
        assert words in text and words in html
    assert "Alice" not in text and line(play) == [("ann@example.com", True), ("ben@example.com", False)]


def test_one_letter_for_each_that_came_free(play):
    """Two units and three who wait: two letters, in the order in which they came. (STK-06)."""
    play.shelves(policy=TIMED_HOLD, mug=2)
    holder = play.visitor("holder")
    play.fill_cart(holder, mug=2)
    for email in ("ann@example.com", "ben@example.com", "cleo@example.com"):
        waits(play, email)
        play.wait(seconds=1)
    play.wait(minutes=5)
    assert told(play) == ["ann@example.com", "ben@example.com"]


def test_restock_tells_too(play, placed):
    """Goods that come in are told of like those that come back. (STK-06)."""
    waits(play, "ann@example.com")
    with transaction():
        stock.set_on_hand(play.variant("mug").id, 2, cause="adjust", actor="otto")
    assert told(play) == ["ann@example.com"]


def test_after_a_turn_the_next_is_told(play, placed):
    """A told person has an hour; if one is still there then, the next is told, and nobody before. (STK-06)."""
    for email in ("ann@example.com", "ben@example.com"):
        waits(play, email)
        play.wait(seconds=1)
    with transaction():
        orders.cancel_by_shopper(placed.order.id)
    assert told(play) == ["ann@example.com"]
    play.wait(minutes=59)
    assert told(play) == ["ann@example.com"]
    play.wait(minutes=2)
    assert told(play) == ["ann@example.com", "ben@example.com"]


def test_race_22_the_last_unit_and_the_line(play):
    """Two confirm the last unit: one has it, the other is told politely and may wait. (RACE-22, RAC-08)."""
    play.shelves(mug=1)
    ann, ben = play.visitor("ann"), play.visitor("ben")
    for shopper in (ann, ben):
        play.fill_cart(shopper, mug=1)
        play.to_preview(shopper)
    pages = at_once(lambda: ann.press("Confirm and pay"), lambda: ben.press("Confirm and pay"))
    assert sorted(page.status for page in pages) == [200, 409]
    loser, page = next((who, page) for who, page in zip((ann, ben), pages, strict=True) if page.status == 409)
    assert page.has("Nothing was charged.") and page.has("Mug: Sold out.")
    assert [order.status for order in play.orders() if order.status != "FAILED"] == ["HOLD"]
    assert loser.press("Tell me if one comes free").has("We write to alice@example.com")
    assert line(play) == [("alice@example.com", False)] and play.in_cart(loser) == {"Mug": 1}


def test_the_line_is_offered_only_where_something_may_come_free(play, placed):
    """Not for goods that are there, that are sold, or that lie in one's own cart. (STK-04)."""
    assert not play.visitor().get("/products/bowl").has("Tell me if one comes free")
    assert play.visitor().get("/products/mug").has("Tell me if one comes free")
    assert play.gateway_says("paid", placed.bill) == 200
    page = play.visitor().get("/products/mug")
    assert page.has("Sold out") and not page.has("Tell me if one comes free")
    play.shelves(policy=TIMED_HOLD, print=1)
    owner = play.visitor("owner")
    play.fill_cart(owner, print=1)
    page = owner.get("/products/print")
    assert page.has("It lies in your cart.") and not page.has("Tell me if one comes free")
    assert play.visitor().get("/products/print").has("Tell me if one comes free")


def test_waiting_twice_is_waiting_once(play, placed):
    """The same e-mail in any spelling has one place, also when it is sent twice in one moment. (STK-04)."""
    people = [play.visitor(str(n)) for n in range(4)]
    for person in people:
        person.get("/products/mug")

    def asks(person, email):
        return lambda: person.press("Tell me if one comes free", {"Email": email})

    spellings = ("Ann@Example.com", "ann@example.com", "ANN@EXAMPLE.COM", " ann@example.com ")
    pages = at_once(*(asks(person, email) for person, email in zip(people, spellings, strict=True)))
    assert {page.status for page in pages} == {200} and len(line(play)) == 1


def test_bad_input_and_other_shelves(play, placed):
    """400 with the same page and what was typed; 404 for what is not sold here; nobody joins either way. (STK-04)."""
    page = waits(play, "not an address")
    assert page.status == 400 and page.title.startswith("Error:") and "not an address" in page.answer.text
    assert page.has("Enter an email address like anna@example.com")
    person = play.visitor()
    person.get("/products/mug")
    for sku, slug in (("MUG", "bowl"), ("NONE", "mug"), ("", "mug"), ("x" * 500, "mug")):
        fields = {"sku": sku, "email": "ann@example.com"}
        assert person.post(f"/products/{slug}/waiting", fields).status == 404
    assert person.post("/products/bowl/waiting", {"sku": "BOWL", "email": "a@example.com"}).steps == [303, 200]
    assert line(play) == []


def test_leaving_the_line(play, placed):
    """The link shows what one waits for and changes nothing; its button takes one out, once. (SEC-09)."""
    waits(play, "ann@example.com")
    play.look_again()
    key = db.session.scalars(select(WaitingEntry.key)).one()
    person = play.visitor()
    page = person.get(f"/waiting/{key}")
    assert page.has("Mug") and page.headers["X-Robots-Tag"] == "noindex" and len(line(play)) == 1
    assert person.press("Do not tell me any more").has("You are out of the line") and line(play) == []
    assert person.get(f"/waiting/{key}").status == 404
    assert person.get("/waiting/" + "x" * 22).status == 404


def test_emails_are_forgotten(play, placed):
    """A day after the letter, or after a month without one, the e-mail is gone. (CLN-02)."""
    waits(play, "ann@example.com")
    play.wait(days=29)
    waits(play, "ben@example.com")
    play.run("forget_who_waited")
    assert [email for email, _told in line(play)] == ["ann@example.com", "ben@example.com"]
    play.wait(days=1, minutes=1)
    play.run("forget_who_waited")
    assert [email for email, _told in line(play)] == ["ben@example.com"]
    with transaction():
        orders.cancel_by_shopper(placed.order.id)
    told(play)
    play.wait(days=1, minutes=1)
    play.run("forget_who_waited")
    assert line(play) == []


def test_one_visitor_cannot_fill_the_line(play, placed, rate_limits):
    """After twenty tries in an hour the page says to wait. (SEC-04)."""
    person = play.visitor()
    person.get("/products/mug")
    answers = [
        person.post("/products/mug/waiting", {"sku": "MUG", "email": f"a{n}@example.com"}, follow=False).status
        for n in range(22)
    ]
    assert answers == [303] * 20 + [429] * 2 and len(line(play)) == 20
