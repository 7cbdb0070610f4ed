"""The steps of "confirm" that write: each is a transaction, has its undo, and finds what another press has done."""

from contextlib import suppress

from flask_babel import gettext as _
from sqlalchemy.exc import IntegrityError

from storefront import cart, orders, payments
from storefront.cart.states import OPEN
from storefront.checkout.attempt import Attempt, QuoteChanged
from storefront.kit.db import transaction
from storefront.kit.errors import Conflict
from storefront.orders.states import CLOSED, NEW
from storefront.payments.gateways.base import Form, Outcome, Redirect
from storefront.payments.models import Bill

TABS = 3  # so often another tab may confirm the same cart in the same instant before this one gives up


def take_number(attempt: Attempt) -> None:
    """The number is taken in a commit of its own: a crash leaves a gap, never a double."""
    with transaction("take_number"):
        attempt.number = orders.take_number()


def place_order(attempt: Attempt) -> None:
    """Copy the quote, by CHECKOUT_POPULATE. Of two tabs with the same content, the second finds the first's order."""
    try:
        with transaction("place_order"):
            _copy(attempt)
    except IntegrityError:  # the same press of the button, from another cart, in this moment
        raise QuoteChanged(_("Your cart has changed in another tab: check your order once more.")) from None


def _copy(attempt):
    quote = cart.quote(cart.locked(attempt.cart_id))
    before = orders.placed_from(attempt.confirm_token) or orders.same_order(quote)
    if before and before.cart_id == attempt.cart_id:
        attempt.lead_to(before)
        return
    if before or quote.cart.status != OPEN or not quote.fits(attempt.quote_token):
        raise QuoteChanged(_("Your cart has changed in another tab: check your order once more."))
    order = orders.place(
        quote, attempt.number, method=attempt.method, confirm_token=attempt.confirm_token, ip_hash=attempt.ip_hash
    )
    attempt.order_id = order.id


def fail_order(attempt: Attempt) -> None:
    """The order stays as FAILED, for the record, with the reason; what it holds goes back."""
    with transaction("fail_order"):
        if attempt.order_id:
            orders.fail_placing(attempt.order, _why(attempt.error))


def _why(error):
    """The word that a step gave for its refusal, or else what kind of error it was."""
    data = getattr(error, "data", {})
    return str(data.get("reason") or type(error).__name__)


def hold_stock(attempt: Attempt) -> None:
    """Set the goods aside, taking over those of an older unpaid order of the same cart."""
    for _another_tab in range(TABS):
        with suppress(cart.StaleCart), transaction("hold_stock"):
            orders.hold_goods(attempt.order)
            return
    raise QuoteChanged(_("Your cart has changed in another tab: check your order once more."))


def hold_limited_uses(attempt: Attempt) -> None:
    """Hold what is limited of offers and codes, each in one conditional update: all of it, or none."""
    with transaction("hold_limited_uses"):
        orders.hold_limited_uses(attempt.order)


def hold_certificates(attempt: Attempt) -> None:
    """Set aside what gift certificates pay, each in one conditional update: all of it, or none."""
    with transaction("hold_certificates"):
        orders.hold_certificates(attempt.order)


def check_subscription_credit(attempt: Attempt) -> None:
    """Nothing by itself: the place for a step that knows what a customer may owe, and may refuse."""


def open_bill(attempt: Attempt) -> None:
    """One attempt to pay, unless there is nothing to pay or the method approves by itself."""
    with transaction("open_bill"):
        order, method = orders.begin_payment(attempt.order_id or 0), attempt.method
        attempt.lead_to(order)
        if attempt.bill_id or attempt.placed_before or not order.due_minor:
            return
        assert method is not None, "without a way to pay only what costs nothing more is placed"
        if method.auto_approve:
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


def settle_at_once(bill: Bill, step: Form | Redirect | Outcome) -> None:
    """Where there is nowhere to go, what the gateway said counts now. The caller holds the order's lock."""
    if isinstance(step, Outcome):
        orders.settle(bill, step)


def start_payment(attempt: Attempt) -> None:
    """Ask the gateway where to go, over the network, outside any transaction; then the order is on hold."""
    if attempt.placed_before or not attempt.bill:
        return
    step, refused = payments.begin(attempt.bill), None
    with transaction("start_payment"):
        try:
            if orders.hold(attempt.order):
                payments.keep_step(attempt.bill, step)
        except Conflict as ended:
            refused = ended
        settle_at_once(attempt.bill, step)  # what has happened counts, whatever became of the order meanwhile
    if refused and attempt.order.status in CLOSED:
        raise refused
