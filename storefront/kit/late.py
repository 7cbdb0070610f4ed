"""Classes that are loaded by the first who asks for one: a worker does not carry what its shop never uses."""

from collections import UserDict
from importlib import import_module
from typing import Any


class Late(UserDict[str, Any]):
    """Classes by a short name. One that is told as "package.module:Class" is imported when it is asked for."""

    def __getitem__(self, name: str) -> Any:
        found = super().__getitem__(name)
        if isinstance(found, str):
            module, _, kind = found.partition(":")
            found = self.data[name] = getattr(import_module(module), kind)
        return found
