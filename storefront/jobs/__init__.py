"""Everything that happens by itself: the table is in schedule.py.

Verbs: start, run_forever, run_once, run_overdue, heartbeat_age.
"""

from storefront.jobs.runner import heartbeat_age, run_forever, run_once, run_overdue, start

__all__ = ["heartbeat_age", "run_forever", "run_once", "run_overdue", "start"]
