"""Scarce goods are kept for minutes as soon as they lie in a cart: by whom, until when, and what ends it."""

import random
from contextlib import suppress
from datetime import timedelta
from zoneinfo import ZoneInfo

import pytest
from sqlalchemy import event, select

from storefront import jobs, orders, stock
from storefront.kit import clock, events
from storefront.kit.db import db, transaction
from storefront.kit.errors import Conflict
from storefront.stock.models import TIMED_HOLD, StockMovement, StockReservation

from purchases import ADDRESS, at_once

pytestmark = pytest.mark.usefixtures("right_books")


@pytest.fixture
def alice(play):
    """Somebody with the last print in the cart."""
    play.shelves(policy=TIMED_HOLD, print=1)
    play.shelves(mug=5)
    shopper = play.visitor("alice")
    play.fill_cart(shopper, print=1)
    return shopper


def held(play, name="print"):
    """The reservations of a thing, oldest first: (owner, units, status)."""
    play.look_again()
    rows = select(StockReservation).filter_by(variant_id=play.variant(name).id).order_by(StockReservation.id)
    return [(row.owner_kind, row.qty, row.status) for row in db.session.scalars(rows)]


def ends(play):
    """When the open hold of a cart ends."""
    play.look_again()
    return db.session.scalars(select(StockReservation.expires_at).filter_by(owner_kind="cart", status="HELD")).one()


def tries(shopper):
    """Somebody presses "Add to cart" on a page that was opened while there was one."""
    if shopper.page is None:
        shopper.get("/products/mug")
    return shopper.post("/cart/lines", {"sku": "PRINT", "quantity": "1", "slug": "print"})


# --- made, grown, shrunk, let go


def test_what_is_in_the_cart_is_nobody_elses(play, alice):
    """The last one in a cart is kept for five minutes: others are refused politely. (STK-03, CAT-10)."""
    assert held(play) == [("cart", 1, "HELD")] and play.shelf("print") == (1, 1)
    assert timedelta(minutes=4, seconds=50) < ends(play) - clock.now() <= timedelta(minutes=5)
    bob = play.visitor("bob")
    assert bob.get("/products/print").has("Sold out")
    page = tries(bob)
    assert page.status == 409 and page.has("Print is sold out.") and page.form("Tell me if one comes free")
    assert play.in_cart(alice) == {"Print": 1} and play.in_cart(bob) == {}


def test_ordinary_goods_are_not_kept(play):
    """Goods of another policy are not kept in a cart: they are held when it is confirmed. (STK-02, CAT-07)."""
    play.shelves(mug=2)
    shopper = play.visitor()
    page = play.fill_cart(shopper, mug=2)
    assert held(play, "mug") == [] and play.on_shelf("mug") == 2
    assert "data-countdown" not in page.html
    play.shelves(policy=TIMED_HOLD, print=1)
    assert "data-countdown" in play.fill_cart(shopper, print=1).html


def test_the_hold_follows_the_line(play):
    """Grown, shrunk and removed with its line, always to the same end. (STK-03, RAC-09)."""
    play.shelves(policy=TIMED_HOLD, print=5)
    alice = play.visitor("alice")
    play.fill_cart(alice, print=2)
    before = ends(play)
    play.wait(minutes=2)
    alice.get("/cart")
    alice.press("Update", quantity="4")
    assert held(play) == [("cart", 4, "HELD")] and ends(play) == before
    alice.press("Update", quantity="1")
    assert held(play) == [("cart", 1, "HELD")] and ends(play) == before and play.on_shelf("print") == 4
    alice.press("Remove")
    assert held(play) == [("cart", 1, "RELEASED")] and play.shelf("print") == (5, 0)


def test_nobody_gets_more_than_there_is(play):
    """A quantity is cut to what is there, the shopper's own hold included. (CAT-06, RAC-08)."""
    play.shelves(policy=TIMED_HOLD, print=3)
    alice, bob = play.visitor("alice"), play.visitor("bob")
    play.fill_cart(alice, print=1)
    bob.get("/products/print")
    assert bob.press("Add to cart", quantity="9").has("Only 2 of Print left.")
    alice.get("/cart")
    assert alice.press("Update", quantity="3").has("Only 1 of Print left.")
    assert play.on_shelf("print") == 0 and sorted(held(play)) == [("cart", 1, "HELD"), ("cart", 2, "HELD")]


def test_neither_looking_nor_adding_prolongs(play):
    """Time counts from the first press: looking, adding, changing, signing in prolong nothing. (STK-03)."""
    play.shelves(policy=TIMED_HOLD, print=9)
    alice = play.visitor("alice")
    play.fill_cart(alice, print=1)
    before = ends(play)
    for _ in range(4):
        play.wait(minutes=1)
        alice.get("/cart")
        play.fill_cart(alice, print=1)
    play.signed_in(shopper=alice)
    assert ends(play) == before and held(play)[-1] == ("cart", 5, "HELD")
    play.wait(minutes=1, seconds=1)
    alice.get("/cart")
    alice.press("Update", quantity="5")
    assert play.shelf("print") == (9, 0) and play.in_cart(alice) == {"Print": 5}


def test_a_line_rests_as_long_as_it_was_kept(play, alice):
    """After its minutes a line keeps nothing for as many again; then adding it begins a new time. (STK-03)."""
    play.wait(minutes=6)
    alice.get("/cart")
    alice.press("Update", quantity="1")
    assert play.on_shelf("print") == 1, "in the pause nothing is kept"
    play.wait(minutes=4)
    alice.get("/cart")
    alice.press("Update", quantity="1")
    assert held(play)[-1] == ("cart", 1, "HELD") and ends(play) - clock.now() > timedelta(minutes=4)


def test_the_minutes_are_the_variants_own(play):
    """Each variant says for how many minutes it is kept. (CAT-07, STK-03)."""
    play.shelves(policy=TIMED_HOLD, print=1)
    with transaction():
        play.variant("print").hold_minutes = 12
    page = play.fill_cart(play.visitor(), print=1)
    assert ends(play) - clock.now() > timedelta(minutes=11, seconds=50)
    assert page.has("12 minutes from now")


# --- the end


def test_the_job_ends_what_is_over(play, alice):
    """The job ends holds that ran out, once, and the goods are for sale again. (STK-03, RAC-09, CLN-04)."""
    play.wait(minutes=4, seconds=58)
    assert play.run("end_timed_holds") == {"rows": 0, "done": 0, "failed": 0}
    play.wait(seconds=3)
    assert play.run("end_timed_holds") == {"rows": 1, "done": 1, "failed": 0}
    assert play.run("end_timed_holds") == {"rows": 0, "done": 0, "failed": 0}
    assert held(play) == [("cart", 1, "EXPIRED")] and play.shelf("print") == (1, 0)
    page = alice.get("/cart")
    assert page.has("Print is still there, but it is not kept for you any more") and not page.has("We keep Print")
    causes = db.session.scalars(select(StockMovement.cause).order_by(StockMovement.id)).all()
    assert [cause for cause in causes if cause != "import"] == ["cart", "cart"]


def test_a_hold_that_ran_out_counts_for_nobody(play, alice):
    """Though no job has come by, another shopper may take what ran out. (STK-03, CLN-06)."""
    play.wait(minutes=5, seconds=1)
    bob = play.visitor("bob")
    assert tries(bob).steps == [303, 200]
    assert held(play) == [("cart", 1, "EXPIRED"), ("cart", 1, "HELD")] and play.shelf("print") == (1, 1)
    page = alice.get("/cart")
    assert page.has("The time for which we kept it is over, and somebody else has it now.")


def test_the_job_and_a_shopper_at_once(play, alice):
    """A hold that ran out is ended once, whoever comes first, and one of many has it. (RAC-09, CLN-05)."""
    for _ in range(3):
        play.wait(minutes=11)
        crowd = [play.visitor(f"buyer {n}") for n in range(3)]
        for buyer in crowd:
            buyer.get("/products/mug")

        def end():
            with play.app.app_context():
                return jobs.run_once("end_timed_holds")

        pages = at_once(end, end, *(lambda buyer=buyer: tries(buyer) for buyer in crowd))[2:]
        assert sorted(page.status for page in pages) == [200, 409, 409]
        assert [row for row in held(play) if row[2] == "HELD"] == [("cart", 1, "HELD")]


def test_many_want_the_last_ones(play):
    """Ten press "Add to cart" in one moment for three: three have them, seven are told. (RAC-08, STK-03)."""
    play.shelves(policy=TIMED_HOLD, print=3)
    crowd = [play.visitor(f"buyer {n}") for n in range(10)]
    for buyer in crowd:
        buyer.get("/products/print")
    pages = at_once(*(lambda buyer=buyer: buyer.press("Add to cart") for buyer in crowd))
    assert sorted(page.status for page in pages) == [200] * 3 + [409] * 7
    assert play.shelf("print") == (3, 3) and held(play) == [("cart", 1, "HELD")] * 3


def test_a_cart_that_is_put_away_keeps_nothing(play, alice):
    """A cart that is abandoned gives back what it may still hold. (STK-06, CRT-12)."""
    with transaction():
        db.session.execute(StockReservation.__table__.update().values(expires_at=clock.now() + timedelta(days=99)))
    play.wait(days=31)
    play.run("remove_stale_carts")
    assert held(play) == [("cart", 1, "RELEASED")] and play.shelf("print") == (1, 0)


def test_signing_in_takes_the_hold_along(play, alice):
    """Two carts become one on sign-in, and so do their holds, in their time. (STK-03, CRT-04)."""
    play.signed_in("alice@example.com", play.visitor("another device"))
    before = ends(play)
    with transaction():
        stock.set_on_hand(play.variant("print").id, 2, cause="adjust", actor="otto")
    device = play.visitor("phone")
    device.get("/account/sign-in")
    device.press("Sign in", {"Email": "alice@example.com", "Password": "nine old kettles"})
    play.fill_cart(device, print=1)
    alice.get("/account/sign-in")
    alice.press("Sign in", {"Email": "alice@example.com", "Password": "nine old kettles"})
    assert play.in_cart(alice) == {"Print": 2}
    assert [row for row in held(play) if row[2] == "HELD"] == [("cart", 2, "HELD")] and play.shelf("print") == (2, 2)
    assert timedelta(0) <= ends(play) - before < timedelta(minutes=1)


# --- with an order


def test_confirm_passes_the_hold_on(play, alice):
    """At confirm only the owner changes; from then on it ends with the order. (STK-08, RAC-08)."""
    play.wait(minutes=3)
    play.to_preview(alice)
    moves = play.rows_of(StockMovement)
    order = play.confirm(alice).order
    assert held(play) == [("order", 1, "HELD")] and play.rows_of(StockMovement) == moves
    play.wait(minutes=10)
    play.run("end_timed_holds")
    assert play.holds(order) == {"HELD": 1} and play.shelf("print") == (1, 1)
    assert [event.type for event in events.of_order(order.id)].count("STOCK_PASSED_ON") == 1


def test_race_23_a_hold_that_ends_on_the_preview_is_taken_again(play, alice):
    """The minutes end on the preview: confirm takes the goods again. (RACE-23)."""
    page = play.to_preview(alice)
    assert page.has("We keep Print for you until")
    play.wait(minutes=6)
    assert alice.again().has("not kept for you any more")
    order = play.confirm(alice).order
    assert order.status == "HOLD" and held(play) == [("cart", 1, "EXPIRED"), ("order", 1, "HELD")]


def test_race_23_the_minutes_end_while_confirm_has_the_hold(play, alice):
    """Time runs out after confirm has locked the hold: what it passes on is set aside once. (RACE-23, RULE-01)."""
    play.to_preview(alice)
    over = []

    def time_passes(connection, cursor, statement, *rest):
        locks_the_hold = statement.startswith("SELECT") and "stock_reservations.cart_line_id IN" in statement
        if locks_the_hold and "ORDER BY stock_reservations.variant_id" in statement and not over:
            over.append(statement)
            play.wait(minutes=6)

    event.listen(db.engine, "after_cursor_execute", time_passes)
    try:
        order = play.confirm(alice).order
    finally:
        event.remove(db.engine, "after_cursor_execute", time_passes)
    assert over and held(play) == [("order", 1, "HELD")]
    assert play.holds(order) == {"HELD": 1} and play.shelf("print") == (1, 1)


def test_race_23_or_refused_with_a_text(play, alice):
    """If somebody else has them by then, the preview says so and the cart stays. (RACE-23, STK-04)."""
    play.to_preview(alice)
    play.wait(minutes=6)
    tries(play.visitor("bob"))
    page = alice.press("Confirm and pay")
    assert page.status == 409 and page.path == "/checkout/preview" and page.has("Nothing was charged.")
    assert page.has("Print: The time for which we kept it is over, and somebody else has it now.")
    assert page.form("Tell me if one comes free") and play.in_cart(alice) == {"Print": 1}
    assert [order for order in play.orders() if order.status != "FAILED"] == []


def test_the_last_moment_is_decided_by_the_database(play, alice):
    """Confirm and somebody else's press in one moment: one has it, the other is told. (RACE-23, RULE-01)."""
    play.to_preview(alice)
    bob = play.visitor("bob")
    bob.get("/products/mug")
    play.wait(minutes=5, seconds=1)
    pages = at_once(lambda: alice.press("Confirm and pay"), lambda: tries(bob))
    assert sorted(page.status for page in pages) == [200, 409]
    assert play.shelf("print") == (1, 1) and [row[2] for row in held(play)].count("HELD") == 1


def test_what_is_bought_leaves_cart_and_shelf(play):
    """Paid: the order's units are sold, the cart's line keeps what was added meanwhile, and its own hold. (STK-08)."""
    play.shelves(policy=TIMED_HOLD, print=5)
    placed = play.at_gateway(print=2)
    alice = play.tab(placed.shopper)
    alice.get("/cart")
    alice.press("Update", quantity="3")
    assert sorted(held(play)) == [("cart", 1, "HELD"), ("order", 2, "HELD")]
    assert play.gateway_says("paid", placed.bill) == 200
    assert sorted(held(play)) == [("cart", 1, "HELD"), ("order", 2, "COMMITTED")]
    assert play.in_cart(alice) == {"Print": 1} and play.shelf("print") == (5, 3)


def test_confirming_again_carries_both_holds_over(play):
    """A changed cart, confirmed again, has what the old order held and what it held beside it. (RACE-13, RULE-01)."""
    play.shelves(policy=TIMED_HOLD, print=3)
    first = play.held_order(print=2)
    alice = first.shopper
    alice.get("/cart")
    alice.press("Update", quantity="3")
    assert play.on_shelf("print") == 0
    play.to_preview(alice)
    second = play.confirm(alice).order
    assert play.holds(second) == {"HELD": 3} and play.shelf("print") == (3, 3)
    assert play.order_of(first.bill).status == "CANCELLED"


def test_an_order_that_comes_to_nothing_gives_it_back(play, alice):
    """Closed by time the hold is EXPIRED, by a person RELEASED; the cart stays. (STK-06, RAC-10)."""
    play.to_preview(alice)
    order = play.confirm(alice).order
    play.wait(minutes=46)
    play.run("close_unpaid_orders")
    assert play.holds(order) == {"EXPIRED": 1} and play.shelf("print") == (1, 0)
    assert play.in_cart(alice) == {"Print": 1}
    play.to_preview(alice)
    order = play.confirm(alice).order
    alice.get(f"/orders/{order.key}")
    alice.press("Cancel order")
    assert play.holds(order) == {"RELEASED": 1} and play.shelf("print") == (1, 0)


@pytest.mark.parametrize("how", ["pays again", "money comes late"])
def test_an_order_that_lives_again_has_what_its_cart_keeps(play, alice, how):
    """What the shopper's own cart keeps is there for the order that it came from. (RACE-20, STK-08)."""
    play.to_preview(alice)
    placed = play.confirm(alice)
    play.wait(minutes=46)
    play.run("close_unpaid_orders")
    alice.get("/cart")
    alice.press("Update", quantity="1")
    assert held(play)[-1] == ("cart", 1, "HELD") and play.on_shelf("print") == 0
    if how == "pays again":
        assert alice.get(f"/orders/{placed.order.key}").has("Everything is still in stock.")
        assert alice.press("Pay now").path.startswith("/pay/")
        assert play.holds(placed.order) == {"EXPIRED": 1, "HELD": 1}
    else:
        assert play.gateway_says("paid", placed.bill) == 200
        assert play.order_of(placed.bill).status == "PROCESSING"
        assert play.holds(placed.order) == {"EXPIRED": 1, "COMMITTED": 1}
    assert play.shelf("print") == (1, 1) and not [row for row in held(play) if row[0] == "cart" and row[2] == "HELD"]


def test_a_hold_has_one_end(play, alice):
    """A hold that has passed to an order is ended neither by the clock nor by the cart. (RULE-06, STK-06)."""
    play.to_preview(alice)
    order = play.confirm(alice).order
    play.look_again()
    row = db.session.scalars(select(StockReservation)).one()
    with transaction():
        assert stock.end_hold(row.id) is False
        assert stock.let_go([row.cart_line_id], "line_removed") == {}
    alice.get("/cart")
    alice.press("Remove")
    assert play.holds(order) == {"HELD": 1} and play.shelf("print") == (1, 1)
    with transaction(), pytest.raises(Conflict):
        stock.keep(10**6, play.variant("print").id, 1, until=clock.now() + timedelta(minutes=5))


# --- what the shopper reads


def test_every_page_on_the_way_says_until_when(play, alice):
    """Seven pages say until when, with a countdown, and that it may be lost. (CNF-20, STK-03, STK-04, RET-02)."""
    hour = f"until {ends(play).astimezone(ZoneInfo('Europe/Dublin')):%H:%M}, 5 minutes from now"
    alice.get("/cart")
    pages = [alice.page, alice.click("Go to checkout")]
    pages.append(alice.press("Continue to shipping", ADDRESS))
    pages.append(alice.press("Continue to payment"))
    pages.append(alice.press("Review order"))
    steps = ("address", "shipping", "payment", "preview")
    assert [page.path for page in pages[1:]] == [f"/checkout/{step}" for step in steps]
    for page in pages:
        assert page.has(f"We keep Print for you {hour}."), page.path
        assert page.has("When the time is over somebody else may take it") and "data-countdown" in page.html
    leaving = play.confirm(alice).shopper.page
    order = play.last_order()
    back = alice.get(leaving.path)
    own = alice.get(f"/orders/{order.key}")
    for page in (leaving, back, own):
        assert page.has("We hold the goods until") and page.has("30 minutes from now"), page.path
        assert page.has("There are few of Print: when the time is over somebody else may take it.")
        assert "data-countdown" in page.html


def test_goods_that_nothing_keeps_say_so(play):
    """Goods that are taken when they are paid are told on the preview as not kept. (STK-01, CNF-19)."""
    play.shelves(policy="deduct_on_paid", mug=3)
    shopper = play.visitor()
    play.fill_cart(shopper, mug=1)
    page = play.to_preview(shopper)
    assert page.has("Not kept while you pay: Mug.") and not page.has("We keep the goods for")
    play.shelves(bowl=3)
    play.fill_cart(shopper, bowl=1)
    page = play.to_preview(shopper)
    assert page.has("Not kept while you pay: Mug.") and page.has("We keep the goods for 30 minutes while you pay.")
    placed = play.confirm(shopper)
    assert play.holds(placed.order) == {"HELD": 1} and play.shelf("mug") == (3, 0)
    assert play.gateway_says("paid", placed.bill) == 200
    assert play.holds(placed.order) == {"COMMITTED": 2} and play.shelf("mug") == (3, 1)


def test_a_crowd_around_two_scarce_things(play):
    """Six shoppers, the job and the merchant at once: the books stay right (RULE-01)."""
    play.shelves(policy=TIMED_HOLD, print=3, vase=2)
    crowd = [play.visitor(f"buyer {n}") for n in range(6)]
    variants = {name: play.variant(name).id for name in ("print", "vase")}

    def shops(number):
        dice, shopper = random.Random(number), crowd[number]
        for _ in range(8):
            name = dice.choice(("print", "vase"))
            shopper.get(f"/products/{name}")
            shopper.post("/cart/lines", {"sku": name.upper(), "quantity": str(dice.randint(1, 2)), "slug": name})
            page = shopper.get("/cart")
            if dice.random() < 0.5 and any(form.button("Update") for form in page.forms):
                shopper.press(dice.choice(("Update", "Remove")))

    def tidies():
        for turn in range(6):
            with play.app.app_context():
                clock.move(timedelta(minutes=2))
                jobs.run_once("end_timed_holds")
                with suppress(Conflict), transaction():
                    now, then = 3 - turn % 2, 3 - (turn + 1) % 2
                    orders.correct_stock(variants["print"], now, seen=then, cause="adjust", actor="carol")
                with suppress(Conflict), transaction():
                    stock.set_on_hand(variants["vase"], 2 + turn % 2, cause="adjust", actor="carol")
                db.session.remove()

    at_once(tidies, *(lambda number=number: shops(number) for number in range(6)))
    play.wait(minutes=20)
    play.run("end_timed_holds")
    assert play.shelf("print")[1] == play.shelf("vase")[1] == 0
