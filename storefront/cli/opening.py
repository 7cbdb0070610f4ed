"""flask demo, ready, gateways, database: opening the shop, and moving house."""

from dataclasses import fields

import click
from flask import current_app
from flask.cli import AppGroup, with_appcontext
from flask_migrate import upgrade

from storefront import catalog, demo, moving, payments
from storefront.admin import going_live
from storefront.cli.plainly import Plainly
from storefront.kit.db import transaction
from storefront.kit.errors import ShopError
from storefront.payments.gateways import GATEWAYS

database_group = AppGroup("database", help="Moving to another database.")
gateways_group = AppGroup("gateways", help="The payment services behind the ways to pay.")


@click.command("demo")
@click.option("--if-empty", is_flag=True, help="Do nothing when there is a shop already.")
@click.option("--no-goods", is_flag=True, help="Leave the shelves empty, and make no offers.")
@with_appcontext
def demo_shop(if_empty, no_goods):
    """Set up the demo shop: its row, taxes, shipping, the sandbox gateway, and its goods."""
    if not no_goods:
        _open_demo_shop(if_empty)
        return
    with transaction():
        new = demo.set_up(to_try=False)
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
    _compile_templates()
    if not current_app.config["LIVE"]:
        _open_demo_shop(if_empty=True)
        return
    try:
        payments.check_live(thoroughly=True)
    except ShopError as error:
        raise Plainly(error) from error


def _compile_templates():
    """Each worker then only loads them."""
    for name in current_app.jinja_env.list_templates(extensions=["html", "txt", "xml"]):
        current_app.jinja_env.get_template(name)


@gateways_group.command("list")
def list_gateways():
    """Each gateway: its kind, whether it is on, and what keeps it from being used here; then what each kind can do."""
    for config in payments.configs():
        wrong = " ".join(payments.problems(config)) or "ready"
        click.echo(f"{config.name:12} {config.type:10} {config.mode:5} {'on' if config.active else 'off':4} {wrong}")
    click.echo("\nKinds:")
    for name, kind in GATEWAYS.items():
        able = [field.name.removeprefix("can_") for field in fields(kind.capabilities) if _has(kind, field)]
        only = " (tests only)" if kind.for_test_only else ""
        click.echo(f"{name:12} {', '.join(able) or 'nothing by itself'}{only}")


def _has(kind, field):
    return getattr(kind.capabilities, field.name)


@gateways_group.command("check")
@click.argument("name")
def check_gateway(name):
    """Hold one gateway against its own rules, exit 1 if something is wrong; then what is to be seen to before real
    money is taken.
    """
    config = next((config for config in payments.configs() if config.name == name), None)
    if config is None:
        raise click.ClickException(f"There is no gateway {name}: `flask gateways list` names them.")
    wrong = payments.problems(config) or payments.broken_rules(config)
    wrong += payments.problems_with_methods(config)
    for sentence in wrong:
        click.echo(f"  {sentence}")
    if not wrong:
        click.echo(f"{name} is ready: it is a {config.type} in {config.mode} mode.")
    click.echo("\nBefore going live:")
    for check, found in going_live.look(config).items():
        state = {True: "right", False: "not yet", None: "not needed"}[found.ok]
        click.echo(f"  {check:13} {state:11} {found.says}")
    if wrong:
        raise SystemExit(1)


@gateways_group.command("switch")
@click.argument("name")
@click.argument("state", type=click.Choice(["on", "off"]))
def switch_gateway(name, state):
    """Switch a gateway on or off, with every way to pay that leads to it."""
    try:
        with transaction():
            payments.switch(name, state == "on")
    except ShopError as error:
        raise Plainly(error) from error
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
        raise Plainly(error) from error
    for name, count in counts.items():
        if count:
            click.echo(f"{count:>9}  {name}")
    click.echo(f"{sum(counts.values())} rows are here now.")
    click.echo("DATA_DIR/media, DATA_DIR/certificates and SECRET_KEY move by hand.")


COMMANDS = (demo_shop, make_ready, database_group, gateways_group)
