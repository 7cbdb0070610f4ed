"""Parts of a page that are drawn once for equal facts: what they look like follows from these alone."""

from functools import lru_cache

from flask import current_app
from flask_babel import get_locale
from markupsafe import Markup


def fragment(name: str, *facts) -> Markup:
    """A macro of templates/frame.html with its arguments, which are plain values or tuples of them."""
    return _drawn(name, str(get_locale() or ""), facts)


@lru_cache(maxsize=256)  # some hundred kilobytes in each worker
def _drawn(name, locale, facts):
    return getattr(current_app.jinja_env.get_template("frame.html").module, name)(*facts)
