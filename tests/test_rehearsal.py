"""A whole purchase in each service's own protocol: its form, its notification, its way back, its API."""

import pytest
from sqlalchemy import select

from rehearsing import SETTINGS, rehearse
from storefront.kit.db import db, transaction
from storefront.payments import adapter, config_by_name
from storefront.payments.models import PaymentMethod, Refund

pytestmark = pytest.mark.usefixtures("right_books")


@pytest.fixture(params=SETTINGS)
def kind(request, play):
    """Each service in its turn, and five mugs."""
    play.shelves(mug=5)
    rehearse(play, request.param)
    return request.param


def can(name):
    """Whether the service can do this."""
    return getattr(adapter(config_by_name("other")).capabilities, name)


def comes_back(shopper):
    """Some services lead back by a form."""
    if shopper.page.path.startswith("/sandbox/"):
        shopper.press("Back to the shop")


def paid(play):
    """Two mugs were paid on the page of the service that is played."""
    placed = play.quickly_at_gateway(mug=2)
    placed.shopper.press("Pay")
    comes_back(placed.shopper)
    play.until(lambda: play.last_bill().status == "PAID")
    return placed


def test_a_purchase_in_its_own_protocol(play, kind):
    """ADM-05, BIL-15: paid, the money in both books, the goods kept, the shopper told the truth."""
    placed = paid(play)
    order, bill = play.last_order(), play.last_bill()
    assert (bill.disposition, order.status, play.captured(order)) == ("APPLIED", "PROCESSING", order.total_minor)
    assert placed.shopper.page.path.startswith(f"/orders/{order.key}")
    play.both_books_agree()


def test_a_wish_about_cards_goes_along(play, kind):
    """BIL-16, BIL-17: whatever the service can be told of cards, the payment is made as without it."""
    with transaction():
        method = db.session.scalars(select(PaymentMethod).filter_by(code="card")).one()
        method.card_types, method.tokenize = ["visa", "jcb"], True
    paid(play)
    assert play.last_bill().extra["card"]["types"] == ["visa", "jcb"]
    play.both_books_agree()


def test_told_after_the_return(play, kind):
    """RET-01, NOT-07: the browser is back first; what it brought, a question or the late notification settles it."""
    placed = play.quickly_at_gateway(mug=2)
    placed.shopper.press("Pay", scenario="after")
    comes_back(placed.shopper)
    play.wait(seconds=10)
    play.run("deliver_sandbox_notices")
    play.until(lambda: play.last_bill().status == "PAID")
    play.both_books_agree()


def test_left_and_paid_again(play, kind):
    """RET-02, BIL-15: whoever cancels there is told the truth, and pays once with the next attempt."""
    placed = play.quickly_at_gateway(mug=2)
    placed.shopper.press("Cancel and return")
    comes_back(placed.shopper)
    assert "PAID" not in [bill.status for bill in play.bills(play.last_order())]
    placed.shopper.get(f"/orders/{play.last_order().key}/pay")
    placed.shopper.press("Pay now")
    placed.shopper.leaves()
    placed.shopper.press("Pay")
    play.until(lambda: "PAID" in [bill.status for bill in play.bills(play.last_order())])
    order = play.last_order()
    assert (order.status, play.captured(order)) == ("PROCESSING", order.total_minor)
    play.both_books_agree()


def test_money_goes_back(play, kind):
    """BIL-17: a refund in part goes through the service's own call, once; without one it is left to a person."""
    placed = paid(play)
    order = play.order_of(placed.bill)
    refund = play.ask_refund(order, 300)
    play.run("send_refunds")
    play.look_again()
    if can("can_refund"):
        assert (db.session.get_one(Refund, refund.id).status, play.last_bill().status) == (
            "SUCCEEDED",
            "PARTIALLY_REFUNDED",
        )
        play.both_books_agree()
    else:
        assert db.session.get_one(Refund, refund.id).status != "SUCCEEDED"
