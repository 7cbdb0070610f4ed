"""Where a step of an extension stands in its list."""

from dataclasses import dataclass
from difflib import get_close_matches

from flask import Flask

from storefront.kit import recipes
from storefront.kit.recipes import RecipeError, Step

# Before these stands what names no place; in the other lists it stands last.
USUAL = {"CHECKOUT_REVERSIBLE": "open_bill", "CHECKOUT_POPULATE": "create_order_event"}


@dataclass(frozen=True)
class Place:
    """Before, after or instead of another step of the list, by its name; one of them at most."""

    before: str = ""
    after: str = ""
    instead_of: str = ""


def put_into_list(app: Flask, step: Step, place: Place) -> None:
    """Register the step, and put it where it belongs, unless the environment gives the list. Raises RecipeError."""
    lists = app.config["CHECKOUT"]
    if step.kind not in lists:
        raise RecipeError(f"there is no list {step.kind}: it is one of {', '.join(lists)}.")
    recipes.register(step)
    if step.kind not in app.config["CHECKOUT_GIVEN"]:
        names = list(lists[step.kind])
        start, end = _where(names, step.kind, place)
        app.config["CHECKOUT"] = {**lists, step.kind: (*names[:start], step.name, *names[end:])}


def _where(names: list[str], kind: str, place: Place) -> tuple[int, int]:
    """Which part of the list makes room."""
    if given := place.before or place.after or place.instead_of:
        at = _index(names, kind, given)
        return (at, at) if place.before else (at + 1, at + 1) if place.after else (at, at + 1)
    at = _index(names, kind, USUAL[kind]) if kind in USUAL else len(names)
    return at, at


def _index(names, kind, name):
    if name in names:
        return names.index(name)
    near = get_close_matches(name, names, n=3)
    raise RecipeError(f"{kind} has no {name}." + (f" Did you mean {' or '.join(near)}?" if near else ""))
