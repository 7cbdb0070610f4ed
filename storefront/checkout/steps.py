"""What "confirm" does, in order, and how each step is undone.

Read the three lists at the end like a recipe. A step takes the `Attempt` – the quote, the cart, and what the
steps before it have made – and opens its own transaction, so that a failed purchase keeps its trail.
"""

import logging
from contextlib import suppress

from flask_babel import gettext as _

from storefront import cart, orders, payments
from storefront.cart.models import Cart
from storefront.checkout.attempt import Attempt, Step
from storefront.kit.db import db, retried, transaction
from storefront.kit.errors import Conflict, Invalid
from storefront.orders.models import Order
from storefront.orders.states import NEW
from storefront.payments.models import PaymentMethod

log = logging.getLogger(__name__)
TABS = 3  # so often another tab may confirm the same cart in the same instant before this one gives up


class QuoteChanged(Conflict):
    """What was shown is not what it would cost now. The preview must be shown again, old beside new."""

    code = "quote_changed"


def place(basket: Cart, method: PaymentMethod, quote_token: str, confirm_token: str, ip_hash: str = "") -> Attempt:
    """Turn a confirmed preview into an order that waits for its money; the only way an order is made.

    Takes every step; if one fails, undoes those already taken, last first, and says why.
    Raises QuoteChanged, OutOfStock, PaymentPending, Invalid, GatewayError.
    """
    attempt = Attempt(basket.id, method.id, quote_token, confirm_token, ip_hash)
    for prepare in SETUP:
        prepare(attempt)
    done: list[Step] = []
    try:
        for step in REVERSIBLE:
            if attempt.placed_before:
                return attempt
            retried(step.do)(attempt)
            done.append(step)
    except Exception as error:
        attempt.error = error
        for step in reversed(done):
            _undo(step, attempt)
        raise
    for finish in FINALIZE:
        retried(finish)(attempt)
    return attempt


def resume(order: Order) -> None:
    """Finish an order that a crash left after its goods were set aside; does nothing to any other."""
    attempt = Attempt(order.cart_id or 0, order.payment_method["id"], "", order.confirm_token, order_id=order.id)
    basket = db.session.get(Cart, attempt.cart_id)
    held = order.status == NEW and basket is not None and basket.open_order_id == order.id
    if held and (not order.due_minor or attempt.method.auto_approve):
        for finish in FINALIZE:
            retried(finish)(attempt)


def _undo(step, attempt):
    try:
        retried(step.undo)(attempt)
    except Exception:  # the job that closes crashed orders finishes what could not be undone
        log.exception("could not undo %s of order %s", step.do.__name__, attempt.number)


# ---- setup: nothing is written


def read_the_quote(attempt: Attempt) -> None:
    """The cart at this moment must be what was shown."""
    attempt.quote = cart.quote(db.session.get_one(Cart, attempt.cart_id))
    if attempt.quote.lines and not attempt.quote.fits(attempt.quote_token):
        raise QuoteChanged(_("Something changed while you were looking: check your order once more."))


def refuse_an_empty_cart(attempt: Attempt) -> None:
    """There must be something to order."""
    if not attempt.quote or not attempt.quote.lines:
        raise Conflict(_("Nothing is in your cart."), state="empty")


def refuse_what_is_no_longer_sold(attempt: Attempt) -> None:
    """Each line must be for sale, in this quantity."""
    if attempt.quote and attempt.quote.troubles:
        raise QuoteChanged(_("Something in your cart is not there in this quantity any more."))


def check_shipping(attempt: Attempt) -> None:
    """There must be an e-mail and an address, and for goods that travel a way to it."""
    quote = attempt.quote
    assert quote is not None
    if not quote.email or quote.billing_address is None:
        raise Invalid(_("Your address is missing."))
    if quote.requires_shipping and quote.level is None:
        raise Conflict(_("We cannot send to this address."), state="no_shipping")


def check_payment(attempt: Attempt) -> None:
    """The way to pay must take this sum, currency and country; an earlier payment must not be on its way."""
    quote = attempt.quote
    assert quote is not None and quote.billing_address is not None
    choices = payments.methods(quote.due_minor, quote.currency, quote.billing_address["country"])
    chosen = next((choice for choice in choices if choice.method.id == attempt.method_id), None)
    if chosen is None or chosen.why_not:
        raise Conflict(chosen.why_not if chosen else _("This way to pay is not there any more."), state="no_method")
    orders.refuse_if_pending(quote)


# ---- reversible: each step is a transaction, and has its undo


def take_number(attempt: Attempt) -> None:
    """The number is taken in a commit of its own: a crash leaves a gap, never a double."""
    with transaction():
        attempt.number = orders.take_number()


def place_order(attempt: Attempt) -> None:
    """Copy the quote. Of two tabs with the same content, the second finds the first one's order."""
    with transaction():
        quote = cart.quote(cart.locked(attempt.cart_id))
        before = orders.placed_from(attempt.confirm_token) or orders.same_order(quote)
        if before and before.cart_id == attempt.cart_id:
            _lead_to(attempt, before)
            return
        if before or not quote.fits(attempt.quote_token):
            raise QuoteChanged(_("Your cart has changed in another tab: check your order once more."))
        order = orders.place(
            quote, attempt.number, method=attempt.method, confirm_token=attempt.confirm_token, ip_hash=attempt.ip_hash
        )
        attempt.order_id = order.id


def fail_order(attempt: Attempt) -> None:
    """The order stays as FAILED, for the record; its goods go back."""
    with transaction():
        if attempt.order_id:
            orders.fail_placing(attempt.order, type(attempt.error).__name__)


def hold_stock(attempt: Attempt) -> None:
    """Set the goods aside, taking over those of an older unpaid order of the same cart."""
    for _another_tab in range(TABS):
        with suppress(cart.StaleCart), transaction():
            orders.hold_goods(attempt.order)
            return
    raise QuoteChanged(_("Your cart has changed in another tab: check your order once more."))


def open_bill(attempt: Attempt) -> None:
    """One attempt to pay, unless there is nothing to pay or the method approves by itself."""
    with transaction():
        order, method = orders.begin_payment(attempt.order_id or 0), attempt.method
        if not order.due_minor or method.auto_approve:
            return
        bill = payments.open_bill(
            order.id, order.number, method, order.due_minor, order.currency, expires_at=orders.window_end()
        )
        attempt.bill_id = bill.id


def cancel_bill(attempt: Attempt) -> None:
    """The attempt ends before it began."""
    with transaction():
        if attempt.bill:
            payments.cancel(attempt.bill, "step_failed")


def start_payment(attempt: Attempt) -> None:
    """Ask the gateway where to go, over the network, outside any transaction; then the order is on hold."""
    if not attempt.bill:
        return
    step = payments.begin(attempt.bill)
    with transaction():
        orders.hold(attempt.order)
        payments.keep_step(attempt.bill, step)


# ---- finalize: safe to repeat


def settle_what_needs_no_payment(attempt: Attempt) -> None:
    """Free orders, and methods that approve by themselves, go to fulfilment at once."""
    if attempt.bill_id or attempt.placed_before:
        return
    with transaction():
        orders.release_unbilled(attempt.order)


def _lead_to(attempt, order):
    attempt.order_id, attempt.placed_before = order.id, True
    bills = payments.open_bills(order.id)
    attempt.bill_id = bills[-1].id if bills else None


SETUP = (
    read_the_quote,
    refuse_an_empty_cart,
    refuse_what_is_no_longer_sold,
    check_shipping,
    check_payment,
)
REVERSIBLE = (
    Step(take_number),
    Step(place_order, undo=fail_order),
    Step(hold_stock),  # failing the order lets go of its goods
    Step(open_bill, undo=cancel_bill),
    Step(start_payment),
)
FINALIZE = (settle_what_needs_no_payment,)
