"""Words as the search knows them: the same for what is written on the goods and what people type."""

import re
import unicodedata

LONGEST = 40  # letters of a word that count
_WORD = re.compile(r"[^\W_]+")


def folded(text: str) -> str:
    """The text without capitals and accents: "Rīga Façade" is "riga facade"."""
    apart = unicodedata.normalize("NFKD", text.casefold())
    return "".join(letter for letter in apart if not unicodedata.combining(letter))


def words(text: str, most: int = 2000) -> list[str]:
    """The first words of a text, folded, in their order."""
    return [found[:LONGEST] for found in _WORD.findall(folded(text[: most * 20]))[:most]]


def stem(word: str) -> str:
    """One form for singular and plural of English words (mugs, glasses, cherries); others are left alone."""
    if len(word) < 4 or not word.endswith("s") or word.endswith(("ss", "us", "is")):
        return word
    if word.endswith("ies") and len(word) > 4:
        return word[:-3] + "y"
    if word.endswith(("ses", "xes", "zes", "ches", "shes")):
        return word[:-2]
    return word[:-1]


def spellable(word: str) -> bool:
    """Whether a slip in it can be put right: long enough, and not a mere number."""
    return len(word) > 2 and not word.isnumeric()


def neighbours(word: str) -> set[str]:
    """The word, and what is left of it without any one letter.

    Two words that share a neighbour differ by about one letter added, lost, changed or swapped.
    """
    return {word} | {word[:place] + word[place + 1 :] for place in range(len(word))}


def one_slip(typed: str, word: str) -> bool:
    """Whether one letter added, lost, changed, or swapped with the next makes one word of the other."""
    if abs(len(typed) - len(word)) > 1:
        return False
    shorter, longer = sorted((typed, word), key=len)
    start = next((i for i, letter in enumerate(shorter) if letter != longer[i]), len(shorter))
    if len(shorter) != len(longer):
        return shorter[start:] == longer[start + 1 :]
    changed = shorter[start + 1 :] == longer[start + 1 :]
    swapped = shorter[start : start + 2] == longer[start : start + 2][::-1]
    return changed or (swapped and shorter[start + 2 :] == longer[start + 2 :])
