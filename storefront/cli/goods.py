"""flask catalog: goods in and out."""

from collections import Counter
from pathlib import Path

import click
from flask.cli import AppGroup

from storefront import catalog
from storefront.cli import reporting
from storefront.cli.plainly import Plainly
from storefront.kit.db import transaction
from storefront.kit.errors import ShopError

goods = AppGroup("catalog", help="Goods in and out: import, undo, export.")
COMMANDS = (goods,)


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
        reading = catalog.read_file(file.name, reporting.content_of(file), currency)
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
        raise Plainly(error) from error
    _show_outcome(outcome)


def _show_changes(reading):
    changes = catalog.compare(reading.drafts)
    for change in changes:
        if change.kind in ("new", "changed"):
            click.echo(f"  {change.kind:<8} {change.slug}: {change.title} ({len(change.after.variants)} variants)")
        for difference in change.differences:
            what = f"{difference.sku} {difference.field}".strip()
            click.echo(f"           {what}: {_short(difference.before)} → {_short(difference.after)}")
    refused = reading.refused + [catalog.refused_of(change) for change in changes if change.kind == "refused"]
    reporting.show_dry_run(Counter(change.kind for change in changes), _by_line(refused))


def _short(text):
    return repr(text if len(text) <= 60 else text[:57] + "…")


def _by_line(refused):
    return sorted(refused, key=lambda row: row.line)


def _show_outcome(outcome):
    reporting.show_refused(_by_line(outcome.refused))
    for missed in outcome.missed[:20]:
        click.echo(f"  picture  {missed.slug}: {missed.source}: {missed.reason}")
    if len(outcome.missed) > 20:
        click.echo(f"  picture  … and {len(outcome.missed) - 20} more")
    if outcome.missed:
        click.echo(f"{len(outcome.missed)} pictures could not be had: import the file again to try once more.")
    reporting.show_counts("Products", outcome.counts, outcome.refused)
    reporting.show_way_back("catalog", outcome.import_id)


@goods.command("imports")
def list_imports():
    """The latest imports, newest first."""
    reporting.show_imports(catalog.imports())


@goods.command("undo")
@click.argument("import_id", type=int, required=False)
def undo_import(import_id):
    """Take back an import (the latest that still stands, if none is named)."""
    try:
        with transaction():
            undone = catalog.undo(import_id, actor="command line")
    except ShopError as error:
        raise Plainly(error) from error
    what = f"{undone.removed} products removed, {undone.hidden} hidden, {undone.restored} restored"
    reporting.show_undone(undone.import_id, undone.name, undone.kept, what)


@goods.command("export")
@click.argument("file", type=click.File("w", encoding="utf-8", atomic=True))
def export_goods(file):
    """Write all goods as Shopify's product CSV (- for the terminal)."""
    for line in catalog.export():
        file.write(line)
