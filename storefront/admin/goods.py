"""The list of goods, with quick changes of price and count in the row, and why counts changed."""

from flask import flash, redirect, render_template, request, url_for
from flask_babel import gettext as _
from sqlalchemy import func, select

from storefront import customers, orders, store
from storefront.admin import goods_list, goods_verbs
from storefront.admin.goods_list import PAGE, SORTS, VIEWS
from storefront.admin.room import bp, deed, status_of
from storefront.kit.db import db
from storefront.kit.errors import Conflict, Invalid, ShopError
from storefront.stock.models import BACKORDER, Stock, StockMovement


@bp.get("/products")
def products():
    """Goods, a page of them."""
    return _list_page(request.args)


@bp.post("/products/variants/<int:variant_id>")
def quick_edit(variant_id):
    """Price and count of one variant, as typed in its row."""
    try:
        with deed():
            lost = [order.number for order in _change(variant_id, request.form)]
    except (Invalid, Conflict) as problem:
        db.session.rollback()
        return _list_page(request.args, variant_id, problem)
    with deed():
        orders.assign_goods(variant_id)
    flash(_("Saved."), "ok")
    if lost:
        flash(_("In review now, for want of goods: %(numbers)s.", numbers=", ".join(lost)), "warn")
    return redirect(url_for("admin.products", **_asked(request.args)) + f"#variant-{variant_id}", code=303)


@bp.get("/products/variants/<int:variant_id>/movements")
def movements(variant_id):
    """Every change of a variant's counters, newest first, with its cause."""
    return movements_page(variant_id)


def movements_page(variant_id: int, problem: ShopError | None = None):
    """The page as it stands now; with a problem it begins with that."""
    if problem:
        db.session.rollback()
    variant = goods_verbs.variant_by(variant_id)
    page = _page(request.args)
    mine = select(StockMovement).filter_by(variant_id=variant_id)
    total = db.session.scalar(mine.with_only_columns(func.count()))
    newest = mine.order_by(StockMovement.id.desc()).limit(PAGE).offset((page - 1) * PAGE)
    html = render_template(
        "admin/movements.html",
        variant=variant,
        stock=db.session.get(Stock, variant_id),
        low_stock=store.current().low_stock,
        problem=problem,
        row=goods_list.rows_of([variant_id])[0],
        movements=db.session.scalars(newest).all(),
        total=total,
        page=page,
        pages=max(1, -(-total // PAGE)),
        page_address=lambda number: url_for("admin.movements", variant_id=variant_id, page=number),
    )
    return html, status_of(problem) if problem else 200


def _change(variant_id, typed):
    currency = store.current().currency
    reason = customers.plain_line(typed.get("reason", ""))[:200]
    seen = typed.get("price-seen", "")
    price = goods_verbs.amount(typed.get("price", ""), currency)
    seen_price = goods_verbs.amount(seen, currency)
    if price is not None and price != seen_price:
        goods_verbs.set_price(variant_id, price, seen_price, reason)
    if typed.get("on-hand", "").strip():
        least = -(10**9) if goods_verbs.variant_by(variant_id).stock_policy == BACKORDER else 0
        count = goods_verbs.whole(typed["on-hand"], least=least)
        seen_count = goods_verbs.whole(typed.get("on-hand-seen", ""), least=-(10**9))
        if count != seen_count:
            return goods_verbs.set_count(variant_id, count, seen_count, reason, forced="forced" in typed)
    return []


def _list_page(asked, variant_id=None, problem=None):
    """The list; with a problem it begins with that, and with the row that it is about."""
    words, page = " ".join(asked.get("q", "").split())[:200], _page(asked)
    view = asked.get("view", "all") if asked.get("view") in VIEWS else "all"
    sort = _sort(asked)
    listed = goods_list.listed(words, view, page, sort)
    html = render_template(
        "admin/products.html",
        words=words,
        view=view,
        page=page,
        listed=listed,
        tabs=_tabs(words, view, sort, listed.counts),
        sort=sort,
        heads=_heads(asked, sort),
        asked=_asked(asked),
        currency=store.current().currency,
        low_stock=store.current().low_stock,
        troubled=goods_list.rows_of([variant_id])[0] if variant_id else None,
        holders=goods_verbs.holders(problem) if problem else [],
        losing=goods_verbs.losing(variant_id, request.form, problem) if problem else None,
        problem=problem,
        address=lambda number: url_for("admin.products", **{**_asked(asked), "page": number}),
    )
    return html, status_of(problem) if problem else 200


def _tabs(words, view, sort, counts):
    names = {"all": _("All"), "few": _("Few left"), "hidden": _("Hidden")}
    query = {"q": words or None, "sort": sort or None}
    addresses = {each: url_for("admin.products", view=each if each != "all" else None, **query) for each in VIEWS}
    return [(names[each], addresses[each], each == view, counts[each]) for each in VIEWS]


def _heads(asked, sort):
    """By the name of a column its address and which way it is sorted; a second press turns it round."""
    rest = {**_asked(asked), "page": None}
    return {
        name: (
            url_for("admin.products", **{**rest, "sort": f"-{name}" if sort == name else name}),
            "ascending" if sort == name else "descending" if sort == f"-{name}" else None,
        )
        for name in SORTS
    }


def _sort(asked):
    way = asked.get("sort", "")
    return way if way.removeprefix("-") in SORTS else ""


def _asked(asked):
    """What the list was asked for, for the way back to it."""
    return {name: asked[name] for name in ("q", "view", "page", "sort") if asked.get(name)}


def _page(asked):
    text = asked.get("page", "1")
    return min(max(1, int(text)), 100_000) if text.isascii() and text.isdigit() and len(text) < 7 else 1
