"""The shopper's own choice when the goods of a paid order are gone: wait, take another article, or the money back."""

from datetime import timedelta
from typing import Any, NamedTuple

from flask_babel import gettext as _

from storefront import cart, orders, payments
from storefront.cart.models import Cart
from storefront.desk.cases import Case, refuse_unless_allowed, take_in_hand
from storefront.desk.deciding import put_off, refund, return_excess
from storefront.kit import clock, events, money
from storefront.kit.db import db
from storefront.kit.errors import Conflict, Invalid, NotFound
from storefront.orders.models import Order
from storefront.payments.models import DeskRow
from storefront.payments.reasons import INSTEAD, OFFER, REFUND

WAITS_FOR = timedelta(days=30)


class Instead(NamedTuple):
    """So many of an article instead of a line of the order; `waive` gives away what it costs more than came."""

    line_id: int
    sku: str
    qty: int
    waive: bool = False


def offer(row_id: int, days: int, *, actor: str, instead: Instead | None = None) -> DeskRow:
    """The shopper is asked, by a letter that leads to the order's page, and has so many days to choose.

    Raises Conflict when the goods are there after all, or somebody has decided; Invalid for a number that is no wait,
    an article that cannot be had, or one that costs more than came if that is not waived.
    """
    if not 1 <= days <= WAITS_FOR.days:
        sentence = _("Enter a whole number of days from 1 to %(most)s.", most=WAITS_FOR.days)
        raise Invalid(sentence, fields={"days": [sentence]})
    case = take_in_hand(row_id)
    refuse_unless_allowed(case, OFFER)
    until = clock.now() + timedelta(days=days)
    offered = {"until": until.isoformat(), "by": actor}
    case.row.offer = {**offered, "instead": _priced(case, instead)} if instead else offered
    put_off(case.row, timedelta(days=days), by=actor)
    facts = {"sku": instead.sku, "qty": instead.qty} if instead else {}
    events.record("DESK_OFFERED", case.row.order_id, id=case.row.id, until=until.isoformat(), **facts)
    return case.row


def answer(order_id: int, choice: str) -> DeskRow:
    """The shopper has chosen: the money goes back at once, pays the other article, or waits with the order.

    Raises Conflict when nothing is to be chosen any more or the article is not to be had as it was offered, Invalid
    for a choice that was not offered.
    """
    waiting = next((row for row in payments.desk_rows_of(order_id) if payments.shopper_choices(row)), None)
    if waiting is None:
        raise Conflict(_("There is nothing to choose any more: look at the state of your order."), state="decided")
    case = take_in_hand(waiting.id)
    row = case.row
    if choice not in payments.shopper_choices(row):
        raise Invalid(_("Choose one of the ways that stand on the page."))
    row.offer = {**row.offer, "answer": choice}
    events.record("DESK_ANSWERED", order_id, id=row.id, choice=choice)
    if choice == REFUND:
        refund(row.id, actor="the shopper", reason=_("You chose to have the money back."))
    elif choice == INSTEAD:
        _take_instead(case)
    else:
        put_off(row, WAITS_FOR, by="the shopper")
    return row


def _priced(case: Case, instead: Instead) -> dict[str, Any]:
    """The offer as the shopper reads it, with the cart that it was priced in; sums of the whole order, minor units."""
    order = case.order
    assert order is not None
    if order.due_minor != order.total_minor:
        raise Conflict(_("A gift certificate pays a part of this order: let the shopper wait, or send the money back."))
    basket = orders.basket_instead(order, instead.line_id, instead.sku, instead.qty)
    quote, (came, currency) = cart.quote(basket), case.waits
    missing = max(0, quote.due_minor - came)
    if missing and not instead.waive:
        sums = {"total": money.shown(quote.due_minor, currency), "missing": money.shown(missing, currency)}
        sentence = _("With it the order costs %(total)s, %(missing)s more than came: say that you waive that.", **sums)
        raise Invalid(sentence, fields={"waive": [sentence]})
    taken = next(line for line in quote.lines if line.offer.sku.lower() == instead.sku.strip().lower())
    gone = next(line for line in order.lines if line.id == instead.line_id)
    return {
        "cart": basket.id,
        "sku": taken.offer.sku,
        "name": taken.offer.name,
        "slug": taken.offer.slug,
        "qty": instead.qty,
        "gone": gone.title,
        "gone_qty": gone.qty,
        "total": quote.due_minor,
        "back": max(0, came - quote.due_minor),
        "waived": missing,
        "hash": quote.hash,
    }


def _take_instead(case: Case) -> Order:
    """The old order ends, the new one is paid by what came, and what is too much of that goes back."""
    offered = case.row.offer["instead"]
    assert case.order is not None and case.bill is not None
    basket = db.session.get(Cart, offered["cart"])
    if basket is None:
        raise NotFound(_("This offer is not there any more. Write to us."))
    quote = cart.quote(basket)
    if quote.due_minor != offered["total"]:
        raise Conflict(_("Its price has changed since we offered it. Write to us, or choose otherwise."), state="price")
    payments.take_off_desk(case.row, "substituted", "the shopper")
    order = orders.replace(case.order.id, quote, case.bill.id)
    return_excess(order, "the shopper")
    return order
