"""The signature of the Estonian banks' protocol (iPizza): VK_MAC, over fields in a fixed order, made with RSA files.

Each field is written as its length in three digits and its value, a missing one as 000; the length counts letters, not
bytes. That text, in the charset of the message, is signed with RSA PKCS #1 v1.5 over SHA-1 (version 008) or SHA-512
(version 009), and told in base64. Orders of fields: seb.ee/eng/business/everyday-banking (Bank Link's technical
specification), partners.lhv.ee/en/banklink, github.com/andris9/Pangalink.net lib/banks/ipizza.js.
"""

import base64
from collections.abc import Mapping
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from cryptography.hazmat.primitives.asymmetric.rsa import RSAPrivateKey, RSAPublicKey

VERSIONS = ("008", "009")
_BEGINS = ("VK_SERVICE", "VK_VERSION", "VK_SND_ID")
_ENDS = ("VK_REF", "VK_MSG", "VK_RETURN", "VK_CANCEL", "VK_DATETIME")
ORDER = {
    "1011": (*_BEGINS, "VK_STAMP", "VK_AMOUNT", "VK_CURR", "VK_ACC", "VK_NAME", *_ENDS),
    "1012": (*_BEGINS, "VK_STAMP", "VK_AMOUNT", "VK_CURR", *_ENDS),
    "1111": (
        *(*_BEGINS, "VK_REC_ID", "VK_STAMP", "VK_T_NO", "VK_AMOUNT", "VK_CURR", "VK_REC_ACC", "VK_REC_NAME"),
        *("VK_SND_ACC", "VK_SND_NAME", "VK_REF", "VK_MSG", "VK_T_DATETIME"),
    ),
    "1911": (*_BEGINS, "VK_REC_ID", "VK_STAMP", "VK_REF", "VK_MSG"),
}
LONGEST = 999  # letters: a length has three digits


def text_of(fields: Mapping[str, str]) -> str:
    """What is signed. Raises ValueError for an unknown service, or a value that no length can tell."""
    names = ORDER.get(fields.get("VK_SERVICE", ""))
    values = [fields.get(name, "") for name in names or ()]
    if not names or any(len(value) > LONGEST for value in values):
        raise ValueError("This cannot be signed.")
    return "".join(f"{len(value):03d}{value}" for value in values)


def sign(fields: Mapping[str, str], key: "RSAPrivateKey", charset: str) -> str:
    """The VK_MAC of a message. Raises ValueError for one that cannot be signed."""
    text = text_of(fields).encode(charset)
    return base64.b64encode(key.sign(text, *_method(fields["VK_VERSION"]))).decode()


def is_signed(fields: Mapping[str, str], key: "RSAPublicKey", charset: str) -> bool:
    """Whether a message carries its true VK_MAC. Its version says how: nothing weaker is tried."""
    from cryptography.exceptions import InvalidSignature

    version = fields.get("VK_VERSION", "")
    try:
        given = base64.b64decode(fields.get("VK_MAC", ""), validate=True)
        text = text_of(fields).encode(charset)
        if version not in VERSIONS or not given:
            return False
        key.verify(given, text, *_method(version))
    except (ValueError, LookupError, InvalidSignature):
        return False
    return True


def _method(version):
    from cryptography.hazmat.primitives.asymmetric.padding import PKCS1v15  # as in kit/signing.py
    from cryptography.hazmat.primitives.hashes import SHA1, SHA512

    return PKCS1v15(), SHA1() if version == "008" else SHA512()  # noqa: S303 - the banks say so


def with_check_digit(number: str) -> str:
    """The number with its check digit after the method 7-3-1 (pangaliit.ee, "Viitenumber")."""
    total = sum(int(digit) * (7, 3, 1)[place % 3] for place, digit in enumerate(reversed(number)))
    return f"{number}{-total % 10}"
