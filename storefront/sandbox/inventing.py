"""A gateway of a test shop, filled in so that the sandbox plays its service: addresses of the shop, made-up keys.

What the merchant has typed stays, other than the addresses and a file with which nobody can play the service. Which
value fits a property is found by its schema and by what the adapter says of it.
"""

import secrets
from base64 import b64encode
from collections.abc import Iterable
from dataclasses import replace
from datetime import timedelta

from flask import current_app

from storefront import payments
from storefront.kit import clock
from storefront.payments import certificates
from storefront.payments.gateways import kind_of
from storefront.payments.gateways.properties import ADDRESS, CERTIFICATE, CHOICE, FLAG, SECRET, Property
from storefront.payments.models import GatewayConfig
from storefront.sandbox.players import PLAYERS

DIGITS = "90000001234567890"
TEXTS = ("storefront", "STOREFRONT", "merchant@example.com", "SHOPSHOPSHOP1", "shop_test_1")
LASTING = timedelta(days=3650)


def can_be_rehearsed(config: GatewayConfig) -> bool:
    """Whether the sandbox of this shop plays its service."""
    return not current_app.config["LIVE"] and config.type in PLAYERS


def invented(config: GatewayConfig) -> payments.Wish:
    """What the merchant would type to pay through the sandbox, in the service's own protocol."""
    kind, player = kind_of(config.type), PLAYERS[config.type]
    wish = payments.Wish(config.label, "test", {**config.properties, **_addresses(config)})
    for one in kind.properties:
        lacks = _is_wanted(one) and not wish.properties.get(one.name) and _is_missing(config, one)
        if lacks or _is_in_the_way(config, player, one):
            known = player.invents.get(one.name)
            wish = _best(config, wish, one, [known] if known else _values(config, one))
    return wish


def _addresses(config):
    ours, places = f"{{public_url}}/sandbox/as/{config.name}", PLAYERS[config.type].places
    usual = {"page": "page", "api": "api"}
    kind = kind_of(config.type)
    theirs = [one.name for one in kind.properties if one.kind == ADDRESS]
    return {
        name: f"{ours}/{places.get(name) or usual.get(name) or f'api/{name}'}" for name in (*kind.addresses, *theirs)
    }


def _is_missing(config, one):
    return not (config.properties.get(one.name) or config.secrets.get(one.name) or config.certificates.get(one.name))


def _is_in_the_way(config, player, one):
    """Whether it is a file with which the service cannot be played: a bank's real certificate, without its key."""
    file = config.certificates.get(one.name, "") if one.kind == CERTIFICATE else ""
    return bool(file) and not player.plays_with(one.name, certificates.content_of(file))


def _is_wanted(one):
    return one.required or one.name.startswith("api_")


def _best(config, wish, one, values: Iterable[str]):
    """The wish with the value of which the adapter complains least."""
    wishes = [_with(wish, one, value) for value in values]
    return min(wishes, key=lambda each: len(payments.wrong_as_wished(config, each)), default=wish)


def _with(wish, one: Property, value: str):
    if one.kind == SECRET:
        return replace(wish, secrets={**wish.secrets, one.name: value})
    if one.kind == CERTIFICATE:
        return replace(wish, files={**wish.files, one.name: value})
    return replace(wish, properties={**wish.properties, one.name: value})


def _values(config, one) -> Iterable[str]:
    if one.test:
        return [one.test]
    if one.kind == CHOICE:
        return [value for value, _label in one.choices][:1]
    if one.kind == CERTIFICATE:
        return [_pair(config, one)]
    if one.kind == FLAG:
        return ["1"]
    return [*_secrets()] if one.kind == SECRET else [*(DIGITS[:size] for size in range(1, len(DIGITS) + 1)), *TEXTS]


def _secrets():
    """As services make them: letters, hexadecimal digits, base64 of a key's bytes, with a word before."""
    yield secrets.token_hex(16)
    yield secrets.token_hex(8)
    yield b64encode(secrets.token_bytes(24)).decode()
    yield b64encode(secrets.token_bytes(32)).decode()
    yield from (f"{word}{secrets.token_hex(16)}" for word in ("sk_test_", "whsec_", "test_"))
    yield secrets.token_hex(32)
    yield "".join(secrets.choice("0123456789") for _ in range(8))


def _pair(config, one):
    """A file with a new private key and its certificate: whoever needs either finds it there. Gives its name."""
    return certificates.keep(f"rehearsal-{config.name}-{one.name}.pem".replace("_", "-"), key_pair(config.label))


def key_pair(whose: str, lasting: timedelta = LASTING) -> bytes:
    """A new private key of 2048 bits and a certificate that it signs itself, as PEM; it may be over already."""
    from cryptography import x509  # as in kit/signing.py
    from cryptography.hazmat.primitives import hashes, serialization
    from cryptography.hazmat.primitives.asymmetric import rsa

    key = rsa.generate_private_key(public_exponent=65537, key_size=2048)
    name = x509.Name([x509.NameAttribute(x509.NameOID.COMMON_NAME, whose[:60] or "shop")])
    ends_at = clock.here() + lasting
    made = x509.CertificateBuilder(name, name, key.public_key(), x509.random_serial_number())
    made = made.not_valid_before(min(clock.here(), ends_at) - timedelta(days=1)).not_valid_after(ends_at)
    form = serialization.Encoding.PEM, serialization.PrivateFormat.PKCS8, serialization.NoEncryption()
    certificate = made.sign(key, hashes.SHA256()).public_bytes(serialization.Encoding.PEM)
    return key.private_bytes(*form) + certificate
