"""Redsys and a bank link through the whole shop: reserved, taken, given up, asked about."""

import pytest
from sqlalchemy import select

from rehearsing import rehearse
from storefront import payments, sandbox
from storefront.kit import signing
from storefront.kit.db import db, transaction
from storefront.payments.models import Bill, GatewayConfig, InboxMessage
from storefront.sandbox.models import SandboxPayment

from counter import comes_in, opens, takes

pytestmark = pytest.mark.usefixtures("right_books")


def pays(play, kind, scenario="before", button="Pay", **settings):
    """Two mugs, on the page of the service that is played."""
    play.shelves(mug=5)
    rehearse(play, kind, **settings)
    placed = play.quickly_at_gateway(mug=2)
    placed.shopper.press(button, scenario=scenario)
    return placed._replace(order=play.last_order(), bill=play.last_bill())


def told(channel):
    """What came by a channel, and what became of it."""
    found = select(InboxMessage).filter_by(backend="other", channel=channel).order_by(InboxMessage.id)
    return [(message.signature, message.outcome) for message in db.session.scalars(found)]


def test_redsys_reserves_and_takes(play):
    """BIL-20: a reservation is one in both books, and is taken through the API by one press."""
    placed = pays(play, "redsys", operation="1")
    assert (placed.bill.status, placed.order.status) == ("AUTHORIZED", "HOLD")
    carol = comes_in(play)
    opens(carol, placed.order)
    takes(carol)
    play.run("send_captures")
    play.look_again()
    assert (play.last_bill().status, play.last_order().status) == ("PAID", "PROCESSING")
    play.both_books_agree()


def test_redsys_gives_up_what_was_reserved(play):
    """BIL-20: a void goes through the API, and the shelf gets its goods back."""
    placed = pays(play, "redsys", operation="1")
    carol = comes_in(play)
    opens(carol, placed.order)
    takes(carol, "Give it up")
    play.run("send_captures")
    play.look_again()
    assert play.last_bill().status == "CANCELLED"
    assert db.session.scalars(select(SandboxPayment)).one().status == "voided"


def test_redsys_is_asked_when_nobody_comes_back(play):
    """BIL-04, NOT-11: without a notification and a return only its service for questions knows; it is asked in time."""
    placed = pays(play, "redsys", scenario="silent")
    assert placed.bill.status == "REDIRECTED"
    play.wait(minutes=6)
    play.run("ask_about_quiet_bills")
    play.look_again()
    assert (play.last_bill().status, play.last_order().status) == ("PAID", "PROCESSING")
    assert told("poll") == [("ok", "APPLIED")]


def test_who_comes_back_from_redsys_with_a_refusal_is_told_why(play):
    """ERR-05, ERR-13: the notification of a refusal is no news; the signed way back is, and another try is offered."""
    placed = pays(play, "redsys", button="Decline")
    assert told("notify") == [("ok", "NO_EFFECT")]
    assert told("return") == [("ok", "APPLIED")]
    assert (placed.bill.status, placed.bill.error_type) == ("FAILED", "card_declined")
    assert placed.shopper.page.has("Pay now")


def test_a_bank_is_heard_at_the_way_back(play):
    """NOT-03, NOT-05, NOT-12: its server and the browser bring the same message there; each is answered in its way."""
    placed = pays(play, "banklink")
    assert told("notify") == [("ok", "APPLIED")]
    assert placed.shopper.page.path.startswith("/sandbox/")
    placed.shopper.press("Back to the shop")
    assert told("return") == [("ok", "DUPLICATE")]
    assert placed.shopper.page.path.startswith(f"/orders/{placed.order.key}")
    notice = db.session.scalars(select(InboxMessage).filter_by(channel="notify")).one()
    fields = bytes(notice.body)
    back = f"/payments/other/return/{placed.bill.key}/ok"
    answered = play.visitor().post(back, data=fields)
    assert (answered.steps, answered.answer.text) == ([200], "OK")  # no server follows a way back to a page
    assert told("notify") == [("ok", "APPLIED"), ("ok", "DUPLICATE")]


def test_the_message_of_the_browser_alone_is_enough(play):
    """RET-01, NOT-11: the bank's server may be late; what the browser brought is signed and pays at once."""
    placed = pays(play, "banklink", scenario="after")
    placed.shopper.press("Back to the shop")
    assert told("return") == [("ok", "APPLIED")]
    assert play.last_order().status == "PROCESSING"
    play.both_books_agree()


@pytest.mark.parametrize("kind", ["redsys", "banklink"])
def test_a_rehearsal_is_filled_in_by_a_button(app, play, kind):
    """ADM-10: keys, certificates and addresses are made up so that the adapter has nothing to complain of."""
    with transaction():
        config = GatewayConfig(name="other", label="Other", type=kind, mode="test", active=False)
        db.session.add(config)
    with app.test_request_context():
        wish = sandbox.invented(config)
    with transaction():
        config = db.session.scalars(select(GatewayConfig).filter_by(name="other")).one()
        config.properties, config.certificates = dict(wish.properties), dict(wish.files)
        config.secrets = {name: signing.sealed(value) for name, value in wish.secrets.items()}
    assert payments.problems(config) == []
    assert wish.properties["page"] == "{public_url}/sandbox/as/other/page"


def test_a_bill_is_found_by_what_redsys_calls_it(play):
    """BIL-05: the order's number at Redsys is kept on the bill, and is its transaction once it is paid."""
    placed = pays(play, "redsys")
    bill = db.session.get_one(Bill, placed.bill.id)
    assert bill.gateway_reference and bill.gateway_reference[:4].isdigit() and len(bill.gateway_reference) == 12
    assert bill.transaction_id == bill.gateway_reference
