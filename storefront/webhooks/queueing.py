"""What stands in the feed is put into the outbox of each address that wants to hear of it, once."""

from storefront import api
from storefront.kit import clock
from storefront.kit.db import db
from storefront.kit.events import OutboxMessage
from storefront.webhooks.endpoints import KIND, taken

BATCH = 200


def fan_out(endpoint_id: int) -> bool:
    """The next events of its topics wait for this address; says whether there are more. One that is off stays put.

    Its place in the feed moves in the same transaction: nothing is missed, and nothing waits twice.
    """
    endpoint = taken(endpoint_id)
    if not endpoint.active:
        return False
    found = api.read(endpoint.position, BATCH, topics=tuple(endpoint.topics))
    now = clock.now()
    for event, _number in found.events:
        db.session.add(OutboxMessage(event_id=event.id, kind=KIND, target=str(endpoint.id), next_try_at=now))
    endpoint.position = found.next
    return found.more
