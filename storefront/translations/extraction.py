"""Which texts of an adapter are collected for translation; see [tool.babel] in pyproject.toml."""

from collections.abc import Collection, Iterable
from typing import IO, Any

from babel.messages.extract import extract_python


def spoken(
    file: IO[bytes], keywords: Collection[str], comment_tags: Collection[str], options: Any
) -> Iterable[tuple[Any, ...]]:
    """What is said at once. The labels of settings wait as `_l` for the page of the staff, who read English."""
    return extract_python(file, [name for name in keywords if name != "_l"], comment_tags, options)
