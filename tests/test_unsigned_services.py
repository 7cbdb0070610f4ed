"""Services that sign little: a form that the shopper may change, a message that is asked about, a password, a key.

PayPal and Worldpay, played by the sandbox in their own protocols: what the shop makes of them end to end.
"""

from urllib.parse import urlencode

import pytest

from rehearsing import rehearse
from storefront import jobs, orders
from storefront.kit.db import db, transaction
from storefront.payments.models import DeskRow, GatewayConfig

FORM = {"Content-Type": "application/x-www-form-urlencoded"}
GONE = "http://127.0.0.1:9/webscr"


@pytest.fixture
def paypal(play):
    """Five mugs, and PayPal."""
    play.shelves(mug=5)
    rehearse(play, "paypal")


@pytest.fixture
def worldpay(play):
    """Five mugs, and Worldpay."""
    play.shelves(mug=5)
    rehearse(play, "worldpay")


def told(config, **properties):
    """Somebody changes a setting of the gateway."""
    with transaction():
        found = db.session.query(GatewayConfig).filter_by(name=config).one()
        found.properties = {**found.properties, **properties}


def leaves(play, **changed):
    """A shopper is on their way to pay for two mugs, and may have changed what their browser posts."""
    placed = play.quick_order(mug=2)
    placed.shopper.get(placed.bill.next_step)
    placed.shopper.press("Continue to payment page", changed)
    return placed


def pays(play, placed, press="Pay", **scenario):
    """They press a button there."""
    placed.shopper.press(press, **scenario)
    play.until(lambda: play.outcomes() and "RECEIVED" not in play.outcomes())


def reasons(play):
    """Why money waits on the desk."""
    play.look_again()
    return [row.reason for row in db.session.query(DeskRow).filter_by(status="OPEN")]


def says(play, body, query="", headers=FORM):
    """Somebody posts a message to the shop; gives the status that they hear."""
    address = f"/payments/other/notify{query}"
    return play.visitor("somebody").post(address, data=body, csrf=False, headers=headers)


@pytest.mark.parametrize(
    ("changed", "reason"),
    [
        ({"amount": "0.01"}, "amount_mismatch"),
        ({"currency_code": "USD"}, "currency_mismatch"),
        ({"business": "thief@example.com"}, "merchant_mismatch"),
    ],
)
def test_a_form_that_the_shopper_changed_pays_nothing(play, paypal, changed, reason):
    """NOT-11, SEC-02: PayPal says truly what was paid; it is not what was asked for, so it waits with its reason."""
    placed = leaves(play, **changed)
    pays(play, placed)
    play.until(lambda: play.last_bill().status == "PAID")
    assert (play.last_bill().quarantine_reason, play.last_order().status) == (reason, "REVIEW")
    assert reasons(play) == [reason]


def test_the_played_service_calls_nobody_but_this_shop(play, paypal):
    """SEC-05: its form is anybody's, and could name any address inside of the house."""
    placed = play.quick_order(mug=2)
    form = {"invoice": "A1", "amount": "1.00", "currency_code": "EUR", "business": "SHOPSHOPSHOP1", "cmd": "_xclick"}
    ways = dict.fromkeys(("return", "cancel_return"), f"{play.url}/orders")
    for address, status in ((f"{play.url}/payments/other/notify", 303), ("http://127.0.0.1:9/inside", 400)):
        body = urlencode({**form, **ways, "notify_url": address}).encode()
        answer = placed.shopper.post("/sandbox/as/other/page", data=body, csrf=False, headers=FORM, follow=False)
        assert answer.status == status


def test_a_payment_that_is_pending_first(play, paypal):
    """NOT-07: two messages under one transaction; the goods are kept meanwhile, and are paid once."""
    placed = leaves(play)
    pays(play, placed, scenario="pending_then_paid")
    assert play.last_bill().status == "PENDING"
    play.wait(seconds=10)
    play.run("deliver_sandbox_notices")
    play.until(lambda: play.last_bill().status == "PAID")
    assert play.last_order().status == "PROCESSING"
    play.both_books_agree()


def test_nobody_answers_whether_a_message_is_genuine(play, paypal):
    """NOT-06: it is kept, is answered so that it comes again, and is applied once somebody can be asked."""
    told("other", postback=GONE, api_user="")  # nor can the money be asked about
    placed = leaves(play)
    placed.shopper.press("Pay")
    play.until(lambda: "ERROR" in play.outcomes())
    assert play.last_bill().status != "PAID"
    told("other", postback=f"{play.url}/sandbox/as/other/api/webscr")
    play.wait(minutes=2)
    play.run("apply_waiting_messages")
    play.until(lambda: play.last_bill().status == "PAID")
    assert play.last_order().status == "PROCESSING"


def test_a_message_that_paypal_did_not_send_is_refused(play, paypal):
    """NOT-11: right in every field, and not PayPal's."""
    placed = leaves(play)
    fields = {
        "payment_status": "Completed",
        "invoice": placed.bill.reference,
        "mc_gross": "20.00",
        "mc_currency": placed.bill.currency,
        "receiver_id": "SHOPSHOPSHOP1",
        "txn_id": "0AB",
        "test_ipn": "1",
    }
    assert says(play, urlencode(fields).encode()).status == 400
    assert play.outcomes() == ["REJECTED"]
    assert play.last_bill().status == "REDIRECTED"


def test_without_api_credentials_nothing_is_asked(play, paypal):
    """ADM-02: the shop knows from what is filled in that it is only told, and does not try."""
    told("other", api_user="")
    placed = leaves(play)
    placed.shopper.press("Pay", scenario="after")
    assert play.last_bill().status == "REDIRECTED"
    play.wait(seconds=10)
    play.run("deliver_sandbox_notices")
    play.until(lambda: play.last_bill().status == "PAID")


def test_a_sum_is_reserved_and_taken_later(play, paypal):
    """BIL-20: authorized there, taken through the API under PayPal's name of it, and told once more: paid once."""
    told("other", paymentaction="authorization")
    placed = leaves(play)
    pays(play, placed)
    play.until(lambda: play.last_bill().status == "AUTHORIZED")
    assert play.last_bill().transaction_id, "under this name it is taken"
    with transaction():
        orders.request_capture(placed.order.id, placed.bill.id, "capture", "otto")
    with play.app.app_context():
        jobs.run_once("send_captures")
    play.until(lambda: play.last_bill().status == "PAID")
    order = play.last_order()
    assert play.captured(order) == order.total_minor
    play.both_books_agree()


ODD_NAMES = {
    "paypal": b"payment_status=Completed&invoice=K%00",
    "worldpay": b"cartId=%00",
    "quickpay": b'{"order_id": "K\\u0000"}',
}


@pytest.mark.parametrize(("kind", "body"), ODD_NAMES.items())
def test_a_name_that_no_database_keeps_is_kept_as_it_came(play, kind, body):
    """NOT-06, SEC-02: it is stored and not believed (a service that is asked may not even read it); nothing breaks."""
    play.shelves(mug=1)
    rehearse(play, kind)
    assert says(play, body).status in (400, 503)
    assert play.outcomes() in (["REJECTED"], ["ERROR"])


# --- Worldpay


def test_a_changed_form_is_refused_there(play, worldpay):
    """SEC-02: sum and cart are under the MD5 secret."""
    placed = play.quick_order(mug=2)
    placed.shopper.get(placed.bill.next_step)
    assert placed.shopper.press("Continue to payment page", {"amount": "0.01"}).status == 400


def test_a_cancelled_payment_is_told(play, worldpay):
    """NOT-02, NOT-09: a payment response of what was cancelled; of what was declined there is none."""
    placed = leaves(play)
    pays(play, placed, "Cancel and return")
    play.until(lambda: play.last_bill().status == "CANCELLED")
    assert play.last_bill().error_type == "user_cancelled"


def test_a_refusal_is_told_in_xml(play, worldpay):
    """NOT-09, ERR-05: an order notification with the key in its address; the shopper reads our words, not theirs."""
    placed = leaves(play)
    pays(play, placed, "Decline", reason="insufficient_funds")
    play.until(lambda: play.last_bill().status == "FAILED")
    bill = play.last_bill()
    assert bill.error_type == "insufficient_funds" and bill.vendor_code.startswith("REFUSED 51")


def test_money_is_told_in_xml(play, worldpay):
    """NOT-09: where the merchant has chosen so, the order notification is the payment."""
    told("other", paid_by="xml")
    placed = leaves(play)
    pays(play, placed)
    play.until(lambda: play.last_bill().status == "PAID")
    order = play.last_order()
    assert (order.status, play.captured(order)) == ("PROCESSING", order.total_minor)


@pytest.mark.parametrize("password", ["", "wrong"])
def test_a_response_without_the_password_is_refused(play, worldpay, password):
    """NOT-11: right in every field but one."""
    placed = leaves(play)
    fields = {
        "instId": "38290",
        "cartId": placed.bill.reference,
        "authAmount": "20.00",
        "authCurrency": placed.bill.currency,
        "transStatus": "Y",
        "transId": "7",
        "testMode": "100",
        "callbackPW": password,
    }
    assert says(play, urlencode(fields).encode()).status == 400
    assert (play.outcomes(), play.last_bill().status) == (["REJECTED"], "REDIRECTED")


def test_the_answer_is_the_page_that_the_shopper_sees(play, worldpay):
    """It leads back to the order by itself, and the document is answered with the literal word."""
    placed = leaves(play)
    form = dict(placed.bill.extra["form"]["fields"])
    fields = {
        **{name: form[name] for name in ("cartId", "instId", "M_ok", "M_cancel", "M_seal")},
        "authAmount": form["amount"],
        "authCurrency": form["currency"],
        "transStatus": "Y",
        "transId": "7",
        "testMode": "100",
        "callbackPW": "a long password",
    }
    page = says(play, urlencode(fields).encode())
    assert page.status == 200 and form["M_ok"] in page.html
    document = (
        '<paymentService merchantCode="EXAMPLESHOP"><notify><orderStatusEvent orderCode="'
        f'{placed.bill.reference}"><payment><lastEvent>SENT_FOR_AUTHORISATION</lastEvent></payment>'
        "</orderStatusEvent></notify></paymentService>"
    )
    key = urlencode({"key": "a long key of ours"})
    answer = says(play, document.encode(), f"?{key}", {"Content-Type": "text/xml"})
    assert (answer.status, answer.answer.text) == (200, "[OK]")
    assert play.last_bill().status == "PAID"
