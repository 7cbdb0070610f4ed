"""An order's own page, found by its key: what it is, where it stands, and what can be done about it."""

from datetime import timedelta

from flask import Blueprint, flash, jsonify, make_response, redirect, render_template, request, url_for
from flask_babel import gettext as _
from sqlalchemy import select

from storefront import cart, catalog, customers, orders, payments, taxes
from storefront.customers.views import current_customer, customers_only
from storefront.kit import clock
from storefront.kit.db import db, transaction
from storefront.kit.errors import Conflict
from storefront.kit.limits import limiter
from storefront.orders.models import Order
from storefront.orders.states import CLOSED
from storefront.orders.wording import LABELS, REASONS, state_in_words

bp = Blueprint("orders", __name__)
ADDRESS_SHOWN_FOR = timedelta(days=14)


@bp.get("/orders/<key>")
@limiter.limit("120 per minute")
def show(key):
    """The order for its shopper: one page for ever, on every device."""
    return page(orders.by_key(key))


def page(order, problem=""):
    """The order's page as it stands now; with the reason why something could not be done."""
    stage = orders.stage_of(order)
    return render_template(
        "orders/show.html",
        problem=problem,
        order=order,
        stage=stage,
        taxes=taxes.of_order(order.id),
        short=_short(order) if order.status in CLOSED and stage.may_pay else {},
        refunds=payments.refunds_of(order.id),
        lines_of=customers.lines,
        whole_address=_may_see_address(order),
        cart_now=_changed_cart(order),
        successor=order.superseded_by_order_id and db.session.get(Order, order.superseded_by_order_id),
        reasons=REASONS,
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
    try:
        with transaction():
            orders.cancel_by_shopper(order.id)
    except Conflict as error:
        return page(orders.by_key(key), problem=error.message), 409
    flash(_("Order %(number)s is cancelled. Nothing was charged.", number=order.number), "ok")
    return redirect(url_for("orders.show", key=key), code=303)


@bp.post("/orders/<key>/keep")
def keep(key):
    """Keep the goods a little longer."""
    order = orders.by_key(key)
    try:
        with transaction():
            orders.keep(order.id)
    except Conflict as error:
        return page(orders.by_key(key), problem=error.message), 409
    return redirect(url_for("orders.show", key=key), code=303)


@bp.get("/account/orders")
@customers_only
def mine(person):
    """The orders of whoever is signed in, newest first."""
    found = db.session.scalars(
        select(Order).filter_by(customer_id=person.id).order_by(Order.placed_at.desc()).limit(100)
    ).all()
    return render_template("orders/mine.html", orders=found, state_in_words=state_in_words)


def _changed_cart(order):
    """The cart that the order came from as it is now, priced, if other things are in it than in the order."""
    basket = cart.current()
    if basket is None or basket.id != order.cart_id or not basket.lines:
        return None
    now, then = ({(line.variant_id, line.qty) for line in thing.lines} for thing in (basket, order))
    return None if now == then else cart.quote(basket)


def _short(order):
    """SKU: how many are left, of what a closed order would need more of than there is."""
    offers = catalog.offers({line.variant_id for line in order.lines if line.variant_id}, order.currency)
    left = {line.sku: _left(offers.get(line.variant_id)) for line in order.lines}
    return {
        line.sku: left[line.sku] for line in order.lines if left[line.sku] is not None and left[line.sku] < line.qty
    }


def _left(offer):
    """How many can be had of an offer; None when nobody counts."""
    return offer.available if offer and offer.on_sale else 0


def _may_see_address(order):
    person = current_customer()
    owner = person is not None and person.id == order.customer_id
    return owner or clock.now() < order.placed_at + ADDRESS_SHOWN_FOR
