"""The one shop: who it is, its windows and policies, its text pages, and its order numbers.

Verbs: current, change, footer_pages, page, save_page, next_number. Which languages it speaks: languages.py.
"""

from storefront.store.service import change, current, footer_pages, next_number, page, save_page

__all__ = ["change", "current", "footer_pages", "next_number", "page", "save_page"]
