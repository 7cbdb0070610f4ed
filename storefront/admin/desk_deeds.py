"""What staff decide at the desk: each deed has a page that says what will happen, and is done once."""

from itertools import chain

from flask import flash, g, redirect, render_template, request, url_for
from flask_babel import gettext as _

from storefront import desk, payments
from storefront.admin import audit
from storefront.admin.desk_page import facts_of, page_of_row
from storefront.admin.order_deeds import line, send_captures, send_each
from storefront.admin.room import bp, deed, status_of
from storefront.desk.wording import BUTTONS
from storefront.kit.db import db
from storefront.kit.errors import Conflict, Invalid, NotFound, ShopError
from storefront.orders.models import Order
from storefront.orders.states import AUTHORIZED_ONLY
from storefront.payments.reasons import (
    ACCEPT,
    AGAIN,
    BY_HAND,
    CANCEL,
    DONE,
    HAPPENED,
    MOVE,
    NEVER_HAPPENED,
    OFFER,
    REFUND,
    REST,
    VOID,
    WAIT,
)

DAYS = {WAIT: 7, OFFER: 7, REST: 7}  # what the field begins with


@bp.post("/desk/<int:row_id>/take")
def take_desk_row(row_id):
    """I look at it: the others see my name."""
    try:
        with deed():
            row = desk.assign(row_id, actor=g.login)
            audit.record("take", f"desk {row_id}", after={"reason": row.reason})
    except Conflict as problem:
        return page_of_row(row_id, problem)
    return redirect(url_for("admin.desk_row", row_id=row_id), code=303)


@bp.route("/desk/<int:row_id>/<action>", methods=["GET", "POST"])
def desk_deed(row_id, action):
    """Say what it does; then do it."""
    case = desk.look_at(row_id)
    if action not in _VERBS:
        raise NotFound(_("There is no such deed."))
    if action not in desk.allowed(case):
        return page_of_row(row_id, _too_late(case))
    if request.method == "GET":
        return _ask(row_id, action)
    try:
        with deed():
            asked = _asked(_VERBS[action](row_id), {case.row.order_id})
            after = {"reason": case.row.reason, "decision": case.row.decision or action, **_typed()}
            audit.record(f"desk: {action}", f"desk {row_id}", {"state": "OPEN"}, after)
    except Invalid as problem:
        return _ask(row_id, action, problem)
    except Conflict as problem:
        return page_of_row(row_id, problem)
    flash(_said(action, case.row.reason), "ok")
    send_each(asked)
    if case.row.order_id:
        send_captures(case.row.order_id)
    return redirect(url_for("admin.desk_list"), code=303)


def _ask(row_id, action, problem: ShopError | None = None):
    """The page before a deed, with its fields and what stood in the way."""
    if problem:
        db.session.rollback()
    case = desk.look_at(row_id)
    html = render_template(
        "admin/desk_deed.html",
        action=action,
        title=BUTTONS[action],
        days=request.form.get("days", DAYS.get(action, "")),
        problem=problem,
        **facts_of(case),
    )
    return html, status_of(problem) if problem else 200


def _too_late(case):
    decided = case.row.status != "OPEN"
    words = _("Somebody has decided about this already.") if decided else _("This cannot be done any more.")
    return Conflict(words, state=case.row.decision or (case.order.status if case.order else ""))


def _days():
    text = request.form.get("days", "").strip()
    if not (text.isascii() and text.isdigit() and len(text) < 5):
        sentence = _("Enter a whole number of days.")
        raise Invalid(sentence, fields={"days": [sentence]})
    return int(text)


def _instead():
    """The article that is offered, if one was filled in."""
    sku = line("sku", 80)
    if not sku:
        return None
    quantity, line_id = request.form.get("qty", "").strip(), request.form.get("line", "")
    if not (quantity.isascii() and quantity.isdigit() and len(quantity) < 6):
        sentence = _("Enter a whole number.")
        raise Invalid(sentence, fields={"qty": [sentence]})
    chosen = int(line_id) if line_id.isascii() and line_id.isdigit() and len(line_id) < 19 else 0
    return desk.Instead(chosen, sku, int(quantity), "waive" in request.form)


def _move(row_id):
    ok = "difference" in request.form
    return desk.move(row_id, line("number", 40), difference_ok=ok, actor=g.login)


def _typed():
    """What was filled in, for the trail."""
    filled = (name for name in ("number", "days", "note", "sku", "qty") if request.form.get(name))
    return {name: request.form[name][:100] for name in filled}


def _said(action, reason):
    if (action, reason) == (ACCEPT, AUTHORIZED_ONLY):
        return _("The payment service is asked for the reserved sum. The order goes on when it has come.")
    return {
        ACCEPT: _("The order is accepted and goes to packing."),
        REFUND: _("The money goes back where it came from."),
        MOVE: _("The money pays the other order, which goes to packing."),
        OFFER: _("The shopper is asked by a letter, and chooses on the page of the order."),
        WAIT: _("It waits. You are told again before its day."),
        CANCEL: _("The order is cancelled."),
        DONE: _("It has left the desk."),
        REST: _("The shopper is asked by a letter, and pays on the page of the order."),
        VOID: _("The reserved sum is given up."),
        AGAIN: _("The refund is tried again."),
        BY_HAND: _("Noted: the customer has the money."),
        HAPPENED: _("Noted: it was done."),
        NEVER_HAPPENED: _("Noted: it was not done, and the sum is still reserved."),
    }[action]


def _asked(given, order_ids):
    """The ids of the refunds that a deed has asked for: those that it gave, or those of its orders."""
    concerned = (order_ids | ({given.id} if isinstance(given, Order) else set())) - {None}
    refunds = given if isinstance(given, list) else chain(*(payments.refunds_of(one) for one in sorted(concerned)))
    return [refund.id for refund in refunds if refund.status == "REQUESTED"]


_VERBS = {
    ACCEPT: lambda row_id: desk.accept(row_id, actor=g.login),
    REFUND: lambda row_id: desk.refund(row_id, actor=g.login),
    MOVE: _move,
    OFFER: lambda row_id: desk.offer(row_id, _days(), actor=g.login, instead=_instead()),
    WAIT: lambda row_id: desk.wait(row_id, _days(), actor=g.login),
    CANCEL: lambda row_id: desk.cancel(row_id, actor=g.login),
    DONE: lambda row_id: desk.done(row_id, actor=g.login),
    REST: lambda row_id: desk.ask_rest(row_id, _days(), actor=g.login),
    VOID: lambda row_id: desk.void(row_id, actor=g.login),
    AGAIN: lambda row_id: desk.try_again(row_id, actor=g.login),
    BY_HAND: lambda row_id: desk.by_hand(row_id, actor=g.login),
    HAPPENED: lambda row_id: desk.happened(row_id, actor=g.login),
    NEVER_HAPPENED: lambda row_id: desk.never_happened(row_id, actor=g.login),
}
