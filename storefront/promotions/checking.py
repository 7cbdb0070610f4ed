"""What is wrong with a promotion, and what is odd about it: said to staff when it is saved and when they look at it.

A problem keeps it from being switched on; a warning says what will happen, for each has its defined answer.
"""

from collections.abc import Iterable, Mapping, Sequence
from typing import Any

from flask_babel import gettext as _
from sqlalchemy import func, select

from storefront.catalog.models import Category, Variant
from storefront.kit import money
from storefront.kit.db import db
from storefront.promotions.benefits import BENEFITS
from storefront.promotions.conditions import CONDITIONS
from storefront.promotions.models import Coupon, CustomerGroup, Promotion


def problems(promotion: Promotion) -> list[str]:
    """Why it cannot be switched on."""
    found = [] if promotion.actions else [_("It brings nothing: add a benefit.")]
    found += _contradictions(promotion.conditions)
    found += [sentence for part in (*promotion.conditions, *promotion.actions) for sentence in _wrong(part)]
    if promotion.starts_at and promotion.ends_at and promotion.ends_at <= promotion.starts_at:
        found.append(_("It ends before it begins."))
    return found


def warnings(promotion: Promotion) -> list[str]:
    """What staff should know of it, beside others that are on."""
    others = db.session.scalars(
        select(Promotion)
        .where(Promotion.id != promotion.id, Promotion.active)
        .order_by(Promotion.priority, Promotion.id)
    ).all()
    found = [*_missing(promotion), *_circles(promotion)]
    found += [sentence for other in others for sentence in _beside(promotion, other)]
    if promotion.with_code and not db.session.scalar(select(Coupon.id).filter_by(promotion_id=promotion.id).limit(1)):
        found.append(_("It needs a code, and has none yet: make one below."))
    if _has(promotion.conditions, "first_order") and promotion.limit_per_customer is None:
        found.append(_("Two first orders placed at once both get it: set one use a customer to rule that out."))
    return found


def _wrong(part: Mapping[str, Any]) -> list[str]:
    """What is wrong with one condition or benefit by itself."""
    if part["type"] not in CONDITIONS and part["type"] not in BENEFITS:
        return [_("“%(name)s” is not installed any more: remove it.", name=part["type"])]
    found = []
    for least, most in (("least", "most"), ("least_minor", "most_minor"), ("from", "until")):
        if least in part and most in part and part[most] < part[least]:
            found.append(_("Of one of its conditions the lower bound is above the upper one."))
    if part.get("rate_ppm", 0) > money.PPM:
        found.append(_("More than 100 percent cannot be taken off."))
    return found


def _contradictions(conditions: Sequence[Mapping[str, Any]]) -> list[str]:
    """Conditions that can never hold together."""
    found = []
    if _nothing_common(part.get("countries") for part in conditions if part["type"] == "region"):
        found.append(_("No place is in all of its regions: it can never apply."))
    if _nothing_common(part.get("emails") for part in conditions if part["type"] == "customer"):
        found.append(_("No customer is in all of its lists: it can never apply."))
    for kind, least, most in (("quantity", "least", "most"), ("dates", "from", "until")):
        parts = [part for part in conditions if part["type"] == kind]
        lowest = [part[least] for part in parts if least in part]
        highest = [part[most] for part in parts if most in part]
        if len(parts) > 1 and lowest and highest and min(highest) < max(lowest):
            found.append(_("Its conditions contradict each other: it can never apply."))
    sums = [
        part for part in conditions if part["type"] == "sum" and not part.get("skus") and not part.get("categories")
    ]
    bounds = [(part.get("least_minor", 0), part.get("most_minor", money.MOST)) for part in sums]
    if len(bounds) > 1 and max(least for least, _most in bounds) > min(most for _least, most in bounds):
        found.append(_("Its sums contradict each other: it can never apply."))
    return found


def _nothing_common(lists: Iterable[Sequence[str] | None]) -> bool:
    sets = [set(one) for one in lists if one]
    return len(sets) > 1 and not set.intersection(*sets)


def _missing(promotion: Promotion) -> list[str]:
    """Goods, categories and groups that it names and that are not there."""
    parts = [*promotion.conditions, *promotion.actions]
    skus = {sku for part in parts for sku in (*part.get("skus", ()), *([part["sku"]] if "sku" in part else ()))}
    there = set(db.session.scalars(select(Variant.sku).where(Variant.sku.in_(skus)))) if skus else set()
    found = [_("There is no article %(sku)s.", sku=sku) for sku in sorted(skus - there)]
    for kind, ids in (
        (Category, {id for part in parts for id in part.get("categories", ())}),
        (CustomerGroup, {part["group_id"] for part in parts if "group_id" in part}),
    ):
        if ids and (db.session.scalar(select(func.count()).select_from(kind).where(kind.id.in_(ids))) or 0) < len(ids):
            found.append(_("A category or group that it names is not there any more."))
    return found


def _circles(promotion: Promotion) -> list[str]:
    """Gifts that look as if they brought themselves, and codes that bring codes without end."""
    wanted = {sku for part in promotion.conditions if part["type"] == "goods" for sku in part.get("skus", ())}
    given = {part["sku"] for part in promotion.actions if part["type"] == "gift"}
    found = [
        _("The gift %(sku)s is also what one has to buy. Gifts count for no condition, so it comes once.", sku=sku)
        for sku in sorted(wanted & given)
    ]
    if promotion.id in _reached_by_codes(promotion):
        found.append(_("Its codes lead to it again: every order that uses one brings the next code, without end."))
    return found


def _reached_by_codes(promotion: Promotion) -> set[int]:
    """The promotions that the codes of this one open, and those that theirs open."""
    by_id = {one.id: one for one in db.session.scalars(select(Promotion))}
    reached: set[int] = set()
    ahead = _issued(promotion)
    while ahead:
        reached |= ahead
        ahead = {id for one in ahead if one in by_id for id in _issued(by_id[one])} - reached
    return reached


def _issued(promotion):
    return {part["promotion_id"] for part in promotion.actions if part["type"] == "issue_coupon"}


def _beside(mine: Promotion, other: Promotion) -> list[str]:
    """What happens where both apply."""
    if not _may_meet(mine, other):
        return []
    first, second = sorted((mine, other), key=lambda one: (one.priority, one.id))
    names = {"first": first.name, "second": second.name}
    if first.exclusive:
        return [
            _("Where “%(first)s” applies, “%(second)s” does not: the first is exclusive and comes before.", **names)
        ]
    if second.exclusive:
        return [
            _("Where “%(first)s” applies, “%(second)s” does not: the second is exclusive and comes after.", **names)
        ]
    whole = sum(_rate(one) for one in (mine, other))
    if whole >= money.PPM and _rate(mine) and _rate(other):
        return [_("“%(first)s” and “%(second)s” apply one after the other to the same goods.", **names)]
    return []


def _may_meet(mine: Promotion, other: Promotion) -> bool:
    """Whether both can stand for one cart: their times and regions overlap."""
    apart = any(
        one.ends_at and two.starts_at and one.ends_at <= two.starts_at for one, two in ((mine, other), (other, mine))
    )
    both = [part.get("countries") for one in (mine, other) for part in one.conditions if part["type"] == "region"]
    return not apart and not _nothing_common(both)


def _rate(promotion):
    return sum(part["rate_ppm"] for part in promotion.actions if part["type"] == "percent")


def _has(parts, kind):
    return any(part["type"] == kind for part in parts)
