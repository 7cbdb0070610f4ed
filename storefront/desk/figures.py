"""Sums as files write them, read exactly: no rounding, no guess that is not told."""

import re
from collections.abc import Iterable
from decimal import Decimal, InvalidOperation

from flask_babel import gettext as _

from storefront.kit import money


class BadFigure(Exception):
    """One thing in a row cannot be read; `sentence` says which and why."""

    def __init__(self, sentence: str):
        super().__init__(sentence)
        self.sentence = sentence


def comma_is_decimal(figures: Iterable[str], semicolons: bool) -> bool:
    """Whether these sums are written like 1.234,50. Where nothing tells, a file with semicolons writes commas."""
    doubtful = False
    for text in figures:
        digits = re.sub(r"[^0-9.,]", "", text)
        if "," in digits and "." in digits:
            return digits.rindex(",") > digits.rindex(".")
        if re.search(r",(?![0-9]{3}$)", digits) and digits.count(",") == 1:
            return True
        if re.search(r"\.(?![0-9]{3}$)", digits) and digits.count(".") == 1:
            return False
        doubtful = doubtful or "," in digits or "." in digits
    return semicolons and doubtful


def exact_minor(text: str, currency: str, comma: bool) -> int:
    """Minor units of a sum like -1,234.50, (12.00), 12,50- or €5. Raises BadFigure; never rounds."""
    bare = re.sub(r"[\s\u00a0\u202f'’]", "", text)
    bare = re.sub(r"^[^0-9(.,+\-−]+|[^0-9).,\-−]+$", "", bare).replace("−", "-")
    below = bare.startswith(("-", "(")) or bare.endswith("-")
    thousands, point = (".", ",") if comma else (",", ".")
    whole = rf"[0-9]{{1,3}}(?:\{thousands}[0-9]{{3}})+|[0-9]+"
    found = re.fullmatch(rf"[-+(]?((?:{whole})?(?:\{point}[0-9]*)?)[-)]?", bare)
    digits = found[1] if found else ""
    if not re.search(r"[0-9]", digits):
        raise BadFigure(_("“%(text)s” is no sum.", text=text[:40]))
    try:
        minor = Decimal(digits.replace(thousands, "").replace(point, ".")).scaleb(money.exponent(currency))
    except InvalidOperation:
        raise BadFigure(_("“%(text)s” is no sum.", text=text[:40])) from None
    if minor != minor.to_integral_value():
        raise BadFigure(_("“%(text)s” has more decimals than %(currency)s.", text=text[:40], currency=currency))
    if minor >= money.MOST:
        raise BadFigure(_("“%(text)s” is too much.", text=text[:40]))
    return -int(minor) if below else int(minor)
