"""Goods of a paid order are gone, and another article is taken instead: priced anew, paid by what came, told by letter.

Proves CAT-09, RACE-21 (its third way), INV-13 and RULE-04 in it.
"""

import pytest
from sqlalchemy import select

from storefront import desk, orders, stock
from storefront.catalog.models import Price
from storefront.kit.db import db, transaction
from storefront.kit.errors import Conflict
from storefront.orders.models import Order
from storefront.payments.models import DeskRow

from counter import comes_in, trail
from purchases import at_once
from stage import SHIPPING
from waiting import bill_now, on_desk, paid_too_late, refunds, the_row

pytestmark = pytest.mark.usefixtures("right_books")


@pytest.fixture
def late(play):
    """Two mugs and a jug, paid after the order was closed, when the mugs were gone; others are there."""
    play.shelves(mug=2, jug=5)
    play.shelves(price=1500, vase=9)
    play.shelves(price=1000, bowl=9)
    return paid_too_late(play, taken=2, mug=2, jug=1)


def offers(play, carol, **fields):
    """The owner offers something on the page of the row; gives the page that answers."""
    row = the_row(play, "late_order_closed")
    carol.get(f"/admin/desk/{row.id}/offer")
    fields = {"Article (SKU)": "BOWL", "How many": "2", "Days": "7", **fields}
    return carol.press("Let the shopper choose", fields)


def test_a_cheaper_article_is_taken_and_the_rest_goes_back(play, late):
    """CAT-09, INV-13: a letter, a choice, an order of its own with the new line; the old one stays as it was placed."""
    came = late.order.due_minor
    carol = comes_in(play)
    assert offers(play, carol).status == 200
    assert trail()[-1] == f"desk: offer: desk {the_row(play, 'late_order_closed').id}"
    play.run("deliver_events")
    assert "2 × Bowl" in play.mails()[-1].get_body(("plain",)).get_content()
    page = late.shopper.get(f"/orders/{late.order.key}")
    assert page.has("2 × Bowl instead of 2 × Mug")
    page = late.shopper.press("Take this instead")
    new = play.last_order()
    assert page.path == f"/orders/{new.key}"
    assert {line.sku: (line.qty, line.total_minor) for line in new.lines} == {"JUG": (1, 1250), "BOWL": (2, 2000)}
    assert (new.status, new.due_minor) == ("PROCESSING", 1250 + 2000 + SHIPPING)
    old = db.session.get_one(Order, late.order.id)
    assert {line.sku: line.qty for line in old.lines} == {"MUG": 2, "JUG": 1}
    assert (old.due_minor, old.superseded_by_order_id) == (came, new.id)
    assert late.shopper.get(f"/orders/{old.key}").has(f"Go to order {new.number}")
    play.run("send_refunds")
    assert refunds(play) == [(500, "SUCCEEDED")]
    assert bill_now(play, late.bill)[0] == "APPLIED"
    assert not on_desk(play)
    assert (play.on_shelf("bowl"), play.on_shelf("jug")) == (7, 4)
    play.run("deliver_events")
    assert [letter for letter in play.letters() if new.number in letter]
    play.both_books_agree()


def test_a_dearer_article_is_given_only_with_a_word(play, late):
    """What it costs more is said, and given away if the owner says so; the shopper pays nothing more."""
    carol = comes_in(play)
    page = offers(play, carol, **{"Article (SKU)": "VASE"})
    assert page.status == 400
    assert page.has("€5.00 more than came")
    page = carol.press("Let the shopper choose", {"waive": "on"})
    assert page.status == 200
    late.shopper.get(f"/orders/{late.order.key}")
    assert late.shopper.page.has("You pay nothing more.")
    late.shopper.press("Take this instead")
    new = play.last_order()
    came = late.order.due_minor
    assert (new.status, new.paid_minor, new.due_minor) == ("PROCESSING", came, came + 500)
    assert refunds(play) == []


@pytest.mark.parametrize(
    ("fields", "sentence"),
    [
        ({"Article (SKU)": "NOTHING"}, "not for sale"),
        ({"How many": "10"}, "not so many of it"),
        ({"How many": "x"}, "whole number"),
        ({"How many": "0"}, "not so many of it"),
        ({"Days": "0"}, "from 1 to 30"),
    ],
)
def test_what_cannot_be_offered_is_said(play, late, fields, sentence):
    """The page comes back with what was typed and a sentence; nothing is offered."""
    page = offers(play, comes_in(play), **fields)
    assert page.status == 400
    assert page.has(sentence)
    assert not the_row(play, "late_order_closed").offer


def test_two_tabs_take_it_once(play, late):
    """Both press at the same moment: one order more, one payment that counts."""
    offers(play, comes_in(play))
    tabs = [play.visitor(), play.visitor()]
    for tab in tabs:
        tab.get(f"/orders/{late.order.key}")
    before = play.rows_of(Order)
    pages = at_once(*(lambda tab=tab: tab.press("Take this instead") for tab in tabs))
    assert sorted(page.status for page in pages) == [200, 409]
    assert play.rows_of(Order) == before + 1


def test_the_article_is_gone_meanwhile(play, late):
    """Somebody buys it first: a page that says so, nothing has moved, and the other ways are still there."""
    offers(play, comes_in(play))
    with transaction():
        stock.set_on_hand(play.variant("bowl").id, 1, cause="adjust", actor="carol")
    late.shopper.get(f"/orders/{late.order.key}")
    before = play.rows_of(Order)
    assert late.shopper.press("Take this instead").status == 409
    assert play.rows_of(Order) == before
    assert the_row(play, "late_order_closed").status == "OPEN"
    late.shopper.get(f"/orders/{late.order.key}")
    assert late.shopper.press("Have the money back").status == 200


def test_its_price_has_changed_meanwhile(play, late):
    """What was offered is not to be had at that price: nobody is charged or given anything else than was said."""
    offers(play, comes_in(play))
    with transaction():
        price = db.session.scalars(select(Price).filter_by(variant_id=play.variant("bowl").id)).one()
        price.amount_minor += 100
    late.shopper.get(f"/orders/{late.order.key}")
    page = late.shopper.press("Take this instead")
    assert page.status == 409
    assert page.has("price has changed")


def test_nobody_answers_and_the_money_goes_back(play, late):
    """The deadline of the offer does what the row says: the money goes back."""
    offers(play, comes_in(play))
    play.wait(days=8)
    play.run("decide_waiting_money")
    assert bill_now(play, late.bill) == ("RESOLVED", "refunded")
    assert not db.session.scalars(select(DeskRow).filter_by(status="OPEN")).all()


def test_an_order_in_review_whose_goods_were_lost_is_replaced(play):
    """Paid, and the goods went to somebody else between: the order in review ends, the new one goes out."""
    play.shelves(policy="deduct_on_paid", mug=1)
    play.shelves(bowl=3)
    placed = play.quickly_at_gateway(mug=1)
    with transaction():
        stock.set_on_hand(play.variant("mug").id, 0, cause="adjust", actor="carol")
    placed.shopper.press("Pay")
    row = the_row(play, "stock_lost")
    (line,) = placed.order.lines
    with transaction():
        desk.offer(row.id, 5, actor="carol", instead=desk.Instead(line.id, "bowl", 1))
    placed.shopper.get(f"/orders/{placed.order.key}")
    placed.shopper.press("Take this instead")
    old, new = play.order_of(placed.bill), play.last_order()
    assert old.id == new.id  # the bill is the new order's
    assert (new.status, new.payment_status) == ("PROCESSING", "PAID")
    before = db.session.get_one(Order, placed.order.id)
    assert (before.status, before.close_reason) == ("CANCELLED", "substituted")
    play.run("deliver_events")
    assert not [letter for letter in play.letters() if before.number in letter and "cancelled" in letter]
    with pytest.raises(Conflict), transaction():
        orders.pay_again(before.id, None)
