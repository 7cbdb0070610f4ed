"""How a letter is made and sent: its two templates, whom it is to, and its reference."""

from typing import Any

from flask import current_app, render_template
from flask_babel import get_locale, gettext as _

from storefront import customers, store, taxes
from storefront.customers.erasing import NOBODY
from storefront.kit import mail, money
from storefront.kit.db import db
from storefront.kit.events import OrderEvent
from storefront.orders.models import Order


def order_of(event: OrderEvent) -> Order:
    """The order that an event is of."""
    return db.session.get_one(Order, event.order_id)


def write(event: OrderEvent, name: str, order: Order, subject: str, **more: Any) -> None:
    """A letter about an order to its shopper, with what each of them shows."""
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
    post(name, order.email, subject, f"{name}-{order.number}-{event.id}", context)


def post(name: str, to: str, subject: str, reference: str, context: dict[str, Any]) -> None:
    """One letter from its two templates; nobody who was forgotten is written to."""
    if to.endswith(f"@{NOBODY}"):
        return
    shop, locale = store.current(), get_locale()
    context = {"locale": str(locale or "en"), "text_direction": locale.text_direction if locale else "ltr", **context}
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


def write_to_owner(event: OrderEvent, words: str, subject: str = "") -> None:
    """A few plain words to the merchant."""
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
