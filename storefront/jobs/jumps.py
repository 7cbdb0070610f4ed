"""The database's clock is set by somebody: no order is to end because of that.

Each scheduler compares it with its own machine's count of seconds since it was switched on, which nobody sets.
"""

import logging
import time
from datetime import datetime, timedelta

from storefront import orders
from storefront.jobs.each import each
from storefront.kit import clock

log = logging.getLogger(__name__)
LEAST = timedelta(minutes=2)  # less than this is a late thread or a clock that is nudged, and what the grace is for
_STEADY = getattr(time, "CLOCK_BOOTTIME", time.CLOCK_MONOTONIC)


class ClockWatch:
    """What one scheduler saw of both clocks when it last looked."""

    def __init__(self):
        self._seen: tuple[datetime, float] | None = None

    def jump(self) -> timedelta:
        """How much further the database's clock has moved than time has since the last look; nearly always nothing."""
        now, steady = clock.now(), time.clock_gettime(_STEADY)
        (then, was), self._seen = self._seen or (now, steady), (now, steady)
        by = now - then - timedelta(seconds=steady - was)
        return by if abs(by) >= LEAST else timedelta(0)


def follow(by: timedelta) -> None:
    """Move the end of every hold with the clock: whoever is paying has as long as they were told."""
    log.error("the clock of the database has jumped by %s: holds are moved with it", by)

    def move_hold(order_id):
        return orders.move_hold(order_id, by)

    each(orders.on_hold(), move_hold)
