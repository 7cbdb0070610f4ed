"""Who may read: tokens, shown once and kept as hashes."""

import secrets
from collections.abc import Iterable
from datetime import timedelta

from flask_babel import gettext as _, lazy_gettext as _l
from sqlalchemy import or_, select, update

from storefront.api.errors import NoToken
from storefront.api.models import ApiToken
from storefront.kit import clock
from storefront.kit.db import changed, db
from storefront.kit.errors import Invalid, NotFound
from storefront.kit.ids import digest

BEGINS = "sft_"  # so that a token that lies about is known for what it is
EVENTS, ORDERS, PERSONAL = "events:read", "orders:read", "orders:personal"
SCOPES = {
    EVENTS: _l("Read what happened, event by event"),
    ORDERS: _l("Read orders: articles, sums and states"),
    PERSONAL: _l("See names, addresses, e-mails and notes as well"),
}
NOTED_EVERY = timedelta(minutes=1)


def make_token(name: str, scopes: Iterable[str], *, by: str) -> tuple[ApiToken, str]:
    """A new token: its row, and the secret that is never told again. Raises Invalid without a known scope."""
    wanted = [scope for scope in SCOPES if scope in set(scopes)]
    if not set(wanted) & {EVENTS, ORDERS} or set(scopes) - set(SCOPES):
        sentence = _("Choose what the token may read.")
        raise Invalid(sentence, fields={"scopes": [sentence]})
    secret = BEGINS + secrets.token_urlsafe(32)
    token = ApiToken(
        name=name,
        token_hash=digest(secret),
        last4=secret[-4:],
        scopes=wanted,
        created_by=by,
        created_at=clock.now(),
    )
    db.session.add(token)
    db.session.flush()
    return token, secret


def revoke(token_id: int) -> bool:
    """From now on the token opens nothing; False if that was so already. Raises NotFound."""
    if db.session.get(ApiToken, token_id) is None:
        raise NotFound(_("There is no such token."))
    valid = update(ApiToken).where(ApiToken.id == token_id, ApiToken.revoked_at.is_(None))
    return bool(changed(valid.values(revoked_at=clock.now())))


def tokens() -> list[ApiToken]:
    """Every token, the valid ones first, the newest before."""
    return list(db.session.scalars(select(ApiToken).order_by(ApiToken.revoked_at.is_not(None), ApiToken.id.desc())))


def owner_of(header: str) -> ApiToken:
    """Whose token an Authorization header shows. Raises NoToken: missing, unknown or revoked."""
    kind, _space, secret = header.strip().partition(" ")
    if not secret or kind.lower() != "bearer":
        raise NoToken(_("Send a token of this shop: Authorization: Bearer sft_…"))
    found = db.session.scalar(select(ApiToken).filter_by(token_hash=digest(secret.strip())))
    if found is None or found.revoked_at is not None:
        raise NoToken(_("This token is not valid, or not any more."))
    return found


def is_noted(token: ApiToken) -> bool:
    """Whether its use was written down within the last minute."""
    return token.last_used_at is not None and token.last_used_at > clock.now() - NOTED_EVERY


def note_use(token_id: int) -> bool:
    """Write down that the token is in use, at most once a minute."""
    now = clock.now()
    stale = or_(ApiToken.last_used_at.is_(None), ApiToken.last_used_at <= now - NOTED_EVERY)
    return bool(changed(update(ApiToken).where(ApiToken.id == token_id, stale).values(last_used_at=now)))
