"""The card's way to pay leads to another service, which the sandbox plays in its own protocol."""

from functools import cache

from sqlalchemy import select

from storefront.kit import signing
from storefront.kit.db import db, transaction
from storefront.payments import certificates as certificates_folder
from storefront.payments.gateways import kind_of
from storefront.payments.gateways.properties import CERTIFICATE
from storefront.payments.models import GatewayConfig, PaymentMethod
from storefront.sandbox.inventing import key_pair
from storefront.sandbox.players import PLAYERS

SETTINGS = {
    "altapay": ({"merchant": "Test Terminal", "username": "shop"}, {"password": "a password", "secret": "a secret"}),
    "banklink": ({"merchant": "shop1", "service": "1012", "version": "009"}, {}),
    "opayo": ({"merchant": "myshop", "user": "reporter"}, {"password": "sixteen.letters!", "user_password": "secret"}),
    "dibs": ({"merchant": "90000001", "api_user": "shop"}, {"key1": "first", "key2": "second", "api_password": "pw"}),
    "paypal": (
        {"merchant": "SHOPSHOPSHOP1", "api_user": "shop_api1.example.com"},
        {"api_password": "an api password", "api_signature": "an api signature"},
    ),
    "quickpay": ({"merchant": "77", "agreement": "1234"}, {"api_key": "window-key", "private_key": "account-key"}),
    "redsys": (
        {"merchant": "999008881", "terminal": "1", "signature": "HMAC_SHA512_V2", "query_service": "yes"},
        {"key": "sq7HjrUOBfKmC576ILgskD5srU870gJ7"},
    ),
    "stripe": ({}, {"secret_key": "sk_test_rehearsal", "signing_secret": "whsec_rehearsal"}),
    "worldpay": (
        {"merchant": "38290", "merchant_code": "EXAMPLESHOP"},
        {"md5_secret": "an md5 secret", "callback_password": "a long password", "xml_key": "a long key of ours"},
    ),
}

# Nobody tells the shop what became of a payment there: a person does.
BY_HAND = {
    "adflex": (
        {"merchant": "547000000", "by_hand": True},
        {"access_key": "access-to-it", "secret_key": "a secret of the account"},
    ),
}


def rehearse(play, kind: str, certificates: dict[str, str] | None = None, **more: str) -> None:
    """From now on `card` is paid through a gateway of this kind, called `other`, played by the shop's own sandbox."""
    settings, secrets = (SETTINGS | BY_HAND)[kind]
    theirs = f"{play.url}/sandbox/as/other"
    with transaction():
        config = GatewayConfig(
            name="other",
            label=kind,
            type=kind,
            mode="test",
            properties={**settings, **_addresses(kind, theirs), **more},
            secrets={name: signing.sealed(value) for name, value in secrets.items()},
            certificates=certificates or _files(kind),
        )
        db.session.add(config)
        db.session.scalars(select(PaymentMethod).filter_by(code="card")).one().config = config


def settings(play, name, **properties):
    """These settings of a gateway are others from now on; gives those that it had."""
    play.look_again()
    with transaction():
        config = db.session.scalars(select(GatewayConfig).filter_by(name=name)).one()
        before = dict(config.properties)
        config.properties = {**before, **properties}
    return before


def _files(kind):
    """A key and its certificate for each file that it needs."""
    needed = [one.name for one in kind_of(kind).properties if one.kind == CERTIFICATE and one.required]
    return {name: certificates_folder.keep(f"{name.replace('_', '-')}.pem", _pair(name)) for name in needed}


@cache
def _pair(name):
    return key_pair(name)


def _addresses(kind, theirs):
    """Where the service is, each of its addresses below the sandbox's own."""
    places = {"page": "page", "api": "api", **PLAYERS[kind].places}
    return {name: f"{theirs}/{places[name]}" for name in places}
