"""The gateway's own console: its payments, refunds and disputes made there, and its settlement file."""

import concurrent.futures

from flask import Blueprint, Response, current_app, flash, redirect, render_template, request, url_for
from flask_babel import gettext as _
from sqlalchemy import select

from storefront.kit import money
from storefront.kit.db import db, transaction
from storefront.kit.errors import Invalid
from storefront.sandbox import afterwards, books, statement
from storefront.sandbox.delivery import soon
from storefront.sandbox.models import SandboxPayment

bp = Blueprint("sandbox_console", __name__, url_prefix="/sandbox")
SHOWN = 50


@bp.get("/console")
def payments():
    """The latest payments, with what can be done to each."""
    found = db.session.scalars(select(SandboxPayment).order_by(SandboxPayment.id.desc()).limit(SHOWN))
    rows = [(payment, afterwards.facts_of(payment), afterwards.left_of(payment)) for payment in found]
    return render_template("sandbox/console.html", rows=rows, paid=books.PAID)


@bp.post("/<reference>/console")
def deed(reference):
    """Something is done to a payment here, past the shop, which hears of it by notification, or by asking."""
    with transaction("sandbox_console"):
        payment = books.session_of(reference, lock=True)
        try:
            fact = _done(payment, request.form.get("do", ""), request.form.get("amount", ""))
        except Invalid as problem:
            flash(problem.message, "error")
            return redirect(url_for("sandbox_console.payments"), code=303)
        notices = [(afterwards.notice_of(payment, fact).id, 0)] if "quietly" not in request.form else []
    concurrent.futures.wait(soon(current_app._get_current_object(), notices), timeout=5)
    flash(_("Done: %(word)s, %(event)s.", word=fact.word.replace("_", " "), event=fact.event), "ok")
    return redirect(url_for("sandbox_console.payments"), code=303)


@bp.get("/settlement.csv")
def settlement():
    """What the gateway took, sent back, kept as fees and paid out, line by line."""
    text = statement.written(comma="comma" in request.args)
    headers = {"Content-Disposition": "attachment; filename=settlement.csv"}
    return Response(text, content_type="text/csv; charset=utf-8", headers=headers)


def _done(payment, what, typed):
    if what == "run_out":
        return afterwards.run_out(payment)
    if what == "win_back":
        return afterwards.win_back(payment)
    verb = {"refund": afterwards.send_back, "charge_back": afterwards.charge_back}.get(what)
    if verb is None:
        raise Invalid(_("The payment service does not know this button."))
    whole = afterwards.left_of(payment)
    return verb(payment, money.parsed(typed, payment.currency) if typed.strip() else whole)
