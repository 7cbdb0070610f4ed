"""What makes a confirmed quote an order, step by step, within the one transaction of `place_order`.

The list CHECKOUT_POPULATE in config.py names the steps. Each takes the `Placing`; the order is in memory only until
`update_order` has saved it. What one raises undoes all of it: there is no order then.
"""

from dataclasses import dataclass

from flask_babel import get_locale

from storefront import certificates, customers, store, taxes
from storefront.cart import Quote
from storefront.kit import events, hooks, recipes
from storefront.kit.db import db
from storefront.kit.recipes import Step
from storefront.orders.models import Order, OrderAddress, OrderAdjustment, OrderLine
from storefront.orders.snapshot import all_but_custom, snapshot_of

POPULATE = "CHECKOUT_POPULATE"


@dataclass
class Placing:
    """An order that is being written, and the quote that it is a copy of."""

    order: Order
    quote: Quote


def populate(order: Order, quote: Quote) -> None:
    """Take every step of the list."""
    placing = Placing(order, quote)
    for step in recipes.of(POPULATE):
        step.do(placing)


def populate_order(placing: Placing) -> None:
    """Copy lines, addresses, totals, the way it travels and custom fields, down to the last coin."""
    order, quote = placing.order, placing.quote
    order.store_id, order.locale = store.current().id, str(get_locale() or "en")
    order.customer_id, order.email, order.currency = quote.cart.customer_id, quote.email, quote.currency
    for figure in ("goods_minor", "discount_minor", "tax_minor", "total_minor", "due_minor"):
        setattr(order, figure, getattr(quote, figure))
    order.shipping_minor, order.grace_min = quote.shipping_minor or 0, store.current().hold_grace_min
    order.shipping_address, order.billing_address = _copy_of(quote.shipping_address), _copy_of(quote.billing_address)
    order.service_level = _level(quote) if quote.level else {}
    order.custom, order.lines = dict(quote.cart.custom), [_line(line) for line in quote.lines]


def pre_order_persist(placing: Placing) -> None:
    """Nothing by itself: extensions may add custom fields to the order before it is saved, and nothing else."""
    for function in hooks.waiting("pre_order_persist"):
        before = all_but_custom(placing.order)
        function(placing.order)
        if all_but_custom(placing.order) != before:
            name = f"{function.__module__}.{function.__qualname__}"
            raise RuntimeError(f"{name} has changed an order before it was saved: it may add custom fields only.")


def update_order(placing: Placing) -> None:
    """Save the order with its lines, and what was taken off or put on by which rule."""
    db.session.add(placing.order)
    db.session.flush()
    of_cart = [line.line_id for line in placing.quote.lines]
    ours = dict(zip(of_cart, (line.id for line in placing.order.lines), strict=True))
    for adjustment in placing.quote.adjustments:
        copied = {**vars(adjustment), "line_id": ours.get(adjustment.line_id or 0)}
        db.session.add(OrderAdjustment(order_id=placing.order.id, **copied))


def plan_certificates(placing: Placing) -> None:
    """Keep what each gift certificate is to pay of the order."""
    parts = [(gift.certificate_id, gift.amount_minor) for gift in placing.quote.gifts if gift.amount_minor]
    certificates.plan(placing.order.id, parts)


def create_gift_certificates(placing: Placing) -> None:
    """Make the gift certificates that are bought, worth nothing until the order is paid; its end makes them void."""
    certificates.create(placing.order.lines, placing.order.currency)


def update_customer(placing: Placing) -> None:
    """A guest's e-mail has its one record, with the name from the address; an account is left as it is."""
    order = placing.order
    if order.customer_id is None:
        address = order.billing_address or order.shipping_address
        customers.guest(order.email, address.name if address else "")


def commit_order_tax(placing: Placing) -> None:
    """Keep what was taxed how, in a document that is voided when the order does not come about."""
    taxes.commit_document(placing.order.id, placing.quote.tax_rows, placing.quote.tax_note)


def create_order_event(placing: Placing) -> None:
    """ORDER_CREATED, with the hash of everything that must never change from now on."""
    order = placing.order
    copied = snapshot_of(order, order.lines, (order.shipping_address, order.billing_address))
    facts = {"number": order.number, "total": order.total_minor, "currency": order.currency}
    events.record("ORDER_CREATED", order.id, **facts, snapshot=copied)


recipes.register(
    Step(POPULATE, populate_order, required=True),
    Step(POPULATE, pre_order_persist, needs=("populate_order",)),
    Step(POPULATE, update_order, needs=("populate_order",), required=True),
    Step(POPULATE, plan_certificates, needs=("update_order",), required=True),
    Step(POPULATE, create_gift_certificates, needs=("update_order",), required=True),
    Step(POPULATE, update_customer, needs=("populate_order",)),
    Step(POPULATE, commit_order_tax, needs=("update_order",), required=True),
    Step(POPULATE, create_order_event, needs=("update_order",), required=True, last=True),
)


def _level(quote):
    on_top = sum(charge.tax_minor for charge in quote.shipping_charges if not charge.rate.inclusive)
    return {**quote.level.as_dict(), "tax_minor": quote.shipping_tax_minor, "tax_on_top_minor": on_top}


def _copy_of(address):
    return OrderAddress(**address) if address else None


def _line(line):
    offer = line.offer
    return OrderLine(
        variant_id=offer.variant_id,
        sku=offer.sku,
        title=offer.title,
        options=dict(offer.options),
        image_key=offer.picture.key if offer.picture else "",
        qty=line.quantity,
        unit_minor=line.unit_minor,
        discount_minor=line.discount_minor,
        tax_minor=line.tax_minor,
        tax_rate_ppm=line.tax_rate_ppm,
        tax_inclusive=line.tax_inclusive,
        total_minor=line.total_minor,
        weight_g=offer.weight_g,
        requires_shipping=offer.requires_shipping,
        custom=dict(line.custom),
        stock_policy=offer.stock_policy,
        gift_certificate=offer.gift_certificate,
    )
