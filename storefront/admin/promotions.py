"""Promotions: the list, one with its conditions, benefits and warnings, on and off, and what a cart would cost."""

from flask import flash, redirect, render_template, request, url_for
from flask_babel import gettext as _
from sqlalchemy import func, select

from storefront import promotions as rules
from storefront.admin import audit
from storefront.admin.promotion_fields import form_for, values_of
from storefront.admin.promotion_form import PromotionForm, typed
from storefront.admin.room import bp, deed, status_of
from storefront.kit import clock
from storefront.kit.db import db
from storefront.kit.errors import Invalid, NotFound, ShopError
from storefront.promotions.models import Coupon, Promotion
from storefront.promotions.opening import plain
from storefront.promotions.wording import said

TABLES = {"conditions": rules.CONDITIONS, "actions": rules.BENEFITS}
MOST = 200  # in the list


@bp.get("/promotions")
def promotions():
    """Every promotion in the order in which they come, with what is odd about it."""
    found = db.session.scalars(select(Promotion).order_by(Promotion.priority, Promotion.id).limit(MOST)).all()
    words = rules.words_for(part for one in found for part in (*one.conditions, *one.actions))
    rows = [(one, _state(one), _parts(one, words)) for one in found]
    return render_template("admin/promotions.html", rows=rows)


@bp.route("/promotions/new", methods=["GET", "POST"])
def new_promotion():
    """A promotion, switched off until it brings something and somebody switches it on."""
    form = PromotionForm()
    if form.validate_on_submit():
        with deed():
            made = rules.save(None, **form.values())
            audit.record("new promotion", f"promotion {made.id}", after=plain(made))
            promotion_id = made.id
        flash(_("Saved. Now say what it brings, and when; then switch it on."), "ok")
        return redirect(url_for("admin.promotion", promotion_id=promotion_id), code=303)
    return render_template("admin/promotion_new.html", form=form), 400 if form.errors else 200


@bp.route("/promotions/<int:promotion_id>", methods=["GET", "POST"])
def promotion(promotion_id):
    """One promotion with all that hangs on it."""
    found = rules.by_id(promotion_id)
    form = PromotionForm(obj=found, starts=typed(found.starts_at), ends=typed(found.ends_at))
    if form.validate_on_submit():
        values = form.values()
        try:
            with deed():
                _change(promotion_id, lambda: rules.save(rules.by_id(promotion_id), **values))
        except Invalid as problem:
            for name, sentences in problem.fields.items():
                form[name].errors = sentences
            return _page(promotion_id, form, status=400)
        return _saved(promotion_id)
    return _page(promotion_id, form, status=400 if form.errors else 200)


@bp.post("/promotions/<int:promotion_id>/switch")
def switch_promotion(promotion_id):
    """On, if nothing is wrong with it, or off, as the pressed button says."""
    on = request.form.get("to") == "on"
    try:
        with deed():
            _change(promotion_id, lambda: rules.switch(promotion_id, on), "switch on" if on else "switch off")
    except ShopError as problem:
        return _page(promotion_id, problem=problem)
    return _saved(promotion_id)


@bp.post("/promotions/<int:promotion_id>/remove")
def remove_promotion(promotion_id):
    """Away with one that was never used."""
    try:
        with deed():
            before = plain(rules.remove(promotion_id))
            audit.record("remove", f"promotion {promotion_id}", before)
    except ShopError as problem:
        return _page(promotion_id, problem=problem)
    flash(_("The promotion is gone."), "ok")
    return redirect(url_for("admin.promotions"), code=303)


@bp.route("/promotions/<int:promotion_id>/<any(conditions, actions):kind>/<place>", methods=["GET", "POST"])
def promotion_part(promotion_id, kind, place):
    """One condition or benefit: "new" with its type in the address, or one that is there by its place."""
    found = rules.by_id(promotion_id)
    kept, number = _part(found, kind, place)
    entry = TABLES[kind].get(kept["type"])
    if entry is None:
        raise NotFound(_("There is no such kind of condition or benefit."))
    form = form_for(entry.params, kept)
    values = values_of(form, entry.params) if request.method == "POST" else None
    if values is not None:
        part = {"type": kept["type"], **values}
        try:
            with deed():
                _change(promotion_id, lambda: rules.put_part(promotion_id, kind, number, part))
        except ShopError as problem:
            return _page(promotion_id, problem=problem)
        return _saved(promotion_id)
    shown = {"form": form, "promotion": found, "entry": entry, "kind": kind}
    return render_template("admin/promotion_part.html", **shown), 400 if request.method == "POST" else 200


@bp.post("/promotions/<int:promotion_id>/<any(conditions, actions):kind>/<int:place>/remove")
def drop_promotion_part(promotion_id, kind, place):
    """Without one of them."""
    part_type = request.form.get("type", "")
    try:
        with deed():
            _change(promotion_id, lambda: rules.drop_part(promotion_id, kind, place, part_type))
    except ShopError as problem:
        return _page(promotion_id, problem=problem)
    return _saved(promotion_id)


def _page(promotion_id, form=None, *, problem=None, status=200):
    if problem:
        db.session.rollback()
    found = rules.by_id(promotion_id)
    form = form or PromotionForm(None, obj=found, starts=typed(found.starts_at), ends=typed(found.ends_at))
    words = rules.words_for((*found.conditions, *found.actions))
    codes = db.session.scalar(select(func.count()).select_from(Coupon).filter_by(promotion_id=found.id))
    html = render_template(
        "admin/promotion.html",
        promotion=found,
        form=form,
        problem=problem,
        state=_state(found),
        wrong=rules.problems(found),
        odd=rules.warnings(found),
        parts=_parts(found, words),
        kinds=TABLES,
        codes=codes,
    )
    return html, status_of(problem) if problem else status


def _parts(found, words):
    """Its conditions and its benefits, each as a sentence."""
    return {kind: [(part["type"], said(part, words)) for part in getattr(found, kind)] for kind in TABLES}


def _part(found, kind, place):
    if place == "new":
        return {"type": request.args.get("type", "")}, None
    parts = getattr(found, kind)
    if not (place.isascii() and place.isdigit() and len(place) < 4) or int(place) >= len(parts):
        raise NotFound(_("There is no such kind of condition or benefit."))
    return parts[int(place)], int(place)


def _change(promotion_id, verb, action="change"):
    before = plain(rules.by_id(promotion_id))
    after = plain(verb())
    changed = [name for name in before if before[name] != after[name]]
    if changed:
        differing = ({name: one[name] for name in changed} for one in (before, after))
        audit.record(action, f"promotion {promotion_id}", *differing)


def _saved(promotion_id):
    db.session.expire_all()
    odd = [*rules.problems(rules.by_id(promotion_id)), *rules.warnings(rules.by_id(promotion_id))]
    flash(_("Saved. Read what is said below about it.") if odd else _("Saved."), "warn" if odd else "ok")
    return redirect(url_for("admin.promotion", promotion_id=promotion_id), code=303)


def _state(found):
    """What staff read of its state, and the colour of the badge."""
    now = clock.here()
    if not found.active:
        return _("Off"), ""
    if found.ends_at and found.ends_at <= now:
        return _("Over"), ""
    if found.limit_total is not None and found.used + found.held >= found.limit_total:
        return _("Used up"), "warn"
    if found.starts_at and found.starts_at > now:
        return _("Begins later"), "info"
    return _("On"), "ok"
