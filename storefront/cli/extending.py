"""flask extensions: the steps of the checkout in their order, and what packages of other people have added."""

import click
from flask import current_app
from flask.cli import with_appcontext

from storefront import extensions
from storefront.kit import recipes


@click.command("extensions")
@with_appcontext
def list_extensions():
    """Every list of steps with what it may name, and everything that an extension adds."""
    for kind in current_app.config["CHECKOUT"]:
        _show(kind, recipes.of(kind))
    additions = extensions.added()
    click.echo("\nAdded by extensions:" if additions else "\nNo extension is installed or named in EXTENSIONS.")
    for addition in additions:
        click.echo(f"  {addition.extension:20} {addition.what:20} {addition.name}")


def _show(kind, steps):
    click.echo(f"\n{kind}")
    for step in steps:
        undone = f" Undone by {step.undo.__name__}." if step.undo is not recipes.nothing else ""
        needs = f" Needs {', '.join(step.needs)}." if step.needs else ""
        click.echo(f"  {step.name:32} {step.says}{undone}{needs}")
    for step in recipes.known(kind):
        if step not in steps:
            click.echo(f"  ({step.name}: known, not in the list)")


COMMANDS = (list_extensions,)
