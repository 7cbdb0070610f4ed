"""Why a total is what it is: every figure of a quote or of an order, with the facts that it was worked out from.

The same for what is shown and for what was kept: an order's derivation needs nothing but the order's own rows, and
`worked_out` comes to its figures from these alone.
"""

from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass, field
from typing import Any, NamedTuple, Protocol

from flask_babel import get_locale, gettext as _

from storefront.cart.quote import Quote
from storefront.kit import money
from storefront.promotions import BENEFITS, Words


class Change(Protocol):
    """What is needed of an adjustment: of a quote, or of an order."""

    @property
    def kind(self) -> str: ...
    @property
    def label(self) -> str: ...
    @property
    def amount_minor(self) -> int: ...
    @property
    def line_id(self) -> int | None: ...
    @property
    def rule_version(self) -> str: ...
    @property
    def detail(self) -> Mapping[str, Any]: ...


class Goods(NamedTuple):
    """So many of a thing at their price."""

    id: int
    name: str
    qty: int
    unit_minor: int


@dataclass(frozen=True)
class Facts:
    """What all figures come from. `shipping` is the name and the price before promotions; None if nothing travels."""

    currency: str
    goods: Sequence[Goods]
    changes: Sequence[Change] = ()
    shipping: tuple[str, int] | None = None
    taxes: Sequence[Mapping[str, Any]] = ()


@dataclass
class Figure:
    """One figure, and the rows that make it: (words, amount), where a row without an amount explains the one above."""

    label: str
    amount_minor: int
    rows: list[tuple[str, int | None]] = field(default_factory=list)


def facts_of(quote: Quote) -> Facts:
    """Those of a quote."""
    goods = [Goods(line.line_id, line.offer.name, line.quantity, line.unit_minor) for line in quote.lines]
    shipping = (quote.level.name, quote.level.list_minor) if quote.level else None
    return Facts(quote.currency, goods, quote.adjustments, shipping, quote.tax_rows)


def worked_out(facts: Facts) -> dict[str, int]:
    """The figures once more from the facts alone: goods, discount, shipping, tax, total, due; minor units."""
    goods = sum(one.unit_minor * one.qty for one in facts.goods)
    discount = -_sum(_off_goods(facts))
    shipping = (facts.shipping[1] if facts.shipping else 0) + _sum(_off_shipping(facts))
    on_top = sum(row["tax_minor"] for row in facts.taxes if not row["inclusive"])
    total = goods - discount + shipping + on_top
    return {
        "goods": goods,
        "discount": discount,
        "shipping": shipping,
        "tax": sum(row["tax_minor"] for row in facts.taxes),
        "total": total,
        "due": total + _sum(_certificates(facts)),
    }


def misfits(facts: Facts) -> list[Change]:
    """The discounts that do not follow from what they say they were worked out from; none, if all is right."""
    shared: dict[tuple[str, Any, int | None], list[Change]] = {}
    found = []
    for change in facts.changes:
        detail, benefit = change.detail, BENEFITS.get(change.detail.get("benefit", ""))
        if benefit is None or benefit.again is None or "whole_minor" not in detail:
            continue
        part = (change.rule_version, detail["step"], change.line_id if _alone(change) else None)
        shared.setdefault(part, []).append(change)
        if min(benefit.again(detail), detail["base_minor"]) != detail["whole_minor"]:
            found.append(change)
    return found + [change for part in shared.values() for change in part if not _is_share(part)]


def figures(facts: Facts) -> list[Figure]:
    """Every figure with its rows, in the order in which they are added up."""
    result, words = worked_out(facts), Words(facts.currency, str(get_locale() or "en"))
    shown = [Figure(_("Goods"), result["goods"], [_goods_row(one, words) for one in facts.goods])]
    if changes := _off_goods(facts):
        names = {one.id: one.name for one in facts.goods}
        shown.append(Figure(_("Discount"), -result["discount"], _changed(changes, words, names)))
    if facts.shipping:
        name, price = facts.shipping
        shown.append(Figure(_("Shipping"), result["shipping"], [(name, price), *_changed(_off_shipping(facts), words)]))
    shown += _taxes(facts, words)
    parts = [(str(one.label), one.amount_minor) for one in shown if not isinstance(one, _Inside)]
    shown.append(Figure(_("Total"), result["total"], [*parts]))
    if used := _certificates(facts):
        rows = [(_("Total"), result["total"]), *((change.label, change.amount_minor) for change in used)]
        shown.append(Figure(_("To pay"), result["due"], [*rows]))
    return shown


class _Inside(Figure):
    """A tax that is inside the prices: it adds nothing to the total."""


def _taxes(facts, words):
    sums: dict[tuple[str, bool], Figure] = {}
    for row in facts.taxes:
        label = f"{row['name']} {money.percent(row['rate_ppm'], words.locale)}"
        kind = _Inside if row["inclusive"] else Figure
        label = _("%(tax)s included", tax=label) if row["inclusive"] else label
        figure = sums.setdefault((label, row["inclusive"]), kind(label, 0))
        figure.amount_minor += row["tax_minor"]
        of = _("Shipping") if row["line"] == "shipping" else row["line"]
        base = _("%(line)s: of %(sum)s", line=of, sum=words.money(row["base_minor"]))
        figure.rows.append((base, row["tax_minor"]))
    return list(sums.values())


def _goods_row(one, words):
    if one.qty == 1:
        return one.name, one.unit_minor
    told = {"count": one.qty, "name": one.name, "price": words.money(one.unit_minor)}
    return _("%(count)s × %(name)s at %(price)s", **told), one.qty * one.unit_minor


def _changed(changes: Iterable[Change], words, names: Mapping[int, str] | None = None):
    """Each change by what it is called and how it came about, and on which goods."""
    rows: list[tuple[str, int | None]] = []
    for change in changes:
        benefit = BENEFITS.get(change.detail.get("benefit", ""))
        how = benefit.tells(change.detail, words) if benefit and benefit.tells else ""
        of = (names or {}).get(change.line_id or 0, "")
        rows.append((_(": ").join(part for part in (change.label, of, how) if part), change.amount_minor))
    return rows


def _off_goods(facts):
    return [change for change in facts.changes if change.line_id is not None]


def _off_shipping(facts):
    return [change for change in facts.changes if change.detail.get("of") == "shipping"]


def _certificates(facts):
    return [change for change in facts.changes if change.kind == "certificate"]


def _sum(changes):
    return sum(change.amount_minor for change in changes)


def _alone(change):
    return change.detail.get("alone") or change.detail.get("of") == "shipping"


def _is_share(part: Sequence[Change]) -> bool:
    """Whether amounts are shares of their whole by their weights, to the last coin, and come to the whole together."""
    whole, base = part[0].detail["whole_minor"], part[0].detail["base_minor"]
    if -_sum(part) != whole:
        return False
    weights = [(-change.amount_minor, change.detail.get("weight_minor", base)) for change in part]
    return all(
        whole * weight // (base or 1) <= amount <= whole * weight // (base or 1) + 1 for amount, weight in weights
    )
