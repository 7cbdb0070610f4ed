"""The first steps of "confirm": whether it may be ordered at all. Nothing is written."""

from flask_babel import gettext as _

from storefront import cart, orders, payments
from storefront.cart import Quote
from storefront.cart.models import Cart
from storefront.checkout.attempt import Attempt, QuoteChanged
from storefront.kit import hooks
from storefront.kit.db import db
from storefront.kit.errors import Conflict, Invalid
from storefront.payments.configs import Choice


def pre_checkout(attempt: Attempt) -> None:
    """Nothing by itself: extensions that hear of a checkout before it begins may refuse the cart."""
    for function in hooks.waiting("pre_checkout"):
        function(db.session.get_one(Cart, attempt.cart_id))


def check_certificates(attempt: Attempt) -> None:
    """Every gift certificate must still hold what was shown of it."""
    if why := cart.why_short(db.session.get_one(Cart, attempt.cart_id), attempt.quote_token):
        raise QuoteChanged(why)


def read_the_quote(attempt: Attempt) -> None:
    """The cart at this moment must be what was shown."""
    attempt.quote = cart.quote(db.session.get_one(Cart, attempt.cart_id))
    if attempt.quote.lines and not attempt.quote.fits(attempt.quote_token):
        raise QuoteChanged(_("Something changed while you were looking: check your order once more."))


def refuse_an_empty_cart(attempt: Attempt) -> None:
    """There must be something to order."""
    if not attempt.quote or not attempt.quote.lines:
        raise Conflict(_("Nothing is in your cart."), state="empty")


def refuse_what_is_no_longer_sold(attempt: Attempt) -> None:
    """Each line must be for sale, in this quantity."""
    if attempt.quote and attempt.quote.troubles:
        raise QuoteChanged(_("Something in your cart is not there in this quantity any more."))


def check_shipping(attempt: Attempt) -> None:
    """There must be an e-mail and an address, and for goods that travel a way to it."""
    quote = attempt.quote
    assert quote is not None
    if not quote.email or quote.billing_address is None:
        raise Invalid(_("Your address is missing."))
    if quote.requires_shipping and quote.level is None:
        raise Conflict(quote.no_shipping or _("We cannot send to this address."), state="no_shipping")


def check_payment(attempt: Attempt) -> None:
    """The way to pay must take what is due, its currency and country; an earlier payment must not be on its way."""
    quote = attempt.quote
    assert quote is not None
    orders.refuse_if_pending(quote)
    if not quote.due_minor:
        return
    chosen = next((choice for choice in ways_to_pay(quote) if choice.method.id == attempt.method_id), None)
    if chosen is None or chosen.why_not:
        raise Conflict(chosen.why_not if chosen else _("This way to pay is not there any more."), state="no_method")


def ways_to_pay(quote: Quote) -> list[Choice]:
    """Every way to pay, with what speaks against each. What sends goods before they are paid sends no money."""
    assert quote.billing_address is not None
    ahead = any(line.offer.gift_certificate for line in quote.lines)
    return payments.methods(quote.due_minor, quote.currency, quote.billing_address["country"], ahead=ahead)
