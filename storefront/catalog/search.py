"""Finding goods by words: over title, vendor, tags, SKUs, options and description, and past one slip of the pen."""

from collections import Counter, defaultdict
from collections.abc import Collection
from difflib import get_close_matches
from typing import cast

from sqlalchemy import Table, bindparam, delete, insert, select, update

from storefront.catalog import fulltext
from storefront.catalog.fulltext import Document, create_tables
from storefront.catalog.listing import all_products, chunks, one_at_a_time
from storefront.catalog.models import Product, SearchDocument, SearchNeighbour, SearchWord, Variant
from storefront.catalog.words import neighbours, one_slip, spellable, words
from storefront.kit.db import db
from storefront.kit.html import as_text

__all__ = ["create_tables", "index", "nearest", "respelled", "typed"]

TYPED = 12  # so many words of a question count


def index(product_ids: Collection[int] | None = None) -> None:
    """Make some products (None: all) findable as they are now; hidden and deleted ones no longer.

    Called inside the transaction that changed them; does not commit.
    """
    one_at_a_time()
    db.session.flush()
    known = db.session.scalars(select(SearchDocument.product_id)) if product_ids is None else ()
    ids = sorted({*known, *(all_products() if product_ids is None else product_ids)})
    changes: Counter = Counter()
    for some in chunks(ids):
        changes.update(_reindex(some))  # adds, and negative counts take away
    _count_words({word: change for word, change in changes.items() if change})


def typed(text: str) -> list[str]:
    """The words of a question, folded, each once; empty when there are no letters in it."""
    return list(dict.fromkeys(words(text, TYPED)))


def respelled(asked: list[str]) -> list[str] | None:
    """The question with its unknown words replaced by the likeliest that are one slip away; None if no word is.

    A word that the shop knows stays as it is.
    """
    spellings = {spelling: word for word in asked if spellable(word) for spelling in neighbours(word)}
    found = db.session.execute(
        select(SearchWord.word, SearchWord.uses)
        .join(SearchNeighbour, SearchNeighbour.word == SearchWord.word)
        .where(SearchNeighbour.spelling.in_(spellings))
        .distinct()
    ).all()
    known = {row.word for row in found}
    better = [word if word in known else _likeliest(word, found) for word in asked]
    return better if better != asked else None


def nearest(asked: list[str], most: int = 3) -> list[str]:
    """Words of the shop that look like those asked for, for a page that found nothing."""
    close: list[str] = []
    for word in asked[:4]:
        like = db.session.scalars(
            select(SearchWord.word)
            .where(SearchWord.word.startswith(word[:2]))
            .order_by(SearchWord.uses.desc(), SearchWord.word)
            .limit(300)
        ).all()
        close += get_close_matches(word, like, n=most, cutoff=0.6)
    return list(dict.fromkeys(close))[:most]


def _likeliest(word, found):
    """The most used word that is one slip away, or the word itself."""
    near = [row for row in found if spellable(word) and one_slip(word, row.word)]
    same_start = [row for row in near if row.word[0] == word[0]]
    return max(same_start or near, key=lambda row: row.uses).word if near else word


def _reindex(ids):
    """Put some products into the index anew. Returns by how much the uses of each word change."""
    before = _known_words(ids)
    fulltext.drop(ids)
    db.session.execute(delete(SearchDocument).where(SearchDocument.product_id.in_(ids)))
    documents = _documents(ids)
    fulltext.put(documents)
    rows = [{"product_id": each.product_id, "words": each.distinct} for each in documents]
    if rows:
        db.session.execute(insert(SearchDocument), rows)
    after = Counter(word for row in rows for word in row["words"] if spellable(word))
    after.subtract(before)
    return after


def _known_words(ids):
    known = db.session.scalars(select(SearchDocument.words).where(SearchDocument.product_id.in_(ids)))
    return Counter(word for found in known for word in found if spellable(word))


def _documents(ids):
    goods = db.session.execute(
        select(Product.id, Product.title, Product.vendor, Product.tags, Product.description)
        .where(Product.id.in_(ids), Product.active)
        .order_by(Product.id)
    ).all()
    facts = _facts_of_variants(ids)
    return [
        Document(
            product_id=product.id,
            title=words(product.title),
            facts=words(" ".join([product.vendor, *map(str, product.tags), *facts[product.id]])),
            story=words(as_text(product.description)),
        )
        for product in goods
    ]


def _facts_of_variants(ids):
    """SKUs, as written and without what separates their parts, and the values of options."""
    facts: dict[int, dict[str, None]] = defaultdict(dict)
    rows = db.session.execute(
        select(Variant.product_id, Variant.sku, Variant.options)
        .where(Variant.product_id.in_(ids), Variant.active)
        .order_by(Variant.position, Variant.id)
    )
    for product_id, sku, options in rows:
        for fact in (sku, "".join(words(sku)), *map(str, options.values())):
            facts[product_id][fact] = None
    return facts


def _count_words(changes):
    """Add to the uses of words, make those that are new, and forget those that nothing uses any more."""
    known: set[str] = set()
    for some in chunks(sorted(changes)):
        known.update(db.session.scalars(select(SearchWord.word).where(SearchWord.word.in_(some))))
    if grown := [{"w": word, "by": changes[word]} for word in sorted(known)]:
        table = cast(Table, SearchWord.__table__)  # the core statement takes many rows at once
        more = update(table).where(table.c.word == bindparam("w")).values(uses=table.c.uses + bindparam("by"))
        db.session.execute(more, grown)
        db.session.execute(delete(SearchWord).where(SearchWord.uses <= 0))
    if new := sorted(word for word, change in changes.items() if change > 0 and word not in known):
        db.session.execute(insert(SearchWord), [{"word": word, "uses": changes[word]} for word in new])
        near = [{"spelling": spelling, "word": word} for word in new for spelling in sorted(neighbours(word))]
        db.session.execute(insert(SearchNeighbour), near)
