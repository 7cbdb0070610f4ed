"""An order's own page, found by its key: what it is, where it stands, and what can be done about it."""

from datetime import timedelta

from flask import Blueprint, flash, redirect, render_template, url_for
from flask_babel import gettext as _
from flask_login import current_user

from storefront import cart, catalog, customers, orders, payments, taxes
from storefront.cart import shelf
from storefront.customers.forms import CreateForm
from storefront.customers.views import current_customer
from storefront.kit import clock
from storefront.kit.db import db, transaction
from storefront.kit.errors import Conflict
from storefront.kit.limits import limiter
from storefront.orders.explaining import explained
from storefront.orders.models import Order
from storefront.orders.stage import PAID
from storefront.orders.states import CLOSED
from storefront.orders.wording import REASONS

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
    sent = any(parcel.shipped_at for parcel in order.shipments)
    waiting = payments.desk_rows_of(order.id) if stage.strays else []
    return render_template(
        "orders/show.html",
        asked=next((row for row in waiting if payments.shopper_choices(row)), None),
        problem=problem,
        order=order,
        stage=stage,
        taxes=taxes.of_order(order.id),
        figures=explained(order),
        short=_short(order) if order.status in CLOSED and stage.may_pay else {},
        refunds=payments.refunds_of(order.id),
        tracking_links=orders.tracking_links(order.shipments),
        returns=orders.returns_of(order.id) if sent else [],
        may_return=bool(sent and orders.may_announce(order)),
        lines_of=customers.lines,
        whole_address=_may_see_address(order),
        cart_now=_changed_cart(order),
        put_back=orders.may_put_back(order) and _is_missing_in_cart(order),
        account=_new_account(order) if stage.word == PAID else None,
        successor=order.superseded_by_order_id and db.session.get(Order, order.superseded_by_order_id),
        reasons=REASONS,
        now=clock.now(),
    )


def unanswered(order, error, problem=""):
    """The page of an order whose payment service does not answer, and when to try again; with a reason if it needs one.

    Status 503: whoever reads only that knows that nothing has begun.
    """
    return page(order, problem=problem), 503, {"Retry-After": str(error.data.get("retry_after", 30))}


@bp.post("/orders/<key>/cancel")
@limiter.limit("60 per minute")
def cancel(key):
    """The shopper does not want it any more; the cart stays."""
    order = orders.by_key(key)
    try:
        with transaction("cancel_order"):
            orders.cancel_by_shopper(order.id)
    except Conflict as error:
        return page(orders.by_key(key), problem=error.message), 409
    flash(_("Order %(number)s is cancelled. Nothing was charged.", number=order.number), "ok")
    return redirect(url_for("orders.show", key=key), code=303)


@bp.post("/orders/<key>/keep")
@limiter.limit("60 per minute")
def keep(key):
    """Keep the goods a little longer."""
    order = orders.by_key(key)
    try:
        with transaction("keep_goods"):
            orders.keep(order.id)
    except Conflict as error:
        return page(orders.by_key(key), problem=error.message), 409
    return redirect(url_for("orders.show", key=key), code=303)


@bp.post("/orders/<key>/link")
@limiter.limit("5 per hour")
def replace_link(key):
    """Somebody else has the link: it is replaced. Only whoever placed the order is led on; the rest is a letter."""
    order = orders.by_key(key)
    led_on = _is_ours(order)
    with transaction("replace_link"):
        new_key = orders.replace_link(order.id).key
    if not led_on:
        flash(_("The old link does not work any more. The new one is on its way to the e-mail of the order."), "ok")
        return redirect("/", code=303)
    flash(_("The old link does not work any more. Keep the new one to yourself; it also comes by e-mail."), "ok")
    return redirect(url_for("orders.show", key=new_key), code=303)


@bp.post("/orders/<key>/put-back")
@limiter.limit("30 per minute")
def put_back(key):
    """What a closed order asked for goes into the visitor's cart, once; whoever asks again finds it done."""
    order = orders.by_key(key)
    try:
        return order_afresh(order)
    except Conflict as error:
        return page(orders.by_key(key), problem=error.message), 409


def order_afresh(order):
    """To the cart, with what a closed order asked for at the prices of today. Raises Conflict while it lives."""
    with transaction("put_back"):
        orders.locked(order.id)  # before any cart, as everybody does
        fewer = orders.put_back(order.id, cart.current_or_new())
    cart.tell(fewer or ())
    number = order.number
    if fewer is None:
        flash(_("What was in order %(number)s was put back into the cart before.", number=number), "info")
    else:
        flash(_("What was in order %(number)s is in your cart, at the prices of today.", number=number), "ok")
    return redirect(url_for("cart.show"), code=303)


def _changed_cart(order):
    """The cart that the order came from as it is now, priced, if other things are in it than in the order."""
    basket = cart.current()
    if basket is None or basket.id != order.cart_id or not basket.lines:
        return None
    return None if cart.goods_of(basket.lines) == cart.goods_of(order.lines) else cart.quote(basket)


def _is_missing_in_cart(order):
    """Whether anything of the order is not, or not so often, in the visitor's cart."""
    basket = cart.current()
    have = cart.goods_of(basket.lines) if basket else {}
    return any(qty > have.get(goods, 0) for goods, qty in cart.goods_of(order.lines).items())


def _new_account(order):
    """A password is all that a guest's account still lacks; for the browser that ordered, since it shows the e-mail."""
    has_one = order.customer_id or order.erased_at or current_user.is_authenticated
    if has_one or not _may_see_address(order) or not cart.is_own(order.cart_id):
        return None
    address, here = order.billing_address or order.shipping_address, url_for("orders.show", key=order.key)
    known = {"name": address.name if address else "", "email": order.email, "next": here}
    return CreateForm(formdata=None, data=known)


def _short(order):
    """SKU: how many are left, of what a closed order would need more of than there is."""
    wanted, basket = {line.variant_id for line in order.lines if line.variant_id}, cart.current()
    if basket is not None and basket.id == order.cart_id:  # what it keeps is within the order's reach
        offers = shelf.offers(basket, wanted)
    else:
        offers = catalog.offers(wanted, order.currency)
    left = {line.sku: _left(offers.get(line.variant_id)) for line in order.lines}
    return {
        line.sku: left[line.sku] for line in order.lines if left[line.sku] is not None and left[line.sku] < line.qty
    }


def _left(offer):
    """How many can be had of an offer; None when nobody counts."""
    return offer.available if offer and offer.on_sale else 0


def _is_ours(order):
    """Whether this browser is signed in as the order's customer, or has the cart that it was made of."""
    basket = cart.current()
    return _is_owner(order) or (basket is not None and basket.id == order.cart_id)


def _is_owner(order):
    person = current_customer()
    return person is not None and person.id == order.customer_id


def _may_see_address(order):
    return _is_owner(order) or clock.now() < order.placed_at + ADDRESS_SHOWN_FOR
