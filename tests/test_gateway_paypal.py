"""PayPal's protocol: the conformance kit, PayPal's own sample message, every state, and what its API answers."""

from dataclasses import replace
from datetime import UTC, datetime
from types import SimpleNamespace
from urllib.parse import parse_qs, parse_qsl, urlencode

import pytest
from hypothesis import given, settings, strategies as st

from storefront.payments.errors import DECLINES, GatewayError
from storefront.payments.gateways import base, conformance, paypal_news, paypal_words as words
from storefront.payments.gateways.base import Message
from storefront.payments.gateways.paypal import CREDENTIALS, PayPal
from storefront.payments.gateways.stand import OURS, URLS

ACCOUNT = "S8XGHLYDW9T3S"
SETTINGS = {"merchant": ACCOUNT, "api_user": "shop_api1.example.com"}
SECRETS = {
    "api_password": "an api password",
    "api_signature": "an api signature",
}
FORM = {"content-type": "application/x-www-form-urlencoded"}
# The sample of PayPal's page "Introducing IPN", as many listeners quote it, with an invoice of ours.
SAMPLE = (
    "mc_gross=19.95&invoice=K1001-1&protection_eligibility=Eligible&address_status=confirmed&payer_id=LPLWNMTBWMFAY"
    "&tax=0.00&address_street=1+Main+St&payment_date=20%3A12%3A59+Jan+13%2C+2009+PST&payment_status=Completed"
    "&charset=windows-1252&address_zip=95131&first_name=Test&mc_fee=0.88&address_country_code=US"
    "&address_name=Test+User&notify_version=2.6&custom=&payer_status=verified&address_country=United+States"
    "&address_city=San+Jose&quantity=1&verify_sign=AtkOfCXbDm2hu0ZELryHFjY-Vb7PAUvS6nMXgysbElEn9v-1XcmSoGtf"
    "&payer_email=gpmac_1231902590_per%40paypal.com&txn_id=61E67681CH3238416&payment_type=instant&last_name=User"
    "&address_state=CA&receiver_email=gpmac_1231902686_biz%40paypal.com&payment_fee=0.88&receiver_id=S8XGHLYDW9T3S"
    "&txn_type=express_checkout&item_name=&mc_currency=USD&item_number=&residence_country=US&test_ipn=1"
    "&handling_amount=0.00&transaction_subject=&payment_gross=19.95&shipping=0.00"
)


class Service:
    """PayPal's server: it knows the messages that it sent, byte for byte."""

    def __init__(self):
        self.sent, self.asked = set(), []

    def __call__(self, method, url, data=None, headers=None):
        self.asked.append((url, data))
        if "ipnpb" not in url:
            raise GatewayError("The API is down.")
        command, _, message = data.partition(b"&")
        genuine = command == b"cmd=_notify-validate" and message in self.sent
        return SimpleNamespace(status=200, headers={}, body=b"VERIFIED" if genuine else b"INVALID")


SERVICE = Service()


def posted(body, service=SERVICE):
    """PayPal's server posts a message, which it will know again."""
    body = body.encode() if isinstance(body, str) else body
    if service:
        service.sent.add(body)
    return Message("POST", "", body, FORM)


def told(bill=OURS, service=SERVICE, encoding="cp1252", **more):
    """A message about a bill."""
    fields = {
        "payment_status": "Completed",
        "txn_type": "web_accept",
        "txn_id": "8AB12345CD678901E",
        "invoice": bill.reference,
        "mc_gross": f"{bill.amount_minor // 100}.{bill.amount_minor % 100:02}" if bill.currency != "JPY" else "500",
        "mc_currency": bill.currency,
        "receiver_id": ACCOUNT,
        "receiver_email": "shop@example.com",
        "business": "shop@example.com",
        "charset": "windows-1252",
        "memo": "",
        "test_ipn": "1",
        **more,
    }
    return posted(urlencode(fields, encoding=encoding).encode(), service)


def said(channel, word, bill, secrets):
    """What the service really sends; the browser brings nothing."""
    if channel == "return":
        return Message("GET", "", b"")
    genuine = SERVICE if secrets == SECRETS else None
    status = {"paid": "Completed", "declined": "Failed"}[word]
    return told(bill, genuine, payment_status=status, mc_fee="0.10" if genuine else "0.11")


STAND = conformance.Stand(PayPal, SETTINGS, SECRETS, said, currencies=("EUR", "JPY"), proves=SERVICE)


def reading(message, **settings):
    """What the adapter makes of a message."""
    return replace(STAND, settings={**SETTINGS, **settings}).gateway().read_notification(message)


def news(**more):
    """The one outcome of a message with these fields."""
    (outcome,) = reading(told(**more)).outcomes
    return outcome


@pytest.mark.parametrize("check", conformance.CHECKS, ids=lambda check: check.__name__)
def test_it_conforms(bare_app, check):
    """It holds what every gateway must hold (NOT-08, NOT-11, ADM-02)."""
    with bare_app.app_context():
        check(STAND)


def test_the_sample_of_its_own_pages_is_read():
    """Blank fields and all go back to PayPal behind the command, byte for byte (NOT-08)."""
    found = reading(posted(SAMPLE))
    assert found.verdict == base.AUTHENTIC and (found.answer.status, found.answer.body) == (200, "")
    (outcome,) = found.outcomes
    assert outcome == base.Outcome(
        type=base.PAID,
        reference="K1001-1",
        event_key="61E67681CH3238416-paid",
        amount_minor=1995,
        currency="USD",
        transaction="61E67681CH3238416",
        mode="test",
        merchant=ACCOUNT,
        vendor_code="Completed",
        occurred_at=datetime(2009, 1, 14, 4, 12, 59, tzinfo=UTC),
    )
    url, sent = SERVICE.asked[-1]
    assert url == "https://ipnpb.sandbox.paypal.com/cgi-bin/webscr"
    assert sent == b"cmd=_notify-validate&" + SAMPLE.encode()


@pytest.mark.parametrize(
    ("answer", "verdict"),
    [
        (SimpleNamespace(status=200, body=b"VERIFIED"), base.AUTHENTIC),
        (SimpleNamespace(status=200, body=b"VERIFIED\n"), base.AUTHENTIC),
        (SimpleNamespace(status=200, body=b"INVALID"), base.FORGED),
        (SimpleNamespace(status=200, body=b"<html>VERIFIED</html>"), base.UNDECIDED),
        (SimpleNamespace(status=200, body=b""), base.UNDECIDED),
        (SimpleNamespace(status=403, body=b"VERIFIED"), base.UNDECIDED),
        (SimpleNamespace(status=503, body=b"INVALID"), base.UNDECIDED),
        (GatewayError("down"), base.UNDECIDED),
    ],
)
def test_only_the_one_word_decides(answer, verdict):
    """Nobody's answer, or another word, is neither proof nor a forgery: it is asked again (NOT-06, NOT-08)."""

    def send(method, url, data=None, headers=None):
        if isinstance(answer, Exception):
            raise answer
        return answer

    found = STAND.gateway(send=send).read_notification(told())
    assert found.verdict == verdict
    assert bool(found.outcomes) == (verdict == base.AUTHENTIC)


def test_pending_and_then_completed_under_one_transaction():
    """Two events of one payment have two keys and one transaction; the same one told again has the same key."""
    pending, paid = news(payment_status="Pending", pending_reason="echeck"), news()
    assert (pending.type, paid.type) == (base.PENDING, base.PAID)
    assert pending.transaction == paid.transaction and pending.event_key != paid.event_key
    assert news().event_key == paid.event_key


@pytest.mark.parametrize(("status", "kind"), words.STATES.items())
def test_every_state_has_its_word(status, kind):
    """NOT-07, ERR-06: each documented payment_status; what is refused has a reason that the shop knows."""
    outcome = news(payment_status=status)
    assert outcome.type == kind and outcome.vendor_code.startswith(status)
    assert (outcome.error_type in DECLINES) == (kind == base.DECLINED)


PENDING_REASONS = (
    "address delayed_disbursement echeck intl multi_currency order paymentreview regulatory_review unilateral upgrade"
    " verify other"
).split()


@pytest.mark.parametrize("reason", PENDING_REASONS)
def test_every_reason_to_wait_is_waiting(reason):
    """NOT-07: only an authorization is more than that."""
    assert news(payment_status="Pending", pending_reason=reason).type == base.PENDING
    assert news(payment_status="Pending", pending_reason="authorization").type == base.AUTHORIZED


@pytest.mark.parametrize("status", ["", "completed", "COMPLETED", "Partially_Refunded", "In-Progress", "Completed "])
def test_a_word_that_nobody_knows_is_no_payment(status):
    """NOT-07: constants begin with a capital letter; other news of PayPal's, without a state, says nothing."""
    found = reading(told(payment_status=status))
    assert found.verdict == base.AUTHENTIC
    assert [outcome.type for outcome in found.outcomes] == ([base.UNKNOWN] if status else [])


def test_money_that_goes_back_has_a_name_of_its_own():
    """The values of magento2's fixture ipn_refund.php: a sum with a minus, its own id, and its payment's (NOT-07)."""
    about = {"txn_id": "1P566839F9694230H", "parent_txn_id": "84J11393WC835693U", "mc_gross": "-30.00"}
    refund = news(payment_status="Refunded", reason_code="refund", **about)
    assert (refund.type, refund.amount_minor) == (base.REFUNDED, 3000)
    assert (refund.event_key, refund.transaction) == ("1P566839F9694230H", "84J11393WC835693U")
    dispute = news(payment_status="Reversed", reason_code="chargeback", **about)
    won = news(payment_status="Canceled_Reversal", **{**about, "mc_gross": "30.00"})
    assert (dispute.type, won.type) == (base.CHARGED_BACK, base.WON_BACK)
    assert dispute.vendor_code == "Reversed chargeback"


def test_what_we_pay_is_no_payment_to_us():
    """A sum with a minus is never money that came (NOT-11)."""
    assert news(mc_gross="-42.90").amount_minor == 0


@pytest.mark.parametrize(
    ("text", "currency", "amount"),
    [
        ("42.90", "EUR", 4290),
        ("500", "JPY", 500),
        ("500.00", "JPY", 500),
        ("500.50", "JPY", 0),
        ("12.345", "KWD", 12345),
        ("-30.00", "GBP", -3000),
        ("1e3", "EUR", 0),
        ("NaN", "EUR", 0),
        ("1,000.00", "EUR", 0),
        ("9" * 40, "EUR", 0),
        ("42.901", "EUR", 0),
        ("٤٢", "EUR", 0),
        ("5.00", "no such", 500),
        ("", "EUR", 0),
    ],
)
def test_sums_are_read_to_the_last_coin(text, currency, amount):
    """BIL-03: decimal text to whole minor units, by the currency's decimals; what is no such sum is nothing."""
    assert words.minor(text, currency) == amount


def test_the_account_is_known_by_each_of_its_names():
    """NOT-11: the account ID, its first address, or the one that was paid; else whoever was paid is told."""
    assert news().merchant == ACCOUNT
    (by_mail,) = reading(told(receiver_email="SHOP@example.com"), merchant="shop@example.com").outcomes
    assert by_mail.merchant == "shop@example.com"
    assert news(receiver_id="OTHERACCOUNT1").merchant == "OTHERACCOUNT1"
    assert news(receiver_id="", receiver_email="", business="").merchant not in ("", ACCOUNT)
    assert news(test_ipn="0").mode == "live"


@pytest.mark.parametrize(
    ("charset", "encoding"),
    [
        ("windows-1252", "cp1252"),
        ("UTF-8", "utf-8"),
        ("gb2312", "gb2312"),
        ("Shift_JIS", "shift_jis"),
        ("KOI8-R", "koi8-r"),
    ],
)
def test_a_message_is_read_in_the_charset_that_it_names(charset, encoding):
    """An invoice of other letters is found in each of them; the bytes that PayPal is asked about stay as they are."""
    letters = {"windows-1252": "K-Jörg", "UTF-8": "K-Jörg", "KOI8-R": "К-1"}.get(charset, "K-日本")
    message = told(replace(OURS, reference=letters), encoding=encoding, charset=charset)
    assert STAND.gateway().identify(message) == letters
    assert reading(message).outcomes[0].reference == letters


@pytest.mark.parametrize("charset", ["", "hex", "unicode_escape", "utf-7", "\0", "idna", "none of these", "x" * 5000])
def test_a_charset_that_is_none_is_the_usual_one(charset):
    """A message chooses no codec that does anything but read letters."""
    assert reading(told(charset=charset)).outcomes[0].reference == OURS.reference


def test_a_name_that_stands_twice_is_refused_unasked():
    """NOT-11: which of them PayPal has verified, nobody knows; and what is in the address is not verified at all."""
    asked = len(SERVICE.asked)
    doubled = told()
    assert reading(posted(doubled.body + b"&mc_gross=0.01")).verdict == base.FORGED
    assert reading(replace(doubled, method="GET", query=doubled.body.decode(), body=b"")).verdict == base.FORGED
    assert len(SERVICE.asked) == asked
    beside = replace(doubled, query="invoice=K1002-1&payment_status=Completed")
    assert reading(beside).outcomes == reading(doubled).outcomes


def test_the_form_of_the_shop_is_no_message():
    """NOT-11: what the browser carries there, sent back here, is refused, even before PayPal is asked."""
    form = STAND.gateway().begin(OURS, URLS)
    assert reading(posted(urlencode(list(form.fields)), None)).verdict == base.FORGED


def test_another_shop_of_the_account_calls_its_attempts_otherwise():
    """Both count alike, and both hear and ask the same account: what one is paid pays nothing in the other. NOT-11."""
    here, there = (STAND.told(replace(OURS, key=key)) for key in ("bill-key-1", "bill-key-of-another-shop"))
    assert here.gateway_reference != there.gateway_reference
    [one] = reading(told(invoice=there.gateway_reference)).outcomes
    assert one.reference not in (here.reference, here.gateway_reference)
    paid = detail(INVNUM=there.gateway_reference)
    answers = {"TransactionSearch": found(paid), "GetTransactionDetails": paid}
    assert playing(answers).query(here) == []


def test_the_form_says_what_is_to_be_paid():
    """RED-04, BIL-20: receiver, sum, currency, invoice and ways back; the sum may be only reserved."""
    form = STAND.gateway().begin(OURS, URLS)
    fields = dict(form.fields)
    assert form.action == "https://www.sandbox.paypal.com/cgi-bin/webscr"
    assert form.hosts == ("https://www.sandbox.paypal.com",)
    wanted = {
        "cmd": "_xclick",
        "business": ACCOUNT,
        "amount": "42.90",
        "currency_code": "EUR",
        "invoice": form.reference,
    }
    assert wanted.items() <= fields.items()
    assert (fields["notify_url"], fields["return"], fields["cancel_return"]) == (URLS.notify, URLS.ok, URLS.cancel)
    assert (fields["charset"], form.charset, fields["paymentaction"]) == ("utf-8", "utf-8", "sale")
    later = replace(STAND, settings={**SETTINGS, "paymentaction": "authorization"}).gateway().begin(OURS, URLS)
    assert dict(later.fields)["paymentaction"] == "authorization"


def test_the_address_is_filled_in_where_it_is_known():
    """With address fields the form is another command of PayPal's."""
    billing = {
        "name": "Jörg",
        "line1": "Hauptstraße 1",
        "line2": "",
        "city": "Köln",
        "postcode": "50667",
        "country": "DE",
    }
    shopper = {"email": "joerg@example.com", "billing": billing}
    fields = dict(STAND.gateway().begin(replace(OURS, shopper=shopper), URLS).fields)
    assert (fields["cmd"], fields["redirect_cmd"]) == ("_ext-enter", "_xclick")
    assert (fields["email"], fields["address1"], fields["country"]) == ("joerg@example.com", "Hauptstraße 1", "DE")
    assert "address2" not in fields


def test_currencies_without_decimals_have_none():
    """PayPal takes whole amounts of three currencies; a fraction of one is refused before anybody leaves (BIL-03)."""
    gateway = STAND.gateway()
    for currency, minor, text in (("JPY", 500, "500"), ("HUF", 120000, "1200"), ("TWD", 1000, "10")):
        bill = replace(OURS, currency=currency, amount_minor=minor)
        assert dict(gateway.begin(bill, URLS).fields)["amount"] == text
    with pytest.raises(GatewayError, match="whole amounts of HUF"):
        gateway.begin(replace(OURS, currency="HUF", amount_minor=120050), URLS)


def test_without_api_credentials_it_is_only_told():
    """ADM-02: what it can do depends on what is filled in; credentials in part are a mistake that is named."""
    assert PayPal.can({"merchant"}) == base.Capabilities()
    assert PayPal.can({"merchant", *CREDENTIALS}).can_refund
    only = replace(STAND, settings={"merchant": ACCOUNT}, secrets={})
    assert only.gateway().check() == []
    part = replace(STAND, secrets={})
    assert "api_password, api_signature" in " ".join(part.gateway().check())
    later = replace(only, settings={"merchant": ACCOUNT, "paymentaction": "authorization"})
    assert "API credentials are needed" in " ".join(later.gateway().check())


@pytest.mark.parametrize(
    "account", ["shop-facilitator@example.com", "sb-x1@business.example.com", "shop_biz@example.com"]
)
def test_an_account_of_the_sandbox_is_refused_in_a_live_shop(account):
    """ADM-10: test accounts are known by their names."""
    gateway = replace(STAND, settings={**SETTINGS, "merchant": account}).gateway()
    assert gateway.check() == []
    gateway.around = replace(gateway.around, mode="live")
    assert "sandbox" in " ".join(gateway.check())
    assert gateway.address("postback") == "https://ipnpb.paypal.com/cgi-bin/webscr"


# --- the API


def playing(answers, asked=None):
    """A gateway whose API answers so, by method."""

    def send(method, url, data=None, headers=None):
        fields = dict(parse_qsl(data, keep_blank_values=True))
        if asked is not None:
            asked.append((url, fields))
        found = answers[fields["METHOD"]]
        found = found(fields) if callable(found) else found
        if isinstance(found, Exception):
            raise found
        if isinstance(found, bytes):
            return SimpleNamespace(status=200, headers={}, body=found)
        if isinstance(found, int):
            return SimpleNamespace(status=found, headers={}, body=b"ACK=Success")
        return SimpleNamespace(status=200, headers={}, body=urlencode({"ACK": "Success", **found}).encode())

    return STAND.gateway(send=send)


def detail(transaction="8AB12345CD678901E", **more):
    """A transaction as GetTransactionDetails shows it."""
    return {
        "TRANSACTIONID": transaction,
        "INVNUM": OURS.reference,
        "PAYMENTSTATUS": "Completed",
        "PENDINGREASON": "None",
        "AMT": "42.90",
        "CURRENCYCODE": "EUR",
        "RECEIVERID": ACCOUNT,
        "RECEIVEREMAIL": "shop@example.com",
        "ORDERTIME": "2030-01-07T09:00:00Z",
        **more,
    }


def found(*details):
    """The API knows these transactions."""
    by_id = {one["TRANSACTIONID"]: one for one in details}
    rows = {f"L_TRANSACTIONID{place}": one["TRANSACTIONID"] for place, one in enumerate(details)}
    return {"TransactionSearch": rows, "GetTransactionDetails": lambda fields: by_id[fields["TRANSACTIONID"]]}


def test_a_question_says_what_a_message_says():
    """NOT-05, NOT-11: the same event has the same key, by whichever channel it is told."""
    asked = []
    (shown,) = playing(found(detail()), asked).query(OURS)
    message = news()
    assert (shown.type, shown.event_key, shown.amount_minor) == (base.PAID, message.event_key, 4290)
    assert (shown.transaction, shown.merchant, shown.mode) == (message.transaction, ACCOUNT, "test")
    url, fields = asked[0]
    assert url == "https://api-3t.sandbox.paypal.com/nvp"
    assert (fields["INVNUM"], fields["STARTDATE"], fields["VERSION"]) == ("K1001-1", "2029-07-11T09:00:00Z", "95.0")
    assert fields["USER"] == SETTINGS["api_user"] and fields["SIGNATURE"] == SECRETS["api_signature"]


@pytest.mark.parametrize("status", words.WAS_PAID)
def test_what_was_paid_once_is_told_as_paid(status):
    """Whatever happened to the money later: messages tell that, under names of their own (NOT-07)."""
    assert [one.type for one in playing(found(detail(PAYMENTSTATUS=status))).query(OURS)] == [base.PAID]


@pytest.mark.parametrize(
    "details",
    [
        [],
        [detail(INVNUM="K1001-11")],
        [detail(PAYMENTSTATUS="None")],
        [detail(AMT="-42.90", PAYMENTSTATUS="Refunded", PARENTTRANSACTIONID="8AB12345CD678901E")],
    ],
)
def test_a_question_that_finds_nothing_of_ours_is_no_news(details):
    """A like invoice, a state that is none, and money that went back are no payment (NOT-11)."""
    assert playing(found(*details)).query(OURS) == []


def later(*details):
    """What the API tells a shop that reserves first, of these transactions."""
    gateway = playing(found(*details))
    gateway.settings["paymentaction"] = "authorization"
    return [(one.type, one.transaction) for one in gateway.query(OURS)]


def test_a_reserved_sum_is_told_once():
    """BIL-20: as reserved; once it is taken, under the transaction that took it, and never under its own as well."""
    reserved = detail("AUTH", PAYMENTSTATUS="Pending", PENDINGREASON="authorization")
    taken = detail("CAPTURE", PARENTTRANSACTIONID="AUTH")
    assert later(reserved) == [(base.AUTHORIZED, "AUTH")]
    assert later(reserved, taken) == later(detail("AUTH"), taken) == later(taken) == [(base.PAID, "CAPTURE")]
    assert later(detail("AUTH")) == [], "it says paid, and nobody took it yet"
    assert later(detail("AUTH", PAYMENTSTATUS="Voided")) == [(base.VOIDED, "AUTH")]


@pytest.mark.parametrize("minus", [{"AMT": "-10.00"}, {"AMT": "10.00", "REASONCODE": "refund"}, {"AMT": "10.00"}])
def test_what_went_back_is_no_second_payment(minus):
    """However the API shows a refund, the payment is told once, and the refund is not one (NOT-11)."""
    refund = detail("REFUND", PARENTTRANSACTIONID="SALE", **minus)
    assert [(one.type, one.transaction) for one in playing(found(detail("SALE"), refund)).query(OURS)] == [
        (base.PAID, "SALE")
    ]
    taken, back = detail("CAPTURE", PARENTTRANSACTIONID="AUTH"), {**refund, "PARENTTRANSACTIONID": "CAPTURE"}
    assert later(detail("AUTH"), taken, back) == [(base.PAID, "CAPTURE")]


NONSENSE = [
    GatewayError("down"),
    503,
    b"",
    b"<html>",
    b"ACK=Maybe",
    b"ACK=Failure",
    b"\xff\xfe",
    b"&".join([b"a=1"] * 3000),
]


@pytest.mark.parametrize("answer", NONSENSE, ids=lambda answer: repr(answer)[:20])
def test_an_answer_that_says_nothing_is_none(answer):
    """ERR-01, ADM-15: a question raises; money asked for is `unknown`, never done and never refused."""
    calls = dict.fromkeys(("TransactionSearch", "RefundTransaction", "DoCapture", "DoVoid"), answer)
    gateway, bill = playing(calls), replace(OURS, transaction_id="T")
    with pytest.raises(GatewayError):
        gateway.query(bill)
    results = gateway.refund(bill, 100, "k"), gateway.capture(bill, 100, "k"), gateway.void(bill, "k")
    assert {result.result for result in results} == {base.UNKNOWN}


def test_money_goes_back_under_a_key():
    """ADM-15, BIL-15: the same key is the same call for PayPal; its name of the refund is that of its message."""
    asked = []
    gateway = playing({"RefundTransaction": {"REFUNDTRANSACTIONID": "R1", "REFUNDSTATUS": "Instant"}}, asked)
    bill = replace(OURS, transaction_id="T1")
    result = gateway.refund(bill, 1000, "refund-1")
    gateway.refund(bill, 1000, "refund-1")
    gateway.refund(bill, 1000, "refund-2")
    assert (result.result, result.gateway_id) == (base.DONE, "R1")
    first, again, other = (fields["MSGSUBID"] for _, fields in asked)
    assert first == again != other and len(first) <= 38
    _, fields = asked[0]
    assert (fields["TRANSACTIONID"], fields["AMT"], fields["CURRENCYCODE"]) == ("T1", "10.00", "EUR")
    assert fields["REFUNDTYPE"] == "Partial"
    delayed = playing({"RefundTransaction": {"REFUNDTRANSACTIONID": "R1", "REFUNDSTATUS": "Delayed"}})
    assert delayed.refund(bill, 1000, "k").result == base.ACCEPTED


@pytest.mark.parametrize("code", ["10004", "10007", "10009", "10601", "10602", "10605", "10606", "10610", "10615"])
def test_a_plain_no_is_one(code):
    """ERR-07: PayPal's number and words are kept for staff."""
    no = {"ACK": "Failure", "L_ERRORCODE0": code, "L_LONGMESSAGE0": "Not like this."}
    gateway, bill = playing({"RefundTransaction": no, "DoCapture": no, "DoVoid": no}), replace(OURS, transaction_id="T")
    for result in (gateway.refund(bill, 100, "k"), gateway.capture(bill, 100, "k"), gateway.void(bill, "k")):
        assert (result.result, result.reason) == (base.REFUSED, f"{code} Not like this.")


@pytest.mark.parametrize("code", words.NO_ANSWER)
def test_a_no_that_leaves_a_doubt_is_none(code):
    """An internal error, a time-out, our own call still under way: nobody knows what was done (ERR-01)."""
    no = {"ACK": "Failure", "L_ERRORCODE0": code}
    assert playing({"RefundTransaction": no}).refund(OURS, 100, "k").result == base.UNKNOWN


def test_what_is_reserved_is_taken():
    """BIL-20: whole, under a key; PayPal's name of it is looked up where the shop does not know it."""
    asked = []
    answers = found(detail("AUTH", PAYMENTSTATUS="Pending", PENDINGREASON="authorization"))
    answers["DoCapture"] = {"TRANSACTIONID": "C1", "PAYMENTSTATUS": "Completed"}
    result = playing(answers, asked).capture(OURS, 4290, "capture-1")
    assert (result.result, result.gateway_id) == (base.DONE, "C1")
    _, fields = asked[-1]
    assert (fields["AUTHORIZATIONID"], fields["AMT"], fields["COMPLETETYPE"]) == ("AUTH", "42.90", "Complete")
    assert len(fields["MSGSUBID"]) <= 38
    states = {"Pending": base.ACCEPTED, "Denied": base.REFUSED, "Odd": base.UNKNOWN}
    for status, expected in states.items():
        answers["DoCapture"] = {"TRANSACTIONID": "C1", "PAYMENTSTATUS": status}
        assert playing(answers).capture(replace(OURS, transaction_id="AUTH"), 4290, "k").result == expected


def test_what_is_given_up_stays_so():
    """BIL-20: a second time is no harm."""
    bill = replace(OURS, transaction_id="AUTH")
    assert playing({"DoVoid": {"AUTHORIZATIONID": "AUTH"}}).void(bill, "k").result == base.DONE
    twice = {"ACK": "Failure", "L_ERRORCODE0": words.ALREADY_VOIDED, "L_LONGMESSAGE0": "Authorization is voided."}
    assert playing({"DoVoid": twice}).void(bill, "k").result == base.DONE
    assert playing({"RefundTransaction": twice}).refund(bill, 1, "k").result == base.REFUSED


def test_a_fraction_that_paypal_does_not_take_is_not_sent_back():
    """BIL-03: nothing is rounded."""
    bill = replace(OURS, currency="HUF", transaction_id="T")
    assert playing({}).refund(bill, 1250, "k").result == base.REFUSED


@pytest.mark.parametrize(
    ("text", "moment"),
    [
        ("20:12:59 Jan 13, 2009 PST", datetime(2009, 1, 14, 4, 12, 59, tzinfo=UTC)),
        ("06:41:58 Oct 05, 2010 PDT", datetime(2010, 10, 5, 13, 41, 58, tzinfo=UTC)),
        ("06:41:58 Oct 5, 2010 PDT", datetime(2010, 10, 5, 13, 41, 58, tzinfo=UTC)),
        ("25:00:00 Jan 13, 2009 PST", None),
        ("20:12:59 Foo 13, 2009 PST", None),
        ("20:12:59 Dec 31, 9999 PST", None),
        ("20:12:59 Jan 13, 2009 CET", None),
        ("", None),
    ],
)
def test_times_are_those_of_california(text, moment):
    """Times of messages carry the zone, and are kept in UTC (BIL-08)."""
    assert words.moment(text) == moment


TEXTS = st.text(max_size=30) | st.sampled_from([*words.STATES, "authorization", "1e9", "-1", "9" * 40, "EUR", "XXX"])
FIELDS = (
    "payment_status pending_reason txn_id parent_txn_id invoice mc_gross mc_currency receiver_id business payment_date"
)
DETAILS = "TRANSACTIONID PARENTTRANSACTIONID PAYMENTSTATUS PENDINGREASON AMT CURRENCYCODE RECEIVERID ORDERTIME"


@given(
    st.dictionaries(st.sampled_from(FIELDS.split()), TEXTS), st.dictionaries(st.sampled_from(DETAILS.split()), TEXTS)
)
@settings(max_examples=300, deadline=None)
def test_whatever_stands_in_a_message_raises_nothing(told, shown):
    """SEC-02: verified, and odd all the same: a sum is never less than nothing, and never nobody's."""
    outcomes = [
        *paypal_news.news(told, ACCOUNT),
        *paypal_news.known([{"INVNUM": "K", **shown}], ACCOUNT, reserved_first=False),
    ]
    for one in outcomes:
        assert one.amount_minor >= 0 and one.merchant and len(one.vendor_code) <= 100


def test_a_message_is_as_large_as_it_likes():
    """A body of a quarter of a megabyte, and one with too many fields, raise nothing (SEC-02)."""
    assert reading(told(memo="x" * 250_000)).verdict == base.AUTHENTIC
    assert (
        reading(posted("&".join(f"a{place}=1" for place in range(600)) + "&payment_status=Completed")).verdict
        == base.FORGED
    )
    assert parse_qs(told().body.decode())["invoice"] == [OURS.reference]
