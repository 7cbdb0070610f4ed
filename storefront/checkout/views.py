"""The four steps: address, shipping, payment, preview. Each has an address, a guard and a way back."""

from contextlib import suppress

from flask import Blueprint, current_app, flash, redirect, render_template, request, url_for
from flask_babel import gettext as _
from flask_login import current_user

from storefront import cart, customers, orders, payments, shipping, stock, store
from storefront.cart import Quote, read_token
from storefront.cart.derivation import facts_of, figures
from storefront.checkout.delivery import address_forms, keep_addresses
from storefront.checkout.differences import differences
from storefront.checkout.forms import ChoiceForm, ConfirmForm
from storefront.checkout.setup import ways_to_pay
from storefront.checkout.steps import place, resume
from storefront.kit import ids
from storefront.kit.db import transaction
from storefront.kit.errors import Conflict, Invalid, Unavailable
from storefront.kit.limits import limiter
from storefront.orders.states import FAILED, NEW
from storefront.orders.views import unanswered

bp = Blueprint("preview", __name__, url_prefix="/checkout")


@bp.route("/address", methods=["GET", "POST"])
def address():
    """Where it goes and who it is for."""
    quote = _quote_or_none()
    if quote is None:
        return redirect(url_for("cart.show"), code=303)
    if away := _account_missing():
        return redirect(away, code=303)
    form, billing = address_forms(quote)
    if request.method == "GET" or form.changes_country or (billing and "billing_country" not in request.form):
        return _address_page(form, billing, quote)
    fine = form.validate_on_submit()
    fine = (billing is None or billing.validate_on_submit()) and fine
    if fine and quote.requires_shipping and (outside := shipping.uncovered(form.values, quote.currency)):
        part, sentence = outside
        place = "to" if form.chosen else part if part in form else "country"
        form[place].errors, fine = [_("%(sentence)s Choose another address.", sentence=sentence)], False
    if not fine:
        return _address_page(form, billing, quote), 400
    with transaction("keep_addresses"):
        keep_addresses(quote.cart, form, billing)
    return redirect(_next_after("address", quote), code=303)


@bp.route("/shipping", methods=["GET", "POST"])
def shipping_step():
    """How it travels; the cheapest way is chosen unless another is."""
    quote = _quote_or_none()
    if quote is None or (away := _missing_before(quote, "shipping")):
        return redirect(url_for("cart.show") if quote is None else away, code=303)
    if not quote.requires_shipping:
        return redirect(url_for("preview.payment"), code=303)
    form = ChoiceForm()
    if request.method == "POST":
        if form.validate_on_submit() and form.chosen_id in {level.level_id for level in quote.levels}:
            with transaction("choose_shipping"):
                cart.choose(quote.cart, service_level_id=form.chosen_id)
            return redirect(_next_after("shipping", quote), code=303)
        problems = [("choice", _("Choose how we shall send it."))]
        return render_template("checkout/shipping.html", form=form, quote=quote, problems=problems), 400
    _tell_lost_level(quote)
    return render_template("checkout/shipping.html", form=form, quote=quote)


@bp.route("/payment", methods=["GET", "POST"])
def payment():
    """How it is paid."""
    quote = _quote_or_none()
    if away := _missing_before(quote, "payment"):
        return redirect(away, code=303)
    assert quote is not None
    if not quote.due_minor:  # gift certificates pay everything: there is nothing to choose
        return redirect(url_for("preview.preview"), code=303)
    form, choices = ChoiceForm(), ways_to_pay(quote)
    if request.method == "POST":
        possible = {choice.method.id for choice in choices if not choice.why_not}
        if form.validate_on_submit() and form.chosen_id in possible:
            with transaction("choose_payment"):
                _keep_choices(quote, payment_method_id=form.chosen_id)
            return redirect(url_for("preview.preview"), code=303)
        problems = [("choice", _("Choose how you would like to pay."))] if possible else []
        page = render_template("checkout/payment.html", form=form, quote=quote, choices=choices, problems=problems)
        return page, 400 if possible else 409
    _tell_lost_level(quote)
    return render_template("checkout/payment.html", form=form, quote=quote, choices=choices)


@bp.get("/preview")
def preview():
    """Everything before the commitment. Writes nothing."""
    quote = _quote_or_none()
    if away := _missing_before(quote, "preview"):
        return redirect(away, code=303)
    _tell_lost_level(quote)
    return _preview_page(ConfirmForm(formdata=None), quote)


@bp.post("/preview")
@limiter.limit("30 per minute")
def confirm():
    """Confirm: the order is placed, and the shopper goes on to pay it."""
    form, basket = ConfirmForm(), cart.current()
    if placed := _placed_before(form):
        again = redirect(url_for("orders.show", key=placed.key), code=303)
        return _onwards(form, lambda: resume(placed)) if placed.status == NEW else again
    quote = cart.quote(basket) if basket else None
    if basket is None or (away := _missing_before(quote, "preview")):
        return redirect(url_for("cart.show") if basket is None else away, code=303)
    if not form.validate_on_submit() or not _is_token(form.confirm_token.data):
        return _preview_page(form, quote, problem=_("Please send this once more.")), 400
    confirmed = (form.quote_token.data, form.confirm_token.data, _ip_hash())
    return _onwards(form, lambda: place(basket, _method(quote), *confirmed))


@bp.post("/separate")
@limiter.limit("30 per minute")
def separate():
    """The cart goes on apart from the order whose payment is on its way, to a preview of its own."""
    pending = None
    with suppress(cart.StaleCart), transaction("set_apart"):  # another tab was quicker: it is done
        basket = cart.current()
        pending = orders.set_apart(basket) if basket else None
    if pending:
        sentence = _(
            "Order %(number)s goes on by itself. What you confirm here is another order.", number=pending.number
        )
        flash(sentence, "info")
    return redirect(url_for("preview.preview"), code=303)


def _address_page(form, billing, quote):
    return render_template("checkout/address.html", form=form, billing=billing, quote=quote, lines_of=customers.lines)


def _onwards(form, press):
    """To where the press of the button leads, or back with the reason why it leads nowhere."""
    try:
        attempt = press()
    except Conflict as error:
        return _not_placed(form, error)
    except Unavailable as error:
        return _gateway_away(form, error)
    return redirect(attempt.next_page, code=303)


def _not_placed(form, error):
    """The preview once more with the reason, unless another press of the same button was quicker."""
    placed = _placed_before(form)
    if placed and placed.status != FAILED:
        return redirect(url_for("orders.show", key=placed.key), code=303)
    quote = _quote_or_none()
    if away := _missing_before(quote, "preview"):
        return redirect(away, code=303)
    pending = error.data.get("order_key")
    return _preview_page(form, quote, problem=error.message, shown=_shown(form), pending=pending), 409


def _gateway_away(form, error):
    """The page of the order that could not be begun to be paid, from which it can be tried again."""
    placed = _placed_before(form)
    if placed is None:
        raise error
    return unanswered(placed, error)


def _quote_or_none() -> Quote | None:
    basket = cart.current()
    return cart.quote(basket) if basket and basket.lines else None


def _missing_before(quote, step):
    """The address of the first step that is not done yet, if it comes before this one."""
    if quote is None or not quote.lines:
        return url_for("cart.show")
    if away := _account_missing():
        return away
    if quote.billing_address is None or not quote.email:
        return url_for("preview.address")
    if step == "shipping" or not quote.requires_shipping:
        missing = None
    else:
        missing = None if quote.level else url_for("preview.shipping_step")
    if missing or step in ("shipping", "payment"):
        return missing
    chosen = not quote.due_minor or (_method(quote) and quote.method_id)
    return None if chosen else url_for("preview.payment")


def _account_missing():
    """Where a guest signs in, if the shop sells to accounts only; from there back to this step."""
    guest = store.current().require_account and not current_user.is_authenticated
    return url_for("account.sign_in", next=request.path) if guest else None


def _next_after(step, quote):
    """The next step, or back to the review for somebody who came from there to change one thing."""
    if request.args.get("change") and not _missing_before(_quote_or_none(), "preview"):
        return url_for("preview.preview")
    if step == "address" and quote.requires_shipping:
        return url_for("preview.shipping_step")
    return url_for("preview.payment")


def _method(quote):
    return payments.current_method(quote.method_id, ways_to_pay(quote)) if quote.due_minor else None


def _keep_choices(quote, **choices):
    """What was shown as chosen is chosen: the cheapest level counts, too."""
    if quote.level and quote.cart.service_level_id != quote.level.level_id:
        choices["service_level_id"] = quote.level.level_id
    cart.choose(quote.cart, **choices)


def _preview_page(form, quote, problem="", shown=None, pending=None):
    form.quote_token.data, form.confirm_token.data = quote.token, ids.new_key()
    return render_template(
        "checkout/preview.html",
        form=form,
        quote=quote,
        method=_method(quote),
        problem=problem,
        changes=differences(shown, quote.content) if shown else [],
        figures=figures(facts_of(quote)),
        pending=pending,
        waiting=None if pending else orders.waiting_order(quote.cart.id),
        may_wait=stock.may_come_free({line.offer.variant_id for line in quote.troubles}) if quote.troubles else (),
        lines_of=customers.lines,
        window=store.current().payment_window_min,
    )


def _placed_before(form):
    """The visitor's own order from an earlier press of this button, though its cart may be closed by now."""
    token = form.confirm_token.data
    placed = orders.placed_from(token) if _is_token(token) else None
    return placed if placed and cart.is_own(placed.cart_id) else None


def _is_token(token):
    return bool(token) and len(token) == len(ids.new_key()) and token.isascii() and token.isprintable()


def _shown(form):
    try:
        return read_token(form.quote_token.data or "")["content"]
    except Invalid:
        return None


def _tell_lost_level(quote):
    if quote.cart.service_level_id and quote.level and quote.level.level_id != quote.cart.service_level_id:
        flash(_("The way of sending that you had chosen does not reach this address."), "warn")


def _ip_hash():
    return ids.digest(current_app.config["SECRET_KEY"] + (request.remote_addr or ""))[:32]
