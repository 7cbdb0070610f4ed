"""A merchant brings a catalogue as Shopify or WooCommerce wrote it, sees what would change, and can take it back.

Proves CAT-01 (product and SKU apart), CAT-03 (minor units), CAT-04 (weight), CAT-05 (tax category), CAT-06 (stock of
a SKU), CAT-02 (what was sold stays known when goods go).
"""

import csv
import io
from pathlib import Path

import pytest
from sqlalchemy import func, select, text

from storefront import catalog, stock
from storefront.cart.models import Cart, CartLine
from storefront.catalog.drafts import CategoryDraft, PictureDraft, ProductDraft, SaleDraft, VariantDraft
from storefront.catalog.models import Category, Price, Product, Variant
from storefront.catalog.naming import sku_of, slug_of
from storefront.demo import goods
from storefront.kit import clock
from storefront.kit.db import db, transaction
from storefront.kit.errors import Conflict, Invalid, NotFound
from storefront.stock.models import Stock, StockMovement

DATA = Path(__file__).parent / "data"
SHOPIFY, WOO = (DATA / "shopify.csv").read_bytes(), (DATA / "woocommerce.csv").read_bytes()
HEAD = (
    "Handle,Title,Variant SKU,Variant Price,Variant Inventory Tracker,Variant Inventory Qty,"
    "Option1 Name,Option1 Value\n"
)


@pytest.fixture
def open_shop(play):
    """An open shop with nothing on its shelves."""
    play.shop()
    return play


def brought(data, **how):
    """What importing these bytes did."""
    return catalog.import_reading(catalog.read_file("goods.csv", data), actor="carol", pictures=False, **how)


def product(slug):
    """A product as the database has it now."""
    db.session.rollback()
    return db.session.scalar(select(Product).filter_by(slug=slug))


def price_of(variant, **which):
    """The price row of a variant."""
    return db.session.scalar(select(Price).filter_by(variant_id=variant.id, **which))


def stock_of(variant):
    """The counters of a variant."""
    return db.session.get_one(Stock, variant.id)


def everything():
    """All that is for sale, as one text: two moments with the same goods give the same."""
    db.session.rollback()
    return "".join(catalog.export())


# --- Shopify ---


def test_rows_of_one_handle_are_one_product(open_shop):
    """Sizes are variants with prices, weights and stock of their own; HTML is cleaned; the type is a category."""
    outcome = brought(SHOPIFY)
    assert (outcome.counts["new"], len(outcome.refused)) == (3, 2)
    coat = product("rain-coat")
    assert [variant.options for variant in coat.variants] == [{"Size": "Small"}, {"Size": "Large"}]
    small, large = coat.variants
    assert large.sku == "COAT-L"
    assert small.sku == sku_of("rain-coat", {"Size": "Small"})
    assert (small.weight_g, large.weight_g) == (850, 900)
    assert (price_of(small).amount_minor, price_of(small).compare_at_minor) == (8990, 12000)
    assert stock_of(small).on_hand == 3
    assert "alert" not in coat.description
    assert "onclick" not in coat.description
    assert [place.path for place in coat.categories] == ["outdoor"]
    assert (coat.tags, coat.seo_title) == (["coat", "rain"], "Rain coats")


def test_shopify_stock_means_what_it_says(open_shop):
    """No tracker and no number: nobody counts. "continue": sold on below zero. Not published: hidden."""
    brought(SHOPIFY)
    (stick,), (print_,) = product("walking-stick").variants, product("map-print").variants
    assert (stick.options, stick.stock_policy) == ({}, "untracked")
    assert (print_.stock_policy, stock_of(print_).on_hand, print_.requires_shipping) == ("backorder", -2, False)
    assert not product("map-print").active
    rows = dict(db.session.execute(text("SELECT id, code FROM tax_categories")).all())
    assert (rows[stick.tax_category_id], rows[print_.tax_category_id]) == ("zero", "standard")


def test_a_number_without_a_tracker_is_held_to(open_shop):
    """A quantity above nothing is what the merchant has: it is counted, and the report says so."""
    reading = catalog.read_file("goods.csv", (HEAD + "sofa,Sofa,S,500,,4,,\n").encode())
    assert "1 variants have a quantity but no inventory tracker" in reading.notes[0]
    assert reading.drafts[0].variants[0].on_hand == 4


def test_refused_rows_name_their_line_and_why(open_shop):
    """Cells of several lines count as many lines as they have; one bad row leaves out its product and no other."""
    refused = brought(SHOPIFY).refused
    assert [(row.line, row.reason) for row in refused] == [
        (9, "price 'abc' is not an amount"),
        (12, "price '9.999': EUR has only 2 decimals."),
    ]
    assert str(refused[1]).endswith("(lines 11 of the same product are left out too)")
    assert product("bad-boots") is None


def test_the_newer_headings_of_shopify_are_known(open_shop):
    """Shopify renamed its columns; both names are understood."""
    head = b"URL handle,Title,Description,SKU,Price,Inventory tracker,Inventory quantity\n"
    assert brought(head + b"bowl,Bowl,Deep,B1,9.5,shopify,2\n").counts["new"] == 1
    assert product("bowl").description == "<p>Deep</p>"
    assert stock_of(product("bowl").variants[0]).on_hand == 2


# --- WooCommerce ---


def test_variations_become_variants(open_shop):
    """Parents by SKU or id; a variation for any size is one variant a size, in the order of the product's own row."""
    outcome = brought(WOO)
    assert outcome.counts["new"] == 4
    tee = product("tee")
    assert [variant.sku for variant in tee.variants] == ["TEE-RED-l", "TEE-RED-m", "TEE-RED-s", "TEE-GREEN-S"]
    assert tee.variants[0].options == {"Colour": "Red", "Size": "L"}
    green = tee.variants[3]
    assert (green.weight_g, tee.variants[0].weight_g) == (113, 227)
    assert (price_of(green).amount_minor, price_of(green).compare_at_minor) == (1500, 2000)
    assert (green.stock_policy, stock_of(green).on_hand) == ("backorder", 4)
    assert tee.variants[0].stock_policy == "untracked"
    assert sorted(place.path for place in tee.categories) == ["clothing/tees", "summer"]
    assert tee.description == "<p>Short.</p><p>First line</p><p>Second line</p>"


def test_simple_virtual_and_hidden_products(open_shop):
    """Tax classes, sale dates, limits, what is not sent, what is not shown, and facts that are not for choosing."""
    brought(WOO)
    mug = product("mug").variants[0]
    sale = db.session.scalar(select(Price).where(Price.variant_id == mug.id, Price.valid_from.is_not(None)))
    assert (price_of(mug, valid_from=None).amount_minor, sale.amount_minor, sale.compare_at_minor) == (1200, 950, 1200)
    assert (f"{sale.valid_from:%m-%dT%H}", f"{sale.valid_to:%m-%dT%H}") == ("05-31T23", "06-30T23")  # Dublin's summer
    assert (mug.max_per_order, stock_of(mug).on_hand) == (1, 7)
    assert "<li>Material: Clay, 50, glaze</li>" in product("mug").description
    book = product("e-book")
    assert (book.active, book.variants[0].requires_shipping) == (False, False)
    assert not product("blabaer").active


def test_what_cannot_be_sold_here_is_refused_with_its_line(open_shop):
    """Grouped and external products, and variations without their product."""
    refused = {row.line: row.reason for row in brought(WOO).refused}
    assert "grouped" in refused[7]
    assert "https://other.example/" in refused[8]
    assert "'LOST'" in refused[9]
    assert "1.2.3,4" in refused[10]


def test_a_renamed_product_is_known_by_its_sku(open_shop):
    """WooCommerce gives no address: the SKU says which product is meant, and the address stays."""
    brought(WOO)
    outcome = brought(WOO.replace(b",MUG,Mug,", b",MUG,Big mug,"))
    assert (outcome.counts["changed"], outcome.counts["new"]) == (1, 0)
    assert product("mug").title == "Big mug"


def test_two_products_of_one_name_have_two_addresses(open_shop):
    """The second is told apart by its SKU, in every run the same."""
    data = b"Type,SKU,Name,Regular price\nsimple,A1,Vase,5\nsimple,B2,Vase,6\n"
    assert brought(data).counts["new"] == 2
    assert product("vase-b2").variants[0].sku == "B2"
    assert brought(data).counts["same"] == 2


# --- again, and back ---


@pytest.mark.parametrize("data", [SHOPIFY, WOO], ids=["shopify", "woocommerce"])
def test_importing_again_changes_nothing(open_shop, rows, data):
    """Nothing is doubled, and the second run is not an import that could be undone."""
    brought(data)
    before, movements = everything(), rows("stock_movements")
    again = brought(data)
    assert (again.counts["new"], again.counts["changed"], again.import_id) == (0, 0, None)
    assert everything() == before
    assert rows("stock_movements") == movements
    assert rows("catalog_imports") == 1


def test_a_comparison_shows_field_by_field_and_writes_nothing(open_shop):
    """Price before and after; the shop stays as it is."""
    brought(SHOPIFY)
    before = everything()
    (change, *others) = catalog.compare(catalog.read_file("a.csv", SHOPIFY.replace(b",94.90,", b",99,")).drafts)
    assert [tuple(one) for one in change.differences] == [("COAT-L", "price_minor", "94.90", "99.00")]
    assert {other.kind for other in others} == {"same"}
    assert everything() == before


@pytest.mark.parametrize("data", [SHOPIFY, WOO], ids=["shopify", "woocommerce"])
def test_undo_leaves_no_trace_of_new_goods(open_shop, rows, data):
    """Products, variants, prices, counters and the places made for them are gone; a second undo says so."""
    import_id = brought(data).import_id
    with transaction():
        assert catalog.undo(actor="carol").removed == (3 if data is SHOPIFY else 4)
    for table in ("products", "variants", "prices", "stock", "categories", "listing_entries"):
        assert rows(table) == 0
    with pytest.raises(Conflict, match="was undone already"), transaction():
        catalog.undo(import_id, actor="carol")
    with pytest.raises(NotFound), transaction():
        catalog.undo(actor="carol")


def test_undo_puts_back_what_was_changed(open_shop):
    """Every field, the order and the stock; a variant that the import added goes, one that it hid comes back."""
    brought(SHOPIFY)
    before = everything()
    changed = (
        SHOPIFY.replace(b",94.90,", b",99,")
        .replace(b",Small,,850,shopify,3,", b",Medium,COAT-M,800,shopify,9,")
        .replace(b"Rain coat,", b"Storm coat,")
        .replace(b",Outdoor,", b",Weather,")
    )
    assert brought(changed).counts["changed"] == 2
    coat = product("rain-coat")
    assert [(v.options["Size"], v.active) for v in coat.variants] == [
        ("Medium", True),
        ("Large", True),
        ("Small", False),
    ]
    with transaction():
        undone = catalog.undo(actor="carol")
    assert (undone.restored, undone.kept) == (2, [])
    assert everything() == before


def test_undo_moves_stock_the_other_way_but_not_below_what_orders_hold(open_shop):
    """What was counted and sold since stays true."""
    line = "cup,Cup,CUP,5,shopify,{},,\n"
    brought((HEAD + line.format(2)).encode())
    brought((HEAD + line.format(10)).encode())
    cup = product("cup").variants[0]
    with transaction():
        stock.set_on_hand(cup.id, 9, cause="adjust", actor="carol")  # one broke
        stock_of(cup).reserved = 4
    with transaction():
        undone = catalog.undo(actor="carol")
    assert stock_of(cup).on_hand == 4
    assert "CUP: 4 stay counted" in undone.kept[0]
    moved = db.session.scalar(select(func.sum(StockMovement.delta_on_hand)).filter_by(variant_id=cup.id))
    assert moved == 4


def test_undo_leaves_alone_what_somebody_changed_since(open_shop):
    """It takes back the import and nothing else."""
    brought((HEAD + "cup,Cup,CUP,5,shopify,2,,\n").encode())
    brought((HEAD + "cup,Big cup,CUP,6,shopify,2,,\n").encode())
    with transaction():
        db.session.scalar(select(Product)).title = "Carol's cup"
    with transaction():
        undone = catalog.undo(actor="carol")
    assert undone.kept == ["cup: title was changed since and stays"]
    assert product("cup").title == "Carol's cup"
    assert price_of(product("cup").variants[0]).amount_minor == 500


def test_undo_hides_goods_that_a_cart_knows(open_shop):
    """Nobody's cart loses a line; the goods are no longer for sale, and that is said."""
    brought((HEAD + "cup,Cup,CUP,5,shopify,2,,\npan,Pan,PAN,9,shopify,2,,\n").encode())
    with transaction():
        now = clock.now()
        held = Cart(token_hash="x", currency="EUR", created_at=now, updated_at=now)
        held.lines.append(CartLine(variant_id=product("cup").variants[0].id, qty=1, added_at=now))
        db.session.add(held)
    with transaction():
        undone = catalog.undo(actor="carol")
    assert (undone.removed, undone.hidden) == (1, 1)
    assert "cup is hidden" in undone.kept[0]
    assert not product("cup").active
    assert product("pan") is None


def test_undo_is_all_or_nothing(open_shop):
    """If something goes wrong half-way, everything stands as before, and the undo can be tried again."""
    brought(SHOPIFY)
    before = everything()
    with pytest.raises(ZeroDivisionError), transaction():
        catalog.undo(actor="carol")
        raise ZeroDivisionError
    assert everything() == before
    with transaction():
        assert catalog.undo(actor="carol").removed == 3


# --- all or nothing, row by row ---


def test_all_or_nothing_saves_nothing_when_one_row_does_not_fit(open_shop, rows):
    """The refused rows come with the error."""
    with pytest.raises(Invalid) as refusal:
        brought(SHOPIFY, all_or_nothing=True)
    assert [row.line for row in refusal.value.data["refused"]] == [9, 12]
    assert rows("products") == rows("catalog_imports") == 0


def test_a_sku_belongs_to_one_product(open_shop):
    """Inside the file, and in the shop: the second is refused with the place of the first."""
    twice = "cup,Cup,SAME,5,,,,\npan,Pan,SAME,9,,,,\nset,Set,X,1,,,Size,S\nset,,X,1,,,,M\n"
    refused = brought((HEAD + twice).encode()).refused
    assert [(row.line, row.reason) for row in refused] == [
        (3, "the SKU SAME stands in line 2 already"),
        (5, "the SKU X stands in line 4 already"),
    ]
    (row,) = brought((HEAD + "pan,Pan,SAME,9,,,,\n").encode()).refused
    assert row.reason == "the SKU SAME belongs to the product cup"


def test_stock_cannot_be_imported_below_what_orders_hold(open_shop):
    """The product is refused; its other fields stay too."""
    brought((HEAD + "cup,Cup,CUP,5,shopify,5,,\n").encode())
    with transaction():
        stock_of(product("cup").variants[0]).reserved = 3
    (row,) = brought((HEAD + "cup,Cup,CUP,6,shopify,2,,\n").encode()).refused
    assert row.reason == "3 of CUP are set aside for orders"


@pytest.mark.parametrize(
    ("cells", "reason"),
    [
        ("cup,Cup,C,-1,,,,", "the price is below zero"),
        ("cup,Cup,C,1e3,,,,", "price '1e3' is not an amount"),
        ("cup,Cup,C,NaN,,,,", "price 'NaN' is not an amount"),
        ("cup,Cup,C,99999999999999999999,,,,", "Enter an amount"),
        ("cup,Cup,C,9999999999,,,,", "too large"),
        ("cup,Cup,C,,,,,", "there is no price"),
        ("cup,,C,5,,,,", "the product has no title"),
        (",Cup,C,5,,,,", "the row has no Handle"),
        ("cup,Cup,C,5,shopify,0.5,,", "quantity '0.5' is not a whole number"),
        ("cup,Cup,C,5,shopify,many,,", "quantity 'many' is not a number"),
        ("cup,Cup,C,5,shopify,99999999999999,,", "the stock is too large"),
        ("cup,Cup,C,5,,,,,surplus", "more cells than headings"),
        (f"cup,{'x' * 400},C,5,,,,", "longer than 300"),
        ("cup,Cup,C,5,,,Size,S\ncup,,D,5,,,,S", "the same options"),
    ],
)
def test_a_row_that_cannot_be_is_refused_in_plain_words(open_shop, cells, reason):
    """Never a traceback; the good row beside it is saved."""
    outcome = brought((HEAD + cells + "\ngood,Good,GOOD,5,,,,\n").encode())
    assert len(outcome.refused) == 1
    assert reason in outcome.refused[0].reason
    assert outcome.counts["new"] == 1


@pytest.mark.parametrize(
    ("data", "sentence"),
    [
        (b"", "The file is empty"),
        (b"\xef\xbb\xbf\r\n\r\n", "The file is empty"),
        (b",,,\n,,,\n", "The file is empty"),
        (b'""', "The file is empty"),
        (b"\x89PNG\r\n\x1a\n\0\0\0", "not a text file"),
        (b"Dear shop,\nplease import this.\n", "neither Shopify's nor WooCommerce's"),
        (b"Handle,Title,Vendor\na,A,B\n", "no column variant price"),
        (b"Type,SKU,Name\nsimple,A,B\n", "no column regular price"),
        (HEAD.encode() + b'cup,"Cup,C,5,,,,\n', "Line 2: a quotation mark"),
        (b"x" * 32_000_001, "larger than 32 MB"),
        (HEAD.encode() + b"cup," + b"x" * 200_000 + b",C,5,,,,\n", "Line 2: a cell is too long"),
    ],
    ids=[
        "empty",
        "blank",
        "commas",
        "marks",
        "picture",
        "letter",
        "shopify-column",
        "woo-column",
        "quote",
        "huge",
        "long-cell",
    ],
)
def test_a_file_that_is_no_catalogue_is_told_so(open_shop, data, sentence):
    """One clear sentence each."""
    with pytest.raises(Invalid, match=sentence):
        brought(data)


@pytest.mark.parametrize(
    "change",
    [
        lambda text: b"\xef\xbb\xbf" + text.encode(),
        lambda text: text.replace("\n", "\r\n").encode(),
        lambda text: text.replace(",", ";").encode(),
        lambda text: text.replace(",", "\t").encode(),
        lambda text: text.encode("cp1252"),
        lambda text: text.encode("utf-16"),
    ],
    ids=["bom", "crlf", "semicolons", "tabs", "windows-1252", "utf-16"],
)
def test_files_as_programs_write_them(open_shop, change):
    """Encodings, separators and line ends of every usual program."""
    brought(change(HEAD + "creme,Crème brûlée – «5» €,C,5,,,,\n"))
    assert product("creme").title == "Crème brûlée – «5» €"


def test_another_currency_is_a_price_of_its_own(open_shop):
    """The price in euros stays; a currency that does not exist is no currency."""
    brought((HEAD + "cup,Cup,CUP,5,,,,\n").encode())
    reading = catalog.read_file("yen.csv", (HEAD + "cup,Cup,CUP,700,,,,\n").encode(), "jpy")
    assert "sells in EUR" in reading.notes[0]
    catalog.import_reading(reading, actor="carol", pictures=False)
    cup = product("cup").variants[0]
    assert (price_of(cup, currency="EUR").amount_minor, price_of(cup, currency="JPY").amount_minor) == (500, 700)
    with pytest.raises(Invalid, match="no currency XXY"):
        catalog.read_file("x.csv", SHOPIFY, "XXY")


# --- out again ---


def test_an_export_imports_back_without_a_change(open_shop):
    """Every field, policy, place, sale and hidden variant, also in an empty shop, where it gives the same export."""
    brought(SHOPIFY)
    brought(WOO)
    with transaction():
        catalog.save([_odd_product()], actor="carol")
    first = everything()
    assert {change.kind for change in catalog.compare(catalog.read_file("e.csv", first.encode()).drafts)} == {"same"}
    with transaction():
        for table in (Product, Category):
            db.session.execute(table.__table__.delete())
    assert brought(first.encode()).refused == []
    assert everything() == first


def _odd_product():
    sale = SaleDraft(900, ends=clock.now())
    return ProductDraft(
        "odd",
        "=1+1",
        "<p>-</p>",
        vendor="@shop",
        tags=["+plus", "'=quoted"],
        categories=[CategoryDraft("a/b", ("Kitchen", "Tea & towels")), CategoryDraft.named("Gifts")],
        active=True,
        variants=[
            VariantDraft(
                "-A", {"Size": "S", "Form": "'"}, 1000, 2000, sales=[sale], stock_policy="timed_hold", hold_minutes=9
            ),
            VariantDraft(
                "'=B", {"Size": "M", "Form": "o"}, 1000, max_per_order=3, stock_policy="deduct_on_paid", on_hand=4
            ),
            VariantDraft("C", {"Size": "L", "Form": "o"}, 0, stock_policy="untracked", on_hand=2, active=False),
        ],
    )


def test_no_cell_of_an_export_is_a_formula(open_shop):
    """Cells that a spreadsheet would compute begin with an apostrophe."""
    with transaction():
        catalog.save([_odd_product()], actor="carol")
    cells = [cell for row in csv.reader(io.StringIO(everything(), newline="")) for cell in row]
    assert "'=1+1" in cells
    assert not [cell for cell in cells if cell[:1] in "=+-@\t\r" and cell]


# --- the commands ---


def test_the_commands_tell_what_they_do(open_shop, tmp_path):
    """Dry run, import, list, export, undo, undo again."""
    run = open_shop.app.test_cli_runner().invoke
    file = str(DATA / "shopify.csv")
    dry = run(args=["catalog", "import", "--dry-run", file])
    assert "a Shopify file with 3 products" in dry.output
    assert "refused  line 9: price 'abc' is not an amount" in dry.output
    assert "Would be: 3 new, 0 changed, 0 unchanged; 2 refused." in dry.output
    assert product("rain-coat") is None
    assert run(args=["catalog", "import", "--all-or-nothing", file]).exit_code == 1
    assert "Products: 3 new" in run(args=["catalog", "import", "--no-pictures", file]).output
    out = str(tmp_path / "out.csv")
    assert run(args=["catalog", "export", out]).exit_code == 0
    assert "3 unchanged; 0 refused" in run(args=["catalog", "import", out, "--no-pictures"]).output
    assert "shopify.csv: 3 new" in run(args=["catalog", "imports"]).output
    assert "3 products removed" in run(args=["catalog", "undo"]).output
    again = run(args=["catalog", "undo", "999"])
    assert (again.exit_code, "There is no import" in again.output) == (1, True)


# --- names ---


@pytest.mark.parametrize(
    ("words", "slug"),
    [
        ("Crème Brûlée", "creme-brulee"),
        ("Straße & Smørrebrød", "strasse-and-smorrebrod"),
        ("Ķiploku ēdiens", "kiploku-ediens"),
        ("Чай с лимоном", "chay-s-limonom"),
        ("Ελληνικό Λάδι", "elliniko-ladi"),
        ("Children’s apron", "childrens-apron"),
        ("  --50% off!--  ", "50-percent-off"),
    ],
)
def test_slugs_are_spelled_in_plain_letters(words, slug):
    """Accents go, other alphabets are spelled."""
    assert slug_of(words) == slug


def test_names_are_stable_and_do_not_collide():
    """The same words give the same name; words that no table can spell are still told apart."""
    assert slug_of("茶") == slug_of("茶") != slug_of("酒")
    assert sku_of("a-b", {"x": "c"}) != sku_of("a", {"x": "b-c"})
    assert sku_of("tee", {"Size": "M", "Colour": "Red"}).startswith("TEE-M-RED-")


# --- the demo shop ---


def test_the_demo_goods_fill_the_shop(open_shop, rows):
    """At least 48 products in 8 categories with pictures; loading them again changes nothing."""
    assert goods.load("demo") >= 48
    counts = [rows(table) for table in ("products", "variants", "product_images", "categories", "stock_movements")]
    assert counts[3] >= 8
    assert db.session.scalar(select(func.count()).select_from(Variant)) > counts[0]
    goods.load("demo")
    assert [rows(t) for t in ("products", "variants", "product_images", "categories", "stock_movements")] == counts
    assert PictureDraft("x") == PictureDraft("x", path=DATA)  # where a file lies is no difference of the goods
