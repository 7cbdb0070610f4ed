"""flask taxes: rates in from a file, and back."""

from collections import Counter
from pathlib import Path

import click
from flask.cli import AppGroup

from storefront import taxes
from storefront.cli import reporting
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
        reading = taxes.read_file(file.name, reporting.content_of(file))
        if dry_run:
            _show(reading, taxes.compare(reading))
            return
        with transaction():
            outcome = taxes.import_rates(reading, actor="command line")
    except ShopError as error:
        raise Plainly(error) from error
    _show_notes(reading)
    reporting.show_refused(reading.refused)
    reporting.show_counts("Rates", outcome.counts, reading.refused)
    reporting.show_way_back("taxes", outcome.import_id)


def _show(reading, changes):
    for change in changes:
        draft = change.draft
        if change.kind == "new":
            click.echo(f"  new      {draft.area.name}: {draft.name} {draft.rate_ppm} ppm, {draft.category}")
        for name, was, will in change.differences:
            click.echo(f"  changed  {draft.area.name}: {draft.name} {name} {was} → {will}")
    _show_notes(reading)
    reporting.show_dry_run(Counter(change.kind for change in changes), reading.refused)


def _show_notes(reading):
    for row in reading.notes:
        click.echo(f"  left out {row}")


@group.command("imports")
def list_imports():
    """The latest imports of rates, newest first."""
    reporting.show_imports(taxes.imports())


@group.command("undo")
@click.argument("import_id", type=int, required=False)
def undo_import(import_id):
    """Take back an import of rates (the latest that still stands, if none is named)."""
    try:
        with transaction():
            undone = taxes.undo(import_id, actor="command line")
    except ShopError as error:
        raise Plainly(error) from error
    what = f"{undone.removed} rates removed, {undone.restored} restored"
    reporting.show_undone(undone.import_id, undone.name, undone.kept, what)
