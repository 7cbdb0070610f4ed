"""The addresses that are told: entered, changed, switched off and on, and their secrets."""

import re
from datetime import timedelta
from urllib.parse import urlsplit

from flask import current_app
from flask_babel import gettext as _
from sqlalchemy import delete, select

from storefront import api
from storefront.kit import clock, events
from storefront.kit.db import db
from storefront.kit.errors import Invalid, NotFound
from storefront.kit.events import OutboxMessage
from storefront.kit.signing import opened, sealed
from storefront.webhooks.models import WebhookEndpoint
from storefront.webhooks.signing import new_secret

KIND = "webhook"  # in the outbox; its target is the id of the endpoint
OLD_SECRET_STAYS = timedelta(hours=24)
LONGEST, MOST_TOPICS = 500, 40
_TOPIC = re.compile(r"[A-Z][A-Z0-9_.]{0,79}\*?|\*")


def add(url: str, topics: list[str], *, personal: bool = False) -> tuple[WebhookEndpoint, str]:
    """A new address, told of what happens from now on: its row, and the secret to be shown once. Raises Invalid."""
    secret = new_secret()
    endpoint = WebhookEndpoint(
        url=checked_url(url),
        secret=sealed(secret),
        topics=checked_topics(topics),
        personal=personal,
        position=api.head(),
        created_at=clock.now(),
    )
    db.session.add(endpoint)
    db.session.flush()
    return endpoint, secret


def change(endpoint_id: int, url: str, topics: list[str], *, personal: bool) -> WebhookEndpoint:
    """Another address or other topics, for what is sent from now on. Raises Invalid, NotFound."""
    endpoint = taken(endpoint_id)
    endpoint.url, endpoint.topics, endpoint.personal = checked_url(url), checked_topics(topics), personal
    return endpoint


def rotate(endpoint_id: int) -> str:
    """A new secret; messages are signed with the old one too for a day. Raises NotFound."""
    endpoint, secret = taken(endpoint_id), new_secret()
    endpoint.old_secret, endpoint.old_until = endpoint.secret, clock.now() + OLD_SECRET_STAYS
    endpoint.secret = sealed(secret)
    return secret


def switch_on(endpoint_id: int) -> bool:
    """It is told again, beginning with what it has missed; False if it was on."""
    endpoint = taken(endpoint_id)
    was_on, endpoint.active = endpoint.active, True
    endpoint.failures, endpoint.failing_since = 0, None
    return not was_on


def switch_off(endpoint_id: int, why: str) -> bool:
    """It is told nothing more until somebody switches it on; False if it was off."""
    return end(taken(endpoint_id), why)


def end(endpoint: WebhookEndpoint, why: str) -> bool:
    """The same for one that is locked already."""
    if not endpoint.active:
        return False
    endpoint.active = False
    since = endpoint.failing_since
    host = urlsplit(endpoint.url).hostname or ""
    facts = {"endpoint": endpoint.id, "host": host, "why": why, "since": since.isoformat() if since else ""}
    events.record("WEBHOOK_SWITCHED_OFF", None, **facts)
    return True


def remove(endpoint_id: int) -> None:
    """The address is forgotten, with its log and what was still to be sent to it. Raises NotFound."""
    endpoint = taken(endpoint_id)
    mine = delete(OutboxMessage).where(OutboxMessage.kind == KIND, OutboxMessage.target == str(endpoint.id))
    db.session.execute(mine.execution_options(synchronize_session=False))
    db.session.delete(endpoint)


def endpoints() -> list[WebhookEndpoint]:
    """Every address, oldest first."""
    return list(db.session.scalars(select(WebhookEndpoint).order_by(WebhookEndpoint.id)))


def taken(endpoint_id: int) -> WebhookEndpoint:
    """An endpoint under its lock. Raises NotFound."""
    found = db.session.get(WebhookEndpoint, endpoint_id, with_for_update=True, populate_existing=True)
    if found is None:
        raise NotFound(_("There is no such address."))
    return found


def secrets_of(endpoint: WebhookEndpoint) -> list[str]:
    """The secrets that sign now, the newest first. Raises Invalid when they cannot be read any more."""
    keys = [opened(endpoint.secret)]
    if endpoint.old_secret and endpoint.old_until and endpoint.old_until > clock.now():
        keys.append(opened(endpoint.old_secret))
    return keys


def public_only() -> bool:
    """Whether addresses within private networks are refused: always, but for a shop that is only tried out."""
    return bool(current_app.config["LIVE"])


def checked_url(url: str) -> str:
    """An address to which messages may go: https, without a password in it. Raises Invalid."""
    try:
        parts = urlsplit(url.strip())
        fits = parts.hostname and not parts.username and not parts.password and parts.port != 0 and len(url) <= LONGEST
    except ValueError:
        fits, parts = None, urlsplit("")
    allowed = ("https",) if public_only() else ("https", "http")
    if not fits or parts.scheme not in allowed or not url.isascii() or any(letter <= " " for letter in url.strip()):
        sentence = _("Enter an address like https://example.com/hooks, without a password in it.")
        raise Invalid(sentence, fields={"url": [sentence]})
    return url.strip()


def checked_topics(topics: list[str]) -> list[str]:
    """Types of events, each once. Raises Invalid for none, too many, or what no type looks like."""
    wanted = list(dict.fromkeys(topic.upper() for topic in topics))
    if not wanted or len(wanted) > MOST_TOPICS or not all(_TOPIC.fullmatch(topic) for topic in wanted):
        sentence = _("Enter types of events like ORDER_PAID or ORDER_*, with a space between them.")
        raise Invalid(sentence, fields={"topics": [sentence]})
    return wanted
