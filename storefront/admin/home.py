"""Today: what needs a hand first, and then how the shop does."""

from datetime import timedelta

from flask import current_app, flash, redirect, render_template, url_for
from flask_babel import gettext as _
from sqlalchemy import func, select

from storefront import desk, jobs, notices, payments, store
from storefront.admin import audit, figures, finding, wording
from storefront.admin.finding import MOST, Wish
from storefront.admin.goods_list import few_left
from storefront.admin.room import bp, deed
from storefront.admin.unsaid import unsaid
from storefront.jobs.models import JobRun
from storefront.kit import clock
from storefront.kit.db import db
from storefront.kit.errors import Conflict
from storefront.kit.events import OrderEvent, OutboxMessage
from storefront.orders.models import Order
from storefront.payments.models import Refund
from storefront.payments.reasons import REASONS
from storefront.payments.silence import CAUSES

SHOWN = 5
SILENT = timedelta(minutes=2)
REFUNDS_TOLD = timedelta(days=30)


@bp.get("/")
def home():
    """What needs a hand, and the figures."""
    history = figures.sales()
    return render_template(
        "admin/home.html",
        counts={view: f"{MOST:,}+" if count > MOST else str(count) for view, count in finding.counts().items()},
        to_ship=finding.find(Wish(view="ship", descending=False), SHOWN).orders,
        waiting=desk.rows(most=SHOWN)[0],
        on_desk=desk.count_open(),
        reasons=REASONS,
        few=few_left(SHOWN + 1),
        letters=_failed_letters(),
        refunds=_refunds(),
        scheduler=_scheduler(),
        troubles=_troubles(),
        silent=[(config, CAUSES[config.silent_cause]) for config in payments.silent_gateways()],
        endings=payments.endings(),
        unsaid=unsaid() if current_app.config["LIVE"] else [],
        currency=store.current().currency,
        periods=[figures.period(history, days) for days in (1, 7, 30)],
        history=history,
        bars=figures.bars(history),
        picture=figures,
        words=wording,
        shown=SHOWN,
    )


@bp.post("/letters/<int:message_id>/retry")
def retry_letter(message_id):
    """A letter that was given up is tried again."""
    try:
        with deed():
            message = notices.retry(message_id)
            audit.record("retry letter", f"delivery {message_id}", after={"letter": message.target})
    except Conflict as problem:
        flash(problem.message, "warn")
        return redirect(url_for("admin.home"), code=303)
    flash(_("The letter is tried again in a moment."), "ok")
    return redirect(url_for("admin.home"), code=303)


def _failed_letters():
    """Letters that were given up, newest first: (delivery, its event, the order's number)."""
    query = (
        select(OutboxMessage, OrderEvent, Order.number)
        .join(OrderEvent, OrderEvent.id == OutboxMessage.event_id)
        .outerjoin(Order, Order.id == OrderEvent.order_id)
        .where(OutboxMessage.status == "FAILED", OutboxMessage.kind == "mail")
        .order_by(OutboxMessage.id.desc())
        .limit(SHOWN + 1)
    )
    return db.session.execute(query).tuples().all()


def _refunds():
    """Refunds that failed lately, or have no answer yet: (refund, the order's number)."""
    query = (
        select(Refund, Order.number)
        .outerjoin(Order, Order.id == Refund.order_id)
        .where(Refund.status.in_(("FAILED", "REQUESTED", "SENT")), Refund.updated_at > clock.now() - REFUNDS_TOLD)
        .order_by(Refund.id.desc())
        .limit(SHOWN + 1)
    )
    return db.session.execute(query).tuples().all()


def _scheduler():
    """A sentence, and whether it is a good one."""
    age = jobs.heartbeat_age()
    if age is None:
        return _("No scheduler has run yet: letters, refunds and unpaid orders wait for one."), False
    if age > SILENT:
        minutes = int(age.total_seconds() // 60)
        return _(
            "The scheduler has been silent for %(minutes)s minutes: letters and refunds wait.", minutes=minutes
        ), False
    return _("The scheduler was heard a moment ago."), True


def _troubles():
    """Jobs that failed within a day: (job, how often, the last time, the last error)."""
    since = clock.now() - timedelta(days=1)
    wrong = (JobRun.error != "", JobRun.started > since)
    last = select(JobRun.job, func.count().label("times"), func.max(JobRun.id).label("id")).where(*wrong)
    latest = last.group_by(JobRun.job).subquery()
    return db.session.execute(
        select(JobRun, latest.c.times).join(latest, latest.c.id == JobRun.id).order_by(JobRun.started.desc())
    ).all()
