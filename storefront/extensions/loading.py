"""Finding extensions: by the setting EXTENSIONS, and by the entry points of installed packages."""

from collections.abc import Callable, Iterator
from functools import cache
from importlib import import_module
from importlib.metadata import EntryPoint, entry_points

from flask import Flask, current_app

from storefront.extensions.shop import Addition, Shop
from storefront.kit.recipes import RecipeError

EXTENSIONS, GATEWAYS = "storefront.extensions", "storefront.gateways"  # groups of entry points
Register = Callable[[Shop], object]


class Refusal(Exception):
    """An extension cannot be fitted in; the sentence says which, and why."""


def load(app: Flask) -> None:
    """Fit in every extension: those of the setting in its order, then the installed ones by their names.

    Raises Refusal. The same package found twice is fitted in once.
    """
    found = (*_named(app.config["EXTENSIONS"]), *_installed(), *_gateways())
    shops = {register: _asked(name, register) for name, register in found}
    app.extensions["storefront.extensions"] = list(shops.values())
    for shop in shops.values():
        for addition in shop.additions:
            _fit(app, addition)


def added() -> list[Addition]:
    """What the extensions of this shop have added, in the order in which it was fitted in."""
    return [addition for shop in current_app.extensions["storefront.extensions"] for addition in shop.additions]


def _fit(app, addition):
    try:
        addition.fit(app)
    except (RecipeError, ValueError) as refusal:
        raise Refusal(f"Extension {addition.extension}, {addition.what} {addition.name}: {refusal}") from refusal


@cache
def _asked(name: str, register: Register) -> Shop:
    """What an extension adds; it is asked once a process, however many applications are made."""
    shop = Shop(name)
    try:
        register(shop)
    except Exception as error:
        raise Refusal(f"Extension {name} breaks while it registers: {type(error).__name__}: {error}") from error
    return shop


def _named(modules: tuple[str, ...]) -> Iterator[tuple[str, Register]]:
    for name in modules:
        try:
            module = import_module(name)
        except Exception as error:
            said = f"{type(error).__name__}: {error}"
            raise Refusal(f"EXTENSIONS names {name}, which cannot be imported: {said}") from error
        yield name, _register_of(name, module)


def _installed() -> Iterator[tuple[str, Register]]:
    for point in _points(EXTENSIONS):
        found = _loaded(point)
        yield point.module, found if callable(found) else _register_of(point.module, found)


def _gateways() -> Iterator[tuple[str, Register]]:
    """A package that brings only a gateway names its class, without a register function."""
    for point in _points(GATEWAYS):
        kind = _loaded(point)
        yield point.module, lambda shop, name=point.name, kind=kind: shop.gateway(name, kind)


def _points(group: str) -> list[EntryPoint]:
    return sorted(entry_points(group=group), key=lambda point: (point.name, point.value))


def _loaded(point):
    try:
        return point.load()
    except Exception as error:
        said = f"{type(error).__name__}: {error}"
        raise Refusal(f"The installed extension {point.value} cannot be imported: {said}") from error


def _register_of(name, module):
    register = getattr(module, "register", None)
    if not callable(register):
        raise Refusal(f"Extension {name} has no function register(shop).")
    return register
