"""The tree of categories, which comes whole with the shop's row: menus, paths and breadcrumbs come from it."""

from collections.abc import Iterator
from dataclasses import dataclass, field
from functools import lru_cache
from typing import NamedTuple
from urllib.parse import quote

from sqlalchemy import bindparam, select

from storefront import store
from storefront.catalog.listing import WHOLE_SHOP
from storefront.catalog.models import Category, ListingCount, ProductImage
from storefront.catalog.pictures import Picture, picture_of
from storefront.catalog.words import folded
from storefront.kit.db import db
from storefront.kit.onetext import gathered, rows_of
from storefront.store.models import Setting

FORMER = "former_categories"  # the setting that knows old addresses: {path as it was: path as it is}
_categories, _counts = Category.__table__, ListingCount.__table__
TREE = "category_tree"  # the column with which all of them come along with the shop's row
_EACH = (
    *(_categories.c[name] for name in ("id", "parent_id", "name", "path")),
    _counts.c.goods,
    _categories.c.position,
)
_TREE = select(gathered(*_EACH)).outerjoin_from(_categories, _counts, _counts.c.category_id == _categories.c.id)
_TILES = (
    select(_counts.c.category_id, ProductImage.__table__)
    .join(ProductImage, ProductImage.id == _counts.c.image_id)
    .where(_counts.c.category_id != WHOLE_SHOP, _counts.c.category_id.in_(bindparam("shown", expanding=True)))
)


@dataclass
class Place:
    """A category with its address, its goods counted (those below it too), and what lies below it."""

    id: int
    parent_id: int | None
    name: str
    path: str
    goods: int
    position: int = 0
    below: list["Place"] = field(default_factory=list, repr=False)

    @property
    def url(self) -> str:
        """Where its list is."""
        return "/categories/" + quote(self.path)


class Tree(NamedTuple):
    """All categories: those at the top in their order, and each by id and by path."""

    top: list[Place]
    by_id: dict[int, Place]
    by_path: dict[str, Place]


class Tile(NamedTuple):
    """A category with a picture of something in it."""

    place: Place
    picture: Picture | None


def tree() -> Tree:
    """The whole tree; it comes with the shop's own query."""
    return _grown(store.brought(TREE))


def in_order(place: Place | Category) -> tuple[int, str, str, int]:
    """By this the categories beside each other are sorted: as the merchant put them, then by name."""
    return place.position, folded(place.name), place.name, place.id


@lru_cache(maxsize=2)
def _grown(text):
    """The same rows make the same tree: it is built when one of them changed, and nobody changes it."""
    places = [
        Place(int(number), int(parent_id or 0) or None, name, path, int(goods or 0), int(position))
        for number, parent_id, name, path, goods, position in rows_of(text)
    ]
    places.sort(key=in_order)
    by_id = {place.id: place for place in places}
    for place in places:
        if place.parent_id in by_id:
            by_id[place.parent_id].below.append(place)
    top = [place for place in places if place.parent_id not in by_id]
    return Tree(top, by_id, {place.path: place for place in places})


store.brings(TREE, _TREE)


def menu() -> list[Place]:
    """The categories at the top in which, or below which, something is for sale; in the merchant's order."""
    return [place for place in tree().top if place.goods]


def every() -> list[tuple[Place, int]]:
    """Every category with its depth, in the order of the tree."""

    def down(places, depth):
        for place in places:
            yield place, depth
            yield from down(place.below, depth + 1)

    return list(down(tree().top, 0))


def at(path: str) -> Place | None:
    """The category with this address, or with that to which this old one leads; None if there never was one."""
    by_path = tree().by_path
    if path in by_path:
        return by_path[path]
    former = db.session.scalar(select(Setting.value).filter_by(key=FORMER)) or {}
    return by_path.get(former.get(path, ""))


def trail(place: Place | None) -> list[Place]:
    """The categories from the top down to this one."""
    return list(reversed(list(_upwards(place))))


def tiles() -> list[Tile]:
    """The top categories that have goods, each with a picture; one query."""
    rows = db.session.execute(_TILES, {"shown": [place.id for place in menu()]})
    pictures = {row.category_id: picture_of(row) for row in rows}
    return [Tile(place, pictures.get(place.id)) for place in menu()]


def _upwards(place: Place | None) -> Iterator[Place]:
    seen: set[int] = set()
    while place is not None and place.id not in seen:
        seen.add(place.id)
        yield place
        place = tree().by_id.get(place.parent_id) if place.parent_id else None
