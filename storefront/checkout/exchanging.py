"""A replacement for goods that came back: an order of its own, which what they were sold for pays first.

The credit is a gift certificate of exactly that sum, backed by a refund of the old payment that no gateway sees: money
is counted once, where it is, and the new order is held, paid, cancelled and refunded like every other.
"""

import secrets
from collections.abc import Mapping

from flask_babel import force_locale, gettext as _

from storefront import cart, certificates, customers, orders, payments
from storefront.cart import Quote, service
from storefront.cart.models import Cart
from storefront.checkout.steps import place
from storefront.kit import events, ids
from storefront.kit.db import db, transaction
from storefront.kit.errors import Conflict, Invalid
from storefront.orders.models import Order
from storefront.orders.return_models import OrderReturn
from storefront.payments.models import PaymentMethod


def exchange(return_id: int, goods: Mapping[str, int], *, free_delivery: bool, actor: str) -> Order:
    """Settle a received return by an order of these goods (SKU: how many), at the prices of today; gives that order.

    What the returned goods were sold for pays it; what is left of that goes back, what is missing the shopper pays
    by the link of the new order. With `free_delivery` the shop pays for the delivery. Raises Invalid for goods that
    cannot be ordered, Conflict when the return is decided already.
    """
    with transaction("exchange_return"):
        basket_id, locale = _settle(return_id, goods, free_delivery, actor)
    quote = cart.quote(db.session.get_one(Cart, basket_id))
    method = db.session.get(PaymentMethod, quote.method_id) if quote.due_minor and quote.method_id else None
    with force_locale(locale):
        placed = place(quote.cart, method, quote.token, f"exchange-{return_id}-{secrets.token_hex(8)}").order.id
    with transaction("note_exchange"):
        return orders.note_replacement(return_id, placed)


def _settle(return_id, goods, free_delivery, actor):
    """The return is settled, a cart holds the goods and the credit that pays them; gives its id, and the language."""
    coming = orders.locked_return(return_id)
    basket = _basket(coming.order, goods)
    quote = cart.quote(basket)
    _refuse_what_cannot_be(coming, quote)
    given = (quote.shipping_minor or 0) if free_delivery else 0
    worth = orders.suggested_refund(coming)
    credit = min(worth, quote.total_minor - given, orders.money_left(coming.order))
    orders.exchange_return(return_id, credit, worth - credit, actor)
    if credit + given:
        note = _("For a return of order %(number)s", number=coming.order.number)
        certificate = certificates.issue(credit + given, actor=actor, note=note, seed=ids.new_key())
        cart.add_certificate(basket, certificate)
        events.record("ORDER_RETURN_CREDITED", coming.order_id, id=coming.id, certificate=certificate.id, amount=credit)
    return basket.id, coming.order.locale


def _basket(order, goods):
    """A cart for whoever placed the order, with the same addresses and ways."""
    basket = service.start(ids.new_key(), order.currency)
    for sku, qty in sorted(goods.items()):
        if cart.add(basket, sku, qty).qty != qty:
            raise Invalid(_("There are not enough of %(names)s left.", names=sku))
    addresses = {
        f"{role}_address_id": customers.save_address(address.as_dict()).id
        for role, address in (("shipping", order.shipping_address), ("billing", order.billing_address))
        if address
    }
    cart.choose(basket, email=order.email, payment_method_id=_method(order), **addresses)
    return basket


def _method(order):
    """The old order's way to pay, if it is still offered, else the first that is."""
    country = order.billing_address.country if order.billing_address else None
    possible = [one.method.id for one in payments.methods(order.due_minor, order.currency, country) if not one.why_not]
    used = order.payment_method.get("id")
    return used if used in possible else next(iter(possible), None)


def _refuse_what_cannot_be(coming: OrderReturn, quote: Quote) -> None:
    if not quote.lines:
        raise Invalid(_("Say what is sent instead."))
    if any(line.offer.gift_certificate for line in quote.lines):
        raise Invalid(_("A gift certificate is bought with money alone: send the money back instead."))
    if quote.troubles:
        raise Invalid(quote.troubles[0].trouble)
    if quote.currency != coming.order.currency:
        raise Conflict(_("The shop has another currency than the order had: send the money back."), state="currency")
