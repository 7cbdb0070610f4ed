"""Words that people typed into one line."""

import unicodedata

_TURNING = frozenset("\u202a\u202b\u202c\u202d\u202e\u2066\u2067\u2068\u2069")  # they reorder what stands around them


def plain_line(text: str) -> str:
    """One trimmed line of any script, without control characters, unpaired surrogates and hidden turns."""
    composed = unicodedata.normalize("NFC", text)
    return " ".join("".join(_kept(letter) for letter in composed).split())


def _kept(letter):
    if letter in _TURNING or unicodedata.category(letter) == "Cs":
        return ""
    return " " if unicodedata.category(letter) in ("Cc", "Zl", "Zp") else letter


def folded(name: str) -> str:
    """A name as it is looked for: small letters without their marks, one space between words."""
    letters = unicodedata.normalize("NFKD", name.casefold())
    return " ".join("".join(letter for letter in letters if not unicodedata.combining(letter)).split())
