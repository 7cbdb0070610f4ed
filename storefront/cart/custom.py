"""What shoppers may type beside their choices: typed fields of a line and of the whole order, kept as plain text.

They travel from the cart's line to the order's and back; two lines of one variant with other words in them are two
lines (`digest`).
"""

import hashlib
import json
from collections.abc import Iterable, Mapping
from typing import Any

from flask_babel import gettext as _

from storefront.customers import plain_line
from storefront.kit.errors import Invalid

LINE = {"note": 500}  # field: how many letters at most
ORDER = {"note": 500, "vat_number": 20}


def cleaned(typed: Mapping[str, str], fields: Mapping[str, int] = LINE) -> dict[str, str]:
    """Those of the fields that were filled in, line by line without control characters. Raises Invalid for too much."""
    found = {name: _text(typed.get(name) or "") for name in fields}
    for name, text in found.items():
        if len(text) > fields[name]:
            sentence = _("Write at most %(count)s letters.", count=fields[name])
            raise Invalid(sentence, fields={name: [sentence]})
    return {name: text for name, text in found.items() if text}


def digest(custom: Mapping[str, Any]) -> str:
    """Equal for equal words; "" where nothing was typed."""
    if not custom:
        return ""
    return hashlib.sha256(json.dumps(custom, sort_keys=True).encode()).hexdigest()[:32]


def _text(typed):
    return "\n".join(plain_line(line) for line in typed.splitlines()).strip()


def goods_of(lines: Iterable[Any]) -> dict[tuple[int | None, str], int]:
    """How many there are of each variant with each words, in the lines of a cart or of an order; without gifts."""
    return {(line.variant_id, digest(line.custom)): line.qty for line in lines if not is_present(line.custom)}


def is_present(custom: Mapping[str, Any]) -> bool:
    """Whether a line is a gift, which stands in no cart: nobody can type the word that says so."""
    return "gift" in custom
