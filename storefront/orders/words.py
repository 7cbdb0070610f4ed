"""The words of an order's addresses, to be looked for: FTS5 on SQLite, a tsvector with GIN on PostgreSQL.

Both are given folded words of letters and digits only, so nothing that was typed is ever read as an operator, and
both find the same: the orders that have all the words, whole. (What only begins so could be half of the shop.)
"""

import re
import unicodedata
from collections.abc import Iterable

from sqlalchemy import Select, String, cast, column, event, literal, literal_column, select, table, text
from sqlalchemy.orm import joinedload

from storefront.kit.db import TSQUERY, Base, db
from storefront.orders.models import Order

NAME = "order_search"  # and, on SQLite, the tables that FTS5 keeps beside it: order_search_...
LONGEST, MOST = 40, 60  # letters of a word, and words of an order, that count
_WORD = re.compile(r"[^\W_]+")
_LETTERS = str.maketrans({"ł": "l", "ø": "o", "đ": "d", "ð": "d", "ı": "i", "æ": "ae", "œ": "oe", "þ": "th"})
_CREATE = {
    "sqlite": (
        "CREATE VIRTUAL TABLE IF NOT EXISTS order_search USING fts5(words, tokenize = 'unicode61 remove_diacritics 0')",
    ),
    "postgresql": (
        "CREATE TABLE IF NOT EXISTS order_search (order_id bigint PRIMARY KEY, words tsvector NOT NULL)",
        "CREATE INDEX IF NOT EXISTS ix_order_search_words ON order_search USING gin (words)",
    ),
}
_PUT = {
    "sqlite": "INSERT INTO order_search (rowid, words) VALUES (:id, :words)",
    "postgresql": "INSERT INTO order_search (order_id, words) VALUES (:id, CAST(:words AS tsvector))",
}
_DROP = {
    "sqlite": "DELETE FROM order_search WHERE rowid = :id",
    "postgresql": "DELETE FROM order_search WHERE order_id = :id",
}


def words_of(*texts: str) -> list[str]:
    """The words of some texts without capitals and accents, each once."""
    folded = unicodedata.normalize("NFKD", " ".join(texts).casefold()).translate(_LETTERS)
    letters = "".join(letter for letter in folded if not unicodedata.combining(letter))
    return list(dict.fromkeys(word[:LONGEST] for word in _WORD.findall(letters)))[:MOST]


def create_tables(connection) -> None:
    """Make the index on this database if it is not there yet."""
    for statement in _CREATE[connection.dialect.name]:
        connection.execute(text(statement))


@event.listens_for(Base.metadata, "after_create")
def _with_the_other_tables(target, connection, **options):
    """Wherever all tables are made from the models, this one is made too."""
    create_tables(connection)


def put(connection, order_id: int, texts: Iterable[str]) -> None:
    """Let an order be found by what its addresses say, and by nothing else that they said before."""
    kind = connection.dialect.name
    connection.execute(text(_DROP[kind]), {"id": order_id})
    if words := words_of(*texts):
        connection.execute(text(_PUT[kind]), {"id": order_id, "words": " ".join(words)})


def index(order: Order) -> None:
    """Let an order be found by what its two addresses say."""
    both = [address.as_dict() for address in (order.shipping_address, order.billing_address) if address]
    texts = [address[part] for address in both for part in address if part != "phone"]
    put(db.session.connection(), order.id, texts)


def index_all() -> None:
    """The same for every order, when a shop has moved into another database."""
    both = (joinedload(Order.shipping_address), joinedload(Order.billing_address))
    last = 0
    while some := db.session.scalars(
        select(Order).where(Order.id > last).order_by(Order.id).options(*both).limit(500)
    ).all():
        for order in some:
            index(order)
        last = some[-1].id
        db.session.expunge_all()


def drop(order_id: int) -> None:
    """Let an order not be found by words any more."""
    db.session.execute(text(_DROP[_dialect()]), {"id": order_id})


def with_words(typed: str) -> Select | None:
    """The ids of the orders that have all these words; None for no word."""
    words = words_of(typed)
    if not words:
        return None
    if _dialect() == "sqlite":
        asked = " ".join(f'"{word}"' for word in words)
        return (
            select(literal_column("rowid"))
            .select_from(table(NAME))
            .where(literal_column(NAME).op("MATCH")(literal(asked)))
        )
    question = cast(literal(" & ".join(f"'{word}'" for word in words), String), TSQUERY)
    return select(column("order_id")).select_from(table(NAME)).where(column("words").op("@@")(question))


def _dialect():
    return db.session.get_bind().dialect.name
