"""Keys and certificates in files: all in one directory, which nobody leaves."""

from collections.abc import Callable, Mapping
from pathlib import Path

from flask import current_app

from storefront.kit.errors import Invalid

LARGEST = 64 * 1024  # bytes


def folder() -> Path:
    """Where they lie: DATA_DIR/certificates."""
    return Path(current_app.config["DATA_DIR"], "certificates")


def path_of(name: str) -> Path:
    """The file of this name, relative to the directory. Raises Invalid for a name that leads out of it."""
    base = folder().resolve()
    found = base.joinpath(name).resolve()
    if not name or "\0" in name or base not in found.parents:
        raise Invalid(f"{name[:80]!r} is not a file in {base}.")
    return found


def reader(files: Mapping[str, str]) -> Callable[[str], bytes]:
    """What reads the file of a property; b"" for one that is not there or lies elsewhere."""

    def read(name):
        try:
            with path_of(files.get(name, "")).open("rb") as file:
                return file.read(LARGEST)
        except (OSError, Invalid, ValueError):
            return b""

    return read
