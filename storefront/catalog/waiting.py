"""Waiting for goods that somebody else holds: into the line from the product's page, and out of it by a link."""

from flask import Blueprint, flash, redirect, render_template, request, url_for
from flask_babel import get_locale, gettext as _

from storefront import customers, stock, store
from storefront.catalog.offers import offer_of, offers
from storefront.catalog.views import product_as_it_is
from storefront.kit.db import transaction
from storefront.kit.errors import Invalid, NotFound
from storefront.kit.limits import limiter

bp = Blueprint("waiting", __name__)


@bp.post("/products/<slug>/waiting")
@limiter.limit("20 per hour")
def join(slug):
    """Tell me if one comes free. The answer is the same for an e-mail that stands in the line already."""
    sku, typed = request.form.get("sku", "").strip()[:200], request.form.get("email", "")
    offer = offer_of(sku, store.current().currency)
    if offer is None or offer.slug != slug or not offer.on_sale:
        raise NotFound(_("There is no such product, or it is not for sale any more."))
    try:
        email = customers.folded_email(typed)
    except Invalid as error:
        return product_as_it_is(slug, sku, failed=True, waiting_error=error.message, waiting_email=typed[:300]), 400
    if offer.variant_id not in stock.may_come_free([offer.variant_id]):
        flash(_("Look: how it stands has changed since."), "info")
    else:
        with transaction("join_line"):
            stock.join_line(offer.variant_id, email, str(get_locale() or "en"))
        flash(_("We write to %(email)s as soon as one of %(name)s comes free.", email=email, name=offer.name), "ok")
    return redirect(url_for("catalog.product", slug=slug, sku=sku), code=303)


@bp.get("/waiting/<key>")
@limiter.limit("60 per minute")
def show(key):
    """What somebody waits for, and the button to wait no longer."""
    entry = stock.waiting_by(key)
    offer = offers([entry.variant_id], store.current().currency).get(entry.variant_id)
    return render_template("catalog/waiting_place.html", key=key, offer=offer)


@bp.post("/waiting/<key>")
@limiter.limit("60 per minute")
def leave(key):
    """Out of the line; the e-mail is removed with the place in it."""
    with transaction("leave_line"):
        stock.leave_line(key)
    flash(_("You are out of the line, and your email is removed from it."), "ok")
    return redirect(url_for("catalog.home"), code=303)
