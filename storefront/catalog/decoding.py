"""Decoding pictures that people brought, and writing them anew in the sizes that pages show."""

import io
import os
import tempfile
import warnings
from pathlib import Path

from flask_babel import gettext as _
from PIL import Image, ImageOps, UnidentifiedImageError

from storefront.catalog.pictures import MOST_BYTES, WIDTHS
from storefront.kit.errors import Invalid

MOST_PIXELS = 40_000_000
_FORMATS = ("JPEG", "PNG", "WEBP", "GIF")
_EXTRAS = {"exif", "xmp", "icc_profile"}


def size_of(file: Path) -> tuple[int, int]:
    """Width and height of a stored picture, in pixels."""
    with Image.open(file) as picture:
        return picture.size


def store(data: bytes, files: list[Path]) -> None:
    """Write a picture in the sizes of `WIDTHS`, a file each, largest first: each is made from the one above it.

    Raises Invalid when it is not a picture, or too large to be decoded.
    """
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
