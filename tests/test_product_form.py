"""The form on a product's page: what cannot be taken brings the same page back, and no variant is promised in vain."""

import pytest

from storefront import catalog, stock
from storefront.catalog.drafts import ProductDraft, VariantDraft
from storefront.kit.db import db, transaction

LONG = "x" * 501
INK, SAND, RUST = "APR-INK", "APR-SAND", "APR-RUST"


@pytest.fixture
def alice(play):
    """Alice before an apron in three colours, of which the first is sold out."""
    play.shop(line_notes=True)
    counts = {INK: 0, SAND: 5, RUST: 5}
    goods = [
        VariantDraft(
            sku,
            options={"Colour": sku[4:].capitalize()},
            price_minor=3900,
            on_hand=count,
            tax_category="standard",
            weight_g=300,
        )
        for sku, count in counts.items()
    ]
    with transaction():
        catalog.save([ProductDraft("apron", "Apron", "<p>An apron.</p>", variants=goods)], actor="stage")
    return play.visitor("alice")


def chosen(page):
    """The SKU that the radio buttons of the page have chosen, or None."""
    form, _ = page.form("Add to cart")
    return next((one.value for one in form.controls if one.name == "sku" and one.checked), None)


def said_at(page, field):
    """Whether the page is the product's own, with the problem in its summary and at this field."""
    assert page.heading == "Apron" and page.title.startswith("Error: ") and page.has("There is a problem")
    return f'href="#{field}"' in page.html and f'id="{field}-error"' in page.html


@pytest.mark.parametrize("typed", ["two", "0", "-1", "1.5"])
def test_a_quantity_that_is_none_brings_the_page_back(play, alice, typed):
    """400 with the product's page: the sentence at the field, the variant, the quantity and the note as typed.

    CRT-01.
    """
    alice.get("/products/apron")
    page = alice.press("Add to cart", sku=RUST, quantity=typed, note="For Ann")
    assert page.status == 400 and said_at(page, "quantity") and page.has("Enter a whole number from 1 up.")
    assert chosen(page) == RUST
    assert f'value="{typed}"' in page.html and ">For Ann</textarea>" in page.html
    page = alice.press("Add to cart", quantity="2")
    assert page.path == "/cart" and page.has("Apron") and page.has("For Ann") and page.has("Rust")


def test_a_note_that_is_too_long_is_kept_and_told(play, alice):
    """Nothing of it is cut: the page says how much may stand, and has every letter still. CRT-13."""
    assert "maxlength" not in alice.get("/products/apron").html
    page = alice.press("Add to cart", sku=SAND, note=LONG)
    assert page.status == 400 and said_at(page, "note") and page.has("Write at most 500 letters.")
    assert LONG in page.html and chosen(page) == SAND
    page = alice.press("Add to cart", quantity="two")
    assert said_at(page, "note") and said_at(page, "quantity")


def test_nothing_chosen_says_so_at_the_choice(play, alice):
    """Somebody who came for the colour that is gone has none chosen; the answer is the page. CRT-01."""
    page = alice.get(f"/products/apron?sku={INK}")
    assert chosen(page) is None
    page = alice.press("Add to cart", quantity="3")
    assert page.status == 409 and said_at(page, "sku") and page.has("Choose what you would like first.")
    assert chosen(page) is None and 'value="3"' in page.html
    page = alice.press("Add to cart", sku=SAND)
    assert page.path == "/cart" and play.in_cart(alice) == {"Apron (Sand)": 3}


def test_a_cart_that_is_full_is_told_on_the_page(play, alice):
    """A refusal that no field is to blame for stands in the summary of the product's page, with 409. CRT-01."""
    play.shop(max_lines=1)
    alice.get("/products/apron")
    alice.press("Add to cart", sku=SAND)
    alice.get("/products/apron")
    page = alice.press("Add to cart", sku=RUST, quantity="2")
    assert page.status == 409 and page.heading == "Apron" and page.has("Your cart is full")
    assert chosen(page) == RUST and 'value="2"' in page.html


def test_a_form_that_names_no_product_is_refused_plainly(play, alice):
    """What no page of ours sends has no page to come back to, and changes nothing. CRT-01."""
    alice.get("/products/apron")
    for fields, status in (({}, 409), ({"quantity": "two"}, 400), ({"sku": "NOTHING", "quantity": "two"}, 400)):
        assert alice.post("/cart/lines", fields).status == status
    assert alice.post("/cart/lines", {"product": "nothing"}).status == 404
    assert alice.post("/cart/lines", {"sku": SAND, "quantity": "two"}).heading == "Apron"
    assert play.in_cart(alice) == {}


def test_a_variant_that_is_sold_out_is_promised_to_nobody(play, alice):
    """Its page names it as sold out and gives no day for it; without a SKU the first to be had is chosen. CAT-10."""
    page = alice.get(f"/products/apron?sku={INK}")
    assert page.has("Ink: Sold out") and not page.has("with you by")
    page = alice.get("/products/apron")
    assert chosen(page) == SAND and not page.has("Ink: Sold out")
    for sku in (SAND, RUST):
        with transaction():
            stock.set_on_hand(_variant(sku), 0, cause="adjust", actor="otto")
    page = alice.get("/products/apron")
    assert page.has("Sold out") and "Add to cart" not in page.text


def _variant(sku):
    db.session.rollback()
    return catalog.offer_of(sku, "EUR").variant_id
