"""The categories of goods that are taxed alike."""

from flask import flash, redirect, render_template, url_for
from flask_babel import gettext as _

from storefront.admin import audit
from storefront.admin.room import bp, deed, status_of
from storefront.admin.tax_forms import CategoryForm
from storefront.admin.tax_pages import tabs
from storefront.kit.errors import Conflict, ShopError
from storefront.taxes import keeping, listing


@bp.route("/taxes/categories", methods=["GET", "POST"])
def tax_categories():
    """Every category with what uses it, and a place for a new one."""
    form = CategoryForm()
    if form.validate_on_submit():
        try:
            with deed():
                made = keeping.save_category(form.name.data, form.code.data)
                audit.record("new", f"tax category {made.code}", after={"name": made.name})
        except Conflict as problem:
            form.code.errors = [problem.message]
        else:
            flash(_("Saved. Goods get it on their own pages, rates among the rates."), "ok")
            return redirect(url_for("admin.tax_categories"), code=303)
    return _page(form)


@bp.route("/taxes/categories/<int:category_id>", methods=["GET", "POST"])
def tax_category(category_id):
    """Another name for a category; its code stays."""
    found = keeping.category_of_id(category_id)
    form = CategoryForm(obj=found)
    del form.code
    if form.validate_on_submit():
        with deed():
            before = keeping.category_of_id(category_id).name
            saved = keeping.save_category(form.name.data, "", category_id)
            if before != saved.name:
                audit.record("change", f"tax category {saved.code}", {"name": before}, {"name": saved.name})
        flash(_("Saved."), "ok")
        return redirect(url_for("admin.tax_categories"), code=303)
    html = render_template("admin/tax_category.html", form=form, category=found, tabs=tabs())
    return html, 400 if form.errors else 200


@bp.post("/taxes/categories/<int:category_id>/remove")
def remove_tax_category(category_id):
    """A category that nothing uses goes."""
    try:
        with deed():
            code = keeping.remove_category(category_id)
            audit.record("remove", f"tax category {code}")
    except ShopError as problem:
        return _page(CategoryForm(formdata=None), problem)
    flash(_("The category %(code)s is removed.", code=code), "ok")
    return redirect(url_for("admin.tax_categories"), code=303)


def _page(form, problem=None):
    errors = [(None, problem.message)] if problem else []
    html = render_template(
        "admin/tax_categories.html", form=form, errors=errors, categories=listing.categories(), tabs=tabs()
    )
    return html, status_of(problem) if problem else 400 if form.errors else 200
