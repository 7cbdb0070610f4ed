"""What of a product lies in the visitor's own cart. The cart stands above the catalogue: it is asked through here."""

from collections.abc import Callable, Collection

_ask: Callable[[Collection[int]], set[int]] | None = None


def told_by(ask: Callable[[Collection[int]], set[int]]) -> None:
    """Who answers from now on: a function of variant ids, in at most one query."""
    global _ask
    _ask = ask


def of_visitor(variant_ids: Collection[int]) -> set[int]:
    """Those of the variants that lie in the visitor's cart; asks only if there are any to ask about."""
    return _ask(variant_ids) if _ask and variant_ids else set()
