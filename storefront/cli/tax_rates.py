"""flask taxes: rates in from a file, and back."""

from collections import Counter
from pathlib import Path

import click
from flask.cli import AppGroup

from storefront import taxes
from storefront.catalog.csvfile import MOST_BYTES
from storefront.cli.plainly import Plainly
from storefront.kit.db import transaction
from storefront.kit.errors import ShopError

group = AppGroup("taxes", help="Tax rates: import, list and undo imports.")
COMMANDS = (group,)


@group.command("import")
@click.argument("file", type=click.Path(exists=True, dir_okay=False, path_type=Path))
@click.option("--dry-run", is_flag=True, help="Only say what would change.")
def import_rates(file, dry_run):
    """Bring in rates from a CSV file like WooCommerce's; rows that cannot be read are named and left out."""
    try:
        reading = taxes.read_file(file.name, _content(file))
        if dry_run:
            _show(reading, taxes.compare(reading))
            return
        with transaction():
            outcome = taxes.import_rates(reading, actor="command line")
    except ShopError as error:
        raise Plainly(error) from error
    _show_refused(reading)
    _show_counts("Rates", outcome.counts, reading)
    if outcome.import_id:
        click.echo(f"This is import {outcome.import_id}: `flask taxes undo {outcome.import_id}` takes it back.")


def _content(file):
    if file.stat().st_size > MOST_BYTES:
        raise click.ClickException(f"{file.name} is larger than {MOST_BYTES // 1_000_000} MB: split it.")
    return file.read_bytes()


def _show(reading, changes):
    for change in changes:
        draft = change.draft
        if change.kind == "new":
            click.echo(f"  new      {draft.area.name}: {draft.name} {draft.rate_ppm} ppm, {draft.category}")
        for name, was, will in change.differences:
            click.echo(f"  changed  {draft.area.name}: {draft.name} {name} {was} → {will}")
    _show_refused(reading)
    _show_counts("Would be", Counter(change.kind for change in changes), reading)
    click.echo("Nothing was changed: this was a dry run.")


def _show_refused(reading):
    for row in reading.refused:
        click.echo(f"  refused  {row}")
    for row in reading.notes:
        click.echo(f"  left out {row}")


def _show_counts(verb, counts, reading):
    click.echo(
        f"{verb}: {counts['new']} new, {counts['changed']} changed, {counts['same']} unchanged;"
        f" {len(reading.refused)} refused."
    )


@group.command("imports")
def list_imports():
    """The latest imports of rates, newest first."""
    rows = taxes.imports()
    for row in rows:
        undone = f", undone {row.undone_at:%Y-%m-%d %H:%M}" if row.undone_at else ""
        click.echo(
            f"{row.id:>5}  {row.at:%Y-%m-%d %H:%M}  {row.name}: {row.added} new, {row.changed} changed,"
            f" {row.refused} refused, by {row.actor}{undone}"
        )
    if not rows:
        click.echo("Nothing was imported yet.")


@group.command("undo")
@click.argument("import_id", type=int, required=False)
def undo_import(import_id):
    """Take back an import of rates (the latest that still stands, if none is named)."""
    try:
        with transaction():
            undone = taxes.undo(import_id, actor="command line")
    except ShopError as error:
        raise Plainly(error) from error
    for sentence in undone.kept:
        click.echo(f"  {sentence}")
    click.echo(
        f"Import {undone.import_id} ({undone.name}) is undone: {undone.removed} rates removed,"
        f" {undone.restored} restored."
    )
