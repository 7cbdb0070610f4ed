"""Adflex: a session is opened under a token, and nothing that comes back is believed."""

import base64
import hashlib
import hmac
import json
from dataclasses import replace
from types import SimpleNamespace
from urllib.parse import parse_qs, urlsplit

import pytest

from rehearsing import rehearse
from storefront.payments.errors import GatewayError
from storefront.payments.gateways import base, conformance
from storefront.payments.gateways.adflex import Adflex, token
from storefront.payments.gateways.base import CardWish, Message
from storefront.payments.gateways.stand import NOW, OTHER, OURS, URLS

from counter import comes_in, opens
from merchant import on_desk

SETTINGS = {"merchant": "547000000", "page": "https://shop.example/card", "by_hand": True}
SECRETS = {"access_key": "access-to-it", "secret_key": "a secret of the account"}


def answering(found, status=200, asked=None):
    """A service that says this; by itself a session for each transaction."""

    def send(method, url, data=None, headers=None):
        fields = json.loads(data)
        if asked is not None:
            asked.append((method, url, fields, headers))
        said = found or {
            "subCode": 50001,
            "statusMessage": "OK",
            "responseObject": {"sessionID": f"s-{fields['transactionGUID']}"},
        }
        body = said if isinstance(said, bytes) else json.dumps(said).encode()
        return SimpleNamespace(status=status, headers={}, body=body)

    return send


def said(channel, word, bill, secrets):
    """The merchant's page sends the shopper back; a server says nothing that is known."""
    return Message("GET", f"reference={bill.reference}&status={word}", b"")


STAND = conformance.Stand(Adflex, SETTINGS, SECRETS, said, begins=answering(None))


@pytest.mark.parametrize("check", conformance.CHECKS, ids=lambda check: check.__name__)
def test_it_conforms(bare_app, check):
    """It holds what every gateway must hold; it hears nothing (NOT-10, ADM-03)."""
    with bare_app.app_context():
        check(STAND)


def test_a_token_of_the_standard_is_made_alike():
    """The token that jwt.io shows as its example, under its key: RFC 7519 with HS256 (ADM-02)."""
    claims = {"sub": "1234567890", "name": "John Doe", "iat": 1516239022}
    assert token(claims, "your-256-bit-secret") == (
        "eyJhbGciOiJIUzI1NiIsInR5cCI6IkpXVCJ9."
        "eyJzdWIiOiIxMjM0NTY3ODkwIiwibmFtZSI6IkpvaG4gRG9lIiwiaWF0IjoxNTE2MjM5MDIyfQ."
        "SflKxwRJSMeKKF2QT4fwpMeJf36POk6yJV_adQssw5c"
    )


def test_a_session_is_opened_for_this_sum(bare_app):
    """The sum is minor units as text; the token names the address; the same bill is the same transaction (BIL-03)."""
    asked = []
    with bare_app.app_context():
        step = STAND.gateway(send=answering(None, asked=asked)).begin(OURS, URLS)
        STAND.gateway(send=answering(None, asked=asked)).begin(OTHER, URLS)
    (method, url, fields, headers), (_method, _url, other, _headers) = asked
    assert (method, url) == ("POST", "https://api-test.adflex.co.uk/v2/ahpp/session")
    assert fields["amount"] == {"currency": "EUR", "value": "4290"}
    assert len(fields["reference"]) <= 12 and fields["reference"] == step.reference != other["reference"]
    assert fields["transactionGUID"] != other["transactionGUID"] and fields["ttlSeconds"] == 60
    assert (headers["x-request-apgID"], headers["x-request-accessKey"]) == ("547000000", "access-to-it")
    head, claims, signature = headers["Authorization"].removeprefix("Bearer ").split(".")
    right = hmac.new(SECRETS["secret_key"].encode(), f"{head}.{claims}".encode(), hashlib.sha256).digest()
    assert base64.urlsafe_b64decode(signature + "=") == right
    told = json.loads(base64.urlsafe_b64decode(claims + "=" * (-len(claims) % 4)))
    assert (told["aud"], told["iss"], told["iat"]) == (url, "Adflex", int(NOW.timestamp()))


def test_the_form_offers_to_keep_the_card(bare_app):
    """BIL-16: as madison-web-solutions/php-adflex asks for it, unticked; without the wish it is hidden."""
    asked = []
    with bare_app.app_context():
        for keep in (False, True):
            wished = replace(OURS, card=CardWish(tokenize=keep))
            STAND.gateway(send=answering(None, asked=asked)).begin(wished, URLS)
    told = [fields["tokenLifetime"]["saveCardOption"] for _method, _url, fields, _headers in asked]
    assert told == ["Hide", "ShowUnticked"]


def test_the_merchants_page_is_told_the_session_and_the_ways_back(bare_app):
    """RED-04: what is in its address already stays."""
    stand = replace(STAND, settings={**SETTINGS, "page": "https://shop.example/card?lang=en"})
    with bare_app.app_context():
        step = stand.gateway(send=answering(None)).begin(OURS, URLS)
    told = parse_qs(urlsplit(step.url).query)
    assert told["lang"] == ["en"] and told["session"][0].startswith("s-")
    assert (told["ok"], told["cancel"], told["error"]) == ([URLS.ok], [URLS.cancel], [URLS.error])


@pytest.mark.parametrize(
    "found",
    [
        {"subCode": 51404, "statusMessage": "Acquirer timed out", "responseObject": None},
        {"subCode": 54211, "statusMessage": "Endpoint request timed out", "responseObject": None},
        {"subCode": 50001, "statusMessage": "OK", "responseObject": {"sessionID": ""}},
        {"subCode": 50001, "statusMessage": "OK", "responseObject": {"sessionID": 7}},
        {"subCode": 50001, "statusMessage": "OK", "responseObject": []},
        {"subCode": [], "responseObject": {"sessionID": "s"}},
        b"<html>",
        b"[]",
        b"[" * 100_000,
        b"\xff\xfe",
    ],
)
def test_no_session_is_no_beginning(bare_app, found):
    """ERR-01: time-outs, an answer without a session, and nonsense; nothing was charged."""
    with bare_app.app_context(), pytest.raises(GatewayError):
        STAND.gateway(send=answering(found)).begin(OURS, URLS)


def test_what_is_not_public_is_off_and_said(bare_app):
    """NOT-10: it neither hears nor asks, and does not go live before the merchant has said that this is known."""
    can = Adflex.capabilities
    assert not any((can.notifies, can.can_query, can.can_refund, can.can_capture, can.return_is_signed))
    with bare_app.app_context():
        live = replace(STAND.gateway().around, mode="live", settings={**SETTINGS, "by_hand": False})
        assert "hears nothing" in " ".join(Adflex(live).check())
        assert not Adflex(replace(live, settings=SETTINGS)).check()
        for message in (Message("POST", "", b'{"statusCode": "Settled"}'), said("notify", "paid", OURS, SECRETS)):
            assert STAND.gateway().read_notification(message).verdict == base.FORGED


# --- a whole purchase, of which nobody tells the shop


@pytest.fixture
def at_adflex(play, right_books):
    """Two mugs have been paid on the merchant's page with Adflex's form, and the shopper is back."""
    play.shelves(mug=5)
    rehearse(play, "adflex")
    placed = play.quickly_at_gateway(mug=2)
    placed.shopper.press("Pay")
    return placed


def later(play, hours):
    """So many hours go by, and the time of orders is looked at in each."""
    for _ in range(hours):
        play.wait(hours=1)
        play.run("close_unpaid_orders")


def test_whoever_is_back_from_there_is_not_forgotten(play, at_adflex):
    """NOT-10, NOT-11: nothing counts as paid, the goods are kept, and a person is asked to look."""
    assert at_adflex.shopper.page.path.startswith("/orders/")
    assert (play.last_bill().status, play.captured(play.last_order())) == ("REDIRECTED", 0)
    later(play, 12)
    order = play.last_order()
    assert (order.status, on_desk(play), play.on_shelf("mug")) == ("REVIEW", ["gateway_silent"], 3)
    carol = comes_in(play)
    opens(carol, order)
    carol.press("The money is here")
    carol.press("The money is here")
    play.look_again()
    order, bill = play.last_order(), play.last_bill()
    assert (order.status, bill.status, bill.disposition, on_desk(play)) == ("PROCESSING", "PAID", "APPLIED", [])


def test_whoever_leaves_there_has_not_paid(play, right_books):
    """NOT-10: a shopper who cancels is believed, and the goods go back when the time is over."""
    play.shelves(mug=5)
    rehearse(play, "adflex")
    play.quickly_at_gateway(mug=2).shopper.press("Cancel and return")
    later(play, 5)
    assert (play.last_order().status, on_desk(play), play.on_shelf("mug")) == ("CANCELLED", [], 5)
