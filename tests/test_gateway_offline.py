"""Paying without a gateway: a bank transfer is awaited and entered by hand; what is paid on pickup goes out before."""

from types import SimpleNamespace

import pytest
from sqlalchemy import select

from storefront.kit.db import db, transaction
from storefront.payments.gateways import base, conformance
from storefront.payments.gateways.base import Message
from storefront.payments.gateways.offline import Offline
from storefront.payments.gateways.stand import OURS, URLS
from storefront.payments.models import GatewayConfig, InboxMessage, PaymentMethod

from counter import comes_in, opens, trail
from merchant import on_desk

ACCOUNT = {"account": "EE382200221020145685", "holder": "The Test Shop Ltd", "bic": "HABAEE2X", "bank": "Swedbank"}


def said(channel, word, bill, secrets):
    """Nobody says anything: whatever is sent there is somebody's guess."""
    return Message("POST", "", f"reference={bill.reference}&status={word}".encode())


STAND = conformance.Stand(Offline, ACCOUNT, {}, said)


@pytest.mark.parametrize("check", conformance.CHECKS, ids=lambda check: check.__name__)
def test_it_conforms(bare_app, check):
    """It holds what every gateway must hold; it hears nothing (ADM-03)."""
    with bare_app.app_context():
        check(STAND)


@pytest.mark.parametrize(
    ("settings", "words"),
    [
        ({**ACCOUNT, "account": "EE382200221020145686"}, "not a right IBAN"),
        ({**ACCOUNT, "account": "EE38"}, "not a right IBAN"),
        ({**ACCOUNT, "holder": ""}, "holder"),
        ({**ACCOUNT, "bic": "swedbank"}, "bic"),
        ({"account": "12-3456-7", "holder": "A shop"}, ""),
        ({}, ""),
    ],
)
def test_an_account_is_looked_at_before_it_is_shown(bare_app, settings, words):
    """ADM-02: a wrong IBAN, or one without a name, sends money astray; national numbers are taken as they are."""
    with bare_app.app_context():
        wrong = " ".join(Offline(SimpleNamespace(settings=settings, secrets={}, mode="live")).check())
    assert words in wrong and bool(wrong) == bool(words)


def test_the_account_is_told_in_groups_of_four(bare_app):
    """RED-10: as people copy it; without an account there is nothing to tell."""
    with bare_app.app_context():
        assert STAND.gateway().pay_to() == {**ACCOUNT, "account": "EE38 2200 2210 2014 5685"}
        assert STAND.gateway(without="account").pay_to() == {}
        assert STAND.gateway().begin(OURS, URLS).type == base.PENDING


# --- a whole order


@pytest.fixture
def by_transfer(play, right_books):
    """The only way to pay is a transfer, for which goods are kept for five days; and five mugs."""
    play.shelves(mug=5)
    _only("transfer", "Bank transfer", {"pending_window_h": 120}, ACCOUNT)


@pytest.fixture
def on_pickup(play, right_books):
    """The only way to pay is on pickup; and five mugs."""
    play.shelves(mug=5)
    _only("later", "Pay on pickup", {}, {}, auto_approve=True)


def _only(code, label, settings, properties, **more):
    with transaction():
        for method in db.session.scalars(select(PaymentMethod)):
            method.active = False
        config = GatewayConfig(name=code, label=label, type="offline", mode="test", properties=properties)
        db.session.add(PaymentMethod(code=code, label=label, config=config, settings=settings, **more))


def ordered(play, **goods):
    """Somebody has confirmed an order."""
    shopper = play.visitor("alice")
    play.fill_cart(shopper, **(goods or {"mug": 2}))
    play.to_preview(shopper)
    page = shopper.press("Confirm and pay")
    return page, play.last_order()


def time_is_over(play):
    """Five days go by, and the hours for which the goods are kept beyond them."""
    play.wait(hours=121)
    for _ in range(10):
        play.wait(hours=1)
        play.run("close_unpaid_orders")


def enters(carol, order, amount, booking=""):
    """Staff enter what has come."""
    opens(carol, order)
    fields = {"The bank’s name for it, if it has one": booking}
    page = carol.press("The money is here", {f"What has come, in {order.currency}": amount, **fields})
    return carol.press("The money is here") if page.status == 200 else page


def test_the_shopper_is_told_where_to_send_the_money(play, by_transfer):
    """RED-10, BIL-11: account, reference and sum on the page and in the letter; the goods are kept meanwhile."""
    page, order = ordered(play)
    bill = play.last_bill()
    assert (order.status, order.payment_status, bill.status) == ("HOLD", "PENDING", "PENDING")
    assert page.path == f"/orders/{order.key}" and page.has(f"Order {order.number} waits for your transfer")
    for words in ("The Test Shop Ltd", "EE38 2200 2210 2014 5685", "HABAEE2X", "Swedbank", bill.reference, "€29.90"):
        assert page.has(words), words
    assert "Pay now" not in page.text and page.has("when you write to")
    play.run("deliver_events")
    (letter,) = play.mails()
    for kind in ("plain", "html"):
        text = letter.get_body((kind,)).get_content()
        assert "EE38 2200 2210 2014 5685" in text and bill.reference in text and "/pay" not in text
    play.wait(hours=100)
    play.run("close_unpaid_orders")
    assert (play.last_order().status, play.on_shelf("mug")) == ("HOLD", 3)


def test_staff_enter_the_money_once(play, by_transfer):
    """BIL-04, ADM-12: entered on the order's page, it pays the order; who did it stands in the trail and the inbox."""
    _page, order = ordered(play)
    carol = comes_in(play)
    page = enters(carol, order, "29,90", "SWB-1")
    assert page.path == f"/admin/orders/{order.number}" and page.has("The money is entered.")
    play.look_again()
    order, bill = play.last_order(), play.last_bill()
    assert (order.status, order.payment_status, bill.status, bill.disposition) == (
        *("PROCESSING", "PAID"),
        *("PAID", "APPLIED"),
    )
    assert (bill.transaction_id, play.captured(order)) == ("SWB-1", 2990)
    told = db.session.scalars(select(InboxMessage).filter_by(channel="hand")).one()
    assert (told.url, told.outcome, told.signature) == ("by carol@example.com", "APPLIED", "ok")
    assert f"receive money: order {order.number}" in trail()
    again = carol.post(f"/admin/orders/{order.number}/received", {"amount": "29.90"})
    assert again.status == 409 and again.has("No money is awaited here any more.")
    assert play.captured(order) == 2990


@pytest.mark.parametrize(
    ("amount", "said"), [("29.90", "counts as paid, and goes to packing"), ("20", "waits on the desk")]
)
def test_a_page_says_before_what_entering_it_does(play, by_transfer, amount, said):
    """ADM-12: sum, order, booking and consequence; looking enters nothing, and the page's sum is what is entered."""
    _page, order = ordered(play)
    carol = comes_in(play)
    opens(carol, order)
    fields = {"What has come, in EUR": amount, "The bank’s name for it, if it has one": "SWB-1"}
    page = carol.press("The money is here", fields)
    sum_ = f"€{float(amount):.2f}"
    assert page.status == 200 and sum_ in page.heading and page.has(order.number) and page.has("SWB-1")
    assert page.has(said) and page.has("This cannot be undone") and page.link("Not now")
    assert (play.captured(order), play.outcomes()) == (0, [])
    form, _button = page.form(f"The money is here, {sum_}")
    sent = [carol.post(form.action, dict(form.values()), csrf=False) for _ in range(2)]
    assert [one.status for one in sent] == [200, 409]
    assert play.captured(order) == round(100 * float(amount))
    assert carol.get(f"{form.action}?amount=29.90").status == 409


def test_what_cannot_be_sent_back_is_said_before(play, by_transfer):
    """ADM-15: the shop cannot send a transfer back: the page before the button says who must, and where it waits."""
    _page, order = ordered(play)
    carol = comes_in(play)
    enters(carol, order, "29,90", "SWB-1")
    page = carol.get(f"/admin/orders/{order.number}/refund?review=1&what=all")
    assert page.has("this shop cannot send that back: transfer it yourself") and not page.has("Banks take 3 to 5 days")
    assert page.has("It waits on the desk until you say there that it went back.")


@pytest.mark.parametrize("amount", ["", "much", "0", "-1", "1.234", "9" * 30])
def test_what_is_no_sum_is_not_entered(play, by_transfer, amount):
    """ERR-09: the same page again, with a sentence and with what was typed."""
    _page, order = ordered(play)
    page = enters(comes_in(play), order, amount, "SWB-<9>")
    assert page.status == 400 and play.captured(order) == 0
    assert f'name="amount" value="{amount}"' in page.html and 'value="SWB-&lt;9&gt;"' in page.html


def test_too_little_waits_on_the_desk(play, by_transfer):
    """DSK: another sum than is due is looked at, and nothing is packed for it."""
    _page, order = ordered(play)
    enters(comes_in(play), order, "20")
    play.look_again()
    assert (play.last_order().status, on_desk(play)) == ("REVIEW", ["amount_mismatch"])


def test_one_booking_pays_one_order(play, by_transfer):
    """BIL-04: a booking that is named twice by mistake pays nothing the second time."""
    carol = comes_in(play)
    first, second = (ordered(play, mug=1)[1] for _ in range(2))
    enters(carol, first, "14.95", "SWB-2")
    page = enters(carol, second, "14.95", "SWB-2")
    assert page.status == 409 and page.has("This booking has paid another order already.")
    play.look_again()
    assert play.captured(second) == 0


def test_nobody_sends_the_money(play, by_transfer):
    """INV: the goods are not kept for ever: when the days are over somebody is asked to decide."""
    ordered(play)
    time_is_over(play)
    assert play.last_order().status == "REVIEW" and on_desk(play) == ["gateway_silent"]


def test_money_that_comes_when_a_person_is_to_decide(play, by_transfer):
    """BIL-04: it pays the order all the same."""
    _page, order = ordered(play)
    time_is_over(play)
    enters(comes_in(play), order, "29.90")
    play.look_again()
    assert (play.last_order().status, on_desk(play)) == ("PROCESSING", [])


def test_an_order_whose_card_failed_is_paid_by_transfer(play, right_books):
    """RET-02, RED-10: another way to pay is chosen later, and the page tells where to send the money."""
    play.shelves(mug=5)
    placed = play.quickly_at_gateway(mug=1)
    placed.shopper.press("Cancel and return")
    _only("transfer", "Bank transfer", {"pending_window_h": 120}, ACCOUNT)
    placed.shopper.get(f"/orders/{placed.order.key}/pay")
    page = placed.shopper.press("Pay now")
    assert page.has("waits for your transfer") and page.has("EE38 2200 2210 2014 5685"), page.text
    assert [bill.status for bill in play.bills(play.last_order())] == ["CANCELLED", "PENDING"]
    enters(comes_in(play), placed.order, "17.40")
    play.look_again()
    assert play.last_bill().status == "PAID"


def test_what_is_paid_on_pickup_is_entered_then(play, on_pickup):
    """CNF-13, RED-10: packed before it is paid; the money is entered when it is in the till, and counts."""
    page, order = ordered(play)
    assert page.has("To pay: €29.90") and (order.status, play.bills(order)) == ("PROCESSING", [])
    enters(comes_in(play), order, "29.90")
    play.look_again()
    order, bill = play.last_order(), play.last_bill()
    assert (order.status, order.payment_status, order.paid_minor) == ("PROCESSING", "PAID", 2990)
    assert (bill.status, bill.disposition, bill.backend) == ("PAID", "APPLIED", "later")


def test_an_order_of_another_gateway_has_no_such_button(play):
    """ADM-12: what a gateway tells is not typed in."""
    play.shelves(mug=5)
    placed = play.quickly_at_gateway(mug=1)
    carol = comes_in(play)
    assert "The money is here" not in opens(carol, placed.order).text
    assert carol.post(f"/admin/orders/{placed.order.number}/received", {"amount": "14.95"}).status == 409
