"""Places where an extension may be called: functions by the name of the moment, in the order in which they came."""

from collections.abc import Callable
from typing import Any

from flask import Flask, current_app


def add(app: Flask, moment: str, function: Callable[..., Any]) -> None:
    """From now on the function is called at this moment, once, however often it is added."""
    functions = app.extensions.setdefault("hooks", {}).setdefault(moment, [])
    if function not in functions:
        functions.append(function)


def waiting(moment: str) -> list[Callable[..., Any]]:
    """What is to be called at this moment."""
    return list(current_app.extensions.get("hooks", {}).get(moment, ()))
