"""What staff do with promotions. Every change counts in `version`, by which an order knows what it was placed under."""

from typing import Any

from flask_babel import gettext as _
from sqlalchemy import select

from storefront.kit.db import db
from storefront.kit.errors import Conflict, Invalid, NotFound
from storefront.promotions.checking import problems
from storefront.promotions.models import Coupon, Promotion, UsageHold

MOST_PARTS = 20


def by_id(promotion_id: int) -> Promotion:
    """One promotion. Raises NotFound."""
    found = db.session.get(Promotion, promotion_id)
    if found is None:
        raise NotFound(_("There is no such promotion."))
    return found


def save(promotion: Promotion | None, **values: Any) -> Promotion:
    """Make a promotion, switched off, or change one. Raises Invalid for a limit below what is used already."""
    if promotion is None:
        promotion = Promotion(active=False, conditions=[], actions=[], used=0, held=0, version=0)
        db.session.add(promotion)
    else:
        db.session.refresh(promotion, with_for_update=True)  # nobody takes a use while its limit is changed
    for name, value in values.items():
        setattr(promotion, name, value)
    counted = promotion.used + promotion.held
    if promotion.limit_total is not None and promotion.limit_total < counted:
        sentence = _("It has been used %(count)s times already: enter at least that.", count=counted)
        raise Invalid(sentence, fields={"limit_total": [sentence]})
    _touch(promotion)
    return promotion


def switch(promotion_id: int, on: bool) -> Promotion:
    """Let it stand, or not. Raises Conflict with what is wrong with it."""
    promotion = by_id(promotion_id)
    if on and (wrong := problems(promotion)):
        raise Conflict(" ".join(wrong))
    promotion.active = on
    _touch(promotion)
    return promotion


def put_part(promotion_id: int, kind: str, place: int | None, part: dict[str, Any]) -> Promotion:
    """A condition or a benefit ("conditions", "actions") in its place, or at the end.

    What is wrong with the whole is said by `problems`; one that is on goes off until that is mended.
    """
    promotion = by_id(promotion_id)
    parts = list(getattr(promotion, kind))
    if place is None and len(parts) >= MOST_PARTS:
        raise Conflict(_("That are enough: at most %(most)s.", most=MOST_PARTS))
    if place is None:
        parts.append(part)
    elif 0 <= place < len(parts) and parts[place]["type"] == part["type"]:
        parts[place] = part
    else:
        raise NotFound(_("Somebody has changed this promotion meanwhile."))
    return _with_parts(promotion, kind, parts)


def drop_part(promotion_id: int, kind: str, place: int, part_type: str) -> Promotion:
    """Without one of its conditions or benefits. Raises NotFound if it is not there any more."""
    promotion = by_id(promotion_id)
    parts = list(getattr(promotion, kind))
    if not 0 <= place < len(parts) or parts[place]["type"] != part_type:
        raise NotFound(_("Somebody has changed this promotion meanwhile."))
    del parts[place]
    return _with_parts(promotion, kind, parts)


def remove(promotion_id: int) -> Promotion:
    """Away with one that nobody has ever used. Raises Conflict for one that is on, or was used."""
    promotion = by_id(promotion_id)
    if promotion.active:
        raise Conflict(_("Switch it off first."))
    if db.session.scalar(select(UsageHold.id).filter_by(promotion_id=promotion.id).limit(1)) is not None:
        raise Conflict(_("Orders have used it: it stays, switched off."))
    mine = select(Coupon).filter_by(promotion_id=promotion.id)
    if db.session.scalar(mine.where(Coupon.issued_by_order_id.is_not(None)).limit(1)) is not None:
        raise Conflict(_("Customers have codes for it: it stays, switched off."))
    for coupon in db.session.scalars(mine):
        db.session.delete(coupon)
    db.session.flush()
    db.session.delete(promotion)
    return promotion


def _with_parts(promotion, kind, parts):
    setattr(promotion, kind, parts)
    promotion.with_code = any(part["type"] == "coupon" for part in promotion.conditions)
    if promotion.active and problems(promotion):
        promotion.active = False
    _touch(promotion)
    return promotion


def _touch(promotion):
    promotion.version += 1
    db.session.flush()
