"""The merchant counts fewer goods than are set aside, and says so all the same: the newest orders lose theirs."""

from flask_babel import gettext as _
from sqlalchemy import select

from storefront import payments, stock
from storefront.kit.db import db
from storefront.kit.errors import Conflict
from storefront.orders.driving import drive
from storefront.orders.finding import locked
from storefront.orders.models import Order
from storefront.orders.money import refresh
from storefront.orders.states import HOLD, ORDER, PREPARING, REVIEW, STOCK_CORRECTED
from storefront.payments.states import CREATED, REDIRECTED
from storefront.stock.models import Stock


def correct_stock(variant_id: int, on_hand: int, *, seen: int, cause: str, actor: str, ref: str = "") -> list[Order]:
    """Set a count below what is set aside; gives the orders that lost their goods and are in review now.

    What carts keep goes first, then the newest unpaid orders, then the newest paid ones; never is more promised than
    is there. Raises BelowReserved, naming the orders, when some of these have left the house in part, or Conflict
    when there are others than were `seen`, or an order is made in this very moment.
    """
    orders = [locked(order_id) for order_id in _losers(variant_id, on_hand)]
    given_up = stock.too_many(variant_id, on_hand, lock=True)
    if (now := db.session.get_one(Stock, variant_id).on_hand) != seen:
        raise Conflict(_("The count changed meanwhile: there are %(now)d.", now=now), state="changed")
    losing = {held.order_id for held in given_up if held.order_id}
    _refuse_what_cannot_be(orders, losing)
    for held in given_up:
        stock.give_up(held, STOCK_CORRECTED)
    stock.set_on_hand(variant_id, on_hand, cause=cause, actor=actor, ref=ref)
    doubted = [order for order in orders if order.id in losing]
    for order in doubted:
        _doubt(order, variant_id)
    return doubted


def losers(variant_id: int, on_hand: int) -> list[str]:
    """The numbers of the orders that would lose their goods, for a page that asks before."""
    numbers = select(Order.number).where(Order.id.in_(_losers(variant_id, on_hand))).order_by(Order.id)
    return list(db.session.scalars(numbers))


def _losers(variant_id, on_hand):
    return sorted({held.order_id for held in stock.too_many(variant_id, on_hand) if held.order_id})


def _refuse_what_cannot_be(orders, losing):
    if losing - {order.id for order in orders}:
        raise Conflict(_("Somebody has ordered in this very moment: look again."), state="changed")
    stuck = [order for order in orders if order.id in losing and order.status not in (HOLD, *PREPARING, REVIEW)]
    if stuck:
        numbers = ", ".join(order.number for order in stuck)
        raise stock.BelowReserved(
            _("Order %(numbers)s is being placed or has been sent in part: it cannot wait.", numbers=numbers),
            order_ids=[order.id for order in stuck],
        )


def _doubt(order, variant_id):
    """The order waits for a person; nobody goes on paying for what is not there."""
    for bill in payments.open_bills(order.id):
        if bill.status in (CREATED, REDIRECTED):
            payments.cancel(bill, STOCK_CORRECTED)
    if order.status != REVIEW:
        order.review_reason = STOCK_CORRECTED
        ORDER.apply(order, "doubted", reason=STOCK_CORRECTED)
        drive(order, "doubted", reason=STOCK_CORRECTED)
    money = {"amount_minor": order.paid_minor - order.refunded_minor, "currency": order.currency}
    payments.put_on_desk(STOCK_CORRECTED, order_id=order.id, variant=variant_id, **money)
    refresh(order)
