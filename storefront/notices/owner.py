"""What the merchant is told."""

from datetime import datetime

from flask import current_app
from flask_babel import gettext as _
from sqlalchemy import select

from storefront import store
from storefront.desk.wording import BY_TIME, SUGGESTIONS
from storefront.kit import clock, dates, money
from storefront.kit.db import db
from storefront.kit.events import OrderEvent
from storefront.notices.post import write_to_owner
from storefront.orders.models import Order
from storefront.payments.models import DeskRow
from storefront.payments.reasons import REASONS
from storefront.payments.silence import CAUSES
from storefront.store import languages


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
        "day": dates.hour(row.due_at, store.current().timezone, languages.ENGLISH, clock.here()),
        "default": BY_TIME[row.default_action],
        "url": f"{current_app.config['PUBLIC_URL']}/admin/desk/{row.id}",
    }
    words = _(
        "%(what)s%(order)s%(sum)s. We suggest: %(suggestion)s. Without your word, on %(day)s: %(default)s. %(url)s"
    )
    write_to_owner(event, words % facts)


def tell_owner_of_silence(event: OrderEvent) -> None:
    """The merchant hears that the messages of a gateway are missing, and why most likely; or that they are back."""
    facts = event.data
    if event.type == "GATEWAY_HEARD_AGAIN":
        words = _("The messages of %(gateway)s arrive again. Nothing has to be done.", **facts)
        return write_to_owner(event, words, _("%(gateway)s is heard again", **facts))
    url = f"{current_app.config['PUBLIC_URL']}/payments/{facts['gateway']}/notify"
    words = _("Messages of %(gateway)s are missing, at least %(missing)s. They belong to %(url)s", url=url, **facts)
    return write_to_owner(event, f"{words}\n{CAUSES[facts['cause']]}", _("%(gateway)s has fallen silent", **facts))


def tell_owner_of_certificate(event: OrderEvent) -> None:
    """The merchant hears, once, that a certificate ends within 30 days, and where a new one belongs."""
    facts, shop = event.data, store.current()
    day = dates.hour(datetime.fromisoformat(facts["ends_at"]), shop.timezone, languages.ENGLISH, clock.here())
    url = f"{current_app.config['PUBLIC_URL']}/admin/payments/services/{facts['gateway']}"
    words = _("The certificate %(file)s of %(gateway)s ends: %(day)s.", day=day, **facts)
    then = _("Ask the payment service for a new one, or make one, and upload it here: %(url)s", url=url)
    write_to_owner(event, f"{words}\n{then}", _("a certificate of %(gateway)s ends soon", **facts))


def tell_owner_of_books(event: OrderEvent) -> None:
    """The merchant hears, once, that the books break a rule; and once that they keep it again."""
    mended = event.type == "BOOKS_MENDED"
    lines = "\n".join(f"{line['line']}: {line['sentence']}" for line in event.data["lines"])
    subject = _("the books are right again") if mended else _("something in the books is wrong")
    words = _("This is true again:") if mended else _("This is not true of the books any more:")
    write_to_owner(event, f"{words}\n{lines}\n{current_app.config['PUBLIC_URL']}/admin/board", subject)


def tell_owner_of_webhook(event: OrderEvent) -> None:
    """The merchant hears that another system is told nothing any more, why, and where to switch it on again."""
    facts = {
        "host": event.data["host"],
        "url": f"{current_app.config['PUBLIC_URL']}/admin/webhooks/{event.data['endpoint']}",
    }
    if event.data["why"] == "gone":
        words = _("%(host)s says that nobody listens there any more, so it is told nothing more.", **facts)
    else:
        words = _("%(host)s has taken no message for a day, so it is told nothing more.", **facts)
    then = _("Nothing is lost: once it is switched on again, it hears what it has missed. %(url)s", **facts)
    write_to_owner(event, f"{words}\n{then}", _("%(host)s cannot be reached", **facts))
