"""The tokens in the links of letters: signed, and good for a time by the shop's clock."""

from datetime import UTC, datetime, timedelta
from typing import Any

from flask_babel import gettext as _

from storefront.kit import clock, signing
from storefront.kit.errors import Invalid


def link_token(what: Any, salt: str) -> str:
    """What a link carries; the salt keeps links of different uses apart."""
    return signing.signed([what, int(clock.now().timestamp())], salt)


def read_link(token: str, salt: str, lasts: timedelta) -> Any:
    """What was put into it. Raises Invalid if it is not ours, or too old."""
    try:
        what, made = signing.unsigned(token, salt)
        fresh = clock.now() < datetime.fromtimestamp(made, UTC) + lasts
    except (Invalid, TypeError, ValueError, OverflowError):
        fresh = False
    if not fresh:
        raise Invalid(_("This link is not valid any more. Ask for another one."))
    return what
