"""Weights as people of a language read them. Pure: whole grams in, a text out."""

from decimal import Decimal

from babel.numbers import format_decimal
from babel.units import format_unit

KILO = 1000


def shown(grams: int, locale: str) -> str:
    """300 g, 1.5 kg; 1,5 kg in German."""
    return _with_unit(grams, grams >= KILO, locale)


def span(least: int, most: int, locale: str) -> str:
    """A lightest and a heaviest in one unit: 320–450 g, 1.2–2 kg."""
    if least == most:
        return shown(most, locale)
    kilos = most >= KILO
    return f"{format_decimal(_number(least, kilos), locale=locale)}–{_with_unit(most, kilos, locale)}"


def _with_unit(grams, kilos, locale):
    return format_unit(_number(grams, kilos), "mass-kilogram" if kilos else "mass-gram", "short", locale=locale)


def _number(grams, kilos):
    return Decimal(grams).scaleb(-3) if kilos else grams
