"""The merchant's own words: how the home page begins, and text pages that come and go. ADM-12, AUD-05."""

import pytest

from storefront.admin import audit

from counter import comes_in, trail


@pytest.fixture
def carol(play):
    """The owner, signed in, of a shop with three mugs."""
    play.shelves(mug=3)
    return comes_in(play)


def test_the_home_page_says_what_the_owner_wrote(play, carol):
    """Two fields among the settings of the shop; empty, it greets with the shop's name; the trail has the change."""
    home = play.visitor().get("/")
    assert home.heading == "Welcome to The Test Shop" and home.has("Mug")
    carol.get("/admin/settings/shop")
    words = {"First words of the home page": "Clay & <b>wood</b>", "What the home page says below them": "By hand."}
    page = carol.press("Save settings", words)
    assert page.steps == [303, 200] and page.has("home line: → Clay & <b>wood</b>")
    home = play.visitor().get("/")
    assert home.heading == "Clay & <b>wood</b>" and home.has("By hand.")
    entry = audit.trail()[0]
    assert (entry.action, entry.before) == ("change shop", {"home_line": "", "home_text": ""})
    page = carol.press("Save settings", {"First words of the home page": "", "What the home page says below them": ""})
    assert page.status == 200 and play.visitor().get("/").heading == "Welcome to The Test Shop"


def test_words_of_the_home_page_that_are_too_long(carol):
    """400 with the same page and what was typed; saving without a change writes nothing down."""
    carol.get("/admin/settings/shop")
    page = carol.press("Save settings", {"First words of the home page": "x" * 101})
    assert page.status == 400 and page.title.startswith("Error:") and "x" * 101 in page.html
    before = trail()
    carol.get("/admin/settings/shop")
    assert carol.press("Save settings").has("Saved.") and trail() == before


def test_a_text_page_is_removed_after_a_look(play, carol):
    """A page of its own says what links to it; then page and link are gone, and the trail keeps its words."""
    carol.get("/admin/pages/new")
    carol.press("Save page", {"Title": "Care of linen", "Text": "<p>Wash cold.</p>"})
    carol.get("/admin/pages/terms")
    carol.press("Save page", {"Title": "Terms", "Text": "<p>See <a href='/pages/care-of-linen'>care</a>.</p>"})
    carol.get(f"/admin/products/{play.variant('mug').product_id}")
    carol.press("Save product", {"Description": "<p><a href='/pages/care-of-linen'>Care</a></p>"})
    carol.get("/admin/pages/care-of-linen")
    page = carol.click("Remove page")
    assert page.has("Remove the page “Care of linen”?") and page.has("Terms Mug") and not page.has("by law")
    assert play.visitor().get("/pages/care-of-linen").status == 200
    page = carol.press("Remove page")
    assert page.steps == [303, 200] and page.has("The page Care of linen is removed.")
    assert play.visitor().get("/pages/care-of-linen").status == 404
    assert not play.visitor().get("/").has("Care of linen")
    assert trail()[-1] == "remove: page care-of-linen" and audit.trail()[0].before["body"] == "<p>Wash cold.</p>"
    assert carol.post("/admin/pages/care-of-linen/remove").status == 404


def test_a_page_that_the_law_asks_for_may_go_too(play, carol):
    """The confirm page warns; the list goes on naming it as not written, and it can be written anew."""
    page = carol.get("/admin/pages/privacy/remove")
    assert page.has("Most shops need this page by law")
    page = carol.press("Remove page")
    assert page.has("Not written yet") and play.visitor().get("/pages/privacy").status == 404
    carol.get("/admin/pages/privacy")
    carol.press("Save page", {"Title": "Privacy", "Text": "<p>Anew.</p>"})
    assert play.visitor().get("/pages/privacy").has("Anew.")
