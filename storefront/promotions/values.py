"""What the rules work with: plain values, so that the same cart always gives the same answer."""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from datetime import date, datetime
from typing import Any

from storefront.kit import money


@dataclass(frozen=True, slots=True)
class Line:
    """So many of one thing in a cart, at their price before any discount; `categories` with those above them."""

    key: int
    sku: str
    quantity: int
    unit_minor: int
    categories: frozenset[int] = frozenset()


@dataclass(frozen=True)
class Facts:
    """Who asks, when, and where it goes. `country` is "" and `email` empty as long as nobody has said or proved it.

    `gifts_left` says how many of a SKU can still be given away, beside what the cart takes; of others there are enough.
    """

    now: datetime
    today: date
    country: str = ""
    subdivision: str = ""
    email: str = ""  # of an account that is signed in, and confirmed
    groups: frozenset[int] = frozenset()
    first_order: bool = True
    travels: bool = True  # whether anything has to be sent
    gifts_left: Mapping[str, int] = field(default_factory=dict)


@dataclass(frozen=True)
class Rule:
    """A promotion as the engine sees it. `code` and `coupon_id` say by which code it was opened, if it needs one."""

    id: int
    label: str
    conditions: tuple[Mapping[str, Any], ...] = ()
    actions: tuple[Mapping[str, Any], ...] = ()
    priority: int = 0
    exclusive: bool = False
    starts_at: datetime | None = None
    ends_at: datetime | None = None
    version: int = 0
    with_code: bool = False
    code: str = ""
    coupon_id: int | None = None


@dataclass(frozen=True, slots=True)
class Taking:
    """So much of one line is taken off by one action of one rule; `detail` is what it was worked out from."""

    rule: Rule
    key: int
    amount_minor: int
    detail: dict[str, Any]


class Basket:
    """The lines in the order of their keys, and what is left of each after the rules so far."""

    def __init__(self, lines: Sequence[Line]):
        self.lines = sorted(lines, key=lambda line: line.key)
        self.left = {line.key: line.unit_minor * line.quantity for line in self.lines}
        self.goods_minor = sum(self.left.values())
        self.units = sum(line.quantity for line in self.lines)
        self._by_sku: dict[str, list[Line]] = {}
        self._by_category: dict[int, list[Line]] = {}
        for line in self.lines:
            self._by_sku.setdefault(line.sku, []).append(line)
            for category in line.categories:
                self._by_category.setdefault(category, []).append(line)

    def chosen(self, params: Mapping[str, Any]) -> list[Line]:
        """The lines that an action or a condition names by SKU or category; all of them if it names none."""
        skus, categories = params.get("skus"), params.get("categories")
        if not skus and not categories:
            return self.lines
        found = {line.key: line for sku in skus or () for line in self._by_sku.get(sku, ())}
        found.update((line.key, line) for id in categories or () for line in self._by_category.get(id, ()))
        return [found[key] for key in sorted(found)]

    def take(self, key: int, amount_minor: int) -> int:
        """Take so much off a line, but never more than is left of it and never less than nothing; gives how much."""
        left = self.left[key]
        amount = amount_minor if 0 <= amount_minor <= left else (left if amount_minor > 0 else 0)
        self.left[key] = left - amount
        return amount


Piece = tuple[int, int, dict[str, Any]]  # the line's key, what is to be taken off it, and how that came about


def spread(basket: Basket, lines: Sequence[Line], whole: int, detail: dict[str, Any]) -> list[Piece]:
    """A discount of several lines, shared in proportion to what is left of each, to the last coin."""
    weights = [basket.left[line.key] for line in lines]
    base = sum(weights)
    whole = min(whole, base)
    shares = money.split(whole, weights)
    told = {**detail, "base_minor": base, "whole_minor": whole}
    return [
        (line.key, share, {**told, "weight_minor": weight})
        for line, share, weight in zip(lines, shares, weights, strict=True)
        if weight
    ]
