"""What staff write to the shopper of an order. The text is a row of its own, so that it can be forgotten."""

from flask_babel import gettext as _

from storefront.kit import clock, events
from storefront.kit.db import db
from storefront.kit.errors import Conflict, Invalid
from storefront.orders.finding import locked
from storefront.orders.models import OrderNote


def write_to_shopper(order_id: int, text: str, actor: str) -> OrderNote:
    """A letter with this text goes to the order's e-mail, in the order's language but for the text itself.

    Raises Invalid for no text, Conflict when the person was forgotten.
    """
    order = locked(order_id)
    if order.erased_at is not None:
        raise Conflict(_("The person was forgotten: there is nobody to write to."), state=order.status)
    if not text:
        raise Invalid(_("Write something into the message first."))
    note = OrderNote(order_id=order.id, text=text, actor=actor, at=clock.now(), to_shopper=True)
    db.session.add(note)
    db.session.flush()
    events.record("ORDER_MESSAGE_SENT", order.id, note=note.id)
    return note


def message_of(note_id: int) -> str:
    """The text of what was written; "" if it was forgotten."""
    note = db.session.get(OrderNote, note_id)
    return note.text if note else ""
