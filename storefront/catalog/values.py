"""What stands in the cells of a file, as numbers: whatever cannot be read says so in plain words."""

import re
from dataclasses import dataclass, field
from datetime import UTC, datetime, timedelta
from decimal import ROUND_HALF_UP, Decimal, InvalidOperation
from zoneinfo import ZoneInfo

from flask_babel import gettext as _

from storefront.catalog.drafts import ProductDraft
from storefront.kit import money
from storefront.kit.errors import Invalid

_AMOUNT = re.compile(r"-?[0-9][0-9 .,\u00a0\u202f]*|-?\.[0-9]+")
_WORDS = {"true": True, "1": True, "yes": True, "false": False, "0": False, "no": False, "": None}


class Unfit(Exception):
    """A row cannot be taken. The sentence goes on after "line 14: "."""

    def __init__(self, line: int, reason: str):
        super().__init__(reason)
        self.line, self.reason = line, reason


@dataclass(frozen=True)
class Refused:
    """What is not imported: the line that is to blame, the product, and the lines that are left out with it."""

    line: int
    what: str
    reason: str
    lines: tuple[int, ...] = ()

    def __str__(self) -> str:
        others = ", ".join(str(line) for line in self.lines if line != self.line)
        left_out = " " + _("(lines %(lines)s of the same product are left out too)", lines=others) if others else ""
        return _("line %(line)d: %(reason)s", line=self.line, reason=self.reason) + left_out


@dataclass
class Found:
    """What a reader makes of a table."""

    drafts: list[ProductDraft] = field(default_factory=list)
    refused: list[Refused] = field(default_factory=list)
    notes: list[str] = field(default_factory=list)

    def refuse(self, unfit: Unfit, what: str, lines=()) -> None:
        """Write down one refusal."""
        self.refused.append(Refused(unfit.line, what, unfit.reason, tuple(lines)))


def amount(row, heading: str, name: str, currency: str) -> int | None:
    """Minor units, or None for an empty cell."""
    text = row[heading]
    if not text:
        return None
    if not _AMOUNT.fullmatch(text):
        raise Unfit(row.line, _("%(name)s '%(text)s' is not an amount", name=name, text=text[:40]))
    try:
        return money.parsed(text.replace("\u202f", ""), currency)
    except Invalid as error:
        raise Unfit(
            row.line, _("%(name)s '%(text)s': %(why)s", name=name, text=text[:40], why=error.message)
        ) from error


def whole(row, heading: str, name: str) -> int | None:
    """A whole number, or None for an empty cell."""
    number = decimal(row, heading, name)
    if number is None or number == number.to_integral_value():
        return None if number is None else int(number)
    raise Unfit(row.line, _("%(name)s '%(text)s' is not a whole number", name=name, text=row[heading][:40]))


def grams(row, heading: str, factor: Decimal) -> int | None:
    """A weight, in units of so many grams, rounded to whole grams; None for an empty cell."""
    number = decimal(row, heading, _("weight"))
    return None if number is None else int((number * factor).to_integral_value(ROUND_HALF_UP))


def decimal(row, heading: str, name: str) -> Decimal | None:
    """A number of at most 18 letters with a point or a comma, or None for an empty cell."""
    text = row[heading].replace(",", ".")
    if not text:
        return None
    try:
        if len(text) <= 18 and re.fullmatch(r"-?[0-9]*\.?[0-9]*", text):
            return Decimal(text)
    except InvalidOperation:
        pass
    raise Unfit(row.line, _("%(name)s '%(text)s' is not a number", name=name, text=row[heading][:40]))


def yes(row, heading: str) -> bool | None:
    """Whether a cell says yes; None when it is empty."""
    word = row[heading].lower()
    if word not in _WORDS:
        raise Unfit(
            row.line, _("%(heading)s is '%(text)s', neither yes nor no", heading=heading, text=row[heading][:40])
        )
    return _WORDS[word]


def moment(row, heading: str, zone: str, *, end: bool = False) -> datetime | None:
    """A time, in the shop's zone where the cell names none; a bare day as an end means its last moment."""
    text = row[heading]
    if not text:
        return None
    try:
        found = datetime.fromisoformat(text)
    except ValueError:
        raise Unfit(row.line, _("'%(text)s' is not a date like 2030-12-31", text=text[:40])) from None
    found = found if found.tzinfo else found.replace(tzinfo=ZoneInfo(zone))
    return (found + timedelta(days=1) if end and len(text) <= 10 else found).astimezone(UTC)


def items(text: str, separator: str = ",") -> list[str]:
    r"""The parts of a list in a cell; a separator that belongs to a part is written \, ."""
    parts = re.split(rf"(?<!\\){re.escape(separator)}", text)
    return [part for part in (part.replace("\\" + separator, separator).strip() for part in parts) if part]
