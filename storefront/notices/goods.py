"""Letters about goods: a parcel that cannot be packed, what runs low, and what comes back."""

from collections.abc import Callable

from flask import current_app
from flask_babel import gettext as _
from sqlalchemy import select

from storefront import certificates
from storefront.kit.db import db
from storefront.kit.events import OrderEvent
from storefront.notices.post import order_of, write, write_to_owner
from storefront.orders.models import Order
from storefront.orders.return_models import OrderReturn
from storefront.orders.wording import RELEASE_REFUSED


def tell_owner_of_parcel(event: OrderEvent) -> None:
    """The merchant hears that a parcel could not be released for packing, and why."""
    number = db.session.scalar(select(Order.number).filter_by(id=event.order_id))
    words = _("A parcel of order %(number)s could not be released: %(why)s. %(url)s")
    url = f"{current_app.config['PUBLIC_URL']}/admin/orders/{number}"
    why = RELEASE_REFUSED.get(event.data["cause"], event.data["cause"])
    subject = _("a parcel of order %(number)s waits", number=number)
    write_to_owner(event, words % {"number": number, "why": why, "url": url}, subject)


def tell_owner_of_low_stock(event: OrderEvent) -> None:
    """The merchant hears, once until they are refilled, of which goods few are left."""
    lines = "\n".join(f"{row['sku']}: {row['left']}" for row in event.data["goods"])
    url = f"{current_app.config['PUBLIC_URL']}/admin/products/low"
    words = _("Of these goods few are left. You are told of each once, until it is refilled.")
    write_to_owner(event, f"{words}\n{lines}\n{url}", _("few are left"))


def tell_owner_of_return(event: OrderEvent) -> None:
    """The merchant hears that a shopper sends something back."""
    order, coming = order_of(event), db.session.get_one(OrderReturn, event.data["id"])
    if event.actor_kind != "shopper":
        return
    lines = "\n".join(f"{line.qty} x {line.order_line.title} ({line.order_line.sku})" for line in coming.lines)
    url = f"{current_app.config['PUBLIC_URL']}/admin/orders/{order.number}#returns"
    words = _("Something of order %(number)s is to come back.", number=order.number)
    subject = _("a return of order %(number)s", number=order.number)
    write_to_owner(event, f"{words}\n{lines}\n{coming.reason}\n{url}", subject)


def return_announced(event: OrderEvent) -> None:
    """The shopper has in writing what is to come back, and where to."""
    order, coming = order_of(event), db.session.get_one(OrderReturn, event.data["id"])
    write(event, "return_announced", order, _("your return of order %(number)s", number=order.number), coming=coming)


def return_received(event: OrderEvent) -> None:
    """What was sent back has arrived."""
    order, coming = order_of(event), db.session.get_one(OrderReturn, event.data["id"])
    subject = _("we have what you sent back of order %(number)s", number=order.number)
    write(event, "return_received", order, subject, coming=coming)


def return_credited(event: OrderEvent) -> None:
    """What came back pays other goods; the code of the credit, should they not be ordered."""
    order, certificate = order_of(event), certificates.by_id(event.data["certificate"])
    subject = _("what you sent back of order %(number)s pays for other goods", number=order.number)
    code = certificates.in_groups(certificates.code_of(certificate))
    write(event, "return_credited", order, subject, sum_minor=certificate.initial_minor, code=code)


def return_declined(event: OrderEvent) -> None:
    """The shop does not take it back, and says why."""
    order = order_of(event)
    subject = _("your return of order %(number)s", number=order.number)
    write(event, "return_declined", order, subject, why=event.data.get("note", ""))


GOODS_LETTERS: dict[str, tuple[Callable[[OrderEvent], None], ...]] = {
    "ORDER_SHIPMENT_RELEASE_FAILED": (tell_owner_of_parcel,),
    "STOCK_LOW": (tell_owner_of_low_stock,),
    "ORDER_RETURN_ANNOUNCED": (return_announced, tell_owner_of_return),
    "ORDER_RETURN_RECEIVED": (return_received,),
    "ORDER_RETURN_DECLINED": (return_declined,),
    "ORDER_RETURN_CREDITED": (return_credited,),
}
