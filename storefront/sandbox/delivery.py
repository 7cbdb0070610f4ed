"""Notifications leave from here: by real HTTP, from outside the request that caused them."""

import logging
import threading
from concurrent.futures import ThreadPoolExecutor
from datetime import timedelta

from flask import Flask
from sqlalchemy import select, update

from storefront.kit import clock, http
from storefront.kit.db import changed, db, transaction
from storefront.kit.errors import ShopError
from storefront.sandbox import afterwards, books
from storefront.sandbox.models import SandboxNotice

log = logging.getLogger(__name__)
MOST_TRIES = 8
FORM = "application/x-www-form-urlencoded"
LONGEST_TIMER = 120  # seconds; what is due later waits for the job
_posting = ThreadPoolExecutor(max_workers=2, thread_name_prefix="sandbox")


def soon(app: Flask, notices: list[tuple[int, int]]) -> list:
    """Deliver these (id, seconds from now) from a thread of the gateway's own; gives what to wait for."""
    pending = []
    for notice_id, delay in notices:
        if not delay:
            pending.append(_posting.submit(_deliver_in, app, notice_id))
        elif delay <= LONGEST_TIMER:
            timer = threading.Timer(delay, _deliver_in, (app, notice_id))
            timer.daemon = True
            timer.start()
    return pending


def deliver_due() -> int:
    """Deliver what is due and was not: the gateway was restarted, or the shop did not take it. Gives how many."""
    due = db.session.scalars(
        select(SandboxNotice.id)
        .where(SandboxNotice.status.in_(("waiting", "sending")), SandboxNotice.due_at <= clock.now())
        .order_by(SandboxNotice.id)
        .limit(50)
    ).all()
    return sum(deliver(notice_id) for notice_id in due)


def deliver(notice_id: int) -> bool:
    """Post one notification; whether the shop took it. What it does not take is sent again later."""
    with transaction("sandbox_claim_notice"):
        now = clock.now()
        claimed = changed(
            update(SandboxNotice)
            .where(
                SandboxNotice.id == notice_id,
                SandboxNotice.status.in_(("waiting", "sending")),
                SandboxNotice.due_at <= now + timedelta(milliseconds=50),
            )
            .values(status="sending", due_at=now + timedelta(seconds=10), tries=SandboxNotice.tries + 1)
        )
        notice = db.session.get(SandboxNotice, notice_id)
        if claimed and notice.turn:
            _turn(notice)
        claimed = claimed and notice.status == "sending"
    if not claimed:
        return False
    notice = db.session.get_one(SandboxNotice, notice_id)
    method, headers = "POST" if notice.body else "GET", {"Content-Type": FORM, **notice.headers}
    try:
        answer = http.send(method, notice.url, data=notice.body.encode(), headers=headers, timeout=10)
        status, words = answer.status, f"{answer.status} {answer.body[:100].decode('utf-8', 'replace')}"
    except ShopError as error:
        status, words = 503, error.message
    _note(notice_id, status, words)
    return status < 400


def _turn(notice):
    if notice.turn in afterwards.HAPPENS:
        afterwards.happen(notice)
    else:
        books.turn(notice)


def _note(notice_id, status, words):
    with transaction("sandbox_note_notice"):
        notice = db.session.get_one(SandboxNotice, notice_id)
        notice.answer = words
        if status < 400:  # a robot's GET of a way back is led on to the order
            notice.status = "delivered"
        elif 400 <= status < 500 or notice.tries >= MOST_TRIES:
            notice.status = "failed"
        else:
            notice.status, notice.due_at = "waiting", clock.now() + timedelta(seconds=2**notice.tries)


def _deliver_in(app, notice_id):
    try:
        with app.app_context():
            deliver(notice_id)
    except Exception:
        log.exception("the sandbox could not deliver notice %s", notice_id)
