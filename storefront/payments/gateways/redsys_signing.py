"""Redsys's envelope: facts as JSON in base64, and a signature over that very text under a key made for the order.

HMAC_SHA256_V1: the key is triple DES (CBC, no IV) of the order's number, filled with zeros to whole blocks, under the
merchant's key decoded from base64; both texts are standard base64 (pagosonline.redsys.es/conexion-redireccion.html).
HMAC_SHA512_V2: it is the base64 text of AES-128 (CBC, no IV, PKCS7) of the number under the first sixteen letters of
the merchant's key; both texts are base64url without padding (pagosonline.redsys.es, "Firmar una operación").
What comes back is base64url in either version, so both alphabets are read.
"""

import base64
import hashlib
import hmac
import json
import re
from collections.abc import Mapping

V1, V2 = "HMAC_SHA256_V1", "HMAC_SHA512_V2"
VERSION, FACTS, SIGNATURE = "Ds_SignatureVersion", "Ds_MerchantParameters", "Ds_Signature"
ORDER = re.compile(r"[0-9A-Za-z]{4,12}")
KEY_BYTES = 24  # of a merchant's key, which is told in base64


def envelope(facts: Mapping[str, str], order: str, key: str, version: str) -> dict[str, str]:
    """The three fields that carry these facts, in the order in which they are posted."""
    written = json.dumps(dict(facts)).encode()
    text = base64.b64encode(written).decode() if version == V1 else _url_text(written)
    return {VERSION: version, FACTS: text, SIGNATURE: signature(text, order, key, version)}


def signature(text: str, order: str, key: str, version: str) -> str:
    """What signs a text about an order. Raises ValueError for a key that is none."""
    digest = _digest(text, order, key, version)
    return base64.b64encode(digest).decode() if version == V1 else _url_text(digest)


def opened(fields: Mapping[str, str], key: str, order_name: str = "Ds_Order") -> dict[str, str] | None:
    """The facts of an envelope whose signature is right, as text; None for any other."""
    facts = peeked(fields)
    order, given = facts.get(order_name, ""), _bytes_of(fields.get(SIGNATURE, ""))
    version = fields.get(VERSION, "")
    if not key or not given or version not in (V1, V2) or not ORDER.fullmatch(order):
        return None
    try:
        right = _digest(fields[FACTS], order, key, version)
    except ValueError:
        return None
    return facts if hmac.compare_digest(right, given) else None


def peeked(fields: Mapping[str, str]) -> dict[str, str]:
    """What the facts claim, not verified; nothing if they cannot be read."""
    try:
        found = json.loads(_bytes_of(fields.get(FACTS, "")) or b"")
    except (ValueError, RecursionError):
        return {}
    return {str(name): str(value) for name, value in found.items()} if isinstance(found, dict) else {}


def is_key(key: str) -> bool:
    """Whether it may be a merchant's key."""
    return len(_bytes_of(key) or b"") == KEY_BYTES


def _digest(text, order, key, version):
    kind = hashlib.sha256 if version == V1 else hashlib.sha512
    return hmac.new(_own_key(order, key, version), text.encode(), kind).digest()


def _own_key(order, key, version):
    """The key for one order."""
    from cryptography.hazmat.decrepit.ciphers.algorithms import TripleDES  # as in kit/signing.py
    from cryptography.hazmat.primitives.ciphers.algorithms import AES

    if version == V1:
        return _encrypted(TripleDES(base64.b64decode(key)), order.encode() + b"\0" * (-len(order) % 8), 8)
    missing = 16 - len(order) % 16
    return base64.b64encode(_encrypted(AES(key[:16].encode()), order.encode() + bytes([missing]) * missing, 16))


def _encrypted(algorithm, text, block):
    from cryptography.hazmat.primitives.ciphers import Cipher, modes

    cipher = Cipher(algorithm, modes.CBC(b"\0" * block)).encryptor()
    return cipher.update(text) + cipher.finalize()


def _url_text(content):
    return base64.urlsafe_b64encode(content).rstrip(b"=").decode()


def _bytes_of(text):
    """What a base64 text of either alphabet says, padded or not; None for anything else."""
    try:
        plain = text.encode("ascii").translate(bytes.maketrans(b"-_", b"+/")).rstrip(b"=")
        return base64.b64decode(plain + b"=" * (-len(plain) % 4), validate=True)
    except ValueError:
        return None
