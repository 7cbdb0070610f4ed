"""The merchant counts fewer than are set aside: refused with the list of orders, or forced, and the newest wait."""

import pytest
from sqlalchemy import select

from storefront import desk, orders, payments, stock
from storefront.admin import audit
from storefront.kit.db import db, transaction
from storefront.kit.errors import Conflict
from storefront.payments.models import DeskRow
from storefront.stock import BelowReserved
from storefront.stock.models import TIMED_HOLD

import stage
from counter import comes_in
from purchases import at_once

pytestmark = pytest.mark.usefixtures("right_books")


def counts(carol, on_hand, reason="broken in the store"):
    """Somebody types another count into the only row of the list of goods."""
    carol.get("/admin/products?q=mug")
    return carol.press("Save", {"on-hand": str(on_hand), "reason": reason})


def correct(play, on_hand, name="mug"):
    """The verb behind the forced button; the numbers of the orders that lost their goods."""
    variant, seen = play.variant(name).id, play.shelf(name)[0]
    with transaction():
        lost = orders.correct_stock(variant, on_hand, seen=seen, cause="adjust", actor="carol")
        return [order.number for order in lost]


def reasons(play):
    """Why something waits on the desk, oldest first."""
    play.look_again()
    return db.session.scalars(select(DeskRow.reason).filter_by(status="OPEN").order_by(DeskRow.id)).all()


def states(play):
    """The state of every order, oldest first."""
    return [order.status for order in play.orders()]


def test_race_25_a_count_below_what_is_held_is_refused_or_forced(play):
    """Refused with the list of orders; forced, the newest unpaid one goes to review. (RACE-25)."""
    play.shelves(mug=4)
    first, second = play.quickly_at_gateway(mug=2), play.quickly_at_gateway(mug=2)
    carol = comes_in(play)
    page = counts(carol, 3)
    assert page.status == 409 and page.has("4 are set aside for orders")
    assert page.link(first.order.number) and page.link(second.order.number)
    assert play.shelf("mug") == (4, 4) and states(play) == ["HOLD", "HOLD"]
    page = carol.press("Set it to 3 all the same")
    assert page.has(f"In review now, for want of goods: {second.order.number}.")
    assert play.shelf("mug") == (3, 2) and states(play) == ["HOLD", "REVIEW"]
    order = play.last_order()
    assert order.review_reason == "stock_corrected" and play.bills(order)[0].status == "CANCELLED"
    assert db.session.scalars(select(DeskRow.reason)).all() == ["stock_corrected"]
    play.run("deliver_events")
    assert f"The Test Shop: we are checking your order {second.order.number}" in play.letters()
    assert audit.trail()[0].after["in_review"] == [order.number]
    assert play.gateway_says("paid", first.bill) == 200 and states(play) == ["PROCESSING", "REVIEW"]


def test_carts_give_up_before_orders_and_the_unpaid_before_the_paid(play):
    """Who was promised least loses first; within these the newest. Nothing is ever negative. (RACE-25, RULE-01)."""
    play.shelves(policy=TIMED_HOLD, mug=4)
    paid, unpaid = play.quickly_paid(mug=1), play.quick_order(mug=1)
    play.fill_cart(play.visitor(), mug=2)
    assert correct(play, 2) == [] and play.shelf("mug") == (2, 2)
    assert correct(play, 1) == [unpaid.order.number] and states(play) == ["PROCESSING", "REVIEW"]
    assert correct(play, 0) == [paid.order.number] and play.shelf("mug") == (0, 0)
    order = play.order_of(paid.bill)
    assert (order.status, order.shipments[0].status, order.paid_minor) == ("REVIEW", "ONHOLD", order.due_minor)


def test_what_comes_of_it(play):
    """Goods that turn up let the order go on; else it is cancelled and its money sent back. (STK-05, ORD-11)."""
    play.shelves(mug=2)
    kept, lost = play.quickly_paid(mug=1), play.quickly_paid(mug=1)
    assert correct(play, 0) == [kept.order.number, lost.order.number]
    with transaction():
        stock.set_on_hand(play.variant("mug").id, 1, cause="adjust", actor="carol")
    with transaction():
        orders.accept_after_review(kept.order.id, "carol")
    assert play.order_of(kept.bill).status == "PROCESSING" and play.holds(kept.order) == {"COMMITTED": 1, "RELEASED": 1}
    with transaction():
        orders.cancel_by_merchant(lost.order.id, "carol")
    play.run("send_refunds")
    order = play.order_of(lost.bill)
    assert (order.status, order.refunded_minor, play.shelf("mug")) == ("CANCELLED", order.paid_minor, (1, 1))


def test_what_goes_on_is_packed_and_sold_once(play):
    """Its parcel may be sent again, and what was handed over at once is not taken a second time. (STK-05, RULE-01)."""
    play.shelves(mug=2)
    with transaction():
        stage.put_on_shelf("song", 3, requires_shipping=False)
    placed = play.quickly_paid(mug=1, song=1)
    assert play.shelf("song") == (2, 0)
    correct(play, 0)
    assert play.order_of(placed.bill).shipments[0].status == "ONHOLD"
    with transaction():
        stock.set_on_hand(play.variant("mug").id, 1, cause="adjust", actor="carol")
    with transaction():
        orders.accept_after_review(placed.order.id, "carol")
    order = play.order_of(placed.bill)
    assert (order.status, [parcel.status for parcel in order.shipments]) == ("PROCESSING", ["RELEASED"])
    assert (play.shelf("song"), play.shelf("mug")) == ((2, 0), (1, 1))
    with transaction():
        assert orders.ship(order.shipments[0].id)
    assert play.order_of(placed.bill).status == "SHIPPED" and play.shelf("mug") == (0, 0)


@pytest.mark.parametrize("end", ["accepted", "cancelled"])
def test_an_order_that_waited_for_two_reasons_leaves_nothing_on_the_desk(play, end):
    """Looked at for its sum, then its goods were counted away: one decision ends both rows. (RAC-07, STK-05)."""
    play.shop(review_rules={"amount_minor": 1})
    play.shelves(mug=1)
    order = play.quickly_paid(mug=1).order
    correct(play, 0)
    assert reasons(play) == ["review_amount", "stock_corrected"]
    with transaction():
        stock.set_on_hand(play.variant("mug").id, 1, cause="adjust", actor="carol")
    with transaction():
        if end == "accepted":
            orders.accept_after_review(order.id, "carol")
        else:
            orders.cancel_by_merchant(order.id, "carol")
    assert reasons(play) == [] and set(db.session.scalars(select(DeskRow.decision))) == {end}


def test_an_order_paid_after_its_goods_came_back_is_off_the_desk(play):
    """It lost its goods while it was unpaid; they are back, and it is paid: nobody need decide. (RACE-25, RAC-07)."""
    play.shelves(mug=1)
    placed = play.quickly_at_gateway(mug=1)
    correct(play, 0)
    with transaction():
        stock.set_on_hand(play.variant("mug").id, 1, cause="adjust", actor="carol")
    play.gateway_says("paid", placed.bill)
    assert play.order_of(placed.bill).status == "PROCESSING" and reasons(play) == []


def test_a_row_about_an_order_that_went_on_can_be_seen_to(play):
    """Not while the order is in review for it; once it is not, a person can take it off. (RAC-07)."""
    play.shelves(mug=1)
    placed = play.quickly_paid(mug=1)
    correct(play, 0)
    row_id = db.session.scalars(select(DeskRow.id)).one()
    assert "done" not in desk.allowed(desk.look_at(row_id))
    with transaction():
        orders.cancel_by_merchant(placed.order.id, "carol")
    with transaction():
        row_id = payments.put_on_desk("stock_corrected", order_id=placed.order.id).id
    with transaction():
        desk.done(row_id, actor="carol")
    assert reasons(play) == []


def test_money_for_an_order_that_lost_its_goods(play):
    """Paid after all: the order goes on if the goods are back, else the money waits on the desk. (RACE-25, STK-05)."""
    play.shelves(mug=1)
    placed = play.quickly_at_gateway(mug=1)
    correct(play, 0)
    assert play.gateway_says("paid", placed.bill) == 200
    order = play.order_of(placed.bill)
    assert (order.status, play.bills(order)[0].quarantine_reason, play.shelf("mug")) == ("REVIEW", "stock_lost", (0, 0))


def test_what_has_left_the_house_cannot_be_counted_away(play):
    """An order that is just being placed cannot wait: the count is refused, naming it, and nothing moves. (RACE-25)."""
    play.shelves(mug=2)
    placed = play.quick_order(mug=2)
    with transaction():
        db.session.get_one(type(placed.order), placed.order.id).status = "PARTIALLY_SHIPPED"
    with pytest.raises(BelowReserved) as refused:
        correct(play, 1)
    assert refused.value.data["order_ids"] == [placed.order.id] and play.shelf("mug") == (2, 2)
    with pytest.raises(Conflict), transaction():
        orders.correct_stock(play.variant("mug").id, 1, seen=7, cause="adjust", actor="carol")
    with transaction():
        db.session.get_one(type(placed.order), placed.order.id).status = "HOLD"


def test_correcting_while_somebody_buys(play):
    """A forced count, a confirm and a payment in one moment: never more promised than there is. (RACE-25, RULE-01)."""
    play.shelves(mug=3)
    paying, buying = play.quickly_at_gateway(mug=1), play.visitor("bob")
    play.quick_order(mug=1)
    play.fill_cart(buying, mug=1)
    play.to_preview(buying)
    fields, server, variant = play.message("paid", paying.bill), play.visitor("gateway"), play.variant("mug").id

    def force():
        with play.app.app_context():
            try:
                with transaction():
                    return len(orders.correct_stock(variant, 1, seen=3, cause="adjust", actor="carol"))
            except Conflict:
                return None

    at_once(force, lambda: buying.press("Confirm and pay"), lambda: play.notify(fields, server))
    on_hand, reserved = play.shelf("mug")
    assert 0 <= reserved <= on_hand and on_hand in (1, 3)
    assert play.order_of(paying.bill).status in ("PROCESSING", "REVIEW")


def test_what_is_not_sent_is_not_sold_again_after_a_correction(play):
    """A parcel is not sent after all, a count takes the rest, and the order goes on: with the rest alone. INV-21."""
    play.shelves(mug=9)
    placed = play.quickly_paid(mug=5)
    order, line = placed.order.id, placed.order.lines[0].id
    with transaction():
        (whole,) = (parcel.id for parcel in orders.locked(order).shipments)
        some = orders.split_parcel(whole, {line: 2}, "carol").id
    with transaction():
        orders.cancel_parcels(order, [some], "broken", "carol")
    assert correct(play, 2) == [placed.order.number]
    with transaction():
        stock.set_on_hand(play.variant("mug").id, 9, cause="adjust", actor="carol")
    with transaction():
        orders.accept_after_review(order, "carol")
    assert play.shelf("mug") == (9, 3)
    with transaction():
        orders.ship(whole)
    assert play.shelf("mug") == (6, 0) and states(play) == ["SHIPPED"]
