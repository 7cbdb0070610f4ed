"""Two steps of "confirm". Each opens its own transaction, and finds its work done when it comes again."""

from storefront import orders
from storefront.checkout.attempt import Attempt, Refused
from storefront.kit import events
from storefront.kit.db import transaction

CREDIT_MINOR = 100_000
UNKNOWN = "nobody@village.example"


def wrap_goods(attempt: Attempt) -> None:
    """An order with a note is wrapped, once."""
    with transaction("wrap_goods"):
        order = orders.locked(attempt.order_id or 0)
        if order.custom.get("note") and not _is_wrapped(order.id):
            events.record("GIFT_WRAPPED", order.id, paper=order.custom.get("paper", "plain"))


def unwrap_goods(attempt: Attempt) -> None:
    """A later step has failed: the paper goes back. What a crash has left wrapped is seen by its ORDER_FAILED."""
    with transaction("unwrap_goods"):
        order = orders.locked(attempt.order_id or 0)
        if _is_wrapped(order.id):
            events.record("GIFT_UNWRAPPED", order.id)


def ask_the_village(attempt: Attempt) -> None:
    """Nobody may owe more than the village lends, and strangers may owe nothing."""
    if attempt.order.email == UNKNOWN:
        raise Refused("Nobody in the village knows you.", reason="unknown_in_the_village")
    if attempt.order.due_minor > CREDIT_MINOR:
        raise Refused("The village does not lend so much.", reason="over_credit")


def _is_wrapped(order_id):
    told = [event.type for event in events.of_order(order_id) if event.type.startswith("GIFT_")]
    return bool(told) and told[-1] == "GIFT_WRAPPED"
