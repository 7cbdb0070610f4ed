"""The pages under /account about who somebody is: password, e-mail, and every device that is signed in."""

from flask import flash, redirect, render_template, request, session, url_for
from flask_babel import gettext as _
from flask_login import current_user, logout_user

from storefront import customers
from storefront.customers.forms import EmailForm, NewEmailForm, NewPasswordForm, RecoveryForm
from storefront.customers.told import devices_forgotten, email_confirmed
from storefront.customers.views import (
    bp,
    current_customer,
    customers_only,
    enter,
    five_letters_an_hour,
    ten_a_minute,
    ten_for_an_account,
)
from storefront.kit.db import transaction
from storefront.kit.errors import Conflict, Invalid
from storefront.kit.limits import limiter


def _who():
    return "own:" + str(current_user.get_id() or "")


ten_tries = limiter.shared_limit("10 per minute", scope="own", key_func=_who, methods=["POST"])


@bp.route("/forgotten", methods=["GET", "POST"])
@ten_a_minute
@ten_for_an_account
@five_letters_an_hour
def forgotten():
    """A letter with a link, if there is such an account; the answer is the same if there is none."""
    form = EmailForm()
    if form.validate_on_submit():
        with transaction():
            customers.forget_password(form.email.data)
        flash(_("If there is an account with this email, a letter is on its way. Its link works for two hours."), "ok")
        return redirect(url_for("account.sign_in"), code=303)
    return render_template("customers/forgotten.html", form=form), 400 if form.errors else 200


@bp.route("/new-password/<token>", methods=["GET", "POST"])
@ten_a_minute
def new_password(token):
    """The end of the letter's link: another password, and every session of before has ended."""
    try:
        customers.recovering(token)
    except Invalid as problem:
        flash(problem.message, "warn")
        return redirect(url_for("account.forgotten"), code=303)
    form = RecoveryForm()
    if form.validate_on_submit() and (found := _recovered(token, form)):
        _forget_devices(*found)
        email_confirmed.send(customer_id=found[0])
        flash(_("Your password is set. Sign in with it now."), "ok")
        return redirect(url_for("account.sign_in"), code=303)
    return render_template("customers/new_password.html", form=form), 400 if form.errors else 200


@bp.route("/password", methods=["GET", "POST"])
@customers_only
@ten_tries
def change_password(customer):
    """Another password for who knows the one of now; this browser stays signed in, the others do not."""
    form = NewPasswordForm()
    if form.validate_on_submit() and _knows(customer, form):
        try:
            with transaction():
                customers.change_password(customer, form.password.data)
        except Invalid as problem:
            form.password.errors = [problem.message]
        else:
            _forget_devices(customer.id)
            enter(customer, form.password.data)
            flash(_("Your password is changed. Other devices are signed out."), "ok")
            return redirect(url_for("account.show"), code=303)
    return render_template("customers/password.html", form=form), 400 if form.errors else 200


@bp.route("/email", methods=["GET", "POST"])
@customers_only
@ten_tries
@five_letters_an_hour
def change_email(customer):
    """Another e-mail, as soon as its own link is opened; until then the old one stands."""
    form = NewEmailForm()
    if form.validate_on_submit() and _knows(customer, form):
        try:
            with transaction():
                customers.ask_for_email(customer, form.email.data)
        except Invalid as problem:
            form.email.errors = [problem.message]
        else:
            flash(_("A letter is on its way to %(email)s. Open its link to finish.", email=form.email.data), "ok")
            return redirect(url_for("account.show"), code=303)
    return render_template("customers/email.html", form=form, customer=customer), 400 if form.errors else 200


@bp.post("/confirmation")
@customers_only
@limiter.limit("5 per hour", key_func=_who)
def ask_again(customer):
    """The letter that confirms the e-mail, once more."""
    with transaction():
        customers.ask_to_confirm(customer)
    flash(_("A letter is on its way to you. Open its link to finish."), "ok")
    return redirect(url_for("account.show"), code=303)


@bp.route("/confirm/<token>", methods=["GET", "POST"])
@customers_only
@ten_tries
def confirm(customer, token):
    """The end of the letter's link. Looking at it changes nothing: programs that read letters open links, too."""
    customer_id, problem = customer.id, ""
    if request.method == "POST":
        try:
            with transaction():
                customers.confirm_email(customer_id, token)
        except (Invalid, Conflict) as error:
            problem = error.message
        else:
            email_confirmed.send(customer_id=customer_id)
            flash(_("Your email is confirmed. Orders that you placed with it are in your account."), "ok")
            return redirect(url_for("account.show"), code=303)
    page = render_template("customers/confirm.html", customer=current_customer(), problem=problem)
    return page, 400 if problem else 200


@bp.post("/sign-out-everywhere")
@customers_only
def sign_out_everywhere(customer):
    """Every session of the customer ends, this one too."""
    customer_id = customer.id
    with transaction():
        customers.sign_out_everywhere(customer)
    _forget_devices(customer_id)
    logout_user()
    session.clear()
    flash(_("You are signed out on every device."), "ok")
    return redirect("/", code=303)


def _recovered(token, form):
    """(customer's id, whether the account was a stranger's), or None with the reason at its field."""
    try:
        with transaction():
            customer, strange = customers.recover(token, form.password.data)
            return customer.id, strange
    except Invalid as problem:
        form.password.errors = [problem.message]
        return None


def _forget_devices(customer_id, strange=False):
    devices_forgotten.send(customer_id=customer_id, strange=strange)


def _knows(customer, form):
    if customers.knows_password(customer, form.current.data):
        return True
    form.current.errors = [_("This is not your password.")]
    return False
