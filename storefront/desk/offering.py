"""The shopper's own choice when the goods of a paid order are gone: wait for them, take the money back."""

from datetime import timedelta

from flask_babel import gettext as _

from storefront import payments
from storefront.desk.cases import refuse_unless_allowed, take_in_hand
from storefront.desk.deciding import put_off, refund
from storefront.kit import clock, events
from storefront.kit.errors import Conflict, Invalid
from storefront.payments.models import DeskRow
from storefront.payments.reasons import OFFER, REFUND

WAITS_FOR = timedelta(days=30)


def offer(row_id: int, days: int, *, actor: str) -> DeskRow:
    """The shopper is asked, by a letter that leads to the order's page, and has so many days to choose.

    Raises Conflict when the goods are there after all, or somebody has decided; Invalid for a number that is no wait.
    """
    if not 1 <= days <= WAITS_FOR.days:
        sentence = _("Enter a whole number of days from 1 to %(most)s.", most=WAITS_FOR.days)
        raise Invalid(sentence, fields={"days": [sentence]})
    case = take_in_hand(row_id)
    refuse_unless_allowed(case, OFFER)
    until = clock.now() + timedelta(days=days)
    case.row.offer = {"until": until.isoformat(), "by": actor}
    put_off(case.row, timedelta(days=days), by=actor)
    events.record("DESK_OFFERED", case.row.order_id, id=case.row.id, until=until.isoformat())
    return case.row


def answer(order_id: int, choice: str) -> DeskRow:
    """The shopper has chosen for this order: the money goes back at once, or waits with the order for the goods.

    Raises Conflict when nothing is to be chosen any more, Invalid for a choice that was not offered.
    """
    waiting = next((row for row in payments.desk_rows_of(order_id) if payments.shopper_choices(row)), None)
    if waiting is None:
        raise Conflict(_("There is nothing to choose any more: look at the state of your order."), state="decided")
    row = take_in_hand(waiting.id).row
    if choice not in payments.shopper_choices(row):
        raise Invalid(_("Choose one of the ways that stand on the page."))
    row.offer = {**row.offer, "answer": choice}
    events.record("DESK_ANSWERED", order_id, id=row.id, choice=choice)
    if choice == REFUND:
        refund(row.id, actor="the shopper", reason=_("You chose to have the money back."))
    else:
        put_off(row, WAITS_FOR, by="the shopper")
    return row
