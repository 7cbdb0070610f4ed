"""Going through rows, a transaction a row: one bad row never stops the rest."""

import logging
from collections.abc import Callable, Iterable

from storefront.kit import events
from storefront.kit.db import db, retried, transaction

log = logging.getLogger(__name__)


def each(
    ids: Iterable[int], verb: Callable[[int], object], *, first: Callable[[int], object] | None = None
) -> dict[str, int]:
    """Call the verb for each row in a transaction of its own, after what must ask the network.

    Gives how many rows there were, were changed (the verb said so), and failed.
    """
    counts = {"rows": 0, "done": 0, "failed": 0}

    @retried
    def one(row_id):
        with transaction(), events.acting_as("job", verb.__name__):
            return verb(row_id)

    for row_id in ids:
        counts["rows"] += 1
        try:
            if first:
                first(row_id)
            counts["done"] += bool(one(row_id))
        except Exception:
            counts["failed"] += 1
            log.exception("%s failed for row %s", verb.__name__, row_id)
        finally:
            db.session.remove()
    return counts


def each_alone(ids: Iterable[int], verb: Callable[[int], object]) -> dict[str, int]:
    """Like `each`, for verbs that open their own transactions around the network."""
    counts = {"rows": 0, "done": 0, "failed": 0}
    for row_id in ids:
        counts["rows"] += 1
        try:
            with events.acting_as("job", verb.__name__):
                counts["done"] += verb(row_id) is not False
        except Exception:
            counts["failed"] += 1
            log.exception("%s failed for row %s", verb.__name__, row_id)
        finally:
            db.session.remove()
    return counts
