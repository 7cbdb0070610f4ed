"""A bill is one attempt to pay one order: what its row holds, and that attempts do not disturb each other."""

from datetime import UTC, datetime

import pytest
from sqlalchemy import inspect, select
from sqlalchemy.exc import IntegrityError

from storefront import payments
from storefront.kit.db import db, transaction
from storefront.kit.errors import Invalid
from storefront.orders.models import Order
from storefront.payments.models import Bill, GatewayConfig, LedgerEntry, PaymentMethod

pytestmark = pytest.mark.usefixtures("right_books")


def waiting(play, **goods):
    """Somebody's order that waits for its money."""
    play.shelves(mug=9)
    return play.quick_order(**(goods or {"mug": 1}))


def test_race_10_the_first_attempt_is_paid_after_the_second_began(play):
    """The first verified money counts; the second attempt is closed here, and at the gateway. RACE-10, RAC-12."""
    placed = waiting(play)
    placed.shopper.get(placed.bill.next_step)
    first = play.last_bill()
    placed.shopper.get(f"/orders/{placed.order.key}/pay")
    placed.shopper.post(f"/orders/{placed.order.key}/pay")
    second = play.last_bill()
    placed.shopper.get(second.next_step)
    placed.shopper.press("Continue to payment page")
    play.gateway_says("paid", first)
    assert [(bill.status, bill.disposition) for bill in play.bills(placed.order)] == [
        ("PAID", "APPLIED"),
        ("CANCELLED", "NONE"),
    ]
    play.run("deliver_events")
    assert play.session_of(second).status == "closed"
    assert play.last_order().status == "PROCESSING"


def test_race_11_the_second_attempt_fails_after_the_first_was_paid(play):
    """Attempts are independent: the order stays paid, the failure is kept as a message. RACE-11, INV-16."""
    placed = waiting(play)
    first = placed.bill
    placed.shopper.get(f"/orders/{placed.order.key}/pay")
    placed.shopper.post(f"/orders/{placed.order.key}/pay")
    second = play.last_bill()
    assert (second.attempt_no, second.reference) != (first.attempt_no, first.reference)
    play.gateway_says("paid", first)
    assert play.gateway_says("declined", second, reason="card_declined") == 200
    assert (play.last_order().status, play.last_order().payment_status) == ("PROCESSING", "PAID")
    assert play.outcomes() == ["APPLIED", "NO_EFFECT"]


def test_the_row_of_a_bill(play):
    """A number, its gateway, a whole sum with its currency, where to go, UTC times in ISO. BIL-01, BIL-02, BIL-03,
    BIL-06, BIL-08, BIL-09."""
    placed = waiting(play)
    bill = placed.bill
    assert isinstance(bill.id, int) and isinstance(bill.amount_minor, int)
    assert (bill.backend, bill.amount_minor, bill.currency) == ("sandbox", placed.order.due_minor, "EUR")
    assert bill.next_step == f"/pay/{bill.key}" and len(bill.key) >= 22
    for moment in (bill.created_at, bill.updated_at):
        assert moment.tzinfo is not None and moment.utcoffset().total_seconds() == 0
        assert datetime.fromisoformat(moment.isoformat()) == moment <= datetime.now(UTC)
    before = bill.updated_at
    play.wait(minutes=1)
    play.gateway_says("paid", bill)
    assert play.last_bill().updated_at > before


@pytest.mark.parametrize("amount", [0, -1])
def test_a_bill_asks_for_something(play, amount):
    """The database itself refuses a bill for nothing, or less. BIL-03, RULE-08."""
    placed = waiting(play)
    with pytest.raises(IntegrityError), transaction():
        db.session.get_one(Bill, placed.bill.id).amount_minor = amount


def test_a_transaction_is_one_bills(play):
    """The same transaction on a second bill of the gateway is refused by the database. BIL-04, INV-04."""
    first = waiting(play)
    play.gateway_says("paid", first.bill)
    second = waiting(play)
    with pytest.raises(IntegrityError), transaction():
        db.session.get_one(Bill, second.bill.id).transaction_id = f"tr-{first.bill.reference}"


def test_what_a_bill_keeps_beside(play):
    """The order's number, the way to pay and the gateway's own code come back as they were put in. BIL-05, BIL-12."""
    placed = waiting(play)
    method = db.session.get_one(PaymentMethod, placed.bill.method_id)
    assert placed.bill.extra["order"] == placed.order.number
    assert placed.bill.extra["method"] == method.code == placed.order.payment_method["code"]
    assert db.session.get_one(Order, placed.bill.order_id).number == placed.order.number
    play.gateway_says("declined", placed.bill, reason="insufficient_funds")
    assert (play.last_bill().vendor_code, play.last_bill().error_type) == ("insufficient_funds", "insufficient_funds")


def test_a_bill_belongs_to_an_order_and_a_method(play):
    """Both are foreign keys of the database. BIL-12."""
    waiting(play)
    keys = {key["referred_table"] for key in inspect(db.engine).get_foreign_keys("bills")}
    assert keys == {"orders", "payment_methods"}


@pytest.mark.parametrize("genuine", [True, False], ids=["genuine", "forged"])
def test_verified_only_by_a_genuine_message(play, genuine):
    """A forged "paid" leaves it as it was; a genuine one sets it. BIL-07, NOT-11."""
    placed = waiting(play)
    fields = play.message("paid", placed.bill)
    answer = play.notify(fields if genuine else {**fields, "signature": "0" * 64})
    assert (answer.status, play.last_bill().verified) == ((200, True) if genuine else (400, False))


def test_two_gateways_side_by_side(play):
    """Each configured gateway has ways to pay of its own; the order's bill is the chosen one's. BIL-10, ROL-10."""
    placed = waiting(play)
    with transaction():
        other = db.session.scalars(select(GatewayConfig).filter_by(name="sandbox")).one()
        twin = GatewayConfig(
            name="second", label="Second Pay", type=other.type, mode="test", properties=dict(other.properties),
            secrets=dict(other.secrets), certificates={}, settlement={},
        )  # fmt: skip
        db.session.add(twin)
        db.session.add(PaymentMethod(code="second", label="Second card", config=twin, position=5))
    found = [choice.method.code for choice in payments.methods(1000, "EUR", "IE") if not choice.why_not]
    assert {"card", "second"} <= set(found)
    placed.shopper.get(f"/orders/{placed.order.key}/pay")
    placed.shopper.press("Pay now", choice="Second card")
    bills = play.bills(placed.order)
    assert [(bill.backend, bill.status) for bill in bills] == [("sandbox", "CANCELLED"), ("second", "REDIRECTED")]
    assert play.visitor().post("/payments/second/notify", data=b"x", csrf=False).status == 400


def test_no_order_waits_without_a_bill(play):
    """The bill is made before the order waits; of several, sums are asked for once. BIL-11, BIL-13, INV-01, INV-01."""
    placed = waiting(play)
    (bill,) = play.bills(placed.order)
    assert (placed.order.status, bill.amount_minor) == ("HOLD", placed.order.due_minor)
    placed.shopper.get(f"/orders/{placed.order.key}/pay")
    placed.shopper.post(f"/orders/{placed.order.key}/pay")
    attempts = play.bills(placed.order)
    assert [bill.status for bill in attempts] == ["CANCELLED", "REDIRECTED"]
    assert {bill.amount_minor for bill in attempts} == {placed.order.due_minor}


def test_no_table_has_a_place_for_a_card(play):
    """No column is named after what stands on a card, and none is filled with it. BIL-14."""
    placed = waiting(play)
    play.gateway_says("paid", placed.bill, note="4111 1111 1111 1111")
    names = {column.name for table in db.metadata.sorted_tables for column in table.columns}
    assert not names & {"pan", "cvc", "cvv"}
    assert not {name for name in names if "card_number" in name or "card_holder" in name}
    for table, rows in play.tables("inbox_messages").items():
        assert not [row for row in rows if "4111 1111" in row or "41111111" in row], table


def test_the_null_gateway_stays_out_of_a_live_shop(play):
    """The sandbox says yes or no as it is told, and a live shop refuses to start with it switched on. BIL-18."""
    placed = waiting(play)
    play.gateway_says("paid", placed.bill)
    assert play.last_order().status == "PROCESSING"
    before = play.app.config["LIVE"]
    play.app.config["LIVE"] = True
    try:
        with pytest.raises(Invalid):
            payments.check_live()
        assert payments.methods(1000, "EUR", "IE") == []
    finally:
        play.app.config["LIVE"] = before
    assert play.rows_of(LedgerEntry) == 1
