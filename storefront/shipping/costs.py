"""The ways to compute what a service level costs: one table, which a package of the merchant's may extend (`register`).

A way gives an exact cost, as a whole number or a fraction of minor units; it is rounded once, half away from zero.
Which goods count: the weight is that of what travels, the total that of the whole order after its discounts.
"""

import logging
import re
from collections.abc import Callable, Mapping
from dataclasses import dataclass
from fractions import Fraction
from typing import Any

from flask_babel import gettext as _, lazy_gettext as _l

from storefront.kit import money
from storefront.kit.errors import Invalid
from storefront.shipping.figures import Figure, checked

log = logging.getLogger(__name__)
MOST_COST = 10**11  # minor units: what would cost more is not offered


@dataclass(frozen=True)
class Parcel:
    """What is to be sent: grams, and the sum of the goods after discounts in minor units."""

    weight_g: int
    goods_minor: int


@dataclass(frozen=True)
class Method:
    """One way to compute a cost: the figures that it asks for, and the formula, in words and as a function.

    `cost` takes the params of a level (whole numbers by the names of the figures) and the parcel, and gives minor
    units exactly: an int or a Fraction.
    """

    name: str
    label: Any
    formula: Any
    own_figures: tuple[Figure, ...]
    cost: Callable[[Mapping[str, int], Parcel], int | Fraction]
    by_weight: bool = False  # whether goods without a weight would be carried too cheaply

    @property
    def figures(self) -> tuple[Figure, ...]:
        """Its own, and the one that all have."""
        return (*self.own_figures, FREE_FROM)

    def price(self, params: Mapping[str, int], parcel: Parcel) -> int:
        """The cost in minor units, rounded once; nothing from `free_from_minor` on."""
        free_from = params.get(FREE_FROM.name)
        if free_from is not None and parcel.goods_minor >= free_from:
            return 0
        exact = Fraction(self.cost(params, parcel))
        return money.divided(exact.numerator, 1, exact.denominator)


FREE_FROM = Figure(
    "free_from_minor",
    _l("Free from"),
    "amount",
    _l("Orders whose goods cost this much or more, after discounts, are sent for nothing. Empty: never."),
    required=False,
)
_BASE = Figure("amount_minor", _l("Basic price"), "amount")
_RATE = Figure("rate_minor", _l("Price of a unit of weight"), "amount")
_UNIT = Figure(
    "unit_g",
    _l("Unit of weight"),
    "grams",
    _l("1000 for a price per kilogram. Parts of a unit are counted as parts."),
    least=1,
    default=1000,
)
_PERCENT = Figure("rate_ppm", _l("Percentage"), "percent", _l("Of the goods after discounts, without shipping."))


def _weighed(params, parcel):
    return Fraction(params["rate_minor"] * parcel.weight_g, params["unit_g"])


def _part(params, parcel):
    return Fraction(params["rate_ppm"] * parcel.goods_minor, money.PPM)


METHODS: dict[str, Method] = {}


def register(method: Method) -> None:
    """Let levels be priced so. Raises ValueError if the name is not a plain word or is taken."""
    if not re.fullmatch(r"[a-z][a-z0-9_]{0,39}", method.name):
        raise ValueError(f"{method.name!r} is not a name for a cost method: use small letters, digits and _")
    if method.name in METHODS:
        raise ValueError(f"There is a cost method {method.name} already.")
    METHODS[method.name] = method


for _method in (
    Method(
        "fixed_price",
        _l("Fixed price"),
        _l("the price, whatever it weighs"),
        (Figure("amount_minor", _l("Price"), "amount"),),
        lambda params, parcel: params["amount_minor"],
    ),
    Method(
        "per_weight",
        _l("Price per unit of weight"),
        _l("price of a unit × weight ÷ unit"),
        (_RATE, _UNIT),
        _weighed,
        by_weight=True,
    ),
    Method(
        "base_plus_weight",
        _l("Basic price and price per unit of weight"),
        _l("basic price + price of a unit × weight ÷ unit"),
        (_BASE, _RATE, _UNIT),
        lambda params, parcel: params["amount_minor"] + _weighed(params, parcel),
        by_weight=True,
    ),
    Method(
        "percent",
        _l("Percentage of the order total"),
        _l("goods after discounts × percentage"),
        (_PERCENT,),
        _part,
    ),
    Method(
        "base_plus_percent",
        _l("Basic price and percentage of the order total"),
        _l("basic price + goods after discounts × percentage"),
        (_BASE, _PERCENT),
        lambda params, parcel: params["amount_minor"] + _part(params, parcel),
    ),
):
    register(_method)


def problem_with(method: str, params: Mapping[str, Any]) -> str:
    """Why a level cannot be priced by these params; "" if it can."""
    if method not in METHODS:
        return _("Nothing here knows how to compute “%(method)s”: it came with a package that is gone.", method=method)
    try:
        checked(METHODS[method].figures, params)
    except Invalid as problem:
        said = "; ".join(f"{name}: {sentences[0]}" for name, sentences in problem.fields.items())
        return _("Its figures are not right (%(what)s).", what=said)
    return ""


def cost_of(method: str, params: Mapping[str, Any], parcel: Parcel) -> int | None:
    """What a level costs for a parcel, in minor units; None if it cannot be said or is out of all bounds.

    A way that breaks takes only its own levels off the list.
    """
    if method not in METHODS:
        log.warning("no cost method %s: its levels are not offered", method)
        return None
    try:
        cost = METHODS[method].price(params, parcel)
    except Exception:
        log.exception("the cost method %s broke: its level is not offered", method)
        return None
    return cost if 0 <= cost <= MOST_COST else None
