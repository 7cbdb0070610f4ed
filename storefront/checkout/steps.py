"""What "confirm" does, in order, and how each step is undone.

A step takes the `Attempt` – the quote, the cart, and what the steps before it have made. The lists stand in
`config.py` by name (CHECKOUT_SETUP, CHECKOUT_REVERSIBLE, CHECKOUT_FINALIZE), and can be read like a recipe; what they
may name, its undo and what must stand before it is the table below. To add a step: write its function in the file
of its list, with a docstring that begins with one sentence; give it a line here; put its name into config.py.

Setup writes nothing. A reversible step opens its own transaction, so that a failed purchase keeps its trail; it finds
its work done when a press is repeated or goes on after a crash; the order is read, not the quote, which is not there
then. One that refuses raises (`Refused`, or any ShopError): the order is FAILED with the reason, and the shopper reads
the sentence. The steps that copy the quote inside `place_order` are CHECKOUT_POPULATE in orders/populating.py, those
that release an order are CHECKOUT_RELEASE in orders/releasing.py; both run within one transaction.
"""

import logging

from storefront.cart.models import Cart
from storefront.checkout.attempt import Attempt, QuoteChanged, Refused
from storefront.checkout.finalize import post_checkout, settle_what_needs_no_payment
from storefront.checkout.reversible import (
    cancel_bill,
    check_subscription_credit,
    fail_order,
    hold_certificates,
    hold_limited_uses,
    hold_stock,
    open_bill,
    place_order,
    start_payment,
    take_number,
)
from storefront.checkout.setup import (
    check_certificates,
    check_payment,
    check_shipping,
    pre_checkout,
    read_the_quote,
    refuse_an_empty_cart,
    refuse_what_is_no_longer_sold,
)
from storefront.kit import recipes
from storefront.kit.db import retried
from storefront.kit.recipes import Step
from storefront.orders.models import Order
from storefront.payments.models import PaymentMethod

__all__ = ["Attempt", "QuoteChanged", "Refused", "place", "resume"]

log = logging.getLogger(__name__)
SETUP, REVERSIBLE, FINALIZE = "CHECKOUT_SETUP", "CHECKOUT_REVERSIBLE", "CHECKOUT_FINALIZE"

recipes.register(
    Step(SETUP, pre_checkout),
    Step(SETUP, check_certificates),
    Step(SETUP, read_the_quote, required=True),
    Step(SETUP, refuse_an_empty_cart, needs=("read_the_quote",), required=True),
    Step(SETUP, refuse_what_is_no_longer_sold, needs=("read_the_quote",)),
    Step(SETUP, check_shipping, needs=("refuse_an_empty_cart",)),
    Step(SETUP, check_payment, needs=("check_shipping",), required=True),
    Step(REVERSIBLE, take_number, required=True),
    Step(REVERSIBLE, place_order, undo=fail_order, needs=("take_number",), required=True),
    Step(REVERSIBLE, hold_stock, needs=("place_order",), required=True),  # failing the order lets go of its goods
    Step(REVERSIBLE, hold_limited_uses, needs=("hold_stock",), required=True),
    Step(REVERSIBLE, hold_certificates, needs=("hold_stock",), required=True),  # and of its certificates
    Step(REVERSIBLE, check_subscription_credit, needs=("place_order",)),
    Step(
        REVERSIBLE,
        open_bill,
        undo=cancel_bill,
        needs=("hold_stock", "hold_limited_uses", "hold_certificates"),
        required=True,
    ),
    Step(REVERSIBLE, start_payment, needs=("open_bill",), required=True, last=True),
    Step(FINALIZE, settle_what_needs_no_payment, needs=("start_payment",), required=True),
    Step(FINALIZE, post_checkout, needs=("settle_what_needs_no_payment",)),
)


def place(
    basket: Cart, method: PaymentMethod | None, quote_token: str, confirm_token: str, ip_hash: str = ""
) -> Attempt:
    """Turn a confirmed preview into an order that waits for its money; the only way an order is made.

    Takes every step; if one fails, undoes those already taken, last first, and says why.
    Without a method only what costs nothing more is ordered. Raises QuoteChanged, OutOfStock, CertificateShort,
    PaymentPending, Refused, Invalid, GatewayError.
    """
    attempt = Attempt(basket.id, method.id if method else None, quote_token, confirm_token, ip_hash)
    for prepare in recipes.of(SETUP):
        prepare.do(attempt)
    return _take(recipes.of(REVERSIBLE), attempt, [])


def resume(order: Order) -> Attempt:
    """Go on where a crash has left an order, or beside another press that is still at it; any other is only found.

    Raises what `place` raises.
    """
    attempt = Attempt(order.cart_id or 0, order.payment_method["id"], "", order.confirm_token)
    attempt.lead_to(order)
    steps = recipes.of(REVERSIBLE)
    placing = recipes.position(steps, "place_order")
    return _take(steps[placing + 1 :], attempt, list(steps[placing:]))  # who knows how far the other press came


def _take(steps, attempt, done):
    """Take these steps; if one fails, undo them and what may have been done before, the last first."""
    try:
        for step in steps:
            if attempt.placed_before:
                return attempt
            retried(step.do)(attempt)
            done += [step] if step not in done else []
    except Exception as error:
        attempt.error = error
        for step in reversed(done):
            _undo(step, attempt)
        raise
    for finish in recipes.of(FINALIZE):
        retried(finish.do)(attempt)
    return attempt


def _undo(step, attempt):
    try:
        retried(step.undo)(attempt)
    except Exception:  # the job that closes crashed orders finishes what could not be undone
        log.exception("could not undo %s of order %s", step.name, attempt.number)
