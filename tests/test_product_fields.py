"""How goods are taxed, sent, held, named and found: every field of a product and its variants can be changed by hand.

CAT-01, CAT-05, ADM-12.
"""

import pytest
from sqlalchemy import select

from storefront.catalog.models import Product
from storefront.kit.db import db, transaction
from storefront.taxes.models import TaxCategory

from counter import comes_in, trail
from purchases import ADDRESS


@pytest.fixture
def carol(play):
    """The owner, in a shop with a mug and a towel, and two categories of tax."""
    play.shelves(mug=3, tea_towel=5)
    with transaction():
        db.session.add(TaxCategory(code="books", name="Books and papers"))
    return comes_in(play)


def opens(visitor, play, name="mug"):
    """The page of the product of a variant."""
    return visitor.get(f"/admin/products/{play.variant(name).product_id}")


def tax_of(variant):
    """The code of its category."""
    return db.session.scalar(select(TaxCategory.code).filter_by(id=variant.tax_category_id))


def test_a_book_to_download_is_made_by_hand(play, carol):
    """A new product may be taxed otherwise and be nothing to send; the shopper is asked for no way of sending."""
    carol.get("/admin/products/new")
    answers = {"Title": "Clay at home", "Price": "9", "SKU": "EBOOK", "On hand": "50", "Show it in the shop": True}
    page = carol.press("Make product", {**answers, "Tax category": "books", "ships": False})
    assert page.steps == [303, 200]
    variant = play.variant("ebook")
    assert (tax_of(variant), variant.requires_shipping, variant.hold_minutes) == ("books", False, 5)
    anna = play.visitor("anna")
    anna.get("/products/clay-at-home")
    anna.press("Add to cart")
    anna.get("/checkout/address")
    page = anna.press("Continue", ADDRESS)
    assert page.path == "/checkout/payment", page.text[:300]


def test_new_goods_are_what_they_were(play, carol):
    """Nobody has to choose: taxed as standard, sent, set aside when ordered."""
    carol.get("/admin/products/new")
    carol.press("Make product", {"Title": "Lamp", "Price": "9", "SKU": "LAMP"})
    lamp = play.variant("lamp")
    assert (tax_of(lamp), lamp.requires_shipping, lamp.stock_policy) == ("standard", True, "reserve_on_confirm")


def test_tax_and_sending_of_what_is_there(play, carol):
    """Both are changed in the row of the variant, and the trail says so; one variant more is like the first."""
    opens(carol, play)
    page = carol.press("Save product", {"tax-0": "books", "ships-0": False})
    assert page.steps == [303, 200] and page.has("Saved.")
    mug = play.variant("mug")
    assert (tax_of(mug), mug.requires_shipping) == ("books", False) and trail()[-1] == "change: product mug"
    names = {"What tells the variants apart": "Form", "Which one is there already": "Paper", "Which one is new": "File"}
    carol.press("Add variant", {**names, "Price": "5", "SKU": "MUG-FILE"})
    second = play.variant("mug_file")
    assert (tax_of(second), second.requires_shipping) == ("books", False)
    opens(carol, play)
    carol.press("Save product", {"Title": "Mug"})
    assert (tax_of(play.variant("mug")), play.variant("mug").requires_shipping) == ("books", False), "stays as it is"
    opens(carol, play)
    carol.press("Save product", {"ships-0": True})
    assert play.variant("mug").requires_shipping and not play.variant("mug_file").requires_shipping


def test_minutes_are_asked_for_goods_that_are_set_aside_in_the_cart(play, carol):
    """Other goods show no such field; bounds hold; the minutes stay while others fields change."""
    page = opens(carol, play)
    assert not page.has("Minutes in the cart")
    page = carol.press("Save product", {"policy-0": "timed_hold"})
    assert page.has("Minutes in the cart") and play.variant("mug").hold_minutes == 5
    carol.press("Save product", {"hold-0": "12"})
    assert play.variant("mug").hold_minutes == 12
    for wrong in ("0", "1441", "x", "", "1.5"):
        opens(carol, play)
        page = carol.press("Save product", {"hold-0": wrong})
        assert page.status == 400 and page.has("Enter a whole number from 1 to 1440"), wrong
    assert play.variant("mug").hold_minutes == 12


def test_a_sku_is_changed(play, carol):
    """The variant stays the same one, with its count and its price; the trail has the old name and the new one."""
    before = play.variant("mug").id
    opens(carol, play)
    page = carol.press("Save product", {"code-0": " CUP-1 "})
    assert page.steps == [303, 200]
    cup = play.variant("cup_1")
    assert cup.id == before and play.on_shelf("cup_1") == 3
    assert play.visitor().get("/products/mug").has("€12.50")
    assert not play.visitor().get("/search?q=MUG").has("There is a problem")


@pytest.mark.parametrize(
    ("answers", "sentence"),
    [
        ({"code-0": ""}, "Enter a SKU of at most 100 letters"),
        ({"code-0": "x" * 101}, "Enter a SKU of at most 100 letters"),
        ({"code-0": "TEA-TOWEL"}, "belongs to the product tea-towel"),
        ({"code-0": "MUG-2"}, "Another variant has the SKU MUG-2"),
        ({"code-0": "NEW", "code-1": "NEW"}, "Another variant has the SKU NEW"),
        ({"code-0": "MUG-2", "code-1": "MUG"}, "Another variant has the SKU"),
        ({"Title for search engines": "x" * 201}, "Shorten this to 200 letters"),
        ({"Description for search engines": "x" * 501}, "Shorten this to 500 letters"),
    ],
)
def test_what_cannot_be_is_refused_at_its_field(play, carol, answers, sentence):
    """400 with the same page, a sentence at the field, and what was typed; nothing is changed."""
    opens(carol, play)
    names = {"What tells the variants apart": "Size", "Which one is there already": "S", "Which one is new": "L"}
    assert carol.press("Add variant", {**names, "Price": "5", "SKU": "MUG-2"}).status == 200
    page = carol.press("Save product", {"Vendor": "What I typed", **answers})
    assert page.status == 400 and page.title.startswith("Error:") and page.has(sentence)
    assert "What I typed" in page.html and page.html.count('aria-invalid="true"') >= 1
    assert play.variant("mug").id and play.variant("mug_2").id and db.session.scalar(select(Product.vendor)) == ""


def test_a_tax_that_there_is_not(play, carol):
    """Neither for what is there nor for what is new."""
    form, _button = opens(carol, play).form("Save product")
    page = carol.post(form.action, {**dict(form.values()), "tax-0": "nonsense"})
    assert page.status == 400 and page.has("Choose how it is taxed")
    form, _button = carol.get("/admin/products/new").form("Make product")
    page = carol.post("/admin/products/new", {**dict(form.values()), "title": "A", "price": "1", "tax": "nonsense"})
    assert page.status == 400 and page.has("Choose how it is taxed") and tax_of(play.variant("mug")) == "standard"


def test_a_page_that_was_open_before_there_were_these_fields(play, carol):
    """What it does not send stays as it is."""
    opens(carol, play)
    carol.press("Save product", {"tax-0": "books", "ships-0": False, "Title for search engines": "Cups of clay"})
    form, _button = opens(carol, play).form("Save product")
    old = {name: text for name, text in form.values() if name.split("-")[0] not in ("tax", "ships", "code", "seo")}
    assert carol.post(form.action, {**old, "title": "Old page"}).has("Saved.")
    mug = play.variant("mug")
    assert (tax_of(mug), mug.requires_shipping, mug.sku) == ("books", False, "MUG")
    assert db.session.scalar(select(Product.seo_title).filter_by(id=mug.product_id)) == "Cups of clay"


def test_what_search_engines_are_told(play, carol):
    """A title and a description of their own; without them those of the product."""
    opens(carol, play)
    words = {"Title for search engines": "Clay <mugs>", "Description for search engines": "Thrown by hand."}
    carol.press("Save product", words)
    page = play.visitor().get("/products/mug")
    assert page.title == "Clay <mugs> · The Test Shop" and page.heading == "Mug"
    assert '<meta name="description" content="Thrown by hand."' in page.html
    opens(carol, play)
    carol.press("Save product", {"Title for search engines": "", "Description for search engines": ""})
    assert play.visitor().get("/products/mug").title == "Mug · The Test Shop"


def test_a_gift_certificate_is_neither_taxed_nor_sent(play, carol):
    """Whatever else is chosen in its row."""
    opens(carol, play)
    carol.press("Save product", {"gift-0": True, "tax-0": "books", "ships-0": True})
    mug = play.variant("mug")
    assert (tax_of(mug), mug.requires_shipping, mug.gift_certificate) == ("zero", False, True)
    assert opens(carol, play).status == 200 and carol.press("Save product").has("Saved.")
