"""The shopper announces that something is to come back, and may change their mind until it has arrived."""

from flask import Blueprint, flash, redirect, render_template, request, url_for
from flask_babel import gettext as _

from storefront import customers, orders, store
from storefront.kit.db import transaction
from storefront.kit.errors import Conflict, Invalid
from storefront.kit.limits import limiter
from storefront.orders.views import page as order_page

bp = Blueprint("returns", __name__)
MOST_LETTERS = 500


@bp.route("/orders/<key>/return", methods=["GET", "POST"])
@limiter.limit("60 per minute")
def announce(key):
    """Which goods, and why; then where to send them."""
    order = orders.by_key(key)
    if request.method == "GET":
        return _form(order)
    try:
        units, reason = _typed()
        with transaction("announce_return"):
            orders.announce_return(order.id, units, reason)
    except Invalid as problem:
        return _form(orders.by_key(key), problem.message)
    flash(_("We expect your return. Where to send it stands in the letter, and on this page."), "ok")
    return redirect(url_for("orders.show", key=key) + "#returns", code=303)


@bp.post("/orders/<key>/returns/<int:return_id>/withdraw")
@limiter.limit("60 per minute")
def withdraw(key, return_id):
    """The shopper keeps the goods."""
    order = orders.by_key(key)
    try:
        with transaction("withdraw_return"):
            orders.withdraw_return(orders.return_of(orders.locked(order.id), return_id).id)
    except Conflict as problem:
        return order_page(orders.by_key(key), problem=problem.message), 409
    flash(_("The return is over. Keep the goods."), "ok")
    return redirect(url_for("orders.show", key=key) + "#returns", code=303)


def _form(order, problem=""):
    most = orders.may_announce(order)
    if not most:
        sentence = _("Nothing of this order can be sent back here any more. Write to us.")
        return order_page(order, problem=problem or sentence), 409
    shown = {"order": order, "most": most, "problem": problem, "shop": store.current()}
    return render_template("orders/return.html", **shown), 400 if problem else 200


def _typed():
    """Order line id: how many, and the reason. Raises Invalid for what is no number, or too long."""
    units: dict[int, int] = {}
    for name, text in request.form.items():
        if name.startswith("qty-") and text.strip():
            line_id, count = name.removeprefix("qty-"), text.strip()
            if not all(part.isascii() and part.isdigit() and len(part) < 10 for part in (line_id, count)):
                raise Invalid(_("Enter whole numbers."))
            units[int(line_id)] = int(count)
    reason = customers.plain_line(request.form.get("reason", ""))
    if len(reason) > MOST_LETTERS:
        raise Invalid(_("Shorten the reason to %(most)d letters", most=MOST_LETTERS))
    return units, reason
