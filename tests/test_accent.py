"""A merchant's own colour is taken where it can be read, and never makes a page or a letter hard to read."""

from pathlib import Path

import pytest
from hypothesis import given, strategies

from storefront.store import accent

from counter import comes_in

ROOT = Path(__file__).resolve().parent.parent
COLOURS = strategies.integers(0, 0xFFFFFF).map(lambda number: f"#{number:06x}")


@pytest.fixture
def olga(play):
    """The owner, at the settings of the shop."""
    play.shop()
    olga = comes_in(play)
    olga.get("/admin/settings/shop")
    return olga


@pytest.mark.parametrize(
    ("one", "other", "ratio"),
    [
        ("#ffffff", "#000000", 21),
        ("#777777", "#ffffff", 4.48),
        ("#1d5c4b", accent.PAPER, 7.4),
        ("#abcdef", "#abcdef", 1),
    ],
)
def test_contrast_is_that_of_the_standard(one, other, ratio):
    """Known pairs; the third is written down in the table of the shop's own colours."""
    assert accent.contrast(one, other) == accent.contrast(other, one) == pytest.approx(ratio, abs=0.05)


def test_the_shops_own_tones_are_those_of_its_style():
    """Letters, which have no stylesheet, show the same green as the pages."""
    style = (ROOT / "static" / "style.css").read_text()
    for tones in accent.tones(""):
        named = dict(zip(("accent", "accent-hover", "on-accent", "accent-soft"), tones, strict=True))
        rules = ";".join(f"--{name}:{colour.replace('#ffffff', '#fff')}" for name, colour in named.items())
        assert rules in style


@given(COLOURS)
def test_every_colour_has_tones_that_can_be_read(colour):
    """On paper, on what is behind it, and what is written on it; light and dark."""
    for tones, paper in zip(accent.tones(colour), (accent.PAPER, accent.DARK_PAPER), strict=True):
        for over, under in ((tones.accent, paper), (tones.on, tones.accent), (tones.accent, tones.soft)):
            assert accent.contrast(over, under) >= accent.ENOUGH, (colour, over, under)
        assert accent.contrast(tones.on, tones.hover) >= accent.ENOUGH


@given(COLOURS)
def test_what_is_offered_is_the_colour_itself_if_that_can_be_read(colour):
    """Else a darker one, which is then taken as it is."""
    offered = accent.legible(colour)
    assert (offered == colour) is (accent.contrast(colour, accent.PAPER) >= accent.ENOUGH)
    assert accent.legible(offered) == offered


def test_a_colour_is_on_every_page(olga, play):
    """The owner types it as it comes; pages link its rules; another has another address."""
    olga.press("Save settings", {"Colour of buttons and links": " 8A1C4D "})
    anna = play.visitor("anna")
    for address in ("/", "/cart", "/account/", "/nowhere"):
        assert 'href="/colours/8a1c4d.css"' in anna.get(address).html, address
    rules = anna.get("/colours/8a1c4d.css")
    assert "--accent:#8a1c4d;" in rules.answer.text and "prefers-color-scheme:dark" in rules.answer.text
    assert rules.headers["Cache-Control"] == "public, max-age=31536000, immutable"
    assert rules.headers["Content-Type"].startswith("text/css")
    assert anna.get("/colours/1d5c4b.css").status == 404


def test_one_that_is_too_pale_is_refused_and_the_nearest_is_offered(olga):
    """Yellow cannot be read on paper; what else was typed stays, and no page changes."""
    page = olga.press("Save settings", {"Colour of buttons and links": "#ffdd00", "Phone": "+371 1"})
    assert page.status == 400 and page.has(
        "#ffdd00 is too pale to be read on the page: the nearest that can be read is #"
    )
    assert 'value="+371 1"' in page.html and "/colours/" not in page.html
    assert olga.press("Save settings", {"Colour of buttons and links": "green"}).has("Enter a colour like #1d5c4b")


def test_the_shops_own_colour_needs_no_rules(olga):
    """It is taken back by emptying the field, or by typing the one that the shop came with."""
    for typed in ("#1D5C4B", ""):
        olga.press("Save settings", {"Colour of buttons and links": "#333333"})
        assert "/colours/333333.css" in olga.get("/").html
        olga.get("/admin/settings/shop")
        olga.press("Save settings", {"Colour of buttons and links": typed})
        assert "/colours/" not in olga.get("/").html
        olga.get("/admin/settings/shop")


def test_letters_have_it(olga, play):
    """Links and buttons of a letter, by day and by night."""
    olga.press("Save settings", {"Colour of buttons and links": "#8a1c4d"})
    play.shelves(mug=3)
    play.quickly_paid(mug=1)
    play.run("deliver_events")
    day, night = accent.tones("#8a1c4d")
    html = play.mails()[-1].get_body("html").get_content()
    assert f"a {{color: {day.accent}}}" in html and f"a {{color: {night.accent}}}" in html and accent.OWN not in html
