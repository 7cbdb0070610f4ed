"""Codes of a promotion: one of one's own, hundreds at once, the list, the file, and the end of one."""

import csv
import io
from datetime import timedelta

from flask import Response, flash, redirect, render_template, request, stream_with_context, url_for
from flask_babel import gettext as _, lazy_gettext as _l
from flask_wtf import FlaskForm
from sqlalchemy import select
from wtforms import StringField
from wtforms.validators import InputRequired, NumberRange, Optional

from storefront import promotions as rules
from storefront.admin import audit
from storefront.admin.numbers import IntegerField
from storefront.admin.room import bp, deed, status_of
from storefront.catalog.csvfile import guarded
from storefront.kit import clock
from storefront.kit.db import db
from storefront.kit.errors import ShopError
from storefront.promotions.codes import MOST_AT_ONCE
from storefront.promotions.models import Coupon

PAGE = 100
_number = NumberRange(1, 10**9, message=_l("Enter a whole number from 1 up"))


class CodeForm(FlaskForm):
    """A code of one's own choice."""

    code = StringField(_l("Code"), [InputRequired(_l("Enter a code"))])
    limit = IntegerField(_l("Uses in all"), [Optional(), _number])
    days = IntegerField(_l("Valid for so many days"), [Optional(), NumberRange(1, 3650, message=_l("At most 3650"))])


class BatchForm(FlaskForm):
    """Many codes at once."""

    many = IntegerField(_l("How many"), [InputRequired(_l("Enter a number")), NumberRange(1, MOST_AT_ONCE)])
    prefix = StringField(_l("They begin with"))
    limit = IntegerField(_l("Uses of each"), [Optional(), _number], default=1)
    days = IntegerField(_l("Valid for so many days"), [Optional(), NumberRange(1, 3650, message=_l("At most 3650"))])


@bp.get("/promotions/<int:promotion_id>/codes")
def codes(promotion_id):
    """The newest codes first, by pages of a key; and the two ways to make more."""
    return _page(promotion_id)


@bp.post("/promotions/<int:promotion_id>/codes")
def make_code(promotion_id):
    """One code."""
    form = CodeForm()
    if not form.validate_on_submit():
        return _page(promotion_id, code_form=form, status=400)
    try:
        with deed():
            limits = {"limit": form.limit.data, "ends_at": _ends(form.days.data)}
            made = rules.add_code(rules.by_id(promotion_id).id, form.code.data, **limits)
            audit.record("new code", f"promotion {promotion_id}", after={"code": made.code, "limit": made.limit})
    except ShopError as problem:
        form.code.errors = [problem.message]
        return _page(promotion_id, code_form=form, status=status_of(problem))
    return _made(promotion_id, _("The code is there."))


@bp.post("/promotions/<int:promotion_id>/codes/many")
def make_codes(promotion_id):
    """So many codes that nobody guesses."""
    form = BatchForm()
    if not form.validate_on_submit():
        return _page(promotion_id, batch_form=form, status=400)
    try:
        with deed():
            limits = {"limit": form.limit.data, "ends_at": _ends(form.days.data)}
            number = rules.by_id(promotion_id).id
            batch = rules.generate(number, form.many.data, prefix=form.prefix.data or "", **limits)
            audit.record("new codes", f"promotion {promotion_id}", after={"many": form.many.data, "batch": batch})
    except ShopError as problem:
        form.prefix.errors = [problem.message]
        return _page(promotion_id, batch_form=form, status=status_of(problem))
    return _made(promotion_id, _("%(many)s codes are there. Take them as a file.", many=form.many.data))


@bp.get("/promotions/<int:promotion_id>/codes.csv")
def export_codes(promotion_id):
    """Every code, or those of one batch, as a file for a spreadsheet."""
    found = rules.by_id(promotion_id)
    batch = request.args.get("batch")
    lines = stream_with_context(_lines(found.id, batch))
    headers = {"Content-Disposition": f'attachment; filename="codes-{found.id}-{clock.here():%Y-%m-%d}.csv"'}
    return Response(lines, headers=headers, content_type="text/csv; charset=utf-8")


@bp.post("/promotions/<int:promotion_id>/codes/<int:coupon_id>/end")
def end_code(promotion_id, coupon_id):
    """A code that leaked does not work any more."""
    with deed():
        ended = rules.end_code(coupon_id)
        audit.record("end code", f"promotion {ended.promotion_id}", after={"code": ended.code})
        code = ended.code
    flash(_("The code %(code)s does not work any more.", code=code), "ok")
    return redirect(url_for("admin.codes", promotion_id=promotion_id), code=303)


def _page(promotion_id, *, code_form=None, batch_form=None, status=200):
    found = rules.by_id(promotion_id)
    text = request.args.get("before", "")
    before = int(text) if text.isascii() and text.isdigit() and len(text) < 19 else None
    query = select(Coupon).filter_by(promotion_id=found.id).order_by(Coupon.id.desc()).limit(PAGE + 1)
    rows = db.session.scalars(query.where(Coupon.id < before) if before else query).all()
    html = render_template(
        "admin/codes.html",
        promotion=found,
        coupons=rows[:PAGE],
        older=rows[PAGE - 1].id if len(rows) > PAGE else None,
        code_form=code_form or CodeForm(formdata=None),
        batch_form=batch_form or BatchForm(formdata=None),
        now=clock.here(),
    )
    return html, status


def _lines(promotion_id, batch):
    yield _line(("code", "uses", "used", "held", "ends", "batch", "made"))
    last = 0
    while True:
        query = select(Coupon).where(Coupon.promotion_id == promotion_id, Coupon.id > last).order_by(Coupon.id)
        query = query.where(Coupon.batch == batch) if batch else query
        rows = db.session.scalars(query.limit(1000)).all()
        for one in rows:
            ends, made = (f"{at:%Y-%m-%d %H:%M}" if at else "" for at in (one.ends_at, one.created_at))
            yield _line((one.code, "" if one.limit is None else one.limit, one.used, one.held, ends, one.batch, made))
        if len(rows) < 1000:
            return
        last = rows[-1].id


def _line(cells):
    text = io.StringIO()
    csv.writer(text).writerow([guarded(str(cell)) for cell in cells])
    return text.getvalue()


def _ends(days):
    return clock.now() + timedelta(days=days) if days else None


def _made(promotion_id, sentence):
    flash(sentence, "ok")
    return redirect(url_for("admin.codes", promotion_id=promotion_id), code=303)
