"""What "confirm" does, in order, and how each step is undone.

Read the three lists at the end like a recipe. A step takes the `Attempt` – the quote, the cart, and what the
steps before it have made – and opens its own transaction, so that a failed purchase keeps its trail.
"""

import logging
from contextlib import suppress

from flask_babel import gettext as _
from sqlalchemy.exc import IntegrityError

from storefront import cart, orders, payments
from storefront.cart.models import Cart
from storefront.cart.states import OPEN
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
    return _take(REVERSIBLE, attempt, [])


def resume(order: Order) -> Attempt:
    """Go on where a crash has left an order, or beside another press that is still at it; any other is only found.

    Raises what `place` raises.
    """
    attempt = Attempt(order.cart_id or 0, order.payment_method["id"], "", order.confirm_token)
    _lead_to(attempt, order)
    placing = next(index for index, step in enumerate(REVERSIBLE) if step.undo is fail_order)
    return _take(REVERSIBLE[placing + 1 :], attempt, [REVERSIBLE[placing]])


def _take(steps, attempt, done):
    """Take these steps; if one fails, undo it all, what was done before included."""
    try:
        for step in steps:
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


# ---- reversible: each step is a transaction, has its undo, and finds what another press has done already


def take_number(attempt: Attempt) -> None:
    """The number is taken in a commit of its own: a crash leaves a gap, never a double."""
    with transaction("take_number"):
        attempt.number = orders.take_number()


def place_order(attempt: Attempt) -> None:
    """Copy the quote. Of two tabs with the same content, the second finds the first one's order."""
    try:
        with transaction("place_order"):
            _copy(attempt)
    except IntegrityError:  # the same press of the button, from another cart, in this moment
        raise QuoteChanged(_("Your cart has changed in another tab: check your order once more.")) from None


def _copy(attempt):
    quote = cart.quote(cart.locked(attempt.cart_id))
    before = orders.placed_from(attempt.confirm_token) or orders.same_order(quote)
    if before and before.cart_id == attempt.cart_id:
        _lead_to(attempt, before)
        return
    if before or quote.cart.status != OPEN or not quote.fits(attempt.quote_token):
        raise QuoteChanged(_("Your cart has changed in another tab: check your order once more."))
    order = orders.place(
        quote, attempt.number, method=attempt.method, confirm_token=attempt.confirm_token, ip_hash=attempt.ip_hash
    )
    attempt.order_id = order.id


def fail_order(attempt: Attempt) -> None:
    """The order stays as FAILED, for the record; its goods go back."""
    with transaction("fail_order"):
        if attempt.order_id:
            orders.fail_placing(attempt.order, type(attempt.error).__name__)


def hold_stock(attempt: Attempt) -> None:
    """Set the goods aside, taking over those of an older unpaid order of the same cart."""
    for _another_tab in range(TABS):
        with suppress(cart.StaleCart), transaction("hold_stock"):
            orders.hold_goods(attempt.order)
            return
    raise QuoteChanged(_("Your cart has changed in another tab: check your order once more."))


def open_bill(attempt: Attempt) -> None:
    """One attempt to pay, unless there is nothing to pay or the method approves by itself."""
    with transaction("open_bill"):
        order, method = orders.begin_payment(attempt.order_id or 0), attempt.method
        _lead_to(attempt, order)
        if attempt.bill_id or attempt.placed_before or not order.due_minor or method.auto_approve:
            return
        bill = payments.open_bill(
            order.id, order.number, method, order.due_minor, order.currency, expires_at=orders.window_end()
        )
        attempt.bill_id = bill.id


def cancel_bill(attempt: Attempt) -> None:
    """The attempt ends before it began, unless another press has begun it."""
    with transaction("cancel_bill"):
        if attempt.bill and orders.locked(attempt.order_id or 0).status == NEW:
            payments.cancel(attempt.bill, "step_failed")


def start_payment(attempt: Attempt) -> None:
    """Ask the gateway where to go, over the network, outside any transaction; then the order is on hold."""
    if attempt.placed_before or not attempt.bill:
        return
    step = payments.begin(attempt.bill)
    with transaction("start_payment"):
        if orders.hold(attempt.order):
            payments.keep_step(attempt.bill, step)


# ---- finalize: safe to repeat


def settle_what_needs_no_payment(attempt: Attempt) -> None:
    """Free orders, and methods that approve by themselves, go to fulfilment at once."""
    if attempt.bill_id or attempt.placed_before:  # a bill is waited for; what another press left is its own
        return
    with transaction("release_unbilled"):
        orders.release_unbilled(attempt.order)


def _lead_to(attempt, order):
    """To an order that is there: with nothing left to do, unless it is still being placed, or a crash came between."""
    attempt.order_id, attempt.number, attempt.placed_before = order.id, order.number, order.status != NEW
    attempt.method_id = order.payment_method["id"]
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
