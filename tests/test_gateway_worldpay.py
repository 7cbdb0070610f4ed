"""Worldpay's protocol: the conformance kit, a published signature, payment responses and order notifications."""

from dataclasses import replace
from datetime import UTC, datetime
from urllib.parse import urlencode

import pytest
from hypothesis import given, settings, strategies as st

from storefront.kit.masking import masked
from storefront.payments.errors import DECLINES
from storefront.payments.gateways import base, conformance, worldpay_words as words
from storefront.payments.gateways.base import Message
from storefront.payments.gateways.stand import NOW, OURS, URLS
from storefront.payments.gateways.worldpay import Worldpay, signature

SETTINGS = {"merchant": "38290", "merchant_code": "EXAMPLESHOP"}
SECRETS = {
    "md5_secret": "an md5 secret of some length",
    "callback_password": "a long callback password",
    "xml_key": "a long key in the address",
}
FORM = {"content-type": "application/x-www-form-urlencoded"}


def response(bill=OURS, secrets=SECRETS, encoding="utf-8", **more):
    """A payment response about a bill, as Worldpay's server posts it."""
    amount = {"JPY": "500", "KWD": "12.345"}.get(
        bill.currency, f"{bill.amount_minor // 100}.{bill.amount_minor % 100:02}"
    )
    fields = {
        "msgType": "authResult",
        "instId": "38290",
        "cartId": bill.reference,
        "desc": "Order K1001",
        "amount": amount,
        "currency": bill.currency,
        "authAmount": amount,
        "authCurrency": bill.currency,
        "authMode": "A",
        "transId": "3184561234",
        "transStatus": "Y",
        "transTime": "1893920400000",
        "rawAuthCode": "A",
        "rawAuthMessage": "cardbe.msg.authorised",
        "callbackPW": secrets.get("callback_password", ""),
        "testMode": "100",
        "charenc": "UTF-8",
        "fax": "",
        **more,
    }
    return Message("POST", "", urlencode(fields, encoding=encoding).encode(), FORM)


def said(channel, word, bill, secrets):
    """What the service really sends; the browser brings nothing."""
    if channel == "return":
        return Message("GET", "", b"")
    status = {"paid": "Y", "declined": "N"}[word]
    return response(bill, secrets, transStatus=status)


STAND = conformance.Stand(Worldpay, SETTINGS, SECRETS, said, sealed=False)
TOLD_BY_XML = replace(STAND, settings={**SETTINGS, "paid_by": "xml"})


@pytest.mark.parametrize("check", conformance.CHECKS, ids=lambda check: check.__name__)
def test_it_conforms(bare_app, check):
    """It holds what every gateway must hold (NOT-09, NOT-11, ADM-02)."""
    with bare_app.app_context():
        check(STAND)


TEXTS = st.text(max_size=30) | st.sampled_from(
    ["Y", "C", "E", "100", "1e9", "-1", "9" * 40, "EUR", "XXX", "99999999999999"]
)
FIELDS = "instId cartId amount currency authAmount authCurrency authMode transId transStatus transTime testMode msgType"


@given(st.dictionaries(st.sampled_from(FIELDS.split()), TEXTS))
@settings(max_examples=300, deadline=None)
def test_whatever_stands_in_a_response_raises_nothing(told):
    """SEC-02: right password, and anything else: a sum is never less than nothing, and never nobody's."""
    for one in words.response(told, tells_money=True):
        assert one.amount_minor >= 0 and one.merchant and len(one.vendor_code) <= 100


def reading(message, stand=STAND, **settings):
    """What the adapter makes of a message."""
    return replace(stand, settings={**stand.settings, **settings}).gateway().read_notification(message)


def outcome(message, stand=STAND, **settings):
    """The one outcome of an authentic message."""
    found = reading(message, stand, **settings)
    assert found.verdict == base.AUTHENTIC
    (one,) = found.outcomes
    return one


# --- the form


def test_a_published_signature_is_made_alike():
    """The fixture of MatthewWilkes/django-oscar-worldpay (tests/unit/gateway_tests.py), whose digest begins so."""
    fields = {"instId": "6789", "currency": "GBP", "amount": "12.00"}
    assert signature(fields, "instId:currency:amount", "foo").startswith("40de577b")


def test_the_form_is_signed_over_what_is_to_be_paid():
    """RED-04, SEC-02: installation, cart, sum and currency are under the secret, in the installation's own order."""
    form = STAND.gateway().begin(OURS, URLS)
    fields = dict(form.fields)
    assert form.action == "https://secure-test.worldpay.com/wcc/purchase"
    assert form.hosts == ("https://secure-test.worldpay.com",)
    wanted = {"instId": "38290", "cartId": form.reference, "amount": "42.90", "currency": "EUR", "testMode": "100"}
    assert wanted.items() <= fields.items()
    assert fields["signature"] == signature(fields, "amount:currency:instId:cartId", SECRETS["md5_secret"])
    assert fields["authValidTo"] == str(int(NOW.timestamp()) * 1000)
    own = replace(STAND, settings={**SETTINGS, "signature_fields": "cartId:amount:currency:instId:testMode"})
    again = dict(own.gateway().begin(OURS, URLS).fields)
    assert again["signatureFields"] == "cartId:amount:currency:instId:testMode"
    assert again["signature"] == signature(again, again["signatureFields"], SECRETS["md5_secret"])
    assert again["signature"] != signature({**again, "amount": "0.01"}, again["signatureFields"], SECRETS["md5_secret"])


def test_another_shop_of_the_installation_calls_its_carts_otherwise():
    """Both count alike, under one password: what one is paid pays nothing in the other. NOT-11."""
    here, there = (STAND.told(replace(OURS, key=key)) for key in ("bill-key-1", "bill-key-of-another-shop"))
    [one] = reading(response(cartId=there.gateway_reference)).outcomes
    assert one.reference not in (here.reference, here.gateway_reference)


def test_its_password_is_read_by_nobody():
    """SEC-06: who looks at the messages that came sees neither the password nor the key of the address."""
    shown = masked(f"key=a+long+key&x=1\n{response().body.decode()}")
    assert "callbackPW=***&" in shown and "key=***&" in shown


def test_live_and_test_are_two_addresses():
    """ADM-10: a live form says so, and asks for no play money."""
    gateway = STAND.gateway()
    gateway.around = replace(gateway.around, mode="live")
    form = gateway.begin(OURS, URLS)
    assert form.action == "https://secure.worldpay.com/wcc/purchase"
    assert dict(form.fields)["testMode"] == "0"


def test_the_address_is_filled_in_where_it_is_known():
    """Whoever pays need not type it again."""
    billing = {"name": "Jörg", "line1": "Hauptstraße 1", "city": "Köln", "postcode": "50667", "country": "DE"}
    fields = dict(
        STAND.gateway().begin(replace(OURS, shopper={"email": "j@example.com", "billing": billing}), URLS).fields
    )
    assert (fields["name"], fields["town"], fields["email"]) == ("Jörg", "Köln", "j@example.com")
    assert "address2" not in fields


@pytest.mark.parametrize(
    ("settings", "secrets", "words"),
    [
        ({"signature_fields": "instId:cartId"}, {}, "amount, currency"),
        ({"signature_fields": "instId cartId"}, {}, "signature_fields"),
        ({"merchant": "abc"}, {}, "digits only"),
        ({"networks": "192.0.2.0/24 nowhere"}, {}, "networks"),
        ({"paid_by": "xml", "merchant_code": ""}, {}, "merchant_code and xml_key"),
        ({"paid_by": "xml"}, {"xml_key": ""}, "merchant_code and xml_key"),
        ({"paid_by": "letter"}, {}, "choices"),
        ({}, {"callback_password": "short"}, "callback_password is short"),
        ({}, {"xml_key": "short"}, "xml_key is short"),
    ],
)
def test_what_is_wrong_is_told(settings, secrets, words):
    """ADM-02: a weak password, a signature that covers too little, networks that are none; no secret is told."""
    stand = replace(STAND, settings={**SETTINGS, **settings}, secrets={**SECRETS, **secrets})
    said = " ".join(stand.gateway().check())
    assert words in said and "short " not in said.replace("is short", "").replace("shorter", "")


# --- the payment response


def test_a_payment_response_is_a_payment():
    """NOT-09: sum and currency are those that were authorised; the time is Worldpay's own."""
    one = outcome(response())
    assert (one.type, one.reference, one.amount_minor, one.currency) == (base.PAID, "K1001-1", 4290, "EUR")
    assert (one.transaction, one.event_key, one.merchant) == ("3184561234", "3184561234-paid", "38290")
    assert (one.mode, one.occurred_at) == ("test", datetime(2030, 1, 6, 9, 0, tzinfo=UTC))
    assert outcome(response(authAmount="40.00", authCurrency="USD")).amount_minor == 4000
    assert outcome(response(authAmount="40.00", authCurrency="USD")).currency == "USD"
    assert outcome(response(instId="666")).merchant == "666"
    assert outcome(response(instId="")).merchant not in ("", "38290")


@pytest.mark.parametrize(
    ("mode", "told"), [("0", "live"), ("", "live"), ("100", "test"), ("101", "test"), ("7", "test")]
)
def test_play_money_is_told_from_money(mode, told):
    """ADM-10: the shop refuses what is not of its own mode."""
    assert outcome(response(testMode=mode)).mode == told


@pytest.mark.parametrize(
    ("status", "mode", "kind", "reason"),
    [
        ("Y", "A", base.PAID, ""),
        ("Y", "", base.PAID, ""),
        ("Y", "E", base.AUTHORIZED, ""),
        ("Y", "O", base.UNKNOWN, ""),
        ("C", "A", base.CANCELLED, "user_cancelled"),
        ("N", "A", base.DECLINED, "card_declined"),
        ("y", "A", base.UNKNOWN, ""),
        ("", "A", base.UNKNOWN, ""),
        ("Q", "A", base.UNKNOWN, ""),
    ],
)
def test_every_state_has_its_word(status, mode, kind, reason):
    """NOT-09, ERR-06: a word that nobody knows is neither a yes nor a no; Worldpay's own are kept for staff."""
    one = outcome(response(transStatus=status, authMode=mode))
    assert (one.type, one.error_type) == (kind, reason)
    assert one.vendor_code == f"{status} A cardbe.msg.authorised".strip()


def test_news_of_agreements_says_nothing_of_money():
    """Another kind of message under the same password."""
    found = reading(response(msgType="futurePayStatusChange"))
    assert (found.verdict, list(found.outcomes)) == (base.AUTHENTIC, [])


@pytest.mark.parametrize("password", ["", "wrong", "A long callback password", "a long callback password ", "ä"])
def test_only_the_password_proves_a_response(password):
    """NOT-11: it is compared whole, and one that was never set proves nothing."""
    assert reading(response(callbackPW=password)).verdict == base.FORGED
    unset = replace(STAND, secrets={**SECRETS, "callback_password": ""})
    assert reading(response(callbackPW=password), unset).verdict == base.FORGED


def test_a_name_that_stands_twice_is_refused():
    """NOT-11: no two sums, in the body or beside it in the address; and the same fields may come by GET."""
    genuine = response()
    assert reading(replace(genuine, body=genuine.body + b"&authAmount=0.01")).verdict == base.FORGED
    assert reading(replace(genuine, query="cartId=K1002-1")).verdict == base.FORGED
    by_get = Message("GET", genuine.body.decode(), b"")
    assert reading(by_get).outcomes == reading(genuine).outcomes


def test_the_form_of_the_shop_is_no_message():
    """NOT-11: what the browser carries there, sent back here, is refused, with any word of success beside it."""
    fields = [*STAND.gateway().begin(OURS, URLS).fields, ("transStatus", "Y"), ("callbackPW", "")]
    assert reading(Message("POST", "", urlencode(fields).encode(), FORM)).verdict == base.FORGED


@pytest.mark.parametrize(("charenc", "encoding"), [("UTF-8", "utf-8"), ("ISO-8859-1", "latin-1"), ("", "utf-8")])
def test_a_response_is_read_in_the_charset_that_it_names(charenc, encoding):
    """An odd name of an order is found in each of them."""
    message = response(replace(OURS, reference="K-Jörg"), encoding=encoding, charenc=charenc)
    assert STAND.gateway().identify(message) == "K-Jörg"
    assert outcome(message).reference == "K-Jörg"


@pytest.mark.parametrize("amount", ["", "-5", "1e3", "NaN", "42.901", "42,90", "9" * 30, "٤٢"])
def test_a_sum_that_is_none_is_nothing(amount):
    """BIL-03: the shop then sees another sum than it asked for."""
    assert outcome(response(authAmount=amount, amount="")).amount_minor == 0


def test_the_shopper_is_led_back_from_within_the_payment_page():
    """The answer is the page that they see; it leads only where this shop had sent them (SEC-02)."""
    form = dict(STAND.gateway().begin(OURS, URLS).fields)
    own = {name: form[name] for name in ("cartId", "M_ok", "M_cancel", "M_seal")}
    paid, cancelled = (reading(response(transStatus=word, **own)).answer for word in ("Y", "C"))
    assert f'content="1; url={URLS.ok}"' in paid.body and paid.content_type.startswith("text/html")
    assert f'href="{URLS.cancel}"' in cancelled.body
    for altered in ({"M_ok": "https://evil.example"}, {"M_seal": ""}, {"M_seal": "0" * 64}, {"cartId": "K1002-1"}):
        assert "http" not in reading(response(**{**own, **altered})).answer.body
    hostile = '"><script>alert(1)</script>'
    odd = dict(STAND.gateway().begin(OURS, replace(URLS, ok=hostile)).fields)
    answer = reading(response(**{name: odd[name] for name in own})).answer.body
    assert "&lt;script&gt;" in answer and "<script>" not in answer


def test_networks_are_kept_to():
    """NOT-11: where they are set, a right password from elsewhere is refused."""
    here = {"networks": "192.0.2.0/24 2001:db8::/32"}
    for address, verdict in (
        ("192.0.2.7", base.AUTHENTIC),
        ("2001:db8::7", base.AUTHENTIC),
        ("198.51.100.1", base.FORGED),
        ("", base.FORGED),
        ("not an address", base.FORGED),
    ):
        assert reading(replace(response(), remote_addr=address), **here).verdict == verdict
    assert reading(replace(response(), remote_addr="192.0.2.7"), networks="nowhere").verdict == base.FORGED


# --- order notifications

HEAD = (
    '<?xml version="1.0" encoding="UTF-8"?>\n<!DOCTYPE paymentService PUBLIC "-//Worldpay//DTD Worldpay PaymentService'
    ' v1//EN"\n  "http://dtd.worldpay.com/paymentService_v1.dtd">\n'
)
AT = urlencode({"key": SECRETS["xml_key"]})


def notified(
    last="CAPTURED", booked=None, *, order="K1001-1", sums=(4290,), more="", head=HEAD, query=AT, currency="EUR"
):
    """An order notification with the fields and the order of the published ones (inviqa/worldpay-api-client)."""
    amount = '<amount value="{}" currencyCode="{}" exponent="{}" debitCreditIndicator="credit"/>'
    exponent = {"JPY": 0, "KWD": 3}.get(currency, 2)
    journal = (
        f'<journal journalType="{booked}" sent="n"><bookingDate><date dayOfMonth="01" month="01" year="2030"/>'
        f'</bookingDate><accountTx accountType="IN_PROCESS_CAPTURED" batchId="29">'
        f"{amount.format(sums[-1], currency, exponent)}</accountTx>"
        f'<journalReference type="refund" reference=""/></journal>'
        if booked
        else ""
    )
    body = (
        f'{head}<paymentService version="1.4" merchantCode="EXAMPLESHOP"><notify><orderStatusEvent orderCode="{order}">'
        f"<payment><paymentMethod>VISA-SSL</paymentMethod>{amount.format(sums[0], currency, exponent)}"
        f"<lastEvent>{last}</lastEvent>{more}<cardNumber>5255********2490</cardNumber></payment>{journal}"
        "</orderStatusEvent></notify></paymentService>"
    )
    return Message("POST", query, body.encode(), {"content-type": "text/xml"})


def said_in_xml(channel, word, bill, secrets):
    """The same, where order notifications tell of the money."""
    if channel == "return":
        return Message("GET", "", b"")
    last = {"paid": "CAPTURED", "declined": "REFUSED"}[word]
    query = urlencode({"key": secrets["xml_key"]})
    return notified(last, order=bill.reference, sums=(bill.amount_minor,), currency=bill.currency, query=query)


@pytest.mark.parametrize("check", conformance.CHECKS, ids=lambda check: check.__name__)
def test_it_conforms_in_xml(bare_app, check):
    """The other way to be told holds the same rules (NOT-09, NOT-11)."""
    with bare_app.app_context():
        check(replace(TOLD_BY_XML, said=said_in_xml))


@pytest.mark.parametrize(("word", "kind"), words.EVENTS.items())
def test_every_state_of_an_order_has_its_word(word, kind):
    """NOT-09, ERR-06: each documented state; the answer is the literal [OK]."""
    message = notified(word, word)
    one = outcome(message, TOLD_BY_XML)
    assert (one.type, one.reference, one.amount_minor, one.currency) == (kind, "K1001-1", 4290, "EUR")
    assert one.merchant == "38290" and one.vendor_code == word
    assert (one.error_type in DECLINES) == (kind == base.DECLINED)
    answer = reading(message, TOLD_BY_XML).answer
    assert (answer.status, answer.body) == (200, "[OK]")
    assert STAND.gateway().identify(message) == "K1001-1"


@pytest.mark.parametrize("word", ["REFUND_FAILED", "INFORMATION_REQUESTED", "captured", "SOMETHING_NEW"])
def test_a_word_that_needs_a_person_is_none_of_ours(word):
    """A refund that failed, a question of the bank: the desk is told the word, and no money moves (NOT-09)."""
    one = outcome(notified(word), TOLD_BY_XML)
    assert (one.type, one.vendor_code) == (base.UNKNOWN, word)
    assert list(reading(notified("SENT_FOR_REFUND"), TOLD_BY_XML).outcomes) == []


@pytest.mark.parametrize(("code", "reason"), words.ISO_8583.items())
def test_every_code_of_a_refusal_is_a_reason_that_the_shop_knows(code, reason):
    """ERR-06, ERR-07: each documented code; the words stay for staff."""
    more = f'<ISO8583ReturnCode code="{code}" description="SOME WORDS"/>'
    one = outcome(notified("REFUSED", "REFUSED", more=more), TOLD_BY_XML)
    assert (one.type, one.error_type) == (base.DECLINED, reason) and reason in DECLINES
    assert one.vendor_code == f"REFUSED {code} SOME WORDS"
    assert outcome(notified("REFUSED", more=more.replace(f'"{code}"', '"777"')), TOLD_BY_XML).error_type == "unknown"


@pytest.mark.parametrize(("currency", "minor"), [("EUR", 4290), ("JPY", 500), ("KWD", 12345)])
def test_sums_of_an_order_have_their_own_exponent(currency, minor):
    """BIL-03: whole units, and how many decimals they have."""
    assert outcome(notified(sums=(minor,), currency=currency), TOLD_BY_XML).amount_minor == minor
    other = notified(sums=(50000,), currency="EUR")
    coarse = replace(other, body=other.body.replace(b'exponent="2"', b'exponent="3"'))
    assert outcome(coarse, TOLD_BY_XML).amount_minor == 5000
    broken = replace(other, body=other.body.replace(b'exponent="2"', b'exponent="99999999"'))
    assert outcome(broken, TOLD_BY_XML).amount_minor == 0


def test_one_payment_is_one_event_however_often_it_is_told():
    """NOT-04: captured, and later settled, is the same money."""
    keys = {
        outcome(notified(word, word), TOLD_BY_XML).event_key for word in ("CAPTURED", "SETTLED", "SETTLED_BY_MERCHANT")
    }
    assert len(keys) == 1
    assert outcome(notified("AUTHORISED"), TOLD_BY_XML).event_key not in keys


def test_money_that_goes_back_has_the_sum_of_its_booking():
    """The published refund of 9.00 of a payment of 10.00 (inviqa/worldpay-api-client); each booking is an event."""
    refund = outcome(notified("REFUNDED", "REFUNDED", sums=(1000, 900)))
    assert (refund.type, refund.amount_minor) == (base.REFUNDED, 900)
    again = outcome(notified("REFUNDED", "REFUNDED", sums=(1000, 900)))
    assert again.event_key == refund.event_key
    assert outcome(notified("REFUNDED", "REFUNDED", sums=(1000, 100))).event_key != refund.event_key
    part = outcome(notified("CAPTURED", "REFUNDED", sums=(1000, 900)))
    assert part.type == base.REFUNDED, "of two words that differ the booking is the news"


def test_two_equal_refunds_of_a_day_are_told_apart_by_their_references():
    """BIL-17, NOT-04: the reference stands at the payment, as published, or at the booking; told again it stays."""
    plain = notified("REFUNDED", "REFUNDED", sums=(1000, 900))
    first, second = (
        notified("REFUNDED", "REFUNDED", sums=(1000, 900), more=f"<reference>R-{number}</reference>")
        for number in (1, 2)
    )
    booked = replace(plain, body=plain.body.replace(b'reference=""', b'reference="R-3"'))
    keys = [outcome(message).event_key for message in (plain, first, second, booked)]
    assert len(set(keys)) == 4 and keys == [outcome(message).event_key for message in (plain, first, second, booked)]
    balance = (
        '<balance accountType="IN_PROCESS_CAPTURED"><amount value="100" currencyCode="EUR" exponent="2"/></balance>'
    )
    assert outcome(notified("REFUNDED", "REFUNDED", sums=(1000, 900), more=balance)).event_key == keys[0]


def test_the_shop_sends_no_refund_to_worldpay():
    """BIL-17: so none can be taken for another one that is on its way: it is refused before it is sent."""
    can = STAND.can()
    assert not (can.can_refund or can.can_capture or can.can_void)


def test_a_booking_of_a_payment_that_still_waits_is_no_money():
    """The published trap: the journal says AUTHORISED while the payment waits for the shopper (NOT-09)."""
    assert outcome(notified("WAITING_FOR_SHOPPER", "AUTHORISED"), TOLD_BY_XML).type == base.PENDING


def test_one_kind_of_message_tells_that_money_came():
    """NOT-04: the two have no name of a payment in common, so one payment could count as two."""
    assert list(reading(notified("CAPTURED")).outcomes) == list(reading(notified("AUTHORISED")).outcomes) == []
    assert outcome(notified("REFUSED")).type == base.DECLINED
    assert outcome(response(), TOLD_BY_XML).type == base.PENDING
    assert outcome(response(transStatus="C"), TOLD_BY_XML).type == base.CANCELLED


@pytest.mark.parametrize("query", ["", "key=", "key=wrong", f"{AT}&{AT}", f"KEY={AT[4:]}", f"key={AT[4:]}x"])
def test_an_order_notification_without_the_key_proves_nothing(query):
    """NOT-11: the document is not signed, so its address must know the key; one that was never set opens nothing."""
    assert reading(notified(query=query), TOLD_BY_XML).verdict == base.FORGED
    unset = replace(TOLD_BY_XML, secrets={**SECRETS, "xml_key": ""})
    assert reading(notified(query=query), unset).verdict == base.FORGED


def test_another_merchants_order_is_none_of_ours():
    """NOT-11: the shop is told whose it is."""
    message = notified()
    other = replace(message, body=message.body.replace(b"EXAMPLESHOP", b"OTHERSHOP"))
    assert outcome(other, TOLD_BY_XML).merchant == "code OTHERSHOP"
    nobody = replace(message, body=message.body.replace(b' merchantCode="EXAMPLESHOP"', b""))
    assert outcome(nobody, TOLD_BY_XML).merchant not in ("", "38290")


BOMB = '<!DOCTYPE a [<!ENTITY b "{}"><!ENTITY c "&b;&b;&b;&b;&b;&b;&b;&b;">]>'.format("x" * 1000)
OUTSIDE = '<!DOCTYPE a [<!ENTITY b SYSTEM "file:///etc/passwd">]>'
PARAMETER = '<!DOCTYPE a [<!ENTITY % b SYSTEM "http://192.0.2.1/b.dtd"> %b;]>'


@pytest.mark.parametrize("head", [BOMB, OUTSIDE, PARAMETER], ids=["bomb", "file", "address"])
def test_a_document_defines_nothing_and_fetches_nothing(head):
    """SEC-02: entities are refused; the DTD that Worldpay names is never looked at."""
    message = notified(head=head)
    assert reading(message, TOLD_BY_XML).verdict == base.FORGED
    assert STAND.gateway().identify(message) is None


@pytest.mark.parametrize(
    "body",
    [
        b"<",
        b"<paymentService/>",
        b"<other><notify/></other>",
        b"<paymentService><notify><orderStatusEvent/></notify></paymentService>",
        b"<paymentService><notify><orderStatusEvent><journal/></orderStatusEvent></notify></paymentService>",
        b"<?xml version='1.0' encoding='no such'?><paymentService/>",
        b"<?xml version='1.0' encoding='utf-16'?><paymentService/>",
        b"<a>" * 80_000,
        b"<paymentService>" + b"<a>" * 20_000 + b"</a>" * 20_000 + b"</paymentService>",
        b"\xef\xbb\xbf<paymentService/>",
    ],
    ids=range(10),
)
def test_a_document_that_says_nothing_says_nothing(body):
    """SEC-02: raises nothing, whatever it is; and is no payment."""
    message = Message("POST", AT, body, {"content-type": "text/xml"})
    assert STAND.gateway().identify(message) is None
    assert list(reading(message, TOLD_BY_XML).outcomes) == []
