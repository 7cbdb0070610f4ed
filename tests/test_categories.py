"""The tree of categories behind the counter: renamed, moved, put in order, removed; old addresses lead on. CAT-02."""

import re

import pytest
from sqlalchemy import event, select
from sqlalchemy.engine import Engine

from storefront import catalog, promotions
from storefront.admin import audit
from storefront.catalog import arranging, categories
from storefront.catalog.drafts import CategoryDraft, ProductDraft, VariantDraft
from storefront.catalog.models import Category, ListingCount
from storefront.kit.db import db, transaction

from counter import CLERK, comes_in, trail


@pytest.fixture
def fill(play):
    """An open shop, and a way to put products into categories: `fill(mug="Kitchen > Cups")`."""
    play.shop()

    def fill(active=True, **goods):
        drafts = [
            ProductDraft(
                slug=slug,
                title=slug.capitalize(),
                active=active,
                categories=[CategoryDraft.named(*place.split(" > "))],
                variants=[VariantDraft(sku=slug.upper(), price_minor=1000, on_hand=5)],
            )
            for slug, place in goods.items()
        ]
        with transaction():
            assert {change.kind for change in catalog.save(drafts, actor="stage")} == {"new"}

    return fill


@pytest.fixture
def carol(play, fill):
    """The owner, in a shop with a slip in the name of a category."""
    fill(mug="Kithcen > Cups", board="Kithcen > Boards", apron="Linen")
    return comes_in(play)


def place(path):
    """A category by its address, as it stands now."""
    db.session.expire_all()
    return db.session.scalar(select(Category).filter_by(path=path))


def opens(visitor, path):
    """The page of a category in the admin."""
    return visitor.get(f"/admin/categories/{place(path).id}")


def menu(visitor):
    """What the main menu of the shop offers: the addresses of categories, in their order."""
    html = re.search(r'<div class="menu-panel">.*?</div>', visitor.get("/").html, re.S)[0]
    return re.findall(r'href="/categories/([^"]+)"', html)


def test_a_slip_in_a_name_is_mended(play, carol):
    """Name and address change; old addresses of it and of what is below lead to the new ones, with their questions."""
    opens(carol, "kithcen")
    page = carol.press("Save category", {"Name": "Kitchen", "Address": "kitchen"})
    assert page.steps == [303, 200] and page.has("Saved.") and page.has("/categories/kitchen/cups")
    anna = play.visitor("anna")
    assert menu(anna) == ["kitchen", "linen"]
    page = anna.get("/categories/kithcen?sort=price&in_stock=1", follow=False)
    assert page.status == 308 and page.headers["Location"] == "/categories/kitchen?sort=price&in_stock=1"
    page = anna.get("/categories/kithcen/cups")
    assert page.path == "/categories/kitchen/cups" and page.has("Mug")
    assert anna.get("/products/mug").link("Kitchen") == "/categories/kitchen"
    entry = audit.trail()[0]
    assert (entry.action, entry.target) == ("change", "category kitchen")
    assert entry.before == {"name": "Kithcen", "address": "kithcen"}
    assert entry.after == {"name": "Kitchen", "address": "kitchen"}


def test_an_address_that_changed_twice_and_back(play, carol):
    """Every former address leads to the present one; the present one is never led away."""
    for address in ("one", "two", "kithcen"):
        opens(carol, place_of_mug()[: -len("/cups")])
        assert carol.press("Save category", {"Address": address}).status == 200
        anna = play.visitor("anna")
        for former in ("kithcen", "one", "two")[: ("one", "two", "kithcen").index(address) + 1]:
            assert anna.get(f"/categories/{former}/cups").path == f"/categories/{address}/cups", (address, former)
    assert play.visitor().get("/categories/three").status == 404


def place_of_mug():
    """The address of the category of the mug."""
    db.session.expire_all()
    return db.session.scalar(select(Category.path).where(Category.name == "Cups"))


def test_another_name_alone_keeps_the_address(play, carol):
    """Links and files know a category by its address: it changes only when somebody changes it."""
    opens(carol, "linen")
    carol.press("Save category", {"Name": "Linen and wool"})
    page = play.visitor().get("/categories/linen")
    assert page.heading == "Linen and wool" and page.has("Apron")
    opens(carol, "linen")
    carol.press("Save category", {"Address": ""})
    assert place("linen-and-wool").name == "Linen and wool"


def test_a_category_moves_with_what_is_in_it(play, carol):
    """Its goods are listed under the new parent, and no longer under the old one; no cycle can be made."""
    opens(carol, "kithcen/cups")
    assert carol.press("Save category", {"Below": str(place("linen").id)}).status == 200
    anna = play.visitor("anna")
    assert anna.get("/categories/kithcen/cups").path == "/categories/linen/cups"
    assert anna.get("/categories/linen").has("Mug") and not anna.get("/categories/kithcen").has("Mug")
    opens(carol, "kithcen")
    carol.press("Save category", {"Below": str(place("linen/cups").id)})
    assert place("linen/cups/kithcen/boards").parent_id == place("linen/cups/kithcen").id
    assert anna.get("/categories/linen").has("Board") and menu(anna) == ["linen"]
    assert [count.goods for count in counts_of("linen")] == [3]
    for below in ("linen", "linen/cups", "linen/cups/kithcen"):
        page = opens(carol, "linen")
        token = carol.csrf_token()
        answers = {"csrf_token": token, "name": "Linen", "slug": "linen", "parent": str(place(below).id)}
        page = carol.post(f"/admin/categories/{place('linen').id}", answers)
        assert page.status == 400 and page.title.startswith("Error:")
    assert place("linen").parent_id is None


def counts_of(path):
    """The counted goods of a category."""
    return db.session.scalars(select(ListingCount).filter_by(category_id=place(path).id)).all()


def test_a_form_that_was_open_during_a_move_keeps_the_category(play, carol):
    """The page of a product sends the address as it was: the product stays where it is."""
    henry = comes_in(play, CLERK, "staff")
    henry.get(f"/admin/products/{play.variant('mug').product_id}")
    opens(carol, "kithcen/cups")
    carol.press("Save category", {"Address": "mugs"})
    assert henry.press("Save product", {"Title": "Big mug"}).has("Saved.")
    assert play.visitor().get("/categories/kithcen/mugs").has("Big mug") and place("kithcen/cups") is None


def test_the_order_is_the_merchants(play, carol):
    """Up and down among those beside it; the menu follows; staff may do it as they may change goods. ROL-03."""
    henry = comes_in(play, CLERK, "staff")
    henry.get("/admin/categories")
    assert menu(henry) == ["kithcen", "linen"]
    henry.get("/admin/categories")
    form = next(one for one in henry.page.forms if one.action == f"/admin/categories/{place('linen').id}/move")
    assert [one.value for one in form.buttons] == ["up"], "the last one goes up only"
    assert henry.post(form.action, {"way": "up"}).has("Categories")
    assert menu(play.visitor()) == ["linen", "kithcen"] and trail()[-1] == "move up: category linen"
    henry.get("/admin/categories")
    before = trail()
    henry.post(form.action, {"way": "up"})
    assert menu(play.visitor()) == ["linen", "kithcen"] and trail() == before


def test_what_is_empty_is_not_in_the_menu_and_can_be_removed(play, carol):
    """A new category shows once something is in it; hidden goods and children keep one from being removed."""
    carol.get("/admin/categories")
    page = carol.press("Add category", {"Name": "Baskets"})
    assert page.steps == [303, 200] and page.has("Baskets Not shown") and trail()[-1] == "new: category baskets"
    anna = play.visitor("anna")
    assert menu(anna) == ["kithcen", "linen"] and anna.get("/categories/baskets").has("Nothing stands on this shelf")
    page = opens(carol, "kithcen")
    assert page.has("There are categories below it")
    page = opens(carol, "linen")
    assert page.has("One product is in it")
    page = carol.post(f"/admin/categories/{place('linen').id}/remove")
    assert page.status == 409 and page.has("One product is in it") and place("linen")
    opens(carol, "baskets")
    page = carol.press("Remove category")
    assert page.steps == [303, 200] and page.has("The category Baskets is removed.") and not place("baskets")
    assert trail()[-1] == "remove: category baskets" and anna.get("/categories/baskets").status == 404
    assert carol.get("/admin/categories/999999").status == 404


def test_hidden_goods_hide_their_category_and_keep_it(play, fill, carol):
    """A place whose goods are all hidden is in no menu and no list of what lies below; it cannot be removed."""
    fill(active=False, lamp="Kithcen > Lamps", chair="Chairs")
    anna = play.visitor("anna")
    assert menu(anna) == ["kithcen", "linen"]
    page = anna.get("/categories/kithcen")
    assert page.has("Cups") and not page.has("Lamps")
    assert carol.post(f"/admin/categories/{place('chairs').id}/remove").status == 409


def test_a_category_that_a_promotion_is_for_stays(carol):
    """Its number is never given to another category while a promotion goes by it."""
    carol.get("/admin/categories")
    carol.press("Add category", {"Name": "Baskets"})
    with transaction():
        sale = promotions.save(None, name="Basket week", label="Baskets", priority=100)
        part = {"type": "percent", "rate_ppm": 100_000, "categories": [place("baskets").id]}
        promotions.put_part(sale.id, "actions", None, part)
    page = opens(carol, "baskets")
    assert page.has("The promotion “Basket week” is for it")
    assert carol.post(f"/admin/categories/{place('baskets').id}/remove").status == 409 and place("baskets")


@pytest.mark.parametrize(
    ("answers", "sentence"),
    [
        ({"Name": ""}, "Enter a name"),
        ({"Name": "x" * 101}, "At most 100 letters"),
        ({"Name": "Cups > Mugs"}, "Leave out > and |"),
        ({"Address": "linen"}, "There is a category at /categories/linen already"),
        ({"Address": "x" * 81}, "Shorten this"),
        ({"Below": "99999999999999999999"}, ""),
        ({"Below": "x"}, ""),
    ],
)
def test_what_cannot_be_is_refused_at_its_field(carol, answers, sentence):
    """400 with the same page, a sentence at the field, and nothing changed."""
    page, before = opens(carol, "kithcen"), trail()
    where, typed = page.path, {"name": "Kitchen", "slug": "kitchen", "parent": ""}
    names = {"Name": "name", "Address": "slug", "Below": "parent"}
    page = carol.post(where, {**typed, **{names[label]: value for label, value in answers.items()}})
    assert page.status == 400 and page.title.startswith("Error:") and page.has(sentence)
    assert place("kithcen").name == "Kithcen" and trail() == before


def test_a_new_category_below_another(play, carol):
    """It stands last there; the same name twice is refused by its address; an unreadable name gets an address."""
    carol.get("/admin/categories")
    carol.press("Add category", {"Name": "Pots", "Below": str(place("kithcen").id)})
    assert place("kithcen/pots").position > place("kithcen/cups").position
    carol.get("/admin/categories")
    page = carol.press("Add category", {"Name": "Pots", "Below": str(place("kithcen").id)})
    assert page.status == 400 and page.has("There is a category at /categories/kithcen/pots already")
    carol.get("/admin/categories")
    assert carol.press("Add category", {"Name": "鍋"}).steps == [303, 200]


def test_the_pages_cost_the_same_however_many_there_are(play, carol, fill):
    """The menu and the list of categories read no row by itself."""
    anna, counted = play.visitor("anna"), []
    for first, last in ((1, 3), (4, 40)):
        fill(**{f"thing{n}": f"Place {n} > Room {n}" for n in range(first, last)})
        for visitor, path in ((anna, "/categories/linen"), (carol, "/admin/categories")):
            visitor.get(path)
            counted.append(queries_of(visitor, path))
    assert counted[:2] == counted[2:]


def queries_of(visitor, path):
    """How many statements a page needs."""
    seen = []

    def note(connection, cursor, statement, *rest):
        if not statement.startswith(("BEGIN", "SAVEPOINT", "RELEASE", "PRAGMA")):
            seen.append(statement)

    event.listen(Engine, "before_cursor_execute", note)
    try:
        assert visitor.get(path).status == 200
    finally:
        event.remove(Engine, "before_cursor_execute", note)
    return len(seen)


def test_categories_with_one_place_stand_by_their_names(play, fill):
    """Imported ones have no order of their own: capitals and accents do not part them, and the buttons see the same."""
    fill(zebra="Zoo", pear="apple", saw="Ärmel", mango="Banana")
    carol = comes_in(play)
    in_order = ["apple", "armel", "banana", "zoo"]
    assert [path for path in menu(carol) if path in in_order] == in_order
    with transaction():
        assert not arranging.move_category(place("apple").id, up=True)
        assert arranging.move_category(place("banana").id, up=True)
        assert [one.path for one in categories.tree().top] == ["apple", "banana", "armel", "zoo"]  # as it is to be
    assert [path for path in menu(carol) if path in in_order] == ["apple", "banana", "armel", "zoo"]
