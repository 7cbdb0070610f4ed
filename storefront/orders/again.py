"""Paying the same order again, and keeping its goods a little longer."""

from datetime import datetime, timedelta

from flask_babel import gettext as _

from storefront import cart, payments, promotions, stock, taxes
from storefront.kit import clock, events
from storefront.kit.errors import Conflict
from storefront.orders.finding import locked
from storefront.orders.gifts import take_again
from storefront.orders.models import Order
from storefront.orders.money import refresh
from storefront.orders.placing import MOST_EXTENSIONS, hold_end, waiting_order, window_end
from storefront.orders.states import BY_MERCHANT, BY_REVIEW, CLOSED, HOLD, ORDER, SUPERSEDED
from storefront.payments.models import Bill, PaymentMethod

PRICES_STAND_FOR = timedelta(hours=24)


class TooOld(Conflict):
    """The prices of a closed order do not stand any more: what is in it is ordered afresh from the cart."""

    code = "too_old"


def pay_again(order_id: int, method: PaymentMethod) -> Bill:
    """A new attempt for an unpaid order: older open ones are cancelled, the goods are kept or taken again.

    Raises Conflict, naming the state, when it is paid, being paid, replaced, or too old; OutOfStock when its
    goods are gone, CertificateShort when a gift certificate has not as much any more.
    """
    order = locked(order_id)
    if payments.money_may_come(order.id):
        raise Conflict(_("A payment for this order is there already, or being processed."), state=order.status)
    if order.status in CLOSED:
        _reopen(order)
    elif order.status != HOLD:
        raise Conflict(_("This order cannot be paid any more."), state=order.status)
    _extend(order)
    assert order.hold_expires_at is not None and order.kept_until is not None
    until = max(order.kept_until, min(window_end(), order.hold_expires_at))  # the grace serves who cannot extend
    if until <= clock.now():  # the job that closes the order is late; closed, it can be paid once more
        raise Conflict(_("The goods are not kept any more."), state=order.status)
    for bill in payments.open_bills(order.id):
        payments.cancel(bill, "new_attempt")
    bill = payments.open_bill(order.id, order.number, method, order.due_minor, order.currency, expires_at=until)
    order.payment_method = {"code": method.code, "label": method.label, "id": method.id}
    refresh(order)
    return bill


def keep(order_id: int) -> Order:
    """The shopper asks to keep the goods longer; at most three times. Raises Conflict after that."""
    order = locked(order_id)
    if order.status != HOLD or order.hold_expires_at is None or order.hold_expires_at <= clock.now():
        raise Conflict(_("The goods are not kept any more."), state=order.status)
    if order.extensions >= MOST_EXTENSIONS:
        raise Conflict(_("We cannot keep the goods any longer than this."), state=order.status)
    _extend(order)
    refresh(order)
    return order


def may_keep(order: Order) -> bool:
    """Whether one more extension is allowed."""
    return order.status == HOLD and order.extensions < MOST_EXTENSIONS


def may_reopen(order: Order) -> bool:
    """Whether a closed order may be paid after all: not replaced, not closed by staff, its prices still stand."""
    return not _why_never_again(order, clock.here())


def _extend(order):
    """hold end = max(old, now + window + grace), at most three times."""
    if order.extensions >= MOST_EXTENSIONS:
        return
    later = hold_end()
    if order.hold_expires_at is None or later > order.hold_expires_at:
        order.hold_expires_at, order.extensions = later, order.extensions + 1
        events.record("ORDER_HOLD_PROLONGED", order.id, until=later.isoformat(), why="shopper")


def _reopen(order):
    """A closed order may be paid after all while its prices stand and its goods are there."""
    if reason := _why_never_again(order, clock.now()):
        kind = TooOld if may_order_afresh(order, clock.now()) else Conflict
        raise kind(reason, state=order.status)
    newer = waiting_order(order.cart_id) if order.cart_id else None
    if newer:
        sentence = _("Order %(number)s of the same cart waits to be paid.", number=newer.number)
        raise Conflict(sentence, state=order.status)
    if not order.due_minor:
        raise Conflict(_("Nothing is to be paid for this order: order once more."), state=order.status)
    cart.set_open_order(order.cart_id, order.id)  # the cart before the goods: see stock/timed.py
    stock.reserve(order.lines, cart_lines=cart.lines_of(order.cart_id))
    promotions.retake(order.id)
    take_again(order)
    order.hold_expires_at = hold_end()
    order.close_reason, order.closed_at = "", None
    ORDER.apply(order, "held")
    taxes.revive_document(order.id)


def may_order_afresh(order: Order, now: datetime) -> bool:
    """Whether nothing but its age keeps a closed order from being paid."""
    return not _who_ended(order) and order.placed_at <= now - PRICES_STAND_FOR


def _why_never_again(order, now):
    """The sentence that says why a closed order cannot be paid any more; "" if it can."""
    if reason := _who_ended(order):
        return reason
    if order.placed_at <= now - PRICES_STAND_FOR:
        return _("This order is too old to be paid: order once more at today's prices.")
    return ""


def _who_ended(order):
    if order.superseded_by_order_id or order.close_reason == SUPERSEDED:
        return _("This order was replaced by a newer one.")
    if order.close_reason in (BY_MERCHANT, BY_REVIEW):
        return _("We have cancelled this order. Write to us if that is not right.")
    return ""
