"""Taxes behind the counter: rates, categories, the shop's rules, what an address would pay; overlaps are told.

PRM-12, ROL-03, AUD-05, CAT-05.
"""

import pytest
from sqlalchemy import event, select
from sqlalchemy.engine import Engine

from storefront import taxes
from storefront.admin import audit
from storefront.kit.db import db, transaction
from storefront.shipping.models import ShippingRegion
from storefront.store.models import Store
from storefront.taxes import lookup
from storefront.taxes.models import TaxCategory, TaxRate

from counter import comes_in, trail

RATE = {"Name of the tax": "VAT", "Rate in percent": "23", "Country": "IE"}


@pytest.fixture
def carol(play):
    """The owner, in a shop with a mug and 20 % in every price of Europe."""
    play.shelves(mug=9)
    return comes_in(play)


def rates():
    """The rates in the order in which they were made."""
    db.session.expire_all()
    return list(db.session.scalars(select(TaxRate).order_by(TaxRate.id)))


def new(carol, **answers):
    """A rate typed in and saved; gives the page behind it."""
    carol.get("/admin/taxes/new")
    return carol.press("Save rate", {**RATE, **answers})


def test_a_rate_is_made_changed_and_removed(carol):
    """PRM-12, AUD-05: by hand, with a place of its own; each change is in the trail with what was before."""
    page = new(carol, **{"Name of the tax": "Sales tax", "Rate in percent": "8.875", "Country": "US"})
    assert page.steps == [303, 200] and page.has("Saved.")
    number = rates()[-1].id
    answers = {"State or region": "New York", "Postcodes": "10001\n100*", "Cities": "New York", "Priority": "2"}
    page = carol.press("Save rate", {**answers, "Last day": "2030-12-31", "Rate in percent": "8,5 %"})
    assert page.path == f"/admin/taxes/{number}" and page.steps == [303, 200]
    rate = rates()[-1]
    bounds = rate.region
    assert (rate.rate_ppm, rate.priority, rate.inclusive, rate.id) == (85_000, 2, True, number)
    assert (bounds.countries, bounds.subdivisions, bounds.cities) == (["US"], ["NY"], ["New York"])
    assert (bounds.postcodes, bounds.taxes_only) == (["100*", "10001"], True)
    assert str(rate.valid_to) == "2031-01-01 00:00:00+00:00"  # the end of the day, by the clocks of Dublin
    assert db.session.scalars(select(ShippingRegion.name).order_by("id")).all() == ["Europe", bounds.name]
    page = carol.again()
    for text in ('value="8.5"', 'value="2030-12-31"', "100*"):
        assert text in page.html
    entry = audit.trail(most=1)[0]
    assert (entry.before["rate_ppm"], entry.after["rate_ppm"]) == (88750, 85000)
    assert entry.after["place"] == "US, NY, 100*, 10001, New York"
    carol.click("Remove this rate")
    assert carol.page.has("Orders keep what they were taxed") and len(rates()) == 2
    page = carol.press("Remove rate")
    assert page.steps == [303, 200] and len(rates()) == 1
    assert trail()[-1].startswith("remove: tax rate Sales tax") and audit.trail(most=1)[0].before["rate_ppm"] == 85000
    assert db.session.scalars(select(ShippingRegion.name)).all() == ["Europe"]
    assert carol.get(f"/admin/taxes/{number}").status == 404


WRONG = {
    "no name": ({"Name of the tax": " "}, "Enter a name"),
    "more than all": ({"Rate in percent": "100.5"}, "more than 100 percent"),
    "less than nothing": ({"Rate in percent": "-1"}, "is no percentage"),
    "no number": ({"Rate in percent": "NaN"}, "is no percentage"),
    "five decimals": ({"Rate in percent": "1.00001"}, "more than four decimals"),
    "no state of it": ({"Country": "US", "State or region": "Bavaria"}, "There is no state Bavaria"),
    "no postcode of it": ({"Country": "US", "Postcodes": "K1A 0B1"}, "is no whole postcode"),
    "a postcode of nowhere": ({"Country": "", "Postcodes": "1000"}, "Name the country"),
    "no priority": ({"Priority": "0"}, "Enter a whole number from 1 to 100"),
    "no day": ({"First day": "31.12.2026"}, "Not a valid date value."),
    "no such year": ({"First day": "0001-01-01"}, "Enter a day like"),
    "the wrong way round": ({"First day": "2026-02-01", "Last day": "2026-01-01"}, "not before the first"),
    "no such place": ({"Place": "999"}, "Not a valid choice"),
    "no such category": ({"Category of goods": "999"}, "Not a valid choice"),
}


@pytest.mark.parametrize("name", WRONG)
def test_what_cannot_be_is_refused_at_its_field(carol, name):
    """Bad input: 400, the sentence at the field, what was typed is still there, nothing is kept."""
    answers, sentence = WRONG[name]
    page = new(carol, **answers)
    assert page.status == 400 and sentence in page.text, page.text[:800]
    assert len(rates()) == 1 and page.title.startswith("Error: ")


def test_a_region_of_shipping_is_a_place(carol):
    """A rate may be for one of the regions that things are sent to."""
    europe = db.session.scalars(select(ShippingRegion)).one()
    page = new(carol, Place=str(europe.id), Priority="2")
    assert page.steps == [303, 200] and [one.region_id for one in rates()] == [europe.id] * 2


def test_overlaps_are_told(carol):
    """Two rates for one place with one priority: which counts is said when it is saved, and that is what counts."""
    page = new(carol)
    said = "VAT 23 % (IE) and VAT 20 % (Europe) are for the same goods with the same priority"
    assert said in page.text and "only VAT 23 % (IE) is" in page.text
    page = new(carol, **{"Rate in percent": "25"})
    assert "only VAT 23 % (IE) is" in page.text
    (taxed,) = lookup.rates_at({"country": "IE"})[0].values()
    assert [one.rate_ppm for one in taxed] == [230_000]
    page = new(carol, **{"Rate in percent": "3", "Priority": "2"})
    assert "are for the same goods" not in page.text and page.has("Saved.")
    page = new(carol, Country="US")
    assert "are for the same goods" not in page.text


def test_rates_of_different_days_do_not_overlap(carol):
    """The rate until a day and the one after it are told of as no overlap."""
    new(carol, **{"Country": "US", "Last day": "2030-06-30"})
    page = new(carol, **{"Country": "US", "First day": "2030-07-01", "Rate in percent": "25"})
    assert "are for the same goods" not in page.text


def test_holes_and_contradictions_are_told(carol):
    """A category that has goods but no rate there; a rate on top in a shop with gross prices; taxes of two kinds."""
    with transaction():
        db.session.add(TaxCategory(code="books", name="Books"))
    books = db.session.scalars(select(TaxCategory).filter_by(code="books")).one()
    page = new(carol, **{"Category of goods": str(books.id), "Country": "US", "inclusive": ""})
    assert page.has("There is no rate for Standard rate in US: goods of that category are sold there without tax.")
    page = new(carol, Priority="3", inclusive="")
    assert page.has("are treated alike: like VAT 20 % (Europe), all are inside the price")
    assert page.has("typed with tax, but this rate comes on top")


def test_categories(carol):
    """Made with a code that files know, renamed, removed while nothing uses it. CAT-05."""
    carol.get("/admin/taxes/categories")
    page = carol.press("Add category", {"Name": "Books", "Code": "books"})
    assert page.steps == [303, 200] and page.has("Books")
    assert carol.press("Add category", {"Name": "Other", "Code": "books"}).status == 400
    for code in ("Books", "a b", "", "ü", "x" * 61):
        assert carol.press("Add category", {"Name": "Other", "Code": code}).status == 400, code
    carol.get("/admin/taxes/categories")
    carol.click("Books")
    page = carol.press("Save category", {"Name": "Printed matter"})
    assert page.has("Printed matter") and trail()[-1] == "change: tax category books"
    used = db.session.scalars(select(TaxCategory.id).filter_by(code="standard")).one()
    page = carol.post(f"/admin/taxes/categories/{used}/remove")
    assert page.status == 409 and page.has("There are rates for this category")
    page = carol.press("Remove Printed matter")
    assert page.steps == [303, 200] and db.session.scalars(select(TaxCategory.code)).all() == ["standard"]
    assert carol.post("/admin/taxes/categories/999/remove").status == 404


def test_the_list_is_paged_by_key(carol):
    """With 130 rates: 50 a page, each once, in the order of places, by filters too; a constant number of queries."""
    text = "Country,State,ZIP,Rate,Name\n" + "".join(f"US,NY,{10000 + at},4,Town {at}\n" for at in range(129))
    page, counts = carol.get("/admin/taxes"), []
    with transaction():
        taxes.import_rates(taxes.read_file("x.csv", text.encode()), actor="me")

    def look(address):
        seen = []

        def note(connection, cursor, statement, *rest):
            seen.append(statement)

        event.listen(Engine, "before_cursor_execute", note)
        page = carol.get(address)
        event.remove(Engine, "before_cursor_execute", note)
        counts.append(len(seen))
        return page

    found, address = [], "/admin/taxes?country=US"
    while address:
        page = look(address)
        found += [one.split()[1] for one in page.text.split("US, NY, ")[1:] if one.startswith("1")]
        links = [href for words, href in page.seen.links if words == "Next"]
        address = links[0] if links else ""
    assert len(counts) == 3 and len(set(counts[1:])) == 1
    assert page.has("129 rates")
    assert carol.get("/admin/taxes").has("130 rates") and carol.get("/admin/taxes?country=*").has("1 rate")
    for odd in ("US~ny~1", "~~~", "x", "US~ny~1~" + "9" * 30, "US~ny~-1~2", "\u0662~~1~1"):
        assert carol.get("/admin/taxes", params={"after": odd}).status == 200
    assert carol.get("/admin/taxes?category=999999999999999999999").status == 200


def test_what_an_address_would_pay(carol):
    """The preview computes as the cart does, names each rate, and says what the invoice of a business says."""
    new(carol, **{"Country": "DE", "Rate in percent": "19", "Name of the tax": "MwSt"})
    page = carol.get("/admin/taxes/try?country=DE&amount=119")
    assert page.has("MwSt 19") and page.has("€19.00") and page.has("€119.00")
    carol.get("/admin/settings/taxes")
    carol.press("Save settings", {"reverse_charge": "y"})
    page = carol.get("/admin/taxes/try?country=DE&amount=119&vat_number=136695976")
    assert page.has("Reverse charge") and page.has("€100.00") and not page.has("€19.00")
    for wrong in ("amount=x", "amount=-1", "vat_number=DE1"):
        assert carol.get(f"/admin/taxes/try?country=DE&{wrong}").status == 400
    assert carol.get("/admin/taxes/try?country=XX&subdivision=%22&postcode=%F0%9F%8D%B5").status == 200


def test_the_rules_of_the_shop(carol, play):
    """Prices without tax: every rate follows, the shop says so on its pages; each change is in the trail. AUD-05."""
    assert play.visitor().get("/products/mug").has("VAT included")
    carol.get("/admin/settings/taxes")
    page = carol.press("Save settings", {"prices": "net"})
    assert page.has("Saved.") and [one.inclusive for one in rates()] == [False]
    assert audit.trail(most=1)[0].after["rates that follow"] == 1
    shopper = play.visitor()
    assert shopper.get("/products/mug").has("plus tax")
    page = play.fill_cart(shopper, mug=2)
    assert page.has("€25.00") and page.has("€5.00") and page.has("€30.00")
    carol.get("/admin/settings/taxes")
    page = carol.press("Save settings", {"union": "IE XX"})
    assert page.status == 400 and page.has("There is no country with the code XX")
    page = carol.press("Save settings", {"union": "DE fr", "reverse_charge": "y"})
    assert page.status == 400 and page.has("own country is not among them")
    page = carol.press("Save settings", {"union": "de IE", "sentence": "Steuerschuldnerschaft des Empfängers"})
    assert page.has("Saved.")
    kept = db.session.scalars(select(Store.tax_rules)).one()
    assert kept["union"] == ["DE", "IE"] and kept["sentence"].startswith("Steuerschuld") and kept["prices"] == "net"
