"""A visitor who reads a language that nobody speaks: every translated text stands in brackets, so the others show."""

import re

from babel import Locale
from babel.messages.mofile import write_mo
from babel.messages.pofile import read_po

from forms import Reader
from visitors import Page, Visitor

TAG = "eo"  # its names of months and countries are known, and nothing else of the shop's
_INNERMOST = re.compile("⟦[^⟦⟧]*⟧")
_HEARD = re.compile(r"""\b(?:aria-label|alt|placeholder|title|data-busy|data-say-\d+)="([^"]*)\"""")
_WORD = re.compile(r"[^\W\d_]{2,}")


def write_catalogue(template, folder) -> None:
    """A catalogue that says every text of the template as it is, in brackets."""
    with open(template, "rb") as file:
        catalogue = read_po(file, locale=TAG)
    for message in catalogue:
        if message.id:
            ids = message.id if isinstance(message.id, tuple) else (message.id,)
            said = tuple(f"⟦{one}⟧" for one in ids)
            message.string = said if len(said) > 1 else said[0]
    place = folder / TAG / "LC_MESSAGES"
    place.mkdir(parents=True)
    with open(place / "messages.mo", "wb") as file:
        write_mo(file, catalogue)


def bare(text: str, known: set[str]) -> list[str]:
    """The words of a text that no catalogue knows, without those of the merchant's own (`known`)."""
    while (shorter := _INNERMOST.sub(" ", text)) != text:
        text = shorter
    for one in sorted(known, key=len, reverse=True):
        text = text.replace(one, " ")
    names = Locale(TAG)
    calendar = {*names.months["format"]["abbreviated"].values(), *names.days["format"]["abbreviated"].values()}
    return [word for word in _WORD.findall(text) if word not in calendar]


class Abroad(Visitor):
    """Reads every page for bare words, and presses what stands inside the brackets. `found` says where they were."""

    def __init__(self, url: str, known: set[str]):
        super().__init__(url, "abroad")
        self.http.cookies.set("lang", TAG)
        self.known, self.found = known, []

    def _send(self, method, path, follow, **options):
        page = super()._send(method, path, follow, **options)
        if page.html and not page.path.startswith("/sandbox/"):
            self._listen(page)
        return page

    def _listen(self, page: Page) -> None:
        heard = " ¦ ".join([page.text, *_HEARD.findall(page.html)])
        if words := bare(heard, self.known):
            self.found.append(f"{page.path}: {' '.join(words)[:200]}")
        page.seen = Reader(page.html.replace("⟦", "").replace("⟧", ""))
