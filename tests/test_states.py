"""The tables of states: everything in them is reached by somebody, and there is a way out of everything."""

import re
from collections import defaultdict
from pathlib import Path

import pytest
from sqlalchemy import select, text

from storefront import orders, stock
from storefront.cart.states import CART
from storefront.kit import events
from storefront.kit.db import db, transaction
from storefront.kit.errors import Conflict
from storefront.kit.events import OrderEvent
from storefront.orders import stage, wording
from storefront.orders.models import Order
from storefront.orders.states import ORDER, SHIPMENT
from storefront.payments.errors import DECLINES
from storefront.payments.states import BILL
from storefront.stock.states import RESERVATION

FINAL = {
    "order": {"COMPLETED", "FAILED", "CANCELLED"},
    "bill": {"REFUNDED", "DISPUTED", "FAILED", "CANCELLED", "EXPIRED"},
    "order_shipment": {"DELIVERED", "CANCELLED", "FAILED_ORDER"},
    "reservation": {"CONSUMED", "RELEASED", "EXPIRED", "RETURNED"},
    "cart": {"MERGED", "CONVERTED", "ABANDONED"},
}
# What the tables foresee and nothing in the shop does yet.
NOT_YET = {
    "order": {"partially_shipped"},
    "bill": set(),
    "order_shipment": {"failed", "assigned_again"},  # a parcel is released as soon as its goods are there
    "reservation": {"expired"},
    "cart": set(),
}
MACHINES = (ORDER, BILL, SHIPMENT, RESERVATION, CART)


def ways(machine):
    """From each state, where it may lead."""
    out = defaultdict(set)
    for sources, target in machine.table.values():
        for source in sources:
            out[source].add(target)
    return out


@pytest.mark.parametrize("machine", MACHINES, ids=lambda machine: machine.name)
def test_there_is_a_way_out_of_every_state(machine):
    """RAC-04, invariant 12: from every state that is not final, a final one can be reached by the table."""
    out = ways(machine)
    for state in machine.states - FINAL[machine.name]:
        seen, open_ends = {state}, [state]
        while open_ends:
            for further in out[open_ends.pop()] - seen:
                seen.add(further)
                open_ends.append(further)
        assert seen & FINAL[machine.name], f"{machine.name}: {state} is a dead end"


def test_paid_is_left_only_towards_refunded():
    """Invariant 16: no later failure, cancel or clean-up undoes a paid bill. INV-16."""
    out = ways(BILL)
    for state in ("PAID", "PARTIALLY_REFUNDED", "REFUNDED"):
        assert out[state] <= {"PARTIALLY_REFUNDED", "REFUNDED", "DISPUTED"}
    assert out["DISPUTED"] == {"PAID", "PARTIALLY_REFUNDED", "REFUNDED"}  # as it was before the dispute, when it is won


def test_each_state_has_words():
    """AUD-06, ROL-04, ERR-13: every state of an order, stage of its page and reason is said in plain words."""
    assert set(wording.STATES) == ORDER.states
    stages = {value for name, value in vars(stage).items() if name.isupper() and value in wording.LABELS}
    folder = {path.removesuffix(".html") for path in wording_files()}
    assert set(wording.LABELS) == stages and stages <= folder
    assert set(wording.REASONS) <= set(DECLINES)
    for table in (wording.STATES, wording.LABELS, wording.REASONS):
        assert all(re.match(r"[A-Z].*\w", str(words)) and "_" not in str(words) for words in table.values())


def wording_files():
    """The parts of the order page, one for each stage."""
    return [path.name for path in (Path(__file__).parent.parent / "templates/orders/stages").iterdir()]


def reached(play):
    """Every move of every machine that the history tells of."""
    found = defaultdict(set)
    for event in db.session.scalars(select(OrderEvent).order_by(OrderEvent.id)):
        for machine in MACHINES:
            move = event.type.removeprefix(machine.name.upper() + "_").lower()
            if "was" in event.data and event.type == f"{machine.name}_{move}".upper() and move in machine.table:
                found[machine.name].add((event.data["was"], move))
    return found


def test_every_move_is_made_by_somebody(play, right_books):
    """ORD-01 to ORD-09, ORD-11 to ORD-13, ORD-17, EVT-01 to EVT-05, EVT-07, SHS-02 to SHS-06: a year in the shop."""
    play.shelves(mug=90)
    a_year(play)
    found = reached(play)
    for machine in (ORDER, BILL, SHIPMENT):
        moves = {move for _, move in found[machine.name]}
        assert set(machine.table) - NOT_YET[machine.name] <= moves, set(machine.table) - moves
        assert not moves & NOT_YET[machine.name], "take it off the list"
    assert {source for source, move in found["order"] if move == "paid"} >= {"HOLD", "REVIEW", "FAILED", "CANCELLED"}
    assert {source for source, move in found["bill"] if move == "paid"} >= {
        "REDIRECTED",
        "PENDING",
        "FAILED",
        "EXPIRED",
    }
    kept = set(db.session.scalars(text("SELECT DISTINCT status FROM stock_reservations")))
    assert kept | {"EXPIRED"} >= RESERVATION.states - {"HELD"}
    kinds = set(db.session.scalars(select(OrderEvent.type).distinct()))
    told = "CREATED RELEASED CANCELLED HELD FAILED PAID DOUBTED SHIPPED DELIVERED COMPLETED".split()
    told += ["SHIPMENT_CREATED", "SHIPMENT_SHIPPED", "SHIPMENT_RELEASE_FAILED"]
    assert {f"ORDER_{word}" for word in told} <= kinds


def a_year(play):
    """One order for each way that an order can go."""
    said = play.gateway_says
    shipped(play)
    for word in ("declined", "expired", "cancelled"):  # too late, and then paid after all
        placed = play.quickly_at_gateway(mug=1)
        said("pending" if word == "expired" else word, placed.bill)
        said(word, placed.bill)
        play.wait(minutes=46)
        play.run("close_unpaid_orders")
        said("paid", placed.bill)
        assert play.order_of(placed.bill).status == "PROCESSING"
    silent(play)
    doubted(play)
    again(play)
    disputed_and_won(play)
    reserved(play)
    backordered(play)


def shipped(play):
    """Paid, sent, delivered, done, partly and then wholly refunded, and disputed at last."""
    order = play.quickly_paid(mug=2).order
    parcel = play.last_order().shipments[0].id
    for verb, thing in ((orders.ship, parcel), (orders.deliver, parcel), (orders.complete, order.id)):
        with transaction():
            verb(thing)
    for amount in (100, order.due_minor - 100):
        play.ask_refund(
            order, amount, restock={play.order_of(play.last_bill()).lines[0].id: 1} if amount == 100 else {}
        )
        play.run("send_refunds")
    charge_back(play, play.last_bill())


def charge_back(play, bill):
    """The bank takes the money back, as its gateway tells."""
    assert play.gateway_says("charged_back", bill, event=f"dispute-{bill.id}") == 200


def disputed_and_won(play):
    """The bank took the money back and gave it up: whole, partly refunded, refunded, and of goods still awaited."""
    play.shelves(lamp=0, policy="backorder")
    for goods, back in (({"mug": 1}, 0), ({"mug": 1}, 100), ({"mug": 1}, None), ({"lamp": 1}, 0)):
        order = play.quickly_paid(**goods).order
        bill, amount = play.last_bill(), order.due_minor if back is None else back
        if amount:
            play.ask_refund(order, amount)
            play.run("send_refunds")
        charge_back(play, bill)
        assert play.gateway_says("won_back", bill, event=f"won-{bill.id}") == 200


def reserved(play):
    """Money is reserved, and given up."""
    placed = play.quickly_at_gateway(mug=1)
    for word in ("authorized", "voided"):
        assert play.gateway_says(word, placed.bill) == 200


def silent(play):
    """Pending for ever, then a person looks, then the money comes after all."""
    placed = play.quick_order(mug=1)
    play.gateway_says("pending", placed.bill)
    for _ in range(10):
        play.wait(hours=73)
        play.run("close_unpaid_orders")
    play.gateway_says("paid", placed.bill)
    assert play.order_of(placed.bill).status == "PROCESSING"


def doubted(play):
    """Reviewed: one is accepted, one is refused, one was disputed before it was sent."""
    for end in (orders.accept_after_review, orders.cancel_by_merchant):
        placed = play.quick_order(mug=1)
        play.gateway_says("paid", placed.bill, amount="1")
        with transaction():
            end(placed.order.id, "otto")
    order_id = paid_order(play).id
    with transaction():
        orders.cancel_by_merchant(order_id, "otto")
    charge_back(play, play.bills(paid_order(play))[0])
    assert play.last_order().status == "REVIEW"


def paid_order(play):
    """One that waits to be sent."""
    return play.quickly_paid(mug=1).order


def again(play):
    """Closed by its shopper, and paid again from the order's page."""
    placed = play.quickly_at_gateway(mug=1)
    placed.shopper.get(f"/orders/{placed.order.key}")
    placed.shopper.press("Cancel order")
    placed.shopper.press("Pay now")
    play.gateway_says("paid", play.last_bill())
    assert play.order_of(placed.bill).status == "PROCESSING"


def backordered(play):
    """Sold before it is there: the parcel waits, is refused, and leaves when the goods have come."""
    play.shelves(kettle=0, policy="backorder")
    play.quickly_paid(kettle=1)
    parcel, variant = play.last_order().shipments[0], play.variant("kettle").id
    assert parcel.status == "AWAITING_INVENTORY"
    with transaction(), pytest.raises(Conflict):
        orders.release_shipment(parcel.id)
    with transaction():
        orders.note_refused_release(parcel.id, "stock")
    with transaction():
        stock.set_on_hand(variant, 3, cause="adjust", actor="otto")
        orders.release_shipment(parcel.id)
    with transaction():
        orders.ship(parcel.id)
    assert play.last_order().status == "SHIPPED"


def test_a_move_that_the_table_lacks_is_refused(play, right_books):
    """ERR-10: Conflict names the present state, and nothing changes. INV-15."""
    play.shelves(mug=5)
    order = play.quickly_paid(mug=1).order
    for move in ("held", "failed", "delivered", "paid"):
        with transaction():
            row = db.session.get(Order, order.id)
            if move == "paid":
                assert ORDER.apply(row, move) is False  # it is there already
                continue
            with pytest.raises(Conflict) as refused:
                ORDER.apply(row, move)
            assert refused.value.data["state"] == "PROCESSING"
    assert play.last_order().status == "PROCESSING"


@pytest.mark.parametrize(
    "harm",
    [
        "UPDATE order_events SET data = '{\"total\": 1}' WHERE type = 'ORDER_CREATED'",
        "UPDATE order_events SET actor = 'somebody' WHERE type = 'ORDER_PAID'",
        "UPDATE order_events SET at = '2020-01-01 00:00:00' WHERE seq = 2",
        "UPDATE order_events SET type = 'ORDER_HELD' WHERE type = 'ORDER_PAID'",
        "UPDATE order_events SET hash = prev_hash WHERE seq = 3",
        "UPDATE order_events SET seq = 100 WHERE seq = 3",
        "UPDATE order_events SET cause_inbox_id = NULL WHERE type = 'ORDER_PAID'",
        "DELETE FROM order_events WHERE seq = 2",
        "DELETE FROM order_events WHERE seq = 1",
    ],
)
def test_tampering_with_the_history_shows(play, harm):
    """AUD-04, ORD-17, invariant 10: an altered or removed event of a real order breaks its chain. RULE-10."""
    play.shelves(mug=5)
    placed = play.quick_order(mug=1)
    play.gateway_says("paid", placed.bill)
    assert events.chain_is_whole(placed.order.id)
    with transaction():
        outbox = "DELETE FROM outbox_messages"
        db.session.execute(text(outbox))
        assert db.session.execute(text(harm)).rowcount
    play.look_again()
    assert not events.chain_is_whole(placed.order.id)
