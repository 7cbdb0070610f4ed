"""Which rules stand for a cart right now: those for everybody, and those that its codes open."""

from collections.abc import Callable, Collection, Iterable, Sequence
from dataclasses import dataclass, field
from typing import Any

from sqlalchemy import or_, select

from storefront.catalog.models import ListingEntry
from storefront.kit import clock
from storefront.kit.db import db
from storefront.promotions.benefits import BENEFITS, GIFT
from storefront.promotions.codes import Opened, look_up
from storefront.promotions.models import GroupMember, Promotion
from storefront.promotions.using import Uses, Who
from storefront.promotions.values import Rule

_bought: list[Callable[[Who, Collection[int]], bool]] = []


def purchases_told_by(has_bought: Callable[[Who, Collection[int]], bool]) -> None:
    """Who knows whether somebody has ordered before: orders stand above promotions. Takes who, and orders to skip."""
    _bought[:] = [has_bought]


@dataclass
class Standing:
    """The rules of this moment for one cart, and the codes that were entered, each with its problem if it has one."""

    rules: list[Rule] = field(default_factory=list)
    codes: list[Opened] = field(default_factory=list)

    def wants(self, kind: str) -> bool:
        """Whether any rule asks for a kind of condition."""
        return any(condition["type"] == kind for rule in self.rules for condition in rule.conditions)

    @property
    def categories(self) -> set[int]:
        """Every category that any rule speaks of."""
        parts = (part for rule in self.rules for part in (*rule.conditions, *rule.actions))
        return {id for part in parts for id in part.get("categories", ())}

    @property
    def gifts(self) -> set[str]:
        """The SKUs of everything that any rule may give away."""
        parts = [part for rule in self.rules for part in rule.actions if part["type"] in BENEFITS]
        return {part["sku"] for part in parts if BENEFITS[part["type"]].phase == GIFT}


def standing(codes: list[str], who: Who, kept_by: Callable[[], Collection[int]]) -> Standing:
    """At most four queries, however many rules and lines there are; one where there are no codes and no limits.

    `kept_by` names the unpaid orders of the cart, and is asked only where something is limited.
    """
    now = clock.here()
    free: Sequence[Any] = db.session.execute(  # plain rows: there may be dozens
        select(Promotion.__table__).where(
            Promotion.active,
            Promotion.with_code.is_(False),
            or_(Promotion.starts_at.is_(None), Promotion.starts_at <= now),
            or_(Promotion.ends_at.is_(None), Promotion.ends_at > now),
        )
    ).all()
    limited = [promotion for promotion in free if _limited(promotion)]
    uses = Uses.of(who, limited, kept_by()) if limited else Uses()
    opened = look_up(codes, who, kept_by()) if codes else []
    with_codes = _with_codes(opened)  # one whose code is needed no more comes once, by its code
    rules = [
        rule_of(promotion)
        for promotion in free
        if promotion.id not in with_codes
        and not uses.promotion_is_spent(promotion)
        and not uses.customer_has_had(promotion)
    ]
    rules += with_codes.values()
    return Standing(rules, opened)


def _limited(promotion):
    return promotion.limit_total is not None or promotion.limit_per_customer is not None


def _with_codes(opened: Iterable[Opened]) -> dict[int, Rule]:
    """One rule a promotion, though two of its codes may be in the cart: the first of them opens it."""
    found: dict[int, Rule] = {}
    for one in opened:
        if not one.problem:
            found.setdefault(one.promotion.id, rule_of(one.promotion, one.coupon.code, one.coupon.id))
    return found


def rule_of(promotion: Any, code: str = "", coupon_id: int | None = None) -> Rule:
    """A promotion, or a row of its table, as the engine sees it."""
    return Rule(
        id=promotion.id,
        label=promotion.label or promotion.name,
        conditions=tuple(promotion.conditions),
        actions=tuple(promotion.actions),
        priority=promotion.priority,
        exclusive=promotion.exclusive,
        starts_at=promotion.starts_at,
        ends_at=promotion.ends_at,
        version=promotion.version,
        with_code=promotion.with_code,
        code=code,
        coupon_id=coupon_id,
    )


def places_of(product_ids: Collection[int], category_ids: Collection[int]) -> dict[int, frozenset[int]]:
    """Which of some categories each product stands in, itself or below; one query."""
    if not category_ids or not product_ids:
        return {}
    rows = db.session.execute(
        select(ListingEntry.product_id, ListingEntry.category_id).where(
            ListingEntry.product_id.in_(product_ids), ListingEntry.category_id.in_(category_ids)
        )
    )
    found: dict[int, set[int]] = {}
    for product_id, category_id in rows:
        found.setdefault(product_id, set()).add(category_id)
    return {product_id: frozenset(places) for product_id, places in found.items()}


def groups_of(email: str) -> frozenset[int]:
    """The groups that an e-mail belongs to; one query."""
    return frozenset(db.session.scalars(select(GroupMember.group_id).filter_by(email=email)))


def has_bought(who: Who, without: Collection[int] = ()) -> bool:
    """Whether somebody has ordered before, beside the orders that they are paying for."""
    return bool(_bought) and _bought[0](who, without)


def plain(promotion: Promotion) -> dict[str, Any]:
    """What the trail of changes keeps of a promotion."""
    names = (
        *("name", "label", "priority", "exclusive", "active", "starts_at", "ends_at"),
        *("conditions", "actions", "limit_total", "limit_per_customer"),
    )
    return {name: getattr(promotion, name) for name in names}
