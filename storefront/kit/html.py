"""Text that other people wrote, made safe."""

import re

from markupsafe import Markup

_TAGS = set(
    "p br strong b em i u s ul ol li h2 h3 h4 blockquote table thead tbody tr th td a span sub sup dl dt dd".split()
)


def cleaned(html: str) -> str:
    """HTML with nothing left in it but plain formatting and links."""
    import nh3  # 3 MB of a worker that takes them once somebody writes

    return nh3.clean(
        without_nul(html),
        tags=_TAGS,
        attributes={"a": {"href"}, "td": {"colspan"}, "th": {"colspan", "scope"}},
        url_schemes={"http", "https", "mailto", "tel"},
        link_rel="nofollow noopener",
    )


def as_text(html: str) -> str:
    """The words of HTML that was cleaned, in one line, for descriptions and search."""
    spaced = re.sub(r"<(/p|/li|br|/h\d|/td|/div)", r" <\1", without_nul(html))
    return str(Markup(spaced).striptags())  # noqa: S704  no page is made of it: what has no tags left is text


def without_nul(text: str) -> str:
    """The text without what no database keeps: NUL and unpaired surrogates."""
    return text.replace("\0", "").encode("utf-8", "replace").decode()
