"""The one shop: who it is, its windows and policies, its text pages, and its order numbers.

Verbs: current, change, brings, forget (what comes with the shop's row), greeting, greet (the words of the home page),
footer_pages, page, save_page, remove_page, next_number. Which languages it speaks: languages.py.
"""

from storefront.store.service import (
    brings,
    change,
    current,
    footer_pages,
    forget,
    greet,
    greeting,
    next_number,
    page,
    remove_page,
    save_page,
)

__all__ = [
    "brings",
    "change",
    "current",
    "footer_pages",
    "forget",
    "greet",
    "greeting",
    "next_number",
    "page",
    "remove_page",
    "save_page",
]
