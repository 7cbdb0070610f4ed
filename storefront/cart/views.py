"""The cart's page and its deeds: add, change, remove, note; take what there is, and bring back what was put away."""

from flask import Blueprint, flash, redirect, render_template, request, session, url_for
from flask_babel import get_locale, gettext as _
from markupsafe import Markup, escape

from storefront import cart, catalog, customers, promotions, shipping, stock, store
from storefront.cart import adding
from storefront.cart.service import StaleCart
from storefront.kit.db import transaction
from storefront.kit.errors import Conflict, Invalid, NotFound, ShopError
from storefront.kit.limits import limiter

bp = Blueprint("cart", __name__)
_REMOVED = "removed_line"


@bp.get("/cart")
def show():
    """What is in it, and what it costs now; after a removal, with the way to undo it."""
    return _page(removed=_removed() if "removed" in request.args else None)


@bp.post("/cart/lines")
@limiter.limit("120 per minute")
def add():
    """Put something in; back on the product with a message."""
    try:
        asked = adding.asked(request.form)
    except (Invalid, Conflict) as error:
        return adding.page_again(request.form, error)
    try:
        clamped = _put_in(*asked)
    except StaleCart:  # it was paid in this very moment: what was added goes into the next one
        clamped = _put_in(*asked)
    except Conflict as error:
        return _refused(error)
    if clamped.why:
        flash(clamped.why, "warn")
    flash(_added(clamped.name), "ok")
    return redirect(_back() or _here(), code=303)


def _put_in(*asked):
    with transaction("add_to_cart"):
        return cart.add(cart.current_or_new(), *asked)


@bp.post("/cart/lines/<int:line_id>")
def change(line_id):
    """Set a quantity; 0, or the button Remove, takes the line out."""
    basket = _own()
    wanted = "0" if "remove" in request.form else request.form.get("quantity", "")
    try:
        quantity = cart.parse_quantity(wanted, least=0)
        before = {line.id: _kept_of(line) for line in basket.lines}
        with transaction("change_cart"):
            clamped = cart.change(basket, line_id, quantity, _version())
    except Invalid as error:
        return _page(problem=error.message, line_id=line_id, typed=wanted), 400
    except StaleCart as error:
        return _page(problem=error.message, line_id=line_id, typed=wanted, stale=True), 409
    except stock.OutOfStock as error:
        return _page(problem=error.message, line_id=line_id, typed=wanted), 409
    if clamped is None:
        session[_REMOVED] = before[line_id]
        return redirect(_here(removed=1), code=303)
    if clamped.why:
        flash(clamped.why, "warn")
    return redirect(_here(), code=303)


@bp.post("/cart/lines/<int:line_id>/note")
def write_note(line_id):
    """Other words for a line: a gift note."""
    basket, typed = _own(), request.form.get("note", "")
    try:
        words = cart.cleaned(request.form)
        with transaction("write_note"):
            cart.write_note(basket, line_id, words, _version())
    except Invalid as error:
        return _page(problem=error.message, line_id=line_id, noted=typed), 400
    except StaleCart as error:
        return _page(problem=error.message, line_id=line_id, noted=typed, stale=True), 409
    return redirect(_here(), code=303)


@bp.post("/cart/codes")
@limiter.limit("30 per minute")
def apply_code():
    """A code of a coupon or a gift certificate counts from now on; back to where it was typed."""
    basket, typed = _own(), request.form.get("code", "")
    try:
        with transaction("apply_code"):
            new = cart.apply_code(basket, typed)
    except StaleCart as error:
        return _page(problem=error.message, typed_code=typed[:100]), 409
    except ShopError as error:  # unknown, ended, used up, somebody else's: each says so
        return _page(problem=error.message, typed_code=typed[:100]), 409 if isinstance(error, Conflict) else 400
    _tell_of_code(typed, new)
    return redirect(_where_pressed(), code=303)


@bp.post("/cart/codes/remove")
def remove_code():
    """A code does not count any more."""
    basket = _own()
    try:
        with transaction("remove_code"):
            cart.remove_code(basket, request.form.get("code", ""))
    except StaleCart as error:
        return _page(problem=error.message), 409
    return redirect(_where_pressed(), code=303)


def _tell_of_code(typed, new):
    """That it counts; the page says why one takes nothing off."""
    basket = cart.current()
    idle = {one.code for one in cart.quote(basket).codes if one.why_not} if basket else set()
    if promotions.folded(typed) not in idle:
        flash(_("The code counts.") if new else _("This code counts already."), "ok")


def _where_pressed():
    """The review, where a form stood there, or else the cart's page."""
    return url_for("preview.preview") if request.form.get("to") == "preview" else _here()


@bp.post("/cart/fit")
def fit():
    """One press: every line has what there is of it. Back to where it was pressed."""
    with transaction("fit_cart"):
        basket = cart.current()
        fewer = cart.fit(basket) if basket else []
    cart.tell(fewer)
    return redirect(_where_pressed(), code=303)


@bp.post("/cart/return")
def bring_back():
    """The cart that was put away while its visitor was gone is theirs again."""
    with transaction("bring_cart_back"):
        if cart.left_behind():
            cart.current_or_new()
    return redirect(_here(), code=303)


def _refused(error):
    """What cannot be had now: why, and the line of those who wait for it; what does not fit in: its page as it is."""
    offer = catalog.offer_of(adding.sku(request.form), store.current().currency)
    if offer is None or error.data.get("state") != "sold_out":
        return adding.page_again(request.form, error)
    may_wait = stock.may_come_free([offer.variant_id])
    return render_template("cart/refused.html", problem=error.message, offer=offer, may_wait=may_wait), 409


def _here(**more):
    """The cart's page; for somebody who came from the review to change one thing, still with the way back there."""
    return url_for("cart.show", change="1" if request.args.get("change") else None, **more)


def _page(**what):
    basket = cart.current()
    quote = cart.quote(basket) if basket and basket.lines else None
    left = None if quote else cart.left_behind()
    shown = {"quote": quote, "left_behind": left, "may_wait": _may_wait(quote), **(_delivery(quote) if quote else {})}
    return render_template("cart/show.html", **shown, **what)


def _may_wait(quote):
    """The variants of what cannot be had that may come free."""
    wanted = {line.offer.variant_id for line in quote.troubles} if quote else set()
    return stock.may_come_free(wanted) if wanted else wanted


def _own():
    """The visitor's cart. Raises NotFound if there is none any more."""
    if basket := cart.current():
        return basket
    raise NotFound(_("This line is not in your cart any more."))


def _delivery(quote):
    """The cheapest delivery at home or to the country that was asked for, as long as no address is known."""
    if quote.shipping_address or not quote.requires_shipping:
        return {}
    places = customers.countries(shipping.destinations(quote.currency), str(get_locale() or "en"))
    wanted = (request.args.get("country", ""), store.current().country, *dict(places))
    place = next((code for code in wanted if code in dict(places)), "")
    delivery = shipping.usual_delivery(quote.weight_g, quote.goods_minor - quote.discount_minor, place)
    return {"delivery": delivery, "places": places, "place": place}


def _removed():
    """What was taken out last, to be put back: its offer, how many it was, and the note."""
    variant_id, qty, note = [*session.get(_REMOVED, (None, 0)), ""][:3]
    basket = cart.current()
    offer = catalog.offers([variant_id], basket.currency).get(variant_id) if variant_id and basket else None
    return (offer, qty, note) if offer and offer.on_sale else None


def _kept_of(line):
    """What the browser keeps of a line for a while, in its session: a cookie holds 4 KB."""
    note = line.custom.get("note", "")
    return [line.variant_id, line.qty, note if len(note.encode()) <= 500 else ""]


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
