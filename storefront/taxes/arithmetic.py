"""What rates make of a sum. Whole numbers only: each tax is one exact fraction of the sum, rounded once.

Rates that are not compound are taken of the net price; compound ones, in the order of their priority, of the net price
and all the taxes before them. If prices include the taxes, the same proportions are found inside the price.
"""

from collections.abc import Sequence
from dataclasses import dataclass

from storefront.kit import money


@dataclass(frozen=True)
class Rate:
    """One rate as it applies to an address: parts per million, inside the price or on top of it."""

    name: str
    rate_ppm: int
    inclusive: bool
    applies_to_shipping: bool = True
    compound: bool = False
    priority: int = 1
    rate_id: int = 0


@dataclass(frozen=True)
class Charge:
    """One tax of one line: the line's total and what of it, or on top of it, is tax; minor units."""

    rate: Rate
    base_minor: int
    tax_minor: int


Rates = Sequence[Rate]  # of one line, in the order of their priority; all inside the price, or all on top


def charges(amount_minor: int, rates: Rates) -> list[Charge]:
    """Each tax of a sum, rounded once, half away from zero."""
    net, taxes = proportions(rates)
    whole = net + _inside(rates, taxes)
    return [
        Charge(rate, amount_minor, money.divided(amount_minor, tax, whole))
        for rate, tax in zip(rates, taxes, strict=True)
    ]


def combined_ppm(rates: Rates) -> int:
    """All the rates of a line as one, of the net price: 5 % and 9.975 % are 149750."""
    net, taxes = proportions(rates)
    return money.divided(money.PPM, sum(taxes), net)


def converted(amount_minor: int, before: Rates, after: Rates) -> int:
    """A price that includes some taxes as one of the same net that includes others (none, if they are on top)."""
    net, taxes = proportions(before)
    net_after, taxes_after = proportions(after)
    grown = net * (net_after + _inside(after, taxes_after))
    return money.divided(amount_minor, grown, net_after * (net + _inside(before, taxes)))


def proportions(rates: Rates) -> tuple[int, list[int]]:
    """The net price and each tax in proportion to each other, exactly."""
    net, taxes = money.PPM, [0 if rate.compound else rate.rate_ppm for rate in rates]
    for place, rate in enumerate(rates):
        if rate.compound:
            before = net + sum(taxes)
            net, taxes = net * money.PPM, [tax * money.PPM for tax in taxes]
            taxes[place] = before * rate.rate_ppm
    return net, taxes


def _inside(rates, taxes):
    return sum(tax for rate, tax in zip(rates, taxes, strict=True) if rate.inclusive)
