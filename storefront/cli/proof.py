"""flask check: whether the books are right."""

import sys

import click
from flask.cli import with_appcontext

from storefront import proof
from storefront.kit import money
from storefront.kit.db import release


@click.command("check")
@click.option("--lines", default="", help="Only these, with commas between: INV-02,RULE-08.")
@with_appcontext
def check(lines):
    """Hold the books against every invariant; ends with 1 and the rows that break one if there are any."""
    try:
        chosen = proof.chosen([name.strip() for name in lines.split(",")] if lines else None)
    except KeyError as unknown:
        names = ", ".join(line.name for line in proof.LINES)
        raise click.ClickException(f"There is no line {unknown.args[0]}. The lines: {names}.") from unknown
    red = sum(_show(line) for line in chosen)
    if not lines:
        _show_money()
    click.echo(f"{len(chosen)} lines, {red} broken.")
    sys.exit(1 if red else 0)


def _show(line):
    """Print one line as it is; whether it is broken."""
    found = proof.look(line)
    release()
    click.echo(f"{found.line:8} {f'{found.count} broken' if found.count else 'ok':10} {found.sentence}")
    for row in found.rows:
        click.echo(f"         {proof.in_words(row)}")
    if found.count > len(found.rows):
        click.echo(f"         and {found.count - len(found.rows)} more")
    return bool(found.count)


def _show_money():
    """Print where the money of each currency is."""
    for row in proof.money():
        places = [(name.replace("_", " "), amount) for name, amount in vars(row).items() if name != "currency"]
        shown = ", ".join(f"{name} {money.plain(amount, row.currency)}" for name, amount in places if amount)
        click.echo(f"{row.currency}: {shown or 'nothing came'}{'' if row.unexplained else '; all of it explained'}")


COMMANDS = (check,)
