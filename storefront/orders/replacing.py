"""Another article instead of one that is gone: the order is replaced by a new one, which the waiting money pays.

What was ordered never changes: the old order keeps its lines and sums and ends, and the new one is a snapshot of its
own, priced like any other (taxes, shipping, offers) on the day it was offered.
"""

from flask_babel import force_locale, gettext as _

from storefront import cart, catalog, customers, payments
from storefront.cart import Quote
from storefront.cart.models import Cart
from storefront.cart.service import new_line, start
from storefront.kit import events, ids
from storefront.kit.db import db
from storefront.kit.errors import Conflict, Invalid
from storefront.orders.accepting import accept_money
from storefront.orders.closing import close
from storefront.orders.finding import locked
from storefront.orders.models import Order, OrderLine
from storefront.orders.money import refresh
from storefront.orders.placing import hold, hold_goods, hold_limited_uses, place, take_number
from storefront.orders.snapshot import OF_ADDRESS
from storefront.orders.states import CLOSED, SUBSTITUTED
from storefront.payments.models import Bill, PaymentMethod


def basket_instead(order: Order, line_id: int, sku: str, qty: int) -> Cart:
    """A cart of nobody's with everything that the order has, but so many of this article instead of one of its lines.

    Raises Invalid, with the field, when that article is not for sale or not there, or the line is not the order's.
    """
    line = next((line for line in order.lines if line.id == line_id), None)
    if line is None:
        raise _invalid("line", _("Choose what is replaced."))
    offer = catalog.offer_of(sku, order.currency) or catalog.offer_of(sku.upper(), order.currency)
    if offer is None or not offer.on_sale or offer.gift_certificate:
        raise _invalid("sku", _("This article is not for sale."))
    if qty < 1 or (offer.available is not None and qty > offer.available):
        raise _invalid("qty", _("There are not so many of it."))
    basket = start(ids.digest(ids.new_key()), order.currency)
    others = [_again(other) for other in order.lines if other.id != line_id]
    basket.lines.extend([*others, new_line(offer.variant_id, qty, {})])
    cart.choose(basket, **_as_chosen(order))
    return basket


def replace(order_id: int, quote: Quote, bill_id: int) -> Order:
    """The order ends, and a new one for this quote is paid by the money of this bill, with any difference.

    Raises OutOfStock when its goods are not there, and then nothing has moved; Conflict, naming the state.
    """
    old, bill = locked(order_id), db.session.get_one(Bill, bill_id)
    with db.session.begin_nested():
        method = db.session.get(PaymentMethod, bill.method_id) if bill.method_id else None
        token = f"instead-of-{old.number}-{bill.reference}"
        with force_locale(old.locale):
            new = place(quote, take_number(), method=method, confirm_token=token)
        new.customer_id = old.customer_id
        payments.give_to(bill, new.id)
        refresh(old)
        events.record("ORDER_REPLACED", old.id, number=new.number)
        if old.status not in CLOSED:
            close(old, "cancelled", SUBSTITUTED, detail=new.number)
        old.close_reason = SUBSTITUTED  # whatever had ended it before: its money is the new order's
        old.superseded_by_order_id = new.id
        hold_goods(new)
        hold_limited_uses(new)
        hold(new)
        return accept_money(new.id, bill.id, "the shopper")


def _again(line: OrderLine):
    if line.variant_id is None:
        raise Conflict(_("%(name)s is not in the shop any more.", name=line.title), state="gone")
    return new_line(line.variant_id, line.qty, line.custom)


def _as_chosen(order):
    """Where it goes and how, as the shopper chose for the old one; the addresses are copies of nobody's."""
    chosen = {"email": order.email, "service_level_id": order.service_level.get("id")}
    for name in ("shipping", "billing"):
        if address := getattr(order, f"{name}_address"):
            copy = customers.save_address({field: getattr(address, field) for field in OF_ADDRESS})
            chosen[f"{name}_address_id"] = copy.id
    return chosen


def _invalid(field, sentence):
    return Invalid(sentence, fields={field: [sentence]})
