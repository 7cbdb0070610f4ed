"""A way through the states as a story in plain words."""

from storefront.prover.deeds import DEEDS
from storefront.prover.shop import World
from storefront.prover.ways import WAITS, Found, Step


def told(world: World, found: Found) -> str:
    """What is broken, and the steps that lead to it, one a line."""
    rule, _, sentence = found.rule.partition(": ")
    lines = [f"In the world “{world.name}” ({world.words})"]
    lines += [f"{place:>3}. {_step(step)}" for place, step in enumerate(found.story, start=1)]
    return "\n".join([*lines, f"  => {sentence}  [{rule}]"])


def _step(step: Step) -> str:
    if step.deed == "crash":
        return "The machine dies: whatever stood still is gone."
    words = DEEDS[step.deed].told(step.args)
    return f"{words[0].upper()}{words[1:]}{_ending(step)}"


def _ending(step):
    if step.crashed:
        return f", and the machine dies after the commit {step.crashed}."
    if step.ending.word == WAITS:
        return " … and stands still before its next transaction."
    if step.ending.word == "refused":
        return f": refused ({step.ending.value[0]}: {step.ending.value[1]})"
    return "."
