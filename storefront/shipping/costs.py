"""The ways to compute what a service level costs: one function each, looked up by name.

Each takes the level's parameters and the parcel, and gives minor units of the level's currency.
"""

from collections.abc import Callable
from dataclasses import dataclass
from typing import Any


@dataclass(frozen=True)
class Parcel:
    """What is to be sent: grams, and the sum of the goods after discounts in minor units."""

    weight_g: int
    goods_minor: int


def fixed_price(params: dict[str, Any], parcel: Parcel) -> int:
    """The same for every parcel: {"amount_minor": 390}; nothing from {"free_from_minor": 6000} on."""
    free_from = params.get("free_from_minor")
    if free_from is not None and parcel.goods_minor >= free_from:
        return 0
    return int(params["amount_minor"])


METHODS: dict[str, Callable[[dict[str, Any], Parcel], int]] = {"fixed_price": fixed_price}
