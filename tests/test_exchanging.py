"""Goods that came back are exchanged: the new order is settled against what the old ones were sold for."""

import pytest
from sqlalchemy import select

from storefront import orders, payments
from storefront.certificates.models import GiftCertificate
from storefront.kit.db import db, transaction
from storefront.orders.models import Order
from storefront.orders.return_models import OrderReturn

from bookkeeping import check_books
from counter import comes_in
from giving import card_on_shelf

pytestmark = pytest.mark.usefixtures("right_books")


@pytest.fixture
def carol(play):
    """The owner, signed in."""
    play.shop()
    return comes_in(play)


def back(play, **goods):
    """An order that was sent and has come back as a whole: (the order, its bill, the return)."""
    placed = play.quickly_paid(**goods)
    with transaction():
        orders.ship(play.last_order().shipments[0].id)
    order = play.last_order()
    units = {line.id: line.qty for line in order.lines}
    with transaction():
        coming = orders.announce_return(order.id, units, "Too small")
        number = orders.receive_return(coming.id, units, units, "otto").id
    return order, placed.bill, number


def exchanged(carol, order, number, **goods):
    """Carol sends these instead: `exchanged(carol, order, number, BOWL=1)`."""
    carol.get(f"/admin/orders/{order.number}/returns/{number}")
    rows = list(goods.items()) + [("", "")] * (3 - len(goods))
    answers = {f"SKU {n}": sku for n, (sku, _qty) in enumerate(rows, start=1)}
    answers |= {f"How many of SKU {n}": str(qty) for n, (_sku, qty) in enumerate(rows, start=1)}
    return carol.press("Make the replacement order", answers)


def the_return(play, number):
    """A return as it is now."""
    play.look_again()
    return db.session.get_one(OrderReturn, number)


def test_an_exchange_of_equal_value_asks_for_no_money(play, carol):
    """A mug for a bowl: the new order is packed at once, nobody pays, no cent counts twice. BIL-19."""
    play.shelves(mug=5, bowl=5)
    order, bill, number = back(play, mug=2)
    page = exchanged(carol, order, number, BOWL=2)
    assert page.steps == [303, 200] and page.has("replaces what came back") and page.has("Being packed")
    new = play.last_order()
    assert new.id != order.id and (new.due_minor, new.status, payments.bills_of(new.id)) == (0, "PROCESSING", [])
    assert (new.email, new.shipping_address.line1) == (order.email, order.shipping_address.line1)
    coming = the_return(play, number)
    assert (coming.status, coming.replacement_order_id, coming.credit_minor) == ("SETTLED", new.id, 2500)
    assert play.session_of(bill).refunded_minor == 0
    assert play.ledger_of(bill)[("refunded", "EUR")] == 2500
    assert db.session.scalars(select(GiftCertificate.status)).all() == ["SPENT"]
    play.run("deliver_events")
    assert any("pays for other goods" in subject for subject in play.letters())
    check_books(play)


def test_what_is_dearer_asks_for_the_difference(play, carol):
    """The shopper pays only what is missing, by the link of the new order. BIL-19."""
    play.shelves(mug=5)
    play.shelves(price=2000, lamp=5)
    order, bill, number = back(play, mug=1)
    exchanged(carol, order, number, LAMP=1)
    new = play.last_order()
    assert (new.due_minor, new.status) == (750, "HOLD")
    shopper = play.visitor("alice")
    shopper.get(f"/orders/{new.key}")
    shopper.press("Pay now")
    shopper.press("Continue to payment page")
    shopper.press("Pay")
    new = play.last_order()
    assert (new.status, new.paid_minor) == ("PROCESSING", 750) and play.session_of(bill).refunded_minor == 0


def test_what_is_cheaper_gives_the_rest_back(play, carol):
    """What is left goes back to the card; the sum of both is what came back. BIL-19."""
    play.shelves(price=2000, lamp=5)
    play.shelves(mug=5)
    order, bill, number = back(play, lamp=1)
    exchanged(carol, order, number, MUG=1)
    play.run("send_refunds")
    assert play.last_order().status == "PROCESSING" and play.session_of(bill).refunded_minor == 750
    coming = the_return(play, number)
    assert (coming.credit_minor, coming.settled_minor) == (1250, 750)


def test_an_exchange_is_made_once(play, carol):
    """Pressed again, from an old page, or after the money went back: refused, and nothing is counted twice. BIL-19."""
    play.shelves(mug=5, bowl=5)
    order, bill, number = back(play, mug=1)
    exchanged(carol, order, number, BOWL=1)
    path = f"/admin/orders/{order.number}/returns/{number}"
    again = carol.post(f"{path}/exchange", data={"sku-1": "BOWL", "count-1": "1"})
    assert again.status == 409 and len(play.orders()) == 2
    assert carol.post(f"{path}/settle", data={"amount": "1.00"}).status == 409
    with transaction(), pytest.raises(Exception, match="more than what can be sent back"):
        orders.request_refund(order.id, 1250, request_key="more", reason="", actor="otto", restock={})
    assert play.ledger_of(bill)[("refunded", "EUR")] == 1250


@pytest.mark.parametrize(("sku", "count"), [("NOTHING", "1"), ("BOWL", "9"), ("BOWL", "x"), ("", ""), ("BOWL", "0")])
def test_what_cannot_be_ordered_is_refused(play, carol, sku, count):
    """No such goods, too many, or none: a sentence, and the return waits as before. BIL-19."""
    play.shelves(mug=5, bowl=2)
    order, _bill, number = back(play, mug=1)
    path = f"/admin/orders/{order.number}/returns/{number}/exchange"
    answer = carol.post(path, data={"sku-1": sku, "count-1": count})
    assert answer.status in (400, 404, 409) and the_return(play, number).status == "RECEIVED"
    assert len(play.orders()) == 1 and not db.session.scalars(select(GiftCertificate)).all()


def test_the_credit_stays_when_the_new_order_is_cancelled(play, carol):
    """Cancelled by the shop, the credit is good again, under the code of the letter. BIL-19."""
    play.shelves(mug=5, bowl=5)
    order, _bill, number = back(play, mug=1)
    exchanged(carol, order, number, BOWL=1)
    with transaction():
        orders.cancel_by_merchant(play.last_order().id, "otto")
    credit = db.session.scalars(select(GiftCertificate)).one()
    db.session.refresh(credit)
    assert (credit.status, credit.available_minor >= 1250) == ("ACTIVE", True)
    assert db.session.get_one(Order, order.id).refunded_minor == 1250


def test_goods_are_not_exchanged_for_a_card(play, carol):
    """BIL-19: credit cannot buy a gift certificate: refused, and the return waits as before."""
    play.shelves(mug=5)
    card_on_shelf()
    order, _bill, number = back(play, mug=4)
    page = exchanged(carol, order, number, **{"GIFT-CARD": 1})
    assert page.status == 400 and page.has("bought with money alone")
    assert the_return(play, number).status == "RECEIVED" and len(play.orders()) == 1
    assert not db.session.scalars(select(GiftCertificate)).all()
