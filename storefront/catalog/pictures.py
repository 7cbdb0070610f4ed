"""Pictures of goods: what a page needs to show one. Files lie in DATA_DIR/media as <key>-<width>.webp."""

from typing import NamedTuple

WIDTHS = (240, 480, 960)
MOST_BYTES = 8_000_000  # of a file that somebody brings


class Picture(NamedTuple):
    """A picture in its sizes, ready for an <img>. Sizes in pixels."""

    key: str
    alt: str
    width: int
    height: int

    @property
    def src(self) -> str:
        """The middle size."""
        return f"/media/{self.key}-480.webp"

    @property
    def largest(self) -> str:
        """The largest size, for those who show it alone."""
        return f"/media/{self.key}-{WIDTHS[-1]}.webp"

    @property
    def srcset(self) -> str:
        """All sizes, for the browser to choose."""
        return ", ".join(f"/media/{self.key}-{width}.webp {width}w" for width in WIDTHS)


def picture_of(image) -> Picture | None:
    """The picture of a ProductImage row, or None."""
    return Picture(image.key, image.alt, image.width, image.height) if image else None
