"""Changing the tree of categories by hand: names, addresses, order. An address that a category had leads on to it.

Callers open the transaction; in it nobody else changes goods or categories.
"""

from flask_babel import gettext as _
from sqlalchemy import func, select

from storefront.catalog import listing
from storefront.catalog.categories import FORMER, in_order
from storefront.catalog.models import Category, product_categories
from storefront.catalog.naming import slug_of
from storefront.kit import clock
from storefront.kit.db import db
from storefront.kit.errors import Conflict, Invalid, NotFound
from storefront.store.models import Setting


def category_of_id(category_id: int) -> Category:
    """A category as it is now, whatever was read before. Raises NotFound."""
    found = db.session.get(Category, category_id, populate_existing=True)
    if found is None:
        raise NotFound(_("There is no such category: it was removed."))
    return found


def save_category(category_id: int | None, *, name: str, slug: str = "", parent_id: int | None = None) -> Category:
    """Make a category, or change one; what is below it goes with it. Without a slug, one is made of the name.

    A new one, and one that comes to another parent, stands last there. Raises NotFound, and Invalid with the field.
    """
    listing.one_at_a_time()
    category = category_of_id(category_id) if category_id else Category(path="")
    parent = category_of_id(parent_id) if parent_id else None
    slug = slug_of(slug or name)
    path = f"{parent.path}/{slug}" if parent else slug
    _refuse(category, parent, path)
    elsewhere = not category_id or category.parent_id != parent_id
    if elsewhere:
        category.position = _last(parent_id)
    below = _below(category) if category_id else []
    _readdress(category, below, path)
    category.name, category.slug, category.parent_id = name, slug, parent_id
    db.session.add(category)
    db.session.flush()
    if elsewhere and (goods := _goods_in([category.id, *(one.id for one in below)])):
        listing.refresh(goods)
    return category


def move_category(category_id: int, *, up: bool) -> bool:
    """One place up or down among those beside it; False if it is the first, or the last."""
    listing.one_at_a_time()
    category = category_of_id(category_id)
    beside = select(Category).where(Category.parent_id == category.parent_id)
    if category.parent_id is None:
        beside = select(Category).where(Category.parent_id.is_(None))
    row = sorted(db.session.scalars(beside), key=in_order)
    place = row.index(category)
    other = place - 1 if up else place + 1
    if not 0 <= other < len(row):
        return False
    row[place], row[other] = row[other], row[place]
    for position, one in enumerate(row):
        one.position = position
    return True


def remove_category(category_id: int) -> Category:
    """Take an empty category away; gives what it was. Raises NotFound, and Conflict if something is in it."""
    listing.one_at_a_time()
    category = category_of_id(category_id)
    if why := why_it_stays(category):
        raise Conflict(why, state="used")
    db.session.delete(category)
    db.session.flush()
    return category


def why_it_stays(category: Category) -> str:
    """What keeps a category from being removed, in a sentence; "" if nothing does."""
    if _below(category):
        return _("There are categories below it: move or remove them first.")
    goods = counts([category.id]).get(category.id, 0)
    if goods == 1:
        return _("One product is in it, shown or hidden: give it another category first.")
    if goods:
        return _("%(count)d products are in it, shown or hidden: give them another category first.", count=goods)
    return ""


def counts(ids: list[int] | None = None) -> dict[int, int]:
    """How many products, shown and hidden, stand in each of these categories itself, or in each of all.

    Those without any are left out.
    """
    place = product_categories.c.category_id
    each = select(place, func.count()).group_by(place)
    return dict(db.session.execute(each if ids is None else each.where(place.in_(ids))).tuples().all())


def _refuse(category, parent, path):
    if category.path and parent and f"{parent.path}/".startswith(f"{category.path}/"):
        sentence = _("A category cannot lie below itself")
        raise Invalid(sentence, fields={"parent": [sentence]})
    if path != category.path and db.session.scalar(select(Category.id).filter_by(path=path)):
        sentence = _("There is a category at /categories/%(path)s already: choose another address", path=path)
        raise Invalid(sentence, fields={"slug": [sentence]})


def _below(category):
    lower = Category.path.startswith(f"{category.path}/", autoescape=True)
    return list(db.session.scalars(select(Category).where(lower).order_by(Category.path)))


def _last(parent_id):
    beside = Category.parent_id == parent_id if parent_id else Category.parent_id.is_(None)
    last = db.session.scalar(select(func.max(Category.position)).where(beside))
    return 0 if last is None else last + 1


def _goods_in(ids):
    place = product_categories.c
    return list(db.session.scalars(select(place.product_id).where(place.category_id.in_(ids)).distinct()))


def _readdress(category, below, path):
    """Give it and those below it their new addresses, and remember the old ones."""
    if path == category.path:
        return
    was = category.path
    moved = {one.path: path + one.path.removeprefix(was) for one in (category, *below) if was}
    for one in below:
        one.path = path + one.path.removeprefix(was)
    category.path = path
    _remember(moved, {path, *moved.values()})


def _remember(moved, taken):
    """Old addresses lead to the newest one; an address that is somebody's own again leads nowhere else."""
    row = db.session.get(Setting, FORMER) or Setting(key=FORMER, value={})
    known = {**{old: moved.get(new, new) for old, new in row.value.items()}, **moved}
    known = {old: new for old, new in known.items() if old not in taken}
    if known != row.value:
        row.value, row.changed_at = known, clock.now()
        db.session.add(row)
