"""What a gateway may be told of the person who pays, when an attempt begins."""

from typing import Any

from storefront.kit.db import db
from storefront.orders.models import Order


def shopper_of(order_id: int) -> dict[str, Any]:
    """`email`, `locale`, and the addresses by their parts: `billing`, and `shipping` where something is sent."""
    order = db.session.get_one(Order, order_id)
    addresses = {"billing": order.billing_address, "shipping": order.shipping_address}
    told = {role: address.as_dict() for role, address in addresses.items() if address}
    return {"email": order.email, "locale": order.locale, **told}
