"""The uses of offers and codes that an order holds, spends and gives back, and the codes that it brings."""

from collections.abc import Collection

from sqlalchemy import or_, select

from storefront import promotions
from storefront.kit import events
from storefront.kit.db import db
from storefront.orders.models import Order, OrderAdjustment
from storefront.orders.states import CLOSED, NEW
from storefront.promotions import Use, Who


def hold_uses(order: Order) -> None:
    """Hold what the order uses of offers and codes that are limited. Raises UsedUp, and then nothing has moved."""
    rows = select(OrderAdjustment.promotion_id, OrderAdjustment.coupon_id).filter_by(order_id=order.id)
    rows = rows.where(OrderAdjustment.promotion_id.is_not(None)).distinct()
    uses = [Use(promotion_id or 0, coupon_id) for promotion_id, coupon_id in db.session.execute(rows)]
    promotions.hold(order.id, uses, _who(order))


def issue_codes(order: Order) -> None:
    """The codes that a paid order brings, once; a letter tells each."""
    given = select(OrderAdjustment).filter_by(order_id=order.id).order_by(OrderAdjustment.id)
    for adjustment in db.session.scalars(given).all():
        if adjustment.detail.get("benefit") == "issue_coupon":
            coupon = promotions.issue(
                adjustment.detail["promotion_id"],
                order.id,
                valid_days=adjustment.detail.get("valid_days"),
                customer_id=order.customer_id,
                email_hash=promotions.hashed_email(order.email),
            )
            if coupon is not None:
                events.record("COUPON_ISSUED", order.id, coupon=coupon.id)


def has_bought(who: Who, without: Collection[int] = ()) -> bool:
    """Whether somebody has an order that lives, beside those: by their account or by an e-mail of theirs."""
    ways = [Order.customer_id == who.customer_id] if who.customer_id is not None else []
    ways += [Order.email.in_(sorted(who.emails))] if who.emails else []
    if not ways:
        return False
    lives = select(Order.id).where(or_(*ways), Order.status.not_in((NEW, *CLOSED)))
    if without:
        lives = lives.where(Order.id.not_in(without))
    return db.session.scalar(lives.limit(1)) is not None


def _who(order):
    return Who.of(order.customer_id, order.email)
