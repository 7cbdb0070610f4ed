"""Stripe's protocol: the conformance kit, its own library's signatures, its events, and what its API answers."""

import hashlib
import hmac
import json
import subprocess
import sys
from dataclasses import replace
from datetime import UTC, datetime, timedelta
from urllib.parse import parse_qsl, urlsplit

import pytest
from hypothesis import HealthCheck, given, settings, strategies as st

from config import ROOT
from storefront.kit.http import Answer
from storefront.payments.errors import DECLINES, GatewayError
from storefront.payments.gateways import base, conformance
from storefront.payments.gateways.base import CardWish, Message
from storefront.payments.gateways.stand import NOW, OTHER, OURS, URLS, nobody_answers
from storefront.payments.gateways.stripe import Stripe
from storefront.payments.gateways.stripe_words import REASONS, locale, ours, theirs, why

SECRETS = {"secret_key": "sk_test_51abc", "signing_secret": "whsec_new"}
INTENT = "pi_1"
BEGUN = replace(OURS, gateway_reference="cs_test_K1001-1")


def session_of(bill, **facts):
    """A Checkout Session as the API and its events show it."""
    known = {"reference": bill.reference, "capture": "automatic"}
    return {
        "id": bill.gateway_reference or f"cs_test_{bill.reference}",
        "object": "checkout.session",
        "url": f"https://checkout.stripe.com/c/pay/cs_test_{bill.reference}",
        "status": "complete",
        "payment_status": "paid",
        "payment_intent": INTENT,
        "client_reference_id": bill.reference,
        "amount_total": theirs(bill.amount_minor, bill.currency),
        "currency": bill.currency.lower(),
        "livemode": False,
        "metadata": known,
        **facts,
    }


def intent(status="succeeded", charge=None, **facts):
    """A PaymentIntent of 42.90 EUR."""
    sums = {"amount": 4290, "amount_received": 0, "amount_capturable": 0, "currency": "eur"}
    sums |= {"amount_received": 4290} if status == "succeeded" else {}
    sums |= {"amount_capturable": 4290} if status == "requires_capture" else {}
    latest = {"id": "ch_1", "object": "charge", "created": 1893488400, "disputed": False, **charge} if charge else None
    known = {"reference": OURS.reference, "capture": "manual"}
    return {
        "id": INTENT,
        "object": "payment_intent",
        "status": status,
        "latest_charge": latest,
        "livemode": False,
        "metadata": known,
        **sums,
        **facts,
    }


def refund_of(name, amount, status="succeeded", **facts):
    """A Refund."""
    told = {"id": name, "object": "refund", "amount": amount, "currency": "eur", "status": status}
    return {**told, "payment_intent": INTENT, "created": 1893488400, "metadata": {}, **facts}


def listed(*rows, more=False):
    """A list of the API's."""
    return {"object": "list", "data": list(rows), "has_more": more}


def event(kind, thing, secret=SECRETS["signing_secret"], at=NOW, **facts):
    """An event, signed as docs.stripe.com/webhooks/signature says, without the library."""
    told = {"id": "evt_1", "object": "event", "type": kind, "created": 1893488400, "livemode": False, **facts}
    body = json.dumps({**told, "data": {"object": thing}}).encode()
    return Message("POST", "", body, {"stripe-signature": signed(body, secret, at)})


def signed(body, secret, at=NOW):
    """The header of a message."""
    stamp = str(int(at.timestamp()))
    return f"t={stamp},v1={hmac.new(secret.encode(), f'{stamp}.'.encode() + body, hashlib.sha256).hexdigest()}"


class Api:
    """Stripe's API as far as the adapter calls it: answers by path, and what was asked."""

    def __init__(self, **answers):
        self.answers, self.calls = answers, []

    def __call__(self, method, url, data=None, headers=None, **how):
        parts = urlsplit(url)
        assert (parts.scheme, parts.netloc) == ("https", "api.stripe.com")
        asked = dict(parse_qsl(data or parts.query, keep_blank_values=True))
        name = {"checkout/sessions": "sessions", "refunds": "refunds", "disputes": "disputes"}.get(parts.path[4:])
        name = name or parts.path.rsplit("/", 1)[-1].split("_")[0]
        self.calls.append((method, parts.path, asked, headers))
        told = self.answers[f"{method}_{name}"]
        told = told(asked) if callable(told) else told
        return told if isinstance(told, Answer) else Answer(200, {}, json.dumps(told).encode())


def no(status, kind, code=None, message="No."):
    """An error of the API."""
    told = {"error": {"type": kind, "code": code, "message": message}}
    return Answer(status, {"request-id": "req_1"}, json.dumps(told).encode())


def begins(asked):
    """The API makes a session."""
    made = {"id": f"cs_test_{asked['client_reference_id']}", "object": "checkout.session", "status": "open"}
    return {**made, "url": f"https://checkout.stripe.com/c/pay/{made['id']}"}


def said(channel, word, bill, secrets):
    """What the service really sends; the browser brings nothing."""
    if channel == "return":
        return Message("GET", "", b"")
    if word == "declined":
        error = {"code": "card_declined", "decline_code": "insufficient_funds", "message": "No funds."}
        failed = intent("requires_payment_method", last_payment_error=error)
        return event("payment_intent.payment_failed", failed, secrets["signing_secret"])
    return event("checkout.session.completed", session_of(bill), secrets["signing_secret"])


STAND = conformance.Stand(Stripe, {}, SECRETS, said, ("EUR", "JPY"), begins=Api(POST_sessions=begins))


@pytest.fixture
def of(bare_app):
    """The adapter whose service answers so."""
    with bare_app.app_context():
        yield lambda send=nobody_answers, **more: replace(STAND, settings=more).gateway(send=send)


def read(gateway, message):
    """The outcomes of an authentic message."""
    reading = gateway.read_notification(message)
    assert reading.verdict == base.AUTHENTIC
    return list(reading.outcomes)


def test_it_conforms(bare_app, gateway_check):
    """It holds what every gateway must hold (ADM-03, NOT-07, NOT-14)."""
    with bare_app.app_context():
        gateway_check(STAND)


# --- cards


@pytest.mark.parametrize(
    ("types", "blocked"),
    [
        (["visa", "mastercard"], ["american_express", "discover_global_network"]),
        (["jcb", "dankort"], ["american_express", "mastercard", "visa"]),
        (["dankort"], []),
        (["visa", "mastercard", "amex", "diners"], []),
    ],
)
def test_the_page_blocks_the_brands_that_are_not_wished(of, types, blocked):
    """BIL-17: as far as Stripe can tell them apart; nobody is left without any card."""
    api = Api(POST_sessions=begins)
    of(api).begin(replace(OURS, card=CardWish(types=types)), URLS)
    asked = api.calls[0][2]
    named = [value for name, value in asked.items() if name.startswith("payment_method_options[card]")]
    assert named == blocked


# --- the library


def test_a_shop_without_stripe_does_not_load_its_library():
    """The adapters are there, and twenty megabytes are not (ADM-03)."""
    look = "import sys, storefront.payments.gateways; sys.exit('stripe' in sys.modules)"
    assert subprocess.run([sys.executable, "-c", look], cwd=ROOT, check=False).returncode == 0


def test_what_the_library_signs_is_believed(of):
    """Stripe's own library (PyPI stripe 16.1.0) makes the header; so does the formula of its documentation (NOT-11)."""
    import stripe

    body = event("checkout.session.completed", session_of(OURS)).body
    header = stripe.WebhookSignature.generate_signature_header(body.decode(), "whsec_new", int(NOW.timestamp()))
    assert header == signed(body, "whsec_new")
    assert read(of(), Message("POST", "", body, {"stripe-signature": header}))[0].type == base.PAID


@pytest.mark.parametrize(
    "header",
    [
        "",
        "t=1",
        "v1=abc",
        "t=1893488400,v0=" + "0" * 64,
        "t=,v1=",
        "t=" + "9" * 5000 + ",v1=a",
        "t=1893488400,v1=ſ½",
        "=,=",
        "t=1893488400,v1=",
    ],
)
def test_a_missing_or_strange_signature_is_refused(of, header):
    """Nothing is believed without a signature of the secret, whatever stands in its place (NOT-11, SEC-02)."""
    message = replace(event("checkout.session.completed", session_of(OURS)), headers={"stripe-signature": header})
    assert of().read_notification(message).verdict == base.FORGED
    assert of().read_notification(replace(message, headers={})).verdict == base.FORGED


def test_each_of_several_secrets_is_believed_and_an_empty_one_never(of):
    """While a secret is changed the old one counts as well; no secret at all means that nothing does (ADM-02)."""
    several = {**SECRETS, "older_signing_secrets": "whsec_old, whsec_older"}
    for secret in ("whsec_new", "whsec_old", "whsec_older"):
        message = event("checkout.session.completed", session_of(OURS), secret)
        assert replace(STAND, secrets=several).gateway().read_notification(message).verdict == base.AUTHENTIC
        alone = of().read_notification(message).verdict
        assert alone == (base.AUTHENTIC if secret == "whsec_new" else base.FORGED)
    for secrets in ({"signing_secret": ""}, {"signing_secret": " , "}, {}):
        message = event("checkout.session.completed", session_of(OURS), "")
        assert replace(STAND, secrets=secrets).gateway().read_notification(message).verdict == base.FORGED


def test_what_came_late_is_refused_and_what_is_read_late_is_not(of):
    """Five minutes from signing to arrival; however long it then lay in the inbox, it reads the same (NOT-06)."""
    old = event("checkout.session.completed", session_of(OURS), at=NOW - timedelta(seconds=301))
    assert of().read_notification(old).verdict == base.FORGED
    assert of().read_notification(replace(old, received_at=NOW - timedelta(seconds=299))).verdict == base.AUTHENTIC
    kept = event("checkout.session.completed", session_of(OURS), at=NOW - timedelta(days=30))
    assert of().read_notification(kept).verdict == base.FORGED
    assert of().read_notification(replace(kept, received_at=NOW - timedelta(days=30))).verdict == base.AUTHENTIC


def test_bytes_that_are_no_text_are_refused(of):
    """The signature is over the raw bytes; those that are no UTF-8 are no event of Stripe's (NOT-11)."""
    body = b'{"object": "\xff"}'
    assert of().read_notification(
        Message("POST", "", body, {"stripe-signature": signed(body, "whsec_new")})
    ).verdict == (base.FORGED)


# --- beginning


def test_a_session_is_asked_for_once_an_attempt(of):
    """The sum, our reference on session and payment, and a key by which Stripe knows the same attempt (BIL-04)."""
    api = Api(POST_sessions=begins)
    asked = replace(OURS, locale="de", shopper={"email": "alice@example.com"}, expires_at=NOW + timedelta(minutes=20))
    step = of(api).begin(asked, URLS)
    assert (step.url, step.reference) == (
        "https://checkout.stripe.com/c/pay/cs_test_K1001-1",
        "cs_test_K1001-1",
    )
    (method, path, fields, headers), again = api.calls[0], of(api).begin(asked, URLS)
    assert (method, path) == ("POST", "/v1/checkout/sessions")
    assert headers["Authorization"] == "Bearer sk_test_51abc"
    assert headers["Idempotency-Key"] == api.calls[1][3]["Idempotency-Key"] == "begin-bill-key-1"
    assert fields == api.calls[1][2] and again == step
    for name, value in {
        "mode": "payment",
        "client_reference_id": "K1001-1",
        "line_items[0][quantity]": "1",
        "line_items[0][price_data][currency]": "eur",
        "line_items[0][price_data][unit_amount]": "4290",
        "metadata[reference]": "K1001-1",
        "payment_intent_data[metadata][reference]": "K1001-1",
        "success_url": URLS.ok,
        "cancel_url": URLS.cancel,
        "customer_email": "alice@example.com",
        "locale": "de",
        "expires_at": str(int((NOW + timedelta(minutes=51)).timestamp())),
        "adaptive_pricing[enabled]": "false",
    }.items():
        assert fields[name] == value, name
    assert "payment_intent_data[capture_method]" not in fields


def test_a_sum_may_only_be_reserved_and_a_long_wait_ends_with_the_day(of):
    """`manual` is told to the payment; an end after more than a day is left to Stripe's own (BIL-20)."""
    api = Api(POST_sessions=begins)
    of(api, capture="manual").begin(replace(OURS, expires_at=NOW + timedelta(days=3)), URLS)
    fields = api.calls[0][2]
    assert fields["payment_intent_data[capture_method]"] == "manual"
    assert fields["payment_intent_data[metadata][capture]"] == "manual" and "expires_at" not in fields


@pytest.mark.parametrize(
    "answer",
    [
        no(400, "invalid_request_error", "url_invalid", "Not a valid URL"),
        no(401, "invalid_request_error", None, "Invalid API Key provided: sk_test_*1abc"),
        no(429, "invalid_request_error", "rate_limit"),
        no(500, "api_error"),
        no(409, "idempotency_error"),
        Answer(200, {}, b"<html>"),
        Answer(200, {}, b"[]"),
        Answer(200, {}, b"{}"),
        Answer(200, {}, b"\xff"),
        Answer(200, {}, b'{"id": 7, "url": "javascript:alert(1)"}'),
        Answer(302, {"location": "https://elsewhere.example"}, b""),
    ],
    ids=lambda answer: f"{answer.status}-{answer.body[:12]!r}",
)
def test_no_answer_but_a_session_begins_anything(of, answer):
    """Whatever else comes is an error of the service, in the shop's words and not in Stripe's (ERR-01, ERR-07)."""
    with pytest.raises(GatewayError) as error:
        of(Api(POST_sessions=answer)).begin(OURS, URLS)
    assert "API Key" not in error.value.message and "URL" not in error.value.message


def test_sums_are_counted_as_stripe_counts_them():
    """docs.stripe.com/currencies: yen have no decimals, krónur are written with two, dinars end in 0 (BIL-03)."""
    pairs = [(500, "JPY", 500), (42, "ISK", 4200), (4290, "EUR", 4290), (12340, "KWD", 12340), (7, "ALL", 700)]
    for amount, currency, there in pairs:
        assert theirs(amount, currency) == there and ours(there, currency) == amount
    assert theirs(12345, "KWD") is None and ours(4201, "ISK") is None
    assert theirs(1, "UGX") is None and ours(100, "UGX") is None
    assert [ours(wrong, "EUR") for wrong in (None, "12", 1.5, True, -1, 2**80)] == [None] * 6


def test_a_sum_that_cannot_be_asked_for_is_not_rounded(of):
    """Neither a payment nor a refund of another sum than was meant; a missing sum would send back all (BIL-03)."""
    dinars = replace(BEGUN, amount_minor=12345, currency="KWD", transaction_id=INTENT)
    with pytest.raises(GatewayError):
        of().begin(dinars, URLS)
    assert of().refund(dinars, 12345, "r-1").result == base.REFUSED
    assert of().capture(dinars, 12345, "c-1").result == base.REFUSED


# --- events


@pytest.mark.parametrize(
    ("kind", "thing", "word"),
    [
        ("checkout.session.completed", session_of(BEGUN), base.PAID),
        ("checkout.session.completed", session_of(BEGUN, payment_status="unpaid"), base.PENDING),
        ("checkout.session.async_payment_succeeded", session_of(BEGUN), base.PAID),
        ("checkout.session.async_payment_failed", session_of(BEGUN, payment_status="unpaid"), base.DECLINED),
        ("checkout.session.expired", session_of(BEGUN, status="expired", payment_status="unpaid"), base.EXPIRED),
        ("checkout.session.completed", session_of(BEGUN, payment_status="brand_new"), base.UNKNOWN),
        ("checkout.session.completed", session_of(BEGUN, amount_total="4290"), base.UNKNOWN),
    ],
)
def test_an_event_of_the_page_is_read_without_asking(of, kind, thing, word):
    """Each state of a session has its word; its id names the bill, the payment is the transaction (NOT-07)."""
    told = read(of(), event(kind, thing))
    assert [(one.type, one.reference, one.transaction, one.mode) for one in told] == [
        (word, BEGUN.gateway_reference, INTENT, "test")
    ]
    assert told[0].occurred_at == datetime(2030, 1, 1, 9, 0, tzinfo=UTC)


@pytest.mark.parametrize(
    ("kind", "thing"),
    [
        ("payment_intent.payment_failed", intent("requires_payment_method")),
        ("payment_intent.succeeded", intent(metadata={"reference": "K1001-1", "capture": "automatic"})),
        ("payment_intent.succeeded", intent(metadata={})),
        ("checkout.session.completed", session_of(BEGUN, metadata={})),
        ("checkout.session.completed", session_of(BEGUN, metadata=None)),
        ("checkout.session.completed", session_of(BEGUN, status="open")),
        ("customer.created", {"id": "cus_1"}),
        ("charge.refunded", {"id": "ch_1", "payment_intent": None}),
        ("", {}),
    ],
)
def test_what_is_not_about_a_payment_of_ours_is_taken_and_does_nothing(of, kind, thing):
    """A failed try, another seller's session on the same account, other kinds of event: a 2xx and no more (NOT-02)."""
    assert read(of(), event(kind, thing)) == []


def test_live_and_test_are_told_apart(of):
    """`livemode` becomes the mode, which the shop compares with its own (ADM-10)."""
    assert read(of(), event("checkout.session.completed", session_of(BEGUN, livemode=True)))[0].mode == "live"


def test_a_reserved_sum_is_asked_for(of):
    """The session of a payment that is captured later does not say what is reserved: its payment does (BIL-20)."""
    known = {"reference": "K1001-1", "capture": "manual"}
    waits = session_of(BEGUN, payment_status="unpaid", metadata=known)
    there = {**waits, "payment_intent": intent("requires_capture", {"id": "ch_1"})}
    told = read(of(Api(GET_cs=there)), event("checkout.session.completed", waits))
    assert [(one.type, one.amount_minor, one.event_key) for one in told] == [
        (base.AUTHORIZED, 4290, f"{INTENT}:authorized")
    ]
    for status, word in (("succeeded", base.PAID), ("canceled", base.VOIDED)):
        there = {**waits, "payment_intent": intent(status)}
        told = read(of(Api(GET_sessions=listed(there))), event(f"payment_intent.{status}", intent(status)))
        assert [one.type for one in told] == [word]
    assert of().read_notification(event("checkout.session.completed", waits)).verdict == base.UNDECIDED


def test_refunds_are_told_one_by_one_under_their_own_names(of):
    """One made in the console and one of ours, with our key; one that is on its way is not told (NOT-07)."""
    ours_ = refund_of("re_2", 290, metadata={"request_key": "refund-7"})
    rows = [refund_of("re_1", 1000), ours_, refund_of("re_3", 5, "pending"), refund_of("re_4", 5, "failed")]
    there = session_of(BEGUN, payment_intent=intent(charge={"refunds": listed(*rows), "amount_refunded": 1290}))
    charge = {"id": "ch_1", "object": "charge", "payment_intent": INTENT, "metadata": {"reference": "K1001-1"}}
    api = Api(GET_sessions=listed(there))
    told = read(of(api), event("charge.refunded", charge))
    assert api.calls[0][2] == {"payment_intent": INTENT, "expand[0]": "data.payment_intent.latest_charge.refunds"}
    assert [(one.type, one.event_key, one.amount_minor, one.request_key) for one in told] == [
        (base.REFUNDED, "re_1", 1000, ""),
        (base.REFUNDED, "re_2", 290, "refund-7"),
    ]
    assert read(of(Api(GET_sessions=listed())), event("charge.refunded", charge)) == []
    missing = no(404, "invalid_request_error", "resource_missing")
    assert read(of(Api(GET_sessions=missing)), event("charge.refunded", charge)) == []
    denied = Api(GET_sessions=no(403, "invalid_request_error", None))
    assert of(denied).read_notification(event("charge.refunded", charge)).verdict == base.UNDECIDED


def test_more_refunds_than_fit_are_listed(of):
    """A payment shows its newest ten refunds only (NOT-07)."""
    rows = [refund_of(f"re_{number}", 1) for number in range(12)]
    shown = {"refunds": listed(*rows[:10], more=True), "amount_refunded": 12}
    api = Api(GET_cs=session_of(BEGUN, payment_intent=intent(charge=shown)), GET_refunds=listed(*rows))
    assert [one.event_key for one in of(api).query(BEGUN)[1:]] == [f"re_{number}" for number in range(12)]


def test_a_refund_that_comes_back_needs_a_person(of):
    """Money that is ours again has no word in the shop: it is put before somebody (NOT-07)."""
    gone = refund_of("re_1", 1000, "failed", failure_reason="lost_or_stolen_card")
    there = session_of(BEGUN, payment_intent=intent(charge={"refunds": listed(gone)}))
    told = read(of(Api(GET_sessions=listed(there))), event("refund.failed", gone))
    assert [(one.type, one.vendor_code) for one in told] == [(base.UNKNOWN, "refund re_1 failed lost_or_stolen_card")]


@pytest.mark.parametrize(
    ("status", "words"),
    [
        ("needs_response", [base.CHARGED_BACK]),
        ("under_review", [base.CHARGED_BACK]),
        ("lost", [base.CHARGED_BACK]),
        ("won", [base.CHARGED_BACK, base.WON_BACK]),
        ("warning_needs_response", []),
        ("warning_closed", []),
        ("prevented", []),
        ("brand_new", [base.UNKNOWN]),
    ],
)
def test_a_dispute_takes_the_money_and_may_give_it_back(of, status, words):
    """An inquiry takes nothing yet; what a bank takes and gives back are two events of one dispute (NOT-07)."""
    row = {"id": "dp_1", "object": "dispute", "amount": 4290, "currency": "eur", "status": status}
    row |= {"payment_intent": INTENT, "created": 1893488400}
    there = session_of(BEGUN, payment_intent=intent(charge={"disputed": True}))
    api = Api(GET_sessions=listed(there), GET_disputes=listed(row), GET_cs=there)
    told = read(of(api), event("charge.dispute.created", row))
    assert [one.type for one in told] == words
    assert len({one.event_key for one in told}) == len(words)
    assert [one.event_key for one in of(api).query(BEGUN)[1:]] == [one.event_key for one in told]


def test_one_payment_has_one_name_on_every_channel(of):
    """Event, question and capture speak of the same payment: the keys agree (NOT-05)."""
    asked = of(Api(GET_cs=session_of(BEGUN, payment_intent=intent(charge={"id": "ch_1"})))).query(BEGUN)
    told = read(of(), event("checkout.session.completed", session_of(BEGUN)))
    assert {(one.event_key, one.transaction, one.reference) for one in (*asked, *told)} == {
        (f"{INTENT}:paid", INTENT, BEGUN.gateway_reference)
    }


# --- questions


@pytest.mark.parametrize(
    ("session", "words"),
    [
        ({"status": "open", "payment_status": "unpaid", "payment_intent": None}, []),
        ({"status": "open", "payment_intent": intent("requires_payment_method")}, []),
        ({"status": "expired", "payment_intent": intent("canceled")}, [base.EXPIRED]),
        ({"payment_intent": intent("processing")}, [base.PENDING]),
        ({"payment_intent": intent("requires_capture")}, [base.AUTHORIZED]),
        ({"payment_intent": intent("canceled")}, [base.VOIDED]),
        ({"payment_intent": intent("requires_payment_method")}, [base.DECLINED]),
        ({"payment_intent": intent("brand_new")}, [base.UNKNOWN]),
    ],
)
def test_a_question_is_answered_by_the_session(of, session, words):
    """Nothing while the page is open, then what became of the payment (NOT-11)."""
    assert [one.type for one in of(Api(GET_cs=session_of(BEGUN, **session))).query(BEGUN)] == words


def test_a_refusal_says_why(of):
    """The bank's word is ours in the shop, and theirs for staff (ERR-05, ERR-07)."""
    error = {"code": "card_declined", "decline_code": "insufficient_funds", "message": "Your card has no funds."}
    failed = intent("requires_payment_method", last_payment_error=error)
    told = of(Api(GET_cs=session_of(BEGUN, payment_intent=failed))).query(BEGUN)[0]
    assert (told.error_type, told.vendor_code) == ("insufficient_funds", "insufficient_funds Your card has no funds.")


def test_an_answer_about_another_session_is_no_answer(of):
    """What was not asked for proves nothing (NOT-11)."""
    with pytest.raises(GatewayError):
        of(Api(GET_cs=session_of(OTHER))).query(BEGUN)


def test_nobody_has_paid_what_nobody_was_led_to(of):
    """An attempt whose beginning had no answer is asked about and closed without a call (RED-04)."""
    assert of().query(OURS) == [] and of().close(OURS)


@pytest.mark.parametrize(
    ("expired", "then", "certain"),
    [
        ({"status": "expired"}, None, True),
        (None, {"status": "expired"}, True),
        (None, {"payment_intent": intent()}, False),
        (None, {"payment_intent": intent("processing")}, False),
        (None, {"payment_intent": intent("canceled")}, True),
        (None, {"payment_intent": intent("requires_payment_method")}, True),
        (None, {"status": "open"}, False),
    ],
)
def test_a_page_is_closed_or_was_done_before(of, expired, then, certain):
    """Only what is expired, or can bring no money any more, is certain (NOT-02)."""
    refused = no(400, "invalid_request_error", None, "Only Checkout Sessions with a status in [open] can be expired.")
    made = session_of(BEGUN, **expired) if expired else refused
    api = Api(POST_expire=made, GET_cs=session_of(BEGUN, **(then or {})))
    assert of(api).close(BEGUN) is certain


# --- money


PAID = replace(BEGUN, transaction_id=INTENT)


@pytest.mark.parametrize(
    ("answer", "result"),
    [
        (refund_of("re_1", 100), base.DONE),
        (refund_of("re_1", 100, "pending"), base.ACCEPTED),
        (refund_of("re_1", 100, "requires_action"), base.ACCEPTED),
        (refund_of("re_1", 100, "failed", failure_reason="declined"), base.REFUSED),
        (refund_of("re_1", 100, "brand_new"), base.UNKNOWN),
        (no(400, "invalid_request_error", "charge_already_refunded", "It has already been refunded."), base.REFUSED),
        (no(402, "card_error", "insufficient_funds"), base.REFUSED),
        (no(400, "idempotency_error", "idempotency_key_in_use"), base.UNKNOWN),
        (no(409, "invalid_request_error", "lock_timeout"), base.UNKNOWN),
        (no(429, "invalid_request_error", "rate_limit"), base.UNKNOWN),
        (no(500, "api_error"), base.UNKNOWN),
        (Answer(200, {}, b"nonsense"), base.UNKNOWN),
    ],
    ids=lambda value: value if isinstance(value, str) else "",
)
def test_a_refund_is_done_refused_or_unknown(of, answer, result):
    """A plain no ends it; whatever may have been done is asked about (ADM-15, ERR-01)."""
    assert of(Api(POST_refunds=answer)).refund(PAID, 100, "refund-7").result == result


def test_a_refund_carries_our_key_twice(of):
    """Stripe answers the same key alike, and the refund shows it when it is asked for (ADM-15)."""
    api = Api(POST_refunds=refund_of("re_1", 100))
    assert of(api).refund(PAID, 100, "refund-7") == base.OperationResult(base.DONE, "re_1")
    method, path, fields, headers = api.calls[0]
    assert (method, path, headers["Idempotency-Key"]) == ("POST", "/v1/refunds", f"{INTENT}-refund-7")
    assert (fields["payment_intent"], fields["amount"], fields["metadata[request_key]"]) == (INTENT, "100", "refund-7")


def test_a_refund_is_found_by_our_key(of):
    """What became of it, or that it never arrived (ADM-15)."""
    rows = listed(refund_of("re_1", 100), refund_of("re_2", 100, metadata={"request_key": "refund-7"}))
    assert of(Api(GET_refunds=rows)).query_refund(PAID, "refund-7") == base.OperationResult(base.DONE, "re_2")
    assert of(Api(GET_refunds=rows)).query_refund(PAID, "refund-8").result == base.NEVER_ARRIVED
    with pytest.raises(GatewayError):
        of().query_refund(PAID, "refund-7")


def test_a_reserved_sum_is_taken_or_given_up(of):
    """The bill does not know the payment before it is taken: its session does (BIL-20)."""
    there = session_of(BEGUN, payment_intent=intent("requires_capture"))
    api = Api(GET_cs=there, POST_capture=intent(), POST_cancel=intent("canceled"))
    assert of(api).capture(BEGUN, 4290, "capture-1") == base.OperationResult(base.DONE, INTENT)
    assert of(api).void(BEGUN, "void-1") == base.OperationResult(base.DONE, INTENT)
    captured, voided = api.calls[1], api.calls[3]
    assert captured[1:3] == (f"/v1/payment_intents/{INTENT}/capture", {"amount_to_capture": "4290"})
    assert captured[3]["Idempotency-Key"] == f"{INTENT}-capture-1"
    assert voided[1] == f"/v1/payment_intents/{INTENT}/cancel"


def test_a_capture_that_is_not_one_is_not_done(of):
    """Another state than the one that was asked for is not a success (BIL-20)."""
    there, wrong = session_of(BEGUN, payment_intent=None), no(400, "invalid_request_error", "payment_intent_unexpected")
    paid = session_of(BEGUN)
    assert of(Api(GET_cs=there)).capture(BEGUN, 4290, "c").result == base.REFUSED
    assert of(Api(GET_cs=paid, POST_capture=intent("requires_capture"))).capture(BEGUN, 1, "c").result == base.UNKNOWN
    assert of(Api(GET_cs=paid, POST_cancel=intent("succeeded"))).void(BEGUN, "v").result == base.UNKNOWN
    assert of(Api(GET_cs=paid, POST_capture=wrong)).capture(BEGUN, 4290, "c").result == base.REFUSED


# --- words and settings


def test_every_documented_code_is_a_reason_that_the_shop_knows():
    """ERR-06: each code of docs.stripe.com/declines/codes maps to one of our words; another is "unknown"."""
    assert set(REASONS.values()) <= set(DECLINES)
    assert why({"code": "expired_card"})[0] == "card_expired"
    assert why({"code": "card_declined", "decline_code": "stolen_card"})[0] == "suspected_fraud"
    assert why({"code": "card_declined", "decline_code": "brand_new"})[0] == "card_declined"
    for strange in ({"code": "brand_new"}, {"code": 7}, {}, None, []):
        assert why(strange)[0] == "unknown"


def test_the_page_speaks_the_shoppers_language_if_it_can():
    """Another is left to the browser (ADM-02)."""
    assert [locale(one) for one in ("de", "de_CH", "en", "ar", "")] == ["de", "de", "en", "auto", "auto"]


def test_keys_of_the_other_mode_are_found(bare_app):
    """A live key in a test shop, or the other way round, is said before it is used (ADM-10)."""
    with bare_app.app_context():
        live = replace(STAND, secrets={**SECRETS, "secret_key": "sk_live_51abc"}).gateway()
        assert any("other mode" in sentence for sentence in live.check())
        for wrong in ("pk_test_1", "sk_51", "sk_test_"):
            assert replace(STAND, secrets={**SECRETS, "secret_key": wrong}).gateway().check()
        assert replace(STAND, secrets={**SECRETS, "signing_secret": "secret"}).gateway().check()


# --- whatever the service says

WORDS = sorted(
    {
        *session_of(BEGUN),
        *intent(charge={"refunds": 1, "amount_refunded": 1}),
        *refund_of("re_1", 1),
        *(
            "data",
            "has_more",
            "code",
            "capture",
            "reference",
            "request_key",
            "complete",
            "paid",
            "unpaid",
            "eur",
            "kwd",
        ),
        *("succeeded", "requires_capture", "won", "failed", "manual", "pi_1", "cs_test_K1001-1", "expired", "K1001-1"),
    }
)
WORD = st.sampled_from(WORDS)
TREE = st.recursive(
    WORD | st.text(max_size=5) | st.integers() | st.floats() | st.booleans() | st.none(),
    lambda inner: st.lists(inner, max_size=3) | st.dictionaries(WORD, inner, max_size=6),
    max_leaves=15,
)
KINDS = st.sampled_from(
    [
        "checkout.session.completed",
        "checkout.session.async_payment_failed",
        "payment_intent.succeeded",
        "charge.refunded",
        "refund.failed",
        "charge.dispute.closed",
    ]
)
SOME = settings(max_examples=300, deadline=None, database=None, suppress_health_check=list(HealthCheck))


@SOME
@given(kind=KINDS, thing=TREE, told=TREE, shaped=st.booleans())
def test_whatever_stripe_says_breaks_nothing(of, kind, thing, told, shaped):
    """Signed and answered by the service itself, with the right words in wrong places: no exception but the adapter's
    own, and every outcome is one that the shop can read (NOT-11, ERR-01)."""
    answer = Answer(200, {}, json.dumps(told).encode())
    gateway = of(lambda *args, **how: answer)
    shape = session_of(BEGUN) if kind.startswith("checkout") else intent()
    found = {**shape, **thing} if shaped and isinstance(thing, dict) else thing
    reading = gateway.read_notification(event(kind, found))
    assert reading.verdict in (base.AUTHENTIC, base.UNDECIDED)
    outcomes = [*reading.outcomes]
    for ask in (gateway.query, gateway.close, lambda bill: gateway.begin(bill, URLS)):
        try:
            said = ask(BEGUN)
        except GatewayError:
            continue
        outcomes += said if isinstance(said, list) else []
    for one in outcomes:
        assert isinstance(one.reference, str) and isinstance(one.event_key, str) and isinstance(one.transaction, str)
        assert isinstance(one.amount_minor, int) and one.amount_minor >= 0 and len(one.vendor_code) <= 100
        assert base.outcomes_from(base.stored_form([one])) == [one]
    for move in (gateway.refund, gateway.capture):
        assert move(PAID, 100, "key").result in (base.DONE, base.ACCEPTED, base.REFUSED, base.UNKNOWN)
    assert gateway.void(BEGUN, "key").result in (base.DONE, base.REFUSED, base.UNKNOWN)
