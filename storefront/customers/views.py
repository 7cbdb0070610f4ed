"""The pages under /account: signing in and out, making an account, the address book. Passwords: see secret_pages.py."""

from functools import wraps

from flask import Blueprint, flash, redirect, render_template, request, session, url_for
from flask_babel import get_locale, gettext as _
from flask_login import current_user, login_user, logout_user

from storefront import customers, store
from storefront.customers import passwords
from storefront.customers.forms import AddressForm, CreateForm, SignInForm
from storefront.customers.models import Customer
from storefront.kit import pages
from storefront.kit.db import transaction
from storefront.kit.ids import digest
from storefront.kit.limits import limiter

bp = Blueprint("account", __name__, url_prefix="/account")
_REMOVED = "removed_address"


def current_customer() -> Customer | None:
    """Whoever is signed in as a customer; None for guests and staff."""
    user = current_user._get_current_object()
    return user if isinstance(user, Customer) else None


def customers_only(view):
    """Call the view with the customer who is signed in, or ask to sign in first and come back here."""

    @wraps(view)
    def guarded(**values):
        if customer := current_customer():
            return view(customer, **values)
        here = request.full_path.rstrip("?") if request.method == "GET" else url_for("account.show")
        return redirect(url_for("account.sign_in", next=here), code=303)

    return guarded


def own_path(text: str | None) -> str:
    """A path of this shop to go on to; the account for anything that could lead elsewhere."""
    return pages.own_path(text, never=("/account/sign-in", "/account/create")) or url_for("account.show")


def _account_tried():
    return "account:" + digest(request.form.get("email", "").strip().lower())


ten_a_minute = limiter.shared_limit("10 per minute", scope="account", methods=["POST"])
ten_for_an_account = limiter.shared_limit(
    "10 per minute", scope="account-tried", key_func=_account_tried, methods=["POST"]
)
five_letters_an_hour = limiter.shared_limit(  # that were really written: nobody's letterbox is filled by strangers
    "5 per hour",
    scope="letters",
    key_func=_account_tried,
    methods=["POST"],
    deduct_when=lambda response: response.status_code == 303,
)


@bp.route("/sign-in", methods=["GET", "POST"])
@ten_a_minute
@ten_for_an_account
def sign_in():
    """Who signs in gets a new session and goes on to where they were."""
    form = SignInForm()
    form.next.data = own_path(form.next.data or request.args.get("next"))
    if request.method == "GET" and current_customer():
        return redirect(form.next.data, code=303)
    if form.validate_on_submit():
        if customer := customers.sign_in(form.email.data, form.password.data):
            enter(customer, form.password.data)
            return redirect(form.next.data, code=303)
        form.password.errors = [_("The email or the password is not right. Check both, then try again.")]
    return render_template("customers/sign_in.html", form=form), 400 if form.errors else 200


@bp.route("/create", methods=["GET", "POST"])
@ten_a_minute
@ten_for_an_account
@five_letters_an_hour
def create():
    """The answer is the same whether or not the e-mail has an account: it asks to sign in."""
    form = CreateForm()
    form.next.data = own_path(form.next.data or request.args.get("next"))
    if request.method == "GET" and current_customer():
        return redirect(form.next.data, code=303)
    if form.validate_on_submit():
        with transaction():
            customers.sign_up(form.email.data, form.password.data, form.name.data, _locale())
        flash(
            _(
                "Now sign in with your email and password. If you had an account before, its password still holds. "
                "A letter is on its way to you."
            ),
            "ok",
        )
        return redirect(url_for("account.sign_in", next=form.next.data), code=303)
    return render_template("customers/create.html", form=form), 400 if form.errors else 200


@bp.post("/sign-out")
def sign_out():
    """Nothing of the session stays."""
    logout_user()
    session.clear()
    flash(_("You are signed out."), "ok")
    return redirect("/", code=303)


@bp.get("/")
@customers_only
def show(customer):
    """Who you are, and your addresses."""
    book = [(address, customers.lines(address, _locale())) for address in customers.addresses_of(customer)]
    removed = session.get(_REMOVED) if "deleted" in request.args else None
    return render_template("customers/account.html", customer=customer, book=book, removed=removed)


@bp.route("/addresses/new", methods=["GET", "POST"])
@customers_only
def add_address(customer):
    """A new address in the book."""
    form = AddressForm(country=store.current().country, name=customer.name)
    if form.validate_on_submit():
        with transaction():
            customers.save_address(form.values, customer.id)
        flash(_("The address is in your book."), "ok")
        return redirect(url_for("account.show"), code=303)
    return _address_page(form, _("Add an address"))


@bp.route("/addresses/<int:address_id>", methods=["GET", "POST"])
@customers_only
def change_address(customer, address_id):
    """An address of the book, changed; orders keep their own copy."""
    customer_id = customer.id
    form = AddressForm(obj=customers.address_of(customer_id, address_id))
    if form.validate_on_submit():
        with transaction():
            customers.change_address(customers.address_of(customer_id, address_id), form.values)
        flash(_("The address is changed."), "ok")
        return redirect(url_for("account.show"), code=303)
    return _address_page(form, _("Change the address"))


@bp.post("/addresses/<int:address_id>/delete")
@customers_only
def delete_address(customer, address_id):
    """Out of the book. The browser keeps it for a while, in its session, so that it can be put back."""
    customer_id = customer.id
    parts = customers.address_of(customer_id, address_id).as_dict()
    with transaction():
        customers.delete_address(customer_id, address_id)
    session.pop(_REMOVED, None)
    if sum(map(len, parts.values())) <= 300:  # a cookie holds 4 KB
        session[_REMOVED] = parts
    return redirect(url_for("account.show", deleted=1), code=303)


@bp.post("/addresses/put-back")
@customers_only
def put_address_back(customer):
    """The address that was deleted last is in the book again."""
    customer_id = customer.id
    if parts := session.pop(_REMOVED, None):
        with transaction():
            customers.save_address(parts, customer_id)
        flash(_("The address is back in your book."), "ok")
    return redirect(url_for("account.show"), code=303)


@bp.post("/addresses/<int:address_id>/default")
@customers_only
def prefer_address(customer, address_id):
    """The default for shipping or for billing, as the pressed button says."""
    with transaction():
        customers.prefer_address(customer, address_id, request.form.get("use", ""))
    flash(_("Your default address is changed."), "ok")
    return redirect(url_for("account.show"), code=303)


def enter(customer, password):
    """A session of its own for whoever has just shown the password; carts are merged by the signal."""
    if passwords.stale(customer.password_hash):
        with transaction():
            customers.renew_hash(customer, password)
    session.clear()
    session.permanent = True
    login_user(customer)


def _address_page(form, heading):
    return render_template("customers/address.html", form=form, heading=heading), 400 if form.errors else 200


def _locale():
    return str(get_locale() or "en")
