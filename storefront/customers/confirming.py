"""Whose e-mail it is: shown by opening the link of a letter while signed in; an e-mail is changed in the same way.

Being signed in keeps a stranger's account from being confirmed by a careless press of its true owner: only who
knows the password can, and who does not asks for a new one instead (`secrets.recover`).
"""

from datetime import timedelta

from flask_babel import gettext as _
from sqlalchemy import select, update
from sqlalchemy.exc import IntegrityError

from storefront.customers.emails import folded_email
from storefront.customers.links import link_token, read_link
from storefront.customers.models import Customer, CustomerNote
from storefront.kit import clock, events
from storefront.kit.db import db
from storefront.kit.errors import Conflict, Invalid
from storefront.kit.ids import digest

LINK_LASTS = timedelta(days=3)
_SALT = "confirm email"


def confirm_token(customer: Customer, email: str) -> str:
    """What the letter to an e-mail carries: whose account, and which e-mail."""
    return link_token([customer.id, digest(email)], _SALT)


def confirm_email(customer_id: int, token: str) -> bool:
    """The e-mail that the letter went to is theirs; a new one takes the place of the old. False if it was so before.

    Raises Invalid for a link that is not this account's, or not its newest; Conflict when another account has
    the new e-mail.
    """
    customer = locked(customer_id)
    whose, told = read_link(token, _SALT, LINK_LASTS)
    if whose != customer.id:
        raise Invalid(_("This link is for another account. Sign in with that one, then open it again."))
    if customer.new_email and told == digest(customer.new_email):
        _replace_email(customer)
        return True
    if told != digest(customer.email):
        raise Invalid(_("This link is not the newest one. Look for a later letter, or ask for another one."))
    if customer.verified_at is not None:
        return False
    customer.verified_at = clock.now()
    events.record("CUSTOMER_CONFIRMED", customer=customer.id)
    return True


def ask_to_confirm(customer: Customer) -> None:
    """The letter with the link goes out once more."""
    events.record("CUSTOMER_CONFIRMATION_ASKED", customer=customer.id)


def ask_for_email(customer: Customer, email: str) -> None:
    """Another e-mail shall be theirs as soon as its link is opened; both addresses get a letter. Raises Invalid."""
    email = folded_email(email)
    if email == customer.email:
        sentence = _("This is your email already.")
        raise Invalid(sentence, fields={"email": [sentence]})
    customer.new_email = email
    events.record("CUSTOMER_EMAIL_ASKED", customer=customer.id)


def locked(customer_id: int) -> Customer:
    """The customer's row, locked and read afresh; None of it is there any more for an erased one: raises Conflict."""
    found = select(Customer).filter_by(id=customer_id).with_for_update().execution_options(populate_existing=True)
    customer = db.session.scalar(found)
    if customer is None or customer.erased_at is not None:
        raise Conflict(_("This account is not there any more."))
    return customer


def _replace_email(customer):
    other = db.session.scalar(select(Customer).filter_by(email=customer.new_email).with_for_update())
    if other is not None and other.password_hash is None:
        _make_way(other, customer)  # the record of a guest, who is the same person
    try:
        with db.session.begin_nested():
            customer.previous_email, customer.email, customer.new_email = customer.email, customer.new_email, ""
            customer.verified_at = clock.now()
            db.session.flush()
    except IntegrityError:
        raise Conflict(_("There is an account with this email already: sign in to that one.")) from None
    events.record("CUSTOMER_EMAIL_CHANGED", customer=customer.id)


def _make_way(guest, customer):
    notes = update(CustomerNote).where(CustomerNote.customer_id == guest.id)
    db.session.execute(notes.values(customer_id=customer.id).execution_options(synchronize_session=False))
    guest.email, guest.name, guest.phone, guest.consent = f"guest-{guest.id}@erased.invalid", "", "", {}
    guest.erased_at = clock.now()
    db.session.flush()
