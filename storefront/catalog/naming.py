"""Names that a machine makes out of people's words: slugs for addresses and SKUs for what came without one.

The same words give the same name on every machine and in every run.
"""

import base64
import hashlib
import json
import re
import unicodedata
from collections.abc import Mapping

_LETTERS = {
    "ß": "ss", "æ": "ae", "œ": "oe", "ø": "o", "ł": "l", "đ": "d", "ð": "d", "þ": "th", "ı": "i", "ħ": "h", "ŋ": "n",
    "&": " and ", "@": " at ", "%": " percent ", "€": " euro ",
    # Russian, Ukrainian, Belarusian, Bulgarian, Serbian
    "а": "a", "б": "b", "в": "v", "г": "g", "ґ": "g", "д": "d", "е": "e", "ё": "yo", "є": "ye", "ж": "zh", "з": "z",
    "и": "i", "і": "i", "ї": "yi", "й": "y", "ј": "j", "к": "k", "л": "l", "љ": "lj", "м": "m", "н": "n", "њ": "nj",
    "о": "o", "п": "p", "р": "r", "с": "s", "т": "t", "ћ": "c", "у": "u", "ў": "u", "ф": "f", "х": "kh", "ц": "ts",
    "ч": "ch", "џ": "dz", "ш": "sh", "щ": "shch", "ъ": "", "ы": "y", "ь": "", "э": "e", "ю": "yu", "я": "ya",
    # Greek
    "α": "a", "β": "v", "γ": "g", "δ": "d", "ε": "e", "ζ": "z", "η": "i", "θ": "th", "ι": "i", "κ": "k", "λ": "l",
    "μ": "m", "ν": "n", "ξ": "x", "ο": "o", "π": "p", "ρ": "r", "σ": "s", "ς": "s", "τ": "t", "υ": "y", "φ": "f",
    "χ": "ch", "ψ": "ps", "ω": "o",
}  # fmt: skip
_TABLE = str.maketrans(_LETTERS)
_LONGEST = 80


def slug_of(words: str) -> str:
    """Lower-case ASCII words joined by hyphens, at most 80 letters; `item-…` for what no table can spell."""
    whole = unicodedata.normalize("NFC", words).lower().translate(_TABLE)
    plain = unicodedata.normalize("NFKD", whole)
    marked = "".join(letter for letter in plain if not unicodedata.combining(letter)).translate(_TABLE)
    ascii_words = re.sub(r"['’`]", "", marked).encode("ascii", "ignore").decode()
    slug = re.sub(r"[^a-z0-9]+", "-", ascii_words).strip("-")[:_LONGEST].strip("-")
    return slug or "item-" + _digest(words)


def sku_of(slug: str, options: Mapping[str, str]) -> str:
    """A SKU for a variant that has none: readable words, and a digest that keeps two alike apart."""
    words = slug_of("-".join([slug, *options.values()]))[:32].strip("-")
    return f"{words}-{_digest([slug, sorted(options.items())])}".upper()


def _digest(value) -> str:
    """Forty bits of a hash in eight letters and digits."""
    seen = hashlib.sha256(json.dumps(value, ensure_ascii=True).encode()).digest()
    return base64.b32encode(seen[:5]).decode().lower()
