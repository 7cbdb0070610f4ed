"""Which letter or handler follows which event, and how one is delivered, sent again or tried again."""

from collections.abc import Callable

from flask_babel import force_locale, gettext as _

from storefront import checkout, payments
from storefront.customers.models import Customer
from storefront.kit import clock, events
from storefront.kit.db import db
from storefront.kit.errors import Conflict, NotFound
from storefront.kit.events import OrderEvent, OutboxMessage
from storefront.notices.accounts import ACCOUNT_LETTERS
from storefront.notices.gifts import GIFT_LETTERS
from storefront.notices.goods import GOODS_LETTERS
from storefront.notices.owner import (
    tell_owner,
    tell_owner_of_books,
    tell_owner_of_certificate,
    tell_owner_of_silence,
    tell_owner_of_webhook,
)
from storefront.notices.post import order_of
from storefront.notices.shopper import (
    APPROVED,
    approved,
    being_checked,
    came_free,
    cancelled,
    choose,
    failed,
    message,
    needs_attention,
    new_link,
    on_its_way,
    pay_the_rest,
    receipt,
    received,
    refunded,
    refunded_elsewhere,
    your_code,
)
from storefront.orders.models import Order
from storefront.orders.states import SUPERSEDED
from storefront.payments.models import Bill
from storefront.stock.models import WaitingEntry
from storefront.store import languages

Handler = Callable[[OrderEvent], None]


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
    "ORDER_MESSAGE_SENT": (message,),
    "REFUND_SUCCEEDED": (refunded,),
    "REFUND_SEEN": (refunded_elsewhere,),
    "BILL_QUARANTINED": (needs_attention,),
    "DESK_ROW_OPENED": (tell_owner,),
    "DESK_ROW_DUE": (tell_owner,),
    "DESK_OFFERED": (choose,),
    "DESK_REST_ASKED": (pay_the_rest,),
    "BILL_CANCELLED": (close_session,),
    "BILL_EXPIRED": (close_session,),
    "GATEWAY_FELL_SILENT": (tell_owner_of_silence,),
    "GATEWAY_HEARD_AGAIN": (tell_owner_of_silence,),
    "GATEWAY_CERTIFICATE_ENDS": (tell_owner_of_certificate,),
    "STOCK_CAME_FREE": (came_free,),
    "COUPON_ISSUED": (your_code,),
    "WEBHOOK_SWITCHED_OFF": (tell_owner_of_webhook,),
    "BOOKS_BROKEN": (tell_owner_of_books,),
    "BOOKS_MENDED": (tell_owner_of_books,),
    **ACCOUNT_LETTERS,
    **GOODS_LETTERS,
    **GIFT_LETTERS,
}
AGAIN: dict[str, str] = {  # letters that staff may send once more
    "ORDER_HELD": "received",
    "ORDER_PAID": "receipt",
    "ORDER_RELEASED": "approved",
    "ORDER_SHIPMENT_SHIPPED": "on_its_way",
    "ORDER_CANCELLED": "cancelled",
    "ORDER_MESSAGE_SENT": "message",
    "REFUND_SUCCEEDED": "refunded",
    "CERTIFICATES_ACTIVATED": "gift_codes",
}
BY_NAME: dict[str, Handler] = {handler.__name__: handler for row in HANDLERS.values() for handler in row}


def subscribe() -> None:
    """From now on each of these events leaves an outbox row for each of its handlers."""
    for event_type, handlers in HANDLERS.items():
        for handler in handlers:
            kind = "handler" if handler is close_session else "mail"
            events.subscribe(event_type, kind, handler.__name__)


def hear(event_type: str, name: str, handler: Handler) -> None:
    """From now on a handler of an extension follows these events. Raises ValueError if its name is another's."""
    if BY_NAME.setdefault(name, handler) is not handler:
        raise ValueError(f"there is a handler {name} already.")
    events.subscribe(event_type, "handler", name)


def deliver(event: OrderEvent, target: str) -> None:
    """Run one handler for one event. Raises what it raises: the job tries again later."""
    with force_locale(_language_of(event, target)):
        BY_NAME[target](event)


def says_something(event: OrderEvent, order: Order) -> bool:
    """Whether the letter of this event would say something true of the order as it is now."""
    reason = event.data.get("reason")
    if event.type == "ORDER_HELD":
        return order.status == "HOLD" and event.data.get("was") == "NEW"
    if event.type == "ORDER_RELEASED":
        return reason in APPROVED and "bill" not in event.data
    return event.type in AGAIN and reason != SUPERSEDED


def resend(event_id: int) -> None:
    """Let the letter that an event brought go out once more, as an event of its own under the order's lock.

    Raises NotFound for an event that has no such letter.
    """
    first = db.session.get(OrderEvent, event_id)
    if first is None or not first.order_id or not says_something(first, order_of(first)):
        raise NotFound(_("There is no such letter."))
    event = events.record("LETTER_RESENT", first.order_id, **{**first.data, "letter": first.type})
    db.session.add(OutboxMessage(event_id=event.id, kind="mail", target=AGAIN[first.type], next_try_at=event.at))


def retry(message_id: int) -> OutboxMessage:
    """Try a delivery again that was given up. Raises NotFound, and Conflict if it was not given up."""
    message = db.session.get(OutboxMessage, message_id, with_for_update=True, populate_existing=True)
    if message is None:
        raise NotFound(_("There is no such letter."))
    if message.status != "FAILED":
        raise Conflict(_("This letter is on its way, or was sent."), state=message.status)
    message.status, message.tries, message.next_try_at = "PENDING", 0, clock.now()
    return message


def _language_of(event, target):
    """Of the order, as it was confirmed; of the account; of whoever waits. The merchant is written to in English."""
    if target.startswith("tell_owner"):
        return languages.ENGLISH
    if event.order_id:
        found = db.session.get_one(Order, event.order_id).locale
    elif customer := db.session.get(Customer, event.data.get("customer") or 0):
        found = customer.locale
    else:
        entry = db.session.get(WaitingEntry, event.data.get("waiting") or 0)
        found = entry.locale if entry else languages.default()
    return found if found in languages.NAMES else languages.default()
