"""Passwords and sessions: changing one, forgetting one, and signing out on every device."""

from datetime import timedelta

from flask_babel import gettext as _
from sqlalchemy import delete, select

from storefront.customers import passwords
from storefront.customers.confirming import locked
from storefront.customers.emails import folded_email
from storefront.customers.links import link_token, read_link
from storefront.customers.models import Customer, CustomerAddress
from storefront.customers.service import load_user
from storefront.kit import clock, events
from storefront.kit.db import db
from storefront.kit.errors import Invalid
from storefront.kit.ids import digest

LINK_LASTS = timedelta(hours=2)
_SALT = "new password"


def knows_password(customer: Customer, password: str) -> bool:
    """Whether whoever is at the page is the one who signed in."""
    return passwords.fits(customer.password_hash, password)


def change_password(customer: Customer, password: str) -> None:
    """Another password; every session of the old one ends. Raises Invalid for one that will not do."""
    password_hash = passwords.hashed(password)
    customer = locked(customer.id)
    _refuse_weak(password, customer.email)
    customer.password_hash, customer.new_email = password_hash, ""
    events.record("CUSTOMER_PASSWORD_CHANGED", customer=customer.id)


def sign_out_everywhere(customer: Customer) -> None:
    """Every session ends, on every device."""
    locked(customer.id).sessions += 1


def forget_password(email: str) -> None:
    """A letter with a link goes to the account of this e-mail. Without one, the same is done."""
    try:
        email = folded_email(email)
    except Invalid:
        email = ""
    wanted = select(Customer.id).where(Customer.email == email, Customer.erased_at.is_(None))
    customer_id = db.session.scalar(wanted.where(Customer.password_hash.is_not(None)))
    events.record("CUSTOMER_PASSWORD_FORGOTTEN", customer=customer_id)


def recovery_token(customer: Customer) -> str:
    """What the letter carries; another password, or another e-mail, makes it worthless."""
    return link_token(f"{customer.get_id()}|{digest(customer.email)}", _SALT)


def recovering(token: str) -> Customer:
    """Whose link it is. Raises Invalid when it was used, is too old, or went to an e-mail that was theirs before."""
    whose, _bar, told = str(read_link(token, _SALT, LINK_LASTS)).partition("|")
    found = load_user(whose)
    if found is None or told != digest(found.email):
        raise Invalid(_("This link was used already, or there is a newer password. Ask for another one."))
    return found


def recover(token: str, password: str) -> tuple[Customer, bool]:
    """A new password for who opened the letter's link; and whether the account was never shown to be theirs before.

    The e-mail is confirmed by it. What somebody put into an account that nobody had confirmed is removed: it may
    have been made by a stranger with another's e-mail. Raises Invalid.
    """
    password_hash = passwords.hashed(password)
    customer = locked(recovering(token).id)
    _refuse_weak(password, customer.email)
    recovering(token)  # of two who use the link at once, the second finds it used
    strange = customer.verified_at is None
    customer.password_hash, customer.new_email = password_hash, ""
    if strange:
        customer.verified_at, customer.name, customer.phone, customer.consent = clock.now(), "", "", {}
        db.session.execute(delete(CustomerAddress).filter_by(customer_id=customer.id))
    events.record("CUSTOMER_PASSWORD_CHANGED", customer=customer.id)
    return customer, strange


def _refuse_weak(password, email):
    if sentence := passwords.problem_with(password, email):
        raise Invalid(sentence, fields={"password": [sentence]})
