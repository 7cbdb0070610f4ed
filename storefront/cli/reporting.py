"""What the commands that bring files in say of them: the file's size, what was refused, the counts, what was undone."""

from collections.abc import Iterable, Mapping, Sequence
from pathlib import Path

import click

from storefront.catalog.csvfile import MOST_BYTES
from storefront.kit.imports import ImportRow


def content_of(file: Path) -> bytes:
    """The bytes of a file that is not too large."""
    if file.stat().st_size > MOST_BYTES:
        raise click.ClickException(f"{file.name} is larger than {MOST_BYTES // 1_000_000} MB: split it.")
    return file.read_bytes()


def show_refused(refused: Iterable[object]) -> None:
    """A line for each row that does not fit, with its reason."""
    for row in refused:
        click.echo(f"  refused  {row}")


def show_counts(verb: str, counts: Mapping[str, int], refused: Sequence[object]) -> None:
    """How many there are of each kind."""
    click.echo(
        f"{verb}: {counts['new']} new, {counts['changed']} changed, {counts['same']} unchanged; {len(refused)} refused."
    )


def show_dry_run(counts: Mapping[str, int], refused: Sequence[object]) -> None:
    """The end of a report on what would be."""
    show_refused(refused)
    show_counts("Would be", counts, refused)
    click.echo("Nothing was changed: this was a dry run.")


def show_way_back(group: str, import_id: int | None) -> None:
    """By which command an import that changed something is taken back."""
    if import_id:
        click.echo(f"This is import {import_id}: `flask {group} undo {import_id}` takes it back.")


def show_imports(rows: Iterable[ImportRow]) -> None:
    """One line for each import."""
    lines = [_line_of(row) for row in rows]
    click.echo("\n".join(lines) or "Nothing was imported yet.")


def show_undone(import_id: int, name: str, kept: Iterable[str], what: str) -> None:
    """What stayed, and in words what did not."""
    for sentence in kept:
        click.echo(f"  {sentence}")
    click.echo(f"Import {import_id} ({name}) is undone: {what}.")


def _line_of(row):
    undone = f", undone {row.undone_at:%Y-%m-%d %H:%M}" if row.undone_at else ""
    return (
        f"{row.id:>5}  {row.at:%Y-%m-%d %H:%M}  {row.kind}  {row.name}: {row.added} new, {row.changed} changed,"
        f" {row.refused} refused, by {row.actor}{undone}"
    )
