"""APScheduler fires the table. Every worker may have a scheduler; the lease lets one of them work."""

import atexit
import logging
import os
import secrets
import threading
from collections import defaultdict
from datetime import datetime, timedelta

from apscheduler.schedulers.background import BackgroundScheduler
from flask import Flask, current_app
from sqlalchemy import delete, func, select

from storefront.jobs import lease
from storefront.jobs.jumps import ClockWatch, follow
from storefront.jobs.models import JobLease, JobRun
from storefront.jobs.schedule import BY_NAME, SCHEDULE, Job
from storefront.kit import clock
from storefront.kit.db import db, transaction
from storefront.kit.errors import NotFound

log = logging.getLogger(__name__)
CLOCKS: defaultdict[str, ClockWatch] = defaultdict(ClockWatch)  # by scheduler; a process has one, a test has more
# Few threads, for each keeps a connection and takes time from the pages; the heart waits for no long job.
THREADS = {"default": {"type": "threadpool", "max_workers": 3}, "beats": {"type": "threadpool", "max_workers": 1}}
ONE_AT_A_TIME = {"coalesce": True, "max_instances": 1, "misfire_grace_time": None}  # late is better than not
LEASE, LASTING = "scheduler", timedelta(seconds=30)
HEARTBEAT = timedelta(seconds=10)
RUNS_KEPT = timedelta(days=7)
FREQUENT = timedelta(minutes=1)  # runs of quick jobs are written down only when they did something


def start(app: Flask) -> BackgroundScheduler | None:
    """Begin to fire the table in this process, beside its requests, unless SCHEDULER is off."""
    if app.config["SCHEDULER"] == "off":
        return None
    scheduler = BackgroundScheduler(timezone="UTC", executors=THREADS, job_defaults=ONE_AT_A_TIME)
    holder = f"{os.getpid()}-{secrets.token_hex(4)}"
    scheduler.add_job(_beat, "interval", seconds=HEARTBEAT.total_seconds(), args=(app, holder), executor="beats")
    for job in _table(app):
        seconds = job.every.total_seconds()
        scheduler.add_job(_fire, "interval", seconds=min(seconds, 3600), args=(app, holder, job), id=job.name)
    scheduler.start()
    threading.Thread(target=_begin, args=(app, holder), daemon=True).start()
    atexit.register(lambda: scheduler.shutdown(wait=False) if scheduler.running else None)
    return scheduler


def run_forever(app: Flask) -> None:
    """The schedule in a process of its own, until it is stopped."""
    app.config["SCHEDULER"] = "alone"
    start(app)
    threading.Event().wait()


def run_once(name: str) -> dict[str, int]:
    """Run one job now, whoever holds the lease: every job may run twice at once. Raises NotFound."""
    if name not in BY_NAME:
        raise NotFound(f"There is no job called {name}.")
    return _run(BY_NAME[name])


def run_overdue() -> None:
    """Run every job whose time passed while nobody was there."""
    for job in _table(current_app):
        last = db.session.scalar(select(func.max(JobRun.started)).filter_by(job=job.name))
        if last is None or last < clock.now() - job.every:
            _run(job)


def heartbeat_age() -> timedelta | None:
    """How long ago a scheduler last said that it is alive; None if it never did."""
    until = db.session.scalar(select(JobLease.until).filter_by(job=LEASE))
    return None if until is None else clock.now() - (until - LASTING)


def _begin(app, holder):
    with app.app_context():
        try:
            if _may_work(holder):
                run_overdue()
        except Exception:
            log.exception("the overdue jobs could not be run")


def _beat(app, holder):
    with app.app_context():
        _may_work(holder)


def _may_work(holder):
    """Whether this scheduler has the lease now; before it works, it follows a clock that has jumped."""
    mine, jump = lease.take(LEASE, holder, LASTING), CLOCKS[holder].jump()
    if mine and jump:
        follow(jump)
    return mine


def _fire(app, holder, job):
    with app.app_context():
        try:
            if _may_work(holder) and _is_due(job):
                _run(job)
        except Exception:
            log.exception("job %s could not be run", job.name)


def _is_due(job: Job) -> bool:
    """Daily jobs are looked at every hour, and run when a day has passed since they last did."""
    if job.every <= timedelta(hours=1):
        return True
    last = db.session.scalar(select(func.max(JobRun.started)).filter_by(job=job.name))
    return last is None or last <= clock.now() - job.every


def _run(job: Job) -> dict[str, int]:
    started = clock.now()
    counts, error = {}, ""
    try:
        counts = job.run()
    except Exception as problem:
        log.exception("job %s failed", job.name)
        error = f"{type(problem).__name__}: {problem}"[:500]
    finally:
        db.session.remove()
    if error or any(counts.values()) or job.every >= FREQUENT:
        _write_down(job, started, counts, error)
    return counts


def _write_down(job: Job, started: datetime, counts: dict[str, int], error: str) -> None:
    with transaction("note_run"):
        old = JobRun.started < clock.now() - max(RUNS_KEPT, 3 * job.every)
        db.session.execute(delete(JobRun).where(JobRun.job == job.name, old))
        db.session.add(JobRun(job=job.name, started=started, ended=clock.now(), counts=counts, error=error))


def _table(app):
    return [job for job in SCHEDULE if not (job.test_only and app.config["LIVE"])]
