"""What the address of the orders' list asks for beside its tabs, and how that is written into an address again."""

from collections.abc import Mapping
from typing import Any

from flask_babel import gettext as _
from werkzeug.datastructures import MultiDict

from storefront import store
from storefront.admin import wording
from storefront.kit import money
from storefront.kit.errors import Invalid
from storefront.orders.criteria import FLAGS, Criteria

WORDS = ("sku", "reference", "address", "email")  # typed
STATES: dict[str, Mapping[str, Any]] = {  # picked
    "payment": wording.PAYMENT,
    "fulfilment": wording.FULFILMENT,
    "shipment": wording.SHIPMENT,
}
SUMS = ("least", "most")
LONGEST = 200


def read(asked: MultiDict[str, str]) -> tuple[Criteria, list[tuple[str, str]]]:
    """The criteria of an address, and (field, sentence) for each part of it that cannot be read."""
    found: dict[str, Any] = {name: " ".join(asked.get(name, "").split())[:LONGEST] for name in WORDS}
    for name, states in STATES.items():
        found[name] = asked[name] if asked.get(name) in states else ""
    errors = []
    for name in SUMS:
        found[name], wrong = _sum(asked.get(name, ""))
        errors += [(f"orders-{name}", wrong)] if wrong else []
    customer = asked.get("customer", "")
    found["customer_id"] = int(customer) if customer.isascii() and customer.isdigit() and len(customer) < 19 else None
    return Criteria(**found, flags=frozenset(FLAGS) & frozenset(asked.getlist("flag"))), errors


def written(criteria: Criteria) -> dict[str, Any]:
    """The parts of an address that ask for the same; None where nothing is asked for."""
    currency = store.current().currency
    parts: dict[str, Any] = {name: getattr(criteria, name) or None for name in (*WORDS, *STATES)}
    for name in SUMS:
        amount = getattr(criteria, name)
        parts[name] = None if amount is None else money.plain(amount, currency)
    return {**parts, "customer": criteria.customer_id, "flag": sorted(criteria.flags) or None}


def _sum(text):
    """An amount of the shop's currency in minor units; None for none."""
    if not text.strip():
        return None, ""
    try:
        amount = money.parsed(text, store.current().currency)
    except Invalid:
        amount = -1
    return (amount, "") if 0 <= amount < 2**53 else (None, _("Enter an amount like 12.50"))
