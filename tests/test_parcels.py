"""Parcels: planned by what is on the shelf, divided and joined by staff, and the order that follows them."""

from contextlib import contextmanager, suppress

import pytest
from sqlalchemy import select

from storefront import orders, payments, stock
from storefront.kit import events
from storefront.kit.db import db, transaction
from storefront.kit.errors import Conflict, Invalid
from storefront.orders.driving import BACK, DRIVES, FOLLOWS, WAY_BACK, Going, drive, follow, going
from storefront.orders.models import Order, Shipment
from storefront.orders.states import (
    AWAITING_INVENTORY,
    CANCELLED,
    DELIVERED,
    FAILED_ORDER,
    INVENTORY_ASSIGNED,
    ONHOLD,
    ORDER,
    RELEASED,
    SHIPMENT,
    SHIPPED,
    UNSHIPPED,
)
from storefront.stock.models import BACKORDER

from counter import comes_in, opens, trail
from purchases import at_once

pytestmark = pytest.mark.usefixtures("right_books")


@pytest.fixture
def carol(play):
    """The owner, signed in."""
    play.shop()
    return comes_in(play)


def parcels(play, order=None):
    """(state, {sku: units}) of each parcel of an order, in their order; those without goods are gone."""
    play.look_again()
    order = db.session.get_one(Order, (order or play.last_order()).id)
    found = [(one.status, {line.order_line.sku: line.qty for line in one.lines}) for one in order.shipments]
    return [one for one in found if one[1]]


def ids(play, order=None):
    """The ids of an order's parcels."""
    play.look_again()
    return [one.id for one in db.session.get_one(Order, (order or play.last_order()).id).shipments]


def refill(play, name, count):
    """The merchant counts so many."""
    with transaction():
        stock.set_on_hand(play.variant(name).id, count, cause="adjust", actor="otto")


def types(order):
    """What happened to an order, oldest first."""
    return [event.type for event in events.of_order(order.id)]


# --- by stock


def test_what_is_there_ships_now_and_the_rest_waits(play, carol):
    """Two parcels: the one on the shelf is packed and sent, the other waits for its goods and then follows.

    The order is partly sent in between. SHS-01, SHS-02, SHS-03, SHS-04, SHS-10, ORD-14, EVT-04, STK-08.
    """
    play.shelves(mug=5)
    play.shelves(kettle=1, policy=BACKORDER)
    placed = play.quickly_paid(mug=2, kettle=3)
    assert parcels(play) == [(RELEASED, {"MUG": 2, "KETTLE": 1}), (AWAITING_INVENTORY, {"KETTLE": 2})]
    assert types(placed.order).count("ORDER_SHIPMENT_CREATED") == 2
    assert play.shelf("kettle") == (1, 3)
    page = opens(carol, placed.order)
    assert page.has("Waits for goods") and page.has("2 × KETTLE")
    page = carol.press("Mark as sent", {"Carrier": "An Post", "Tracking number": "RR1"})
    assert page.has("Partly sent") and play.shelf("kettle") == (0, 2) and play.shelf("mug") == (3, 0)
    assert play.holds(placed.order) == {"CONSUMED": 3, "COMMITTED": 2}
    shopper = placed.shopper.get(f"/orders/{placed.order.key}")
    assert shopper.has("Waits for goods that are on order") and shopper.has("RR1")
    refill(play, "kettle", 4)
    play.run("assign_waiting_goods")
    assert parcels(play)[1] == (RELEASED, {"KETTLE": 2})
    opens(carol, placed.order)
    assert carol.press("Mark as sent", {"Carrier": "UPS", "Tracking number": "1Z"}).has("Everything is sent")
    assert play.last_order().status == SHIPPED and play.shelf("kettle") == (2, 0)
    for _ in range(2):
        opens(carol, placed.order)
        carol.press("Mark as delivered")
    assert play.last_order().status == DELIVERED


def test_who_has_waited_longest_is_served_first(play):
    """Across orders by the time they were placed, whoever was paid first; nobody is served past them. SHS-01."""
    play.shelves(kettle=0, policy=BACKORDER)
    first, second = play.quickly_at_gateway(kettle=3), play.quickly_at_gateway(kettle=1)
    second.shopper.press("Pay")
    first.shopper.press("Pay")
    refill(play, "kettle", 2)
    play.run("assign_waiting_goods")
    assert [parcels(play, one.order)[0][0] for one in (first, second)] == [AWAITING_INVENTORY] * 2
    refill(play, "kettle", 3)
    play.run("assign_waiting_goods")
    assert [parcels(play, one.order)[0][0] for one in (first, second)] == [RELEASED, AWAITING_INVENTORY]
    third = play.quickly_paid(kettle=1)
    assert parcels(play, third.order)[0][0] == AWAITING_INVENTORY
    refill(play, "kettle", 4)
    play.run("assign_waiting_goods")
    assert [parcels(play, one.order)[0][0] for one in (second, third)] == [RELEASED, AWAITING_INVENTORY]
    assert not play.run("assign_waiting_goods")["done"]


def test_counting_in_serves_at_once(play, carol):
    """The count typed into the list of goods lets the parcels go that waited for it. SHS-01, STK-09."""
    play.shelves(kettle=0, policy=BACKORDER)
    placed = play.quickly_paid(kettle=2)
    carol.get("/admin/products?q=kettle")
    assert carol.press("Save", {"on-hand": "5", "reason": "delivery"}).has("Saved.")
    assert parcels(play, placed.order) == [(RELEASED, {"KETTLE": 2})]
    page = carol.get(f"/admin/products/variants/{play.variant('kettle').id}/movements")
    assert page.has("delivery") and page.has("+5") and page.has("by hand")


def test_a_parcel_that_waits_for_two_things_keeps_its_place_for_both(play):
    """Goods that come for the older parcel are not given to a younger one, though the older waits on. SHS-01."""
    play.shelves(kettle=0, pan=0, policy=BACKORDER)
    older, younger = play.quickly_paid(kettle=1, pan=1), play.quickly_paid(kettle=1)
    refill(play, "kettle", 1)
    play.run("assign_waiting_goods")
    assert [parcels(play, one.order)[0][0] for one in (older, younger)] == [AWAITING_INVENTORY] * 2
    refill(play, "pan", 1)
    play.run("assign_waiting_goods")
    assert [parcels(play, one.order)[0][0] for one in (older, younger)] == [RELEASED, AWAITING_INVENTORY]


def test_restocked_once_by_two_at_the_same_moment(play):
    """Two schedulers divide the same goods: each unit goes into one parcel. SHS-01, RULE-01."""
    play.shelves(kettle=0, policy=BACKORDER)
    placed = [play.quickly_paid(kettle=1) for _ in range(3)]
    refill(play, "kettle", 2)
    variant = play.variant("kettle").id
    play.look_again()

    def assign():
        with play.app.app_context(), transaction():
            return orders.assign_goods(variant)

    done = at_once(assign, assign)
    assert sorted(map(int, done)) == [0, 2]
    assert [parcels(play, one.order)[0][0] for one in placed] == [RELEASED, RELEASED, AWAITING_INVENTORY]


def test_a_refused_release_is_told(play, carol):
    """Staff press too early: a sentence, an event with its cause, a letter; nothing else has changed. EVT-06."""
    play.shelves(kettle=0, policy=BACKORDER)
    placed = play.quickly_paid(kettle=1)
    opens(carol, placed.order)
    page = carol.press("The goods are here: release it")
    assert page.status == 409 and page.has("The goods are not on the shelf yet")
    (refused,) = [one for one in events.of_order(placed.order.id) if one.type == "ORDER_SHIPMENT_RELEASE_FAILED"]
    assert refused.data["cause"] == "stock" and refused.actor == "carol@example.com"
    assert parcels(play) == [(AWAITING_INVENTORY, {"KETTLE": 1})]
    play.run("deliver_events")
    (letter,) = [mail for mail in play.mails() if "a parcel of order" in mail["Subject"]]
    assert (
        letter["To"] == "shop@example.com"
        and "its goods are not on the shelf" in letter.get_body(("plain",)).get_content()
    )


# --- by staff


def test_staff_divide_join_and_hold(play, carol):
    """Some goods into a parcel of their own, which is held back, let go and joined again. SHS-05, SHS-10."""
    play.shelves(mug=5, bowl=5)
    placed = play.quickly_paid(mug=2, bowl=1)
    opens(carol, placed.order)
    mug = next(line.id for line in play.last_order().lines if line.sku == "MUG")
    assert carol.press("Put them into a parcel of their own", {f"qty-{mug}": "1"}).steps == [303, 200]
    assert parcels(play) == [(RELEASED, {"MUG": 1, "BOWL": 1}), (RELEASED, {"MUG": 1})]
    first, second = ids(play)
    path = f"/admin/orders/{placed.order.number}/shipments"
    assert carol.post(f"{path}/{second}/hold").has("Held back")
    assert carol.post(f"{path}/{second}/ship").status == 409 and parcels(play)[1][0] == ONHOLD
    assert carol.post(f"{path}/{second}/merge", data={"into": str(first)}).status == 400
    assert carol.post(f"{path}/{second}/release").status == 200 and parcels(play)[1][0] == RELEASED
    assert carol.post(f"{path}/{second}/merge", data={"into": str(first)}).has("The two parcels are one.")
    assert parcels(play) == [(RELEASED, {"MUG": 2, "BOWL": 1})]
    assert [line.split(":")[0] for line in trail()[-4:]] == ["split", "hold", "release", "merge"]
    assert types(placed.order).count("ORDER_SHIPMENT_CREATED") == 2


@pytest.mark.parametrize("units", [{}, {"MUG": 3}, {"MUG": 2, "BOWL": 1}, {"NONE": 1}], ids=str)
def test_a_division_that_cannot_be_is_refused(play, units):
    """Nothing, all, more than is inside, or what is not inside: refused, and the parcel stays as it was. SHS-10."""
    play.shelves(mug=5, bowl=5)
    play.quickly_paid(mug=2, bowl=1)
    order, numbers = play.last_order(), {line.sku: line.id for line in play.last_order().lines}
    with pytest.raises(Invalid), transaction():
        orders.split_parcel(ids(play)[0], {numbers.get(sku, 999_999): qty for sku, qty in units.items()}, "otto")
    assert parcels(play, order) == [(RELEASED, {"MUG": 2, "BOWL": 1})]


@pytest.mark.parametrize("typed", ["x", "-1", "1e3", "99999999999999", "1.5"])
def test_nonsense_in_the_forms_is_answered(play, carol, typed):
    """Whatever is typed into the fields of a parcel: a sentence and 400, never an error of ours. SHS-10."""
    play.shelves(mug=5)
    placed = play.quickly_paid(mug=2)
    line, (parcel,) = play.last_order().lines[0].id, ids(play)
    path = f"/admin/orders/{placed.order.number}/shipments/{parcel}"
    assert carol.post(f"{path}/split", data={f"qty-{line}": typed}).status == 400
    assert carol.post(f"{path}/split", data={f"qty-{typed}": "1"}).status == 400
    assert carol.post(f"{path}/merge", data={"into": typed}).status in (400, 404)
    assert carol.post(f"{path}/stop", data={"amount": typed}).status in (400, 409)
    assert parcels(play) == [(RELEASED, {"MUG": 2})]


def test_a_held_parcel_stays_held_when_the_order_comes_back(play):
    """Who holds a parcel lets it go: a review that is over frees only what the review held. SHS-05, SHS-08."""
    play.shelves(mug=5)
    play.quickly_paid(mug=2)
    order, line = play.last_order(), play.last_order().lines[0].id
    with transaction():
        held = orders.split_parcel(ids(play)[0], {line: 1}, "otto").id
        orders.hold_shipment(held, "otto")
    with transaction():
        locked = orders.locked(order.id)
        ORDER.apply(locked, "doubted", reason="stock_corrected")
        drive(locked, "doubted")
    assert [state for state, _goods in parcels(play)] == [ONHOLD, ONHOLD]
    with transaction():
        locked = orders.locked(order.id)
        ORDER.apply(locked, "released", reason="accepted")
        drive(locked, "released")
    assert [state for state, _goods in parcels(play)] == [RELEASED, ONHOLD]


def test_what_staff_hold_does_not_join_what_a_dispute_holds(play):
    """A parcel that staff keep back does not go on inside another when the bank's dispute is won. SHS-05, SHS-08."""
    play.shelves(mug=5)
    order = play.quickly_paid(mug=4).order
    (kept,), line = ids(play), order.lines[0].id
    with transaction():
        other, sent = (orders.split_parcel(kept, {line: 1}, "otto").id for _ in range(2))
        orders.ship(sent)
        orders.hold_shipment(kept, "otto")
        drive(orders.locked(order.id), "disputed")
    for pair in ((kept, other), (other, kept)):
        with pytest.raises(Invalid), transaction():
            orders.merge_parcels(*pair, "otto")
    with transaction():
        drive(orders.locked(order.id), "dispute_won")
    assert [state for state, _goods in parcels(play)] == [ONHOLD, RELEASED, SHIPPED]


# --- the rest is not sent


def test_the_rest_of_a_partly_sent_order_is_cancelled(play, carol):
    """What waits is not sent, its goods are free, its part of the money goes back to the cent, the order is sent.

    SHS-06, SHS-09, ORD-14, INV-21, INV-22.
    """
    play.shelves(price=333, mug=5)
    play.shelves(price=1000, kettle=1, policy=BACKORDER)
    placed = play.quickly_paid(mug=1, kettle=3)
    opens(carol, placed.order)
    carol.press("Mark as sent")
    opens(carol, placed.order)
    page = carol.click("Do not send it")
    assert page.has("2 × Kettle") and page.has("€20.00")
    page = carol.press("Do not send it", {"Reason for the customer": "Not made any more"})
    assert page.has("Its goods are free again.") and page.has("Everything is sent")
    assert parcels(play)[1][0] == CANCELLED and play.last_order().status == SHIPPED
    assert play.shelf("kettle") == (0, 0) and play.holds(placed.order) == {"CONSUMED": 2, "RELEASED": 2}
    assert play.session_of(placed.bill).refunded_minor == 2000
    assert carol.post(f"/admin/orders/{placed.order.number}/shipments/{ids(play)[1]}/stop").status == 409
    assert play.session_of(placed.bill).refunded_minor == 2000


def test_the_last_parcel_is_cancelled_with_its_order_only(play):
    """An order of which nothing would be left is cancelled as a whole. SHS-06."""
    play.shelves(mug=5)
    play.quickly_paid(mug=2)
    with pytest.raises(Conflict), transaction():
        orders.cancel_parcels(play.last_order().id, ids(play), "rest_cancelled", "otto")
    with transaction():
        orders.cancel_by_merchant(play.last_order().id, "otto")
    assert parcels(play) == [(CANCELLED, {"MUG": 2})] and play.shelf("mug") == (5, 0)


def test_a_line_in_two_parcels_is_consumed_piece_by_piece(play):
    """Each parcel takes its own units: what is set aside is what is still in the house. RULE-01, STK-08."""
    play.shelves(mug=9)
    placed = play.quickly_paid(mug=5)
    line, (parcel,) = play.last_order().lines[0].id, ids(play)
    with transaction():
        orders.split_parcel(parcel, {line: 2}, "otto")
        orders.split_parcel(parcel, {line: 1}, "otto")
    seen = []
    for parcel in ids(play):
        with transaction():
            orders.ship(parcel)
        seen.append((play.shelf("mug"), play.holds(placed.order).get("COMMITTED", 0), play.last_order().status))
    assert seen == [
        ((7, 3), 3, "PARTIALLY_SHIPPED"),
        ((5, 1), 1, "PARTIALLY_SHIPPED"),
        ((4, 0), 0, "SHIPPED"),
    ]


# --- order and parcels drive each other, by two tables

STATES = (*UNSHIPPED, SHIPPED, DELIVERED, CANCELLED, FAILED_ORDER)
AFTER = {  # what happens to an order: what its parcels are then; what is not named stays
    "released": {INVENTORY_ASSIGNED: RELEASED, ONHOLD: RELEASED},
    "dispute_won": {ONHOLD: RELEASED},
    "doubted": dict.fromkeys((AWAITING_INVENTORY, INVENTORY_ASSIGNED, RELEASED), ONHOLD),
    "disputed": dict.fromkeys((AWAITING_INVENTORY, INVENTORY_ASSIGNED, RELEASED), ONHOLD),
    "cancelled": dict.fromkeys(UNSHIPPED, CANCELLED),
    "failed": dict.fromkeys(UNSHIPPED, FAILED_ORDER),
}


class Undone(Exception):
    """What only the database could make is taken back."""


@contextmanager
def forced(order_id, *states):
    """An order, locked, with a parcel in each of these states and no other; gives it, and how to look at them."""

    def look():
        found = select(Shipment.status).filter_by(order_id=order_id).order_by(Shipment.id)
        return list(db.session.scalars(found))

    with suppress(Undone), transaction():
        order = orders.locked(order_id)
        for parcel in list(order.shipments):
            db.session.delete(parcel)
        db.session.flush()
        for state in states:
            held = RELEASED if state == ONHOLD else ""
            db.session.add(Shipment(order_id=order_id, status=state, held_status=held, held_by="order"))
        yield order, look
        raise Undone


def test_what_happens_to_an_order_moves_its_parcels_by_the_table(play):
    """Every event of an order with a parcel in every state: the table's move, and no other. SHS-05 to SHS-08."""
    play.shelves(mug=5)
    play.quickly_paid(mug=1)
    number = play.last_order().id
    assert set(AFTER) == set(DRIVES)
    for happened, after in AFTER.items():
        with forced(number, *STATES) as (order, look):
            drive(order, happened)
            assert look() == [after.get(state, state) for state in STATES], happened


def test_every_move_of_the_table_is_one_that_parcels_have():
    """The table names moves of the machine only, from states from which they lead. SHS-08."""
    for happened, moves in DRIVES.items():
        assert happened in ORDER.table or happened in ("disputed", "dispute_won")
        for state, move in moves.items():
            for one in WAY_BACK.values() if move == BACK else (move,):
                assert state in SHIPMENT.table[one][0], (happened, state, one)


FOLLOWED = [  # what its parcels are: the fulfilment status of an order, and its own
    ((), "NOTHING_TO_SHIP", "PROCESSING"),
    ((CANCELLED,), "NOTHING_TO_SHIP", "PROCESSING"),
    ((RELEASED,), "UNFULFILLED", "PROCESSING"),
    ((AWAITING_INVENTORY, RELEASED), "UNFULFILLED", "PROCESSING"),
    ((SHIPPED, RELEASED), "PARTIALLY_SHIPPED", "PARTIALLY_SHIPPED"),
    ((SHIPPED, ONHOLD), "PARTIALLY_SHIPPED", "PARTIALLY_SHIPPED"),
    ((DELIVERED, AWAITING_INVENTORY), "PARTIALLY_SHIPPED", "PARTIALLY_SHIPPED"),
    ((DELIVERED, SHIPPED, RELEASED), "PARTIALLY_SHIPPED", "PARTIALLY_SHIPPED"),
    ((SHIPPED,), "SHIPPED", "SHIPPED"),
    ((SHIPPED, CANCELLED), "SHIPPED", "SHIPPED"),
    ((SHIPPED, DELIVERED), "SHIPPED", "SHIPPED"),
    ((SHIPPED, FAILED_ORDER), "SHIPPED", "SHIPPED"),
    ((DELIVERED,), "DELIVERED", "DELIVERED"),
    ((DELIVERED, CANCELLED), "DELIVERED", "DELIVERED"),
]


def test_an_order_follows_its_parcels_by_the_table(play):
    """The last parcel that is sent moves the order, and what is cancelled counts for nothing. SHS-09, ORD-14."""
    play.shelves(mug=5)
    play.quickly_paid(mug=1)
    number = play.last_order().id
    for states, word, order_state in FOLLOWED:
        with forced(number, *states) as (order, _look):
            follow(order)
            assert (order.fulfilment_status, order.status) == (word, order_state), states


def test_the_table_of_following_is_whole():
    """Whatever parcels an order has, the table says what it is. SHS-09."""
    combinations = {Going(waits, left, arrived) for waits in (0, 1) for left in (0, 1) for arrived in (0, 1)}
    assert {Going(*map(bool, one)) for one in combinations} == set(FOLLOWS)
    assert {going([state]) for state in STATES} <= set(FOLLOWS)


# --- race 45


def test_race_45_cancel_meets_shipment_release(play, right_books):
    """Cancel pressed while the parcel is released and sent: either cancelled or sent, never both. RACE-45, SHS-06."""
    play.shelves(mug=20)
    carol, henry = comes_in(play), comes_in(play)
    for _ in range(4):
        placed = play.quickly_paid(mug=1)
        (parcel,) = ids(play)
        path = f"/admin/orders/{placed.order.number}"
        with transaction():
            orders.hold_shipment(parcel, "otto")
        play.look_again()

        def send(path=path, parcel=parcel):
            released = carol.post(f"{path}/shipments/{parcel}/release").status
            return released, carol.post(f"{path}/shipments/{parcel}/ship").status

        answers = at_once(send, lambda path=path: henry.post(f"{path}/cancel").status)
        play.look_again()
        order = play.order_of(placed.bill)
        assert (order.status, *parcels(play, order)[0][:1]) in (("SHIPPED", SHIPPED), ("CANCELLED", CANCELLED)), answers
        held = play.holds(order)
        assert held == ({"CONSUMED": 1} if order.status == "SHIPPED" else {"RELEASED": 1})
        refunded = sum(refund.amount_minor for refund in payments.refunds_of(order.id))
        assert refunded == (0 if order.status == "SHIPPED" else order.due_minor)
    on_hand, reserved = play.shelf("mug")
    gone = sum(one.status == "SHIPPED" for one in play.orders())
    assert (on_hand, reserved) == (20 - gone, 0)
