"""The cart's page and its three deeds: add, change, remove."""

from flask import Blueprint, flash, jsonify, make_response, redirect, render_template, request, url_for
from flask_babel import gettext as _
from markupsafe import Markup, escape

from storefront import cart
from storefront.cart.service import StaleCart
from storefront.kit.db import transaction
from storefront.kit.errors import Conflict, Invalid, NotFound

bp = Blueprint("cart", __name__)


@bp.get("/cart")
def show():
    """What is in it, and what it costs now."""
    basket = cart.current()
    return render_template("cart/show.html", quote=cart.quote(basket) if basket else None)


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
        with transaction():
            clamped = cart.change(basket, line_id, quantity, _version())
    except Invalid as error:
        return _page_again(problem=error.message, line_id=line_id, typed=wanted), 400
    except StaleCart as error:
        return _page_again(problem=error.message, line_id=line_id, typed=wanted, stale=True), 409
    if clamped and clamped.why:
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


def _page_again(**what):
    return render_template("cart/show.html", quote=cart.quote(cart.current()), **what)


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
