"""What leaves the house: packed by lists, followed by links, and paid for before it goes if its money was reserved."""

import pytest
from sqlalchemy import select

from storefront import orders
from storefront.kit import events
from storefront.kit.db import db, transaction
from storefront.kit.errors import Conflict, Invalid
from storefront.orders.carriers import CARRIERS
from storefront.orders.models import Shipment, ShipmentLine
from storefront.payments.models import Capture, DeskRow, GatewayConfig, PaymentMethod
from storefront.stock.models import BACKORDER, Stock

from counter import CLERK, comes_in, opens
from purchases import at_once

pytestmark = pytest.mark.usefixtures("right_books")


@pytest.fixture
def carol(play):
    """The owner, signed in."""
    play.shop()
    return comes_in(play)


# --- lists to print


def test_the_pick_list_is_sorted_by_shelf(play, carol):
    """Every parcel that is ready, by shelf and SKU, with the sum of each; what waits or has left is not on it.

    SHS-03, SHS-05, SHS-07.
    """
    play.shelves(mug=9, bowl=9, pan=9)
    play.shelves(kettle=0, policy=BACKORDER)
    with transaction():
        db.session.get_one(Stock, play.variant("mug").id).shelf = "B-2"
        db.session.get_one(Stock, play.variant("bowl").id).shelf = "A-1"
    first, second = play.quickly_paid(mug=2, bowl=1), play.quickly_paid(mug=3, kettle=1)
    gone, held = play.quickly_paid(pan=1), play.quickly_paid(pan=1)
    with transaction():
        orders.ship(play.order_of(gone.bill).shipments[0].id)
    with transaction():
        orders.hold_shipment(play.order_of(held.bill).shipments[0].id, "otto")
    page = carol.get("/admin/parcels")
    table = page.text.split("Pick list")[-1] if "Pick list" in page.text else page.text
    assert page.has("3 parcels are ready") is False and page.has("2 parcels are ready to be packed")
    assert table.index("A-1") < table.index("B-2") and page.has(first.order.number) and page.has(second.order.number)
    assert "PAN" not in table.split("Held back")[0] and page.has("Waits for goods") and page.has("1 × KETTLE")
    assert "(2)" in table and "(3)" in table


def test_the_packing_slip_tells_what_is_inside_and_no_prices(play, carol):
    """Seller, address, what and how many are in this parcel and what follows; not one price. SHS-03, SHS-10."""
    play.shelves(mug=5)
    play.shelves(kettle=0, policy=BACKORDER)
    placed = play.quickly_paid(mug=2, kettle=1)
    inside = {one.id: [line.order_line.sku for line in one.lines] for one in play.last_order().shipments}
    assert sorted(inside.values()) == [["KETTLE"], ["MUG"]]
    parcel = next(number for number, skus in inside.items() if skus == ["MUG"])
    page = carol.get(f"/admin/orders/{placed.order.number}/shipments/{parcel}/slip")
    for word in (
        "Test Shop Ltd",
        "1 Quay Street",
        "Alice Byrne",
        "In this parcel Mug MUG 2 Comes later:",
        "1 × Kettle",
        placed.order.number,
    ):
        assert page.has(word), (word, page.text)
    assert "€" not in page.text and "12.50" not in page.text
    assert carol.get(f"/admin/orders/{placed.order.number}/shipments/999999/slip").status == 404


# --- tracking


def test_a_tracking_number_leads_to_its_carrier(play, carol):
    """In the letter, on the order's page and in the admin; the number is escaped into the pattern. SHS-04."""
    play.shelves(mug=5)
    placed = play.quickly_paid(mug=1)
    opens(carol, placed.order)
    page = carol.press("Mark as sent", {"Carrier": " an  post", "Tracking number": "RR 1/2&x"})
    link = "https://www.anpost.com/Post-Parcels/Track/History?item=RR1%2F2%26x"
    assert link in page.html.replace("&amp;", "&")
    assert link in placed.shopper.get(f"/orders/{placed.order.key}").html.replace("&amp;", "&")
    play.run("deliver_events")
    (letter,) = [mail for mail in play.mails() if "on its way" in mail["Subject"]]
    assert link in letter.get_body(("plain",)).get_content()


def test_an_unknown_carrier_has_no_link(play):
    """A carrier without a page: the number is shown as it is. SHS-04."""
    play.shelves(mug=5)
    placed = play.quickly_paid(mug=1)
    with transaction():
        orders.ship(play.last_order().shipments[0].id, carrier="My brother", tracking="RR1")
    page = placed.shopper.get(f"/orders/{placed.order.key}")
    assert page.has("RR1") and 'href="https' not in page.html.split("RR1")[0][-200:]


def test_the_owner_keeps_the_table_of_carriers(play, carol):
    """Shown, changed, and refused where a line cannot be; a clerk may not. SHS-04."""
    page = carol.get("/admin/carriers")
    assert page.has("Royal Mail")
    typed = "Pigeon Post | https://pigeons.example/{number}\n"
    assert carol.press("Save carriers", {"One carrier a line": typed}).has("Saved.")
    with play.app.test_request_context():
        assert orders.carriers() == {"Pigeon Post": "https://pigeons.example/{number}"} != CARRIERS
    henry = comes_in(play, CLERK, "staff")
    assert henry.get("/admin/carriers").status == 403


@pytest.mark.parametrize(
    "line",
    [
        "Pigeons",
        "Pigeons | http://pigeons.example/{number}",
        "Pigeons | https://pigeons.example/",
        "Pigeons | javascript:alert({number})",
        "Pigeons | https://{number}/",
        " | https://pigeons.example/{number}",
        "P | https://a.example/{number}\np | https://b.example/{number}",
        "P | https://a.example/ {number}",
        f"P | https://a.example/{{number}}{'x' * 600}",
    ],
)
def test_a_carrier_that_cannot_be_is_refused(play, carol, line):
    """An address that leads nowhere, or anywhere: 400 with a sentence, and the table stays. SHS-04."""
    page = carol.post("/admin/carriers", data={"carriers": line})
    assert page.status == 400 and page.has("There is a problem")
    with play.app.test_request_context():
        assert orders.carriers() == CARRIERS


def test_the_table_that_comes_with_the_shop_is_right(play):
    """Every carrier that we name passes our own check. SHS-04."""
    play.shop()
    with transaction():
        orders.set_carriers(CARRIERS, "otto")
    with pytest.raises(Invalid), transaction():
        orders.set_carriers({f"C{n}": "https://a.example/{number}" for n in range(101)}, "otto")


# --- money that is taken when the parcel leaves


def reserved(play, when="on_shipment", **goods):
    """An order whose payment is only reserved, with the way to pay saying when it is taken."""
    play.shelves(mug=5)
    with transaction():
        config = db.session.scalars(select(GatewayConfig).filter_by(name="sandbox")).one()
        config.properties = {**config.properties, "authorize_first": True}
        method = db.session.scalars(select(PaymentMethod).filter_by(code="card")).one()
        method.settings = {**method.settings, "capture": when}
    placed = play.quickly_at_gateway(**(goods or {"mug": 2}))
    placed.shopper.press("Pay")
    return placed._replace(order=play.last_order(), bill=play.last_bill())


def captures(play):
    """What was asked of the gateway: (kind, state)."""
    play.look_again()
    return [(row.kind, row.status) for row in db.session.scalars(select(Capture).order_by(Capture.id))]


def test_reserved_money_is_taken_when_the_first_parcel_leaves(play, carol):
    """Packed at once, captured once by the first parcel, not again by the second; the page tells it. ACT-21, SHS-04."""
    placed = reserved(play)
    assert (placed.order.status, placed.order.payment_status) == ("PROCESSING", "AUTHORIZED")
    assert play.holds(placed.order) == {"COMMITTED": 2}
    page = placed.shopper.get(f"/orders/{placed.order.key}")
    assert page.has("are reserved; they are taken when the first parcel leaves") and not page.has("is paid")
    line, parcel = play.last_order().lines[0].id, play.last_order().shipments[0].id
    with transaction():
        orders.split_parcel(parcel, {line: 1}, "otto")
    opens(carol, placed.order)
    assert carol.press("Mark as sent").has("Partly sent")
    assert captures(play) == [("capture", "SUCCEEDED")] and play.captured(placed.order) == placed.order.due_minor
    assert carol.press("Mark as sent").has("Everything is sent")
    assert captures(play) == [("capture", "SUCCEEDED")] and play.last_order().payment_status == "PAID"
    assert placed.shopper.get(f"/orders/{placed.order.key}").has("is paid")
    assert [event.type for event in events.of_order(placed.order.id)].count("ORDER_RELEASED") == 1


def test_two_who_send_take_the_money_once(play, carol):
    """Pressed twice at the same moment: one capture, one parcel. ACT-21, RACE-45."""
    placed = reserved(play)
    henry, parcel = comes_in(play, CLERK, "staff"), play.last_order().shipments[0].id
    path = f"/admin/orders/{placed.order.number}/shipments/{parcel}/ship"
    at_once(lambda: carol.post(path), lambda: henry.post(path))
    carol.post(path)
    assert captures(play) == [("capture", "SUCCEEDED")] and play.last_order().status == "SHIPPED"
    assert play.captured(placed.order) == placed.order.due_minor and play.shelf("mug") == (3, 0)


def test_money_that_cannot_be_taken_keeps_the_parcel(play, carol):
    """Refused by the gateway: the parcel stays ready, a sentence, a row on the desk; later it is taken and sent.

    ACT-21, SHS-03.
    """
    placed = reserved(play)
    session = play.session_of(placed.bill)
    with transaction():
        db.session.get_one(type(session), session.id).status = "open"
    opens(carol, placed.order)
    page = carol.press("Mark as sent")
    assert page.status == 409 and page.has("could not be taken") and page.has("Ready to send")
    assert captures(play) == [("capture", "FAILED")] and play.shelf("mug") == (5, 2)
    (row,) = db.session.scalars(select(DeskRow).filter_by(status="OPEN"))
    assert (row.reason, row.order_id) == ("capture_failed", placed.order.id)
    with transaction():
        db.session.get_one(type(session), session.id).status = "authorized"
    opens(carol, placed.order)
    assert carol.press("Mark as sent").has("Everything is sent")
    assert captures(play) == [("capture", "FAILED"), ("capture", "SUCCEEDED")]
    assert db.session.scalar(select(DeskRow.decision)) == "captured"


def test_no_answer_keeps_the_parcel_until_there_is_one(play, carol):
    """The gateway is away: nothing leaves, and the same question is asked again by itself. ACT-21."""
    placed = reserved(play)
    play.gateway_is_away()
    opens(carol, placed.order)
    page = carol.press("Mark as sent")
    assert page.status == 409 and page.has("has not said yet") and play.last_order().status == "PROCESSING"
    play.gateway_is_back()
    play.wait(minutes=10)
    play.run("send_captures")
    assert captures(play) == [("capture", "SUCCEEDED")]
    opens(carol, placed.order)
    assert carol.press("Mark as sent").has("Everything is sent")


def test_a_reservation_that_ended_keeps_the_parcel(play, carol):
    """The sum is not reserved any more: nothing leaves unpaid, and the order can be cancelled. ACT-21, RULE-12."""
    placed = reserved(play)
    assert play.gateway_says("voided", placed.bill) == 200
    parcel = play.last_order().shipments[0].id
    with pytest.raises(Conflict), transaction():
        orders.ship(parcel)
    opens(carol, placed.order)
    assert carol.press("Mark as sent").status == 409 and play.last_order().shipments[0].status == "RELEASED"
    carol.click("Cancel order")
    assert carol.press("Cancel order").has("is cancelled") and play.shelf("mug") == (5, 0)


def test_reserved_money_is_taken_at_the_release(play):
    """The other setting: asked for at once, and the order is packed when it is there. ACT-21."""
    placed = reserved(play, "at_release")
    assert (placed.order.status, captures(play)) == ("HOLD", [("capture", "REQUESTED")])
    play.run("send_captures")
    assert (play.last_order().status, captures(play)) == ("PROCESSING", [("capture", "SUCCEEDED")])


def test_a_reserved_order_whose_goods_are_gone_waits(play):
    """Goods that are only taken on payment are gone: it is not packed, and nobody's money is taken. ACT-21, STK-05."""
    play.shelves(mug=5)
    play.shelves(bowl=1, policy="deduct_on_paid")
    reserved(play)
    first, second = play.quickly_at_gateway(bowl=1), play.quickly_at_gateway(bowl=1)
    first.shopper.press("Pay")
    second.shopper.press("Pay")
    assert [play.order_of(one.bill).status for one in (first, second)] == ["PROCESSING", "HOLD"]
    play.wait(hours=2)
    play.run("close_unpaid_orders")
    assert play.order_of(second.bill).status == "REVIEW" and captures(play) == []


def test_a_reserved_order_that_a_rule_hits_is_looked_at_first(play):
    """A person lets it go on, and its money is still taken by the parcel. ACT-21."""
    play.shop(review_rules={"amount_minor": 100})
    placed = reserved(play)
    assert placed.order.status == "REVIEW" and captures(play) == []
    with transaction():
        orders.accept_after_review(placed.order.id, "otto")
    assert play.last_order().status == "PROCESSING"
    carol = comes_in(play)
    opens(carol, placed.order)
    assert carol.press("Mark as sent").has("Everything is sent") and captures(play) == [("capture", "SUCCEEDED")]


# --- parcels of orders that fail


def test_a_parcel_that_was_made_early_fails_with_its_order(play, carol):
    """An extension has planned a parcel before the payment: it fails with the order, and no list shows it. SHS-07."""
    play.shelves(mug=5)
    placed = play.quick_order(mug=1)
    line = placed.order.lines[0].id
    with transaction():
        goods = [ShipmentLine(order_line_id=line, qty=1)]
        db.session.add(Shipment(order_id=placed.order.id, status="INVENTORY_ASSIGNED", lines=goods))
    play.gateway_says("declined", placed.bill)
    play.wait(hours=2)
    play.run("close_unpaid_orders")
    order = play.last_order()
    assert (order.status, [one.status for one in order.shipments]) == ("FAILED", ["FAILED_ORDER"])
    assert not carol.get("/admin/parcels").has(order.number)
