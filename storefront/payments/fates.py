"""What can become of a message, in one list; and when one that could not be applied is tried again."""

from datetime import datetime, timedelta

RECEIVED = "RECEIVED"  # stored, not read yet
APPLIED = "APPLIED"  # it changed its bill
DUPLICATE = "DUPLICATE"  # it said what we knew
NO_EFFECT = "NO_EFFECT"  # it said less than we knew, or proves nothing
REJECTED = "REJECTED"  # forged
UNMATCHED = "UNMATCHED"  # genuine, about a bill that we do not know
ERROR = "ERROR"  # could not be read or applied

CHANGED = APPLIED  # of several outcomes in one message, the one that changed something counts
WAITING = (RECEIVED, ERROR)
TRIED_AGAIN = (*WAITING, UNMATCHED)

RETRIED_FOR = timedelta(hours=24)  # for a bill that is not known yet
FIRST_GAP, LONGEST_GAP = timedelta(seconds=30), timedelta(hours=2)
MOST_TRIES = 20  # with these gaps a little more than a day


def next_try(fate: str, tries: int, now: datetime) -> datetime | None:
    """When a message that was tried so often is tried again: in growing gaps; None is never by itself."""
    if fate not in (ERROR, UNMATCHED) or tries >= MOST_TRIES:
        return None
    return now + min(FIRST_GAP * 2 ** min(tries - 1, 10), LONGEST_GAP)
