"""What watches the shop: is it alive, is it ready, and its figures. Nothing here is personal."""

import hmac
import os
import time
from contextlib import suppress
from datetime import timedelta
from ipaddress import ip_address

from flask import Blueprint, Response, abort, current_app, g, jsonify, request
from prometheus_client import (
    CONTENT_TYPE_LATEST,
    CollectorRegistry,
    Counter,
    Histogram,
    disable_created_metrics,
    generate_latest,
)
from prometheus_client.core import GaugeMetricFamily
from prometheus_client.multiprocess import MultiProcessCollector
from prometheus_client.registry import REGISTRY, Collector
from sqlalchemy import ColumnElement, func, select
from sqlalchemy.exc import SQLAlchemyError

from storefront import jobs, proof
from storefront.jobs.models import JobRun
from storefront.kit import clock
from storefront.kit.db import db
from storefront.kit.events import OutboxMessage
from storefront.kit.limits import limiter
from storefront.orders.models import Order
from storefront.payments.models import Bill, InboxMessage, Refund

bp = Blueprint("health", __name__)

disable_created_metrics()
HEARTBEAT = timedelta(minutes=2)
REQUESTS = Counter("shop_requests_total", "Requests answered.", ["method", "endpoint", "status"])
SECONDS = Histogram("shop_request_seconds", "Time to answer, in seconds.", ["endpoint"])
FIGURES: tuple[tuple[str, str, tuple[str, ...], tuple[ColumnElement, ...]], ...] = (
    ("shop_orders", "Orders by state.", ("status",), (Order.status,)),
    (
        "shop_inbox_messages",
        "Messages from gateways by outcome.",
        ("backend", "outcome"),
        (InboxMessage.backend, InboxMessage.outcome),
    ),
    (
        "shop_outbox_messages",
        "Letters and deliveries by state.",
        ("kind", "status"),
        (OutboxMessage.kind, OutboxMessage.status),
    ),
    ("shop_bills", "Payment attempts by state.", ("backend", "status"), (Bill.backend, Bill.status)),
    ("shop_refunds", "Refunds by state.", ("status",), (Refund.status,)),
)


@bp.get("/healthz")
@limiter.limit("600/minute")
def alive():
    """The process answers; nothing else is asked."""
    return {"status": "ok"}


@bp.get("/readyz")
@limiter.limit("600/minute")
def ready():
    """The database answers and the scheduler has lately run; 503 with the reasons if not."""
    reasons = _reasons()
    body = jsonify(status="unready" if reasons else "ready", reasons=reasons, scheduler=current_app.config["SCHEDULER"])
    return (body, 503, {"Retry-After": "5"}) if reasons else body


@bp.get("/metrics")
@limiter.limit("120/minute")
def metrics():
    """The figures, in the text form that Prometheus reads; for others than its own watchers this page is not there."""
    if not (_is_asked_here() or _has_the_token()):
        abort(404)
    registry = CollectorRegistry()
    if os.environ.get("PROMETHEUS_MULTIPROC_DIR"):
        MultiProcessCollector(registry)
    else:
        registry.register(_ThisProcess())
    registry.register(_FromTheDatabase())
    return Response(generate_latest(registry), content_type=CONTENT_TYPE_LATEST)


def _is_asked_here():
    """Whether this machine itself asks: the peer, and everybody for whom a proxy says that it asks.

    A proxy on this machine is a peer on this machine, so its word counts however many proxies are trusted: none can
    take back what it adds, and what others invent before it makes nobody of theirs local.
    """
    peer = request.environ["werkzeug.proxy_fix.orig"]["REMOTE_ADDR"] or ""
    told = ",".join(request.headers.getlist("X-Forwarded-For"))
    return "Forwarded" not in request.headers and all(_is_local(one) for one in [peer, *filter(None, told.split(","))])


def _is_local(address):
    try:
        found = ip_address(address.strip())
    except ValueError:
        return False
    return (getattr(found, "ipv4_mapped", None) or found).is_loopback


def _has_the_token():
    """Whether it is somebody who was given METRICS_TOKEN; without one in the environment nobody was."""
    wanted = current_app.config["METRICS_TOKEN"]
    given = request.headers.get("Authorization", "")
    return bool(wanted) and hmac.compare_digest(given.encode(), f"Bearer {wanted}".encode())


def _reasons():
    """What is wrong, in sentences; an empty list if nothing is."""
    try:
        age = jobs.heartbeat_age()
    except SQLAlchemyError as error:
        db.session.rollback()
        return [f"The database does not answer ({type(error).__name__})."]
    if age is None:  # whoever switched it off here runs it elsewhere, or means it
        return [] if current_app.config["SCHEDULER"] == "off" else ["The scheduler has never run."]
    return [f"The scheduler has been silent for {age.total_seconds():.0f} seconds."] if age > HEARTBEAT else []


@bp.after_app_request
def count(response: Response) -> Response:
    """Count and time every request of the shop, where there is room for figures: a full disk costs no page."""
    endpoint = request.endpoint or "none"
    with suppress(OSError):
        REQUESTS.labels(request.method, endpoint, str(response.status_code)).inc()
        if began := g.get("began"):
            SECONDS.labels(endpoint).observe(time.perf_counter() - began)
    return response


class _ThisProcess(Collector):
    """What this process counted, when it is the only one."""

    def collect(self):
        return REGISTRY.collect()


class _FromTheDatabase(Collector):
    """What the books say at this moment."""

    def collect(self):
        for name, meaning, labels, columns in FIGURES:
            family = GaugeMetricFamily(name, meaning, labels=labels)
            for *values, count in db.session.execute(select(*columns, func.count()).group_by(*columns)):
                family.add_metric([str(value) for value in values], count)
            yield family
        yield from _money_that_waits()
        yield GaugeMetricFamily("shop_broken_rules", "Invariants that the books break.", value=proof.red_lines())
        yield _ages_of_jobs()


def _money_that_waits():
    """How many bills wait on the desk, and how much money that is for each currency."""
    waiting = select(Bill.quarantine_reason, Bill.currency, func.count(), func.sum(Bill.amount_minor))
    bills = GaugeMetricFamily("shop_quarantined_bills", "Bills on the desk.", labels=("reason", "currency"))
    money = GaugeMetricFamily("shop_quarantined_minor", "Their sums in minor units.", labels=("reason", "currency"))
    rows = waiting.where(Bill.disposition == "QUARANTINED").group_by(Bill.quarantine_reason, Bill.currency)
    for reason, currency, count, total in db.session.execute(rows):
        bills.add_metric([reason, currency], count)
        money.add_metric([reason, currency], float(total))
    return bills, money


def _ages_of_jobs():
    family = GaugeMetricFamily("shop_job_age_seconds", "Seconds since each job last began.", labels=("job",))
    now = clock.now()
    for job, began in db.session.execute(select(JobRun.job, func.max(JobRun.started)).group_by(JobRun.job)):
        family.add_metric([job], (now - began).total_seconds())
    return family
