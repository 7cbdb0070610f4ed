"""The one shop: who it is, its windows and policies, its text pages, and its order numbers.

Verbs: current, change, brings, brought (what comes along with the shop's row), greeting, greet (the words of the home
page), footer_pages, page, save_page, remove_page, next_number. Which languages it speaks: languages.py.
"""

from storefront.store.service import (
    brings,
    brought,
    change,
    current,
    footer_pages,
    greet,
    greeting,
    next_number,
    page,
    remove_page,
    save_page,
)

__all__ = [
    "brings",
    "brought",
    "change",
    "current",
    "footer_pages",
    "greet",
    "greeting",
    "next_number",
    "page",
    "remove_page",
    "save_page",
]
