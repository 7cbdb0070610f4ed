"""Recipes: lists of named steps, which a configuration may reorder, shorten or extend; checked before the shop starts.

A step belongs to one list (its `kind`). `needs` are the steps that must stand before it, in its own list or in an
earlier one; without a `required` one the shop does not start; nothing may stand behind the `last`.
"""

from collections.abc import Callable, Iterable, Mapping, Sequence
from dataclasses import dataclass
from difflib import get_close_matches
from typing import Any

from flask import Flask, current_app


class RecipeError(Exception):
    """A list cannot work as it is written; the sentence says which, and why."""


def nothing(*_: Any) -> None:
    """What a step does that has nothing to do, or nothing to undo."""


@dataclass(frozen=True)
class Step:
    """Something to do, and how it is undone."""

    kind: str
    do: Callable[..., None]
    undo: Callable[..., None] = nothing
    needs: tuple[str, ...] = ()
    required: bool = False
    last: bool = False
    instead_of: str = ""  # the step in whose place it stands: what needs that one has it in this one

    @property
    def name(self) -> str:
        """What a list calls it."""
        return self.do.__name__

    @property
    def says(self) -> str:
        """What it does, in one sentence."""
        return (self.do.__doc__ or "").strip().partition("\n")[0]

    @property
    def names(self) -> set[str]:
        """Whose place it can take in what others need."""
        return {self.name, self.instead_of} - {""}


_known: dict[str, Step] = {}


def register(*steps: Step) -> None:
    """From now on a list may name these steps. Raises RecipeError when another step has the name already."""
    for step in steps:
        known = _known.setdefault(step.name, step)
        if known != step:
            raise RecipeError(f"Two steps are called {step.name}: of {_home(known)} and of {_home(step)}.")


def known(kind: str) -> list[Step]:
    """Every step that belongs to a list, whether the list names it or not."""
    return [step for step in _known.values() if step.kind == kind]


def init_app(app: Flask, lists: Mapping[str, Sequence[str]]) -> None:
    """Keep the lists, in the order in which they are gone through, as the app's recipes. Raises RecipeError."""
    before: set[str] = set()
    recipes = {}
    for kind, names in lists.items():
        recipes[kind] = _checked(kind, names, before)
        before |= _names_of(recipes[kind])
    app.extensions["recipes"] = recipes


def of(kind: str) -> tuple[Step, ...]:
    """The steps of a list, in the order of the configuration."""
    return current_app.extensions["recipes"][kind]


def position(steps: Sequence[Step], name: str) -> int:
    """Where a step stands, or the one that took its place."""
    return next(index for index, step in enumerate(steps) if name in step.names)


def _checked(kind, names, before):
    steps = tuple(_found(kind, name) for name in names)
    if twice := [name for name in names if names.count(name) > 1]:
        raise RecipeError(f"{kind} names {twice[0]} twice.")
    for index, step in enumerate(steps):
        _check_place(kind, steps, index, step, before)
    for step in known(kind):
        if step.required and step.name not in _names_of(steps):
            raise RecipeError(f"{kind} lacks {step.name}: nothing can be ordered without it.")
    return steps


def _found(kind, name):
    step = _known.get(name)
    if step is None:
        near = get_close_matches(name, [step.name for step in known(kind)], n=3)
        hint = f"did you mean {' or '.join(near)}?" if near else "`flask extensions` lists the names."
        raise RecipeError(f"{kind} names {name!r}, but there is no such step: {hint}")
    if step.kind != kind:
        raise RecipeError(f"{kind} names {name}, which belongs to {step.kind}.")
    return step


def _check_place(kind, steps, index, step, before):
    there = before | _names_of(steps[:index])
    for needed in step.needs:
        if needed not in there:
            raise RecipeError(f"{kind}: {step.name} needs {needed} before it.")
    if step.last and index != len(steps) - 1:
        raise RecipeError(f"{kind}: nothing may stand behind {step.name}, but {steps[index + 1].name} does.")


def _names_of(steps: Iterable[Step]) -> set[str]:
    return {name for step in steps for name in step.names}


def _home(step):
    return f"{step.do.__module__} ({step.kind})"
