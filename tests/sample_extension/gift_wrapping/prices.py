"""A way to compute shipping, a condition and a benefit for promotions."""

from storefront.promotions.benefits import Benefit
from storefront.promotions.conditions import Condition
from storefront.shipping import Figure, Method

PER_BAG = Method(
    "per_bag",
    "Per bag",
    "price of a bag × bags",
    (Figure("bag_minor", "Price of a bag", "amount"), Figure("bag_g", "Fits into a bag", "grams", least=1)),
    lambda params, parcel: params["bag_minor"] * -(-parcel.weight_g // params["bag_g"]),
    by_weight=True,
)
ODD_NUMBER = Condition(
    "An odd number of pieces",
    lambda params, basket, facts: basket.units % 2 == 1,
    lambda params, words: "for an odd number of pieces",
)


def _round_down(params, basket):
    """What is above whole hundreds of each line."""
    for line in basket.lines:
        left = basket.left[line.key]
        detail = {"base_minor": left}
        yield line.key, left % 100, {**detail, "whole_minor": left % 100, "weight_minor": left, "alone": True}


ROUND_DOWN = Benefit(
    "Round down",
    lambda params, words: "rounded down",
    (),
    give=_round_down,
    again=lambda detail: detail["base_minor"] % 100,
    tells=lambda detail, words: "rounded down",
)
