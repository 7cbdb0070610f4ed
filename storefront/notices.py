"""Who is told what when something has happened: one table, one function a letter.

A letter is written from the order's snapshot when the job delivers the event; it may read anything, sends
something, and changes no order, bill or stock: only what a gateway answers is settled, as always.
"""

import logging
from collections.abc import Callable

from flask import current_app, render_template
from flask_babel import force_locale, gettext as _

from storefront import checkout, customers, payments, store, taxes
from storefront.kit import clock, events, mail, money
from storefront.kit.db import db
from storefront.kit.errors import Conflict, NotFound
from storefront.kit.events import OrderEvent, OutboxMessage
from storefront.orders.models import Order, Shipment
from storefront.orders.states import BY_MERCHANT, BY_REVIEW, BY_SHOPPER, GATEWAY_SILENT, STEP_FAILED, SUPERSEDED
from storefront.payments.models import Bill, Refund

log = logging.getLogger(__name__)
Handler = Callable[[OrderEvent], None]
APPROVED = ("nothing_due", "approved", "accepted")  # why an order is released without having been paid just now


def received(event: OrderEvent) -> None:
    """The order is written down and waits for its money, with the link to pay."""
    order = _order(event)
    if order.status == "HOLD" and event.data.get("was") == "NEW":
        _write(event, "received", order, _("order %(number)s, not paid yet", number=order.number))


def receipt(event: OrderEvent) -> None:
    """The money is there."""
    order = _order(event)
    _write(event, "receipt", order, _("order %(number)s paid", number=order.number), late=event.data.get("late", False))


def approved(event: OrderEvent) -> None:
    """The order goes to fulfilment without a payment before it."""
    order = _order(event)
    if event.data.get("reason") in APPROVED:
        _write(event, "receipt", order, _("order %(number)s confirmed", number=order.number), late=False)


def cancelled(event: OrderEvent) -> None:
    """The order has ended; a replaced one is told of by its successor."""
    order = _order(event)
    if event.data.get("reason") != SUPERSEDED:
        person = event.data.get("reason") in (BY_SHOPPER, BY_MERCHANT, BY_REVIEW)
        _write(event, "cancelled", order, _("order %(number)s cancelled", number=order.number), person=person)


def failed(event: OrderEvent) -> None:
    """The payment never came through. What failed before the payment was told on the page."""
    order = _order(event)
    if event.data.get("reason") != STEP_FAILED:
        _write(event, "failed", order, _("order %(number)s was not paid", number=order.number))


def on_its_way(event: OrderEvent) -> None:
    """A parcel has left."""
    order, shipment = _order(event), db.session.get_one(Shipment, event.data["id"])
    _write(event, "shipped", order, _("order %(number)s is on its way", number=order.number), shipment=shipment)


def refunded(event: OrderEvent) -> None:
    """Money is on its way back."""
    order, refund = _order(event), db.session.get_one(Refund, event.data["id"])
    _write(event, "refunded", order, _("refund for order %(number)s", number=order.number), refund=refund)


def needs_attention(event: OrderEvent) -> None:
    """A payment does not fit: the shopper is told in plain words that nothing is lost."""
    order, bill = _order(event), db.session.get_one(Bill, event.data["id"])
    _write(
        event,
        "attention",
        order,
        _("we are checking your payment for order %(number)s", number=order.number),
        bill=bill,
    )


def nobody_knows(event: OrderEvent) -> None:
    """The gateway has been silent for too long: the shopper is told not to pay again."""
    order = _order(event)
    if event.data.get("reason") == GATEWAY_SILENT:
        _write(
            event,
            "attention",
            order,
            _("we are checking your payment for order %(number)s", number=order.number),
            bill=None,
        )


def tell_owner(event: OrderEvent) -> None:
    """The merchant hears of money that waits on the desk."""
    _write_to_owner(
        event,
        _(
            "Money came for order %(number)s that does not fit (%(reason)s). It waits on the desk: %(url)s",
            **_facts(event),
        ),
    )


def tell_owner_of_review(event: OrderEvent) -> None:
    """The merchant hears of an order that waits for a person though no money of it does."""
    if event.data.get("reason") in (GATEWAY_SILENT, "disputed"):
        _write_to_owner(
            event, _("Order %(number)s needs a person to look at it (%(reason)s): %(url)s", **_facts(event))
        )


def _facts(event):
    number = _order(event).number
    url = f"{current_app.config['PUBLIC_URL']}/admin/orders/{number}"
    return {"number": number, "reason": event.data.get("reason", ""), "url": url}


def _write_to_owner(event, words):
    shop = store.current()
    subject = f"{shop.name}: {_('a payment needs you')}"
    mail.send(
        mail.letter(
            to=shop.email,
            sender=(shop.name, shop.email),
            subject=subject,
            text=words + "\n",
            html=render_template("emails/plain.html", words=words, subject=subject),
            reference=f"event-{event.id}",
        )
    )


def close_session(event: OrderEvent) -> None:
    """An attempt of ours has ended: its session at the gateway shall end too; if it was paid first, we ask for it."""
    bill = db.session.get_one(Bill, event.data["id"])
    if bill.claimed_at is not None and not payments.close_at_gateway(bill):
        checkout.ask_and_settle(bill.id)


HANDLERS: dict[str, tuple[Handler, ...]] = {
    "ORDER_HELD": (received,),
    "ORDER_PAID": (receipt,),
    "ORDER_DOUBTED": (nobody_knows, tell_owner_of_review),
    "ORDER_RELEASED": (approved,),
    "ORDER_CANCELLED": (cancelled,),
    "ORDER_FAILED": (failed,),
    "ORDER_SHIPMENT_SHIPPED": (on_its_way,),
    "REFUND_SUCCEEDED": (refunded,),
    "BILL_QUARANTINED": (needs_attention, tell_owner),
    "BILL_CANCELLED": (close_session,),
    "BILL_EXPIRED": (close_session,),
}
AGAIN: dict[str, str] = {  # letters that staff may send once more
    "ORDER_HELD": "received",
    "ORDER_PAID": "receipt",
    "ORDER_RELEASED": "approved",
    "ORDER_SHIPMENT_SHIPPED": "on_its_way",
    "ORDER_CANCELLED": "cancelled",
    "REFUND_SUCCEEDED": "refunded",
}
BY_NAME: dict[str, Handler] = {handler.__name__: handler for row in HANDLERS.values() for handler in row}


def subscribe() -> None:
    """From now on each of these events leaves an outbox row for each of its handlers."""
    for event_type, handlers in HANDLERS.items():
        for handler in handlers:
            kind = "handler" if handler is close_session else "mail"
            events.subscribe(event_type, kind, handler.__name__)


def deliver(event: OrderEvent, target: str) -> None:
    """Run one handler for one event. Raises what it raises: the job tries again later."""
    with force_locale(store.current().locale):
        BY_NAME[target](event)


def says_something(event: OrderEvent, order: Order) -> bool:
    """Whether the letter of this event would say something true of the order as it is now."""
    reason = event.data.get("reason")
    if event.type == "ORDER_HELD":
        return order.status == "HOLD" and event.data.get("was") == "NEW"
    if event.type == "ORDER_RELEASED":
        return reason in APPROVED
    return event.type in AGAIN and reason != SUPERSEDED


def resend(event_id: int) -> OrderEvent:
    """Let the letter that an event brought go out once more, as an event of its own under the order's lock.

    Raises NotFound for an event that has no such letter.
    """
    first = db.session.get(OrderEvent, event_id)
    if first is None or not first.order_id or not says_something(first, _order(first)):
        raise NotFound(_("There is no such letter."))
    event = events.record("LETTER_RESENT", first.order_id, **{**first.data, "letter": first.type})
    db.session.add(OutboxMessage(event_id=event.id, kind="mail", target=AGAIN[first.type], next_try_at=event.at))
    return event


def retry(message_id: int) -> OutboxMessage:
    """Try a delivery again that was given up. Raises NotFound, and Conflict if it was not given up."""
    message = db.session.get(OutboxMessage, message_id, with_for_update=True, populate_existing=True)
    if message is None:
        raise NotFound(_("There is no such letter."))
    if message.status != "FAILED":
        raise Conflict(_("This letter is on its way, or was sent."), state=message.status)
    message.status, message.tries, message.next_try_at = "PENDING", 0, clock.now()
    return message


def _order(event) -> Order:
    return db.session.get_one(Order, event.order_id)


def _write(event, name, order, subject, **more):
    shop, public = store.current(), current_app.config["PUBLIC_URL"]
    context = {
        "order": order,
        "store": shop,
        "order_url": f"{public}/orders/{order.key}",
        "pay_url": f"{public}/orders/{order.key}/pay",
        "money": lambda amount, currency: money.shown(amount, currency, order.locale),
        "lines_of": customers.lines,
        "taxes": taxes.of_order(order.id),
        **more,
    }
    mail.send(
        mail.letter(
            to=order.email,
            sender=(shop.name, shop.email),
            subject=f"{shop.name}: {subject}",
            text=render_template(f"emails/{name}.txt", **context),
            html=render_template(f"emails/{name}.html", **context),
            reference=f"{name}-{order.number}-{event.id}",
        )
    )
