"""The commands of the shop: flask catalog, staff, jobs, gateways, database, demo and ready."""

import sys
from collections import Counter
from pathlib import Path

import click
from flask import Flask, current_app
from flask.cli import AppGroup, with_appcontext
from flask_migrate import upgrade

from storefront import admin, catalog, demo, jobs, moving, payments
from storefront.catalog.csvfile import MOST_BYTES
from storefront.jobs.schedule import SCHEDULE
from storefront.kit import events
from storefront.kit.db import transaction
from storefront.kit.errors import ShopError

staff_group = AppGroup("staff", help="Who may run the shop.")
jobs_group = AppGroup("jobs", help="What happens by itself.")
database_group = AppGroup("database", help="Moving to another database.")
gateways_group = AppGroup("gateways", help="The payment services behind the ways to pay.")
goods = AppGroup("catalog", help="Goods in and out: import, undo, export.")


def init_app(app: Flask) -> None:
    """Every command group of the shop."""
    app.cli.add_command(goods)
    app.cli.add_command(jobs_group)
    app.cli.add_command(staff_group)
    app.cli.add_command(database_group)
    app.cli.add_command(gateways_group)
    app.cli.add_command(demo_shop)
    app.cli.add_command(make_ready)


class _Plainly(click.ClickException):
    """A ShopError as a command says it."""

    def __init__(self, error: ShopError):
        super().__init__(error.message)
        for refused in error.data.get("refused", ()):
            click.echo(f"  refused  {refused}")


@goods.command("import")
@click.argument("file", type=click.Path(exists=True, dir_okay=False, path_type=Path))
@click.option("--dry-run", is_flag=True, help="Only say what would change.")
@click.option("--all-or-nothing/--skip-refused", help="Save nothing if one row does not fit; or leave such rows out.")
@click.option("--no-pictures", is_flag=True, help="Do not fetch pictures.")
@click.option("--currency", metavar="EUR", help="The currency of the prices, if it is not the shop's.")
@click.option("--picture-minutes", default=10.0, show_default=True, help="Stop fetching pictures after so long.")
def import_goods(file, dry_run, all_or_nothing, no_pictures, currency, picture_minutes):
    """Bring in goods from a Shopify or WooCommerce product CSV."""
    try:
        reading = catalog.read_file(file.name, _content(file), currency)
        click.echo(
            f"{file.name}: a {reading.kind} file with {len(reading.drafts)} products, prices in {reading.currency}."
        )
        for note in reading.notes:
            click.echo(f"Note: {note}")
        if dry_run:
            _show_changes(reading)
            return
        outcome = catalog.import_reading(
            reading,
            actor="command line",
            all_or_nothing=all_or_nothing,
            pictures=not no_pictures,
            picture_seconds=picture_minutes * 60,
        )
    except ShopError as error:
        raise _Plainly(error) from error
    _show_outcome(outcome)


def _content(file):
    if file.stat().st_size > MOST_BYTES:
        raise click.ClickException(f"{file.name} is larger than {MOST_BYTES // 1_000_000} MB: split it.")
    return file.read_bytes()


def _show_changes(reading):
    changes = catalog.compare(reading.drafts)
    for change in changes:
        if change.kind in ("new", "changed"):
            click.echo(f"  {change.kind:<8} {change.slug}: {change.title} ({len(change.after.variants)} variants)")
        for difference in change.differences:
            what = f"{difference.sku} {difference.field}".strip()
            click.echo(f"           {what}: {_short(difference.before)} → {_short(difference.after)}")
    refused = reading.refused + [catalog.refused_of(change) for change in changes if change.kind == "refused"]
    _show_refused(refused)
    _show_counts("Would be", Counter(change.kind for change in changes), refused)
    click.echo("Nothing was changed: this was a dry run.")


def _short(text):
    return repr(text if len(text) <= 60 else text[:57] + "…")


def _show_refused(refused):
    for row in sorted(refused, key=lambda row: row.line):
        click.echo(f"  refused  {row}")


def _show_counts(verb, counts, refused):
    click.echo(
        f"{verb}: {counts['new']} new, {counts['changed']} changed, {counts['same']} unchanged; {len(refused)} refused."
    )


def _show_outcome(outcome):
    _show_refused(outcome.refused)
    for missed in outcome.missed[:20]:
        click.echo(f"  picture  {missed.slug}: {missed.source}: {missed.reason}")
    if len(outcome.missed) > 20:
        click.echo(f"  picture  … and {len(outcome.missed) - 20} more")
    if outcome.missed:
        click.echo(f"{len(outcome.missed)} pictures could not be had: import the file again to try once more.")
    _show_counts("Products", outcome.counts, outcome.refused)
    if outcome.import_id:
        click.echo(f"This is import {outcome.import_id}: `flask catalog undo {outcome.import_id}` takes it back.")


@goods.command("imports")
def list_imports():
    """The latest imports, newest first."""
    rows = catalog.imports()
    for row in rows:
        undone = f", undone {row.undone_at:%Y-%m-%d %H:%M}" if row.undone_at else ""
        click.echo(
            f"{row.id:>5}  {row.at:%Y-%m-%d %H:%M}  {row.kind}  {row.name}: {row.added} new, {row.changed} changed,"
            f" {row.refused} refused, by {row.actor}{undone}"
        )
    if not rows:
        click.echo("Nothing was imported yet.")


@goods.command("undo")
@click.argument("import_id", type=int, required=False)
def undo_import(import_id):
    """Take back an import (the latest that still stands, if none is named)."""
    try:
        with transaction():
            undone = catalog.undo(import_id, actor="command line")
    except ShopError as error:
        raise _Plainly(error) from error
    for sentence in undone.kept:
        click.echo(f"  {sentence}")
    click.echo(
        f"Import {undone.import_id} ({undone.name}) is undone: {undone.removed} products removed,"
        f" {undone.hidden} hidden, {undone.restored} restored."
    )


@goods.command("export")
@click.argument("file", type=click.File("w", encoding="utf-8", atomic=True))
def export_goods(file):
    """Write all goods as Shopify's product CSV (- for the terminal)."""
    for line in catalog.export():
        file.write(line)


@click.command("demo")
@click.option("--if-empty", is_flag=True, help="Do nothing when there is a shop already.")
@click.option("--no-goods", is_flag=True, help="Leave the shelves empty.")
@with_appcontext
def demo_shop(if_empty, no_goods):
    """Set up the demo shop: its row, taxes, shipping, the sandbox gateway, and its goods."""
    if not no_goods:
        _open_demo_shop(if_empty)
        return
    with transaction():
        new = demo.set_up()
    click.echo("The shop is set up; its shelves are empty." if new else "There is a shop already.")


def _open_demo_shop(if_empty):
    with transaction():
        demo.set_up()
    if catalog.is_empty() or not if_empty:
        click.echo(f"The demo shop is stocked with {demo.load('demo')} products.")


@click.command("ready")
@with_appcontext
def make_ready():
    """Bring the tables up to date; then a test shop gets demo goods if it has none, a live one is looked over."""
    upgrade()
    if not current_app.config["LIVE"]:
        _open_demo_shop(if_empty=True)
        return
    try:
        payments.check_live()
    except ShopError as error:
        raise _Plainly(error) from error


@gateways_group.command("list")
def list_gateways():
    """Each gateway: its kind, whether it is on, and what keeps it from being used here."""
    for config in payments.configs():
        wrong = " ".join(payments.problems(config)) or "ready"
        click.echo(f"{config.name:12} {config.type:10} {config.mode:5} {'on' if config.active else 'off':4} {wrong}")


@gateways_group.command("switch")
@click.argument("name")
@click.argument("state", type=click.Choice(["on", "off"]))
def switch_gateway(name, state):
    """Switch a gateway on or off, with every way to pay that leads to it."""
    try:
        with transaction():
            payments.switch(name, state == "on")
    except ShopError as error:
        raise _Plainly(error) from error
    click.echo(f"{name} is {state}.")


@database_group.command("copy")
@click.argument("url")
def copy_database(url):
    """Copy everything from the database at URL into this shop's own (DATABASE_URL), which must be empty."""
    upgrade()
    try:
        with transaction():
            counts = moving.copy_from(url)
    except ShopError as error:
        raise _Plainly(error) from error
    for name, count in counts.items():
        if count:
            click.echo(f"{count:>9}  {name}")
    click.echo(f"{sum(counts.values())} rows are here now. DATA_DIR/media and SECRET_KEY move by hand.")


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
        raise _Plainly(error) from error
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
        address = current_app.config["PUBLIC_URL"] + path
        click.echo(f"Open this address within 48 hours to set the password; it works once:\n{address}")


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
        raise _Plainly(error) from error
    _show_link(path)


@jobs_group.command("list")
def list_jobs():
    """The schedule."""
    for job in SCHEDULE:
        click.echo(f"{job.name:28} every {job.every}  {job.run.__doc__}")


@jobs_group.command("run")
def run_jobs():
    """The schedule in a process of its own, until it is stopped."""
    click.echo("The schedule runs. Stop it with Ctrl-C.")
    jobs.run_forever(current_app._get_current_object())


@jobs_group.command("once")
@click.argument("name")
def run_job(name):
    """One job now."""
    try:
        counts = jobs.run_once(name)
    except ShopError as error:
        raise _Plainly(error) from error
    click.echo(", ".join(f"{count} {what}" for what, count in counts.items()) or "nothing to do")
