"""Redsys's protocol: the kit, published and foreign signatures, the table of answers, its API and its questions."""

import base64
import hashlib
import json
from dataclasses import replace
from datetime import UTC, datetime, timedelta
from types import SimpleNamespace
from urllib.parse import quote, urlencode

import pytest
from hypothesis import given, settings, strategies as st

from storefront.payments.errors import DECLINES, GatewayError
from storefront.payments.gateways import base, conformance, redsys_news as news, redsys_words as words
from storefront.payments.gateways.base import Message, Surroundings
from storefront.payments.gateways.redsys import Redsys
from storefront.payments.gateways.redsys_signing import FACTS, V1, V2, envelope, opened, signature
from storefront.payments.gateways.references import compact
from storefront.payments.gateways.stand import NOW, OTHER, OURS, URLS

PUBLISHED = "sq7HjrUOBfKmC576ILgskD5srU870gJ7"  # of Redsys's test account
KEY = base64.b64encode(hashlib.sha256(b"a terminal").digest()[:24]).decode()
SETTINGS = {"merchant": "123456789", "terminal": "1", "signature": V2, "query_service": "yes"}
SECRETS = {"key": KEY}
ORDER = compact(OURS, 12, 4)


def facts(bill, kind="0", code="0000", **more):
    """What Redsys says of a payment."""
    order = bill.gateway_reference or compact(bill, 12, 4)
    return {
        "Ds_Date": "07%2F01%2F2030",
        "Ds_Hour": "10%3A00",
        "Ds_Amount": str(bill.amount_minor),
        "Ds_Currency": words.CURRENCIES.get(bill.currency, "999"),
        "Ds_Order": order,
        "Ds_MerchantCode": "123456789",
        "Ds_Terminal": "001",
        "Ds_Response": code,
        "Ds_MerchantData": "",
        "Ds_TransactionType": kind,
        "Ds_AuthorisationCode": "052029",
        **more,
    }


def as_sent(told, key=KEY, version=V2):
    """The fields as Redsys sends them: in base64url, whatever the version."""
    signed = envelope(told, told.get("Ds_Order", "0000"), key, version)
    text = signed[FACTS].replace("+", "-").replace("/", "_")
    order = told.get("Ds_Order", "0000")
    mark = signature(text, order, key, version).replace("+", "-").replace("/", "_")
    return {**signed, FACTS: text, "Ds_Signature": mark}


def posted(fields):
    """A notification."""
    return Message("POST", "", urlencode(fields).encode(), {"content-type": "application/x-www-form-urlencoded"})


def said_in(version):
    """What the service really sends in a version: a POST, or the query of the way back."""

    def said(channel, word, bill, secrets):
        foreign = base64.b64encode(hashlib.sha256(secrets["key"].encode()).digest()[:24]).decode()
        key = KEY if secrets["key"] == KEY else foreign
        fields = as_sent(facts(bill, code="0000" if word == "paid" else "0190"), key, version)
        return posted(fields) if channel == "notify" else Message("GET", urlencode(fields), b"")

    return said


def stand(version=V2, **settings):
    """A terminal that signs in this version."""
    return conformance.Stand(
        Redsys, {**SETTINGS, "signature": version, **settings}, SECRETS, said_in(version), currencies=("EUR", "JPY")
    )


def shop(send=None, **settings):
    """The adapter, with a service that answers like this."""
    return stand(**settings).gateway(send=send)


@pytest.mark.parametrize("version", [V1, V2])
@pytest.mark.parametrize("check", conformance.CHECKS, ids=lambda check: check.__name__)
def test_it_conforms(bare_app, check, version):
    """It holds what every gateway must hold, with either signature. ADM-02, NOT-07, NOT-11, NOT-14."""
    with bare_app.app_context():
        check(stand(version))


# --- signatures of others


def test_the_published_example_of_hmac_sha512():
    """Redsys's own worked example ("Firmar una operación") is signed alike. ADM-10."""
    text = (
        "eyJEU19NRVJDSEFOVF9BTU9VTlQiOiI5OTkiLCJEU19NRVJDSEFOVF9PUkRFUiI6IjEyMzQ1Njc4OTAiLCJEU19NRVJDSEFOVF9NRVJDSEFOVENP"
        "REUiOiI5OTkwMDg4ODEiLCJEU19NRVJDSEFOVF9DVVJSRU5DWSI6Ijk3OCIsIkRTX01FUkNIQU5UX1RSQU5TQUNUSU9OVFlQRSI6IjAiLCJEU19N"
        "RVJDSEFOVF9URVJNSU5BTCI6IjEiLCJEU19NRVJDSEFOVF9NRVJDSEFOVFVSTCI6Imh0dHA6XC9cL3d3dy5wcnVlYmEuY29tXC91cmxOb3RpZmlj"
        "YWNpb24ucGhwIiwiRFNfTUVSQ0hBTlRfVVJMT0siOiJodHRwOlwvXC93d3cucHJ1ZWJhLmNvbVwvdXJsT0sucGhwIiwiRFNfTUVSQ0hBTlRfVVJM"
        "S08iOiJodHRwOlwvXC93d3cucHJ1ZWJhLmNvbVwvdXJsS08ucGhwIn0"
    )
    expected = "Vjo02eSWq249IeZZp3R-ArFnGLhKY0OuzDDlx1BuVtZDC2yhczA7_11uZhsYzLZBCMFAz8u8uzGDX3AErHKmmw"
    assert signature(text, "1234567890", PUBLISHED, V2) == expected


REAL_REQUEST = (
    "eyJEU19NRVJDSEFOVF9UUkFOU0FDVElPTlRZUEUiOiIwIiwiRFNfTUVSQ0hBTlRfT1JERVIiOiIwNzI2cUkzSDdzWngiLCJEU19NRVJDSEFOVF9NRVJD"
    "SEFOVENPREUiOiI5OTkwMDg4ODEiLCJEU19NRVJDSEFOVF9URVJNSU5BTCI6IjEiLCJEU19NRVJDSEFOVF9BTU9VTlQiOiI0OTk5IiwiRFNfTUVSQ0hB"
    "TlRfQ1VSUkVOQ1kiOiI5NzgiLCJEU19NRVJDSEFOVF9NRVJDSEFOVFVSTCI6Imh0dHA6Ly93d3cucHJ1ZWJhLmNvbS91cmxOb3RpZmljYWNpb24ucGhw"
    "IiwiRFNfTUVSQ0hBTlRfVVJMT0siOiJodHRwOi8vd3d3LnBydWViYS5jb20vdXJsT0sucGhwIiwiRFNfTUVSQ0hBTlRfVVJMS08iOiJodHRwOi8vd3d3"
    "LnBydWViYS5jb20vdXJsS08ucGhwIn0="
)
REAL_NOTIFICATION = {
    "Ds_SignatureVersion": V1,
    "Ds_MerchantParameters": (
        "eyJEc19EYXRlIjoiMjIlMkYxMCUyRjIwMjEiLCJEc19Ib3VyIjoiMjIlM0E1MSIsIkRzX1NlY3VyZVBheW1lbnQiOiIxIiwiRHNfQ2FyZF9OdW1i"
        "ZXIiOiI0NTQ4ODEqKioqKiowMDA0IiwiRHNfQ2FyZF9Db3VudHJ5IjoiNzI0IiwiRHNfQW1vdW50IjoiNDk5OSIsIkRzX0N1cnJlbmN5IjoiOTc4"
        "IiwiRHNfT3JkZXIiOiIwNzI2cUkzSDdzWngiLCJEc19NZXJjaGFudENvZGUiOiI5OTkwMDg4ODEiLCJEc19UZXJtaW5hbCI6IjAwMSIsIkRzX1Jl"
        "c3BvbnNlIjoiMDAwMCIsIkRzX01lcmNoYW50RGF0YSI6IiIsIkRzX1RyYW5zYWN0aW9uVHlwZSI6IjAiLCJEc19Db25zdW1lckxhbmd1YWdlIjoi"
        "MSIsIkRzX0F1dGhvcmlzYXRpb25Db2RlIjoiMDUyMDI5IiwiRHNfQ2FyZF9CcmFuZCI6IjEiLCJEc19Qcm9jZXNzZWRQYXlNZXRob2QiOiIxIn0="
    ),
    "Ds_Signature": "52nPyUkyDws__OfMqDka_yN-arxzulELZC1TYTvvR0s=",
}


def published_account():
    """The shop with Redsys's test account."""
    settings = {"merchant": "999008881", "terminal": "1", "signature": V1}
    return Redsys(Surroundings(settings, {"key": PUBLISHED}, "test", lambda: NOW, None))


def test_messages_of_the_real_test_system():
    """A form's signature, and a notification signed by the test system (redsys-easy, fixtures "redirect"). NOT-01."""
    assert signature(REAL_REQUEST, "0726qI3H7sZx", PUBLISHED, V1) == "TyW+LIa2GZnhCPLM7JSPwbQn4ZjOvMO/KiIf4yJgwo8="
    message = posted(REAL_NOTIFICATION)
    assert published_account().identify(message) == "0726qI3H7sZx"
    [told] = published_account().read_notification(message).outcomes
    assert (told.type, told.amount_minor, told.currency, told.merchant) == (base.PAID, 4999, "EUR", "999008881")
    assert told.occurred_at == datetime(2021, 10, 22, 20, 51, tzinfo=UTC)


def test_an_answer_of_the_real_api():
    """The published answer of the API (redsys-easy, fixture "rest-json") is opened with the other test key. NOT-11."""
    fields = {
        "Ds_SignatureVersion": V1,
        "Ds_MerchantParameters": (
            "eyJEc19BbW91bnQiOiIxNDUiLCJEc19DdXJyZW5jeSI6Ijk3OCIsIkRzX09yZGVyIjoiMTQ0NjA2ODU4MSIsIkRzX01lcmNoYW50Q29kZSI6"
            "Ijk5OTAwODg4MSIsIkRzX1Rlcm1pbmFsIjoiMSIsIkRzX1Jlc3BvbnNlIjoiMDAwMCIsIkRzX0F1dGhvcmlzYXRpb25Db2RlIjoiNTAxNjAy"
            "IiwiRHNfVHJhbnNhY3Rpb25UeXBlIjoiMCIsIkRzX1NlY3VyZVBheW1lbnQiOiIwIiwiRHNfTGFuZ3VhZ2UiOiIxIiwiRHNfQ2FyZE51bWJl"
            "ciI6IjQ1NDg4MSoqKioqKioqMDQiLCJEc19NZXJjaGFudERhdGEiOiIiLCJEc19DYXJkX0NvdW50cnkiOiI3MjQiLCJEc19DYXJkX0JyYW5k"
            "IjoiMSJ9"
        ),
        "Ds_Signature": "IoGNijSDZGbk+qChH2iqRCg6jZVl3Ee6Ha/WBM4wgto=",
    }
    assert opened(fields, "Mk9m98IfEblmPfrpsawt7BmxObt98Jev")["Ds_AuthorisationCode"] == "501602"
    assert opened(fields, PUBLISHED) is None


TEXT = {
    "0069": "eyJEc19BbW91bnQiOiAiMTQ1IiwgIkRzX09yZGVyIjogIjAwNjkiLCAiRHNfUmVzcG9uc2UiOiAiMDAwMCJ9",
    "12345678": "eyJEc19BbW91bnQiOiAiMTQ1IiwgIkRzX09yZGVyIjogIjEyMzQ1Njc4IiwgIkRzX1Jlc3BvbnNlIjogIjAwMDAifQ",
    "123456789abc": "eyJEc19BbW91bnQiOiAiMTQ1IiwgIkRzX09yZGVyIjogIjEyMzQ1Njc4OWFiYyIsICJEc19SZXNwb25zZSI6ICIwMDAwIn0",
}


@pytest.mark.parametrize(
    ("version", "order", "text", "mark"),
    [
        (V1, "0069", TEXT["0069"], "JSWIhDImq4F8wA/PwFUlaRySHXHqT87Dd+TfsGcdGbw="),
        (V1, "12345678", TEXT["12345678"] + "==", "vjhYnPoAVK8Wqrfh/iQznc/owdBjSxVSRAFqQmCA0vA="),
        (V1, "123456789abc", TEXT["123456789abc"] + "=", "ngFB/Ac6pLoWjF5f7rXCYeTYwv9fis6dT3Wlv9AGNhA="),
        (
            V2,
            "0069",
            TEXT["0069"],
            "vWcR9Tc1fkWRemDoY5prKIAA-FNPNFNeNAAgW8bzpX9O7BaukuwRGTCEZaesBY4GqwySvnkCBh9zt8q52G4rJw",
        ),
        (
            V2,
            "12345678",
            TEXT["12345678"],
            "QOTFs58CWYOfSiGbJ7oF1qv1k_Eqz7cgLdE4HlbEM9ED3uIhPLjcbWn-Z5Uqgr0H54StXFwayVjEhIAhJfjdVA",
        ),
        (
            V2,
            "123456789abc",
            TEXT["123456789abc"],
            "RmZJkDE782KNG81JabaZ94oMfndK_biu5aoXEho36tfBWc5P9z3h3j3t4fvFKp1CBUdR4nbr5lC12AzFvR5x5g",
        ),
    ],
)
def test_an_independent_library_signs_alike(version, order, text, mark):
    """python-redsys 2.1.0 gives the same for orders of less than a block, a whole block, and more. NOT-11."""
    assert signature(text, order, PUBLISHED, version) == mark


# --- the form


def test_the_form_says_what_the_page_needs():
    """Three fields; inside, the sum in minor units, the currency's number, our addresses, the language. RED-01."""
    bill = replace(OURS, locale="de", settings={"pay_methods": "z"})
    step = shop().begin(bill, URLS)
    assert [name for name, _ in step.fields] == ["Ds_SignatureVersion", "Ds_MerchantParameters", "Ds_Signature"]
    assert step.action == "https://sis-t.redsys.es:25443/sis/realizarPago"
    assert step.hosts == ("https://sis-t.redsys.es:25443",)
    told = opened(dict(step.fields), KEY, "DS_MERCHANT_ORDER")
    assert told == {
        "DS_MERCHANT_AMOUNT": "4290",
        "DS_MERCHANT_ORDER": step.reference,
        "DS_MERCHANT_MERCHANTCODE": "123456789",
        "DS_MERCHANT_CURRENCY": "978",
        "DS_MERCHANT_TRANSACTIONTYPE": "0",
        "DS_MERCHANT_TERMINAL": "1",
        "DS_MERCHANT_MERCHANTURL": URLS.notify,
        "DS_MERCHANT_URLOK": URLS.ok,
        "DS_MERCHANT_URLKO": URLS.cancel,
        "DS_MERCHANT_PRODUCTDESCRIPTION": "K1001",
        "DS_MERCHANT_CONSUMERLANGUAGE": "5",
        "DS_MERCHANT_PAYMETHODS": "z",
    }


@pytest.mark.parametrize("number", ["K1001", "1", "", "ORDER-2030-123456789", "ñ-7"])
def test_an_order_is_called_as_redsys_wants_it(number):
    """Four digits and eight letters or digits, whatever the shop calls its orders; each attempt another. BIL-05."""
    bill = replace(OURS, order_number=number)
    name = shop().begin(bill, URLS).reference
    assert len(name) == 12
    assert name[:4].isdigit()
    assert name.isascii() and name.isalnum()
    assert shop().begin(replace(bill, key="another"), URLS).reference != name


@pytest.mark.parametrize("bill", [replace(OURS, currency="XAU"), replace(OURS, amount_minor=10**12)])
def test_what_redsys_does_not_take_is_told_before_anybody_leaves(bare_app, bill):
    """A currency without a number, or a sum of thirteen digits. ERR-01."""
    with bare_app.test_request_context(), pytest.raises(GatewayError):
        shop().begin(bill, URLS)


def test_a_key_that_is_none_and_the_published_ones_are_told():
    """Staff see what is wrong with the key, and not the key. ADM-10."""
    wrong = Redsys(Surroundings(SETTINGS, {"key": "short"}, "test", lambda: NOW, None)).check()
    assert len(wrong) == 1 and "32 letters" in wrong[0]
    live = Redsys(Surroundings({**SETTINGS, "merchant": "999008881"}, {"key": PUBLISHED}, "live", lambda: NOW, None))
    assert len(live.check()) == 2 and PUBLISHED not in " ".join(live.check())


# --- what is believed, and what it means


def test_the_shops_own_form_is_no_result():
    """The signed request that the browser carried, sent back; or a result that names no answer. NOT-11."""
    step = shop().begin(OURS, URLS)
    assert shop().read_notification(posted(dict(step.fields))).verdict == base.FORGED
    assert isinstance(shop().read_return(posted(dict(step.fields)), OURS), base.Hint)
    no_answer = {name: value for name, value in facts(OURS).items() if name != "Ds_Response"}
    assert shop().read_notification(posted(as_sent(no_answer))).verdict == base.FORGED


@pytest.mark.parametrize(
    "change",
    [
        {"Ds_Signature": ""},
        {"Ds_Signature": "ſ½"},
        {"Ds_Signature": "AAAA"},
        {"Ds_SignatureVersion": "HMAC_SHA1"},
        {"Ds_SignatureVersion": V1},
        {"Ds_MerchantParameters": "e30"},
        {"Ds_MerchantParameters": base64.urlsafe_b64encode(b"[" * 100_000).decode()},
        {"Ds_MerchantParameters": base64.urlsafe_b64encode(b'{"Ds_Order": {"a": 1}, "Ds_Response": 1e999}').decode()},
        {"Ds_MerchantParameters": "A" * 200_000},
    ],
)
def test_what_is_not_signed_like_that_is_refused(change):
    """Without a signature, with another version, other facts, nonsense or far too much. NOT-11, SEC-05."""
    message = posted({**as_sent(facts(OURS)), **change})
    shop().identify(message)
    assert shop().read_notification(message).verdict == base.FORGED


def test_nothing_is_signed_without_a_key():
    """A configuration that lost its key believes nobody: not even who signs with an empty one. NOT-11."""
    nobody = Redsys(Surroundings(SETTINGS, {}, "test", lambda: NOW, None))
    for key in ("", "\0" * 16, "0" * 16):
        fields = as_sent(facts(OURS))
        try:
            fields["Ds_Signature"] = signature(fields[FACTS], ORDER, key, V2)
        except ValueError:
            continue
        assert nobody.read_notification(posted(fields)).verdict == base.FORGED


def test_a_field_that_stands_there_twice_is_refused():
    """Which of the two was signed, nobody knows. NOT-11."""
    body = urlencode(as_sent(facts(OURS))).encode()
    twice = Message("POST", "", body + b"&Ds_MerchantParameters=e30", {})
    assert shop().read_notification(twice).verdict == base.FORGED
    assert shop().read_notification(Message("POST", "Ds_Signature=x", body, {})).verdict == base.FORGED


@pytest.mark.parametrize(
    ("kind", "code", "word"),
    [
        ("0", "0000", base.PAID),
        ("0", "0099", base.PAID),
        ("0", "0", base.PAID),
        ("1", "0000", base.AUTHORIZED),
        ("2", "0900", base.PAID),
        ("3", "0900", base.REFUNDED),
        ("9", "0400", base.VOIDED),
        ("0", "9915", base.CANCELLED),
        ("7", "0000", base.UNKNOWN),
        ("0", "OK", base.UNKNOWN),
        ("0", "00000", base.UNKNOWN),
        ("", "0000", base.UNKNOWN),
    ],
)
def test_what_an_answer_means(kind, code, word):
    """Each kind of operation has its own numbers for yes; what is unknown is for a person. BIL-20, NOT-07."""
    [told] = shop().read_notification(posted(as_sent(facts(OURS, kind, code)))).outcomes
    assert (told.type, told.reference, told.transaction) == (word, ORDER, ORDER)
    assert told.event_key


@pytest.mark.parametrize(("kind", "code"), [("0", "0100"), ("0", "0900"), ("2", "0000"), ("3", "0000"), ("9", "0900")])
def test_a_number_of_another_kind_is_no_yes(kind, code):
    """0900 grants no payment, and 0000 no refund: nothing is booked. NOT-07."""
    assert shop().read_notification(posted(as_sent(facts(OURS, kind, code)))).outcomes == []


def test_every_documented_code_is_a_reason_that_the_shop_knows():
    """ERR-06: each number maps to one of our words, and any other is "unknown"; none of them grants anything."""
    assert set(words.REASONS.values()) <= set(DECLINES)
    assert not any(words.is_granted("0", code) for code in words.REASONS)
    assert words.reason_of("0116") == "insufficient_funds"
    assert words.reason_of("1234") == "unknown"


@pytest.mark.parametrize(
    ("code", "reason"),
    [
        ("0101", "card_expired"),
        ("0116", "insufficient_funds"),
        ("0129", "card_error"),
        ("0184", "authentication_failed"),
        ("0190", "card_declined"),
        ("190", "card_declined"),
        ("0202", "suspected_fraud"),
        ("0913", "duplicate_reference"),
        ("4711", "unknown"),
    ],
)
def test_who_comes_back_with_a_refusal_has_left_the_page(code, reason):
    """While the page is open a refusal is no news; brought back it is one, with its reason. ERR-03, ERR-07."""
    fields = as_sent(facts(OURS, code=code, Ds_ErrorCode="SIS0093"))
    assert shop().read_notification(posted(fields)).outcomes == []
    told = shop().read_return(Message("GET", urlencode(fields), b""), OURS)
    assert (told.type, told.error_type) == (base.DECLINED, reason)
    assert told.vendor_code == f"{code.zfill(4)} SIS0093"


def test_a_payment_that_is_still_typed_is_nothing_yet():
    """9998 and 9999 say that the shopper is at it. NOT-07."""
    for code in words.IN_PROGRESS:
        fields = as_sent(facts(OURS, code=code))
        assert isinstance(shop().read_return(Message("GET", urlencode(fields), b""), OURS), base.Hint)


def test_a_refund_is_known_again_by_our_key():
    """What we asked for carries our key; what was done at the console is told apart by its authorisation. BIL-13."""
    [ours] = shop().read_notification(posted(as_sent(facts(OURS, "3", "0900", Ds_MerchantData="re%2D1")))).outcomes
    assert (ours.request_key, ours.event_key) == ("re-1", f"{ORDER}-refund-re-1")
    [theirs] = shop().read_notification(posted(as_sent(facts(OURS, "3", "0900")))).outcomes
    assert theirs.request_key == "" and "052029" in theirs.event_key
    nameless = facts(OURS, "3", "0900", Ds_AuthorisationCode=" ")
    assert shop().read_notification(posted(as_sent(nameless))).outcomes[0].event_key == ""


def test_another_account_is_told_and_zeros_before_it_are_not():
    """The shop compares the account as staff have typed it. NOT-11."""
    told = news.told_by(facts(OURS, Ds_MerchantCode="000123456789"), "123456789")[0]
    assert told.merchant == "123456789"
    assert news.told_by(facts(OURS, Ds_MerchantCode="999"), "123456789")[0].merchant == "999"


NAMES = [*facts(OURS), "Ds_ErrorCode", "Ds_Response_Description", "Ds_EMV3DS"]
VALUES = st.sampled_from(["0", "0000", "0900", "3", "9", "978", "%", "31%2F02%2F0001"]) | st.text(max_size=12)


@settings(deadline=None, max_examples=150)
@given(st.dictionaries(st.sampled_from(NAMES), VALUES | st.integers() | st.lists(st.text(max_size=3), max_size=2)))
def test_whatever_is_signed_is_read_without_an_accident(told):
    """Strange values under a right signature raise nothing, and name the order that was signed. NOT-11."""
    message = posted(as_sent({**told, "Ds_Order": ORDER}))
    reading = shop().read_notification(message)
    assert all(one.reference == ORDER and one.amount_minor >= 0 for one in reading.outcomes)
    shop().read_return(message, OURS)


# --- the API


class Service:
    """Redsys's server: notes what it is asked, and says this."""

    def __init__(self, answer, status=200):
        self.answer, self.status, self.asked = answer, status, []

    def __call__(self, method, url, *, data=None, headers=None):
        self.asked.append((method, url, data, headers))
        if self.answer is None:
            raise GatewayError("nobody answers")
        body = self.answer if isinstance(self.answer, bytes) else json.dumps(self.answer).encode()
        return SimpleNamespace(status=self.status, headers={}, body=body)


def answer_to(kind, code, amount, order=ORDER, **more):
    """A signed answer of the API."""
    bill = replace(OURS, amount_minor=amount, gateway_reference=order)
    return as_sent(facts(bill, kind, code, **more))


VERBS = {
    "refund": ("3", "0900", 100, (OURS, 100, "re-1")),
    "capture": ("2", "0900", 4290, (OURS, 4290, "ca-1")),
    "void": ("9", "0400", 4290, (OURS, "vo-1")),
}


@pytest.mark.parametrize("verb", VERBS)
def test_an_operation_is_asked_for_as_documented(bare_app, verb):
    """The envelope in JSON, with kind, sum and order; done when the signed answer grants just that. BIL-20, ADM-15."""
    kind, code, amount, about = VERBS[verb]
    service = Service(answer_to(kind, code, amount))
    with bare_app.test_request_context():
        done = getattr(shop(service), verb)(*about)
    assert done.result == base.DONE
    method, url, body, headers = service.asked[0]
    assert (method, url) == ("POST", "https://sis-t.redsys.es:25443/sis/rest/trataPeticionREST")
    assert headers == {"Content-Type": "application/json"}
    asked = opened(json.loads(body), KEY, "DS_MERCHANT_ORDER")
    assert (asked["DS_MERCHANT_TRANSACTIONTYPE"], asked["DS_MERCHANT_AMOUNT"]) == (kind, str(amount))
    assert (asked["DS_MERCHANT_ORDER"], asked["DS_MERCHANT_MERCHANTDATA"]) == (ORDER, about[-1])
    assert done.gateway_id == (f"{ORDER}-refund-re-1" if verb == "refund" else ORDER)


@pytest.mark.parametrize("verb", VERBS)
@pytest.mark.parametrize(
    ("change", "result"),
    [
        (lambda kind, code, amount: answer_to(kind, "0190", amount), base.REFUSED),
        (lambda kind, code, amount: answer_to(kind, "0950", amount), base.REFUSED),
        (lambda kind, code, amount: {"errorCode": "SIS0057"}, base.REFUSED),
        (lambda kind, code, amount: answer_to(kind, "9912", amount), base.UNKNOWN),
        (lambda kind, code, amount: answer_to(kind, "0909", amount), base.UNKNOWN),
        (lambda kind, code, amount: answer_to(kind, "yes", amount), base.UNKNOWN),
        (lambda kind, code, amount: answer_to(kind, code, amount + 1), base.UNKNOWN),
        (lambda kind, code, amount: answer_to("0", "0000", amount), base.UNKNOWN),
        (lambda kind, code, amount: answer_to(kind, code, amount, order=compact(OTHER, 12, 4)), base.UNKNOWN),
        (lambda kind, code, amount: {**answer_to(kind, code, amount), "Ds_Signature": "AAAA"}, base.UNKNOWN),
        (lambda kind, code, amount: {}, base.UNKNOWN),
        (lambda kind, code, amount: [], base.UNKNOWN),
        (lambda kind, code, amount: b"<html>", base.UNKNOWN),
        (lambda kind, code, amount: b"[" * 100_000, base.UNKNOWN),
        (lambda kind, code, amount: None, base.UNKNOWN),
    ],
)
def test_what_came_of_an_operation(bare_app, verb, change, result):
    """A plain no is one; what is not signed, is about something else, or never came says nothing. ERR-08, BIL-20."""
    kind, code, amount, about = VERBS[verb]
    with bare_app.test_request_context():
        assert getattr(shop(Service(change(kind, code, amount))), verb)(*about).result == result


def test_an_answer_with_another_status_says_nothing(bare_app):
    """A 500 with a fine body is no answer. ERR-08."""
    with bare_app.test_request_context():
        done = shop(Service(answer_to("3", "0900", 100), status=500)).refund(OURS, 100, "re-1")
    assert done.result == base.UNKNOWN


# --- questions


def soap(*operations, error=""):
    """An answer of the service for questions."""
    inner = "".join(
        f"<Response Ds_Version='0.0'>{''.join(f'<{name}>{value}</{name}>' for name, value in one.items())}</Response>"
        for one in operations
    )
    inner += f"<ErrorMsg><Ds_ErrorCode>{error}</Ds_ErrorCode></ErrorMsg>" if error else ""
    text = f'<Messages><Version Ds_Version="0.0"><Message>{inner}</Message></Version></Messages>'
    return (
        '<?xml version="1.0"?><soapenv:Envelope xmlns:soapenv="http://schemas.xmlsoap.org/soap/envelope/"><soapenv:Body>'
        '<p259:consultaOperacionesResponse xmlns:p259="http://webservices.apl02.redsys.es"><consultaOperacionesReturn>'
        f"{text.replace('&', '&amp;').replace('<', '&lt;').replace('>', '&gt;')}</consultaOperacionesReturn>"
        "</p259:consultaOperacionesResponse></soapenv:Body></soapenv:Envelope>"
    ).encode()


def row(kind="0", code="0000", state="F", at=NOW, bill=OURS, **more):
    """One operation of an answer; the time is told in Spain, an hour ahead in January."""
    there = at + timedelta(hours=1)
    wanted = ("Ds_MerchantCode", "Ds_Terminal", "Ds_Order", "Ds_TransactionType", "Ds_Amount", "Ds_Currency")
    found = {name: value for name, value in facts(bill, kind, code).items() if name in wanted}
    when = {"Ds_Date": f"{there:%d/%m/%Y}", "Ds_Hour": f"{there:%H:%M}"}
    return {**found, **when, "Ds_State": state, "Ds_Response": code, **more}


def asked(bare_app, answer, status=200):
    """What is made of an answer to a question."""
    service = Service(answer, status)
    with bare_app.test_request_context():
        return shop(service).query(OURS), service


def test_a_question_is_signed_and_finds_what_became_of_the_order(bare_app):
    """Reserved, then taken: both are told; another order, refunds and refusals are left out. BIL-04."""
    other = row(bill=OTHER)
    found, service = asked(bare_app, soap(row("1"), row("2", "0900"), row("3", "0900"), row("0", "0190"), other))
    assert [one.type for one in found] == [base.AUTHORIZED, base.PAID]
    method, url, body, headers = service.asked[0]
    assert (method, url) == ("POST", "https://sis-t.redsys.es:25443/apl02/services/SerClsWSConsulta")
    assert headers["SOAPAction"] == "consultaOperaciones"
    text = body.decode()
    version = text[text.index("<Version") : text.index("</Version>") + len("</Version>")]
    assert f"<Ds_Order>{ORDER}</Ds_Order>" in version
    assert f"<Signature>{signature(version, ORDER, KEY, V1)}</Signature>" in text


def test_a_question_names_an_event_as_a_notification_does(bare_app):
    """The same payment has the same key and the same transaction on every channel. NOT-05."""
    [found] = asked(bare_app, soap(row()))[0]
    [told] = shop().read_notification(posted(as_sent(facts(OURS)))).outcomes
    same = ("type", "event_key", "transaction", "amount_minor", "currency", "merchant")
    assert [getattr(found, name) for name in same] == [getattr(told, name) for name in same]


def test_an_order_that_redsys_does_not_know_is_not_paid(bare_app):
    """XML0024, or nothing but what is left from a shopper who gave up: no news. BIL-04."""
    assert asked(bare_app, soap(error="XML0024"))[0] == []
    assert asked(bare_app, soap(row(state="A", code="", at=NOW - timedelta(hours=2)), row(state="S", code="")))[0] == []


@pytest.mark.parametrize(
    ("answer", "status"),
    [
        (soap(row(state="P", code="")), 200),
        (soap(row(state="A", code="", Ds_Date="?")), 200),
        (soap(error="XML0023"), 200),
        (soap(), 200),
        (soap(row(Ds_Amount="")), 200),
        (soap(row(Ds_Amount="42,90")), 200),
        (soap(row()), 500),
        (b"<html>", 200),
        (b"", 200),
        (b'<!DOCTYPE a [<!ENTITY b "c">]><a>&b;</a>', 200),
        (b"\xff\xfe", 200),
        (None, 200),
    ],
)
def test_no_sensible_answer_is_no_answer(bare_app, answer, status):
    """While the bank decides, and for errors, nonsense and traps, nobody concludes that it is unpaid. ERR-08."""
    with pytest.raises(GatewayError):
        asked(bare_app, answer, status)


def test_a_terminal_without_the_service_is_not_asked():
    """Whether questions are answered is ticked by staff. ADM-02."""
    assert Redsys.can({"merchant", "query_service"}).can_query
    assert not Redsys.can({"merchant", "terminal"}).can_query


def test_the_merchants_own_address_goes_before():
    """For a bank's own host, or the rehearsal. ADM-10."""
    step = shop(page="https://shop.example/sandbox/as/redsys/page").begin(OURS, URLS)
    assert (step.action, step.hosts) == ("https://shop.example/sandbox/as/redsys/page", ("https://shop.example",))
    assert quote(step.reference) == step.reference
