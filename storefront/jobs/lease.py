"""The right to run: one holder among all workers, for a time, by a conditional update of one row."""

from datetime import timedelta

from sqlalchemy import insert, update
from sqlalchemy.exc import IntegrityError

from storefront.jobs.models import JobLease
from storefront.kit import clock
from storefront.kit.db import changed, db, transaction


def take(name: str, holder: str, lasting: timedelta) -> bool:
    """Take or renew a lease; False while somebody else holds it. One that a clock set back left far ahead is free."""
    try:
        with transaction("take_lease"):
            now = clock.now()
            ahead = JobLease.until > now + 2 * lasting
            mine_or_free = (JobLease.holder == holder) | (JobLease.until < now) | ahead
            values = {"holder": holder, "until": now + lasting}
            if changed(update(JobLease).where(JobLease.job == name, mine_or_free).values(**values)):
                return True
            if db.session.get(JobLease, name) is None:
                db.session.execute(insert(JobLease).values(job=name, **values))
                return True
            return False
    except IntegrityError:
        return False  # another worker made the row in this moment
