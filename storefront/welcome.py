"""What the person reads who has just started the shop."""

from contextlib import suppress
from urllib.parse import unquote, urlsplit

from flask import Flask
from sqlalchemy.exc import SQLAlchemyError

from storefront import admin, store
from storefront.kit import events
from storefront.kit.db import transaction
from storefront.kit.errors import ShopError


def text(app: Flask) -> str:
    """Where everything is, and how to sign in; for the terminal."""
    address = app.config["PUBLIC_URL"]
    lines = [
        "",
        f"  The shop is open:  {address}",
        f"  Behind the counter: {address}/admin/",
        f"  Letters it writes:  {_letters(app.config['MAIL_URL'])}",
        "",
        "  Orders and money are real."
        if app.config["LIVE"]
        else "  A test shop: the sandbox plays the bank, no money moves.",
        f"  {sign_in(app)}",
        "  Ctrl-C closes the shop; `make run` opens it again with everything in its place.",
        "",
    ]
    return "\n".join(lines)


def sign_in(app: Flask) -> str:
    """How staff come in. A test shop where nobody can yet invites its first owner by a one-time link."""
    by_hand = "To sign in, make yourself the owner:  .venv/bin/flask staff add you@example.com --role owner"
    if app.config["LIVE"]:
        return by_hand
    with app.app_context(), suppress(SQLAlchemyError, ShopError):
        path = _first_owners_link()
        if path:
            return f"To sign in, choose the owner's password here:  {app.config['PUBLIC_URL']}{path}"
        return "Sign in with the password that you chose; another one:  .venv/bin/flask staff link EMAIL"
    return by_hand


def _first_owners_link():
    """The path of a new one-time link for the owner of a shop in which nobody has a password; "" if somebody has."""
    with transaction(), events.acting_as("system", "first start"):
        people = admin.everybody()
        if any(person.password_hash for person in people):
            return ""
        owner = next((person for person in people if person.active and person.role == "owner"), None)
        return admin.new_link(owner or admin.add(store.current().email, "owner"))


def _letters(mail_url):
    where = urlsplit(mail_url)
    if where.scheme == "file":
        return unquote(where.path)
    return "this terminal" if where.scheme == "console" else f"sent through {where.hostname}"
