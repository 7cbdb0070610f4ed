"""How staff come in and go: sign-in, the one-time link that sets a password, sign-out."""

from flask import flash, redirect, render_template, request, session, url_for
from flask_babel import gettext as _, lazy_gettext as _l
from flask_login import login_user, logout_user
from flask_wtf import FlaskForm
from wtforms import EmailField, HiddenField, PasswordField
from wtforms.validators import InputRequired

from storefront.admin import audit, staff
from storefront.admin.room import bp, current_staff, note_presence
from storefront.customers import passwords
from storefront.kit import clock, events, pages
from storefront.kit.db import transaction
from storefront.kit.errors import Invalid, NotFound
from storefront.kit.ids import digest
from storefront.kit.limits import limiter


class SignInForm(FlaskForm):
    """E-mail and password of a member of staff; `next` is the page to go on to."""

    login = EmailField(_l("Email"), [InputRequired(_l("Enter your email address"))])
    password = PasswordField(_l("Password"), [InputRequired(_l("Enter your password"))])
    next = HiddenField()


class PasswordForm(FlaskForm):
    """The password that a one-time link sets."""

    password = PasswordField(_l("New password"), [InputRequired(_l("Choose a password of at least 12 characters"))])


def _login_tried():
    return "staff:" + digest(request.form.get("login", "").strip().lower())


ten_a_minute = limiter.shared_limit("10 per minute", scope="staff", methods=["POST"])
ten_for_a_login = limiter.shared_limit("10 per minute", scope="staff-tried", key_func=_login_tried, methods=["POST"])


@bp.route("/sign-in", methods=["GET", "POST"])
@ten_a_minute
@ten_for_a_login
def sign_in():
    """Who signs in gets a new session and goes on to where they were."""
    form = SignInForm()
    form.next.data = own_path(form.next.data or request.args.get("next"))
    if request.method == "GET" and current_staff():
        return redirect(form.next.data, code=303)
    if form.validate_on_submit():
        if person := staff.sign_in(form.login.data, form.password.data):
            _enter(person, form.password.data)
            return redirect(form.next.data, code=303)
        form.password.errors = [_("The email or the password is not right. Check both, then try again.")]
    return render_template("admin/sign_in.html", form=form), 400 if form.errors else 200


@bp.route("/invite/<token>", methods=["GET", "POST"])
@ten_a_minute
def invite(token):
    """A one-time link: its owner sets a password here, and then signs in with it."""
    person = staff.invited(token)
    if person is None:
        raise NotFound(_("This link was used already, or it is older than 48 hours. Ask the owner for a new one."))
    form = PasswordForm()
    if form.validate_on_submit() and _set_password(token, person, form):
        flash(_("Your password is set. Sign in with it now, as %(login)s.", login=person.login), "ok")
        return redirect(url_for("admin.sign_in"), code=303)
    return render_template("admin/invite.html", form=form, person=person), 400 if form.errors else 200


@bp.post("/sign-out")
def sign_out():
    """Nothing of the session stays."""
    logout_user()
    session.clear()
    flash(_("You are signed out."), "ok")
    return redirect(url_for("admin.sign_in"), code=303)


def own_path(text: str | None) -> str:
    """A path of the admin to go on to; its first page for anything that could lead elsewhere."""
    return pages.own_path(text, "/admin/", never=("/admin/sign-in", "/admin/invite")) or url_for("admin.home")


def _set_password(token, person, form):
    login = person.login
    try:
        password_hash = staff.hashed(form.password.data, login)
    except Invalid as problem:
        form.password.errors = [problem.message]
        return False
    with transaction(), events.acting_as("staff", login):
        if staff.accept(token, password_hash) is None:
            raise NotFound(_("This link was used already."))
        audit.record("set password", f"staff {login}")
    return True


def _enter(person, password):
    """A session of its own for whoever has just shown the password."""
    with transaction(), events.acting_as("staff", person.login):
        person.last_login = clock.now()
        if passwords.stale(person.password_hash):
            person.password_hash = passwords.hashed(password)
        audit.record("sign in", f"staff {person.login}")
    session.clear()
    session.permanent = True
    login_user(person)
    note_presence()
