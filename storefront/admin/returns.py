"""Goods that come back: received, put on the shelf or not, and paid back, exchanged or declined, on one page."""

from flask import flash, g, redirect, render_template, request, url_for
from flask_babel import gettext as _

from storefront import checkout, customers, orders as verbs
from storefront.admin import audit, goods_verbs
from storefront.admin.order_deeds import back, line, paragraph, send_back
from storefront.admin.order_page import order_by, page_of, shown_with
from storefront.admin.parcels import counts
from storefront.admin.room import bp, deed, status_of
from storefront.kit import events, money
from storefront.kit.db import db
from storefront.kit.errors import Conflict, Invalid, ShopError
from storefront.orders.models import Order

MOST_LETTERS = 300
ROWS = 3  # articles of one exchange


@bp.route("/orders/<number>/returns/new", methods=["GET", "POST"])
def new_return(number):
    """Something has come back that nobody had announced: what it is; then its page."""
    found = order_by(number)
    most = verbs.returnable_units(found)
    if request.method == "GET":
        if not most:
            return page_of(number, Conflict(_("Nothing of this order is out of the house."), state=found.status))
        return render_template("admin/new_return.html", order=found, most=most, problem=None, **shown_with(found))
    try:
        units, reason = counts("qty-"), line("reason", MOST_LETTERS)
        with deed():
            coming = verbs.announce_return(found.id, units, reason, actor=g.login)
            audit.record("new return", f"order {number}", after={"return": coming.id, **_named(units)})
            return_id = coming.id
    except (Conflict, Invalid) as problem:
        found = order_by(number)
        shown = {"order": found, "most": most, "problem": problem, **shown_with(found)}
        return render_template("admin/new_return.html", **shown), status_of(problem)
    return redirect(url_for("admin.order_return", number=number, return_id=return_id), code=303)


@bp.get("/orders/<number>/returns/<int:return_id>")
def order_return(number, return_id):
    """One return, and what can be done about it now."""
    return _page(number, return_id)


@bp.post("/orders/<number>/returns/<int:return_id>/receive")
def receive_return(number, return_id):
    """So many have arrived, and so many of them lie on the shelf again."""
    try:
        received, restock = counts("came-"), counts("back-")
        _do(number, return_id, "receive return", verbs.receive_return, received, restock, came=_named(received))
    except (Conflict, Invalid) as problem:
        return _page(number, return_id, problem)
    flash(_("The goods are received. Decide now what goes back."), "ok")
    return redirect(url_for("admin.order_return", number=number, return_id=return_id), code=303)


@bp.post("/orders/<number>/returns/<int:return_id>/settle")
def settle_return(number, return_id):
    """What goes back for it: the sum that was typed, or nothing."""
    found = verbs.by_number(number)
    try:
        amount = 0 if "nothing" in request.form else _sum(request.form.get("amount", ""), found.currency)
        reason = line("reason", MOST_LETTERS)
        _do(number, return_id, "settle return", verbs.settle_return, amount, reason, amount_minor=amount)
    except (Conflict, Invalid) as problem:
        return _page(number, return_id, problem)
    flash(_("The return is settled.") if not amount else _("The return is settled, and the money goes back."), "ok")
    send_back(number)
    return back(number, "#returns")


@bp.post("/orders/<number>/returns/<int:return_id>/exchange")
def exchange_return(number, return_id):
    """Other goods are sent instead: an order of its own, which what came back pays first."""
    try:
        found = verbs.return_of(verbs.by_number(number), return_id)
        with events.acting_as("staff", g.login):
            placed = checkout.exchange(found.id, _goods(), free_delivery="free" in request.form, actor=g.login)
            made = placed.number
        with deed():
            audit.record("exchange", f"order {number}", after={"return": return_id, "replacement": made})
    except ShopError as problem:
        return _page(number, return_id, problem)
    flash(_("Order %(number)s replaces what came back.", number=made), "ok")
    return back(made)


@bp.post("/orders/<number>/returns/<int:return_id>/decline")
def decline_return(number, return_id):
    """It is not taken back; the shopper reads why."""
    try:
        note = paragraph("note")
        if not note:
            raise Invalid(_("Say why: it stands in the letter."))
        _do(number, return_id, "decline return", verbs.decline_return, note, note=note)
    except (Conflict, Invalid) as problem:
        return _page(number, return_id, problem)
    flash(_("The return is declined. The shopper is told why."), "ok")
    return back(number, "#returns")


def _do(number, return_id, action, verb, *what, **facts):
    with deed():
        found = verbs.locked(verbs.by_number(number).id)
        verbs.return_of(found, return_id)
        verb(return_id, *what, g.login)
        audit.record(action, f"order {number}", after={"return": return_id, **facts})


def _page(number, return_id, problem: ShopError | None = None):
    if problem:
        db.session.rollback()
    found: Order = order_by(number)
    coming = verbs.return_of(found, return_id)
    html = render_template(
        "admin/return.html",
        order=found,
        coming=coming,
        suggested=verbs.suggested_refund(coming) if coming.status == "RECEIVED" else 0,
        most=verbs.refundable_of(found),
        replacement=coming.replacement_order_id and db.session.get(Order, coming.replacement_order_id),
        problem=problem,
        **shown_with(found),
    )
    return html, status_of(problem) if problem else 200


def _sum(text, currency):
    amount = money.parsed(text, currency) if text.strip() else 0
    if amount <= 0:
        raise Invalid(_("Enter a sum above zero"))
    return amount


def _named(units):
    return {str(line_id): count for line_id, count in units.items()}


def _goods():
    """SKU: how many, of the rows that were filled in. Raises Invalid."""
    goods: dict[str, int] = {}
    for row in range(1, ROWS + 1):
        count = request.form.get(f"count-{row}", "") or "1"
        if sku := customers.plain_line(request.form.get(f"sku-{row}", "")):
            goods[sku] = goods.get(sku, 0) + goods_verbs.whole(count, most=9999, least=1)
    if not goods:
        raise Invalid(_("Say what is sent instead."))
    return goods
