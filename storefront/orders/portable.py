"""Everything that is kept of a person, as plain facts that another program can read."""

from collections.abc import Iterable
from typing import Any

from sqlalchemy import select

from storefront import customers
from storefront.cart.models import Cart, CartLine
from storefront.catalog.models import Variant
from storefront.customers.models import Customer
from storefront.kit import money
from storefront.kit.db import db
from storefront.orders.models import Order
from storefront.payments.models import Bill
from storefront.stock.models import WaitingEntry


def everything_of(person: Customer, orders: Iterable[Order]) -> dict[str, Any]:
    """The account, the book, the open cart, what is waited for, and every order; a constant number of queries.

    What is waited for is kept by e-mail alone: it is theirs to see once the e-mail is confirmed.
    """
    orders = list(orders)
    bills: dict[int, list[Bill]] = {}
    wanted = select(Bill).where(Bill.order_id.in_([order.id for order in orders])).order_by(Bill.id)
    for bill in db.session.scalars(wanted):
        bills.setdefault(bill.order_id or 0, []).append(bill)
    waiting = select(Variant.sku).join(WaitingEntry, WaitingEntry.variant_id == Variant.id)
    proved = person.email if person.verified_at else ""
    return {
        "account": {
            "email": person.email,
            "email_confirmed_at": _time(person.verified_at),
            "new_email": person.new_email,
            "name": person.name,
            "phone": person.phone,
            "language": person.locale,
            "consent": person.consent,
            "since": _time(person.created_at),
        },
        "addresses": [_address(person, address) for address in customers.addresses_of(person)],
        "cart": _cart(person),
        "waiting_for": list(db.session.scalars(waiting.where(WaitingEntry.email == proved))),
        "orders": [_order(order, bills.get(order.id, [])) for order in orders],
    }


def _address(person, address):
    uses = {
        "preferred_for_shipping": address.id == person.preferred_shipping_address_id,
        "preferred_for_billing": address.id == person.preferred_billing_address_id,
    }
    return {**address.as_dict(), **uses}


def _cart(person):
    lines = select(Variant.sku, CartLine.qty, CartLine.custom).join(CartLine, CartLine.variant_id == Variant.id)
    mine = lines.join(Cart, Cart.id == CartLine.cart_id).where(Cart.customer_id == person.id, Cart.status == "OPEN")
    return [{"sku": sku, "quantity": qty, "custom": custom} for sku, qty, custom in db.session.execute(mine)]


def _order(order, bills):
    def plain(minor):
        return money.plain(minor, order.currency)

    return {
        "number": order.number,
        "placed_at": _time(order.placed_at),
        "state": order.status,
        "payment": order.payment_status,
        "email": order.email,
        "currency": order.currency,
        "goods": plain(order.goods_minor),
        "discount": plain(order.discount_minor),
        "shipping": plain(order.shipping_minor),
        "tax": plain(order.tax_minor),
        "total": plain(order.total_minor),
        "paid": plain(order.paid_minor),
        "refunded": plain(order.refunded_minor),
        "shipping_address": order.shipping_address.as_dict() if order.shipping_address else None,
        "billing_address": order.billing_address.as_dict() if order.billing_address else None,
        "custom": order.custom,
        "lines": [
            {
                "sku": line.sku,
                "title": line.title,
                "options": line.options,
                "quantity": line.qty,
                "each": plain(line.unit_minor),
                "sum": plain(line.total_minor),
                "custom": line.custom,
            }
            for line in order.lines
        ],
        "payments": [
            {"reference": bill.reference, "by": bill.backend, "sum": plain(bill.amount_minor), "state": bill.status}
            for bill in bills
        ],
    }


def _time(moment):
    return moment.isoformat() if moment else None
