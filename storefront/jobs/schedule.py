"""The table of everything that happens by itself, and how often."""

from collections.abc import Callable
from dataclasses import dataclass
from datetime import timedelta

from storefront import sandbox
from storefront.jobs.bills import (
    apply_waiting_messages,
    ask_about_quiet_bills,
    close_unpaid_orders,
    complete_orders,
    prune_forged_messages,
    remove_failed_orders,
    send_captures,
    send_refunds,
)
from storefront.jobs.carts import refresh_sold_out, remove_stale_carts
from storefront.jobs.desk import decide_waiting_money
from storefront.jobs.feed import deliver_webhooks, publish_events
from storefront.jobs.gateways import look_after_keys, notice_silence
from storefront.jobs.gifts import end_certificates
from storefront.jobs.holds import end_timed_holds, forget_who_waited, tell_who_waits
from storefront.jobs.letters import deliver_events
from storefront.jobs.proof import check_invariants
from storefront.jobs.shelves import assign_waiting_goods, end_old_returns, watch_low_stock


@dataclass(frozen=True)
class Job:
    """One line of the table."""

    run: Callable[[], dict[str, int]]
    every: timedelta
    test_only: bool = False

    @property
    def name(self) -> str:
        """What `flask jobs once` calls it."""
        return self.run.__name__


def deliver_sandbox_notices() -> dict[str, int]:
    """Notifications of the sandbox gateway that are due."""
    return {"done": sandbox.deliver_due()}


SCHEDULE = [
    # job                         every
    Job(deliver_events, timedelta(seconds=5)),
    Job(publish_events, timedelta(seconds=5)),
    Job(deliver_webhooks, timedelta(seconds=5)),
    Job(deliver_sandbox_notices, timedelta(seconds=5), test_only=True),
    Job(send_refunds, timedelta(seconds=10)),
    Job(send_captures, timedelta(seconds=10)),
    Job(apply_waiting_messages, timedelta(seconds=30)),
    Job(end_timed_holds, timedelta(seconds=30)),
    Job(tell_who_waits, timedelta(seconds=30)),
    Job(close_unpaid_orders, timedelta(minutes=1)),
    Job(ask_about_quiet_bills, timedelta(minutes=1)),
    Job(notice_silence, timedelta(minutes=1)),
    Job(refresh_sold_out, timedelta(minutes=1)),
    Job(assign_waiting_goods, timedelta(minutes=1)),
    Job(watch_low_stock, timedelta(minutes=1)),
    Job(decide_waiting_money, timedelta(minutes=5)),
    Job(check_invariants, timedelta(minutes=5)),
    Job(prune_forged_messages, timedelta(hours=1)),
    Job(end_certificates, timedelta(hours=1)),
    Job(complete_orders, timedelta(days=1)),
    Job(end_old_returns, timedelta(days=1)),
    Job(remove_failed_orders, timedelta(days=1)),
    Job(remove_stale_carts, timedelta(days=1)),
    Job(forget_who_waited, timedelta(days=1)),
    Job(look_after_keys, timedelta(days=1)),
]
BY_NAME = {job.name: job for job in SCHEDULE}


def add(job: Job) -> None:
    """A job of an extension. Raises ValueError if its name is another's."""
    if BY_NAME.setdefault(job.name, job) != job:
        raise ValueError(f"there is a job {job.name} already.")
    if job not in SCHEDULE:
        SCHEDULE.append(job)
