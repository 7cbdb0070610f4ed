"""The page that explains the shop to its merchant says everything that the tables hold."""

import re

import pytest

from storefront.admin import wording
from storefront.admin.guide import CHAPTERS
from storefront.notices import HANDLERS
from test_structure import SOURCES

from counter import comes_in

RECORDED = re.compile(r"\brecord\(\s*\"([A-Z_]+)\"")


def test_the_guide_lists_every_state_and_every_move(play):
    """AUD-06: each row of each table stands there with its guard, in words; no state is a bare code."""
    play.shop()
    page = comes_in(play).get("/admin/guide")
    text = " ".join(page.text.split())
    for chapter in CHAPTERS:
        assert set(chapter.states) >= chapter.machine.states
        for move in chapter.machine.moves:
            row = f"{move.event} " + ", ".join(str(chapter.states[state]) for state in move.sources)
            assert row in text, row
            assert str(move.guard) and str(move.guard) in text
            assert not move.effect or str(move.effect) in text


@pytest.mark.parametrize("chapter", CHAPTERS, ids=lambda chapter: chapter.machine.name)
def test_each_state_has_a_word_of_its_own(chapter):
    """AUD-06: two states of one thing are never called the same, but for parcels that both ended."""
    words = [str(word) for state, word in chapter.states.items() if state != "FAILED_ORDER"]
    assert len(set(words)) == len(words) and all(re.match(r"[A-Z]", word) for word in words)


def test_every_event_is_explained(play):
    """AUD-06: whatever the code records, and whatever a letter follows, stands in the guide in plain words."""
    recorded = {name for path in SOURCES for name in RECORDED.findall(path.read_text())}
    moved = {f"{c.machine.name}_{move.event}".upper() for c in CHAPTERS[:2] for move in c.machine.moves}
    assert recorded | moved | set(HANDLERS) <= set(wording.EVENTS), (recorded | moved | set(HANDLERS)) - set(
        wording.EVENTS
    )
    play.shop()
    text = comes_in(play).get("/admin/guide").text
    assert all(str(words) in text for words in wording.EVENTS.values())
