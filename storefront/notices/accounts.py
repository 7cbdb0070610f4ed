"""What people are told about their accounts: whose e-mail it is, and what was changed. One function a letter."""

from typing import Any

from flask import current_app
from flask_babel import gettext as _
from sqlalchemy import select

from storefront import customers, store
from storefront.customers.models import Customer
from storefront.kit.db import db
from storefront.kit.events import OrderEvent
from storefront.kit.ids import digest
from storefront.notices.post import post


def confirm_email(event: OrderEvent) -> None:
    """The link that shows whose e-mail it is. Nothing is sent once it is confirmed."""
    customer = _customer(event)
    if customer is None or customer.verified_at is not None:
        return
    subject = _("confirm your email")
    words = [
        _("Somebody, most likely you, has made an account with this email. Open the link while you are signed in."),
        _("If it was not you, do nothing: nobody sees your orders without this link and the account's password."),
    ]
    link = (_("Confirm email"), f"/account/confirm/{customers.confirm_token(customer, customer.email)}")
    _write(event, customer.email, subject, words, link)


def have_account(event: OrderEvent) -> None:
    """Somebody wanted an account with an e-mail that has one."""
    if customer := _customer(event):
        words = [
            _("Somebody, most likely you, wanted to make an account with this email. There is one already."),
            _("If you do not know its password any more, choose a new one."),
        ]
        link = (_("Choose a new password"), "/account/forgotten")
        _write(event, customer.email, _("you have an account already"), words, link)


def choose_password(event: OrderEvent) -> None:
    """The link with which a forgotten password is replaced. An e-mail without an account is not written to."""
    if customer := _customer(event):
        words = [
            _("Choose a new password with this link. It works once, for two hours."),
            _("If you did not ask for it, do nothing: your password stays as it is."),
        ]
        link = (_("Choose a new password"), f"/account/new-password/{customers.recovery_token(customer)}")
        _write(event, customer.email, _("a new password"), words, link)


def password_changed(event: OrderEvent) -> None:
    """Whoever did not do it themselves learns of it."""
    if customer := _customer(event):
        words = [
            _("The password of your account was changed, and other devices were signed out."),
            _("If it was not you, choose a new password at once."),
        ]
        link = (_("Choose a new password"), "/account/forgotten")
        _write(event, customer.email, _("your password was changed"), words, link)


def confirm_new_email(event: OrderEvent) -> None:
    """To the new address: its link makes it the account's. An address that has an account learns only that."""
    customer = _customer(event)
    if customer is None or not customer.new_email:
        return
    taken = select(Customer.id).where(Customer.email == customer.new_email, Customer.password_hash.is_not(None))
    if db.session.scalar(taken) is not None:
        words = [_("Somebody wanted to use this email for another account. It belongs to yours already.")]
        _write(event, customer.new_email, _("you have an account already"), words, (_("Sign in"), "/account/sign-in"))
        return
    words = [
        _("This shall be the email of your account. Open the link while you are signed in."),
        _("If you did not ask for it, do nothing."),
    ]
    link = (_("Confirm email"), f"/account/confirm/{customers.confirm_token(customer, customer.new_email)}")
    _write(event, customer.new_email, _("confirm your new email"), words, link)


def tell_old_email(event: OrderEvent) -> None:
    """To the old address, before anything has changed."""
    customer = _customer(event)
    if customer and customer.new_email:
        words = [
            _("Another email was asked for in your account. It changes as soon as that email is confirmed."),
            _("If it was not you, choose a new password at once: it also stops this change."),
        ]
        link = (_("Choose a new password"), "/account/forgotten")
        _write(event, customer.email, _("your email is to be changed"), words, link)


def email_changed(event: OrderEvent) -> None:
    """To the old address, once more, when it is not the account's any more."""
    customer = _customer(event)
    if customer and customer.previous_email:
        words = [
            _("The email of your account was changed. Letters go to the new one from now on."),
            _("If it was not you, write to us at once: answer this letter."),
        ]
        _write(event, customer.previous_email, _("your email was changed"), words)


ACCOUNT_LETTERS = {
    "CUSTOMER_SIGNED_UP": (confirm_email,),
    "CUSTOMER_SIGNED_UP_AGAIN": (have_account,),
    "CUSTOMER_CONFIRMATION_ASKED": (confirm_email,),
    "CUSTOMER_PASSWORD_FORGOTTEN": (choose_password,),
    "CUSTOMER_PASSWORD_CHANGED": (password_changed,),
    "CUSTOMER_EMAIL_ASKED": (confirm_new_email, tell_old_email),
    "CUSTOMER_EMAIL_CHANGED": (email_changed,),
}


def _customer(event) -> Customer | None:
    """Whose account it is; None if there is none, or it was erased meanwhile."""
    found = db.session.get(Customer, event.data["customer"]) if event.data.get("customer") else None
    return found if found and found.is_active else None


def _write(event, to: str, subject: str, words: list[str], link: tuple[str, str] | None = None) -> None:
    public = current_app.config["PUBLIC_URL"]
    context: dict[str, Any] = {"store": store.current(), "subject": subject, "words": words}
    context["link"] = (link[0], public + link[1]) if link else None
    post("account", to, subject, f"account-{event.id}-{digest(to)[:8]}", context)
