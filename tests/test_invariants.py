"""Random walks end in right books, whatever happened on the way; and the check itself finds what is wrong."""

import pytest
from sqlalchemy import func, select

from storefront.cart.models import Cart
from storefront.kit.db import db, transaction
from storefront.orders.models import Order
from storefront.orders.states import PROCESSING
from storefront.payments.models import Bill
from storefront.stock.models import Stock

from bookkeeping import check_books
from walking import Walk, WideWalk, the_end_of_everything


def test_a_random_walk_ends_in_right_books(play):
    """60 purchases with whatever may happen in between break no line of the proof. STK-09, RAC-09, RAC-14, INV-18.

    Each database walks a way of its own; `make bench ARGS=walks` goes ten thousand on each.

    RULE-01, RULE-02, RULE-03, RULE-04, RULE-05, RULE-06, RULE-07, RULE-08, RULE-09, RULE-10, RULE-11, INV-22, INV-23.
    """
    play.shelves(mug=60, bowl=50, jug=40)
    walk = Walk(play, {"sqlite": 11, "postgresql": 2026}[db.engine.dialect.name])
    tried = walked(walk, 60)
    assert {"confirm again", "paid 200", "paid 400", "ship", "cancel", "refund", "shopper again"} <= tried, walk.counts


def test_a_wider_walk_ends_in_right_books(play):
    """So do parcels, the desk, returns, counted shelves, disputes, carts and every job among them. STK-09, RAC-14.

    RULE-01, RULE-03, RULE-05, RULE-07, RULE-11, INV-07, INV-22, INV-31, INV-39.
    """
    play.shelves(mug=40, bowl=40, jug=40)
    walk = WideWalk(play, 7)
    tried = walked(walk, 30)
    assert {"charged_back 200", "parcel ship", "desk refund", "return announce", "stock count"} <= tried, walk.counts


def walked(walk, purchases):
    """Walk until so many purchases were begun, looking at the books on the way; gives what was tried."""
    while walk.counts.get("buy", 0) < purchases:
        walk.step()
        if sum(walk.counts.values()) % 40 == 0:
            check_books(walk.play)
    check_books(walk.play)
    the_end_of_everything(walk.play)
    return {name.split(":")[0] for name in walk.counts}


@pytest.mark.parametrize("harm", ["stock", "money", "total", "state", "event", "hold"])
def test_the_check_itself_finds_what_is_wrong(play, harm):
    """The bookkeeping of these tests notices each kind of harm."""
    play.shelves(mug=5)
    placed = play.quick_order(mug=1)
    play.gateway_says("paid", placed.bill)
    check_books(play)
    with transaction():
        order, bill = db.session.get(Order, placed.order.id), db.session.get(Bill, placed.bill.id)
        if harm == "stock":
            db.session.get(Stock, play_variant(order)).on_hand += 1
        elif harm == "money":
            bill.disposition = "NONE"
        elif harm == "total":
            order.total_minor += 1
        elif harm == "state":
            order.status = "SHIPPED"
        elif harm == "event":
            db.session.execute(Bill.metadata.tables["order_events"].update().values(actor="nobody"))
        elif harm == "hold":
            order.status = PROCESSING
            db.session.execute(Bill.metadata.tables["stock_reservations"].update().values(status="RELEASED"))
    with pytest.raises(AssertionError):
        check_books(play)
    with transaction():
        assert db.session.scalar(select(func.count()).select_from(Cart)) == 1


def play_variant(order):
    """The variant of the order's only line."""
    return order.lines[0].variant_id
