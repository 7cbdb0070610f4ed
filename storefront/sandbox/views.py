"""The gateway's pages and its three server addresses: status, close, refund."""

import concurrent.futures
import json
from urllib.parse import urlencode, urlsplit

from flask import Blueprint, current_app, g, jsonify, redirect, render_template, request, url_for

from storefront.kit.db import transaction
from storefront.kit.errors import Invalid, NotFound, Unavailable
from storefront.sandbox import books
from storefront.sandbox.delivery import soon
from storefront.sandbox.scenarios import DECLINES, SCENARIOS

bp = Blueprint("sandbox", __name__, url_prefix="/sandbox")
api = Blueprint("sandbox_api", __name__, url_prefix="/sandbox")
PRESSES = {"pay": books.PAID, "decline": books.DECLINED, "cancel": books.CANCELLED}


@api.post("/<reference>")
def receive(reference):
    """The shop's form arrives in the shopper's browser; its signature is its ticket."""
    with transaction():
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
    scenarios = [(code, scenario.label) for code, scenario in SCENARIOS.items()]
    return render_template("sandbox/page.html", payment=payment, scenarios=scenarios, declines=list(DECLINES.items()))


@bp.post("/<reference>/answer")
def answer(reference):
    """A button was pressed: book it, tell the shop as the scenario says, and send the browser back."""
    status, scenario = PRESSES.get(request.form.get("press", "")), SCENARIOS.get(request.form.get("scenario", "before"))
    reason = request.form.get("reason", "card_declined") if status == books.DECLINED else ""
    if status is None or scenario is None or (reason and reason not in DECLINES):
        raise Invalid("The payment service does not know this button.")
    with transaction():
        payment = books.session_of(reference, lock=True)
        if books.state_of(payment) == books.OPEN:
            notices = books.answer(payment, status, scenario, reason=reason)
        else:
            notices = []  # pressed twice: the first press counts; or too late
    waiting = soon(current_app._get_current_object(), notices, [after for after, _ in scenario.notices][: len(notices)])
    if scenario.early:
        concurrent.futures.wait(waiting, timeout=5)
    payment = books.session_of(reference)
    if not scenario.back:
        return render_template("sandbox/no_return.html", payment=payment)
    return redirect(_back_url(payment, scenario.back), code=303)


@api.post("/<reference>/status")
def status(reference):
    """What the gateway knows, for the shop's server."""
    books.checked(request.form.to_dict())
    try:
        payment = books.session_of(reference)
    except NotFound:
        return jsonify(books.signed({"kind": "answer", "reference": reference, "status": "unknown"}))
    _play_dead(payment)
    refunds = {done["id"]: str(done["amount"]) for done in payment.refunds.values()}
    fields = {**books.message(payment, "answer"), "refunds": json.dumps(refunds)}
    return jsonify(books.signed({name: value for name, value in fields.items() if name != "signature"}))


@api.post("/<reference>/close")
def close(reference):
    """The shop ends a session: it cannot be paid any more, unless it is already."""
    books.checked(request.form.to_dict())
    with transaction():
        try:
            payment = books.session_of(reference, lock=True)
        except NotFound:
            return jsonify(books.signed({"kind": "answer", "reference": reference, "status": "unknown"}))
        _play_dead(payment)
        if books.state_of(payment) == books.OPEN:
            payment.status = books.CLOSED
    return jsonify(books.signed({"kind": "answer", "reference": reference, "status": books.state_of(payment)}))


@api.post("/<reference>/refund")
def refund(reference):
    """The shop sends money back, once per key."""
    asked = books.checked(request.form.to_dict())
    if not asked.get("amount", "").isdigit() or not asked.get("key"):
        raise Invalid("A refund needs an amount and a key.")
    with transaction():
        payment = books.session_of(reference, lock=True)
        _play_dead(payment)
        done = books.refund(payment, int(asked["amount"]), asked["key"])
    return jsonify(books.signed({"kind": "answer", "reference": reference, **done}))


def _play_dead(payment):
    if payment.unreachable:
        raise Unavailable("The payment service is down, as the scenario asked.")


def _back_url(payment, how):
    """The shop's own address for this end; signed as the return of a well-built gateway is."""
    state = books.state_of(payment)
    hint = "ok" if state == books.PAID else "error" if state == books.DECLINED else "cancel"
    url = payment.fields[f"{hint}_url"]
    if how != "signed" or state in (books.OPEN, books.CLOSED):
        return url
    return f"{url}?{urlencode(books.message(payment, 'return'))}"


@bp.before_request
def _allow_the_way_back():
    """The button's form ends at the shop's return address, which is the shop's public one."""
    public = urlsplit(current_app.config["PUBLIC_URL"])
    g.form_action = (f"{public.scheme}://{public.netloc}",)
