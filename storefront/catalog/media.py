"""Keeping pictures: decoded, freed of everything but their pixels, and stored in the sizes that pages show.

A picture's key is the hash of its file, so the same picture is stored once and its address never changes.
"""

import hashlib
import re
from pathlib import Path
from typing import NamedTuple

from flask import Blueprint, current_app, send_from_directory
from flask_babel import gettext as _

from storefront.catalog.pictures import WIDTHS
from storefront.kit.errors import NotFound

_NAME = re.compile(r"[a-z0-9-]+\.webp")

bp = Blueprint("media", __name__)


class Kept(NamedTuple):
    """A picture that is stored: its key, and the size of its largest file in pixels."""

    key: str
    width: int
    height: int


@bp.get("/media/<name>")
def show(name: str):
    """One size of a picture. What it shows can never change, so it may be kept for ever."""
    if not _NAME.fullmatch(name) or not (folder() / name).is_file():
        raise NotFound(_("There is no such picture."))
    answer = send_from_directory(folder(), name, mimetype="image/webp", max_age=31_536_000)
    answer.headers["Cache-Control"] = "public, max-age=31536000, immutable"
    return answer


def folder() -> Path:
    """Where the pictures lie."""
    return current_app.config["DATA_DIR"] / "media"


def keep(data: bytes, into: Path) -> Kept:
    """Store a picture in its sizes. Raises Invalid when it is not a picture, or too large to be decoded.

    Needs no application, so that several can be stored at once.
    """
    key = hashlib.sha256(data).hexdigest()[:32]
    files = [into / f"{key}-{width}.webp" for width in WIDTHS]
    from storefront.catalog import decoding  # it takes some megabytes, which workers that only sell do without

    if not all(file.is_file() for file in files):
        into.mkdir(parents=True, exist_ok=True)
        decoding.store(data, files)
    return Kept(key, *decoding.size_of(files[-1]))
