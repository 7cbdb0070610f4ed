"""The page of one product: its words, variants and pictures; and new ones."""

from flask import flash, g, redirect, render_template, request, url_for
from flask_babel import gettext as _, lazy_gettext as _l
from sqlalchemy import select
from sqlalchemy.orm import selectinload
from werkzeug.datastructures import MultiDict

from storefront import store
from storefront.admin import goods_list, goods_verbs
from storefront.admin.product_form import (
    FRESH,
    Typed,
    fresh_variant,
    read_new,
    read_product,
    read_variant,
    tax_choices,
)
from storefront.admin.room import bp, deed, plain_amount, status_of
from storefront.catalog.categories import every
from storefront.catalog.drafts import ProductDraft
from storefront.catalog.models import Product
from storefront.catalog.pictures import picture_of
from storefront.kit.db import db
from storefront.kit.errors import Conflict, Invalid, NotFound
from storefront.stock.models import TIMED_HOLD

POLICY_WORDS = {
    "reserve_on_confirm": _l("Counted; set aside when ordered"),
    "deduct_on_paid": _l("Counted; taken when paid"),
    "timed_hold": _l("Counted; set aside in the cart for minutes"),
    "backorder": _l("Counted; sold on when there is none"),
    "untracked": _l("Not counted"),
}


@bp.route("/products/<int:product_id>", methods=["GET", "POST"])
def product(product_id):
    """A product's words and variants, shown and saved."""
    if request.method == "GET":
        return page_of(product_id)
    typed = Typed(request.form)
    return saved(product_id, typed, lambda draft: read_product(typed, draft))


@bp.post("/products/<int:product_id>/variants")
def add_variant(product_id):
    """One variant more."""
    typed, currency = Typed(request.form), store.current().currency
    return saved(product_id, typed, lambda draft: read_variant(typed, draft, currency), new_variant=True)


@bp.route("/products/new", methods=["GET", "POST"])
def new_product():
    """A product with one variant; it is hidden until its box is ticked."""
    typed, currency = Typed(request.form if request.method == "POST" else FRESH), store.current().currency
    if request.method == "POST":
        draft = read_new(typed, goods_verbs.free_slug(request.form.get("title", "")), currency)
        if not typed.errors:
            try:
                with deed():
                    product_id = goods_verbs.save(draft, "new product").product_id
                flash(_("The product is there. Add pictures and variants below."), "ok")
                return redirect(url_for("admin.product", product_id=product_id), code=303)
            except (Invalid, Conflict) as problem:
                typed.errors.append((None, problem.message))
    html = render_template(
        "admin/new_product.html", typed=typed, places=every(), currency=currency, taxes=tax_choices()
    )
    return html, 400 if typed.errors else 200


def saved(product_id, typed, read, *, new_variant=False):
    """Read what was typed into the present draft and save it; or show the page again with what is wrong."""
    try:
        with deed():
            draft = read(goods_verbs.draft_of(product_id))
            if typed.errors:
                raise Invalid(_("Look at the fields named here."))
            goods_verbs.save(draft, "edited by hand")
    except (Invalid, Conflict) as problem:
        db.session.rollback()
        if not typed.errors:
            typed.errors.append((None, problem.message))
        return page_of(product_id, typed, status_of(problem), new_variant=new_variant)
    flash(_("Saved."), "ok")
    return redirect(url_for("admin.product", product_id=product_id), code=303)


def page_of(product_id: int, typed: Typed | None = None, status: int = 200, *, new_variant: bool = False):
    """The page of a product; with what was typed and is wrong, if something is."""
    found = db.session.scalar(
        select(Product).filter_by(id=product_id).options(selectinload(Product.variants), selectinload(Product.images))
    )
    if found is None:
        raise NotFound(_("There is no such product any more."))
    draft = goods_verbs.draft_of(product_id)
    form = typed.form if typed and not new_variant and "title" in typed.form else _as_form(draft)
    html = render_template(
        "admin/product.html",
        product=found,
        draft=draft,
        form=form,
        adding=typed.form if typed and new_variant else fresh_variant(draft),
        errors=typed.errors if typed else [],
        rows={row.variant.sku: row for row in goods_list.rows_of([variant.id for variant in found.variants])},
        option_names=list(dict.fromkeys(name for variant in draft.variants for name in variant.options)),
        places=every(),
        policies=POLICY_WORDS,
        taxes=tax_choices(draft),
        picture_of=picture_of,
        currency=store.current().currency,
        login=g.login,
    )
    return html, status


def _as_form(draft: ProductDraft) -> MultiDict:
    """The draft as the form would send it."""
    form = MultiDict({"title": draft.title, "description": draft.description, "vendor": draft.vendor})
    form["seo-title"], form["seo-description"] = draft.seo_title, draft.seo_description
    form["tags"] = ", ".join(draft.tags or ())
    form.setlist("category", [place.path for place in draft.categories or ()])
    if draft.active:
        form["active"] = "1"
    for place, variant in enumerate(draft.variants):
        form[f"price-{place}"] = plain_amount(variant.price_minor, variant.currency)
        form[f"compare-{place}"] = plain_amount(variant.compare_at_minor, variant.currency)
        form[f"weight-{place}"] = str(variant.weight_g or 0)
        form[f"most-{place}"] = str(variant.max_per_order or "")
        form[f"policy-{place}"] = variant.stock_policy
        form[f"code-{place}"] = variant.sku
        form[f"tax-{place}"] = variant.tax_category
        if variant.stock_policy == TIMED_HOLD:
            form[f"hold-{place}"] = str(variant.hold_minutes)
        if variant.requires_shipping:
            form[f"ships-{place}"] = "1"
        if variant.gift_certificate:
            form[f"gift-{place}"] = "1"
        if variant.active:
            form[f"active-{place}"] = "1"
    return form
