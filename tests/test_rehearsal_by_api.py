"""Services that can be asked, rehearsed: what is reserved, refused, decided late, left, and out of order."""

from xml.etree.ElementTree import fromstring

import pytest
import requests
from sqlalchemy import select

from rehearsing import rehearse
from storefront import orders, payments
from storefront.kit import money
from storefront.kit.db import db, transaction
from storefront.payments.gateways import altapay_xml
from storefront.payments.models import InboxMessage
from storefront.sandbox import rehearsal
from storefront.sandbox.models import SandboxPayment
from storefront.sandbox.scenario import Notice

from counter import comes_in, opens, takes
from merchant import on_desk

pytestmark = pytest.mark.usefixtures("right_books")
LATER = {"stripe": {"capture": "manual"}, "altapay": {"capture": "payment"}, "quickpay": {"autocapture": "0"}}


@pytest.fixture(params=("stripe", "altapay"))
def kind(request, play):
    """Each service in its turn, and five mugs."""
    play.shelves(mug=5)
    return request.param


def theirs():
    """The session in the books of the service that is played."""
    return db.session.scalars(select(SandboxPayment).order_by(SandboxPayment.id.desc())).first()


def pays(play, press="Pay", until="PAID", **scenario):
    """Two mugs, and a button on the page of the service; some services lead back by a form."""
    placed = play.quickly_at_gateway(mug=2)
    placed.shopper.press(press, **scenario)
    if placed.shopper.page.path.startswith("/sandbox/"):
        placed.shopper.press("Back to the shop")
    play.until(lambda: play.last_bill().status == until)
    return placed._replace(order=play.last_order(), bill=play.last_bill())


@pytest.mark.parametrize("kind", LATER, indirect=True)
def test_reserved_and_taken(play, kind):
    """BIL-20: reserved at the page, taken on somebody's word, once in both books."""
    rehearse(play, kind, **LATER[kind])
    placed = pays(play, until="AUTHORIZED")
    assert (theirs().captured_minor, play.last_order().status) == (0, "HOLD")
    carol = comes_in(play)
    opens(carol, placed.order)
    takes(carol)
    play.run("send_captures")
    play.look_again()
    assert (play.last_bill().status, play.last_order().status) == ("PAID", "PROCESSING")
    assert (theirs().captured_minor, on_desk(play)) == (placed.order.due_minor, [])
    says_it_again(play)
    play.both_books_agree()


def says_it_again(play):
    """The service tells of the payment as it is now, by itself."""
    told = rehearsal.notice_of(theirs(), Notice())
    assert requests.post(told[0], data=told[1].encode(), headers=told[2], timeout=30).status_code == 200
    play.look_again()


def told_of_parts(reference, *parts):
    """What AltaPay's API says of a transaction that was taken in these parts (date, sum), as its adapter reads it."""
    rows = "".join(
        f"<ReconciliationIdentifier><Id>p{day}</Id><Amount>{money.plain(amount, 'EUR')}</Amount><Type>captured</Type>"
        f"<Date>2026-01-{day:02}T10:00:00+00:00</Date></ReconciliationIdentifier>"
        for day, amount in parts
    )
    total = money.plain(sum(amount for _day, amount in parts), "EUR")
    facts = {"TransactionId": "14000001", "ShopOrderId": reference, "Terminal": "Test Terminal"}
    facts |= {"TransactionStatus": "captured", "MerchantCurrencyAlpha": "EUR", "CapturedAmount": total}
    told = "".join(f"<{name}>{text}</{name}>" for name, text in facts.items())
    return list(
        altapay_xml.news(fromstring(f"<T>{told}<ReconciliationIdentifiers>{rows}</ReconciliationIdentifiers></T>"))
    )


@pytest.mark.parametrize("kind", ["altapay"], indirect=True)
def test_what_is_taken_in_parts_at_its_console_is_booked_part_by_part(play, kind):
    """BIL-20, NOT-04: each part once with its own sum, told again and again; none pays the order by itself."""
    rehearse(play, kind, **LATER[kind])
    placed = pays(play, until="AUTHORIZED")
    reference, whole = placed.bill.gateway_reference, placed.order.due_minor
    for parts in ([(2, 1000)], [(2, 1000)], [(5, whole - 1000), (2, 1000)], [(2, 1000), (5, whole - 1000)]):
        for outcome in told_of_parts(reference, *parts):
            with transaction():
                orders.settle(payments.bill_by_reference("other", reference), outcome)
    play.look_again()
    assert play.captured(placed.order) == whole
    bills = payments.bills_of(placed.order.id)
    assert [(bill.status, bill.disposition, bill.quarantine_reason) for bill in bills] == [
        ("PAID", "QUARANTINED", "amount_mismatch"),
        ("PAID", "QUARANTINED", "amount_mismatch"),
    ]
    assert len(on_desk(play)) == 2


@pytest.mark.parametrize("kind", LATER, indirect=True)
def test_reserved_and_given_up(play, kind):
    """BIL-20: what is given up is reserved nowhere, and nobody has to look."""
    rehearse(play, kind, **LATER[kind])
    placed = pays(play, until="AUTHORIZED")
    carol = comes_in(play)
    opens(carol, placed.order)
    takes(carol, "Give it up")
    play.run("send_captures")
    play.look_again()
    assert (play.last_bill().status, theirs().status, on_desk(play)) == ("CANCELLED", "voided", [])


def test_refused_and_the_order_still_waits(play, kind):
    """ERR-04, RET-02: the page is open for another card there, so a refusal ends nothing here."""
    rehearse(play, kind)
    placed = pays(play, "Decline", until="REDIRECTED", reason="insufficient_funds")
    order = play.last_order()
    assert (order.status, play.captured(order), on_desk(play)) == ("HOLD", 0, [])
    assert placed.shopper.get(f"/orders/{order.key}/pay").status == 200


def test_decided_late(play, kind):
    """NOT-03, NOT-07: pending at first, then paid: a question and an event say so, and the money comes once."""
    rehearse(play, kind)
    pays(play, scenario="pending_then_paid", until="PENDING")
    play.wait(seconds=10)
    play.run("deliver_sandbox_notices")
    play.until(lambda: play.last_bill().status == "PAID")
    play.both_books_agree()


def test_left_until_its_time_is_over(play, kind):
    """RED-04, NOT-02: the service says that nothing was paid; its page is closed where that can be done."""
    rehearse(play, kind)
    play.quickly_at_gateway(mug=2)
    play.wait(hours=2)
    play.run("close_unpaid_orders")
    play.run("deliver_events")
    play.look_again()
    assert (play.last_order().status, theirs().status) == ("CANCELLED", "closed" if kind == "stripe" else "open")


def test_out_of_order(play, kind):
    """ERR-01, ERR-08: the service does not answer: no order, a page that says so, and nothing paid anywhere."""
    rehearse(play, kind, api="http://127.0.0.1:9")
    basket = play.filled_basket(mug=2)
    with pytest.raises(Exception, match="does not answer"):
        play.confirm_basket(basket)
    assert theirs() is None and play.last_order().status == "FAILED"


def test_a_stranger_says_that_it_was_paid(play, kind):
    """NOT-11, SEC-02: a notification without the secret changes nothing and is kept."""
    rehearse(play, kind)
    play.quickly_at_gateway(mug=2)
    stranger = play.visitor()
    body = f"shop_orderid={play.last_bill().reference}&amount=29.90&currency=EUR&status=succeeded&checksum="
    answer = stranger.post("/payments/other/notify", data=body.encode(), csrf=False)
    assert answer.status == 400 and play.last_bill().status == "REDIRECTED"
    with transaction():
        kept = db.session.scalars(select(InboxMessage).order_by(InboxMessage.id.desc())).first()
        assert (kept.outcome, bytes(kept.body)) == ("REJECTED", body.encode())
