"""Less came than the order costs: the shopper is asked for the rest, or may have the money back."""

from datetime import datetime, timedelta

from flask_babel import gettext as _

from storefront import orders, payments
from storefront.desk.cases import refuse_unless_allowed, take_in_hand
from storefront.desk.deciding import put_off
from storefront.desk.offering import WAITS_FOR
from storefront.kit import clock, events
from storefront.kit.errors import Conflict, Invalid
from storefront.payments.models import Bill, DeskRow
from storefront.payments.reasons import REST


def ask_rest(row_id: int, days: int, *, actor: str) -> DeskRow:
    """The shopper is asked, by a letter that leads to the order's page, to pay what is missing within so many days.

    After that the row does what it does. Raises Conflict when nothing is missing any more, Invalid for a number that
    is no wait.
    """
    if not 1 <= days <= WAITS_FOR.days:
        sentence = _("Enter a whole number of days from 1 to %(most)s.", most=WAITS_FOR.days)
        raise Invalid(sentence, fields={"days": [sentence]})
    case = take_in_hand(row_id)
    refuse_unless_allowed(case, REST)
    rest, until = case.rest, clock.now() + timedelta(days=days)
    case.row.offer = {"until": until.isoformat(), "by": actor, "rest": rest}
    put_off(case.row, timedelta(days=days), by=actor)
    events.record("DESK_REST_ASKED", case.row.order_id, id=case.row.id, amount=rest, until=until.isoformat())
    return case.row


def open_rest(order_id: int) -> Bill:
    """A bill for the rest, since the shopper was asked for it. Raises Conflict when nobody asks any more."""
    order = orders.locked(order_id)
    row = next((row for row in payments.desk_rows_of(order.id) if row.offer.get("rest")), None)
    if row is None:
        raise Conflict(_("Nothing more has to be paid for this order."), state=order.status)
    return orders.open_rest(order.id, datetime.fromisoformat(row.offer["until"]))
