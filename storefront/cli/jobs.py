"""flask jobs: what happens by itself."""

import click
from flask import current_app
from flask.cli import AppGroup

from storefront import jobs
from storefront.cli.plainly import Plainly
from storefront.jobs.schedule import SCHEDULE
from storefront.kit.errors import ShopError

jobs_group = AppGroup("jobs", help="What happens by itself.")
COMMANDS = (jobs_group,)


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
        raise Plainly(error) from error
    click.echo(", ".join(f"{count} {what}" for what, count in counts.items()) or "nothing to do")
