"""The files of a bank link: our private key, our certificate, the bank's; and what is wrong with them."""

from datetime import datetime
from functools import lru_cache
from typing import TYPE_CHECKING

from storefront.payments.gateways.base import Surroundings

if TYPE_CHECKING:
    from cryptography.hazmat.primitives.asymmetric.rsa import RSAPrivateKey, RSAPublicKey


def private_key(content: bytes, password: str = "") -> "RSAPrivateKey | None":
    """The key of a PEM file; None if there is none that can be read with this password, or without one."""
    from cryptography.exceptions import UnsupportedAlgorithm  # as in kit/signing.py
    from cryptography.hazmat.primitives.asymmetric.rsa import RSAPrivateKey
    from cryptography.hazmat.primitives.serialization import load_pem_private_key

    for secret in dict.fromkeys((password.encode() or None, None)):
        try:
            key = load_pem_private_key(content, secret)
        except (ValueError, TypeError, UnsupportedAlgorithm):
            continue
        return key if isinstance(key, RSAPrivateKey) else None
    return None


@lru_cache(maxsize=16)
def public_key(content: bytes) -> "RSAPublicKey | None":
    """The key of a PEM file that holds a certificate or a public key; None if there is none."""
    from cryptography.exceptions import UnsupportedAlgorithm
    from cryptography.hazmat.primitives.asymmetric.rsa import RSAPublicKey
    from cryptography.hazmat.primitives.serialization import load_pem_public_key

    found = _certificate(content)
    try:
        key = found.public_key() if found else load_pem_public_key(content)
    except (ValueError, TypeError, UnsupportedAlgorithm):
        return None
    return key if isinstance(key, RSAPublicKey) else None


def wrong_with_files(around: Surroundings) -> list[str]:
    """What is wrong with the files that are there, a sentence each."""
    ours, mine, theirs = (around.file(name) for name in ("private_key", "certificate", "bank_certificate"))
    key = private_key(ours, around.secrets.get("key_password", ""))
    pair, found = key.public_key() if key else None, public_key(theirs)
    sentences = {
        "Our private key (private_key) cannot be read: an RSA key in PEM, with its password.": ours and not key,
        "Our certificate (certificate) cannot be read: it must be in PEM.": mine and not public_key(mine),
        "Our certificate (certificate) does not fit our private key.": key and mine and public_key(mine) != pair,
        "Our certificate (certificate) is out of date.": _is_over(mine, around.now()),
        "The bank's certificate (bank_certificate) cannot be read: it must be in PEM.": theirs and not found,
        "The bank's certificate (bank_certificate) is our own: take the one that the bank gave.": key and found == pair,
        "The bank's certificate (bank_certificate) is out of date.": _is_over(theirs, around.now()),
        "The bank's certificate (bank_certificate) has a private key beside it: it is one for rehearsals.": (
            around.mode == "live" and private_key(theirs)
        ),
    }
    return [sentence for sentence, is_so in sentences.items() if is_so]


def _certificate(content):
    from cryptography import x509

    try:
        return x509.load_pem_x509_certificate(content)
    except ValueError:
        return None


def _is_over(content: bytes, now: datetime) -> bool:
    found = _certificate(content)
    return found is not None and found.not_valid_after_utc <= now
