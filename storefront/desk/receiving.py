"""Money that a person has seen: through a gateway that says nothing itself, or of an order that was sent unpaid."""

from collections.abc import Sequence
from dataclasses import dataclass

from flask_babel import gettext as _

from storefront import orders, payments
from storefront.kit import clock, events, money
from storefront.kit.db import db
from storefront.kit.errors import Conflict, Invalid
from storefront.orders.models import Order
from storefront.orders.states import RELEASED_STATES
from storefront.payments.fates import NO_EFFECT
from storefront.payments.gateways import base
from storefront.payments.gateways.base import Message, Outcome
from storefront.payments.models import Bill, PaymentMethod
from storefront.payments.states import MONEY


@dataclass(frozen=True)
class Awaited:
    """What a person may say has come: the attempt (None: none was made), and its sum in minor units."""

    bill: Bill | None
    amount_minor: int
    currency: str

    @property
    def typed(self) -> str:
        """The sum as somebody would type it."""
        return money.plain(self.amount_minor, self.currency)


def awaited(order: Order, bills: Sequence[Bill]) -> Awaited | None:
    """The money that only a person can tell us of; None if there is none, or the order has its money."""
    if any(payments.counts(bill) for bill in bills):
        return None
    mute = [bill for bill in bills if payments.is_mute(bill) and bill.status not in MONEY]
    if mute:
        return Awaited(mute[-1], mute[-1].amount_minor, mute[-1].currency)
    if bills or not order.due_minor or order.status not in RELEASED_STATES:
        return None
    return Awaited(None, order.due_minor, order.currency) if _method(order) else None


def receive(order_id: int, amount_minor: int, booking: str, actor: str) -> str:
    """So much has come for the order, as somebody has seen; gives what became of it: a word of payments.fates.

    `booking` is the bank's name for it, or "". The message is kept like one of a gateway. Raises Conflict when
    nothing is awaited any more, or another order was paid by this booking; Invalid for no sum.
    """
    order = orders.locked(order_id)
    wanted = awaited(order, payments.bills_of(order.id))
    if wanted is None:
        raise Conflict(_("No money is awaited here any more."), state=order.status)
    if amount_minor <= 0:
        raise Invalid(_("Enter an amount like 12.50."))
    bill = wanted.bill or _begun(order)
    seen = Outcome(base.PAID, bill.reference, f"hand-{bill.reference}", amount_minor, bill.currency, booking)
    told = Message("HAND", f"by {actor}", base.stored_form([seen]))
    stored = payments.store_message(bill.backend, "hand", told, bill.id)
    with events.acting_as(events.actor().kind, events.actor().name, cause=stored.id):
        word = orders.settle(bill, seen)
    if word == NO_EFFECT:
        raise Conflict(_("This booking has paid another order already."), state=order.status)
    payments.finish(stored, word, signature="ok", event_key=payments.event_key(seen))
    return word


def _begun(order):
    """An attempt for an order that was sent without one."""
    return payments.open_bill(
        order.id, order.number, _method(order), order.due_minor, order.currency, expires_at=clock.now()
    )


def _method(order):
    """The way to pay that the order was to be paid by, if its gateway says nothing."""
    method = db.session.get(PaymentMethod, order.payment_method.get("id") or 0)
    return method if method and payments.says_nothing(method.config) else None
