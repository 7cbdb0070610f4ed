"""Returns: announced by the shopper, received with or without restock, and settled to the cent, once."""

import pytest
from sqlalchemy import select, update

from storefront import orders, payments
from storefront.kit import events
from storefront.kit.db import db, transaction
from storefront.kit.errors import Conflict, Invalid
from storefront.orders.models import OrderLine
from storefront.orders.return_models import OrderReturn
from storefront.orders.return_states import RETURN
from storefront.orders.worth import worth_of

from counter import comes_in, opens, trail
from purchases import at_once

pytestmark = pytest.mark.usefixtures("right_books")


@pytest.fixture
def carol(play):
    """The owner, signed in."""
    play.shop()
    return comes_in(play)


def sent(play, **goods):
    """An order that was paid and sent."""
    placed = play.quickly_paid(**goods)
    with transaction():
        for parcel in play.last_order().shipments:
            orders.ship(parcel.id)
    return placed


def lines(play):
    """SKU: the number of the line, of the last order."""
    play.look_again()
    return {line.sku: line.id for line in play.last_order().lines}


def the_return(play):
    """The last return."""
    play.look_again()
    return db.session.scalars(select(OrderReturn).order_by(OrderReturn.id.desc()).limit(1)).one()


def announced(play, **units):
    """What the last order's shopper announces: `announced(mug=1)`."""
    named = lines(play)
    with transaction():
        wanted = {named[sku.upper()]: qty for sku, qty in units.items()}
        return orders.announce_return(play.last_order().id, wanted, "Too small").id


def test_a_shopper_announces_staff_receive_and_the_money_goes_back(play, carol):
    """From the order's page to the refund: letters at each step, goods on the shelf as staff say, the sum suggested.

    INV-21, INV-22, STK-08, STK-09.
    """
    play.shelves(mug=5, bowl=5)
    placed = sent(play, mug=2, bowl=1)
    alice, mug = placed.shopper, lines(play)["MUG"]
    page = alice.get(f"/orders/{placed.order.key}")
    alice.click("Send something back")
    page = alice.press("Announce the return", {f"qty-{mug}": "2", "Why": "Too <b>small</b>"})
    assert page.steps == [303, 200] and page.has("we expect it") and page.has("Keep it after all")
    opens(carol, placed.order)
    assert carol.page.has("On its way back") and carol.page.has("Too <b>small</b>")
    carol.click("Return 1")
    page = carol.press("Receive it", {f"came-{mug}": "2", f"back-{mug}": "1"})
    assert page.has("Arrived: decide") and page.has("€25.00")
    assert play.shelf("mug") == (4, 0) and play.holds(placed.order) == {"CONSUMED": 2, "RETURNED": 1}
    assert carol.press("Send the money back", {"Reason for the customer": "Too small"}).has("Settled")
    assert play.session_of(placed.bill).refunded_minor == 2500 and the_return(play).status == "SETTLED"
    play.run("deliver_events")
    subjects = " / ".join(play.letters())
    for words in ("your return of order", "a return of order", "we have what you sent back", "refund for order"):
        assert words in subjects, words
    assert [line.split(":")[0] for line in trail()[-2:]] == ["receive return", "settle return"]
    assert alice.get(f"/orders/{placed.order.key}").has("done")


def test_a_return_is_received_and_paid_once(play):
    """Two who press at the same moment, and one who presses again: once on the shelf, once paid. INV-22, RULE-11."""
    play.shelves(mug=5)
    placed = sent(play, mug=2)
    coming, line = announced(play, mug=2), lines(play)["MUG"]
    play.look_again()

    def receive():
        with play.app.app_context(), transaction():
            orders.receive_return(coming, {line: 2}, {line: 2}, "otto")

    at_once(receive, receive)
    assert play.shelf("mug") == (5, 0)

    def settle():
        with play.app.app_context(), transaction():
            orders.settle_return(coming, 2500, "", "otto")

    at_once(settle, settle)
    play.look_again()
    assert [refund.amount_minor for refund in payments.refunds_of(placed.order.id)] == [2500]
    with pytest.raises(Conflict), transaction():
        orders.settle_return(coming, 0, "", "otto")


def test_no_more_comes_back_than_was_sent(play):
    """Not what is still in the house, not twice, not more than was announced: refused, nothing moves. INV-22."""
    play.shelves(mug=5, bowl=5)
    play.quickly_paid(mug=2, bowl=1)
    number, named = play.last_order().id, lines(play)
    with pytest.raises(Invalid), transaction():
        orders.announce_return(number, {named["MUG"]: 1}, "")
    with transaction():
        orders.ship(play.last_order().shipments[0].id)
    first = announced(play, mug=1)
    for units in ({named["MUG"]: 2}, {}, {named["MUG"]: 0}, {999_999: 1}):
        with pytest.raises(Invalid), transaction():
            orders.announce_return(number, units, "")
    for received, restock in (({named["MUG"]: 2}, {}), ({}, {}), ({named["MUG"]: 1}, {named["MUG"]: 2})):
        with pytest.raises(Invalid), transaction():
            orders.receive_return(first, received, restock, "otto")
    with transaction():
        orders.receive_return(first, {named["MUG"]: 1}, {}, "otto")
    assert play.shelf("mug") == (3, 0)
    assert announced(play, mug=1)


def test_goods_that_are_broken_stay_off_the_shelf(play):
    """Received without restock: paid back in full, and nobody can buy it again. STK-09."""
    play.shelves(mug=5)
    placed = sent(play, mug=1)
    coming, line = announced(play, mug=1), lines(play)["MUG"]
    with transaction():
        orders.receive_return(coming, {line: 1}, {}, "otto")
        orders.settle_return(coming, orders.suggested_refund(the_one(coming)), "", "otto")
    play.run("send_refunds")
    assert play.shelf("mug") == (4, 0) and play.session_of(placed.bill).refunded_minor == 1250


def the_one(return_id):
    """A return by its id."""
    return db.session.get_one(OrderReturn, return_id)


def test_the_shares_of_a_line_sum_to_what_it_cost(play):
    """A line of three for ten euros less a cent: whatever parts come back one by one, their worth is the whole."""
    play.shelves(price=333, mug=9)
    sent(play, mug=3)
    order, line = play.last_order(), play.last_order().lines[0]
    with transaction():  # as an order discount leaves a line: it does not divide
        db.session.execute(update(OrderLine).values(discount_minor=2, total_minor=997))
        db.session.refresh(line)
        whole = worth_of(order, {line.id: 3})
        first = orders.announce_return(order.id, {line.id: 1}, "").id
        orders.receive_return(first, {line.id: 1}, {}, "otto")
        parts = [orders.suggested_refund(the_one(first)), worth_of(order, {line.id: 1})]
        second = orders.announce_return(order.id, {line.id: 2}, "").id
        orders.receive_return(second, {line.id: 2}, {}, "otto")
        parts = [parts[0], orders.suggested_refund(the_one(second))]
        db.session.rollback()
    assert whole == 997 and parts == [333, 664] and sum(parts) == whole


def test_an_order_waits_for_its_returns(play, carol):
    """With something on its way back it is not completed, by nobody; once that is decided it is. RULE-12, ORD-06."""
    play.shelves(mug=5)
    placed = sent(play, mug=1)
    coming = announced(play, mug=1)
    opens(carol, placed.order)
    page = carol.press("Complete the order")
    assert page.status == 409 and page.has("on its way back")
    play.wait(days=20)
    assert play.run("complete_orders") == {"rows": 0, "done": 0, "failed": 0}
    with transaction():
        orders.withdraw_return(coming)
    play.run("complete_orders")
    assert play.last_order().status == "COMPLETED"


def test_an_order_in_dispute_is_not_completed(play):
    """The bank has the money: neither time nor staff complete it. RULE-12."""
    play.shelves(mug=5)
    placed = sent(play, mug=1)
    play.gateway_says("charged_back", placed.bill, event="cb-1")
    assert play.last_order().payment_status == "DISPUTED"
    with pytest.raises(Conflict), transaction():
        orders.complete(placed.order.id)
    play.wait(days=20)
    assert play.run("complete_orders")["rows"] == 0 and play.last_order().status == "SHIPPED"


def test_time_decides_about_returns_that_nobody_finishes(play):
    """What never arrives is over; what arrived and nobody decided about is paid back. RULE-12."""
    play.shelves(mug=5, bowl=5)
    placed = sent(play, mug=1, bowl=1)
    lost, silent = announced(play, mug=1), announced(play, bowl=1)
    line = lines(play)["BOWL"]
    with transaction():
        orders.receive_return(silent, {line: 1}, {line: 1}, "otto")
    assert play.run("end_old_returns")["done"] == 0
    play.wait(days=8)
    play.run("end_old_returns")
    assert (the_one(lost).status, the_one(silent).status) == ("ANNOUNCED", "SETTLED")
    play.run("send_refunds")
    assert play.session_of(placed.bill).refunded_minor == 1250
    play.wait(days=60)
    play.run("end_old_returns")
    assert the_one(lost).status == "WITHDRAWN"


def test_the_days_for_sending_back_are_the_shops(play, carol):
    """After them the shopper cannot announce, and staff still can. The page says whom to write to."""
    play.shelves(mug=5)
    play.shop(return_days=14)
    placed = sent(play, mug=1)
    alice = placed.shopper
    assert alice.get(f"/orders/{placed.order.key}").has("Send something back")
    play.wait(days=15)
    carol = comes_in(play)
    assert not alice.get(f"/orders/{placed.order.key}").has("Send something back")
    page = alice.get(f"/orders/{placed.order.key}/return")
    assert page.status == 409 and page.has("Write to us")
    opens(carol, placed.order)
    carol.click("Something came back")
    page = carol.press("Go on to the return", {f"qty-{lines(play)['MUG']}": "1"})
    assert page.has("Receive it")


def test_a_shopper_keeps_it_after_all_or_is_declined(play, carol):
    """Both end the return, each once; what is declined is told with the reason."""
    play.shelves(mug=5)
    placed = sent(play, mug=2)
    announced(play, mug=1)
    placed.shopper.get(f"/orders/{placed.order.key}")
    assert placed.shopper.press("Keep it after all").has("not sent back")
    coming = announced(play, mug=1)
    carol.get(f"/admin/orders/{placed.order.number}/returns/{coming}")
    assert carol.press("Decline the return").status == 400
    assert carol.press("Decline the return", {"What the customer will read": "It was worn"}).has("Declined")
    play.run("deliver_events")
    assert any("It was worn" in mail.get_body(("plain",)).get_content() for mail in play.mails())
    assert carol.post(f"/admin/orders/{placed.order.number}/returns/{coming}/receive").status in (400, 409)
    assert placed.shopper.post(f"/orders/{placed.order.key}/returns/{coming}/withdraw").status == 409


@pytest.mark.parametrize("typed", ["x", "-1", "1.5", "99999999999999", "3"])
def test_nonsense_is_answered(play, carol, typed):
    """Whatever is typed into a field of a return: a sentence, and nothing moves."""
    play.shelves(mug=5)
    placed = sent(play, mug=2)
    line = lines(play)["MUG"]
    shopper = placed.shopper.post(f"/orders/{placed.order.key}/return", data={f"qty-{line}": typed})
    assert shopper.status == 400
    base = f"/admin/orders/{placed.order.number}/returns"
    assert carol.post(f"{base}/new", data={f"qty-{line}": typed}).status == 400
    coming = announced(play, mug=1)
    assert carol.post(f"{base}/{coming}/receive", data={f"came-{line}": typed}).status == 400
    assert the_one(coming).status == "ANNOUNCED"
    with transaction():
        orders.receive_return(coming, {line: 1}, {}, "otto")
    if typed != "3":
        assert carol.post(f"{base}/{coming}/settle", data={"amount": typed}).status in (200, 400)
    assert carol.post(f"{base}/{coming}/settle", data={"amount": "999.00"}).status in (400, 409)
    other = sent(play, mug=1)
    assert carol.get(f"/admin/orders/{other.order.number}/returns/{coming}").status == 404
    assert placed.shopper.post(f"/orders/{other.order.key}/returns/{coming}/withdraw").status == 404


def test_every_move_of_a_return_is_in_its_table(play):
    """Each state has a way out, by a person and by time, or is an end. INV-15, RULE-12."""
    play.shop()
    ends = RETURN.states - {state for sources, _target in RETURN.table.values() for state in sources}
    assert ends == {"SETTLED", "DECLINED", "WITHDRAWN"}
    assert {move.event for move in RETURN.moves} == {"received", "settled", "declined", "withdrawn"}
    assert all(move.guard and move.effect for move in RETURN.moves)
    page = comes_in(play).get("/admin/guide")
    assert page.has("On its way back") and page.has("Something is to come back")


def test_returned_goods_serve_who_waits(play):
    """What comes back to the shelf goes into a parcel that waited for it. SHS-01."""
    play.shelves(kettle=1, policy="backorder")
    sent(play, kettle=1)
    coming, line = announced(play, kettle=1), lines(play)["KETTLE"]
    waiting = play.quickly_paid(kettle=1)
    assert play.order_of(waiting.bill).shipments[0].status == "AWAITING_INVENTORY"
    with transaction():
        orders.receive_return(coming, {line: 1}, {line: 1}, "otto")
        orders.settle_return(coming, 0, "", "otto")
    play.run("assign_waiting_goods")
    assert play.order_of(waiting.bill).shipments[0].status == "RELEASED"
    assert [event.type for event in events.of_order(waiting.order.id)][-1] == "ORDER_SHIPMENT_RELEASED"
