"""The Estonian bank link: the kit, published signatures, the files and what is wrong with them, charsets, services."""

import base64
from dataclasses import replace
from datetime import UTC, datetime, timedelta
from functools import cache
from urllib.parse import urlencode

import pytest
from cryptography import x509
from cryptography.hazmat.primitives import serialization
from cryptography.hazmat.primitives.asymmetric import ec, rsa
from cryptography.hazmat.primitives.hashes import SHA256
from cryptography.x509.oid import NameOID
from hypothesis import given, settings, strategies as st

from storefront.payments.errors import DECLINES, GatewayError
from storefront.payments.gateways import banklink_mac as mac, base, conformance
from storefront.payments.gateways.banklink import Banklink, reference_number
from storefront.payments.gateways.banklink_files import public_key
from storefront.payments.gateways.base import Message, Surroundings
from storefront.payments.gateways.references import compact
from storefront.payments.gateways.stand import NOW, OTHER, OURS, URLS

PASSWORD = "open sesame"
SETTINGS = {
    "page": "https://bank.example/pay",
    "merchant": "shop1",
    "service": "1012",
    "version": "009",
    "account": "EE471000001020145685",
    "name": "Õie Mäger",
    "bank": "EYP",
}


@cache
def pair(who):
    """A key of somebody."""
    return rsa.generate_private_key(public_exponent=65537, key_size=2048)


def pem(key, password=""):
    """A private key as a file."""
    how = serialization.BestAvailableEncryption(password.encode()) if password else serialization.NoEncryption()
    return key.private_bytes(serialization.Encoding.PEM, serialization.PrivateFormat.PKCS8, how)


@cache
def certificate(who, days=365):
    """A certificate as a file, good until so many days after now."""
    name = x509.Name([x509.NameAttribute(NameOID.COMMON_NAME, who)])
    built = x509.CertificateBuilder().subject_name(name).issuer_name(name).public_key(pair(who).public_key())
    built = built.serial_number(7).not_valid_before(NOW - timedelta(days=900)).not_valid_after(NOW + timedelta(days))
    return built.sign(pair(who), SHA256()).public_bytes(serialization.Encoding.PEM)


@cache
def files():
    """What lies in the directory of certificates."""
    ours = {"private_key": pem(pair("shop"), PASSWORD), "certificate": certificate("shop")}
    return {**ours, "bank_certificate": certificate("bank")}


def answer(bill, service="1111", **more):
    """What the bank says of a bill, not signed yet."""
    told = {
        "VK_SERVICE": service,
        "VK_VERSION": "009",
        "VK_SND_ID": "EYP",
        "VK_REC_ID": "shop1",
        "VK_STAMP": bill.gateway_reference or bill.reference,
    }
    if service == "1111":
        paid = {"VK_AMOUNT": plain(bill), "VK_CURR": bill.currency, "VK_REC_ACC": "EE1", "VK_REC_NAME": "Õie Mäger"}
        told |= {"VK_T_NO": "17947", **paid, "VK_SND_ACC": "EE2", "VK_SND_NAME": "Tõõger Leõpäöld"}
        told["VK_T_DATETIME"] = "2030-01-07T11:00:00+0200"
    return {**told, "VK_REF": reference_number(bill), "VK_MSG": bill.order_number, **more}


def plain(bill):
    """The sum as the bank writes it, worked out by hand."""
    digits = {"JPY": 0, "KWD": 3}.get(bill.currency, 2)
    text = str(bill.amount_minor).zfill(digits + 1)
    return f"{text[:-digits]}.{text[-digits:]}" if digits else text


def signed(told, key=None, charset="UTF-8"):
    """The fields with their signature, and those that are not signed."""
    rest = {"VK_ENCODING": charset, "VK_LANG": "EST", "VK_AUTO": "Y"}
    return {**told, **rest, "VK_MAC": mac.sign(told, key or pair("bank"), charset)}


def posted(fields, charset="UTF-8"):
    """The bank's server, or the browser, posts."""
    body = urlencode(fields, encoding=charset).encode()
    return Message("POST", "", body, {"content-type": "application/x-www-form-urlencoded"})


def said(channel, word, bill, secrets):
    """What the bank really sends: the same to either door. Whoever has not its key signs with another."""
    key = pair("bank") if secrets["key_password"] == PASSWORD else pair("stranger")
    return posted(signed(answer(bill, "1111" if word == "paid" else "1911"), key))


def stand(**settings):
    """A shop with its files."""
    return conformance.Stand(Banklink, {**SETTINGS, **settings}, {"key_password": PASSWORD}, said, files=files())


def shop(**settings):
    """The adapter."""
    return stand(**settings).gateway()


@pytest.mark.parametrize("check", conformance.CHECKS, ids=lambda check: check.__name__)
def test_it_conforms(bare_app, check):
    """It holds what every gateway must hold. ADM-02, ADM-08, NOT-11, NOT-14."""
    with bare_app.app_context():
        check(stand())


# --- signatures of others: github.com/renekorss/Banklink, tests/EE: SEBTest.php (008), CoopPankTest.php (009)

KEY_008 = b"""-----BEGIN PUBLIC KEY-----
MIGfMA0GCSqGSIb3DQEBAQUAA4GNADCBiQKBgQC+AROlXiRvi1T7Q9fAh0Lw73sz
An26mqfKDqd6Bdplq3v+gVWC3v0+bgtfNakRE/UVYOxEA0z0viqRpKzPuNy8OstT
Me8fFKs19NW8lBYik6NzJ4Bk+B6VmovOm0nJLQJytXKiJyuHP9DqPOVmP8S+azzX
7Uqzov1nxo9fvH7y2QIDAQAB
-----END PUBLIC KEY-----
"""
KEY_009 = b"""-----BEGIN PUBLIC KEY-----
MIIBojANBgkqhkiG9w0BAQEFAAOCAY8AMIIBigKCAYEAy6c/wadzKDHTE8hhHrnH
gbZHA8tgZYt8AgVE4QeRTRedzlbWYJrIWihaWPktUUmtjE+sjLf076/RB2ZWJ9HA
CJHgySs7LY09xlBoc5JUttxpxYUbr/vuZmzSxYdbxQIs1ZcRjPAzVk9XZj1GsBOe
uw81aJc8UdqO9zZiu51jOnR1EM5U34dY+SHvfqK0lJTfSWRddWXckA14G1Rkm6y+
U7nM0iro/TfZfhKBkPKKsYMNubvrsxcRAsyjh3Zb0H/DceOnVLRJ29nFIYztXw+e
lJPIVUoTQt9eIoElgrnLcBoUjRc+6YjzsJfCNHysz1h/uX/+7ySLgqlaDRSCA6tv
nipYrpzE9mcl/s/Jn5AEBrgShGFJsMxA8KOp08ppF1fn59IeFplTMQDKj1s4PEVY
oS3OKNoRGNTTY6yZig+mdAfQFAbEgBOpZ6utmLi3RADbvL6F1RO6zRy8kRIiJAbK
vo6ydW3Vy3wWOqRikuOI6mJoQmoSyQqVprvg5VAkOJY9AgMBAAE=
-----END PUBLIC KEY-----
"""
ASKED = {
    "VK_SND_ID": "id2000",
    "VK_STAMP": "100",
    "VK_AMOUNT": "10",
    "VK_CURR": "EUR",
    "VK_REF": "1009",
    "VK_MSG": "First payment",
    "VK_RETURN": "http://example.com",
    "VK_CANCEL": "http://example.com",
    "VK_DATETIME": "2015-09-29T15:00:00+0300",
    "VK_ACC": "1010342342354345435",
    "VK_NAME": "Ülo Pääsuke",
}
ANSWERED = {
    "VK_SND_ID": "Toomas Jäär",
    "VK_REC_ID": "id2000",
    "VK_STAMP": "100",
    "VK_T_NO": "100",
    "VK_AMOUNT": "10",
    "VK_CURR": "EUR",
    "VK_REC_ACC": "1010342342354345435",
    "VK_REC_NAME": "Ülo Pääsuke",
    "VK_SND_ACC": "101032423434543",
    "VK_SND_NAME": "Mart Mets",
    "VK_REF": "100",
    "VK_MSG": "First payment",
    "VK_T_DATETIME": "2015-09-29T15:00:00+0300",
}
PUBLISHED = {
    ("1012", "008"): (
        "PmAB256IR1FzTKZHNn5LBPso/KyLAhNcTOMq82lhpYn0mXKYtVtpNkolQxyETnTcIn1TcYOmekJEATe86Bz2MRljEQqllkaIl7bNuLCtuBPtAOYW"
        "NLmQHoop+5QSiguJEmEV+JJU3w4BApjWcsHA5HYlYze+3L09UO6na0lB/Zs="
    ),
    ("1011", "008"): (
        "PuJTjADqHeArALfzTo2ZsynckTOVRFZMnOnbv9tv30KrF2a9m/yJuRn9vcd3JuaSjgzKoS7DRSouDgXAe6GNLZnduhXZrYx5JtVMmnlgooQ+/pJq"
        "O6ZOzwsEjaXooTLCCnKA5P9zWoxXpe8Al4IC9pj7jLNFG3dCeG9XO5uRZEs="
    ),
    ("1111", "008"): (
        "Sp0VzYSPyZviiCewmwbtqny8cYRcnYU4Noh0cwxOYoZ5IpQwHuolNbFI+1Kkuk5n6cWs2X48IYYOUMRi9VTqdsfSN7z5jpUwEwjLsCMDUDdro421"
        "Je7eXXkEkbZlEcgY8wtR5H+OO955aqxDdZeS0dkuuxTN70Z9Esv5feXYxsw="
    ),
    ("1012", "009"): (
        "b675KD4mg4V8t22IriOGn/wuur3O//SmzPy/yr7/MgxHojBeqIW1rcQIT8pcEklsSJ+HfUK7PZJZlcUW1S086l64JdGyBBAePIFIYPHbrefkOnhm"
        "CR3hkOqtkKgXSAr1eKigOygV48l6gkJ2rKZmT2Koc9+jLvEC7MOocaWotqNcyIap6cgYKlIDXaEEsEEbJz4pRN0qRjFYxGDH40qYI4nuO2bajC4H"
        "x5e9MCRDlTZY5A5PJRuCEfdO5i5jBgPDecjtdT7NdTHnnW3LBT6SghToVXlAhRniI843VnfdeFy5pKcUuMGswUBnmv0pkVZJMReyUf51su2iC0aR"
        "o1JvgD6ULRDX9bqZ8dtOeh4EaYVWBeq+wPPwvuSPA0xDYFEE5rjhrqHmQT02LGv7274aTrLSS8MgDw9sAjpDghgS6VQdWujjy7KeeKIrjbTFpIB/"
        "GDKJ4hSIFS/sPew2xF3VGtGqfaGe2mCzF3KiegYwwAjjaiOuU8qgCalmf2In1euj"
    ),
    ("1111", "009"): (
        "q4tw9YJ3iNk9O9d+0a17PGwvkO64FhfZoELv3ZaCpyStiKvMFKYv/PMlFiRAPv65JGf2CLk8lrrpXiTfQ6ESnNosl076lyWyrAvPdcl69Dq1SAyV"
        "0fCYs8yh+3SO3SxT3uFgBs5XVcdmB8VShpHBW0fVpmjwlk9yDvuLesnP0ztKkFN0hta1+w2qHprgdIzHt5kTjXonUtjw8KAwK7PFu2LFibXtF3Az"
        "Rr3R5x2UPEQelBGH+PohDbMmj2GtszNtdOUHEigbep1+MV/VjmsaineULx5naA1HPdcm7KJgNVG4K6FA32B2dQCM0PlvrTMGz9BgshjI2KtKPWoo"
        "240A9YY0YemcGGHtNthrjtjDq3agTMW4tD66XagCFX8iYUqtgz15Q+n8f9DHaz68ywvvXjkd3xQGDes6o488JcOp4TDk6B5v3ZVfmhPG9yWUwiUp"
        "upiROTmrlRf52YzHBf2KSsmL5QiKYjXHeQNl4Sm4Y/kZuoKkXY6sVEQIu1SCJORc"
    ),
}


@pytest.mark.parametrize(("service", "version"), PUBLISHED)
def test_signatures_of_an_independent_library_are_right(service, version):
    """Requests and answers that renekorss/Banklink has signed, letters beyond ASCII among them; no other. NOT-11."""
    told = {"VK_SERVICE": service, "VK_VERSION": version, **(ANSWERED if service == "1111" else ASKED)}
    told["VK_MAC"] = PUBLISHED[service, version]
    key = public_key(KEY_008 if version == "008" else KEY_009)
    assert mac.is_signed(told, key, "UTF-8")
    assert not mac.is_signed({**told, "VK_AMOUNT": "10.00"}, key, "UTF-8")
    assert not mac.is_signed(told, key, "ISO-8859-1") or service == "1012"  # that one is plain ASCII
    assert not mac.is_signed({**told, "VK_VERSION": "009" if version == "008" else "008"}, key, "UTF-8")


def test_an_answer_of_that_library_is_a_payment():
    """The whole way: the published answer, posted, is read as the payment that it tells of. NOT-01, NOT-11."""
    told = {"VK_SERVICE": "1111", "VK_VERSION": "009", **ANSWERED, "VK_MAC": PUBLISHED["1111", "009"]}
    settings = {**SETTINGS, "merchant": "id2000", "bank": "Toomas Jäär"}
    around = Surroundings(settings, {}, "test", lambda: NOW, None, lambda name: KEY_009)
    [paid] = Banklink(around).read_notification(posted({**told, "VK_AUTO": "Y", "VK_ENCODING": "UTF-8"})).outcomes
    assert (paid.type, paid.amount_minor, paid.currency, paid.merchant) == (base.PAID, 1000, "EUR", "id2000")
    assert paid.occurred_at == datetime(2015, 9, 29, 12, 0, tzinfo=UTC)


def test_a_missing_field_counts_as_an_empty_one():
    """000 stands for it, and lengths are those of letters, in three digits (SEB's specification). NOT-11."""
    told = {"VK_SERVICE": "1911", "VK_VERSION": "008", "VK_SND_ID": "HP", "VK_REC_ID": "õ", "VK_STAMP": "12345"}
    assert mac.text_of(told) == "0041911003008002HP001õ00512345000000"


@pytest.mark.parametrize(("number", "checked"), [("100", "1009"), ("123456", "1234561"), ("1", "13"), ("0", "00")])
def test_reference_numbers_have_their_check_digit(number, checked):
    """7-3-1 from the right: 1009 is the one of renekorss/Banklink, 1234561 that of Pangalink.net's sample. BIL-05."""
    assert mac.with_check_digit(number) == checked


# --- the form


def opened(step):
    """The fields of a form whose signature is ours."""
    told = dict(step.fields)
    assert mac.is_signed(told, pair("shop").public_key(), told["VK_ENCODING"])
    return told


def test_the_form_of_1012_says_what_the_bank_needs():
    """Signed with our key; the sum with a dot, the time with its zone, the address of the way back. RED-01."""
    step = shop().begin(replace(OURS, locale="et"), URLS)
    assert (step.action, step.hosts, step.charset) == ("https://bank.example/pay", ("https://bank.example",), "utf-8")
    told = opened(step)
    told.pop("VK_MAC")
    assert list(told.items()) == [
        ("VK_SERVICE", "1012"),
        ("VK_VERSION", "009"),
        ("VK_SND_ID", "shop1"),
        ("VK_STAMP", compact(OURS, 20)),
        ("VK_AMOUNT", "42.90"),
        ("VK_CURR", "EUR"),
        ("VK_REF", "100117"),
        ("VK_MSG", "K1001"),
        ("VK_RETURN", URLS.ok),
        ("VK_CANCEL", URLS.cancel),
        ("VK_DATETIME", "2030-01-07T11:00:00+0200"),
        ("VK_ENCODING", "UTF-8"),
        ("VK_LANG", "EST"),
    ]
    assert step.reference == compact(OURS, 20)


@pytest.mark.parametrize("charset", ["UTF-8", "ISO-8859-1", "WINDOWS-1257"])
@pytest.mark.parametrize("version", ["008", "009"])
def test_the_form_of_1011_names_who_is_paid(version, charset):
    """With account and name, in the charset that the merchant has chosen and the browser will use. ADM-02."""
    step = shop(service="1011", version=version, encoding=charset).begin(OURS, URLS)
    told = opened(step)
    assert (told["VK_ACC"], told["VK_NAME"]) == ("EE471000001020145685", "Õie Mäger")
    assert step.charset == charset.lower()


def test_letters_that_the_charset_lacks_are_signed_as_they_are_sent():
    """A name in Cyrillic letters is no reason to break; nor is a reference that the bank has no room for. RED-01."""
    told = opened(shop(service="1011", encoding="ISO-8859-1", name="Лавка").begin(OURS, URLS))
    assert told["VK_NAME"] == "?????"
    long = replace(OURS, reference="ORDER-2030-00000001-R1", order_number="ORDER-2030-00000001" * 9)
    step = shop().begin(long, URLS)
    assert step.reference == opened(step)["VK_STAMP"]
    assert len(step.reference) == 20 and len(opened(step)["VK_MSG"]) == 95
    told = posted(signed(answer(replace(long, gateway_reference=step.reference))))
    assert shop().read_return(told, replace(long, gateway_reference=step.reference)).type == base.PAID


def test_what_the_bank_has_no_room_for_is_told_before_anybody_leaves(bare_app):
    """A sum or an address that is too long; a key that cannot be read. ERR-01."""
    with bare_app.test_request_context():
        for bill, urls in [
            (replace(OURS, amount_minor=10**12), URLS),
            (OURS, replace(URLS, ok=f"https://a/{'b' * 255}")),
        ]:
            with pytest.raises(GatewayError):
                shop().begin(bill, urls)
        with pytest.raises(GatewayError):
            stand().gateway(without="private_key").begin(OURS, URLS)


# --- what is believed


def test_what_was_paid_in_another_shop_of_ours_pays_nothing_here():
    """Two shops under one contract count alike: a message about the other's attempt is none about this. NOT-11."""
    here, there = (replace(OURS, key=key) for key in ("bill-key-1", "bill-key-of-another-shop"))
    here, there = (replace(one, gateway_reference=shop().begin(one, URLS).reference) for one in (here, there))
    message = posted(signed(answer(there)))
    assert shop().read_return(message, there).type == base.PAID
    assert shop().read_return(message, here) == base.Hint("return")
    [told] = shop().read_notification(message).outcomes
    assert told.reference not in (here.reference, here.gateway_reference)


def test_the_same_message_by_browser_and_by_server_is_one_event():
    """VK_AUTO and the language are not signed and change nothing; GET and POST say the same. NOT-05."""
    fields = signed(answer(OURS))
    by_browser = {**fields, "VK_AUTO": "N", "VK_LANG": "ENG"}
    told = [
        shop().read_return(posted(fields), OURS),
        shop().read_return(posted(by_browser), OURS),
        shop().read_return(Message("GET", urlencode(by_browser), b""), OURS),
        *shop().read_notification(posted(fields)).outcomes,
    ]
    assert len(set(told)) == 1
    assert (told[0].event_key, told[0].transaction) == ("K1001-1-17947", "17947/K1001-1")
    assert Banklink.is_notice(posted(fields)) and not Banklink.is_notice(posted(by_browser))


def test_a_second_order_of_the_bank_under_one_stamp_is_another_payment():
    """Who sends the form twice pays twice: both are seen. NOT-05."""
    first, second = (
        shop().read_notification(posted(signed(answer(OURS, VK_T_NO=number)))).outcomes[0] for number in ("1", "2")
    )
    assert first.event_key != second.event_key and first.transaction != second.transaction


def test_the_shops_own_form_is_no_answer():
    """Our request sent back, even by somebody who could sign as the bank: its service is no answer. NOT-11."""
    fields = dict(shop().begin(OURS, URLS).fields)
    assert shop().read_notification(posted(fields)).verdict == base.FORGED
    as_bank = signed({name: value for name, value in fields.items() if name in mac.ORDER["1012"]})
    assert shop().read_notification(posted(as_bank)).verdict == base.FORGED


@pytest.mark.parametrize(
    "change",
    [
        {"VK_MAC": ""},
        {"VK_MAC": "ſ½"},
        {"VK_MAC": "AAAA"},
        {"VK_AMOUNT": "1.00"},
        {"VK_STAMP": "K1002-1"},
        {"VK_VERSION": "008"},
        {"VK_SERVICE": "1911"},
        {"VK_MSG": "x" * 1000},
        {"VK_MSG": "x" * 200_000},
        {"VK_ENCODING": "ISO-8859-1"},
    ],
)
def test_what_the_bank_has_not_signed_is_refused(change):
    """Without a signature, with other facts, another version or charset, or far too much. NOT-11, SEC-05."""
    message = posted({**signed(answer(OURS)), **change})
    assert shop().read_notification(message).verdict == base.FORGED
    assert isinstance(shop().read_return(message, OURS), base.Hint)


@pytest.mark.parametrize("change", [{"VK_SND_ID": "HP"}, {"VK_REC_ID": ""}, {"VK_STAMP": ""}, {"VK_VERSION": "008"}])
def test_what_is_signed_but_not_for_us_like_that_is_refused(change):
    """Another bank's name, no receiver, no stamp, or the older version where the newer was agreed on. NOT-11."""
    assert shop().read_notification(posted(signed(answer(OURS, **change)))).verdict == base.FORGED


def test_the_receiver_is_told_so_that_the_shop_can_compare_it():
    """The bank signs for all of its shops with one key: whose account was paid stands in the message. NOT-11."""
    [told] = shop().read_notification(posted(signed(answer(OURS, VK_REC_ID="shop2")))).outcomes
    assert told.merchant == "shop2"


def test_a_signature_of_our_own_key_is_not_the_banks():
    """Whoever has stolen our certificate has no bank. NOT-11."""
    assert shop().read_notification(posted(signed(answer(OURS), pair("shop")))).verdict == base.FORGED


@pytest.mark.parametrize("charset", ["UTF-8", "ISO-8859-1", "WINDOWS-1257"])
def test_an_answer_is_read_in_the_charset_that_it_names(charset):
    """And in ours if it names none. NOT-11."""
    told = answer(OURS)
    assert shop().read_notification(posted(signed(told, charset=charset), charset)).verdict == base.AUTHENTIC
    silent = {name: value for name, value in signed(told, charset=charset).items() if name != "VK_ENCODING"}
    assert shop(encoding=charset).read_notification(posted(silent, charset)).verdict == base.AUTHENTIC


def test_a_field_that_stands_there_twice_is_refused():
    """Which of the two was signed, nobody knows. NOT-11."""
    body = urlencode(signed(answer(OURS))).encode()
    assert shop().read_notification(Message("POST", "", body + b"&VK_AMOUNT=1", {})).verdict == base.FORGED
    assert shop().read_notification(Message("POST", "VK_STAMP=K1001-1", body, {})).verdict == base.FORGED


@pytest.mark.parametrize(
    ("text", "minor"),
    [
        ("42.90", 4290),
        ("42.9", 4290),
        ("42", 4200),
        (".01", 1),
        ("42.905", 0),
        ("", 0),
        ("-1", 0),
        ("1e3", 0),
        ("1,5", 0),
    ],
)
def test_sums_are_read_exactly(bare_app, text, minor):
    """As banks write them; what is none is a sum of nothing, which the shop compares and puts aside. BIL-03."""
    with bare_app.test_request_context():
        [told] = shop().read_notification(posted(signed(answer(OURS, VK_AMOUNT=text)))).outcomes
    assert told.amount_minor == minor


VALUES = st.sampled_from(["0001-01-01T00:00:00+1400", "9999-12-31T23:59:59-1400", "0" * 20, "."]) | st.text(max_size=12)


@settings(deadline=None, max_examples=100)
@given(st.dictionaries(st.sampled_from(mac.ORDER["1111"][5:]), VALUES))
def test_whatever_is_signed_is_read_without_an_accident(told):
    """Strange values under a right signature raise nothing, and name the stamp that was signed. NOT-11."""
    try:
        message = posted(signed(answer(OURS, **told)))
    except UnicodeEncodeError:  # half a letter: no bank can write it
        return
    reading = shop().read_notification(message)
    assert [one.reference for one in reading.outcomes] == [OURS.reference]
    assert all(one.amount_minor >= 0 for one in reading.outcomes)


def test_a_refusal_has_no_reason_in_this_protocol():
    """1911 says that it is not paid, and not why: the code for that is one of ours. ERR-06."""
    [told] = shop().read_notification(posted(signed(answer(OURS, "1911")))).outcomes
    assert (told.type, told.error_type, told.vendor_code) == (base.DECLINED, "unknown", "1911")
    assert told.error_type in DECLINES
    assert isinstance(shop().read_return(posted(signed(answer(OURS, "1911"))), OTHER), base.Hint)


# --- the files


def wrong(mode="test", password=PASSWORD, settings=None, **changed):
    """What is wrong with files that are changed like this."""
    there = {**files(), **changed}
    around = Surroundings(
        {**SETTINGS, **(settings or {})},
        {"key_password": password},
        mode,
        lambda: NOW,
        None,
        lambda name: there.get(name, b""),
    )
    return Banklink(around).check()


ELLIPTIC = ec.generate_private_key(ec.SECP256R1())


@pytest.mark.parametrize(
    ("what", "said"),
    [
        ({}, []),
        ({"certificate": b""}, []),
        ({"private_key": lambda: pem(pair("shop"))}, []),
        ({"password": "wrong"}, ["(private_key) cannot be read"]),
        ({"private_key": b"nonsense", "certificate": b""}, ["(private_key) cannot be read"]),
        ({"private_key": lambda: pem(ELLIPTIC), "certificate": b""}, ["(private_key) cannot be read"]),
        ({"certificate": b"nonsense"}, ["(certificate) cannot be read", "(certificate) does not fit"]),
        ({"certificate": lambda: certificate("stranger")}, ["(certificate) does not fit"]),
        ({"certificate": lambda: certificate("shop", -1)}, ["(certificate) is out of date"]),
        ({"bank_certificate": b"nonsense"}, ["(bank_certificate) cannot be read"]),
        ({"bank_certificate": lambda: certificate("shop")}, ["(bank_certificate) is our own"]),
        ({"bank_certificate": lambda: certificate("bank", -1)}, ["(bank_certificate) is out of date"]),
        ({"bank_certificate": KEY_009}, []),
        ({"mode": "live", "bank_certificate": lambda: certificate("bank") + pem(pair("bank"))}, ["for rehearsals"]),
        ({"bank_certificate": lambda: certificate("bank") + pem(pair("bank"))}, []),
        ({"settings": {"service": "1011"}}, []),
        ({"settings": {"service": "1011", "account": ""}}, ["needs the account"]),
    ],
)
def test_what_is_wrong_with_the_files_is_told(what, said):
    """Unreadable, of another pair, out of date, mixed up: a sentence each, which names the field. ADM-08."""
    found = wrong(**{name: value() if callable(value) else value for name, value in what.items()})
    assert len(found) == len(said)
    assert all(words in sentence for words, sentence in zip(said, found, strict=True))
    assert PASSWORD not in " ".join(found)


def test_a_key_without_a_password_and_a_needless_password_go_together():
    """The password of an older key, left there, breaks nothing. ADM-08."""
    step = Banklink(
        Surroundings(SETTINGS, {"key_password": "old"}, "test", lambda: NOW, None, lambda name: pem(pair("shop")))
    ).begin(OURS, URLS)
    assert base64.b64decode(dict(step.fields)["VK_MAC"])
