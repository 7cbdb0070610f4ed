"""flask prove: the orders in which shopper, gateway, clock, jobs, staff and crashes can act, explored."""

import os
import time

import click
from flask import current_app

from storefront import prover
from storefront.prover.faults import FAULTS
from storefront.prover.worlds import WORLDS

MANY = 100_000


@click.command("prove")
@click.option(
    "--states", type=int, help=f"How many distinct states, among all worlds; {MANY} unless minutes are given."
)
@click.option("--minutes", type=float, help="How long, among all worlds.")
@click.option("--world", "names", multiple=True, help="Only this world; may be repeated.")
@click.option("--processes", type=int, default=os.cpu_count() or 1, show_default=True)
@click.option("--faults", is_flag=True, help="Put each known fault into the code instead, and see that it is found.")
def prove(states, minutes, names, processes, faults):
    """Explore what can happen, in every order, on the shop's real code; exit 1 if a rule breaks."""
    create_app = current_app.extensions["create_app"]
    fine = _faults(create_app) if faults else _worlds(create_app, states, minutes, names, processes)
    raise SystemExit(0 if fine else 1)


def _worlds(create_app, states, minutes, names, processes):
    worlds = [world for world in WORLDS if not names or world.name in names]
    if not worlds:
        raise click.BadParameter(f"There are these worlds: {', '.join(world.name for world in WORLDS)}.")
    seconds = minutes * 60 if minutes else prover.ENDLESS
    begun, done = time.monotonic(), []
    click.echo(f"{'world':<18}{'states':>9}{'transitions':>13}{'learned from':>14}{'seconds':>9}")
    for row in prover.prove(create_app, states or (10**9 if minutes else MANY), seconds, worlds, processes):
        done.append(row)
        whole = "  all there are" if row.complete else ""
        click.echo(f"{row.world:<18}{row.states:>9}{row.transitions:>13}{row.recorded:>14}{row.seconds:>9.0f}{whole}")
    broken = [row.story for row in done if row.story]
    took = time.monotonic() - begun
    click.echo(
        f"\n{sum(row.states for row in done)} states, {sum(row.transitions for row in done)} transitions in "
        f"{took:.0f} s, {len(broken)} violations."
    )
    for story in broken:
        click.echo(f"\n{story}")
    return not broken


def _faults(create_app):
    missed = []
    for fault in FAULTS:
        story = prover.look_for(create_app, fault)
        click.echo(f"{fault.name:<45} {'found ' + story.splitlines()[-1].strip() if story else 'NOT FOUND'}")
        missed += [] if story else [fault.name]
    click.echo(f"\n{len(FAULTS) - len(missed)} of {len(FAULTS)} seeded faults were found.")
    return not missed


COMMANDS = (prove,)
