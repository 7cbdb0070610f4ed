"""What runs low, with how long it will last at the present pace; and where an article lies and when it is few."""

from dataclasses import dataclass
from datetime import timedelta

from flask import flash, redirect, render_template, request, url_for
from flask_babel import gettext as _
from sqlalchemy import func, select

from storefront import customers, store
from storefront.admin import audit, goods_list, goods_verbs
from storefront.admin.goods import movements_page
from storefront.admin.room import bp, deed
from storefront.kit import clock
from storefront.kit.db import db
from storefront.kit.errors import Invalid
from storefront.orders.models import Order, OrderLine
from storefront.orders.states import RELEASED_STATES
from storefront.stock.models import Stock

PACE = 30  # days whose sales tell how quickly something goes
MOST = 200


@dataclass(frozen=True)
class Lasting:
    """A row of the list: what is left, from where on that is few, what went in 30 days, and how long it lasts."""

    row: goods_list.Row
    low_at: int
    sold: int
    days: int | None  # None: nothing of it was sold lately


@bp.get("/products/low")
def low_stock():
    """What is few, the scarcest first."""
    rows = goods_list.few_left(MOST)
    sold, levels = _sold([row.variant.id for row in rows]), _levels([row.variant.id for row in rows])
    shop = store.current().low_stock
    lasting = [_lasting(row, levels.get(row.variant.id), sold.get(row.variant.id, 0), shop) for row in rows]
    return render_template("admin/low_stock.html", lasting=lasting, most=MOST, shop=shop)


@bp.post("/products/variants/<int:variant_id>/shelf")
def set_shelf(variant_id):
    """Where it lies, and from where on there are few of it."""
    try:
        shelf = customers.plain_line(request.form.get("shelf", ""))
        if len(shelf) > 40:
            raise Invalid(_("Shorten the shelf to 40 letters."))
        low_at = goods_verbs.whole(request.form["low-at"]) if request.form.get("low-at", "").strip() else None
        with deed():
            _save(variant_id, shelf, low_at)
    except Invalid as problem:
        return movements_page(variant_id, problem)
    flash(_("Saved."), "ok")
    return redirect(url_for("admin.movements", variant_id=variant_id), code=303)


def _save(variant_id, shelf, low_at):
    variant = goods_verbs.variant_by(variant_id)
    row = db.session.get(Stock, variant_id, with_for_update=True, populate_existing=True)
    if row is None:
        raise Invalid(_("Nobody counts this article yet: set its count first."))
    before = {"shelf": row.shelf, "low_at": row.low_at}
    row.shelf, row.low_at = shelf, low_at
    after = {"shelf": shelf, "low_at": low_at}
    if before != after:
        audit.record("shelf", f"variant {variant.sku}", before, after)


def _lasting(row, low_at, sold, shop):
    free = max(0, row.on_hand - row.reserved)
    return Lasting(row, shop if low_at is None else low_at, sold, free * PACE // sold if sold else None)


def _levels(variant_ids):
    rows = select(Stock.variant_id, Stock.low_at).where(Stock.variant_id.in_(variant_ids))
    return dict(db.session.execute(rows).tuples().all())


def _sold(variant_ids):
    """Units by variant that orders of the last 30 days took."""
    since = clock.here() - timedelta(days=PACE)
    rows = (
        select(OrderLine.variant_id, func.sum(OrderLine.qty))
        .join(Order, Order.id == OrderLine.order_id)
        .where(OrderLine.variant_id.in_(variant_ids), Order.status.in_(RELEASED_STATES), Order.placed_at > since)
        .group_by(OrderLine.variant_id)
    )
    return {variant_id: int(units) for variant_id, units in db.session.execute(rows)}
