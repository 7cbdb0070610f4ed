"""The index of words: an FTS5 table on SQLite, a tsvector with GIN on PostgreSQL, behind the same verbs.

Both are given words that are folded already and hold letters and digits only, so nothing that was typed or
written is ever read as an operator, and both find the same.
"""

from collections.abc import Sequence
from dataclasses import dataclass

from sqlalchemy import (
    ColumnClause,
    Select,
    String,
    bindparam,
    cast,
    column,
    event,
    literal_column,
    select,
    table,
    text,
)

from storefront.catalog.words import stem
from storefront.kit.db import TSQUERY, Base, db, written

NAME = "product_search"  # and, on SQLite, the tables that FTS5 keeps beside it: product_search_…

WORDS, TITLE_WORDS = "words", "title_words"  # under which a question is bound

_CREATE = {
    "sqlite": (
        "CREATE VIRTUAL TABLE IF NOT EXISTS product_search USING fts5("
        "title, facts, story, tokenize = 'unicode61 remove_diacritics 0', prefix = '2 3')",
    ),
    "postgresql": (
        "CREATE TABLE IF NOT EXISTS product_search (product_id bigint PRIMARY KEY, document tsvector NOT NULL)",
        # without a list of what waits to be sorted in, through which each search would go after a large import
        "CREATE INDEX IF NOT EXISTS ix_product_search_document ON product_search USING gin (document)"
        " WITH (fastupdate = off)",
    ),
}
_PUT = {
    "sqlite": "INSERT INTO product_search (rowid, title, facts, story) VALUES (:id, :title, :facts, :story)",
    "postgresql": "INSERT INTO product_search (product_id, document) VALUES (:id, CAST(:document AS tsvector))",
}
_DROP = {
    "sqlite": "DELETE FROM product_search WHERE rowid = :id",
    "postgresql": "DELETE FROM product_search WHERE product_id = :id",
}


@dataclass(frozen=True)
class Document:
    """The words of one product, weightiest first: its title, its facts, its story."""

    product_id: int
    title: list[str]
    facts: list[str]
    story: list[str]

    @property
    def distinct(self) -> list[str]:
        """All its words, each once, in order."""
        return sorted({*self.title, *self.facts, *self.story})


def create_tables(connection) -> None:
    """Make the index on this database if it is not there yet."""
    for statement in _CREATE[connection.dialect.name]:
        connection.execute(text(statement))


@event.listens_for(Base.metadata, "after_create")
def _with_the_other_tables(target, connection, **options):
    """Wherever all tables are made from the models, this one is made too."""
    create_tables(connection)


def put(documents: Sequence[Document]) -> None:
    """Add documents to the index; they must not be in it."""
    if documents:
        rows = [_ROW[_dialect()](document) for document in documents]
        db.session.execute(text(_PUT[_dialect()]), rows)


def drop(product_ids: Sequence[int]) -> None:
    """Take documents out of the index, if they are in it."""
    if product_ids:
        db.session.execute(text(_DROP[_dialect()]), [{"id": product_id} for product_id in product_ids])


def matches() -> Select:
    """product_id of all documents that answer the question bound as WORDS, in no order."""
    return _MATCHES[_dialect()]


def answers(asked: str) -> Select:
    """The same of the question bound to this name, WORDS or TITLE_WORDS, where a statement asks both of the same words.

    PostgreSQL, on which both must be bound, reads the index once for all that ask; SQLite each time what is taken.
    """
    return _ANSWERS[_dialect()][asked]


def newest(asked: str) -> Select:
    """The answers, the newest product first, so that whoever needs a few need not look at all."""
    found = answers(asked)
    return found.order_by(found.selected_columns.product_id.desc()).offset(written(0))


def question(words: Sequence[str], *, in_title: bool = False) -> str:
    """What must be bound to find all these words (in the title), the last one also as the beginning of a longer one."""
    stems = [stem(word) for word in words]
    if _dialect() == "sqlite":
        return ("{title} : " if in_title else "") + "(" + " ".join(f'"{word}"' for word in stems) + "*)"
    weight = "A" if in_title else ""  # as the words of a title are marked
    return " & ".join(f"'{word}':{weight}" for word in stems) + "*"


def _dialect():
    return db.session.get_bind().dialect.name


def _sqlite_row(document):
    columns = {"title": document.title, "facts": document.facts, "story": document.story}
    return {"id": document.product_id, **{name: " ".join(_with_stems(words)) for name, words in columns.items()}}


def _postgres_row(document):
    """The document as a tsvector is written down, the words of its title marked: 'linen':1A 'apron':1A 'kitchen':1.

    Where a word stands is not asked; but a word that stands nowhere would answer a question for marked ones.
    """
    title = dict.fromkeys(_with_stems(document.title))
    others = dict.fromkeys(word for word in _with_stems([*document.facts, *document.story]) if word not in title)
    written_down = [f"'{word}':1A" for word in title] + [f"'{word}':1" for word in others]
    return {"id": document.product_id, "document": " ".join(written_down)}


def _with_stems(words):
    for word in words:
        yield word
        if stem(word) != word:
            yield stem(word)


def _sqlite_matches(asked):
    return (
        select(literal_column("rowid").label("product_id"))
        .select_from(table(NAME))
        .where(literal_column(NAME).op("MATCH")(bindparam(asked)))
    )


def _postgres_matches():
    return select(column("product_id")).select_from(table(NAME)).where(_answers(WORDS))


def _postgres_answers():
    both = _postgres_matches().add_columns(_answers(TITLE_WORDS).label("titled")).cte("answers")
    return {WORDS: select(both.c.product_id), TITLE_WORDS: select(both.c.product_id).where(both.c.titled)}


def _answers(asked):
    """PostgreSQL does not see the question when it plans: else it would plan each search anew, longer than it runs."""
    document: ColumnClause[str] = column("document")
    return document.op("@@")(select(cast(bindparam(asked, type_=String), TSQUERY)).scalar_subquery())


_ROW = {"sqlite": _sqlite_row, "postgresql": _postgres_row}
_ANSWERS = {
    "sqlite": {asked: _sqlite_matches(asked) for asked in (WORDS, TITLE_WORDS)},
    "postgresql": _postgres_answers(),
}
_MATCHES = {"sqlite": _ANSWERS["sqlite"][WORDS], "postgresql": _postgres_matches()}
