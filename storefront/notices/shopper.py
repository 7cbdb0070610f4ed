"""What shoppers are told: one function a letter."""

from urllib.parse import quote

from flask import current_app
from flask_babel import gettext as _

from storefront import catalog, orders, payments, store
from storefront.kit import clock
from storefront.kit.db import db
from storefront.kit.events import OrderEvent
from storefront.notices.post import order_of, post, write
from storefront.orders.models import Shipment
from storefront.orders.states import (
    AUTHORIZED_ONLY,
    BY_MERCHANT,
    BY_REVIEW,
    BY_SHOPPER,
    GATEWAY_SILENT,
    STEP_FAILED,
    STOCK_CORRECTED,
    SUBSTITUTED,
    SUPERSEDED,
    UNSHIPPED,
)
from storefront.payments.models import Bill, DeskRow, Refund
from storefront.payments.reasons import REVIEW_RULES
from storefront.promotions.models import Coupon, Promotion
from storefront.stock.models import WaitingEntry

CHECKED = (GATEWAY_SILENT, AUTHORIZED_ONLY, STOCK_CORRECTED, *REVIEW_RULES)
# Why an order is released without having been paid just now.
APPROVED = ("nothing_due", "approved", "accepted", "authorized")


def received(event: OrderEvent) -> None:
    """The order is written down and waits for its money, with the link to pay."""
    order = order_of(event)
    if order.status == "HOLD" and event.data.get("was") == "NEW":
        waiting = [bill for bill in payments.open_bills(order.id) if bill.extra.get("account")]
        subject = _("order %(number)s, not paid yet", number=order.number)
        write(event, "received", order, subject, transfer=waiting[-1] if waiting else None)


def receipt(event: OrderEvent) -> None:
    """The money is there."""
    order = order_of(event)
    write(event, "receipt", order, _("order %(number)s paid", number=order.number), late=event.data.get("late", False))


def approved(event: OrderEvent) -> None:
    """The order goes to fulfilment without a payment before it."""
    order = order_of(event)
    if event.data.get("reason") in APPROVED and "bill" not in event.data:
        write(event, "receipt", order, _("order %(number)s confirmed", number=order.number), late=False)


def cancelled(event: OrderEvent) -> None:
    """The order has ended; a replaced one is told of by its successor."""
    order = order_of(event)
    if event.data.get("reason") not in (SUPERSEDED, SUBSTITUTED):
        person = event.data.get("reason") in (BY_SHOPPER, BY_MERCHANT, BY_REVIEW)
        write(event, "cancelled", order, _("order %(number)s cancelled", number=order.number), person=person)


def failed(event: OrderEvent) -> None:
    """The payment never came through. What failed before the payment was told on the page."""
    order = order_of(event)
    if event.data.get("reason") != STEP_FAILED:
        write(event, "failed", order, _("order %(number)s was not paid", number=order.number))


def on_its_way(event: OrderEvent) -> None:
    """A parcel has left."""
    order, shipment = order_of(event), db.session.get_one(Shipment, event.data["id"])
    facts = {"shipment": shipment, "later": _still_to_come(order), "link": orders.tracking_links([shipment])}
    write(event, "shipped", order, _("order %(number)s is on its way", number=order.number), **facts)


def _still_to_come(order):
    """(units, line) of what is still in the house, or not yet there."""
    waiting = [parcel for parcel in order.shipments if parcel.status in UNSHIPPED]
    return [(inside.qty, inside.order_line) for parcel in waiting for inside in parcel.lines]


def new_link(event: OrderEvent) -> None:
    """The order's link was replaced: only this letter has the new one."""
    order = order_of(event)
    write(event, "new_link", order, _("order %(number)s has a new link", number=order.number))


def message(event: OrderEvent) -> None:
    """What somebody of the shop wrote; nothing if it was forgotten since."""
    order, text = order_of(event), orders.message_of(event.data["note"])
    if text:
        write(event, "message", order, _("a message about order %(number)s", number=order.number), message=text)


def refunded(event: OrderEvent) -> None:
    """Money is on its way back."""
    if not event.order_id:
        return  # nobody knows whose money it was
    order, refund = order_of(event), db.session.get_one(Refund, event.data["id"])
    by_hand = bool(event.data.get("by_hand"))
    subject = _("refund for order %(number)s", number=order.number)
    write(event, "refunded", order, subject, amount_minor=refund.amount_minor, reason=refund.reason, by_hand=by_hand)


def refunded_elsewhere(event: OrderEvent) -> None:
    """Money is on its way back that was sent at the gateway itself, or by a refund of ours whose letter comes."""
    order, key = order_of(event), event.data["key"]
    if not payments.is_ours(event.data["id"], key):
        subject, amount = _("refund for order %(number)s", number=order.number), event.data["amount"]
        write(event, "refunded", order, subject, amount_minor=amount, reason="", by_hand=False)


def needs_attention(event: OrderEvent) -> None:
    """A payment does not fit: the shopper is told in plain words that nothing is lost."""
    if not event.order_id:
        return None  # nobody knows whose money it is
    order, bill = order_of(event), db.session.get_one(Bill, event.data["id"])
    gone = [row for row in payments.desk_rows_of(order.id) if row.bill_id == bill.id and payments.shopper_choices(row)]
    if gone:
        return _ask(event, order, gone[0])
    subject = _("we are checking your payment for order %(number)s", number=order.number)
    return write(event, "attention", order, subject, bill=bill, reason=bill.quarantine_reason)


def being_checked(event: OrderEvent) -> None:
    """A person looks at an order though none of its money waits: the shopper is told not to pay again."""
    order, reason = order_of(event), event.data.get("reason")
    if reason in CHECKED:
        subject = _("we are checking your payment for order %(number)s", number=order.number)
        if reason in (STOCK_CORRECTED, *REVIEW_RULES):
            subject = _("we are checking your order %(number)s", number=order.number)
        write(event, "attention", order, subject, bill=None, reason=reason)


def choose(event: OrderEvent) -> None:
    """The goods of a paid order are gone: the shopper is asked what shall be done."""
    order, row = order_of(event), db.session.get_one(DeskRow, event.data["id"])
    if row.status == "OPEN":
        _ask(event, order, row)


def pay_the_rest(event: OrderEvent) -> None:
    """Less came than the order costs: the shopper is asked for the rest."""
    order, row = order_of(event), db.session.get_one(DeskRow, event.data["id"])
    if row.status == "OPEN":
        subject = _("a part of the sum for order %(number)s is missing", number=order.number)
        write(event, "rest", order, subject, row=row)


def _ask(event, order, row):
    subject = _("we have your payment for order %(number)s, but the goods are gone", number=order.number)
    write(event, "choose", order, subject, row=row)


def your_code(event: OrderEvent) -> None:
    """The code that a paid order brings its customer; not one that ended meanwhile."""
    order, coupon = order_of(event), db.session.get(Coupon, event.data["coupon"])
    if coupon is None or (coupon.ends_at and coupon.ends_at <= clock.now()):
        return
    promotion = db.session.get_one(Promotion, coupon.promotion_id)
    told = {"coupon": coupon, "offer": promotion.shown, "ends": coupon.ends_at or promotion.ends_at}
    write(event, "your_code", order, _("a code for your next order"), **told)


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
    post("came_free", entry.email, _("%(name)s has come free", name=offer.name), f"came-free-{event.id}", context)
