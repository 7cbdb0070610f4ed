"""An import tells what it refused, and is taken back only after a page that says what goes and what stays (ADM-12)."""

import io

import pytest
from PIL import Image
from sqlalchemy import func, select, update

from storefront import catalog
from storefront.catalog.models import CatalogImport, CatalogImportItem, Product, Variant
from storefront.kit.db import db, transaction

from counter import comes_in

HEAD = "Handle,Title,Option1 Name,Option1 Value,Variant SKU,Variant Inventory Qty,Variant Price,Image Src\n"


def line(name, *, title="", price="19.00", sku="", size="", picture=""):
    """A row of a Shopify file."""
    option = f"Size,{size}" if size else "Title,Default Title"
    return f"{name},{title or name.capitalize()},{option},{sku or name.upper()},4,{price},{picture}\n"


@pytest.fixture
def carol(play):
    """The owner, signed in, of a shop with three mugs."""
    play.shelves(mug=3)
    return comes_in(play)


def imports(carol, *lines, **answers):
    """Bring in a file as a merchant does; gives the page with the imports so far."""
    carol.get("/admin/import")
    carol.post("/admin/import", {}, files={"file": ("goods.csv", (HEAD + "".join(lines)).encode())})
    return carol.press("Import", {"pictures": False, **answers})


def asks(carol):
    """The page that says what undoing the latest import would do."""
    carol.get("/admin/import")
    return carol.get(carol.page.link("Undo import"))


def undoes(carol):
    """Take back the latest import."""
    asks(carol)
    return carol.press("Undo import")


def goods(slug):
    """A product as it is now, or None."""
    db.session.rollback()
    return db.session.scalar(select(Product).filter_by(slug=slug))


def retitled(carol, slug, title):
    """The merchant gives a product another title on its page."""
    carol.get(f"/admin/products/{goods(slug).id}")
    assert carol.press("Save product", {"Title": title}).has("Saved.")


def repriced(carol, slug, price):
    """The merchant gives a product another price in its row of the list."""
    ids = db.session.scalars(select(Variant.id).join(Product).where(Product.slug == slug)).all()
    carol.get("/admin/products")
    rows = [form.id for form in carol.page.forms if form.id.startswith("edit-")]
    assert carol.press("Save", {"price": price}, nth=rows.index(f"edit-{ids[0]}")).has("Saved.")


def pictured(carol, slug):
    """The merchant adds a picture."""
    file = io.BytesIO()
    Image.new("RGB", (40, 50), "red").save(file, "PNG")
    carol.get(f"/admin/products/{goods(slug).id}")
    sent = {"csrf_token": carol.csrf_token(), "alt": "By hand"}
    where = f"/admin/products/{goods(slug).id}/pictures"
    assert carol.post(where, sent, files={"picture": ("x.png", file.getvalue())}).has("The picture is there")


def test_what_was_worked_on_since_outlives_the_undo(play, carol):
    """A page counts what goes, comes back and stays, by name; only its button acts; texts, prices, pictures stay."""
    imports(carol, *map(line, ("cup", "pan", "jug", "pot", "vase")), line("mug", price="14.00"))
    retitled(carol, "pan", "Pan of my own")
    repriced(carol, "jug", "21.00")
    pictured(carol, "pot")
    shopper = play.visitor("anna")
    shopper.get("/products/vase")
    shopper.press("Add to cart")
    page = asks(carol)
    assert page.heading.startswith("Undo import ") and page.has("This cannot be undone.")
    assert page.has("1 product that came with goods.csv is removed") and page.has("1 product that it changed becomes")
    assert page.has("1 product that came with it is hidden") and page.has("3 products that came with it stay")
    for slug in ("pan", "jug", "pot"):
        assert page.has(f"{slug} stays as it is: somebody changed it since")
    assert page.has("vase is hidden, not removed") and goods("cup").active and goods("vase").active
    page = carol.press("Undo import")
    assert page.steps == [303, 200] and page.has("1 products removed, 1 hidden, 1 as they were")
    assert goods("cup") is None and not goods("vase").active
    assert (goods("pan").title, len(goods("pot").images)) == ("Pan of my own", 1)
    visitor = play.visitor()
    assert visitor.get("/products/jug").has("€21.00") and visitor.get("/products/mug").has("€12.50")
    assert visitor.get("/search?q=pan").has("Pan of my own") and visitor.get("/products/vase").status == 404


def test_of_many_that_stay_twenty_are_named(play, carol):
    """25 products were changed since: 20 stand on the page by name, of the others it says how many."""
    imports(carol, *(line(f"cup-{number}") for number in range(25)))
    with transaction():
        db.session.execute(update(Product).where(Product.slug.startswith("cup-")).values(title="Another"))
    page = asks(carol)
    assert page.answer.text.count("somebody changed it since</li>") == 20 and page.has("and 5 more")
    assert page.has("0 products that came with goods.csv are removed")


def test_an_import_that_was_taken_back_is_no_change(play, carol):
    """Two imports are taken back one after the other: nothing stays of either."""
    imports(carol, line("cup"))
    imports(carol, line("cup", title="Big cup", price="25.00"))
    assert undoes(carol).has("1 as they were") and goods("cup").title == "Cup"
    page = undoes(carol)
    assert page.has("1 products removed") and not page.has("stays as it is")
    gone = db.session.scalar(select(func.max(CatalogImport.id)))
    assert goods("cup") is None and carol.get(f"/admin/import/{gone}/undo").status == 409
    assert carol.get(f"/admin/import/{gone + 1}/undo").status == 404


def test_a_variant_that_came_with_an_import_and_was_priced_since_stays(play, carol):
    """Of two sizes that an import added to a product, the one that somebody worked on stays as it is."""
    imports(carol, line("cup", size="S", sku="CUP-S"))
    imports(carol, *(line("cup", size=size, sku=f"CUP-{size}") for size in "SML"))
    with transaction():
        medium = db.session.scalar(select(Variant).filter_by(sku="CUP-M"))
        medium.weight_g = 700
    assert asks(carol).has("CUP-M stays as it is: somebody changed it since")
    carol.press("Undo import")
    assert [(each.sku, each.active) for each in goods("cup").variants] == [("CUP-S", True), ("CUP-M", True)]


def test_of_an_older_import_what_was_saved_again_stays(play, carol):
    """Imports used to keep nothing of new products: of these whatever was written since is taken for changed."""
    imports(carol, line("cup"), line("pan"))
    with transaction():
        db.session.execute(update(CatalogImportItem).values(after={}))
    retitled(carol, "pan", "Pan of my own")
    assert asks(carol).has("pan stays as it is")
    carol.press("Undo import")
    assert goods("cup") is None and goods("pan").title == "Pan of my own"


def test_the_report_of_an_import_can_be_read_later(play, carol):
    """Refused rows with line and reason, and pictures that could not be had, stand with the import."""
    page = imports(carol, line("cup", picture="http://127.0.0.1:9/cup.png"), line("bad", price="-3"), pictures=True)
    page = carol.get("/admin/import")
    assert page.has("1 row") and page.has("line 3: ") and page.has("bad")
    assert page.has("1 picture missing") and page.has("cup: http://127.0.0.1:9/cup.png")
    assert page.answer.text.count("<details><summary>") == 2


def test_a_long_report_is_cut_short_on_the_page(play, carol):
    """Of 130 refused rows 100 are shown, and how many there are more."""
    imports(carol, line("cup"), *(line(f"bad-{number}", price="-3") for number in range(130)))
    page = carol.get("/admin/import")
    assert page.has("130 rows") and page.has("and 30 more") and page.answer.text.count("<li>line ") == 100


def test_looking_writes_nothing(play, carol):
    """The plan of an undo is made without a change: the import stands, and so do its goods."""
    imports(carol, line("cup"), line("mug", title="Big mug"))
    latest = db.session.scalar(select(CatalogImport.id))
    foreseen = catalog.foreseen(latest)
    assert (foreseen.removed, foreseen.restored, foreseen.kept) == (1, 1, []) and not db.session.dirty
    db.session.rollback()
    assert db.session.get_one(CatalogImport, latest).undone_at is None and goods("mug").title == "Big mug"
