"""The languages in which the shop speaks to shoppers: those with a catalogue, those offered, and the one it begins in.

Staff, programs and the command line are spoken to in English.
"""

from collections.abc import Iterable

from storefront.store.service import current

ENGLISH = "en"  # the language of the sources, which need no catalogue
# To add one: its catalogue in translations/, and its own name here; see docs/languages.md.
NAMES = {ENGLISH: "English", "de": "Deutsch", "es": "Español", "ar": "العربية"}


def default() -> str:
    """The language of those who ask for none that is offered."""
    chosen = current().locale
    return chosen if chosen in NAMES else ENGLISH


def offered() -> tuple[str, ...]:
    """What shoppers may choose from, the default first. Its row may name a language whose catalogue is gone."""
    first, chosen = default(), current().languages.split()
    return (first, *(tag for tag in NAMES if tag in chosen and tag != first))


def known(tags: Iterable[str]) -> str:
    """Languages as the store's row keeps them: tags in their order, spaces between them."""
    wanted = set(tags)
    return " ".join(tag for tag in NAMES if tag in wanted)
