"""The merchant's own colour for buttons and links, in tones that can be read wherever the shop uses them.

Contrast is that of WCAG 2.2 (https://www.w3.org/TR/WCAG22/#dfn-contrast-ratio): 4.5 to 1 is enough for text. The tones
take the place of the same names in `static/style.css`; paper is as it is there.
"""

import re
from colorsys import hls_to_rgb, rgb_to_hls
from functools import lru_cache
from typing import NamedTuple

OWN = "#1d5c4b"  # what the shop comes with
WHITE, PAPER, DARK_PAPER = "#ffffff", "#faf8f4", "#161511"
ENOUGH, AT_EASE = 4.5, 7.0  # the second for light letters on dark paper
_COLOUR = re.compile(r"#[0-9a-f]{6}")
_STEPS = 256


class Tones(NamedTuple):
    """Colours as "#rrggbb": the accent itself, under the pointer, what is written on it, and a ground behind it."""

    accent: str
    hover: str
    on: str
    soft: str


def read(text: str) -> str | None:
    """A colour that was typed, as "#rrggbb"; "" for none, or for the shop's own; None if it is no colour."""
    colour = f"#{text.strip().lower().removeprefix('#')}"
    if colour in ("#", OWN):
        return ""
    return colour if _COLOUR.fullmatch(colour) else None


def legible(colour: str) -> str:
    """The colour, or for one that is too pale to be read on paper the nearest lightness of it that is."""
    return _legible(colour, PAPER, ENOUGH) if colour else ""


@lru_cache(maxsize=8)
def tones(colour: str) -> tuple[Tones, Tones]:
    """The tones of a colour on light paper and on dark; those of the shop's own for ""."""
    if not colour:
        return Tones(OWN, "#144437", WHITE, "#e2eee9"), Tones("#84cdb4", "#a5dec9", "#0d1f18", "#1d332b")
    light, dark = legible(colour), _legible(colour, DARK_PAPER, AT_EASE)
    return (
        Tones(light, _towards(light, "#000000", 0.3), WHITE, _ground(light, WHITE)),
        Tones(dark, _towards(dark, WHITE, 0.3), DARK_PAPER, _ground(dark, DARK_PAPER)),
    )


def stylesheet(colour: str) -> str:
    """The rules that give every page these tones, by day and by night."""
    light, dark = (
        f":root {{--accent:{one.accent};--accent-hover:{one.hover};--on-accent:{one.on};--accent-soft:{one.soft}}}"
        for one in tones(colour)
    )
    return f"{light}\n@media screen and (prefers-color-scheme:dark) {{ {dark} }}\n"


def contrast(one: str, other: str) -> float:
    """How well one colour is read on the other, from 1 to 21."""
    paler, darker = sorted((_luminance(one), _luminance(other)), reverse=True)
    return (paler + 0.05) / (darker + 0.05)


def _luminance(colour):
    linear = [part / 12.92 if part <= 0.04045 else ((part + 0.055) / 1.055) ** 2.4 for part in _parts(colour)]
    return sum(weight * part for weight, part in zip((0.2126, 0.7152, 0.0722), linear, strict=True))


def _legible(colour, paper, least):
    """The colour, or the nearest lightness of it that is read on this paper."""
    hue, lightness, saturation = rgb_to_hls(*_parts(colour))
    away = -1 if _luminance(paper) > 0.5 else 1
    for _step in range(_STEPS):
        if contrast(colour, paper) >= least:
            break
        lightness = min(1.0, max(0.0, lightness + away / _STEPS))
        colour = _written(hls_to_rgb(hue, lightness, saturation))
    return colour


def _ground(accent, paper):
    """Paper with as much of the accent in it as leaves the accent legible on it."""
    shares = (share / 100 for share in range(16, 0, -1))
    grounds = (_towards(paper, accent, share) for share in shares)
    return next((ground for ground in grounds if contrast(accent, ground) >= ENOUGH), paper)


def _towards(colour, other, share):
    mixed = (a + (b - a) * share for a, b in zip(_parts(colour), _parts(other), strict=True))
    return _written(mixed)


def _parts(colour):
    return [int(colour[place : place + 2], 16) / 255 for place in (1, 3, 5)]


def _written(parts):
    return "#" + "".join(f"{round(255 * part):02x}" for part in parts)
