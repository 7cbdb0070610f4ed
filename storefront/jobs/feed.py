"""Events outward: their places in the feed, and the messages to other systems."""

from sqlalchemy import select

from storefront import api, webhooks
from storefront.jobs.each import each_alone
from storefront.kit.db import db, retried, transaction
from storefront.webhooks.models import WebhookEndpoint

ROUNDS = 20  # batches in one run; the next run goes on


def publish_events() -> dict[str, int]:
    """Give every committed event its place in the feed."""
    done = 0
    for _round in range(ROUNDS):
        if not api.is_behind():
            break
        done += _publish()
    return {"rows": done, "done": done, "failed": 0}


def deliver_webhooks() -> dict[str, int]:
    """Put what is new in the feed into the outbox of each address that wants it, and send what is due."""
    active = select(WebhookEndpoint.id).where(WebhookEndpoint.active).order_by(WebhookEndpoint.id)
    return each_alone(db.session.scalars(active).all(), tell)


def tell(endpoint_id: int) -> bool:
    """Tell one address what it has not heard yet; False if that was nothing. One that is slow holds up itself alone."""
    place = db.session.scalar(select(WebhookEndpoint.position).filter_by(id=endpoint_id)) or 0
    for _round in range(ROUNDS if place < api.head() else 0):
        if not _queue(endpoint_id):
            break
    return webhooks.deliver_due(endpoint_id) > 0


@retried
def _publish():
    with transaction("publish_events"):
        return api.publish()


@retried
def _queue(endpoint_id):
    with transaction("queue_webhooks"):
        return webhooks.fan_out(endpoint_id)
