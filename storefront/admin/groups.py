"""Groups of customers, by the e-mails of their accounts: promotions may be for one of them."""

from flask import flash, redirect, render_template, url_for
from flask_babel import gettext as _, lazy_gettext as _l
from flask_wtf import FlaskForm
from sqlalchemy import delete, func, select
from sqlalchemy.exc import IntegrityError
from wtforms import StringField, TextAreaField
from wtforms.validators import InputRequired, Length

from storefront import customers
from storefront.admin import audit
from storefront.admin.room import bp, deed
from storefront.kit.db import db
from storefront.kit.errors import Conflict, Invalid, NotFound
from storefront.promotions.models import CustomerGroup, GroupMember

MOST = 10_000


class GroupForm(FlaskForm):
    """A name, and e-mails, one a line."""

    name = StringField(
        _l("Name"),
        [InputRequired(_l("Enter a name")), Length(max=60, message=_l("At most 60 letters"))],
        filters=[lambda text: customers.plain_line(text or "")],
    )
    emails = TextAreaField(_l("E-mails"))


@bp.get("/groups")
def groups():
    """Every group, with how many are in it."""
    counted = select(CustomerGroup, func.count(GroupMember.email)).outerjoin(
        GroupMember, GroupMember.group_id == CustomerGroup.id
    )
    rows = db.session.execute(counted.group_by(CustomerGroup.id).order_by(CustomerGroup.name)).all()
    return render_template("admin/groups.html", rows=rows)


@bp.route("/groups/<place>", methods=["GET", "POST"])
def group(place):
    """One group, or "new"."""
    found = None if place == "new" else _group(place)
    members = db.session.scalars(select(GroupMember.email).filter_by(group_id=found.id)).all() if found else []
    form = GroupForm(name=found.name if found else "", emails="\n".join(sorted(members)))
    if form.validate_on_submit():
        try:
            with deed():
                _save(None if found is None else _group(place, lock=True), form)
        except (Conflict, Invalid) as problem:
            field = form.name if isinstance(problem, Conflict) else form.emails
            field.errors = [problem.message]
            return render_template("admin/group.html", form=form, group=found), 409 if field is form.name else 400
        flash(_("Saved."), "ok")
        return redirect(url_for("admin.groups"), code=303)
    return render_template("admin/group.html", form=form, group=found), 400 if form.errors else 200


def _group(place, lock=False):
    number = int(place) if place.isascii() and place.isdigit() and len(place) < 19 else 0
    found = db.session.get(CustomerGroup, number, with_for_update=lock or None, populate_existing=lock)
    if found is None:
        raise NotFound(_("There is no such group."))
    return found


def _save(found, form):
    emails = sorted({customers.folded_email(line) for line in (form.emails.data or "").splitlines() if line.strip()})
    if len(emails) > MOST:
        raise Invalid(_("At most %(most)s.", most=MOST))
    new, found = found is None, found or CustomerGroup()
    try:
        with db.session.begin_nested():
            found.name = form.name.data
            db.session.add(found)
    except IntegrityError:  # the name is another's, perhaps since this very moment
        raise Conflict(_("There is a group of this name already.")) from None
    db.session.execute(delete(GroupMember).where(GroupMember.group_id == found.id))
    db.session.add_all([GroupMember(group_id=found.id, email=email) for email in emails])
    audit.record("new group" if new else "change", f"group {found.name}", after={"members": len(emails)})
