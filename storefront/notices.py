"""Who is told what when something has happened: one table, one function a letter.

A letter is written from the order's snapshot when the job delivers the event; it may read anything, sends
something, and changes no order, bill or stock: only what a gateway answers is settled, as always.
"""

import logging
from collections.abc import Callable
from typing import Any
from urllib.parse import quote

from flask import current_app, render_template
from flask_babel import force_locale, gettext as _
from sqlalchemy import select

from storefront import catalog, checkout, customers, payments, store, taxes
from storefront.desk.wording import BY_TIME, SUGGESTIONS
from storefront.kit import clock, dates, events, mail, money
from storefront.kit.db import db
from storefront.kit.errors import Conflict, NotFound
from storefront.kit.events import OrderEvent, OutboxMessage
from storefront.orders.models import Order, Shipment
from storefront.orders.states import (
    AUTHORIZED_ONLY,
    BY_MERCHANT,
    BY_REVIEW,
    BY_SHOPPER,
    GATEWAY_SILENT,
    STEP_FAILED,
    STOCK_CORRECTED,
    SUPERSEDED,
)
from storefront.payments.models import Bill, DeskRow, Refund
from storefront.payments.reasons import REASONS, REVIEW_RULES
from storefront.payments.silence import CAUSES
from storefront.stock.models import WaitingEntry

log = logging.getLogger(__name__)
Handler = Callable[[OrderEvent], None]
CHECKED = (GATEWAY_SILENT, AUTHORIZED_ONLY, STOCK_CORRECTED, *REVIEW_RULES)
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
    if event.data.get("reason") in APPROVED and "bill" not in event.data:
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


def new_link(event: OrderEvent) -> None:
    """The order's link was replaced: only this letter has the new one."""
    order = _order(event)
    _write(event, "new_link", order, _("order %(number)s has a new link", number=order.number))


def refunded(event: OrderEvent) -> None:
    """Money is on its way back."""
    if not event.order_id:
        return  # nobody knows whose money it was
    order, refund = _order(event), db.session.get_one(Refund, event.data["id"])
    by_hand = bool(event.data.get("by_hand"))
    subject = _("refund for order %(number)s", number=order.number)
    _write(event, "refunded", order, subject, amount_minor=refund.amount_minor, reason=refund.reason, by_hand=by_hand)


def refunded_elsewhere(event: OrderEvent) -> None:
    """Money is on its way back that was sent at the gateway itself, or by a refund of ours whose letter comes."""
    order, key = _order(event), event.data["key"]
    if not payments.is_ours(event.data["id"], key):
        subject, amount = _("refund for order %(number)s", number=order.number), event.data["amount"]
        _write(event, "refunded", order, subject, amount_minor=amount, reason="", by_hand=False)


def needs_attention(event: OrderEvent) -> None:
    """A payment does not fit: the shopper is told in plain words that nothing is lost."""
    if not event.order_id:
        return None  # nobody knows whose money it is
    order, bill = _order(event), db.session.get_one(Bill, event.data["id"])
    gone = [row for row in payments.desk_rows_of(order.id) if row.bill_id == bill.id and payments.shopper_choices(row)]
    if gone:
        return _ask(event, order, gone[0])
    subject = _("we are checking your payment for order %(number)s", number=order.number)
    return _write(event, "attention", order, subject, bill=bill, reason=bill.quarantine_reason)


def being_checked(event: OrderEvent) -> None:
    """A person looks at an order though none of its money waits: the shopper is told not to pay again."""
    order, reason = _order(event), event.data.get("reason")
    if reason in CHECKED:
        subject = _("we are checking your payment for order %(number)s", number=order.number)
        if reason in (STOCK_CORRECTED, *REVIEW_RULES):
            subject = _("we are checking your order %(number)s", number=order.number)
        _write(event, "attention", order, subject, bill=None, reason=reason)


def choose(event: OrderEvent) -> None:
    """The goods of a paid order are gone: the shopper is asked what shall be done."""
    order, row = _order(event), db.session.get_one(DeskRow, event.data["id"])
    if row.status == "OPEN":
        _ask(event, order, row)


def _ask(event, order, row):
    subject = _("we have your payment for order %(number)s, but the goods are gone", number=order.number)
    _write(event, "choose", order, subject, row=row)


def tell_owner(event: OrderEvent) -> None:
    """The merchant hears of something that waits for a person, with what happens if nobody says a word."""
    row = db.session.get_one(DeskRow, event.data["id"])
    if row.status != "OPEN":
        return
    number = db.session.scalar(select(Order.number).filter_by(id=row.order_id)) if row.order_id else ""
    facts = {
        "what": REASONS[row.reason].label,
        "order": _(", order %(number)s", number=number) if number else "",
        "sum": f", {money.shown(row.amount_minor, row.currency)}" if row.currency else "",
        "suggestion": SUGGESTIONS[row.suggested],
        "day": dates.hour(row.due_at, store.current().timezone, store.current().locale, clock.here()),
        "default": BY_TIME[row.default_action],
        "url": f"{current_app.config['PUBLIC_URL']}/admin/desk/{row.id}",
    }
    words = _(
        "%(what)s%(order)s%(sum)s. We suggest: %(suggestion)s. Without your word, on %(day)s: %(default)s. %(url)s"
    )
    _write_to_owner(event, words % facts)


def tell_owner_of_silence(event: OrderEvent) -> None:
    """The merchant hears that the messages of a gateway are missing, and why most likely; or that they are back."""
    facts = event.data
    if event.type == "GATEWAY_HEARD_AGAIN":
        words = _("The messages of %(gateway)s arrive again. Nothing has to be done.", **facts)
        return _write_to_owner(event, words, _("%(gateway)s is heard again", **facts))
    url = f"{current_app.config['PUBLIC_URL']}/payments/{facts['gateway']}/notify"
    words = _("Messages of %(gateway)s are missing, at least %(missing)s. They belong to %(url)s", url=url, **facts)
    return _write_to_owner(event, f"{words}\n{CAUSES[facts['cause']]}", _("%(gateway)s has fallen silent", **facts))


def tell_owner_of_books(event: OrderEvent) -> None:
    """The merchant hears, once, that the books break a rule; and once that they keep it again."""
    mended = event.type == "BOOKS_MENDED"
    lines = "\n".join(f"{line['line']}: {line['sentence']}" for line in event.data["lines"])
    subject = _("the books are right again") if mended else _("something in the books is wrong")
    words = _("This is true again:") if mended else _("This is not true of the books any more:")
    _write_to_owner(event, f"{words}\n{lines}\n{current_app.config['PUBLIC_URL']}/admin/board", subject)


def _write_to_owner(event, words, subject=""):
    shop = store.current()
    subject = f"{shop.name}: {subject or _('a payment needs you')}"
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


def came_free(event: OrderEvent) -> None:
    """Goods have come free for somebody in the line, who is told once, with the way out of it."""
    entry = db.session.get(WaitingEntry, event.data["waiting"])
    offer = catalog.offers([event.data["variant"]], store.current().currency).get(event.data["variant"])
    if entry is None or entry.told_at is None or offer is None or not offer.on_sale:
        return
    public = current_app.config["PUBLIC_URL"]
    context = {
        "store": store.current(),
        "offer": offer,
        "url": f"{public}/products/{offer.slug}?sku={quote(offer.sku)}",
        "leave_url": f"{public}/waiting/{entry.key}",
    }
    _post("came_free", entry.email, _("%(name)s has come free", name=offer.name), f"came-free-{event.id}", context)


def close_session(event: OrderEvent) -> None:
    """An attempt of ours has ended: its session at the gateway shall end too; if it was paid first, we ask for it."""
    bill = db.session.get_one(Bill, event.data["id"])
    if bill.claimed_at is not None and not payments.close_at_gateway(bill):
        checkout.ask_and_settle(bill.id)


HANDLERS: dict[str, tuple[Handler, ...]] = {
    "ORDER_HELD": (received,),
    "ORDER_PAID": (receipt,),
    "ORDER_DOUBTED": (being_checked,),
    "ORDER_RELEASED": (approved,),
    "ORDER_CANCELLED": (cancelled,),
    "ORDER_FAILED": (failed,),
    "ORDER_SHIPMENT_SHIPPED": (on_its_way,),
    "ORDER_LINK_REPLACED": (new_link,),
    "REFUND_SUCCEEDED": (refunded,),
    "REFUND_SEEN": (refunded_elsewhere,),
    "BILL_QUARANTINED": (needs_attention,),
    "DESK_ROW_OPENED": (tell_owner,),
    "DESK_ROW_DUE": (tell_owner,),
    "DESK_OFFERED": (choose,),
    "BILL_CANCELLED": (close_session,),
    "BILL_EXPIRED": (close_session,),
    "GATEWAY_FELL_SILENT": (tell_owner_of_silence,),
    "GATEWAY_HEARD_AGAIN": (tell_owner_of_silence,),
    "STOCK_CAME_FREE": (came_free,),
    "BOOKS_BROKEN": (tell_owner_of_books,),
    "BOOKS_MENDED": (tell_owner_of_books,),
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
        return reason in APPROVED and "bill" not in event.data
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
    _post(name, order.email, subject, f"{name}-{order.number}-{event.id}", context)


def _post(name: str, to: str, subject: str, reference: str, context: dict[str, Any]) -> None:
    """One letter from its two templates."""
    shop = store.current()
    mail.send(
        mail.letter(
            to=to,
            sender=(shop.name, shop.email),
            subject=f"{shop.name}: {subject}",
            text=render_template(f"emails/{name}.txt", **context),
            html=render_template(f"emails/{name}.html", **context),
            reference=reference,
        )
    )
