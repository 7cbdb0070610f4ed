"""Values that travel through a browser and come back unchanged, and secrets that rest in the database."""

import base64
import hashlib
from contextlib import suppress

from flask import current_app
from flask_babel import gettext as _
from itsdangerous import BadData, URLSafeSerializer, URLSafeTimedSerializer

from storefront.kit.errors import Invalid

_BOX = "box:"  # how a secret begins that libsodium sealed


def signed(value, salt: str) -> str:
    """A token of the value that only we can make; the salt keeps tokens of different uses apart."""
    return _serializer(salt).dumps(value)


def unsigned(token: str, salt: str, max_age: int | None = None):
    """The value of such a token. Raises Invalid if it is not ours, or older than max_age seconds."""
    try:
        return _serializer(salt).loads(token, max_age=max_age)
    except (BadData, UnicodeError, ValueError, RecursionError):
        raise Invalid(_("This link or form is not valid any more.")) from None


def signed_forever(value, salt: str) -> str:
    """Like `signed`, without a time inside: the same value gives the same token."""
    return URLSafeSerializer(_keys(), salt=salt).dumps(value)


def unsigned_forever(token: str, salt: str):
    """The value of a `signed_forever` token. Raises Invalid if it is not ours."""
    try:
        return URLSafeSerializer(_keys(), salt=salt).loads(token)
    except (BadData, UnicodeError, ValueError, RecursionError):
        raise Invalid(_("This link or form is not valid any more.")) from None


def sealed(secret: str) -> str:
    """A secret encrypted for the database under SECRET_KEY (libsodium's secretbox: XSalsa20 and Poly1305)."""
    from nacl.encoding import URLSafeBase64Encoder  # taken by a worker only if it needs it: 2 MB
    from nacl.secret import SecretBox

    return _BOX + SecretBox(next(_box_keys())).encrypt(secret.encode(), encoder=URLSafeBase64Encoder).decode()


def opened(sealed_secret: str) -> str:
    """The secret again. Raises Invalid when SECRET_KEY is no longer the one that sealed it."""
    secret = (_opened_box if sealed_secret.startswith(_BOX) else _opened_fernet)(sealed_secret)
    if secret is None:
        raise Invalid("A stored secret cannot be read: was SECRET_KEY changed without keeping the old one?")
    return secret


def _serializer(salt):
    return URLSafeTimedSerializer(_keys(), salt=salt)


def _keys():
    return list(reversed(current_app.config["SECRET_KEYS"]))  # itsdangerous signs with the last


def _opened_box(sealed_secret):
    from nacl.encoding import URLSafeBase64Encoder
    from nacl.exceptions import CryptoError
    from nacl.secret import SecretBox

    for key in _box_keys():
        with suppress(CryptoError, ValueError):
            text = sealed_secret.removeprefix(_BOX).encode()
            return SecretBox(key).decrypt(text, encoder=URLSafeBase64Encoder).decode()
    return None


def _box_keys():
    for key in current_app.config["SECRET_KEYS"]:
        yield hashlib.sha256(b"storefront box\0" + key.encode()).digest()


def _opened_fernet(sealed_secret):
    """As version 0.1.0 sealed them; such a secret stays so until it is typed again."""
    from cryptography.fernet import Fernet, InvalidToken, MultiFernet  # 8 MB

    keys = (hashlib.sha256(b"storefront sealed\0" + key.encode()).digest() for key in current_app.config["SECRET_KEYS"])
    fernet = MultiFernet([Fernet(base64.urlsafe_b64encode(key)) for key in keys])
    with suppress(InvalidToken):
        return fernet.decrypt(sealed_secret.encode()).decode()
    return None
