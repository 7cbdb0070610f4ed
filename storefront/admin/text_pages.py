"""The texts that the footer links to: terms, privacy, returns, contact, and others that the merchant adds."""

import re

from flask import flash, redirect, render_template, request, url_for
from flask_babel import gettext as _, lazy_gettext as _l
from flask_wtf import FlaskForm
from sqlalchemy import func, select
from wtforms import StringField, TextAreaField
from wtforms.validators import InputRequired, Length

from storefront import store
from storefront.admin import audit
from storefront.admin.room import bp, deed
from storefront.catalog.models import Product
from storefront.catalog.naming import slug_of
from storefront.customers import plain_line
from storefront.kit.db import db
from storefront.kit.errors import NotFound
from storefront.store.models import Page

ALWAYS = {"terms": _l("Terms"), "privacy": _l("Privacy"), "returns": _l("Returns"), "contact": _l("Contact")}
_SLUG = re.compile(r"[a-z0-9-]{1,80}")


class PageForm(FlaskForm):
    """Title and text of a page. HTML is cleaned when it is saved."""

    title = StringField(
        _l("Title"),
        [InputRequired(_l("Enter a title")), Length(max=100, message=_l("At most 100 letters"))],
        filters=[lambda text: plain_line(text or "")],
    )
    body = TextAreaField(_l("Text"), [Length(max=100_000, message=_l("At most 100,000 letters"))])


@bp.get("/pages")
def text_pages():
    """Every text page, and those that every shop should have."""
    found = {page.slug: page for page in db.session.scalars(select(Page).order_by(Page.position, Page.id))}
    missing = {slug: words for slug, words in ALWAYS.items() if slug not in found}
    return render_template("admin/text_pages.html", pages=found.values(), missing=missing)


@bp.route("/pages/<slug>", methods=["GET", "POST"])
def text_page(slug):
    """One text page, shown and saved; "new" makes one."""
    if not _SLUG.fullmatch(slug):
        raise NotFound(_("There is no such page."))
    found = db.session.scalar(select(Page).filter_by(slug=slug))
    if found is None and slug != "new" and slug not in ALWAYS:
        raise NotFound(_("There is no such page."))
    form = PageForm(obj=found, title=None if found else str(ALWAYS.get(slug, "")))
    if form.validate_on_submit():
        with deed():
            saved = _save(slug, form)
        flash(_("Saved. It is linked at the foot of every page."), "ok")
        return redirect(url_for("admin.text_page", slug=saved), code=303)
    html = render_template("admin/text_page.html", form=form, page=found, slug=slug)
    return html, 400 if form.errors else 200


@bp.route("/pages/<slug>/remove", methods=["GET", "POST"])
def remove_text_page(slug):
    """A page goes, once somebody has read what leads to it."""
    page = store.page(slug)
    if request.method == "POST":
        with deed():
            gone = store.remove_page(slug)
            audit.record("remove", f"page {slug}", {"title": gone.title, "body": gone.body})
        flash(_("The page %(title)s is removed.", title=page.title), "ok")
        return redirect(url_for("admin.text_pages"), code=303)
    return render_template("admin/text_page_remove.html", page=page, expected=slug in ALWAYS, links=_links_to(slug))


def _links_to(slug):
    """The titles of the other pages and of products whose words lead to this one, the first twenty."""
    address = f"/pages/{slug}"
    pages = select(Page.title).where(Page.slug != slug, Page.body.contains(address, autoescape=True))
    goods = select(Product.title).where(Product.description.contains(address, autoescape=True))
    return [title for query in (pages, goods) for title in db.session.scalars(query.order_by("title").limit(10))]


def _save(slug, form):
    """Save the page, with the difference in the trail; gives its slug."""
    if slug == "new":
        slug = _free(slug_of(form.title.data))
    before = db.session.scalar(select(Page).filter_by(slug=slug))
    was = {"title": before.title, "body": before.body} if before else {}
    last = db.session.scalar(select(func.max(Page.position))) or 0
    page = store.save_page(slug, title=form.title.data, body=form.body.data or "", position=last + 1)
    audit.record("write" if was else "new page", f"page {slug}", was, {"title": page.title, "body": page.body})
    return slug


def _free(slug):
    taken = set(db.session.scalars(select(Page.slug))) | {"new"}
    return next(name for name in (slug, *(f"{slug}-{n}" for n in range(2, len(taken) + 3))) if name not in taken)
