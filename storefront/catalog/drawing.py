"""Cards as HTML. What a card looks like follows from what it says alone, so equal cards are drawn once."""

from collections.abc import Sequence
from functools import lru_cache

from flask import current_app
from flask_babel import get_locale
from markupsafe import Markup

from storefront.catalog.cards import Card


def drawn(cards: Sequence[Card], eager: int = 4) -> list[Markup]:
    """Each card as an <li>; the pictures of the first `eager` are not put off until they are scrolled to."""
    locale = str(get_locale() or "")
    return [_drawn(card, place >= eager, locale) for place, card in enumerate(cards)]


@lru_cache(maxsize=768)  # some two megabytes in each worker
def _drawn(card, lazy, locale):
    macros = current_app.jinja_env.get_template("macros.html").module
    return macros.card(card, lazy=lazy)  # type: ignore[attr-defined]
