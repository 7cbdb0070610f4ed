"""Files of tax rates: read as they come, imported without doubling, with a reason for each refused row, and undone.

PRM-12 (rates by region and category), ROL-03.
"""

from pathlib import Path

import pytest
from sqlalchemy import func, select

from storefront import taxes
from storefront.kit import clock
from storefront.kit.db import db, transaction
from storefront.kit.errors import Conflict, Invalid, NotFound
from storefront.shipping.models import ShippingRegion
from storefront.taxes import lookup
from storefront.taxes.models import TaxCategory, TaxImport, TaxRate

from counter import CLERK, comes_in, trail
from purchases import at_once

FILE = Path(__file__).parent / "data" / "tax-rates.csv"
HEAD = "Country Code,State Code,ZIP/Postcode,City,Rate %,Tax Name,Priority,Compound,Shipping,Tax Class\n"


def bring(text, name="rates.csv"):
    """Import a file's text."""
    with transaction():
        return taxes.import_rates(taxes.read_file(name, text.encode()), actor="me")


def kept():
    """Every rate of the shop by what makes it itself, without ids."""
    db.session.expire_all()
    query = select(TaxRate, ShippingRegion, TaxCategory.code).join(TaxRate.region).join(TaxRate.category)
    return {
        (region.name, code, rate.priority): (rate.name, rate.rate_ppm, rate.compound, rate.applies_to_shipping)
        for rate, region, code in db.session.execute(query)
    }


def counted(model):
    """How many rows."""
    return db.session.scalar(select(func.count()).select_from(model))


def last():
    """The number of the latest import."""
    return db.session.scalar(select(func.max(TaxImport.id)))


@pytest.fixture
def empty(play):
    """An open shop without any rate."""
    play.shop()
    with transaction():
        db.session.delete(db.session.scalars(select(TaxRate)).one())
    return play


def test_the_sample_of_woocommerce_comes_in_whole(empty):
    """Every row as it is meant: classes become categories, `*` is all of it, a postcode that none has is left out."""
    reading = taxes.read_file(FILE.name, FILE.read_bytes())
    assert [str(row) for row in reading.notes] == [
        "line 6: ‘123456’ is no whole postcode of United States: write 123456* for all that begin so."
    ]
    with transaction():
        outcome = taxes.import_rates(reading, actor="me")
    assert (outcome.counts["new"], outcome.refused) == (5, [])
    assert kept() == {
        ("GB", "standard", 1): ("VAT", 200_000, True, True),
        ("GB", "reduced", 1): ("VAT", 50_000, True, True),
        ("GB", "zero", 1): ("VAT", 0, True, True),
        ("US", "standard", 1): ("US", 100_000, True, True),
        ("US, AL, 12345", "standard", 2): ("US AL", 20_000, True, True),
    }
    alabama = {"country": "US", "subdivision": "AL", "postcode": "12345-6789"}
    standard = db.session.scalars(select(TaxCategory.id).filter_by(code="standard")).one()
    assert [one.name for one in lookup.rates_at(alabama)[0][standard]] == ["US", "US AL"]
    assert db.session.scalars(select(TaxRate.inclusive).distinct()).all() == [True]


def test_again_changes_nothing_and_another_file_what_differs(empty):
    """Repeatable: the same file twice is one set of rates; a newer one changes rates in their places."""
    first = HEAD + "IE,*,*,*,23,VAT,1,0,1,\nIE,*,*,*,9,VAT,1,0,1,reduced-rate\n"
    assert bring(first).counts == {"new": 2}
    again = bring(first)
    assert (again.counts, again.import_id, counted(TaxImport)) == ({"same": 2}, None, 1)
    ids = set(db.session.scalars(select(TaxRate.id)))
    newer = bring(first.replace(",23,VAT", ",21.5,VAT new"))
    assert newer.counts == {"changed": 1, "same": 1}
    assert kept()["IE", "standard", 1] == ("VAT new", 215_000, False, True)
    assert set(db.session.scalars(select(TaxRate.id))) == ids and counted(ShippingRegion) == 2


def test_what_the_merchant_has_set_beside_it_stays(empty):
    """No file says whether prices include a rate: new ones follow the shop, known ones stay as they were set."""
    empty.shop(tax_rules={"prices": "net"})
    bring(HEAD + "IE,*,*,*,23,VAT,1,0,1,\n")
    rate = db.session.scalars(select(TaxRate)).one()
    assert rate.inclusive is False
    with transaction():
        rate.inclusive = True
    bring(HEAD + "IE,*,*,*,24,VAT,1,0,1,\n")
    assert (rate.rate_ppm, rate.inclusive) == (240_000, True)


REFUSED = {
    "XX,*,*,*,10,T,1,0,1,": "There is no country with the code XX",
    "US,ZZ,*,*,10,T,1,0,1,": "There is no state ZZ in United States",
    "GB,KT,*,*,10,T,1,0,1,": "There is no state KT in United Kingdom",
    "*,NY,*,*,10,T,1,0,1,": "Name the country: states, postcodes and cities are those of one country",
    "US,*,123456,*,10,T,1,0,1,": "‘123456’ is no whole postcode of United States: write 123456* for all that begin so.",
    "US,*,9…,*,10,T,1,0,1,": "‘9…’ is no pattern: write 1011, 1011*, 1000-1999 or !1099.",
    "US,*,*,*,ten,T,1,0,1,": "‘ten’ is no percentage: write a number like 8.875",
    "US,*,*,*,-5,T,1,0,1,": "‘-5’ is no percentage: write a number like 8.875",
    "US,*,*,*,nan,T,1,0,1,": "‘nan’ is no percentage: write a number like 8.875",
    "US,*,*,*,100.1,T,1,0,1,": "‘100.1’ is more than 100 percent",
    "US,*,*,*,1.00001,T,1,0,1,": "‘1.00001’ has more than four decimals",
    "US,*,*,*,,T,1,0,1,": "‘’ is no percentage: write a number like 8.875",
    "US,*,*,*,10,T,0,0,1,": "‘0’ is no priority: write a whole number from 1 to 100",
    "US,*,*,*,10,T,first,0,1,": "‘first’ is no priority: write a whole number from 1 to 100",
    "US,*,*,*,10,T,1,maybe,1,": "‘maybe’ under Compound: write 1 or 0",
    "US,*,*,*,10," + "T" * 61 + ",1,0,1,": "the name of the tax is longer than 60 letters",
    "US,*,*,*,10,T,1,0,1,,,oops": "there are more cells than headings: a separator or quotation mark is wrong",
}


@pytest.mark.parametrize("row", REFUSED)
def test_a_row_that_cannot_be_taken_says_why(empty, row):
    """Each refused row is named by its line with the reason; the others come in."""
    outcome = bring(HEAD + "IE,*,*,*,23,VAT,1,0,1,\n" + row + "\nDE,*,*,*,19,MwSt,1,0,1,\n")
    assert [str(one) for one in outcome.refused] == [f"line 3: {REFUSED[row]}"]
    assert {place for place, _code, _priority in kept()} == {"IE", "DE"}
    report = db.session.scalars(select(TaxImport)).one()
    assert (report.refused, report.report[0]["line"], report.report[0]["reason"]) == (1, 3, REFUSED[row])


def test_the_same_rate_twice_in_one_file_is_refused_once(empty):
    """Of two rows for one place, category and priority the first is taken, however the place is written."""
    outcome = bring(HEAD + "US,NY,10001;10002,,4,A,1,0,1,\nUS,New York,10002; 10001,*,5,B,1,0,1,Standard\n")
    assert [str(one) for one in outcome.refused] == ["line 3: the same place, category and priority as line 2"]
    assert [name for name, *_rest in kept().values()] == ["A"]


def test_files_are_known_by_their_headings(empty):
    """Other names, another order, semicolons and a mark at the beginning do not matter; other tables are refused."""
    text = "\ufeffState;Postcode;Rate;Country;Name\nON;;13;CA;HST\n;;5,0;ca;GST\n"
    assert bring(text).counts == {"new": 2}
    assert kept()["CA, ON", "standard", 1] == ("HST", 130_000, False, True)
    for bad in ("Handle,Title\nx,y\n", "", "\n\n", "Country Code\nUS\n"):
        with pytest.raises(Invalid):
            taxes.read_file("x.csv", bad.encode())
    with pytest.raises(Invalid):
        taxes.read_file("x.csv", b"PK\x03\x04\0\0")


def test_undoing_takes_back_the_import_and_nothing_else(empty):
    """New rates and places go, changed ones are as they were; what somebody changed since stays, and is said."""
    bring(HEAD + "IE,*,*,*,23,VAT,1,0,1,\n")
    before = kept()
    text = (
        HEAD + "IE,*,*,*,25,VAT,1,0,1,\nDE,*,*,*,19,MwSt,1,0,1,\nFR,*,*,*,20,TVA,1,0,1,\nUS,NY,10001,,4,T,1,0,1,lux\n"
    )
    outcome = bring(text)
    with transaction():
        db.session.scalars(select(TaxRate).filter_by(name="MwSt")).one().rate_ppm = 160_000
    with transaction():
        undone = taxes.undo(outcome.import_id, actor="me")
    assert (undone.removed, undone.restored, undone.kept) == (2, 1, ["MwSt was changed since and stays"])
    assert kept() == before | {("DE", "standard", 1): ("MwSt", 160_000, False, True)}
    names = set(db.session.scalars(select(ShippingRegion.name)))
    assert names == {"Europe", "IE", "DE"}
    with pytest.raises(Conflict), transaction():
        taxes.undo(outcome.import_id, actor="me")
    with transaction():
        assert taxes.undo(actor="me").removed == 1  # the first import, which still stands
    with pytest.raises(NotFound), transaction():
        taxes.undo(actor="me")


def test_two_imports_at_once_double_nothing(empty):
    """Two of the staff, the same file, the same moment: one set of rates."""
    app = empty.app

    def bring_it():
        with app.app_context():
            return bring(HEAD + "".join(f"US,NY,{10001 + at},,4,T,1,0,1,\n" for at in range(30))).counts["new"]

    assert sorted(at_once(bring_it, bring_it)) == [0, 30]
    assert counted(TaxRate) == 30 and counted(ShippingRegion) == 31


def test_a_rate_that_is_over_is_not_brought_back(empty):
    """A rate with a last day stays as it was; the file makes the one that counts now."""
    bring(HEAD + "IE,*,*,*,23,VAT,1,0,1,\n")
    with transaction():
        db.session.scalars(select(TaxRate)).one().valid_to = clock.now()
    assert bring(HEAD + "IE,*,*,*,25,VAT,1,0,1,\n").counts == {"new": 1}
    assert sorted(db.session.scalars(select(TaxRate.rate_ppm))) == [230_000, 250_000]


def test_the_command_line(empty, tmp_path):
    """flask taxes import, with and without --dry-run, imports and undo."""
    run = empty.app.test_cli_runner().invoke
    file = tmp_path / "rates.csv"
    file.write_text(HEAD + "IE,*,*,*,23,VAT,1,0,1,\nXX,*,*,*,10,T,1,0,1,\nUS,*,12345;1,*,1,T,1,0,1,\n")
    said = run(args=["taxes", "import", str(file), "--dry-run"]).output
    assert "new      IE: VAT 230000 ppm, standard" in said and "line 3: There is no country" in said
    assert "line 4: ‘1’ is no whole postcode" in said and "Nothing was changed" in said and counted(TaxRate) == 0
    said = run(args=["taxes", "import", str(file)]).output
    assert "Rates: 2 new, 0 changed, 0 unchanged; 1 refused." in said and f"flask taxes undo {last()}" in said
    assert "rates.csv: 2 new, 0 changed, 1 refused, by command line" in run(args=["taxes", "imports"]).output
    file.write_text(file.read_text().replace(",23,", ",24,"))
    assert "IE: VAT rate_ppm 230000 → 240000" in run(args=["taxes", "import", str(file), "--dry-run"]).output
    assert "2 rates removed, 0 restored" in run(args=["taxes", "undo"]).output
    again = run(args=["taxes", "undo", str(last())])
    assert again.exit_code == 1 and "undone already" in again.output and "Traceback" not in again.output
    assert run(args=["taxes", "import", str(FILE.parent / "shopify.csv")]).exit_code == 1


def test_the_owner_uploads_looks_imports_and_undoes(empty):
    """In the admin: what would change is shown first, then done, then taken back; each is in the trail."""
    carol = comes_in(empty)
    carol.get("/admin/taxes/import")
    data = HEAD + "IE,*,*,*,23,VAT,1,0,1,\n<b>,*,*,*,10,T,1,0,1,\n"
    token = {"csrf_token": carol.csrf_token()}
    page = carol.post(
        "/admin/taxes/import", token, csrf=False, files={"file": ("rates.csv", data.encode(), "text/csv")}
    )
    assert page.status == 200 and page.has("Nothing is changed yet") and page.has("line 3: There is no country")
    assert counted(TaxRate) == 0
    page = carol.press("Import 1 new and 0 changed")
    assert page.steps == [303, 200] and page.has("rates.csv: 1 rates new, 0 changed, 1 rows refused")
    assert list(kept()) == [("IE", "standard", 1)]
    page = carol.press(f"Undo import {last()}")
    assert page.steps == [303, 200] and page.has("1 rates removed") and kept() == {}
    assert trail()[-2:] == [f"import: tax import {last()}", f"undo import: tax import {last()}"]
    page = carol.post(f"/admin/taxes/import/{last()}/undo")
    assert page.status == 409 and page.has("was undone already")
    for name, wrong in (("none", {}), ("other", {"file": ("x.csv", b"a,b\n1,2\n", "text/csv")})):
        assert carol.post("/admin/taxes/import", token, csrf=False, files=wrong or None).status == 400, name
    assert carol.post("/admin/taxes/import/do", {"file": "forged"}).status == 400


def test_staff_do_not_touch_taxes(empty):
    """ROL-03, ROL-04: taxes are the owner's; staff see neither the menu entry nor the pages."""
    henry = comes_in(empty, CLERK, "staff")
    assert "Taxes" not in henry.page.text
    for path in (
        "/admin/taxes",
        "/admin/taxes/new",
        "/admin/taxes/import",
        "/admin/taxes/try",
        "/admin/taxes/categories",
    ):
        assert henry.get(path).status == 403
