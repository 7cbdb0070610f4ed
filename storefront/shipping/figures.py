"""The figures that a way to compute a cost asks the merchant for: their units, how they are typed, and their bounds.

Kept are whole numbers: minor units of money, parts per million, grams.
"""

import re
from collections.abc import Callable, Mapping
from dataclasses import dataclass
from decimal import Decimal
from typing import Any

from flask_babel import gettext as _, lazy_gettext as _l

from storefront.kit import money
from storefront.kit.errors import Invalid

MOST_AMOUNT = 10**9  # minor units
MOST_GRAMS = 10**8  # a hundred tonnes


@dataclass(frozen=True)
class Kind:
    """A kind of figure: how it is read and written for a currency, and what it may be at most."""

    read: Callable[[str, str], int]
    written: Callable[[int, str], str]
    most: int
    unit: Callable[[str], Any]  # of the currency


@dataclass(frozen=True)
class Figure:
    """One figure of a way to compute a cost. `least` and `most` are in the unit that is kept."""

    name: str
    label: Any
    kind: str  # of KINDS
    hint: Any = ""
    required: bool = True
    least: int = 0
    most: int | None = None
    default: int | None = None

    def checked(self, value: Any) -> int:
        """The value, if it is a whole number within its bounds. Raises Invalid."""
        most = KINDS[self.kind].most if self.most is None else self.most
        if type(value) is not int:
            raise Invalid(_("Enter a whole number"))
        if value < self.least:
            raise Invalid(_("This must not be below zero") if self.least == 0 else _("This is too little"))
        if value > most:
            raise Invalid(_("Enter at most 100 %%") if self.kind == "percent" else _("This is too much"))
        return value


def _percent(text, currency):
    typed = text.strip().removesuffix("%").strip().replace(",", ".")
    if not re.fullmatch(r"-?\d{1,6}(\.\d*)?", typed):
        raise Invalid(_("Enter a percentage like 8.5"))
    ppm = Decimal(typed).scaleb(4)
    if ppm != ppm.to_integral_value():
        raise Invalid(_("A percentage has at most 4 decimals"))
    return int(ppm)


def _whole(text, currency):
    if not re.fullmatch(r"-?\d{1,12}", text.strip(), re.ASCII):
        raise Invalid(_("Enter a whole number"))
    return int(text.strip())


def _percent_written(value, currency):
    return f"{Decimal(value).scaleb(-4).normalize():f}"


def _whole_written(value, currency):
    return str(value)


KINDS = {
    "amount": Kind(money.parsed, money.plain, MOST_AMOUNT, lambda currency: currency),
    "percent": Kind(_percent, _percent_written, money.PPM, lambda currency: "%"),
    "grams": Kind(_whole, _whole_written, MOST_GRAMS, lambda currency: _l("grams")),
    "number": Kind(_whole, _whole_written, MOST_AMOUNT, lambda currency: ""),
}


def read(figures: tuple[Figure, ...], typed: Mapping[str, str], currency: str) -> dict[str, int]:
    """What was typed for each figure, by its name; what may be left out and was is not in it. Raises Invalid."""
    values: dict[str, int] = {}
    wrong: dict[str, list[str]] = {}
    for figure in figures:
        text = (typed.get(figure.name) or "").strip()
        try:
            if text:
                values[figure.name] = figure.checked(KINDS[figure.kind].read(text, currency))
            elif figure.required:
                raise Invalid(_("This must not be empty"))
        except Invalid as problem:
            wrong[figure.name] = [problem.message.rstrip(".")]
    if wrong:
        raise Invalid(_("Some figures are not right."), fields=wrong)
    return values


def checked(figures: tuple[Figure, ...], params: Mapping[str, Any]) -> dict[str, int]:
    """The params of a level, if every figure is there and in its bounds, and nothing else. Raises Invalid."""
    wrong: dict[str, list[str]] = {
        name: [_("There is no such figure")] for name in params if name not in {figure.name for figure in figures}
    }
    for figure in figures:
        try:
            if params.get(figure.name) is not None:
                figure.checked(params[figure.name])
            elif figure.required:
                raise Invalid(_("This must not be empty"))
        except Invalid as problem:
            wrong[figure.name] = [problem.message]
    if wrong:
        raise Invalid(_("Some figures are not right."), fields=wrong)
    return {name: value for name, value in params.items() if value is not None}


def told(figures: tuple[Figure, ...], params: Mapping[str, Any], currency: str) -> list[tuple[Any, str]]:
    """The figures that are kept as (label, value with its unit), for reading: ("Price", "4.90 EUR")."""
    texts = written(figures, {figure.name: params.get(figure.name) for figure in figures}, currency)
    kept = [figure for figure in figures if type(params.get(figure.name)) is int]
    return [(one.label, f"{texts[one.name]} {KINDS[one.kind].unit(currency)}".strip()) for one in kept]


def written(figures: tuple[Figure, ...], params: Mapping[str, Any], currency: str) -> dict[str, str]:
    """The params as they are typed into fields; the usual figures where there are none."""
    values = {figure.name: params.get(figure.name, figure.default) for figure in figures}
    return {
        figure.name: KINDS[figure.kind].written(values[figure.name], currency)
        if type(values[figure.name]) is int
        else ""
        for figure in figures
    }
