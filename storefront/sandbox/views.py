"""The gateway's pages and its server addresses: status, close, refund and what became of one."""

import concurrent.futures
import json
import time
from urllib.parse import parse_qsl, urlencode, urlsplit

from flask import Blueprint, Response, current_app, g, jsonify, redirect, render_template, request, url_for

from storefront.kit.db import transaction
from storefront.kit.errors import Invalid, NotFound, Unavailable
from storefront.sandbox import afterwards, books, rehearsal
from storefront.sandbox.delivery import soon
from storefront.sandbox.scenario import (
    AUTHORIZED,
    BROKEN,
    CLAIM,
    HUGE,
    LINK,
    NONSENSE,
    NOWHERE,
    PENDING,
    PLAIN,
    POST,
    SIGNED,
    SLOW,
)
from storefront.sandbox.scenarios import DECLINES, GROUPS, PLAYED, SCENARIOS

bp = Blueprint("sandbox", __name__, url_prefix="/sandbox")
api = Blueprint("sandbox_api", __name__, url_prefix="/sandbox")
SLOWNESS = 3  # seconds: more than the shop waits for an answer
PRESSES = {"pay": books.PAID, "decline": books.DECLINED, "cancel": books.CANCELLED}


@api.post("/<reference>")
def receive(reference):
    """The shop's form arrives in the shopper's browser; its signature is its ticket."""
    with transaction("sandbox_open"):
        payment = books.opened(request.form.to_dict())
        if payment.reference != reference:
            raise Invalid("The payment service refuses this form: it was made for another payment.")
    return redirect(url_for("sandbox.page", reference=reference), code=303)


@bp.get("/<reference>")
def page(reference):
    """The hosted page, with the panel that lets it misbehave."""
    payment = books.session_of(reference)
    state = books.state_of(payment)
    if state != books.OPEN:
        return render_template("sandbox/closed.html", payment=payment, state=state, back=_back_url(payment, "signed"))
    groups = PLAYED if payment.player else GROUPS
    return render_template("sandbox/page.html", payment=payment, groups=groups, declines=list(DECLINES.items()))


@bp.post("/<reference>/answer")
def answer(reference):
    """A button was pressed: book it, tell the shop as the scenario says, and send the browser back."""
    name = request.form.get("scenario", "before")
    status, scenario = PRESSES.get(request.form.get("press", "")), SCENARIOS.get(name)
    reason = request.form.get("reason", "card_declined") if status == books.DECLINED else ""
    if status is None or scenario is None or (reason and reason not in DECLINES):
        raise Invalid("The payment service does not know this button.")
    with transaction("sandbox_answer"):
        payment = books.session_of(reference, lock=True)
        if books.state_of(payment) == books.OPEN:
            payment.scenario = name
            says = rehearsal.notice_of if payment.player else None
            notices = [notice.id for notice in books.answer(payment, status, scenario, reason=reason, says=says)]
        else:
            notices = []  # pressed twice: the first press counts; or too late
    delays = [notice.after for notice in scenario.notices]
    waiting = soon(current_app._get_current_object(), list(zip(notices, delays, strict=False)))
    if scenario.early:
        concurrent.futures.wait(waiting, timeout=5)
    return _way_back(books.session_of(reference), scenario.back)


def _way_back(payment, how):
    """How the browser leaves the gateway's page, if it does."""
    if payment.player and how:
        return _played_way_back(payment)
    if how == NOWHERE:
        return render_template("sandbox/no_return.html", payment=payment)
    if how == LINK:
        return render_template("sandbox/elsewhere.html", payment=payment, back=_back_url(payment, SIGNED))
    if how == POST:
        url, _, query = _back_url(payment, SIGNED).partition("?")
        return render_template(
            "sandbox/post_back.html", payment=payment, url=url, fields=parse_qsl(query, keep_blank_values=True)
        )
    return redirect(_back_url(payment, how), code=303)


def _played_way_back(payment):
    """As the service goes back that is played here."""
    step = rehearsal.way_back(payment)
    if isinstance(step, str):
        return redirect(step, code=303)
    facts = {"url": step.action, "fields": step.fields, "charset": step.charset}
    return render_template("sandbox/post_back.html", payment=payment, **facts)


@api.post("/statuses")
def statuses():
    """What the gateway knows of many, for the shop's server; of what is out of order, nothing."""
    asked = books.checked(request.form.to_dict())
    try:
        references = [str(reference) for reference in json.loads(asked.get("references", ""))]
    except (ValueError, TypeError, RecursionError):
        raise Invalid("The references are missing.") from None
    return jsonify(books.signed({"kind": "answer", "answers": json.dumps(afterwards.answers_to(references))}))


@api.post("/<reference>/status")
def status(reference):
    """What the gateway knows, for the shop's server."""
    books.checked(request.form.to_dict())
    try:
        payment = books.session_of(reference)
    except NotFound:
        return jsonify(books.signed({"kind": "answer", "reference": reference, "status": "unknown"}))
    if payment.unreachable:
        return _instead_of_the_truth(payment)
    return jsonify(books.signed(afterwards.answer_of(payment)))


@api.post("/<reference>/close")
def close(reference):
    """The shop ends a session: it cannot be paid any more, unless it is already."""
    books.checked(request.form.to_dict())
    with transaction("sandbox_close"):
        try:
            payment = books.session_of(reference, lock=True)
        except NotFound:
            return jsonify(books.signed({"kind": "answer", "reference": reference, "status": "unknown"}))
        _play_dead(payment)
        if books.state_of(payment) == books.OPEN and _row_of(payment).closes:
            payment.status = books.CLOSED
    return jsonify(books.signed({"kind": "answer", "reference": reference, "status": books.state_of(payment)}))


@api.post("/<reference>/refund")
def refund(reference):
    """The shop sends money back, once per key."""
    asked = books.checked(request.form.to_dict())
    if not asked.get("amount", "").isdigit() or not asked.get("key"):
        raise Invalid("A refund needs an amount and a key.")
    with transaction("sandbox_refund"):
        payment = books.session_of(reference, lock=True)
        _play_dead(payment)
        done = books.refund(payment, int(asked["amount"]), asked["key"])
    return jsonify(books.signed({"kind": "answer", "reference": reference, **done}))


@api.post("/<reference>/refund-status")
def refund_status(reference):
    """What became of the refund with the shop's key."""
    asked = books.checked(request.form.to_dict())
    payment = books.session_of(reference)
    _play_dead(payment)
    done = payment.refunds.get(asked.get("key", ""))
    said = {"result": "done", "id": done["id"], "amount": str(done["amount"])} if done else {"result": "never_arrived"}
    return jsonify(books.signed({"kind": "answer", "reference": reference, **said}))


@api.post("/<reference>/capture")
@api.post("/<reference>/void")
def operate(reference):
    """The shop takes what was authorized, or gives it up, once per key."""
    asked = books.checked(request.form.to_dict())
    with transaction("sandbox_operate"):
        payment = books.session_of(reference, lock=True)
        _play_dead(payment)
        done = books.operate(payment, request.path.rpartition("/")[2], asked.get("key", ""))
    return jsonify(books.signed({"kind": "answer", "reference": reference, **done}))


def _row_of(payment):
    """The scenario that was chosen for a session; the first before anything was."""
    return SCENARIOS.get(payment.scenario, SCENARIOS["before"])


def _play_dead(payment):
    if payment.unreachable:
        raise Unavailable("The payment service is down, as the scenario asked.")


def _instead_of_the_truth(payment):
    """What a question gets from a service that is broken in the way of the scenario."""
    how = _row_of(payment).answers
    if how == SLOW:
        time.sleep(SLOWNESS)
    if how == NONSENSE:
        return Response("<html><p>Welcome to your new web server!", content_type="text/html")
    if how == HUGE:
        return Response(("x" * 65536 for _ in range(96)), content_type="application/json")
    if how == BROKEN:
        return Response('{"error": "NullPointerException"}', status=500, content_type="application/json")
    raise Unavailable("The payment service is down, as the scenario asked.")


def _back_url(payment, how):
    """The shop's own address for this end; signed as the return of a well-built gateway is."""
    state = books.state_of(payment)
    if payment.player:
        step = rehearsal.way_back(payment)
        return step if isinstance(step, str) else str(payment.fields["cancel_url"])
    hints = {books.PAID: "ok", PENDING: "ok", AUTHORIZED: "ok", books.DECLINED: "error"}
    url = payment.fields[f"{'ok' if how == CLAIM else hints.get(state, 'cancel')}_url"]
    if how in (PLAIN, CLAIM) or state in (books.OPEN, books.CLOSED):
        return url
    return f"{url}?{urlencode(books.message(payment, 'return'))}"


@bp.before_request
def _allow_the_way_back():
    """The button's form ends at the shop's return address, which is the shop's public one."""
    public = urlsplit(current_app.config["PUBLIC_URL"])
    g.form_action = (f"{public.scheme}://{public.netloc}",)
