"""VAT numbers are checked by their form and kept; a business of another country of the union accounts for the tax.

PRM-12, INV-09, INV-12, ERR-09, CNF-15.
"""

import pytest
from sqlalchemy import select

from storefront import cart, taxes
from storefront.cart.models import Cart
from storefront.kit.db import db, transaction
from storefront.kit.errors import Invalid
from storefront.orders.models import Order
from storefront.taxes.models import TaxDocument
from test_taxes import basket, open_shop, place_rates, rate

import stage

GERMAN, IRISH, LATVIAN, BRITISH, GREEK = "DE136695976", "IE6433435F", "LV40003521600", "GB980780684", "EL094259216"
SENTENCE = "Reverse charge: the VAT is due from the recipient (articles 194 and 196 of Directive 2006/112/EC)."
ON = {"reverse_charge": True}


@pytest.mark.parametrize(
    ("typed", "country", "kept"),
    [
        ("DE136695976", "", GERMAN),
        (" de 136-695.976 ", "", GERMAN),
        ("136695976", "DE", GERMAN),
        ("EL 094259216", "", GREEK),
        ("GR094259216", "", GREEK),
        ("094259216", "GR", GREEK),
        ("NL4495445B01", "", "NL004495445B01"),
        ("XI980780684", "", "XI980780684"),
        ("GB 980 7806 84", "", BRITISH),
        ("CHE-107.787.577 IVA", "", "CHE107787577IVA"),
        ("", "DE", ""),
        (" - ", "DE", ""),
    ],
)
def test_numbers_are_kept_in_one_form(context, typed, country, kept):
    """However it is typed, it is kept with its country's letters and nothing else."""
    assert taxes.vat_number(typed, country) == kept


@pytest.mark.parametrize(
    "typed",
    ["DE136695977", "136695976", "DE", "US123456789", "con12", "nul", "DE" + "1" * 5000, "\0\ud800DE", "١٢٣٤٥٦٧٨٩"],
)
def test_what_is_no_number_is_refused(context, typed):
    """A wrong check digit, no country, no number at all: a sentence that says what to do. CNF-15."""
    with pytest.raises(Invalid) as refused:
        taxes.vat_number(typed)
    assert "DE136695976" in refused.value.fields["vat_number"][0]


# shop's rules, number, where it goes, then: the price of one, its tax, whether the sentence stands there
CASES = {
    "a business of another member": (ON, GERMAN, "DE", 10000, 0, True),
    "sent to a third member": (ON, GERMAN, "FR", 10000, 0, True),
    "no number": (ON, "", "DE", 11900, 1900, False),
    "a number of the shop's own country": (ON, LATVIAN, "DE", 11900, 1900, False),
    "sent within the shop's own country": (ON, GERMAN, "LV", 11900, 2065, False),  # 119 × 21 / 121 = 20.652…
    "a number from outside the union": (ON, BRITISH, "DE", 11900, 1900, False),
    "sent outside of the union": (ON, GERMAN, "GB", 11900, 0, False),
    "the rule is off": ({}, GERMAN, "DE", 11900, 1900, False),
    "not a member of this union": ({**ON, "union": ["LV", "LT", "EE"]}, GERMAN, "DE", 11900, 1900, False),
    "the shop is not a member": ({**ON, "union": ["DE", "FR"]}, GERMAN, "DE", 11900, 1900, False),
    # the net of home is kept: 119.00 × 100 / 121 = 98.347… → 98.35; without the rule 98.347… × 1.19 = 117.03…
    "the net of home": ({**ON, "abroad": "net"}, GERMAN, "DE", 9835, 0, True),
    "the net of home, with tax": ({**ON, "abroad": "net"}, "", "DE", 11703, 1869, False),
}


@pytest.mark.parametrize("name", CASES)
def test_who_accounts_for_the_tax(play, name):
    """PRM-12: the rule holds for a business of another member, never at home, and is data. INV-09."""
    rules, number, country, price, tax, exempt = CASES[name]
    with transaction():
        open_shop("LV", "EUR", [rate("VAT", "21", inclusive=True)], 0, tax_rules=rules)
        place_rates([rate("MwSt", "19", inclusive=True)], countries=["DE"])
        place_rates([rate("TVA", "19", inclusive=True)], countries=["FR"])
        stage.put_on_shelf("desk", 9, price=11900)
    custom = {"vat_number": number} if number else {}
    quote = cart.quote(basket([("DESK", 1)], {"country": country}, **custom))
    assert (quote.lines[0].unit_minor, quote.tax_minor) == (price, tax)
    assert (quote.tax_note == SENTENCE) == exempt and bool(quote.tax_rows) == bool(tax)
    assert quote.total_minor == price


@pytest.fixture
def union(play):
    """A shop in Ireland that sells to Germany by the rule; and one who wants two mugs."""
    play.shelves(mug=9)
    play.shop(tax_rules=ON)
    shopper = play.visitor("berta")
    play.fill_cart(shopper, mug=2)
    shopper.get("/checkout/address")
    return play, shopper


ADDRESS = {
    "Email": "berta@example.de",
    "Full name": "Berta Braun",
    "Address": "Unter den Linden 1",
    "City": "Berlin",
    "Postcode": "10117",
    "Country": "DE",
}


def test_a_business_buys_without_tax(union):
    """Typed at checkout, shown on the preview, kept with the order, told on its page and in the letter. INV-12."""
    play, berta = union
    berta.press("Update the form", {"Country": "DE"})
    page = berta.press("Continue to shipping", {**ADDRESS, "VAT number": "de 136 695 976"})
    assert page.path == "/checkout/shipping" and page.has("€4.08")  # 4.90 without 20 %
    berta.press("Continue to payment")
    page = berta.press("Review order")
    assert page.has(SENTENCE) and page.has(f"Your VAT number: {GERMAN}")
    assert page.has("€10.42") or page.has("€20.84")  # 12.50 × 100 / 120 = 10.4166… → 10.42
    placed = play.confirm(berta)
    order = placed.order
    assert (order.goods_minor, order.shipping_minor, order.tax_minor, order.total_minor) == (2084, 408, 0, 2492)
    assert order.custom["vat_number"] == GERMAN
    document = db.session.scalars(select(TaxDocument)).one()
    assert (document.lines, document.note, document.status) == ([], SENTENCE, "COMMITTED")
    berta.press("Continue to payment page")
    berta.press("Pay")
    play.run("deliver_events")
    page = berta.get(f"/orders/{order.key}")
    assert page.has(SENTENCE) and page.has(GERMAN)
    letter = next(mail for mail in play.mails() if "paid" in mail["Subject"])
    for part in ("plain", "html"):
        words = " ".join(letter.get_body((part,)).get_content().split())
        assert SENTENCE in words and GERMAN in words
    play.shop(tax_rules={})  # the order keeps what it says
    assert berta.get(f"/orders/{order.key}").has(SENTENCE)


def test_a_wrong_number_is_told_at_its_field(union):
    """ERR-09, CNF-15: 400 with the same page, everything typed is still there, nothing is kept."""
    play, berta = union
    berta.press("Update the form", {"Country": "DE"})
    page = berta.press("Continue to shipping", {**ADDRESS, "VAT number": "DE136695977"})
    assert page.status == 400 and page.has("Enter the VAT number with the letters of its country")
    assert 'value="DE136695977"' in page.html and 'aria-invalid="true"' in page.html and "Berta Braun" in page.html
    assert db.session.scalars(select(Cart)).one().custom == {}
    page = berta.press("Continue to shipping", {"VAT number": ""})
    assert page.path == "/checkout/shipping" and db.session.scalars(select(Cart)).one().custom == {}


def test_a_number_that_is_taken_back_brings_the_tax_back(union):
    """CNF-18: another number is another quote; what was shown with it cannot be confirmed any more."""
    play, berta = union
    berta.press("Update the form", {"Country": "DE"})
    berta.press("Continue to shipping", {**ADDRESS, "VAT number": GERMAN})
    berta.press("Continue to payment")
    berta.press("Review order")
    tab = play.tab(berta)
    tab.get("/checkout/address")
    tab.press("Continue to shipping", {"VAT number": ""})
    page = berta.press("Confirm and pay")
    assert page.status == 409 and not page.has(SENTENCE)
    assert db.session.scalars(select(Order)).all() == []
    play.look_again()
    assert cart.quote(db.session.scalars(select(Cart)).one()).tax_minor > 0


def test_nobody_is_asked_where_it_changes_nothing(play):
    """The field is there only while the rule is on and the shop is in the union."""
    play.shelves(mug=9)
    shopper = play.visitor()
    play.fill_cart(shopper, mug=1)
    assert "VAT number" not in shopper.get("/checkout/address").text
    play.shop(tax_rules={**ON, "union": ["DE", "FR"]})
    assert "VAT number" not in shopper.get("/checkout/address").text
    play.shop(tax_rules=ON)
    assert "VAT number" in shopper.get("/checkout/address").text
