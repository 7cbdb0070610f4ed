"""The verbs of the store."""

from functools import lru_cache
from typing import Any, NamedTuple

from flask import g
from flask_babel import gettext as _
from sqlalchemy import Row, Select, select, update

from storefront.kit import clock
from storefront.kit.db import db, in_transaction
from storefront.kit.errors import NotFound, Unavailable
from storefront.kit.html import cleaned
from storefront.kit.onetext import gathered, rows_of
from storefront.store.models import Page, Sequence, Setting, Store

_HOME = "home"  # the setting with the words of the home page


class PageLink(NamedTuple):
    """Where a text page is, and what it is called."""

    slug: str
    title: str


def current() -> Row[Any]:
    """The columns of `Store`, read once and afresh in each transaction. Raises Unavailable before it is set up."""
    if "store" not in g or g.store_was_read_in is not db.session().get_transaction():
        found = db.session.execute(_ALONE if in_transaction() else _with_company()).first()
        if not found:
            raise Unavailable(_("This shop is not set up yet: run `make run`, or `flask demo` for a shop to try."))
        g.store, g.store_was_read_in = found, db.session().get_transaction()
    return g.store


def brought(name: str) -> str | None:
    """A text that comes along with the shop's row (see `brings`); who writes asks for it alone, and rarely."""
    if in_transaction():
        db.session.flush()
        return db.session.scalar(_company[name])
    return getattr(current(), name)


def brings(name: str, text: Select[Any]) -> None:
    """From now on one text more comes along: what every page needs takes no statement of its own."""
    _company[name] = text
    _with_company.cache_clear()


def change(values: dict[str, Any]) -> tuple[dict[str, Any], dict[str, Any]]:
    """Set columns of the shop, in the caller's transaction; gives what differs, as it was and as it is."""
    shop = db.session.scalars(select(Store)).one()
    before = {name: getattr(shop, name) for name, value in values.items() if getattr(shop, name) != value}
    for name in before:
        setattr(shop, name, values[name])
    db.session.flush()
    g.pop("store", None)
    return before, {name: values[name] for name in before}


def greeting() -> dict[str, str]:
    """The words with which the home page begins: its `line` and its `text`; without one that was not written."""
    return db.session.scalar(select(Setting.value).filter_by(key=_HOME)) or {}


def greet(line: str, text: str, by: str) -> tuple[dict[str, str], dict[str, str]]:
    """Set the words of the home page; gives what differs, as it was and as it is. "" for the shop's own."""
    row = db.session.get(Setting, _HOME) or Setting(key=_HOME, value={})
    was, now = row.value, {"line": line, "text": text}
    differ = [name for name in now if was.get(name, "") != now[name]]
    if differ:
        row.value, row.changed_by, row.changed_at = now, by, clock.now()
        db.session.add(row)
    return {name: was.get(name, "") for name in differ}, {name: now[name] for name in differ}


def footer_pages() -> tuple[PageLink, ...]:
    """Links to the text pages, in their order; comes with the store's own query."""
    return _links(brought("links"))


def page(slug: str) -> Page:
    """A text page. Raises NotFound."""
    found = db.session.scalar(select(Page).filter_by(slug=slug))
    if not found:
        raise NotFound(_("There is no such page."))
    return found


def save_page(slug: str, *, title: str, body: str, position: int = 0) -> Page:
    """Make or change a text page; its HTML is cleaned by an allow-list."""
    found = db.session.scalar(select(Page).filter_by(slug=slug)) or Page(slug=slug, position=position)
    found.title, found.body, found.updated_at = " ".join(title.split()), cleaned(body), clock.now()
    db.session.add(found)
    return found


def remove_page(slug: str) -> Page:
    """Take a text page away; gives what it was. Raises NotFound."""
    found = page(slug)
    db.session.delete(found)
    return found


def next_number(name: str) -> int:
    """The next number of a sequence: never one twice, whoever asks at the same moment."""
    return db.session.execute(
        update(Sequence)
        .where(Sequence.name == name)
        .values(next_value=Sequence.next_value + 1)
        .returning(Sequence.next_value - 1)
    ).scalar_one()


_page = Page.__table__.c
_company: dict[str, Select[Any]] = {
    "links": select(gathered(_page.position, _page.id, _page.slug, _page.title)).where(_page.title != "")
}
_ALONE = select(Store.__table__)  # as a plain row: every page reads it, and none changes it


@lru_cache(maxsize=1)
def _with_company():
    return _ALONE.add_columns(*(text.scalar_subquery().label(name) for name, text in _company.items()))


@lru_cache(maxsize=1)
def _links(text):
    """The pages in their order, out of the one text in which they came with the store's row."""
    pages = sorted((int(position), int(number), slug, title) for position, number, slug, title in rows_of(text))
    return tuple(PageLink(slug, title) for _position, _number, slug, title in pages)
