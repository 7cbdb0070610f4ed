"""Going through rows, a transaction a row: one bad row never stops the rest."""

import logging
import time
from collections import Counter
from collections.abc import Callable, Iterable, Iterator, Sequence
from itertools import islice

from storefront.kit import events
from storefront.kit.db import db, retried, transaction

log = logging.getLogger(__name__)
TOGETHER = 50
BREATH = 0.1  # seconds


def each(
    ids: Iterable[int], verb: Callable[[int], object], *, first: Callable[[int], object] | None = None
) -> dict[str, int]:
    """Call the verb for each row in a transaction of its own, which has its name, after what must ask the network.

    Gives how many rows there were, were done (all that the verb did not answer with False), and failed.
    """

    @retried
    def in_a_transaction(row_id):
        with transaction(verb.__name__):
            return verb(row_id)

    def one(row_id):
        if first:
            first(row_id)
        return in_a_transaction(row_id)

    return _through(ids, one, verb.__name__)


def batches(find: Callable[[int], list[int]]) -> Iterator[int]:
    """Every id that a finder gives, which takes the last one seen: until there is none, a batch in memory at a time.

    Rows that stay where they were (a hold that was prolonged) are seen once a run.
    """
    last = 0
    while found := find(last):
        yield from found
        last = found[-1]


def together(ids: Iterable[int]) -> Iterator[list[int]]:
    """The ids by the fifty, for what is done about many at once; shoppers who wait to write come in between."""
    rest = iter(ids)
    some = list(islice(rest, TOGETHER))
    while some:
        yield some
        if some := list(islice(rest, TOGETHER)):
            time.sleep(BREATH)  # SQLite lets in whoever asks first, and who waits asks every tenth of a second


def at_once(ids: list[int], verb: Callable[..., Sequence[int]]) -> dict[str, int]:
    """Call the verb for all of some rows in one transaction, which has its name; if that fails, for each in its own.

    The verb gives the ids of those that it did something about.
    """

    @retried
    def in_a_transaction():
        with transaction(verb.__name__):
            return verb(*ids)

    try:
        with events.acting_as("job", verb.__name__):
            return {"rows": len(ids), "done": len(in_a_transaction()), "failed": 0}
    except Exception:
        log.exception("%s failed for %s", verb.__name__, f"row {ids[0]}" if len(ids) == 1 else f"{len(ids)} rows")
    finally:
        db.session.remove()
    if len(ids) == 1:
        return {"rows": 1, "done": 0, "failed": 1}
    counts: Counter[str] = Counter()
    for row_id in ids:
        counts.update(at_once([row_id], verb))
    return dict(counts)


def each_alone(ids: Iterable[int], verb: Callable[[int], object]) -> dict[str, int]:
    """Like `each`, for verbs that open their own transactions around the network."""
    return _through(ids, verb, verb.__name__)


def _through(ids, one, name):
    counts = {"rows": 0, "done": 0, "failed": 0}
    for row_id in ids:
        counts["rows"] += 1
        try:
            with events.acting_as("job", name):
                counts["done"] += one(row_id) is not False
        except Exception:
            counts["failed"] += 1
            log.exception("%s failed for row %s", name, row_id)
        finally:
            db.session.remove()
    return counts
