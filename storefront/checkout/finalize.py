"""The last steps of "confirm": safe to repeat, and a crash before them loses nothing that a job would not do."""

from storefront import orders
from storefront.checkout.attempt import Attempt
from storefront.kit.db import transaction


def settle_what_needs_no_payment(attempt: Attempt) -> None:
    """Free orders, and methods that approve by themselves, go to fulfilment at once."""
    if attempt.bill_id or attempt.placed_before:  # a bill is waited for; what another press left is its own
        return
    with transaction("release_unbilled"):
        orders.release_unbilled(attempt.order)


def post_checkout(attempt: Attempt) -> None:
    """Nothing by itself: the place for a step at the very end. What must not get lost is a handler of the same name."""
