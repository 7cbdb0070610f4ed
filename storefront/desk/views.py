"""The shopper's choice on the order's page, when the goods of a paid order are gone."""

from flask import Blueprint, flash, redirect, request, url_for
from flask_babel import gettext as _

from storefront import desk, orders
from storefront.kit.db import db, transaction
from storefront.kit.errors import Conflict, Invalid, NotFound
from storefront.kit.limits import limiter
from storefront.orders.models import Order
from storefront.orders.views import page
from storefront.payments.reasons import INSTEAD, REFUND

bp = Blueprint("desk", __name__)


@bp.post("/orders/<key>/choose")
@limiter.limit("20 per minute")
def choose(key):
    """Wait for the goods, take the article that was offered, or have the money back."""
    order, choice = orders.by_key(key), request.form.get("choice", "")
    try:
        with transaction("choose_on_desk"):
            desk.answer(order.id, choice)
    except (Conflict, Invalid, NotFound) as error:
        return page(orders.by_key(key), problem=error.message), 400 if isinstance(error, Invalid) else 409
    if choice == INSTEAD:
        flash(_("Thank you: this order goes to packing instead."), "ok")
        return redirect(url_for("orders.show", key=_newer(orders.by_key(key)).key), code=303)
    back = _("Your money goes back to where it came from.")
    flash(back if choice == REFUND else _("We keep your money safe, and send the goods when they are back."), "ok")
    return redirect(url_for("orders.show", key=key), code=303)


def _newer(order):
    return db.session.get_one(Order, order.superseded_by_order_id)
