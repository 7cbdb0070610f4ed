"""QuickPay's protocol: the conformance kit, a published example, the table of codes, and what its API answers."""

import json
from dataclasses import replace
from types import SimpleNamespace

import pytest

from storefront.payments.errors import DECLINES
from storefront.payments.gateways import base, conformance
from storefront.payments.gateways.base import CardWish, Message
from storefront.payments.gateways.quickpay import QuickPay, body_checksum, checksum
from storefront.payments.gateways.quickpay_payment import REASONS, reason_of
from storefront.payments.gateways.references import compact
from storefront.payments.gateways.stand import OURS, URLS

SETTINGS = {"merchant": "1", "agreement": "1234"}
SECRETS = {"api_key": "paymentwindowapikey", "private_key": "callbackprivatekey"}


def shown(bill, *operations, **more):
    """A payment as the service shows it."""
    done = [{"id": place, "pending": False, **one} for place, one in enumerate(operations, start=1)]
    facts = {"id": 7, "merchant_id": 1, "order_id": bill.gateway_reference or compact(bill, 20), "operations": done}
    return {**facts, "currency": bill.currency, "test_mode": True, "accepted": True, **more}


def operation(kind, amount, code="20000", **more):
    """One thing that was done, or tried."""
    return {"type": kind, "amount": amount, "qp_status_code": code, "created_at": "2030-01-07T09:00:00+00:00", **more}


def callback(found, secrets=SECRETS):
    """The service calls."""
    body = json.dumps(found).encode()
    headers = {
        "Content-Type": "application/json",
        "QuickPay-Checksum-Sha256": body_checksum(body, secrets["private_key"]),
    }
    return Message("POST", "", body, {name.lower(): value for name, value in headers.items()})


def said(channel, word, bill, secrets):
    """What the service really sends; the browser brings nothing."""
    if channel == "return":
        return Message("GET", "", b"")
    code = "20000" if word == "paid" else "40000"
    steps = [operation("authorize", bill.amount_minor, code)]
    steps += [operation("capture", bill.amount_minor)] if word == "paid" else []
    return callback(shown(bill, *steps), secrets)


STAND = conformance.Stand(QuickPay, SETTINGS, SECRETS, said)


def test_it_conforms(bare_app, gateway_check):
    """It holds what every gateway must hold (ADM-06, NOT-07)."""
    with bare_app.app_context():
        gateway_check(STAND)


def test_the_checksum_of_a_known_form():
    """The fixture of activemerchant/offsite_payments (quickpay_v10 tests) is signed alike (ADM-02)."""
    fields = {"version": "v10", "merchant_id": "1", "agreement_id": "1", "order_id": "1000", "amount": "100"}
    assert checksum(fields, "k") == checksum(dict(reversed(fields.items())), "k")
    assert checksum(fields, "k") != checksum({**fields, "amount": "101"}, "k")


def test_types_of_cards_are_told_under_the_checksum():
    """BIL-17: each with 3-D Secure and without, as QuickPay counts them; what it has no name for is left out."""
    fields = dict(STAND.gateway().begin(replace(OURS, card=CardWish(types=["jcb", "maestro", "cb"])), URLS).fields)
    assert fields["payment_methods"] == "jcb, 3d-jcb, 3d-maestro"
    assert fields.pop("checksum") == checksum(fields, SECRETS["api_key"])
    assert "payment_methods" not in dict(STAND.gateway().begin(replace(OURS, card=CardWish(types=["cb"])), URLS).fields)


def test_every_documented_code_is_a_reason_that_the_shop_knows():
    """ERR-01: each code of the service maps to one of our words; another is "unknown"."""
    assert set(REASONS.values()) <= set(DECLINES)
    assert reason_of({"qp_status_code": "40300"}) == "suspected_fraud"
    assert reason_of({"qp_status_code": "77777"}) == "unknown"


def test_what_happened_to_the_money_is_read_once_each():
    """Reserved, taken, sent back twice: each has its word, sum and a key of its own (BIL-15)."""
    found = shown(
        OURS,
        operation("authorize", 4290),
        operation("capture", 4290),
        operation("refund", 100),
        operation("refund", 200),
    )
    told = STAND.gateway().read_notification(callback(found)).outcomes
    assert [(one.type, one.amount_minor) for one in told] == [("paid", 4290), ("refunded", 100), ("refunded", 200)]
    assert len({one.event_key for one in told}) == 3
    reserved = STAND.gateway().read_notification(callback(shown(OURS, operation("authorize", 4290)))).outcomes
    assert [(one.type, one.mode, one.merchant) for one in reserved] == [("authorized", "test", "1")]


def test_what_is_taken_in_parts_is_for_a_person():
    """BIL-20: the window's own console takes a part, and then another: the first is told, the others are not lost."""
    found = shown(OURS, operation("authorize", 4290), operation("capture", 2000), operation("capture", 2290))
    told = STAND.gateway().read_notification(callback(found)).outcomes
    assert [(one.type, one.amount_minor) for one in told] == [("paid", 2000), ("unknown", 2290)]


def test_an_operation_that_is_not_decided_yet_is_no_news():
    """BIL-15: what is pending at the acquirer is neither reserved nor taken."""
    pending = shown(OURS, {**operation("authorize", 4290), "pending": True})
    assert STAND.gateway().read_notification(callback(pending)).outcomes == []


def answering(status, found, before=None):
    """A service whose API says this, `before` when it is asked for what was there, and notes what it was asked."""
    asked = []

    def send(method, url, **how):
        asked.append((method, url, how))
        if before and method == "GET":
            return SimpleNamespace(status=200, headers={}, body=json.dumps(before).encode())
        body = found if isinstance(found, bytes) else json.dumps(found).encode()
        return SimpleNamespace(status=status, headers={}, body=body)

    return STAND.gateway(send=send), asked


def test_a_question_finds_the_payment_by_our_order_id():
    """BIL-16: asked for by the order id that the form carried; what speaks of another order is left out."""
    bill = replace(OURS, gateway_reference=compact(OURS, 20))
    other = {**shown(OURS, operation("capture", 1)), "order_id": "other"}
    gateway, asked = answering(200, [shown(bill, operation("capture", 4290)), other])
    assert [one.amount_minor for one in gateway.query(bill)] == [4290]
    assert asked[0][1] == f"https://api.quickpay.net/payments?order_id={bill.gateway_reference}"
    assert asked[0][2]["headers"]["Accept-Version"] == "v10"


@pytest.mark.parametrize(
    ("status", "found", "result"),
    [
        (202, shown(OURS, operation("capture", 4290), operation("refund", 100)), base.DONE),
        (202, shown(OURS, operation("capture", 4290), operation("refund", 100, pending=True)), base.ACCEPTED),
        (
            202,
            shown(OURS, operation("capture", 4290), operation("refund", 100, "40000", qp_status_msg="Rejected")),
            base.REFUSED,
        ),
        (400, {"message": "Validation error"}, base.REFUSED),
        (500, {"message": "down"}, base.UNKNOWN),
        (200, b"<html>", base.UNKNOWN),
        (200, [], base.UNKNOWN),
    ],
)
def test_what_came_of_a_refund(status, found, result):
    """BIL-17: done, on its way, refused, or unknown; unknown is asked about and never repeated blindly."""
    gateway, asked = answering(status, found, before=shown(OURS, operation("capture", 4290)))
    assert gateway.refund(replace(OURS, transaction_id="7"), 100, "key").result == result
    payment = "https://api.quickpay.net/payments/7"
    assert [call[:2] for call in asked] == [("GET", payment), ("POST", f"{payment}/refund?synchronized")]


@pytest.mark.parametrize(
    ("after", "name"),
    [
        ([("refund", 100)], "7-refund-3"),  # an equal one of yesterday stands there already
        ([("refund", 100), ("refund", 250)], "7-refund-3"),  # another at the same time, of another sum
        ([("refund", 250), ("refund", 100)], "7-refund-4"),
        ([("refund", 100), ("refund", 100)], ""),  # two equal ones: which is ours, nobody knows
        ([], ""),
    ],
)
def test_two_refunds_at_once_are_told_apart(after, name):
    """BIL-17: a refund is never taken for another one; of two equal ones each waits for its own callback."""
    before = shown(OURS, operation("capture", 4290), operation("refund", 100))
    steps = [operation("capture", 4290), operation("refund", 100), *(operation(*one) for one in after)]
    gateway, _asked = answering(202, shown(OURS, *steps), before=before)
    done = gateway.refund(replace(OURS, transaction_id="7"), 100, "key")
    assert (done.result, done.gateway_id) == (base.DONE if name else base.UNKNOWN, name)
