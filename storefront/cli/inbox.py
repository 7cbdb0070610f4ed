"""flask inbox: what the gateways have said, and applying it again."""

from collections import Counter
from datetime import UTC, datetime

import click
from flask.cli import AppGroup
from sqlalchemy.exc import NoResultFound

from storefront import checkout, payments
from storefront.cli.plainly import Plainly
from storefront.kit.errors import NotFound

inbox_group = AppGroup("inbox", help="What the payment services have said.")
COMMANDS = (inbox_group,)
BATCH = 500


@inbox_group.command("replay")
@click.option("--dry-run", is_flag=True, help="Only say what would change.")
@click.option("--since", type=click.DateTime(), help="Only what was received from then on (UTC).")
@click.option("--backend", default="", help="Only the messages of this gateway, by its name.")
@click.option("--id", "ids", type=int, multiple=True, help="Only this message; may be repeated.")
def replay_inbox(dry_run, since, backend, ids):
    """Apply stored messages again, oldest first. Those that had their effect change nothing."""
    counts: Counter[str] = Counter()
    for batch in _batches(since.replace(tzinfo=UTC) if since else None, backend, ids):
        for one in _replayed(batch, dry_run):
            counts["messages"] += 1
            if one.after != one.before:
                counts["changed"] += 1
                click.echo(f"{one.id:>10}  {one.before} {'would be' if dry_run else 'is now'} {one.after}")
    done = "would change" if dry_run else "changed"
    click.echo(f"{counts['messages']} messages read again, {counts['changed']} {done}.")


def _batches(since: datetime | None, backend: str, ids: tuple[int, ...]):
    """The ids of what was asked for, some hundred at a time."""
    if ids:
        yield sorted(set(ids))
        return
    last = 0
    while found := payments.stored_since(last, since=since, backend=backend, limit=BATCH):
        yield found
        last = found[-1]


def _replayed(batch, dry_run):
    try:
        yield from checkout.rehearse(batch) if dry_run else map(checkout.replay, batch)
    except NoResultFound as error:
        raise Plainly(NotFound("There is no message with this number.")) from error
