"""VAT numbers: whether one looks right, by the rules of its country. Nobody is asked whether it is registered."""

from flask_babel import gettext as _

from storefront.kit.errors import Invalid

MOST_LETTERS = 20
_COUNTRY = {"EL": "GR"}  # the letters of a number that are not those of its country
_LETTERS = {country: letters for letters, country in _COUNTRY.items()}


def vat_number(typed: str, country: str = "") -> str:
    """A VAT number as it is kept, with its country's letters: DE136695976; "" for nothing typed.

    The letters may be left out if the number is one of `country`. Raises Invalid if it is no number of any country.
    """
    bare = "".join(letter for letter in typed.upper() if letter.isalnum())
    if not bare:
        return ""
    own = _LETTERS.get(country, country)
    found = _checked(bare[:2], bare[2:]) or (own and _checked(own, bare))
    if not found or len(bare) > MOST_LETTERS:
        sentence = _("Enter the VAT number with the letters of its country, like DE136695976")
        raise Invalid(sentence, fields={"vat_number": [sentence]})
    return found


def country_of(number: str) -> str:
    """The code of the country that a checked number is of."""
    return _COUNTRY.get(number[:2], number[:2])


def _checked(letters, rest):
    """The number in its usual form if its country, known by its letters, may have given it; else None."""
    from stdnum import get_cc_module  # a worker to whom no number is typed does without
    from stdnum.eu import vat as eu_vat

    if not (letters.isascii() and letters.isalpha() and rest.isascii()):
        return None
    letters = _LETTERS.get(letters, letters)
    if letters in _COUNTRY or letters.lower() in eu_vat.MEMBER_STATES:
        return _valid(eu_vat, letters, letters + rest)
    module = get_cc_module(letters.lower(), "vat")
    return module and (_valid(module, letters, letters + rest) or _valid(module, letters, rest))


def _valid(module, letters, number):
    from stdnum.exceptions import ValidationError

    try:
        return letters + module.validate(number).removeprefix(letters)
    except ValidationError:
        return None
