"""flask staff: who may run the shop."""

import sys

import click
from flask.cli import AppGroup

from storefront import admin
from storefront.cli.plainly import Plainly
from storefront.kit import events
from storefront.kit.db import transaction
from storefront.kit.errors import ShopError
from storefront.kit.pages import absolute

staff_group = AppGroup("staff", help="Who may run the shop.")
COMMANDS = (staff_group,)


@staff_group.command("add")
@click.argument("email")
@click.option("--role", type=click.Choice(["owner", "staff"]), default="staff", show_default=True)
@click.option("--password-stdin", is_flag=True, help="Read the password from standard input.")
def add_staff(email, role, password_stdin):
    """Make a member of staff; ask for a password, or print a one-time link that sets it."""
    password = sys.stdin.readline().rstrip("\n") if password_stdin else _asked_password()
    try:
        with transaction(), events.acting_as("system", "command line"):
            person = admin.add(email, role, password or None)
            link = None if password else admin.new_link(person)
            login = person.login
    except ShopError as error:
        raise Plainly(error) from error
    click.echo(f"{login} is {role} now.")
    _show_link(link)


def _asked_password():
    """Typed twice at a terminal; nothing where there is nobody to ask."""
    if not sys.stdin.isatty():
        return ""
    return click.prompt(
        "Password (Enter for a one-time link)",
        hide_input=True,
        default="",
        show_default=False,
        confirmation_prompt=True,
    )


def _show_link(path):
    if path:
        click.echo(f"Open this address within 48 hours to set the password; it works once:\n{absolute(path)}")


@staff_group.command("list")
def list_staff():
    """Who they are, what they may do, and when they last came in."""
    for person in admin.everybody():
        state = "shut out" if not person.active else "invited" if person.password_hash is None else "active"
        last = f"{person.last_login:%Y-%m-%d %H:%M}" if person.last_login else "never"
        click.echo(f"{person.login:40} {person.role:6} {state:8} last in: {last}")


@staff_group.command("link")
@click.argument("email")
def link_staff(email):
    """Print a new one-time link that sets the password."""
    _change_staff(email, admin.new_link)


@staff_group.command("disable")
@click.argument("email")
def disable_staff(email):
    """Shut somebody out at once."""
    _change_staff(email, admin.disable)
    click.echo("Shut out.")


@staff_group.command("enable")
@click.argument("email")
def enable_staff(email):
    """Let somebody in again."""
    _change_staff(email, admin.enable)
    click.echo("Let in again.")


def _change_staff(email, verb):
    try:
        with transaction(), events.acting_as("system", "command line"):
            path = verb(admin.by_login(email))
    except ShopError as error:
        raise Plainly(error) from error
    _show_link(path)
