"""flask crash-points: where a test shop can be made to die."""

import click

from storefront.commits import COMMITS
from storefront.kit.crash import SIDES

WIDTH = max(map(len, COMMITS)) + 8


@click.command("crash-points")
def list_crash_points():
    """The values for STOREFRONT_CRASH_AT=point[:n] (test mode only), and what the commit there stands for."""
    for name, sentence in COMMITS.items():
        for side in SIDES:
            point = f"{name}.{side}"
            click.echo(f"{point:{WIDTH}}{side}: {sentence}")


COMMANDS = (list_crash_points,)
