"""AltaPay's protocol: the conformance kit, its checksum, its XML, and what its API answers."""

import hashlib
from base64 import b64encode
from dataclasses import replace
from datetime import UTC, datetime
from ipaddress import ip_network
from urllib.parse import parse_qsl, urlencode, urlsplit

import pytest
from hypothesis import HealthCheck, given, settings, strategies as st

from storefront.kit import money
from storefront.kit.http import Answer
from storefront.payments.errors import GatewayError
from storefront.payments.gateways import base, conformance
from storefront.payments.gateways.altapay import AltaPay, checksum
from storefront.payments.gateways.altapay_xml import document
from storefront.payments.gateways.base import Message
from storefront.payments.gateways.references import compact
from storefront.payments.gateways.stand import OTHER, OURS, SIZES, URLS, nobody_answers

SETTINGS = {"merchant": "Storefront Test Terminal", "username": "shop@example.com"}
SECRETS = {"password": "api password", "secret": "checksum secret"}
PAID = replace(OURS, transaction_id="299")


def response(body, code="0", message=""):
    """An answer of the API, as AltaPay/sdk-php's examples show it."""
    header = (
        f"<Date>2017-10-02T10:46:21+02:00</Date><ErrorCode>{code}</ErrorCode><ErrorMessage>{message}</ErrorMessage>"
    )
    xml = f'<APIResponse version="20170228"><Header>{header}</Header><Body>{body}</Body></APIResponse>'
    return Answer(200, {"content-type": "text/xml"}, f'<?xml version="1.0"?>{xml}'.encode())


def identifier(kind, amount, key):
    """Something that was captured or sent back."""
    dated = "<Date>2017-10-02T10:46:21+02:00</Date>"
    return (
        f'<ReconciliationIdentifier><Id>{key}</Id><Amount currency="978">{amount}</Amount><Type>{kind}</Type>{dated}'
        "</ReconciliationIdentifier>"
    )


def transaction(status, bill=OURS, name="299", identifiers="", more="", **sums):
    """A Transaction, of which only what is read stands here."""
    told = {"ReservedAmount": "0.00", "CapturedAmount": "0.00", "RefundedAmount": "0.00", **sums}
    facts = {
        "TransactionId": name,
        "ShopOrderId": bill.gateway_reference or bill.reference,
        "Terminal": SETTINGS["merchant"],
        "TransactionStatus": status,
        "MerchantCurrencyAlpha": bill.currency,
        **told,
    }
    inside = "".join(f"<{tag}>{text}</{tag}>" for tag, text in facts.items()) + (more or "<ChargebackEvents/>")
    listed = f"<ReconciliationIdentifiers>{identifiers}</ReconciliationIdentifiers>"
    return f"<Transaction>{inside}{listed}</Transaction>"


def captured(bill=OURS, back="0.00", identifiers="", **facts):
    """One that was taken in full."""
    amount = money.plain(bill.amount_minor, bill.currency)
    taken = identifier("captured", amount, "0b47d69c")
    sums = {"ReservedAmount": amount, "CapturedAmount": amount, "RefundedAmount": back}
    return transaction("captured", bill, identifiers=taken + identifiers, **sums, **facts)


def reserved(bill=OURS, **facts):
    """One that is only reserved."""
    return transaction("preauth", bill, ReservedAmount=money.plain(bill.amount_minor, bill.currency), **facts)


def listed(*found):
    """The answer of `payments`."""
    return response(f"<Result/><Transactions>{''.join(found)}</Transactions>")


class Api:
    """AltaPay's API: answers by method's name, and what was asked."""

    def __init__(self, **answers):
        self.answers, self.calls = answers, []

    def __call__(self, method, url, data=None, headers=None, **how):
        parts = urlsplit(url)
        assert (parts.scheme, parts.netloc) == ("https", "testgateway.altapaysecure.com")
        assert headers["Authorization"] == "Basic " + b64encode(b"shop@example.com:api password").decode()
        name = parts.path.removeprefix("/merchant/API/")
        assert method == ("GET" if name == "payments" else "POST")
        asked = dict(parse_qsl(data or parts.query, keep_blank_values=True))
        self.calls.append((name, asked))
        told = self.answers[name]
        return told(asked) if callable(told) else told


def begins(asked):
    """The API makes a page."""
    url = f"https://testgateway.altapaysecure.com/eCommerce/API/redirect?pid={asked['shop_orderid']}"
    return response(f"<Result>Success</Result><PaymentRequestId>1</PaymentRequestId><Url>{url}</Url>")


def callback(fields, secret=SECRETS["secret"]):
    """AltaPay's server posts this."""
    text = (
        f"amount={fields['amount']},currency={fields['currency']},secret={secret},shop_orderid={fields['shop_orderid']}"
    )
    body = urlencode({**fields, "checksum": hashlib.md5(text.encode()).hexdigest()})
    return Message("POST", "", body.encode(), {"content-type": "application/x-www-form-urlencoded"})


def fields_of(bill, status="succeeded"):
    """What a callback says."""
    return {
        "status": status,
        "shop_orderid": bill.gateway_reference or bill.reference,
        "amount": money.plain(bill.amount_minor, bill.currency),
        "currency": "978",
        "transaction_id": "299",
        "type": "paymentAndCapture",
        "xml": "<APIResponse/>",
    }


class Service:
    """What the service would say if it were asked: of the last payment that it spoke of."""

    def __init__(self):
        self.now = {}

    def said(self, channel, word, bill, secrets):
        """The callback of what has happened, which the API then confirms."""
        state = captured(bill) if word == "paid" else transaction("preauth_failed", bill)
        self.now[bill.gateway_reference or bill.reference] = state
        return callback(fields_of(bill, "succeeded" if word == "paid" else "failed"), secrets["secret"])

    def answers(self, method, url, data=None, headers=None, **how):
        """The API."""
        known = self.now.get(dict(parse_qsl(urlsplit(url).query)).get("shop_orderid"))
        return listed(known) if known else response("<Result/>")


SERVICE = Service()
STAND = conformance.Stand(
    AltaPay,
    SETTINGS,
    SECRETS,
    SERVICE.said,
    ("EUR", "JPY"),
    begins=Api(createPaymentRequest=begins),
    proves=SERVICE.answers,
)


@pytest.fixture
def of(bare_app):
    """The adapter whose service answers so."""
    with bare_app.app_context():
        yield lambda send=nobody_answers, **settings: replace(STAND, settings={**SETTINGS, **settings}).gateway(
            send=send
        )


def types(outcomes):
    """Their words."""
    return [one.type for one in outcomes]


def test_it_conforms(bare_app, gateway_check):
    """It holds what every gateway must hold (ADM-03, NOT-14)."""
    with bare_app.app_context():
        gateway_check(STAND)


# --- beginning


def test_the_page_is_asked_for_by_api(of):
    """The terminal, our reference, a decimal sum, and our addresses (ADM-02, BIL-03)."""
    api = Api(createPaymentRequest=begins)
    billing = {"line1": "Torvet 1", "postcode": "1234", "city": "København", "country": "DK", "name": "Alice A"}
    step = of(api).begin(replace(OURS, locale="da", shopper={"email": "a@example.com", "billing": billing}), URLS)
    assert step.url.endswith(f"pid={step.reference}") and step.reference == compact(OURS, 24)
    assert api.calls == [
        (
            "createPaymentRequest",
            {
                "terminal": "Storefront Test Terminal",
                "shop_orderid": step.reference,
                "amount": "42.90",
                "currency": "EUR",
                "type": "paymentAndCapture",
                "language": "da",
                "config[callback_ok]": URLS.ok,
                "config[callback_open]": URLS.ok,
                "config[callback_fail]": URLS.error,
                "config[callback_notification]": URLS.notify,
                "customer_info[billing_address]": "Torvet 1",
                "customer_info[billing_postal]": "1234",
                "customer_info[billing_city]": "København",
                "customer_info[billing_country]": "DK",
                "customer_info[email]": "a@example.com",
            },
        )
    ]


def test_a_sum_may_only_be_reserved(of):
    """`payment` reserves, `paymentAndCapture` takes (BIL-20)."""
    api = Api(createPaymentRequest=begins)
    of(api, capture="payment").begin(OURS, URLS)
    assert api.calls[0][1]["type"] == "payment"


def test_an_attempt_has_a_name_of_letters_and_digits(of):
    """Which the shop is told of, and asks for later (ERR-06)."""
    api = Api(createPaymentRequest=begins, payments=lambda asked: response("<Result/>"))
    odd = replace(OURS, reference="K/1001-1", order_number="K/1001")
    step = of(api).begin(odd, URLS)
    assert step.reference == compact(odd, 24) == api.calls[0][1]["shop_orderid"]
    of(api).query(replace(odd, gateway_reference=step.reference))
    assert api.calls[1][1] == {"shop_orderid": step.reference}


def test_another_shop_of_the_terminal_calls_its_attempts_otherwise(of):
    """Both count alike, and ask the same account: what one is paid pays nothing in the other (NOT-11)."""
    here, there = (STAND.told(replace(OURS, key=key)) for key in ("bill-key-1", "bill-key-of-another-shop"))
    assert here.gateway_reference != there.gateway_reference
    assert of(Api(payments=lambda asked: listed(captured(there)))).query(here) == []


def test_a_try_that_was_given_up_ends_nothing_while_another_holds_the_sum(of):
    """Several tries stand under one name: the one that was released does not undo the one that is reserved (BIL-15)."""
    for held, word in ((reserved(name="300"), "authorized"), (captured(name="300"), "paid")):
        for tries in ((transaction("released"), held), (held, transaction("released"))):
            assert types(of(Api(payments=lambda asked, tries=tries: listed(*tries))).query(OURS)) == [word]
    assert types(of(Api(payments=lambda asked: listed(transaction("released")))).query(OURS)) == ["voided"]


def test_a_sum_that_is_not_told_is_not_nothing(of):
    """Whether a refund arrived is unknown, and not asked for again, where no sum that went back is told (BIL-17)."""
    silent = captured(PAID).replace("<RefundedAmount>0.00</RefundedAmount>", "")
    api = Api(payments=lambda asked: listed(silent))
    assert of(api).query_refund(PAID, "a key").result == base.UNKNOWN


def test_a_sum_with_more_than_two_decimals_is_not_asked_for(of):
    """Nothing is rounded (BIL-03)."""
    with pytest.raises(GatewayError):
        of().begin(replace(OURS, amount_minor=12345, currency="KWD"), URLS)


@pytest.mark.parametrize(
    "answer",
    [
        Answer(401, {}, b"Authorization Required"),
        Answer(500, {}, b""),
        Answer(200, {}, b"<html>"),
        Answer(200, {}, b"\xff\xfe"),
        Answer(200, {}, b"<!DOCTYPE a [<!ENTITY b 'c'>]><APIResponse>&b;</APIResponse>"),
        Answer(200, {}, b"<?xml version='1.0' encoding='nonsense'?><APIResponse/>"),
        response("", "40", "Merchant's terminal is unknown"),
        response("<Result>Error</Result><MerchantErrorMessage>Unable to register</MerchantErrorMessage>"),
        response("<Result>Success</Result><Url>javascript:alert(1)</Url>"),
        response("<Result>Success</Result>"),
    ],
    ids=lambda answer: f"{answer.status}-{answer.body[-20:]!r}",
)
def test_no_answer_but_a_page_begins_anything(of, answer):
    """Whatever else comes is an error of the service, in the shop's words and not in AltaPay's (ERR-01, ERR-07)."""
    with pytest.raises(GatewayError) as error:
        of(Api(createPaymentRequest=answer)).begin(OURS, URLS)
    assert "terminal" not in error.value.message and "register" not in error.value.message


# --- callbacks


def test_the_checksum_of_a_callback():
    """The MD5 of four names and values, as AltaPay's own plugins make it (NOT-11)."""
    fields = {"amount": "139.00", "currency": "208", "shop_orderid": "000000081", "status": "succeeded"}
    text = b"amount=139.00,currency=208,secret=s3cret,shop_orderid=000000081"
    assert checksum(fields, "s3cret") == hashlib.md5(text).hexdigest() == "3b007b8c3869741109e016985e5289fd"
    assert checksum({**fields, "status": "failed", "xml": "other"}, "s3cret") == checksum(fields, "s3cret")


@pytest.mark.parametrize("given", [None, "", " ", "0" * 32, "ſ½", "checksum secret"])
def test_without_a_right_checksum_nothing_is_asked(of, given):
    """AltaPay's plugins take a callback without one; here it is refused, and nobody is called (NOT-11, SEC-02)."""
    fields = fields_of(OURS) | ({} if given is None else {"checksum": given})
    message = Message("POST", "", urlencode(fields).encode(), {"content-type": "application/x-www-form-urlencoded"})
    api = Api(payments=listed(captured()))
    assert of(api).read_notification(message).verdict == base.FORGED
    assert not api.calls


def test_a_gateway_without_a_secret_believes_nobody(bare_app):
    """The MD5 with an empty secret is known to everybody (NOT-11)."""
    with bare_app.app_context():
        for secrets in ({"password": "api password"}, {"password": "api password", "secret": ""}):
            bare = replace(STAND, secrets=secrets).gateway(send=Api(payments=listed(captured())))
            assert bare.read_notification(callback(fields_of(OURS), "")).verdict == base.FORGED


def test_only_what_the_api_says_counts(of):
    """A callback that lies about the state, or repeats an old one, brings what is true now (NOT-11, NOT-05)."""
    told = callback(fields_of(OURS, "succeeded"))
    assert types(of(Api(payments=listed(captured()))).read_notification(told).outcomes) == [base.PAID]
    for state in (listed(transaction("preauth_failed")), listed(transaction("created")), response("<Result/>")):
        reading = of(Api(payments=state)).read_notification(told)
        assert (reading.verdict, list(reading.outcomes)) == (base.AUTHENTIC, [])
    for broken in (nobody_answers, Api(payments=Answer(500, {}, b"")), Api(payments=Answer(403, {}, b""))):
        assert of(broken).read_notification(told).verdict == base.UNDECIDED


def test_a_callback_of_another_charset_does_not_break_anything(of):
    """What is no UTF-8 has no right checksum (NOT-11)."""
    body = callback(fields_of(OURS)).body + b"&error_message=%E6%F8%E5"
    reading = of(Api(payments=listed(captured()))).read_notification(Message("POST", "", body, {}))
    assert types(reading.outcomes) == [base.PAID]  # that field is not covered, and not read


# --- what transactions say


def test_a_published_answer_is_read(of):
    """The callback XML of AltaPay/sdk-php, example/xml/CallbackXML_reservationAndCapture.xml, in numbers (NOT-07)."""
    dkk = replace(OURS, reference="000000081", amount_minor=13900, currency="DKK")
    told = of(Api(payments=listed(captured(dkk)))).query(dkk)
    assert told == [
        base.Outcome(
            base.PAID,
            "000000081",
            "299:paid",
            13900,
            "DKK",
            "299",
            merchant="Storefront Test Terminal",
            occurred_at=datetime(2017, 10, 2, 8, 46, 21, tzinfo=UTC),
        )
    ]


@pytest.mark.parametrize(
    ("state", "words"),
    [
        (reserved(), [base.AUTHORIZED]),
        (transaction("invoice_initialized", ReservedAmount="42.90"), [base.AUTHORIZED]),
        (transaction("released", ReservedAmount="42.90"), [base.VOIDED]),
        (transaction("pending"), [base.PENDING]),
        (transaction("bank_payment_finalized", CapturedAmount="42.90"), [base.PAID]),
        (transaction("created"), []),
        (transaction("failed"), []),
        (transaction("preauth_failed"), []),
        (transaction("preauth_error"), []),
        (transaction("3dsecure_failed"), []),
        (transaction("3dsecure_sale_started"), []),
        (transaction("epayment_cancelled"), []),
        (transaction("epayment_declined"), []),
        (transaction("preauth"), [base.UNKNOWN]),
        (transaction("brand_new"), [base.UNKNOWN]),
        (transaction(""), [base.UNKNOWN]),
        (transaction("captured", CapturedAmount="-1.00"), [base.UNKNOWN]),
        (transaction("captured", CapturedAmount="NaN"), [base.UNKNOWN]),
        (transaction("captured", CapturedAmount="42.901"), [base.UNKNOWN]),
        (transaction("captured", replace(OURS, currency="978"), CapturedAmount="42.90"), [base.UNKNOWN]),
        (captured(more="<ChargebackEvents><ChargebackEvent/></ChargebackEvents>"), [base.PAID, base.UNKNOWN]),
    ],
)
def test_each_state_has_its_word(of, state, words):
    """Sums count before words; a failed try is no news; what is not known needs a person (NOT-07, ERR-06)."""
    assert types(of(Api(payments=listed(state))).query(OURS)) == words


def test_every_try_is_told_and_no_other_order(of):
    """The fail page may come after a success: what is paid stays paid; what is paid twice is told twice (NOT-05)."""
    found = listed(
        transaction("preauth_failed", name="1"),
        captured(name="2"),
        captured(name="3"),
        captured(OTHER, name="4"),
    )
    assert [(one.type, one.transaction) for one in of(Api(payments=found)).query(OURS)] == [
        (base.PAID, "2"),
        (base.PAID, "3"),
    ]


def test_refunds_are_told_by_their_identifiers(of):
    """Ours under our key, one of the console under AltaPay's name; what has no name needs a person (NOT-07)."""
    rows = identifier("refunded", "10.00", "refund-7") + identifier("refunded", "2.90", "5c73f256")
    told = of(Api(payments=listed(captured(back="12.90", identifiers=rows)))).query(OURS)
    assert [(one.type, one.event_key, one.amount_minor, one.request_key) for one in told[1:]] == [
        (base.REFUNDED, "refund-7", 1000, "refund-7"),
        (base.REFUNDED, "5c73f256", 290, "5c73f256"),
    ]
    assert types(of(Api(payments=listed(captured(back="12.90")))).query(OURS)) == [base.PAID, base.UNKNOWN]


# --- money

DONE, FAILED = response("<Result>Success</Result>"), "<MerchantErrorMessage>Too late</MerchantErrorMessage>"


@pytest.mark.parametrize(
    ("answer", "result"),
    [
        (DONE, base.DONE),
        (response(f"<Result>Failed</Result>{FAILED}"), base.REFUSED),
        (response("<Result>Open</Result>"), base.ACCEPTED),
        (response("<Result>Error</Result>"), base.UNKNOWN),
        (response("<Result>PartialSuccess</Result>"), base.UNKNOWN),
        (response("<Result/>"), base.UNKNOWN),
        (response("", "11", "Amount too high"), base.REFUSED),
        (Answer(401, {}, b""), base.REFUSED),
        (Answer(502, {}, b""), base.UNKNOWN),
        (Answer(200, {}, b"nonsense"), base.UNKNOWN),
    ],
    ids=lambda value: value if isinstance(value, str) else "",
)
def test_money_is_moved_refused_or_unknown(of, answer, result):
    """A plain no ends it; whatever may have been done is asked about (ADM-15, BIL-20, ERR-01)."""
    api = Api(payments=listed(captured()), refundCapturedReservation=answer)
    assert of(api).refund(PAID, 1000, "refund-7").result == result
    held = Api(payments=listed(reserved()), captureReservation=answer, releaseReservation=answer)
    assert of(held).capture(OURS, 4290, "capture-1").result == result
    assert of(held).void(OURS, "void-1").result == result


def test_a_refund_goes_out_once_under_our_key(of):
    """It carries our key, and is not sent again once it is listed under it (ADM-15)."""
    api = Api(payments=listed(captured()), refundCapturedReservation=DONE)
    assert of(api).refund(PAID, 1000, "refund-7") == base.OperationResult(base.DONE, "refund-7")
    sent = {"transaction_id": "299", "amount": "10.00", "reconciliation_identifier": "refund-7"}
    assert api.calls[1] == ("refundCapturedReservation", sent)
    there = captured(back="10.00", identifiers=identifier("refunded", "10.00", "refund-7"))
    again = Api(payments=listed(there))
    assert of(again).refund(PAID, 1000, "refund-7") == base.OperationResult(base.DONE, "refund-7")
    assert of(again).query_refund(PAID, "refund-7") == base.OperationResult(base.DONE, "refund-7")


def test_a_refund_never_arrived_only_if_nothing_went_back(of):
    """Where something did, under whatever name, it might be this one: a person decides (ADM-15)."""
    assert of(Api(payments=listed(captured()))).query_refund(PAID, "refund-7").result == base.NEVER_ARRIVED
    some = captured(back="5.00", identifiers=identifier("refunded", "5.00", "another"))
    assert of(Api(payments=listed(some))).query_refund(PAID, "refund-7").result == base.UNKNOWN
    with pytest.raises(GatewayError):
        of().query_refund(PAID, "refund-7")


def test_money_goes_back_from_the_payment_that_was_meant(of):
    """Of two payments of one order each has its own; one that is not there is not replaced by the other (ADM-15)."""
    api = Api(payments=listed(captured(name="298"), captured(name="299")), refundCapturedReservation=DONE)
    of(api).refund(PAID, 1000, "refund-7")
    assert api.calls[1][1]["transaction_id"] == "299"
    gone = Api(payments=listed(captured(name="298")))
    assert of(gone).refund(PAID, 1000, "refund-7").result == base.REFUSED


def test_what_is_reserved_is_found_by_our_reference(of):
    """The bill does not know its transaction before it is taken (BIL-20)."""
    found = listed(transaction("preauth_failed", name="1"), reserved(name="2"))
    api = Api(payments=found, captureReservation=DONE, releaseReservation=DONE)
    assert of(api).capture(OURS, 4290, "capture-1") == base.OperationResult(base.DONE, "2")
    assert of(api).void(OURS, "void-1") == base.OperationResult(base.DONE, "2")
    assert api.calls[1][1] == {"transaction_id": "2", "amount": "42.90", "reconciliation_identifier": "capture-1"}
    assert api.calls[3] == ("releaseReservation", {"transaction_id": "2"})
    assert of(Api(payments=response("<Result/>"))).capture(OURS, 4290, "c").result == base.REFUSED


# --- taken in parts


def part(amount, key, day=2):
    """A part that was taken on some day."""
    return identifier("captured", amount, key).replace("2017-10-02", f"2017-10-{day:02}")


def in_parts(total, *parts):
    """A transaction of 42.90 of which these were taken."""
    sums = {"ReservedAmount": "42.90", "CapturedAmount": total}
    return transaction("captured", identifiers="".join(parts), **sums)


def taken(of, found):
    """What is told of the money that was taken: sum, event, transaction."""
    told = of(Api(payments=listed(found))).query(OURS)
    return [(one.amount_minor, one.event_key, one.transaction) for one in told if one.type == base.PAID]


def test_each_part_is_told_with_its_own_sum(of):
    """BIL-20, NOT-04: the oldest is the payment, each later one money of its own; in any order, and however often."""
    first, second, third = part("20.00", "a", 2), part("12.90", "b", 5), part("10.00", "c", 9)
    one, two, three = (2000, "299:paid", "299"), (1290, "299:captured:b", "299:b"), (1000, "299:captured:c", "299:c")
    assert taken(of, in_parts("20.00", first)) == [one]
    assert taken(of, in_parts("32.90", first, second)) == taken(of, in_parts("32.90", second, first)) == [one, two]
    assert taken(of, in_parts("42.90", third, first, second)) == [one, two, three]
    assert len({key for _sum, key, _name in (one, two, three)}) == 3


def test_parts_that_do_not_make_the_sum_need_a_person(of):
    """BIL-20: then what was taken in all is told once, and a row on the desk says that nobody can tell the parts."""
    for parts in ([part("20.00", "a"), part("12.00", "b")], [part("20.00", "a"), part("12.90", "", 5)]):
        told = of(Api(payments=listed(in_parts("32.90", *parts)))).query(OURS)
        assert [(one.type, one.amount_minor) for one in told] == [(base.PAID, 3290), (base.UNKNOWN, 0)]
        assert told[0].event_key == "299:paid" and told[1].vendor_code == "CapturedAmount 32.90"


def test_the_answer_of_a_capture_tells_what_was_taken(of):
    """BIL-20: a part of what was asked for is booked as that part; without a word of it what was asked for counts."""
    some = transaction("captured", identifiers=part("20.00", "capture-1"), CapturedAmount="20.00")
    answer = response(f"<Result>Success</Result><Transactions>{some}</Transactions>")
    api = Api(payments=listed(reserved()), captureReservation=answer)
    wanted = base.OperationResult(base.DONE, "299", amount_minor=2000)
    assert of(api).capture(OURS, 4290, "capture-1") == wanted
    again = Api(payments=listed(in_parts("20.00", part("20.00", "capture-1"))))
    assert of(again).capture(PAID, 4290, "capture-1") == wanted


def test_money_goes_back_from_the_whole_that_a_part_belongs_to(of):
    """ADM-15: AltaPay knows one transaction, of which the shop has a payment for each part."""
    api = Api(payments=listed(captured()), refundCapturedReservation=DONE)
    assert of(api).refund(replace(PAID, transaction_id="299:b"), 1000, "refund-7").result == base.DONE
    assert api.calls[1][1]["transaction_id"] == "299"


# --- settings


def test_a_live_gateway_has_a_name_of_its_own(bare_app):
    """Live payments are made at the merchant's own gateway: without its name it cannot be switched on (ADM-02)."""
    with bare_app.app_context():
        around = replace(STAND.gateway().around, mode="live")
        assert any("gateway" in sentence for sentence in AltaPay(around).check())
        named = AltaPay(replace(around, settings={**SETTINGS, "gateway": "village"}))
        assert not named.check() and named.address("api") == "https://village.altapaysecure.com"
        own = AltaPay(replace(around, settings={**SETTINGS, "api": "https://pay.example"}))
        assert not own.check() and own.address("api") == "https://pay.example"


def test_the_networks_of_altapay_are_networks():
    """Those of its pages, as the shop reads them when only they count (NOT-12)."""
    assert [ip_network(one).num_addresses for one in AltaPay.sources] == [256, 2**99, 1, 1]


@pytest.mark.parametrize(
    "body", [b"", b"<a", b"<a/>", b"\0", b"<!DOCTYPE x SYSTEM 'file:///etc/passwd'><APIResponse/>"]
)
def test_what_is_no_answer_is_none(body):
    """Nor is anything fetched or defined by it (SEC-02)."""
    assert document(body) is None


def test_the_sizes_of_the_kit_are_decimal_numbers_here():
    """What the kit asks for in minor units is told as people write it (BIL-03)."""
    assert [money.plain(amount, currency) for _, amount, currency in SIZES] == ["42.90", "500", "12.345"]


# --- whatever the service says

TAGS = st.sampled_from(
    [
        *("TransactionId", "ShopOrderId", "Terminal", "TransactionStatus", "MerchantCurrencyAlpha", "ReservedAmount"),
        *("CapturedAmount", "RefundedAmount", "ChargebackEvents", "ReconciliationIdentifiers", "Transaction", "Type"),
        *("ReconciliationIdentifier", "Id", "Amount", "Date", "Result", "Url", "Transactions"),
    ]
)
TEXTS = st.text("0123456789.-+eE,abcEURDKK \u0660\u00b2", max_size=9) | st.sampled_from(
    [
        "299",
        "K1001-1",
        "captured",
        "preauth",
        "released",
        "EUR",
        "JPY",
        "refunded",
        "42.90",
        "0.00",
        "Success",
        "Failed",
    ]
)
XML = st.recursive(
    TEXTS,
    lambda inner: st.lists(st.tuples(TAGS, inner), max_size=7).map(
        lambda pairs: "".join(f"<{tag}>{inside}</{tag}>" for tag, inside in pairs)
    ),
    max_leaves=14,
)


@settings(max_examples=300, deadline=None, database=None, suppress_health_check=list(HealthCheck))
@given(told=XML, inside=st.sampled_from(["{}", "<Transactions>{}</Transactions>", "transaction"]))
def test_whatever_altapay_says_breaks_nothing(of, told, inside):
    """The right words in wrong places: no exception but the adapter's own, and every outcome is one that the shop can
    read (NOT-11, ERR-01)."""
    if inside == "transaction":
        answer = listed(captured().replace("<ChargebackEvents/>", told))
    else:
        answer = response(inside.format(told))
    gateway = of(lambda *args, **how: answer)
    reading = gateway.read_notification(callback(fields_of(OURS)))
    assert reading.verdict in (base.AUTHENTIC, base.UNDECIDED)
    for one in reading.outcomes:
        assert isinstance(one.amount_minor, int) and one.amount_minor >= 0 and len(one.vendor_code) <= 100
        assert base.outcomes_from(base.stored_form([one])) == [one]
    for move in (gateway.refund, gateway.capture):
        assert move(PAID, 100, "key").result in (base.DONE, base.ACCEPTED, base.REFUSED, base.UNKNOWN)
