"""Postcode patterns as spans of the alphabet, for saying where two regions meet and what lies between them.

A span is a pair of folded codes; everything that begins with the upper end is still within ("~" sorts after all).
"""

from collections.abc import Iterable, Sequence
from itertools import pairwise

from storefront.shipping.postcodes import ONE, RANGE, Pattern, british_districts, readable

Span = tuple[str, str]
_END = "~"


def covered(texts: Iterable[str], country: str) -> list[str]:
    """What a list of patterns includes, in words, without doubles: 1000–1999."""
    return [_said(span) for span in _merged(_spans(texts, country))]


def shared(ones: Iterable[str], others: Iterable[str], country: str) -> list[str]:
    """What two lists of patterns both include and neither leaves out, in words."""
    ones, others = list(ones), list(others)
    outside = _merged(_spans(ones, country, excludes=True) + _spans(others, country, excludes=True))
    both = _meet(_merged(_spans(ones, country)), _merged(_spans(others, country)))
    return [_said(span) for span in both if not _inside(span, outside)]


def between(texts: Iterable[str], country: str) -> list[Span]:
    """The gaps between the spans of a list, each as what ends before it and what begins after it."""
    found = _merged(_spans(texts, country))
    return [(low[1].removesuffix(_END), high[0]) for low, high in pairwise(found)]


def left_out(lists: Sequence[Iterable[str]], including: Iterable[str], country: str) -> list[str]:
    """What every one of the lists leaves out, and none of the including patterns brings back, in words."""
    first, *others = [_merged(_spans(texts, country, excludes=True)) for texts in lists]
    for other in others:
        first = _meet(first, other)
    back = _merged(_spans(including, country))
    return [_said(span) for span in first if not _inside(span, back)]


def _spans(texts: Iterable[str], country: str, excludes: bool = False) -> list[Span]:
    patterns = [one for one in readable(texts, country) if one.excludes == excludes]
    return [span for pattern in patterns for span in _of(pattern, country)]


def _of(pattern: Pattern, country: str) -> list[Span]:
    if pattern.kind == RANGE and (districts := british_districts(pattern, country)):
        return [(code, code + _END) for code in districts]
    return [(pattern.low, pattern.high if pattern.kind == ONE else pattern.high + _END)]


def _merged(spans: list[Span]) -> list[Span]:
    """In order, and one where two meet or follow each other (1999 and 2000)."""
    found: list[Span] = []
    for low, high in sorted(spans):
        if found and (low <= found[-1][1] or _follows(found[-1][1], low)):
            found[-1] = found[-1][0], max(found[-1][1], high)
        else:
            found.append((low, high))
    return found


def _follows(high: str, low: str) -> bool:
    end = high.removesuffix(_END)
    return end.isdigit() and low.isdigit() and len(end) == len(low) and int(low) == int(end) + 1


def _meet(ones: list[Span], others: list[Span]) -> list[Span]:
    """Where spans of two lists in order lie over each other."""
    found: list[Span] = []
    here, there = 0, 0
    while here < len(ones) and there < len(others):
        low, high = max(ones[here][0], others[there][0]), min(ones[here][1], others[there][1])
        if low <= high:
            found.append((low, high))
        if ones[here][1] <= others[there][1]:
            here += 1
        else:
            there += 1
    return found


def _inside(span: Span, wider: list[Span]) -> bool:
    return any(low <= span[0] and span[1] <= high for low, high in wider)


def _said(span: Span) -> str:
    low, high = span
    end = high.removesuffix(_END)
    if low == end:
        return f"{low}*" if high != end else low
    return f"{low}–{end}"
