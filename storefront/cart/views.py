"""The cart's page and its three deeds: add, change, remove."""

from flask import Blueprint, flash, jsonify, make_response, redirect, render_template, request, session, url_for
from flask_babel import gettext as _
from markupsafe import Markup, escape

from storefront import cart, catalog, shipping
from storefront.cart.service import StaleCart
from storefront.kit.db import transaction
from storefront.kit.errors import Conflict, Invalid, NotFound

bp = Blueprint("cart", __name__)
_REMOVED = "removed_line"


@bp.get("/cart")
def show():
    """What is in it, and what it costs now; after a removal, with the way to undo it."""
    return _page(removed=_removed() if "removed" in request.args else None)


@bp.post("/cart/lines")
def add():
    """Put something in; back on the product with a message."""
    quantity = cart.parse_quantity(request.form.get("quantity") or "1")
    with transaction():
        clamped = cart.add(cart.current_or_new(), _sku(), quantity)
    if clamped.why:
        flash(clamped.why, "warn")
    flash(_added(clamped.name), "ok")
    return redirect(_back() or url_for("cart.show"), code=303)


@bp.post("/cart/lines/<int:line_id>")
def change(line_id):
    """Set a quantity; 0, or the button Remove, takes the line out."""
    basket = cart.current()
    if basket is None:
        raise NotFound(_("This line is not in your cart any more."))
    wanted = "0" if "remove" in request.form else request.form.get("quantity", "")
    try:
        quantity = cart.parse_quantity(wanted, least=0)
        before = {line.id: [line.variant_id, line.qty] for line in basket.lines}
        with transaction():
            clamped = cart.change(basket, line_id, quantity, _version())
    except Invalid as error:
        return _page(problem=error.message, line_id=line_id, typed=wanted), 400
    except StaleCart as error:
        return _page(problem=error.message, line_id=line_id, typed=wanted, stale=True), 409
    if clamped is None:
        session[_REMOVED] = before[line_id]
        return redirect(url_for("cart.show", removed=1), code=303)
    if clamped.why:
        flash(clamped.why, "warn")
    return redirect(url_for("cart.show"), code=303)


@bp.get("/cart/status")
def status():
    """The version of the cart, for pages that watch whether another tab has changed it."""
    badge = cart.badge()
    answer = make_response(
        jsonify(state=str(badge["cart_version"]), version=badge["cart_version"], count=badge["cart_count"])
    )
    answer.set_etag(f"cart-{badge['cart_version']}")
    return answer.make_conditional(request)


def _page(**what):
    basket = cart.current()
    quote = cart.quote(basket) if basket and basket.lines else None
    return render_template("cart/show.html", quote=quote, delivery=quote and _delivery(quote), **what)


def _delivery(quote):
    """The cheapest delivery at home, as long as no address is known."""
    if quote.shipping_minor is not None or not quote.requires_shipping:
        return None
    weight = sum(line.offer.weight_g * line.quantity for line in quote.lines if line.offer.requires_shipping)
    return shipping.usual_delivery(weight, quote.goods_minor - quote.discount_minor)


def _removed():
    """What was taken out last, to be put back: its offer and how many it was."""
    variant_id, qty = session.get(_REMOVED, (None, 0))
    basket = cart.current()
    offer = catalog.offers([variant_id], basket.currency).get(variant_id) if variant_id and basket else None
    return (offer, qty) if offer and offer.on_sale else None


def _sku():
    sku = request.form.get("sku", "").strip()
    if not sku or len(sku) > 200:
        raise Conflict(_("Choose what you would like first."), state="no_choice")
    return sku


def _version():
    typed = request.form.get("version", "")
    return int(typed) if typed.isascii() and typed.isdigit() and len(typed) < 10 else -1


def _back():
    """The page that asked, if it was a product of ours: named by its slug, never an address from outside."""
    slug = request.form.get("slug", "")
    return url_for("catalog.product", slug=slug) if slug and len(slug) < 300 else None


def _added(name):
    return Markup('{} <a href="/cart">{}</a> · <a href="/checkout/address">{}</a>').format(
        escape(_("%(name)s is in your cart.", name=name)), _("View cart"), _("Go to checkout")
    )
