"""Values that travel through a browser and come back unchanged, and secrets that rest in the database."""

import base64
import hashlib

from flask import current_app
from flask_babel import gettext as _
from itsdangerous import BadData, URLSafeSerializer, URLSafeTimedSerializer

from storefront.kit.errors import Invalid


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
    """A secret encrypted for the database under SECRET_KEY."""
    return _fernet().encrypt(secret.encode()).decode()


def opened(sealed_secret: str) -> str:
    """The secret again. Raises Invalid when SECRET_KEY is no longer the one that sealed it."""
    from cryptography.fernet import InvalidToken  # as in _fernet

    try:
        return _fernet().decrypt(sealed_secret.encode()).decode()
    except InvalidToken:
        raise Invalid("A stored secret cannot be read: was SECRET_KEY changed without keeping the old one?") from None


def _serializer(salt):
    return URLSafeTimedSerializer(_keys(), salt=salt)


def _keys():
    return list(reversed(current_app.config["SECRET_KEYS"]))  # itsdangerous signs with the last


def _fernet():
    from cryptography.fernet import Fernet, MultiFernet  # 7 MB that a worker takes only if it opens a secret

    keys = (hashlib.sha256(b"storefront sealed\0" + key.encode()).digest() for key in current_app.config["SECRET_KEYS"])
    return MultiFernet([Fernet(base64.urlsafe_b64encode(key)) for key in keys])
