"""Opayo Form's protocol: the kit, the published example, forgeries that decrypt well, what the reporting API says."""

import hashlib
from dataclasses import replace
from types import SimpleNamespace
from urllib.parse import parse_qs, urlencode

import pytest

from storefront.payments.errors import DECLINES, GatewayError
from storefront.payments.gateways import base, conformance, opayo_words as words
from storefront.payments.gateways.base import Hint, Message
from storefront.payments.gateways.opayo import Opayo, decrypted, encrypted
from storefront.payments.gateways.references import compact
from storefront.payments.gateways.stand import OTHER, OURS, URLS

SETTINGS = {"merchant": "myshop", "user": "reporter"}
SECRETS = {"password": "sixteen.letters!", "user_password": "another <secret>"}
BEGUN = replace(OURS, gateway_reference=compact(OURS, 24), currency="GBP")
VPSTXID = "6AA6DE3C-B694-7A80-5BAC-96D4EF1A8984"
PUBLISHED = {
    "VendorTxCode": "TxCode-1310917599-223087284",
    "Amount": "36.95",
    "Currency": "GBP",
    "Description": "description",
    "CustomerName": "Fname Surname",
    "CustomerEMail": "customer@example.com",
    "BillingSurname": "Surname",
    "BillingFirstnames": "Fname",
    "BillingAddress1": "BillAddress Line 1",
    "BillingCity": "BillCity",
    "BillingPostCode": "W1A 1BL",
    "BillingCountry": "GB",
    "BillingPhone": "447933000000",
    "DeliveryFirstnames": "Fname",
    "DeliverySurname": "Surname",
    "DeliveryAddress1": "BillAddress Line 1",
    "DeliveryCity": "BillCity",
    "DeliveryPostCode": "W1A 1BL",
    "DeliveryCountry": "GB",
    "DeliveryPhone": "447933000000",
    "SuccessURL": "https://example.com/success",
    "FailureURL": "https://example.com/failure",
}
CRYPT = (
    "@2DCD27338114D4C39A14A855702FBAB2EF40BCAC2D76A3ABC0F660A07E9C1C921C2C755BA9B59C39F882FBF6DFED114F23141D94E50A01A6"
    "65B1E31A86C07CA1CD1BB8EF5B6CF2C23D495CD79F9C0F678D61773E7A1AA30AA5B23D56503FC0B52AC0694A8C341263D2C5FE1BAD93BDB94"
    "726761E155E900448F644AF1F67BE1AC77E852B9D90809A44F258EE9478B6D8C1C4ED58759263E7DBF8871C6592287C0358F36F4EEC326CED"
    "DD440DA2FED8AB35F1B630A5C6FA671E4D78CC8CACECF9DFDC31D6C5EC8270FB21E297E2C2E14F99A04223EFFD4F00062D440E78A3D2C7140"
    "EC8F123D247B75E7482AE98858DA34D37EDE6D7C69AA74391F559305CF675ADB3615244A107ABBB6AF26E29A2FFA059B12688D90FE09E0DE0"
    "69325BFF3587A695F5DA36E4B809B69CC9A37034F166B63B5A62B986F4DA34E9AC9516AFDE70642EC7DAD1AEBA93A1F347D6AC7046E967DCB"
    "FE7ACFCEE5DAFC0B29F1765032B3060EBE565CBD57D092075D15CF12725199C6881605B2E0F105698CE3ADD04361CA9D620C187B90E3F9849"
    "445B5C3C0FDF1768BFFD61F97E51316826F4F10E0E3E668F0A9F5ED9CCDA6F2C7CC957F12DB48F9041482E3D035E7A91852C404BFA325FED9"
    "47E71F57B871DFAC6AF4FF29F4513A4A80B2D7ECC9D19D47ED04FA99CDFC881DFA771E1EA4F3F9B2C5AC673EF3DA2699A309CC8522993A63C"
    "B8D45D3CDF09B1DFDC573CD19679B250AD6721450B5042F201670B464505DCAEF59E2C67ABACC9AE2EEE793CE191FEBF66B8FAF4204EFFB35"
    "9246B9C99FB52805C46375FF35140F74707FBC73C7731A28A2C883A"
)


def brought(bill=OURS, status="OK", secrets=SECRETS, **more):
    """What the browser brings back, in the order of the guidelines."""
    told = {
        "VendorTxCode": compact(bill, 24),
        "VPSTxId": f"{{{VPSTXID}}}",
        "Status": status,
        "StatusDetail": "0000 : The Authorisation was Successful." if status == "OK" else "2000 : Declined.",
        "TxAuthNo": "821316448",
        "Last4Digits": "0006",
        "Amount": "42.90",
        **more,
    }
    return Message("GET", urlencode({"crypt": encrypted(told, secrets["password"][:16])}), b"")


def said(channel, word, bill, secrets):
    """There is no notification: what the browser brings may be sent there by anybody."""
    return brought(bill, "OK" if word == "paid" else "NOTAUTHED", secrets)


def detail(**more):
    """What the reporting API says of our transaction, as XML."""
    told = {
        "errorcode": "0000",
        "timestamp": "07/01/2030 09:00:00",
        "vpstxid": VPSTXID,
        "vendortxcode": BEGUN.gateway_reference,
        "transactiontype": "Payment",
        "txstateid": "16",
        "status": "Successfully authorised transaction.",
        "amount": "42.90",
        "currency": "GBP",
        **more,
    }
    inside = "".join(f"<{name}>{value}</{name}>" for name, value in told.items())
    return f'<?xml version="1.0" encoding="ISO-8859-1"?><vspaccess>{inside}</vspaccess>'


def answering(text, status=200, asked=None):
    """A reporting API that says this."""

    def send(method, url, data=None, headers=None):
        if asked is not None:
            asked.append((method, url, parse_qs(data)["XML"][0]))
        return SimpleNamespace(status=status, headers={}, body=text.encode("latin-1"))

    return send


STAND = conformance.Stand(Opayo, SETTINGS, SECRETS, said)


@pytest.mark.parametrize("check", conformance.CHECKS, ids=lambda check: check.__name__)
def test_it_conforms(bare_app, check):
    """It holds what every gateway must hold; it is not notified (NOT-14, ADM-03)."""
    with bare_app.app_context():
        check(STAND)


def test_the_published_example_is_encrypted_alike():
    """A1.2 of the Sage Pay Form guidelines 3.00 of 27/08/2015, password 55a51621a6648525 (BIL-11)."""
    assert encrypted(PUBLISHED, "55a51621a6648525") == CRYPT
    assert decrypted(CRYPT, "55a51621a6648525") == PUBLISHED


def test_the_form_carries_what_the_protocol_wants(bare_app):
    """Names, address and sum, with what is missing filled in; no value can smuggle in a field (ADM-02)."""
    address = {
        "name": "Zoë&Status=OK Lefèvre",
        "line1": "1 Rue Łódź",
        "city": "Paris",
        "country": "FR",
        "phone": "+33 (1) 23=4",
    }
    bill = replace(OURS, shopper={"email": "zoe@example.com", "billing": address})
    with bare_app.app_context():
        form = STAND.gateway().begin(bill, URLS)
        bare = STAND.gateway().begin(OURS, URLS)
    told = decrypted(dict(form.fields)["Crypt"], SECRETS["password"])
    assert [name for name, _ in form.fields] == ["VPSProtocol", "TxType", "Vendor", "Crypt"]
    assert (told["Amount"], told["Currency"], told["SuccessURL"]) == ("42.90", "EUR", URLS.ok)
    assert (told["BillingSurname"], told["BillingFirstnames"]) == ("Lefèvre", "Zoë Status OK")
    assert (told["BillingAddress1"], told["BillingPostCode"], told["BillingPhone"]) == (
        "1 Rue ?ódz",
        "0000",
        "+33 (1) 234",
    )
    assert (told["DeliveryCity"], told["CustomerEMail"]) == ("Paris", "zoe@example.com")
    assert "Status" not in told
    assert decrypted(dict(bare.fields)["Crypt"], SECRETS["password"])["BillingSurname"] == "-"


@pytest.mark.parametrize(("amount", "currency", "text"), [(500, "JPY", "500"), (12345, "KWD", "12.345")])
def test_amounts_have_the_decimals_of_their_currency(bare_app, amount, currency, text):
    """BIL-03: no sum is a hundred times another."""
    with bare_app.app_context():
        form = STAND.gateway().begin(replace(OURS, amount_minor=amount, currency=currency), URLS)
    assert decrypted(dict(form.fields)["Crypt"], SECRETS["password"])["Amount"] == text


# --- what the browser brings proves nothing


@pytest.mark.parametrize("status", words.HINTS)
def test_every_status_is_a_hint(bare_app, status):
    """NOT-11: even a genuine OK is only a hint, which says what page to show."""
    with bare_app.app_context():
        assert STAND.gateway().read_return(brought(status=status), OURS) == Hint(words.HINTS[status])
        assert STAND.gateway().read_return(brought(OTHER, status), OURS) == Hint("return")


def crypt_of(message):
    """The bytes that a browser brings."""
    return bytes.fromhex(parse_qs(message.query)["crypt"][0][1:])


def test_a_success_can_be_made_without_the_password(bare_app):
    """The beginning of one refusal and the end of another's success decrypt to a success: it is no proof (NOT-11)."""
    refused, paid = crypt_of(brought(status="NOTAUTHED")), crypt_of(brought(OTHER))
    joined = "@" + (refused[:48] + paid[48:]).hex().upper()
    told = decrypted(joined, SECRETS["password"])
    assert (told["VendorTxCode"], told["Status"], told["Amount"]) == (BEGUN.gateway_reference, "OK", "42.90")
    with bare_app.app_context():
        assert STAND.gateway().read_return(Message("GET", urlencode({"crypt": joined}), b""), BEGUN) == Hint("ok")


def test_our_own_form_is_no_result(bare_app):
    """NOT-11: what the shopper was given to post is not what they bring back."""
    with bare_app.app_context():
        crypt = dict(STAND.gateway().begin(OURS, URLS).fields)["Crypt"]
        assert STAND.gateway().read_return(Message("GET", urlencode({"crypt": crypt}), b""), OURS) == Hint("error")


@pytest.mark.parametrize("crypt", ["", "@", "@0", "@00", "@zz", "00" * 16, "@" + "00" * 16, "@" + "A" * 40_000, "@é"])
def test_what_is_no_crypt_is_nothing(bare_app, crypt):
    """NOT-13: wrong length, wrong letters, wrong padding, too long."""
    with bare_app.app_context():
        message = Message("GET", urlencode({"crypt": crypt}), b"")
        assert STAND.gateway().identify(message) is None
        assert STAND.gateway().read_return(message, OURS) == Hint("return")
        twice = replace(brought(), query=brought().query + "&crypt=%40")
        assert STAND.gateway().identify(twice) is None


# --- what the reporting API says is believed


def test_the_question_is_signed(bare_app):
    """MD5 or SHA-256 over the elements and the password, which is not sent (NOT-11)."""
    asked = []
    with bare_app.app_context():
        STAND.gateway(send=answering(detail(), asked=asked)).query(BEGUN)
        stand = replace(STAND, settings={**SETTINGS, "digest": "sha256"})
        stand.gateway(send=answering(detail(), asked=asked)).query(BEGUN)
    (method, url, first), (_method, _url, second) = asked
    inside = (
        "<command>getTransactionDetail</command><vendor>myshop</vendor><user>reporter</user>"
        f"<vendortxcode>{BEGUN.gateway_reference}</vendortxcode>"
    )
    password = "<password>another &lt;secret&gt;</password>"
    by_md5 = hashlib.md5((inside + password).encode()).hexdigest()
    by_sha = hashlib.sha256((f"{inside}<algorithm>sha256</algorithm>{password}").encode()).hexdigest()
    assert (method, url) == ("POST", "https://sandbox.opayo.eu.elavon.com/access/access.htm")
    assert first == f"<vspaccess>{inside}<signature>{by_md5}</signature></vspaccess>"
    assert second.endswith(f"<algorithm>sha256</algorithm><signature>{by_sha}</signature></vspaccess>")


def test_a_payment_is_found_by_our_code(bare_app):
    """Sum, currency and transaction are those that Opayo tells (BIL-04, NOT-11)."""
    with bare_app.app_context():
        (told,) = STAND.gateway(send=answering(detail(amount="1,042.90"))).query(BEGUN)
    facts = (told.type, told.reference, told.amount_minor, told.currency, told.transaction, told.event_key)
    assert facts == (base.PAID, BEGUN.gateway_reference, 104290, "GBP", VPSTXID, f"{VPSTXID}-paid")


@pytest.mark.parametrize("state", sorted(words.STATES, key=int))
def test_every_state_has_a_word(bare_app, state):
    """ERR-06: each state of getTransactionDetail is ours, with a reason that the shop knows."""
    word, error = words.STATES[state]
    with bare_app.app_context():
        told = STAND.gateway(send=answering(detail(txstateid=state, declinecode="05"))).query(BEGUN)
    assert [(one.type, one.error_type) for one in told] == ([(word, error)] if word else [])
    assert not error or error in DECLINES


def test_a_state_that_nobody_knows_is_looked_at(bare_app):
    """ERR-06: neither a yes nor a no."""
    with bare_app.app_context():
        (told,) = STAND.gateway(send=answering(detail(txstateid="99", status="Something new"))).query(BEGUN)
    assert (told.type, told.vendor_code) == (base.UNKNOWN, "99 Something new")


def test_a_code_that_opayo_does_not_know_is_not_paid(bare_app):
    """NOT-13: nobody has posted the form."""
    unknown = "<vspaccess><errorcode>0043</errorcode><error>not found</error></vspaccess>"
    with bare_app.app_context():
        assert STAND.gateway(send=answering(unknown)).query(BEGUN) == []


@pytest.mark.parametrize(
    ("text", "status"),
    [
        (detail(vendortxcode="K1002x1"), 200),
        (detail(vpstxid=""), 200),
        (detail(amount="-1"), 200),
        (detail(amount="42.901"), 200),
        (detail(amount=""), 200),
        (detail(currency="gbp"), 200),
        (detail(), 500),
        ("<vspaccess><errorcode>0008</errorcode></vspaccess>", 200),
        ("<html/>", 200),
        ("not xml", 200),
        ('<!DOCTYPE a [<!ENTITY b "c">]><vspaccess><errorcode>&b;</errorcode></vspaccess>', 200),
        ('<?xml version="1.0" encoding="klingon"?><vspaccess/>', 200),
        ("", 200),
    ],
)
def test_nonsense_is_no_answer(bare_app, text, status):
    """NOT-11: another transaction, no sum, an error, no XML, or XML with entities."""
    with bare_app.app_context(), pytest.raises(GatewayError):
        STAND.gateway(send=answering(text, status)).query(BEGUN)


def test_a_password_of_another_length_is_not_one(bare_app):
    """ADM-02: the key of the cipher has sixteen letters; the sentence does not tell it."""
    with bare_app.app_context():
        wrong = replace(STAND, secrets={**SECRETS, "password": "tooshort"}).gateway()
        assert "password" in " ".join(wrong.check()) and "tooshort" not in " ".join(wrong.check())
