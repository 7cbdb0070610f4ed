"""Whatever a gateway says of a bill ends here: once, late, twice, and in any order."""

from flask_babel import gettext as _

from storefront import cart, payments, store, taxes
from storefront.certificates import CertificateShort
from storefront.kit import clock, events, money
from storefront.kit.db import db
from storefront.kit.errors import Conflict
from storefront.orders.closing import close
from storefront.orders.disputing import dispute, end_dispute, sent_back
from storefront.orders.finding import locked, stands_apart
from storefront.orders.gifts import renew
from storefront.orders.models import Order
from storefront.orders.money import is_paid, refresh
from storefront.orders.placing import hold_end
from storefront.orders.releasing import release
from storefront.orders.reserving import reservation_ended, reserved_wrongly, sum_reserved
from storefront.orders.resting import credit_first, first_of, owed
from storefront.orders.reviewing import end_doubts, review, rule_hits, wait_for_a_look
from storefront.orders.states import (
    CLOSED,
    HOLD,
    NEW,
    ORDER,
    RELEASED_STATES,
    REVIVABLE,
    SUPERSEDED,
)
from storefront.payments.fates import CHANGED, NO_EFFECT
from storefront.payments.gateways import base
from storefront.payments.gateways.base import Outcome
from storefront.payments.models import Bill
from storefront.payments.reasons import ACCEPT, OFFER

ENDS = (base.DECLINED, base.CANCELLED, base.EXPIRED)


def settle(bill: Bill, outcome: Outcome) -> str:
    """Apply what a gateway says of a bill; gives CHANGED, DUPLICATE or NO_EFFECT. Safe to repeat.

    Takes the order's lock, then the bill's; the caller's transaction holds state, goods, ledger and
    events together.
    """
    bill = payments.spoken_of(bill, outcome)
    order = locked(bill.order_id) if bill.order_id else None
    bill = db.session.get_one(Bill, bill.id, populate_existing=True, with_for_update=True)
    if bill.order_id and (order is None or order.id != bill.order_id):
        order = locked(bill.order_id)  # staff moved its money to another order in this moment
    if payments.is_of_others(bill, outcome):
        if outcome.type == base.AUTHORIZED:  # nothing is reserved for us: it must not look as if it could be taken
            reserved_wrongly(bill, outcome, payments.why_foreign(bill.backend, outcome))
        return NO_EFFECT
    word, bill = payments.record(bill, outcome)
    if word == CHANGED:
        bill.updated_at = clock.now()
        if outcome.type in (base.PAID, base.VOIDED):
            payments.reservation_over(bill, outcome.type)
    if not order and word == CHANGED and outcome.type == base.PAID:
        payments.quarantine(bill, "unknown_reference")
    if order and word == CHANGED:
        if outcome.type == base.PAID:
            _money_came(order, bill, outcome)
        elif outcome.type == base.AUTHORIZED:
            sum_reserved(order, bill, outcome)
        elif outcome.type == base.PENDING:
            _wait_longer(order, bill)
        elif outcome.type == base.CHARGED_BACK:
            dispute(order, bill)
        elif outcome.type == base.WON_BACK:
            end_dispute(order, bill)
        elif outcome.type == base.VOIDED:
            reservation_ended(order, bill)
        elif outcome.type in ENDS:
            _wait_no_longer(order)
    if word == CHANGED and outcome.type == base.REFUNDED:
        sent_back(order, bill, outcome)
    if order and word == CHANGED:  # else it leaves no trace: no page is told that something is new
        refresh(order)
    return word


def release_unbilled(order: Order) -> None:
    """Nothing is due, or the method approves by itself: the order goes to fulfilment at once.

    What is due no more counts as paid: a rule of the shop may want somebody to look at it first.
    """
    order = locked(order.id)
    if order.status != NEW:
        return
    hits = [] if order.due_minor else rule_hits(order)
    if hits:
        wait_for_a_look(order, hits)
    else:
        with db.session.begin_nested():
            ORDER.apply(order, "released", reason="approved" if order.due_minor else "nothing_due")
            release(order)
    refresh(order)


def _money_came(order, bill, outcome):
    """The sum is in the ledger; now find what it is for, or let it wait on the desk."""
    reason, suggested = _why_not(order, bill, outcome), ""
    if not reason and order.status in RELEASED_STATES:  # accepted before its money was known of
        order.paid_at = order.paid_at or clock.now()
        payments.accept(bill)
        return payments.void_others(bill)
    if not reason:
        hits = rule_hits(order)
        if hits and order.status not in CLOSED:
            credit_first(bill)
            return review(order, bill, hits)
        if hits:
            reason, suggested = "late_order_closed", ACCEPT
    if not reason:
        try:
            with db.session.begin_nested():
                return pay(order, bill)
        except CertificateShort:  # the goods are there, but a part of the price is not any more
            reason = "late_order_closed"
            db.session.refresh(order)
        except Conflict:
            reason, suggested = "late_order_closed" if order.status in CLOSED else "stock_lost", OFFER
            db.session.refresh(order)
    if reason == "amount_mismatch" and outcome.amount_minor > owed(order, bill):
        suggested = ACCEPT  # what is too much goes back
    payments.quarantine(bill, reason, suggested=suggested, due_minor=order.due_minor, state=order.status)
    if order.status in (NEW, HOLD) and reason != "duplicate_payment":
        if order.status == NEW:
            ORDER.apply(order, "held")
        order.review_reason = reason
        ORDER.apply(order, "doubted", reason=reason)
    return None


def _why_not(order, bill, outcome):
    if foreign := payments.why_foreign(bill.backend, outcome):
        return foreign
    if money.code(outcome.currency) != order.currency or bill.currency != order.currency:
        return "currency_mismatch"  # the bill of a second payment has the currency of what came
    if is_paid(order) and first_of(bill):
        return "duplicate_payment"
    if not outcome.amount_minor == bill.amount_minor == owed(order, bill):
        return "amount_mismatch"
    if is_paid(order):
        return "duplicate_payment"
    if order.status in CLOSED:
        if (newest := _newest(order)) is not order and _goes_on(newest):
            return "duplicate_payment" if is_paid(newest) else "late_order_closed"
        late = store.current().late_policy == "revive_if_stock" and order.close_reason in REVIVABLE
        return "" if late else "late_order_closed"
    return ""


def pay(order: Order, bill: Bill, reason: str = "paid") -> None:
    """Move the locked order, and with it the goods and the cart. The caller takes all of it back when this raises.

    Raises Conflict when a newer order of its cart goes on, OutOfStock and CertificateShort.
    """
    late = order.status in CLOSED
    if late:
        _win_back(order)
        taxes.revive_document(order.id)
        renew(order)
    if order.status == NEW:
        ORDER.apply(order, "held")
    ORDER.apply(order, "paid", bill=bill.id, late=late)
    credit_first(bill)
    payments.accept(bill)
    order.paid_at, order.close_reason, order.closed_at, order.review_reason = clock.now(), "", None, ""
    events.record("ORDER_RELEASED", order.id, reason=reason, bill=bill.id)
    end_doubts([order], "paid")
    release(order)
    for other in payments.open_bills(order.id):
        payments.cancel(other, "paid_by_another")
    payments.void_others(bill)


def _win_back(order):
    """The older order was paid after all: an unpaid newer one makes way, and the cart belongs to this one again.

    Raises Conflict when the newest is paid, in somebody's hands, or on its way without money: one cart, one order.
    """
    newest = _newest(order)
    if newest is order:
        if not stands_apart(order):
            cart.reclaim(order.cart_id, order.id)
        return
    if _goes_on(newest):
        raise Conflict(_("Order %(number)s replaced this one, and goes on.", number=newest.number), state=newest.status)
    if newest.status in (NEW, HOLD):
        close(newest, "cancelled", SUPERSEDED, detail=order.number)
    newest.superseded_by_order_id, order.superseded_by_order_id = order.id, None  # the row now ends here
    cart.set_open_order(order.cart_id, order.id)


def _newest(order):
    """The last of the orders that replaced one another, however many were between, or a paid one among them; locked."""
    newest = order
    while newest.superseded_by_order_id and (newest is order or not is_paid(newest)):
        newest = locked(newest.superseded_by_order_id)
    return newest


def _goes_on(order):
    return is_paid(order) or order.status not in (NEW, HOLD, *CLOSED)


def _wait_longer(order, bill):
    """The gateway itself does not know yet: the goods are kept for the pending window of the way to pay."""
    if order.status == HOLD:
        until = clock.now() + payments.pending_window(bill)
        order.hold_expires_at = max(order.hold_expires_at or until, until)
        events.record("ORDER_HOLD_PROLONGED", order.id, until=order.hold_expires_at.isoformat(), why="pending")


def _wait_no_longer(order):
    """The attempt is over: what was waited for it is cut back to one more window, for another try."""
    if order.status == HOLD and order.hold_expires_at:
        order.hold_expires_at = min(order.hold_expires_at, hold_end())
