"""Money is a whole number of the smallest coin beside an ISO 4217 currency. Only this file divides."""

import re
from collections.abc import Sequence
from decimal import ROUND_HALF_UP, Decimal, InvalidOperation
from functools import lru_cache

from babel.numbers import format_currency, format_percent, get_currency_precision
from flask_babel import get_locale, gettext as _

from storefront.kit.errors import Invalid

MOST = 2**53  # far above any price, and exact in every program that may read our JSON
PPM = 1_000_000
NO_CURRENCY = "XXX"


def divided(amount: int, numerator: int, denominator: int) -> int:
    """amount × numerator / denominator, rounded half away from zero; all whole numbers."""
    product = amount * numerator
    sign = -1 if (product < 0) != (denominator < 0) else 1
    return sign * ((2 * abs(product) + abs(denominator)) // (2 * abs(denominator)))


def share(amount: int, rate_ppm: int) -> int:
    """So many parts per million of an amount (8.875 % is 88750)."""
    return divided(amount, rate_ppm, PPM)


def included(amount: int, rate_ppm: int) -> int:
    """The tax inside an amount that includes it: amount × rate / (1 + rate)."""
    return divided(amount, rate_ppm, PPM + rate_ppm)


def split(amount: int, weights: Sequence[int]) -> list[int]:
    """Shares in proportion to the weights whose sum is the amount exactly (largest remainder)."""
    whole = sum(weights)
    if not whole:
        return [0] * len(weights)
    sign = -1 if amount < 0 else 1
    parts = [abs(amount) * weight // whole for weight in weights]
    rest = [abs(amount) * weight % whole for weight in weights]
    for place in sorted(range(len(weights)), key=lambda i: (-rest[i], i))[: abs(amount) - sum(parts)]:
        parts[place] += 1
    return [sign * part for part in parts]


def code(text: str) -> str:
    """A currency's code if it looks like one; else XXX, the code of no currency."""
    return text if len(text) == 3 and text.isascii() and text.isalpha() and text.isupper() else NO_CURRENCY


def exponent(currency: str) -> int:
    """How many decimals the currency has: 0 (JPY), 2 (EUR) or 3 (KWD)."""
    return get_currency_precision(currency)


@lru_cache(maxsize=2048)
def shown(amount_minor: int, currency: str, locale: str = "en") -> str:
    """The amount as people of a locale read it, with its currency: €42.90."""
    major = Decimal(amount_minor).scaleb(-exponent(currency))
    text = format_currency(major, currency, locale=locale)
    return text.replace("\u200f-", "\u200f\u200e-")  # in Arabic, a minus stays before the digits: CLDR marks it so


def here(amount_minor: int, currency: str) -> str:
    """The amount as whoever is spoken to reads it."""
    return shown(amount_minor, currency, str(get_locale() or "en"))


@lru_cache(maxsize=256)
def percent(rate_ppm: int, locale: str = "en") -> str:
    """A rate as people of a locale read it: 8.875 % for 88750 parts per million; 8,875 % in German."""
    if locale == "en":
        return f"{Decimal(rate_ppm).scaleb(-4).normalize():f} %"
    return format_percent(Decimal(rate_ppm).scaleb(-6).normalize(), locale=locale, decimal_quantization=False)


def plain(amount_minor: int, currency: str) -> str:
    """The amount as a plain decimal number for files and forms: 42.90."""
    return f"{Decimal(amount_minor).scaleb(-exponent(currency)):f}"


def parsed(text: str, currency: str) -> int:
    """Minor units from what a person typed: 42.90, 42,90, 1 234.50, 1.234,50 or ١٢٫٥٠. Raises Invalid."""
    try:
        minor = Decimal(_with_a_point(text, exponent(currency))).scaleb(exponent(currency))
    except InvalidOperation:
        raise Invalid(_("Enter an amount like 12.50.")) from None
    if not minor.is_finite() or abs(minor) >= MOST:
        raise Invalid(_("Enter an amount like 12.50."))
    if minor != minor.to_integral_value(ROUND_HALF_UP):
        raise Invalid(_("%(currency)s has only %(count)d decimals.", currency=currency, count=exponent(currency)))
    return int(minor)


_TYPED = str.maketrans(
    {"\u066b": ".", "\u066c": "'", "\u2212": "-", "\u2019": "'"}
)  # Arabic marks, a minus, Swiss marks
_NO_DIGITS = re.compile(r"[\s'\u200e\u200f\u061c]+")  # between groups, and marks of direction


def _with_a_point(text, decimals):
    """What was typed with a point before its decimals and nothing between its digits; "" if that is not clear.

    Of points and commas the last stands before the decimals, unless it is repeated or the currency has no decimals.
    """
    plain = _NO_DIGITS.sub("", text.translate(_TYPED))
    whole, mark, rest = plain.rpartition("." if plain.rfind(".") > plain.rfind(",") else ",")
    if not mark:
        return plain
    if mark in whole or (not decimals and len(rest) == 3):
        whole, rest = plain, ""
    groups = re.split("[.,]", whole)
    fits = len(set(re.findall("[.,]", whole))) < 2 and all(2 <= len(one) <= 3 for one in groups[1:])
    return "".join(groups) + f".{rest}" if fits else ""
