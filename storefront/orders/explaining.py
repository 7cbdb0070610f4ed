"""Why an order's total is what it is, from its own rows alone: years later, too."""

from sqlalchemy import select

from storefront import taxes
from storefront.cart.derivation import Facts, Figure, Goods, figures
from storefront.kit.db import db
from storefront.orders.models import Order, OrderAdjustment


def explained(order: Order) -> list[Figure]:
    """Every figure of the order with the rows that make it; two queries."""
    return figures(facts_of(order))


def facts_of(order: Order) -> Facts:
    """What its figures come from. An order from before promotions has no list price: its shipping was never cheaper."""
    changes = db.session.scalars(
        select(OrderAdjustment).filter_by(order_id=order.id).order_by(OrderAdjustment.id)
    ).all()
    goods = [Goods(line.id, _name(line), line.qty, line.unit_minor) for line in order.lines]
    level = order.service_level
    shipping = (level.get("name", ""), level.get("list_minor", order.shipping_minor)) if level else None
    return Facts(order.currency, goods, changes, shipping, taxes.of_order(order.id).rows)


def _name(line):
    return f"{line.title} ({line.options_text})" if line.options else line.title
