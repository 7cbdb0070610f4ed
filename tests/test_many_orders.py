"""Many orders of the list at once: what works is done, what does not is named with its reason (ADM-15)."""

import pytest
from sqlalchemy import select

from storefront import orders
from storefront.kit.db import db, transaction
from storefront.orders.models import Order

from counter import CLERK, comes_in, opens, trail
from purchases import at_once


@pytest.fixture
def henry(play):
    """A clerk, signed in, of a shop with nine mugs."""
    play.shelves(mug=9)
    return comes_in(play, CLERK, role="staff")


def chosen(henry, button, *numbers):
    """Tick the boxes of these orders in the list, and press a button below it."""
    henry.get("/admin/orders")
    return henry.post("/admin/orders/many", {"order": numbers, "deed": button})


def states(play):
    """The orders' states, oldest first."""
    play.look_again()
    return list(db.session.scalars(select(Order.status).order_by(Order.id)))


def test_the_list_has_a_box_for_each_order(play, henry):
    """Ticked and pressed as a browser sends it; without a tick nothing happens, and it is said."""
    number = play.quickly_paid(mug=1).order.number
    henry.get("/admin/orders")
    page = henry.press("Mark as sent")
    assert page.status == 400 and page.has("Tick the boxes of the orders that you mean first.")
    henry.get("/admin/orders")
    page = henry.press("Mark as sent", order=number)
    assert page.status == 200 and page.has("What was ready of 1 order is marked as sent.")
    assert states(play) == ["SHIPPED"]


def test_what_can_be_sent_is_sent_and_the_rest_is_named(play, henry):
    """Two parcels leave, with a letter each; one order is not paid, and says so. Nothing leaves twice."""
    first, second = play.quickly_paid(mug=1).order.number, play.quickly_paid(mug=2).order.number
    unpaid = play.quickly_at_gateway(mug=1).order.number
    page = chosen(henry, "send", first, unpaid, second)
    assert page.status == 200 and page.has("What was ready of 2 orders is marked as sent.")
    assert page.has("It could not be done to 1 order") and page.has("None of its parcels is ready to be sent.")
    assert states(play) == ["SHIPPED", "SHIPPED", "HOLD"]
    assert trail()[-2:] == [f"ship: order {first}", f"ship: order {second}"]
    play.run("deliver_events")
    assert sum("is on its way" in words for words in play.letters()) == 2
    page = chosen(henry, "send", first, second)
    assert page.status == 409 and page.has("It could not be done to 2 orders")
    assert play.shelf("mug") == (6, 1)


def test_two_clerks_press_at_once(play, henry):
    """Each parcel leaves once, and its goods leave the stock once."""
    paid = [play.quickly_paid(mug=1).order.number for _ in range(3)]
    tabs = [play.tab(henry) for _ in range(3)]
    henry.get("/admin/orders")
    pages = at_once(*(lambda tab=tab: chosen(tab, "send", *paid) for tab in tabs))
    assert {page.status for page in pages} <= {200, 409}
    assert states(play) == ["SHIPPED"] * 3 and play.shelf("mug") == (6, 0)
    assert [deed for deed in sorted(trail()) if "ship" in deed] == [f"ship: order {number}" for number in paid]


def test_the_slips_of_many_orders(play, henry):
    """One paper a parcel that is ready, none for an order that is not paid, and no prices."""
    first, second = play.quickly_paid(mug=1).order.number, play.quickly_paid(mug=2).order.number
    unpaid = play.quickly_at_gateway(mug=1).order.number
    page = chosen(henry, "slips", first, second, unpaid)
    assert page.steps == [303, 200] and page.has("2 slips")
    for order in (first, second):
        assert page.has(f"Order {order} of")
    assert not page.has(unpaid) and "€" not in page.text
    assert chosen(henry, "slips", unpaid).has("None of these orders has a parcel that is ready to be packed.")


def test_many_orders_are_cancelled_after_a_page_that_says_what_that_does(play, henry, right_books):
    """Paid and unpaid ones: the sums that go back are shown first, the goods are back, a sent one is left alone."""
    paid, unpaid = play.quickly_paid(mug=1).order.number, play.quickly_at_gateway(mug=2).order.number
    sent = play.quickly_paid(mug=1).order.number
    chosen(henry, "send", sent)
    page = chosen(henry, "cancel", paid, unpaid, sent)
    assert page.steps == [303, 200] and page.has("cannot be cancelled any more.")
    assert page.has(f"{paid}: €17.40 goes back") and page.has(f"{unpaid}: no payment goes back.")
    assert states(play) == ["PROCESSING", "HOLD", "SHIPPED"]
    page = henry.press("Cancel 2 orders")
    assert page.status == 200 and page.has("Cancelled: 2 orders.")
    assert states(play) == ["CANCELLED", "CANCELLED", "SHIPPED"]
    play.all_jobs()
    assert play.on_shelf("mug") == 8
    play.both_books_agree()


def test_nonsense_is_refused_in_words(play, henry):
    """A button that is not there, more orders than a page has, an order that is not there."""
    assert chosen(henry, "explode", play.quickly_paid(mug=1).order.number).status == 400
    henry.get("/admin/orders")
    assert henry.post("/admin/orders/many", {"order": ["K-1"] * 51, "deed": "send"}).status == 400
    page = henry.post("/admin/orders/many", {"order": ["K-9999999"], "deed": "send"})
    assert page.status == 409 and page.has("It could not be done to 1 order")
    assert states(play) == ["PROCESSING"]


def test_a_part_of_an_order_leaves_and_it_is_said(play, henry):
    """One of two parcels is held back: the other leaves, and the page does not call the order sent."""
    order = play.quickly_paid(mug=2).order
    opens(henry, order)
    henry.press("Put them into a parcel of their own", {f"qty-{order.lines[0].id}": "1"})
    opens(henry, order)
    henry.press("Hold it back")
    page = chosen(henry, "send", order.number)
    assert page.has("Only a part of it has left; the rest waits.") and states(play) == ["PARTIALLY_SHIPPED"]


def test_an_order_that_was_closed_meanwhile_is_not_called_cancelled(play, henry):
    """Somebody else was quicker between the page and the press."""
    order = play.quickly_at_gateway(mug=1).order
    number = order.number
    chosen(henry, "cancel", number)
    with transaction():
        orders.cancel_by_merchant(order.id, "carol")
    page = henry.press("Cancel 1 order")
    assert page.status == 409 and page.has("It was closed before.")
    assert not any("cancel" in deed for deed in trail())
