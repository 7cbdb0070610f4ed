"""What a cart costs: the same cart gives the same quote, to the last coin, and its token fits nothing else."""

from dataclasses import replace

import pytest
from sqlalchemy import event, select
from sqlalchemy.engine import Engine

from storefront import cart, customers, store
from storefront.cart.models import Cart
from storefront.cart.service import start
from storefront.kit import clock
from storefront.kit.db import db, transaction
from storefront.shipping.models import ServiceLevel, ShippingRegion
from storefront.stock.models import UNTRACKED
from storefront.taxes.models import TaxCategory, TaxRate

import stage

HERE = {"name": "Alice", "line1": "1 Quay", "city": "Galway", "country": "IE"}
SHELF = {  # name: (price, tax category, whether it travels)
    "mug": (1999, "standard", True),
    "tea": (333, "reduced", True),
    "song": (99, "standard", False),
    "saw": (10001, "standard", True),
}


@pytest.fixture
def shop(play):
    """Two tax rates at home, American ones on top of the price, and posting that is free from 60 euros on."""
    play.shop()
    with transaction():
        reduced = TaxCategory(code="reduced", name="Reduced rate")
        home, usa = db.session.scalar(select(ShippingRegion)), ShippingRegion(name="New York", countries=["US"])
        db.session.add_all([reduced, usa])
        db.session.flush()
        standard = db.session.scalar(select(TaxCategory.id).filter_by(code="standard"))
        on_top = {"inclusive": False, "applies_to_shipping": False}
        db.session.add_all(
            [
                TaxRate(region_id=home.id, category_id=reduced.id, name="VAT", rate_ppm=90_000),
                TaxRate(region_id=usa.id, category_id=standard, name="Sales tax", rate_ppm=88_750, **on_top),
                ServiceLevel(region_id=usa.id, name="Air", params={"amount_minor": 2500}, currency="EUR", position=9),
            ]
        )
        for level in db.session.scalars(select(ServiceLevel).filter_by(name="Standard")):
            level.params = {"amount_minor": 490, "free_from_minor": 6000}
        for name, (price, tax, travels) in SHELF.items():
            policy = {"policy": UNTRACKED} if not travels else {}
            stage.put_on_shelf(name, 50, price=price, tax_category=tax, requires_shipping=travels, **policy)
    return play


def basket(country="IE", level="", **goods):
    """A cart with these goods for an address in this country ("" for none yet)."""
    with transaction():
        new = start(f"hash {clock.here().timestamp()}", store.current().currency)
        if country:
            row = customers.save_address({**HERE, "country": country})
            new.shipping_address_id, new.email = row.id, "alice@example.com"
        new.service_level_id = db.session.scalar(select(ServiceLevel.id).filter_by(name=level))
        for name, quantity in goods.items():
            cart.add(new, name.upper(), quantity)
        number = new.id
    return db.session.get(Cart, number)


# cart, then: goods, shipping, tax in all, total, and the taxes by name
GOLDEN = {
    "nothing yet": ({}, 0, None, 0, 0, []),
    "one mug": ({"mug": 1}, 1999, 490, 415, 2489, [("VAT 20% included", 415)]),
    "without an address": ({"country": "", "mug": 1}, 1999, None, 333, 1999, [("VAT 20% included", 333)]),
    "express": ({"level": "Express", "mug": 1}, 1999, 980, 496, 2979, [("VAT 20% included", 496)]),
    "two rates, rounded once a line": (
        {"mug": 1, "tea": 7},
        4330,
        490,
        607,
        4820,
        [("VAT 20% included", 415), ("VAT 9% included", 192)],
    ),
    "free from sixty euros": ({"mug": 4}, 7996, 0, 1333, 7996, [("VAT 20% included", 1333)]),
    "nothing that travels": ({"song": 3}, 297, 0, 50, 297, [("VAT 20% included", 50)]),
    "tax on top": ({"country": "US", "saw": 1}, 10001, 2500, 888, 13389, [("Sales tax 8.875%", 888)]),
    "a tax that the place does not have": ({"country": "US", "tea": 3}, 999, 2500, 0, 3499, []),
}


@pytest.mark.parametrize("name", GOLDEN)
def test_golden_quotes(shop, name):
    """CRT-17, CAT-05: each of these carts costs exactly this, line by line and in all. INV-09, RULE-02."""
    contents, goods, shipping, tax, total, taxes = GOLDEN[name]
    quote = cart.quote(basket(**contents))
    assert (quote.goods_minor, quote.shipping_minor, quote.tax_minor) == (goods, shipping, tax)
    assert (quote.total_minor, quote.due_minor) == (total, total)
    assert [(label.replace("\u00a0", "").replace(" %", "%"), sum_) for label, sum_ in quote.taxes] == taxes
    on_top = sum(row["tax_minor"] for row in quote.tax_rows if not row["inclusive"])
    assert quote.total_minor == sum(line.total_minor for line in quote.lines) + (quote.shipping_minor or 0) + on_top
    assert all(
        type(line.total_minor) is int and line.total_minor == line.unit_minor * line.quantity for line in quote.lines
    )


def test_a_place_that_nothing_is_sent_to_has_no_level(shop):
    """ADR-07: without a level that reaches the address there is no shipping and no order."""
    quote = cart.quote(basket("JP", mug=1))
    assert (quote.levels, quote.level, quote.shipping_minor) == ([], None, None)


def test_the_first_level_is_chosen_until_another_is(shop):
    """CRT-16: the stored choice, or the first that is valid."""
    quote = cart.quote(basket(mug=1))
    assert [level.name for level in quote.levels] == ["Standard", "Express"] and quote.level.name == "Standard"
    assert cart.quote(basket(level="Air", mug=1)).level.name == "Standard"


def test_a_token_fits_only_the_quote_that_it_was_made_of(shop):
    """CNF-18, SEC-04: equal quotes have equal hashes; another price, address, cart, or a changed token does not fit."""
    mine, other = basket(mug=1), basket(mug=1)
    quote = cart.quote(mine)
    assert quote.hash == cart.quote(mine).hash and cart.quote(mine).fits(quote.token)
    assert quote.hash == cart.quote(other).hash and not cart.quote(other).fits(quote.token)
    for bad in ("", "x", quote.token[:-2], quote.token + "x", "\ud800", quote.token.replace(".", "..")):
        assert not quote.fits(bad)
    shop.reprice("mug", 1)
    assert not cart.quote(db.session.get(Cart, mine.id)).fits(quote.token)


def test_a_token_lasts_a_day(shop, monkeypatch):
    """CNF-18: what was shown yesterday is shown again before it can be confirmed."""
    quote = cart.quote(basket(mug=1))
    monkeypatch.setitem(cart.read_token.__globals__, "_VALID", -1)
    assert not quote.fits(quote.token)


@pytest.mark.parametrize("change", ["email", "address", "method", "level", "quantity"])
def test_whatever_the_shopper_agrees_to_is_in_the_hash(shop, change):
    """CNF-18: each part of what the preview shows makes another quote."""
    mine = basket(mug=1)
    before = cart.quote(mine)
    after = replace(before)
    if change == "email":
        after.email = "bob@example.com"
    elif change == "address":
        after.billing_address = {**before.billing_address, "line1": "2 Quay"}
    elif change == "method":
        after.method_id = 99
    elif change == "level":
        after.level = before.levels[1]
    else:
        after.lines = [replace(before.lines[0], quantity=2)]
    assert after.hash != before.hash


def test_a_quote_costs_the_same_number_of_queries_for_any_number_of_lines(shop):
    """SHP-12: one line or four, the database is asked equally often."""
    counts = []
    for goods in ({"mug": 1}, dict.fromkeys(SHELF, 1)):
        number = basket(**goods).id
        db.session.expire_all()
        mine, seen = db.session.get(Cart, number), []

        def note(connection, cursor, statement, *rest, seen=seen):
            seen.append(statement)

        event.listen(Engine, "before_cursor_execute", note)
        cart.quote(mine)
        event.remove(Engine, "before_cursor_execute", note)
        counts.append(len(seen))
    assert counts[0] == counts[1] <= 7
