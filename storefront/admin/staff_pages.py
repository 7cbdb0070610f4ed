"""Members of staff and the trail of what they changed, for owners."""

import json

from flask import flash, redirect, render_template, request, url_for
from flask_babel import gettext as _, lazy_gettext as _l
from flask_wtf import FlaskForm
from wtforms import EmailField, RadioField
from wtforms.validators import InputRequired

from storefront.admin import audit, staff
from storefront.admin.models import OWNER, STAFF, StaffUser
from storefront.admin.room import bp, deed, status_of
from storefront.customers import valid_email
from storefront.kit.db import db
from storefront.kit.errors import Conflict, NotFound
from storefront.kit.pages import absolute

PAGE = 50


class InviteForm(FlaskForm):
    """Who comes in, and what for."""

    login = EmailField(_l("Email"), [InputRequired(_l("Enter an email address")), valid_email])
    role = RadioField(
        _l("Role"),
        [InputRequired(_l("Choose a role"))],
        choices=[
            (STAFF, _l("Staff: orders, products, texts")),
            (OWNER, _l("Owner: also payment methods, settings and staff")),
        ],
        default=STAFF,
    )


@bp.get("/staff")
def staff_list():
    """Who works here."""
    return _page(InviteForm())


@bp.post("/staff")
def invite_staff():
    """A new member of staff; the one-time link is shown once, here."""
    form = InviteForm()
    if not form.validate_on_submit():
        return _page(form, status=400)
    try:
        with deed():
            person = staff.add(form.login.data, form.role.data)
            path = staff.new_link(person)
    except Conflict as problem:
        form.login.errors = [problem.message]
        return _page(form, status=409)
    return _page(InviteForm(formdata=None), link=absolute(path), login=form.login.data)


@bp.post("/staff/<int:person_id>/link")
def link_staff(person_id):
    """A new one-time link for somebody: a forgotten password, or an invitation that ran out."""
    try:
        with deed():
            person = _person(person_id)
            login, path = person.login, staff.new_link(person)
    except Conflict as problem:
        return _page(InviteForm(formdata=None), problem=problem, status=409)
    return _page(InviteForm(formdata=None), link=absolute(path), login=login)


@bp.post("/staff/<int:person_id>/switch")
def switch_staff(person_id):
    """Shut somebody out, or let them in again, as the pressed button says."""
    verb = staff.enable if request.form.get("to") == "in" else staff.disable
    try:
        with deed():
            person = _person(person_id)
            login = person.login
            verb(person)
    except Conflict as problem:
        return _page(InviteForm(formdata=None), problem=problem, status=status_of(problem))
    said = _("%(login)s can come in again.") if verb is staff.enable else _("%(login)s is shut out.")
    flash(said % {"login": login}, "ok")
    return redirect(url_for("admin.staff_list"), code=303)


@bp.get("/audit")
def trail():
    """Who changed what, newest first."""
    text = request.args.get("before", "")
    before = int(text) if text.isascii() and text.isdigit() and len(text) < 19 else None
    entries = audit.trail(before, PAGE + 1)
    return render_template(
        "admin/trail.html",
        entries=entries[:PAGE],
        older=entries[PAGE - 1].id if len(entries) > PAGE else None,
        whole=before is not None or audit.chain_is_whole(),
        as_text=lambda facts: json.dumps(facts, ensure_ascii=False, indent=1, sort_keys=True),
    )


def _page(form, *, link="", login="", problem=None, status=200):
    html = render_template(
        "admin/staff.html", form=form, people=staff.everybody(), link=link, login=login, problem=problem
    )
    return html, status


def _person(person_id):
    found = db.session.get(StaffUser, person_id)
    if found is None:
        raise NotFound(_("There is no such member of staff."))
    return found
