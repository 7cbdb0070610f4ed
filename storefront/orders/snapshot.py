"""What never changes of an order after it is placed, as one hash: its first event carries it.

Statuses, figures of money that came, keys, the customer and the way to pay are not in it: those may change.
"""

import hashlib
import json
from collections.abc import Iterable
from typing import Any

OF_ORDER = (
    "number",
    "store_id",
    "email",
    "locale",
    "currency",
    "goods_minor",
    "discount_minor",
    "shipping_minor",
    "tax_minor",
    "total_minor",
    "due_minor",
    "service_level",
    "cart_version",
    "confirm_token",
    "quote_hash",
    "custom",
)
OF_LINE = (
    "sku",
    "title",
    "options",
    "image_key",
    "qty",
    "unit_minor",
    "discount_minor",
    "tax_minor",
    "tax_rate_ppm",
    "tax_inclusive",
    "total_minor",
    "weight_g",
    "requires_shipping",
    "custom",
    "stock_policy",
)
OF_ADDRESS = ("name", "company", "line1", "line2", "city", "subdivision", "postcode", "country", "phone")


def snapshot_of(order: Any, lines: Iterable[Any], addresses: Iterable[Any]) -> str:
    """The hash of an order, its lines in the order of their ids, and its addresses (shipping, billing; or None).

    Takes models, or rows with the same names.
    """
    facts = [
        _facts(order, OF_ORDER),
        [_facts(line, OF_LINE) for line in lines],
        [_facts(address, OF_ADDRESS) if address is not None else None for address in addresses],
    ]
    return hashlib.sha256(json.dumps(facts, sort_keys=True).encode()).hexdigest()


def all_but_custom(order: Any) -> str:
    """Everything that the hash of an order will cover, except its own custom fields: to be compared, not kept."""
    addresses = (order.shipping_address, order.billing_address)
    facts = [
        _facts(order, [name for name in OF_ORDER if name != "custom"]),
        [_facts(line, OF_LINE) for line in order.lines],
        [_facts(address, OF_ADDRESS) for address in addresses if address is not None],
    ]
    return json.dumps(facts, sort_keys=True, default=str)


def _facts(thing, names):
    return [getattr(thing, name) for name in names]
