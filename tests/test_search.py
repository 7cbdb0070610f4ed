"""Goods are found by title, description, SKU, vendor and tags, past one slip of the pen, whatever is typed."""

import re
from dataclasses import replace
from datetime import timedelta

import pytest
from hypothesis import given, strategies as st
from sqlalchemy import func, select

from storefront import catalog
from storefront.catalog.drafts import ProductDraft, VariantDraft
from storefront.catalog.models import SearchDocument, SearchNeighbour, SearchWord
from storefront.catalog.words import neighbours, one_slip, stem, words
from storefront.kit import clock
from storefront.kit.db import db, transaction


def draft(slug, title, sku, **more):
    """A product with one variant."""
    return ProductDraft(slug=slug, title=title, variants=[VariantDraft(sku=sku, price_minor=1000, on_hand=5)], **more)


APRON = draft(
    "apron", "Linen apron", "APR-SAND", vendor="Ropaži Linen", tags=["gift"], description="<p>Washed <b>flax</b>.</p>"
)
MUG = draft("mug", "Stoneware mugs", "MUG-01", vendor="Cēsis Clay", description="<p>Goes with a linen napkin.</p>")
BOX = draft("box", "Cherry box", "BX77Q", tags=["oak & ash"], description="<p>For three cherries.</p>")


@pytest.fixture
def anna(play):
    """Somebody who searches a shop of three things."""
    play.shop()
    save(APRON, MUG, BOX)
    return play.visitor("anna")


def save(*drafts):
    """Put goods into the shop."""
    with transaction():
        assert not [change for change in catalog.save(drafts, actor="stage") if change.kind == "refused"]


def titles(page):
    """The cards of a page."""
    return re.findall(r'<li class="card"><a href="/products/[^>]*>.*?<b><bdi>(.*?)</bdi></b>', page.html, re.S)


def found(visitor, text):
    """What a search lists."""
    return titles(visitor.get("/search", params={"q": text}))


@pytest.mark.parametrize(
    ("asked", "expected"),
    [
        ("apron", ["Linen apron"]),
        ("LINEN APRON", ["Linen apron"]),
        ("linen", ["Linen apron", "Stoneware mugs"]),  # in the title comes before in the description
        ("lin", ["Linen apron", "Stoneware mugs"]),
        ("apron lin", ["Linen apron"]),
        ("flax", ["Linen apron"]),
        ("ropazi", ["Linen apron"]),
        ("Cēsis", ["Stoneware mugs"]),
        ("gift", ["Linen apron"]),
        ("APR-SAND", ["Linen apron"]),
        ("aprsand", ["Linen apron"]),
        ("bx77q", ["Cherry box"]),
        ("mug", ["Stoneware mugs"]),
        ("mugs", ["Stoneware mugs"]),
        ("aprons", ["Linen apron"]),
        ("oak ash", ["Cherry box"]),
        ("apron mug", []),
    ],
)
def test_goods_are_found_by_their_words(anna, asked, expected):
    """All words must be there, the last may be a beginning; capitals, accents and plurals do not matter."""
    assert found(anna, asked) == expected


@pytest.mark.parametrize(
    "typed", ["aprn", "appron", "abron", "arpon", "linen aporn", "lnen apron", "Stonware", "cesid clay"]
)
def test_one_slip_of_the_pen_still_finds(anna, typed):
    """A letter lost, doubled, changed or swapped: the goods are shown, and for which words."""
    assert len(found(anna, typed)) == 1
    assert anna.page.has("Showing results for")
    assert anna.page.has(f"“{typed}”")


def test_nothing_found_helps_on(anna):
    """The words stay in the box, the nearest spelling and the categories are offered."""
    page = anna.get("/search", params={"q": "stonewear xyzzy"})
    assert titles(page) == []
    assert page.has("We found nothing for “stonewear xyzzy”")
    assert found(anna, "stoneware") == titles(anna.get(page.link("stoneware")))
    assert 'value="stonewear xyzzy"' in page.html


@pytest.mark.parametrize(
    "text",
    [
        '"', "'", "''", '"linen', "linen*", "*", "linen OR apron", "NOT linen", "NEAR(linen apron)", "title:linen",
        "linen AND", "-linen", "(linen", "linen & !apron | x", "a:*", "\\", "%", "_", "; DROP TABLE products; --",
        "🧵", "🧵 linen", "日本語", "a" * 10_000, "linen " * 2_000, "<script>", "\u202e\u200b", "½ ² Ⅷ", "ﬁ", "ß",
        "\t\r\n", "é" * 300,
    ],
)  # fmt: skip
def test_what_is_typed_is_only_words(anna, text):
    """No quote, operator, sign or length is anything but text to look for."""
    assert anna.get("/search", params={"q": text}).status == 200


@pytest.mark.parametrize("text", ["%00", "linen%00apron", "%ED%A0%80"])
def test_what_no_database_keeps_is_refused_or_read_past(anna, text):
    """NUL and broken letters answer 200 or 400, never a failure."""
    assert anna.get(f"/search?q={text}").status in (200, 400)


def test_searching_can_be_narrowed_and_sorted(anna):
    """The list of a search takes the same filters, keeps the words, and shows the same cards."""
    save(draft("towel", "Linen towel", "TOWEL"))
    assert titles(anna.get("/search?q=linen&sort=name")) == ["Linen apron", "Linen towel", "Stoneware mugs"]
    assert titles(anna.get("/search?q=linen&min=50")) == []
    assert anna.get(anna.page.link("Clear all")).url.endswith("/search?q=linen")


def test_the_index_follows_the_goods(anna):
    """What is renamed is found by its new words only; words that nothing uses any more suggest nothing."""
    save(draft("apron", "Hemp smock", "APR-SAND", description="", vendor="", tags=[]))
    assert found(anna, "smock") == ["Hemp smock"]
    assert found(anna, "apron") == []
    assert found(anna, "linen") == ["Stoneware mugs"]
    assert db.session.get(SearchWord, "apron") is None
    assert db.session.get(SearchWord, "linen").uses == 1
    save(draft("apron", "Hemp smock", "APR-SAND", active=False))
    assert found(anna, "smock") == []


def test_indexing_twice_changes_nothing(anna):
    """The counts of words are right however often, and in however many pieces, the index is made."""

    def everything():
        columns = (SearchWord.word, SearchWord.uses)
        return (
            db.session.execute(select(*columns).order_by(SearchWord.word)).all(),
            db.session.scalar(select(func.count()).select_from(SearchNeighbour)),
            db.session.scalar(select(func.count()).select_from(SearchDocument)),
        )

    before = everything()
    for _ in range(2):
        with transaction():
            catalog.index()
    assert everything() == before
    assert before[2] == 3


def test_very_common_words_are_not_counted_to_the_end(anna, monkeypatch):
    """A word that is everywhere lists as many goods as are counted, and says that there are more."""
    from storefront.catalog import cards

    save(*(draft(f"thing-{n}", f"Common thing {n}", f"T-{n}") for n in range(500)))
    page = anna.get("/search?q=common")
    assert page.has(f"More than {cards.COUNTED - 1} goods")
    assert len(titles(page)) == 24
    assert anna.get(f"/search?q=common&page={cards.COUNTED // 24}").status == 200
    assert anna.get(f"/search?q=common&page={cards.COUNTED // 24 + 1}").status == 404


def common(number, title="", on_hand=5, price_minor=2000):
    """One of many goods with the same word in all their titles."""
    goods = [VariantDraft(sku=f"C-{number}", price_minor=price_minor, on_hand=on_hand)]
    return ProductDraft(slug=f"c-{number}", title=title or f"Common thing {number}", variants=goods)


@pytest.fixture
def hundreds(anna):
    """300 goods for one word: the first and the last are called just that, the last is the newest and the cheapest."""
    plain = replace(common(0, "Common"), description="<p>Made of many words. </p>" * 40)
    save(plain, *(common(number) for number in range(1, 299)))
    clock.move(timedelta(minutes=5))
    save(common(299, "COMMON", price_minor=900))
    return anna


def test_of_many_goods_the_one_with_that_title_comes_first(hundreds):
    """However many goods have a word, and whichever of them came first: the title that was typed leads, in full."""
    assert found(hundreds, "common")[:2] == ["COMMON", "Common"]
    assert found(hundreds, " Common ")[:2] == ["COMMON", "Common"]
    assert found(hundreds, "common thing 298") == ["Common thing 298"]


def test_a_word_in_the_title_comes_before_any_number_that_only_tell_of_it(anna):
    """Of 300 newer goods that tell of a word none hides the one with it in its title; what is sold out comes last."""
    save(*(common(number, title=f"Uncommon {number}", on_hand=number % 2) for number in range(3)))
    save(*(replace(common(number, title=f"Thing {number}"), tags=["uncommon"]) for number in range(3, 303)))
    assert found(anna, "uncommon")[:3] == ["Uncommon 1", "Thing 302", "Thing 301"]
    save(draft("shawl", "Linen shawl", "SHAWL"), common(999, title="Linen cap", on_hand=0))
    assert found(anna, "linen") == ["Linen shawl", "Linen apron", "Stoneware mugs", "Linen cap"]


def test_many_goods_are_sorted_and_narrowed_before_they_are_cut_short(hundreds):
    """The newest, the cheapest and what a price allows are so of all that match."""
    assert titles(hundreds.get("/search?q=common&sort=newest"))[0] == "COMMON"
    assert titles(hundreds.get("/search?q=common&sort=price"))[0] == "COMMON"
    assert titles(hundreds.get("/search?q=common&max=10")) == ["COMMON"]
    assert titles(hundreds.get("/search?q=common&max=10&sort=name")) == ["COMMON"]


def test_of_many_goods_the_few_in_stock_are_found(anna):
    """Of 300 that match one is there, whichever came last: it is found, and stands before all that are sold out."""
    save(*(common(number, on_hand=0) for number in range(299)), common(299))
    assert titles(anna.get("/search?q=common&in_stock=1")) == ["Common thing 299"]
    assert titles(anna.get("/search?q=common"))[0] == "Common thing 299"


letters = st.text("abcdé", min_size=1, max_size=7)


@given(letters, letters)
def test_whoever_is_one_slip_away_shares_a_spelling(one, other):
    """No word that is one slip away can be missed by the table of spellings."""
    if one_slip(one, other):
        assert neighbours(one) & neighbours(other)
    assert one_slip(one, other) == one_slip(other, one)


@given(letters, st.data())
def test_every_single_slip_is_one(word, data):
    """Losing, adding, changing or swapping a letter is one slip."""
    place = data.draw(st.integers(0, len(word) - 1))
    head, tail = word[:place], word[place + 1 :]
    for slipped in (
        head + tail,
        head + "x" + word[place:],
        head + "x" + tail,
        head + tail[:1] + word[place] + tail[1:],
    ):
        assert one_slip(word, slipped), slipped


@given(st.text(max_size=60))
def test_words_are_letters_and_digits_only(text):
    """Whatever the text, what reaches the index holds nothing that an index could read as a sign."""
    for word in words(text):
        assert word.isalnum()
        assert stem(word).isalnum()
