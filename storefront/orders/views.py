"""An order's own page, found by its key: what it is, where it stands, and what can be done about it."""

from datetime import timedelta

from flask import Blueprint, flash, jsonify, make_response, redirect, render_template, request, url_for
from flask_babel import gettext as _
from sqlalchemy import select

from storefront import cart, customers, orders, payments
from storefront.catalog.pictures import Picture
from storefront.customers.views import current_customer, customers_only
from storefront.kit import clock
from storefront.kit.db import db, transaction
from storefront.kit.limits import limiter
from storefront.orders.models import Order
from storefront.orders.wording import LABELS, state_in_words

bp = Blueprint("orders", __name__)
ADDRESS_SHOWN_FOR = timedelta(days=14)


@bp.get("/orders/<key>")
@limiter.limit("120 per minute")
def show(key):
    """The order for its shopper: one page for ever, on every device."""
    order = orders.by_key(key)
    stage = orders.stage_of(order)
    basket = cart.current()
    return render_template(
        "orders/show.html",
        order=order,
        stage=stage,
        refunds=payments.refunds_of(order.id),
        lines_of=customers.lines,
        picture_of=_picture,
        whole_address=_may_see_address(order),
        cart_differs=bool(basket and basket.lines and basket.id == order.cart_id and basket.version != order.cart_version),
        now=clock.now(),
    )


@bp.get("/orders/<key>/status")
@limiter.limit("120 per minute")
def status(key):
    """Small JSON with an ETag, which waiting pages ask for."""
    order = orders.by_key(key)
    stage = orders.stage_of(order)
    label = LABELS.get(stage.word)
    answer = make_response(
        jsonify(
            state=stage.word,
            version=order.version,
            label=str(label) if label else "",
            order=order.status,
            payment=order.payment_status,
            hold_until=stage.until.isoformat() if stage.until else None,
            cart_version=cart.badge()["cart_version"],
        )
    )
    answer.add_etag()
    return answer.make_conditional(request)


@bp.post("/orders/<key>/cancel")
def cancel(key):
    """The shopper does not want it any more; the cart stays."""
    order = orders.by_key(key)
    with transaction():
        orders.cancel_by_shopper(order.id)
    flash(_("Order %(number)s is cancelled. Nothing was charged.", number=order.number), "ok")
    return redirect(url_for("orders.show", key=key), code=303)


@bp.post("/orders/<key>/keep")
def keep(key):
    """Keep the goods a little longer."""
    order = orders.by_key(key)
    with transaction():
        orders.keep(order.id)
    return redirect(url_for("orders.show", key=key), code=303)


@bp.get("/account/orders")
@customers_only
def mine():
    """The orders of whoever is signed in, newest first."""
    person = current_customer()
    found = db.session.scalars(
        select(Order).filter_by(customer_id=person.id).order_by(Order.placed_at.desc()).limit(100)
    ).all()
    return render_template("orders/mine.html", orders=found, state_in_words=state_in_words)


def _picture(line):
    return Picture(line.image_key, "", 480, 600) if line.image_key else None


def _may_see_address(order):
    person = current_customer()
    owner = person is not None and person.id == order.customer_id
    return owner or clock.now() < order.placed_at + ADDRESS_SHOWN_FOR
