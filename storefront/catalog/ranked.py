"""The best of what a search finds, without weighing all of it.

What is there comes before what is sold out; of each the goods that are called just what was typed, then those
with all the words in their title, then the others; of equals the newest. The index of words gives the newest
first, so of a word that thousands of goods have only as many are looked at as are shown.
"""

from collections.abc import Sequence

from sqlalchemy import ColumnElement, Select, bindparam, case, false, func, literal_column, select, true, union_all

from storefront.catalog import fulltext
from storefront.catalog.fulltext import TITLE_WORDS, WORDS
from storefront.catalog.listing import WHOLE_SHOP
from storefront.catalog.models import ListingEntry
from storefront.kit.db import written

NAMED, TITLED, OTHER = 0, 1, 2
_FAR = 1_000_000_000_000  # more than any id: the places of one tier end before those of the next begin
entries = ListingEntry.__table__


def best(most: int, conditions: Sequence[ColumnElement[bool]]) -> Select:
    """product_id, sold_out and place (lower is better) of the best, each once: at least `most`, if there are so many.

    Binds `title` (folded as names are), `words` and `title_words` (see fulltext.question).
    """
    listed = select(entries.c.sold_out).where(entries.c.category_id == written(WHOLE_SHOP), *conditions)
    titled = _in_stock(TITLE_WORDS, TITLED, listed, written(most))
    others = _in_stock(WORDS, OTHER, listed, written(most) - _count(titled), titled)
    gone = _sold_out(listed, written(most) - _count(titled) - _count(others), titled, others)
    found = union_all(*(select(part) for part in (_named(listed, most), titled, others, gone))).subquery("found")
    return select(found.c.product_id, found.c.sold_out, func.min(found.c.place).label("place")).group_by(
        found.c.product_id, found.c.sold_out
    )


def _named(listed, most):
    """Those that are called just that; they are among the titled, too, if not among the newest of those."""
    either = entries.c.sold_out.op("IN")(literal_column("(false, true)"))  # as the index begins
    goods = listed.where(either, entries.c.name == bindparam("title")).limit(written(most))
    return goods.with_only_columns(*_places(entries.c.product_id, entries.c.sold_out, written(NAMED))).subquery()


def _in_stock(asked, tier, listed, most, *seen):
    """The newest first, asked one by one whether it is there: the rest is never looked at."""
    newest = fulltext.newest(asked).subquery()
    goods = select(*_places(newest.c.product_id, false(), written(tier)))
    return goods.where(*_not_among(seen, newest), _is_sold_out(newest, listed).is_(false())).limit(most).cte()


def _sold_out(listed, most, *seen):
    """Asked for only if what is there does not fill the pages; then all of it is put in order."""
    hits = fulltext.answers(WORDS).subquery()
    titled = hits.c.product_id.in_(select(fulltext.answers(TITLE_WORDS).subquery().c.product_id))
    goods = select(*_places(hits.c.product_id, true(), case((titled, written(TITLED)), else_=written(OTHER))))
    goods = goods.where(*_not_among(seen, hits), _is_sold_out(hits, listed).is_(true()))
    return goods.order_by("place").limit(most).cte()


def _places(product_id, sold_out, tier):
    return product_id, sold_out.label("sold_out"), (tier * written(_FAR) - product_id).label("place")


def _is_sold_out(hits, listed):
    """Nothing if the list does not have it."""
    return listed.where(entries.c.product_id == hits.c.product_id).scalar_subquery()


def _not_among(parts, hits):
    return [hits.c.product_id.not_in(select(part.c.product_id)) for part in parts]


def _count(part):
    return select(func.count()).select_from(part).scalar_subquery()
