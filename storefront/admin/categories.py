"""The tree of categories: names, addresses, order; those with nothing in them can be removed."""

from flask import flash, redirect, render_template, request, url_for
from flask_babel import gettext as _, lazy_gettext as _l
from flask_wtf import FlaskForm
from sqlalchemy import select
from wtforms import SelectField, StringField
from wtforms.validators import InputRequired, Length, Regexp

from storefront.admin import audit
from storefront.admin.room import bp, deed, status_of
from storefront.admin.shipping_forms import tell
from storefront.catalog import arranging
from storefront.catalog.categories import every, tree
from storefront.catalog.models import Category
from storefront.customers import plain_line
from storefront.kit.db import db
from storefront.kit.errors import Conflict, Invalid, ShopError
from storefront.promotions.models import Promotion

TOP = ""  # the choice of no parent


class CategoryForm(FlaskForm):
    """A name, an address and a parent. The names of a path are written with > and | in files."""

    name = StringField(
        _l("Name"),
        [
            InputRequired(_l("Enter a name")),
            Length(max=100, message=_l("At most 100 letters")),
            Regexp(r"[^>|]*\Z", message=_l("Leave out > and |")),
        ],
        filters=[lambda text: plain_line(text or "")],
    )
    slug = StringField(
        _l("Address"), [Length(max=80, message=_l("Shorten this"))], filters=[lambda text: plain_line(text or "")]
    )
    parent = SelectField(_l("Below"))

    def __init__(self, category: Category | None = None, **kwargs):
        parent = str(category.parent_id or TOP) if category else TOP
        super().__init__(obj=category, parent=parent, **kwargs)
        if category is None:
            del self.slug  # made of the name
        own = f"{category.path}/" if category else None
        places = [(place, depth) for place, depth in every() if not (own and f"{place.path}/".startswith(own))]
        self.parent.choices = [(TOP, _("None: it stands at the top"))]
        self.parent.choices += [(str(place.id), "– " * depth + place.name) for place, depth in places]

    def wanted(self) -> dict:
        """What was filled in, for saving."""
        slug = self.slug.data if self.slug else ""
        return {"name": self.name.data, "slug": slug, "parent_id": int(self.parent.data) if self.parent.data else None}


@bp.route("/categories", methods=["GET", "POST"])
def categories():
    """The whole tree with what is in it, and a place for a new one."""
    form = CategoryForm()
    if form.validate_on_submit() and _saved(None, form):
        flash(_("Saved. Products get it on their own pages; the shop shows it as soon as one is in it."), "ok")
        return redirect(url_for("admin.categories"), code=303)
    html = render_template("admin/categories.html", form=form, rows=_rows(), counts=arranging.counts())
    return html, 400 if form.errors or form.form_errors else 200


@bp.route("/categories/<int:category_id>", methods=["GET", "POST"])
def category(category_id):
    """One category: its name, its address, where it lies; and whether it can be removed."""
    form = CategoryForm(arranging.category_of_id(category_id))
    if form.validate_on_submit() and _saved(category_id, form):
        flash(_("Saved."), "ok")
        return redirect(url_for("admin.categories"), code=303)
    return _page(category_id, form)


@bp.post("/categories/<int:category_id>/move")
def move_category(category_id):
    """One place up or down among those beside it."""
    up = request.form.get("way") == "up"
    with deed():
        if arranging.move_category(category_id, up=up):
            path = arranging.category_of_id(category_id).path
            audit.record("move up" if up else "move down", f"category {path}")
    return redirect(url_for("admin.categories"), code=303)


@bp.post("/categories/<int:category_id>/remove")
def remove_category(category_id):
    """A category goes in which nothing is, and that no promotion names."""
    try:
        with deed():
            if why := _named_by(category_id):
                raise Conflict(why, state="used")
            gone = arranging.remove_category(category_id)
            audit.record("remove", f"category {gone.path}", _facts(gone))
            name = gone.name
    except Conflict as problem:
        db.session.rollback()
        return _page(category_id, CategoryForm(arranging.category_of_id(category_id), formdata=None), problem)
    flash(_("The category %(name)s is removed.", name=name), "ok")
    return redirect(url_for("admin.categories"), code=303)


def _saved(category_id, form):
    """Save what was typed, with the difference in the trail; False if it is refused, with the sentence at its field."""
    try:
        with deed():
            before = _facts(arranging.category_of_id(category_id)) if category_id else {}
            after = _facts(found := arranging.save_category(category_id, **form.wanted()))
            changed = [name for name in after if before.get(name) != after[name]]
            if changed:
                was = {name: before[name] for name in changed if name in before}
                now = {name: after[name] for name in changed}
                audit.record("change" if category_id else "new", f"category {found.path}", was, now)
    except Invalid as problem:
        db.session.rollback()
        tell(form, problem)
        return False
    return True


def _facts(found):
    return {"name": found.name, "address": found.path}


def _page(category_id, form, problem: ShopError | None = None):
    """The page of a category; with a problem it begins with that."""
    found = arranging.category_of_id(category_id)
    html = render_template(
        "admin/category.html",
        form=form,
        category=found,
        url=tree().by_id[found.id].url,
        stays=arranging.why_it_stays(found) or _named_by(found.id),
        errors=[(None, problem.message)] if problem else [],
    )
    return html, status_of(problem) if problem else 400 if form.errors or form.form_errors else 200


def _rows():
    """Each place with its depth, and whether it is the first, the last, of those beside it."""
    places = tree()
    rows = []
    for place, depth in every():
        above = places.by_id.get(place.parent_id) if place.parent_id else None
        beside = above.below if above else places.top
        rows.append((place, depth, beside[0].id == place.id, beside[-1].id == place.id))
    return rows


def _named_by(category_id):
    """A sentence if a promotion is for this category; "" if none is."""
    for one in db.session.scalars(select(Promotion).order_by(Promotion.id)):
        if any(category_id in part.get("categories", ()) for part in (*one.conditions, *one.actions)):
            return _("The promotion “%(name)s” is for it: change that first.", name=one.name)
    return ""
