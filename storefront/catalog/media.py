"""Keeping pictures: decoded, freed of everything but their pixels, and stored in the sizes that pages show.

A picture's key is the hash of its file, so the same picture is stored once and its address never changes.
"""

import hashlib
import io
import os
import re
import tempfile
import warnings
from pathlib import Path
from typing import NamedTuple

from flask import Blueprint, current_app, send_from_directory
from flask_babel import gettext as _
from PIL import Image, ImageOps, UnidentifiedImageError

from storefront.catalog.pictures import WIDTHS
from storefront.kit.errors import Invalid, NotFound

MOST_BYTES, MOST_PIXELS = 8_000_000, 40_000_000
_FORMATS = ("JPEG", "PNG", "WEBP", "GIF")
_EXTRAS = {"exif", "xmp", "icc_profile"}
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
    if not all(file.is_file() for file in files):
        into.mkdir(parents=True, exist_ok=True)
        _store(data, files)
    with Image.open(files[-1]) as largest:
        return Kept(key, *largest.size)


def _store(data, files):
    """Largest first: each size is made from the one above it."""
    picture, ready = _decoded(data)
    for width, file in sorted(zip(WIDTHS, files, strict=True), reverse=True):
        if picture.width > width:
            size = (width, max(1, round(picture.height * width / picture.width)))
            picture, ready = picture.resize(size, Image.Resampling.LANCZOS, reducing_gap=3.0), False
        _write(data if ready else _encoded(picture), file)


def _decoded(data):
    """The first frame, upright and without metadata; and whether the file is just that already."""
    if len(data) > MOST_BYTES:
        raise Invalid(_("The picture is larger than %(most)d MB.", most=MOST_BYTES // 1_000_000))
    try:
        with warnings.catch_warnings():
            warnings.simplefilter("ignore", Image.DecompressionBombWarning)  # the size is checked here
            picture: Image.Image = Image.open(io.BytesIO(data), formats=_FORMATS)
        if picture.width * picture.height > MOST_PIXELS:
            raise Invalid(_("The picture has more than %(most)d million pixels.", most=MOST_PIXELS // 1_000_000))
        bare = _is_bare(picture)
        picture = ImageOps.exif_transpose(picture)
        pixels = picture.convert("RGBA" if picture.has_transparency_data else "RGB")
    except (UnidentifiedImageError, Image.DecompressionBombError, OSError, ValueError, SyntaxError) as error:
        raise Invalid(_("This is not a JPEG, PNG, WebP or GIF picture.")) from error
    pixels.info = {}
    return pixels, bare


def _is_bare(picture):
    """Whether the file is a still WebP without anything but pixels, which need not be written anew."""
    moves = getattr(picture, "is_animated", False)
    return picture.format == "WEBP" and not moves and not _EXTRAS & picture.info.keys()


def _encoded(picture):
    small = io.BytesIO()
    picture.save(small, "WEBP", quality=82, method=2)
    return small.getvalue()


def _write(data, file):
    """Written beside and moved into place: nobody ever sees half a picture."""
    handle, name = tempfile.mkstemp(dir=file.parent, suffix=".part")
    with os.fdopen(handle, "wb") as part:
        part.write(data)
    os.chmod(name, 0o644)
    os.replace(name, file)
