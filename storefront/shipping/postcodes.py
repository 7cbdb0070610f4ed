"""Postcode patterns as a merchant types them, and whether a postcode fits them.

`1011 AB` one postcode; `1011*` all that begin so; `1000-1999` all between, by their first letters; `!1099` not this
one, whatever else fits. Spaces, hyphens, case and the country's own letters before a number (LV-1010) do not matter.
Two of the same length with a hyphen between are a range (1000-1999), others are a postcode that is written so (00-950);
`..` always makes a range. In the United Kingdom a range counts districts: AB10-AB16, IV1-IV28.
"""

import re
import unicodedata
from collections.abc import Collection, Iterable
from dataclasses import dataclass
from functools import lru_cache

from flask_babel import gettext as _

from storefront import customers
from storefront.kit.errors import Invalid

ONE, BEGIN, RANGE = "one", "begin", "range"
MOST = 500  # patterns of one region
LONGEST = 40
_BRITISH = frozenset(("GB", "GG", "JE", "IM"))
_DISTRICT = re.compile(r"([A-Z]{1,2})(\d{1,2})")
_BETWEEN = re.compile(r"\s*(?:\.{2,3}|…|–|—)\s*|\s+-\s+")


@dataclass(frozen=True)
class Pattern:
    """One pattern. `low` and `high` are folded, and equal unless it is a range."""

    kind: str
    low: str
    high: str
    excludes: bool = False

    @property
    def text(self) -> str:
        """As it is kept and shown: !1000-1999."""
        body = {ONE: self.low, BEGIN: f"{self.low}*", RANGE: f"{self.low}-{self.high}"}[self.kind]
        return f"!{body}" if self.excludes else body


@lru_cache(maxsize=8192)
def folded(text: str, country: str = "") -> str:
    """Capital letters and digits alone, without the country's letters before a number: LV-1010 is 1010."""
    letters = re.sub(r"[^A-Z0-9]", "", _plain(text))
    return re.sub(rf"^{country}(?=\d)", "", letters) if country else letters


@lru_cache(maxsize=8192)
def parsed(text: str, country: str = "") -> Pattern:
    """The pattern that was typed, as it is meant in a country. Raises Invalid."""
    typed = _plain(text).strip()
    excludes, body = typed.startswith("!"), typed.removeprefix("!").strip()
    bare = body.removesuffix("*")
    if not re.fullmatch(r"[A-Z0-9](?:[A-Z0-9 .…–—-]*[A-Z0-9])?[ -]?", bare) or len(body) > LONGEST:
        raise Invalid(_("‘%(text)s’ is no pattern: write 1011, 1011*, 1000-1999 or !1099.", text=text[:LONGEST]))
    if bare != body:
        return Pattern(BEGIN, folded(bare, country), folded(bare, country), excludes)
    ends = _ends(body, country)
    if ends is None:
        return Pattern(ONE, folded(body, country), folded(body, country), excludes)
    low, high = ends
    if not _in_order(low, high, country):
        raise Invalid(_("‘%(text)s’ is no range: both ends must be alike, the lower one first.", text=text[:LONGEST]))
    return Pattern(RANGE, low, high, excludes)


def _ends(body: str, country: str) -> tuple[str, str] | None:
    """The two ends of a range, or None if the text is one postcode that is written with a hyphen, or without."""
    parts = _BETWEEN.split(body)
    if len(parts) == 1:
        plain = re.sub(rf"(?<![A-Z0-9]){country}[ -]?(?=\d)", "", body) if country else body
        parts = plain.split("-")
        if len(parts) != 2 or not _alike(folded(parts[0]), folded(parts[1]), country):
            return None
    if len(parts) != 2:
        raise Invalid(_("‘%(text)s’ is no range: both ends must be alike, the lower one first.", text=body))
    return folded(parts[0], country), folded(parts[1], country)


def _alike(low, high, country):
    if country in _BRITISH:
        both = _DISTRICT.fullmatch(low), _DISTRICT.fullmatch(high)
        return all(both)
    return bool(low) and _shape(low) == _shape(high)


def _in_order(low, high, country):
    if not _alike(low, high, country):
        return False
    if country in _BRITISH:
        (area, first), (other, last) = _district(low), _district(high)
        return area == other and first <= last
    return low <= high


def _district(code):
    """The area and the number of a British district: ("AB", 10)."""
    found = _DISTRICT.match(code)
    return (found[1], int(found[2])) if found else ("", -1)


def british_districts(pattern: Pattern, country: str) -> list[str]:
    """Each district of a range in the United Kingdom; none elsewhere."""
    if country not in _BRITISH:
        return []
    (area, first), (_same, last) = _district(pattern.low), _district(pattern.high)
    return [f"{area}{number}" for number in range(first, last + 1)]


def _shape(code):
    return re.sub(r"[A-Z]", "A", re.sub(r"\d", "0", code))


def fits(pattern: Pattern, postcode: str, country: str) -> bool:
    """Whether a postcode is one of the pattern's, whatever the pattern says of it."""
    code = folded(postcode, country)
    if pattern.kind == ONE:
        return code == pattern.low or folded(postcode.rpartition("-")[0], country) == pattern.low  # 90210-1234
    if pattern.kind == BEGIN:
        return code.startswith(pattern.low)
    if country in _BRITISH:
        area, number = _district(code[:-3] if len(code) > 4 else code)
        (wanted, first), (_same, last) = _district(pattern.low), _district(pattern.high)
        return area == wanted and first <= number <= last
    part = code[: len(pattern.low)]
    return _shape(part) == _shape(pattern.low) and pattern.low <= part <= pattern.high


def within(texts: Collection[str], postcode: str, country: str) -> bool:
    """Whether a postcode is one of a region's: fits a pattern (if there is one that includes), and none that excludes.

    An address without a postcode is met only by regions that do nothing but leave some out. A pattern that cannot be
    read fits nothing.
    """
    patterns = readable(texts, country)
    if any(one.excludes and fits(one, postcode, country) for one in patterns):
        return False
    including = [one for one in patterns if not one.excludes]
    excluding_only = patterns and not including
    return bool(excluding_only) or any(fits(one, postcode, country) for one in including)


def readable(texts: Iterable[str], country: str) -> list[Pattern]:
    """The patterns of a region that can be read."""
    found = []
    for text in texts:
        try:
            found.append(parsed(str(text), country))
        except Invalid:
            continue
    return found


def cleaned(typed: str, country: str) -> list[str]:
    """The patterns that were typed, one a line or with commas between, each once, as they are kept. Raises Invalid."""
    texts = [text.strip() for text in re.split(r"[\n,;]", typed) if text.strip()]
    if len(texts) > MOST:
        raise Invalid(_("At most %(most)d patterns; there are %(count)d.", most=MOST, count=len(texts)))
    if texts and "postcode" not in customers.layout(country).fields:
        raise Invalid(_("%(country)s has no postcodes.", country=customers.country_name(country)))
    patterns = [parsed(text, country) for text in texts]
    for pattern in patterns:
        _refuse_a_part(pattern, country)
    return list(dict.fromkeys(pattern.text for pattern in patterns))


def _refuse_a_part(pattern, country):
    """What looks like one postcode must be one: a part of it would never fit."""
    if pattern.kind != ONE:
        return
    address = customers.tidied({"country": country, "postcode": pattern.low})
    if "postcode" in customers.problems(address):
        name = customers.country_name(country)
        sentence = _("‘%(code)s’ is no whole postcode of %(country)s: write %(code)s* for all that begin so.")
        raise Invalid(sentence % {"code": pattern.low, "country": name})


def _plain(text):
    """Capitals, with full-width letters and the digits of any script as ASCII."""
    letters = unicodedata.normalize("NFKC", text)
    return "".join(str(unicodedata.digit(one)) if one.isdigit() else one for one in letters).upper()
