"""What the state takes, worked out by hand and by another way of counting; which rate counts where and when.

PRM-12, PRM-13, ACT-17, CAT-05, INV-09, INV-13, RULE-02.
"""

from datetime import timedelta
from fractions import Fraction
from typing import NamedTuple

import pytest
from hypothesis import given, strategies as st
from sqlalchemy import event, select, text
from sqlalchemy.engine import Engine

from storefront import cart, customers, orders, taxes
from storefront.cart.models import Cart
from storefront.cart.service import start
from storefront.kit import clock, money
from storefront.kit.db import db, transaction
from storefront.payments.models import GatewayConfig
from storefront.shipping.models import ServiceLevel, ShippingRegion
from storefront.store.models import Store
from storefront.taxes import Rate, arithmetic, lookup
from storefront.taxes.models import TaxCategory, TaxDocument, TaxRate

import stage


def rate(name, percent, *, inclusive=False, compound=False, priority=1, shipping=True):
    """A rate by its percentage as text: "8.875"."""
    return Rate(name, int(Fraction(percent) * 10_000), inclusive, shipping, compound, priority)


class Case(NamedTuple):
    """A shop at home, a sum of its coins for one piece, how many, and what the shopper pays there."""

    home: str
    currency: str
    rates: list[Rate]
    unit: int
    qty: int
    shipping: int
    taxes: list[tuple[str, int]]  # of the goods, then of shipping
    total: int


GST, QST = rate("GST", "5"), rate("QST", "9.975", priority=2)
GOLDEN = {
    # A county that taxes the state's tax, too. Goods 3 × 19.99 = 59.97.
    # State: 59.97 × 6.25 % = 3.748125 → 3.75. County: (59.97 + 3.748125) × 1 % = 0.63718125 → 0.64.
    # Shipping 5.00: the state 0.3125 → 0.31; the county does not tax it. 59.97 + 5.00 + 3.75 + 0.64 + 0.31 = 69.67.
    "US: state, and a county compound on it": Case(
        "US",
        "USD",
        [rate("State", "6.25"), rate("County", "1", compound=True, priority=2, shipping=False)],
        1999,
        3,
        500,
        [("State", 375), ("County", 64), ("State", 31)],
        6967,
    ),
    # 21 % inside: 39.00 × 21 / 121 = 6.76859… → 6.77, and the rest 32.23. Shipping 3.90 × 21 / 121 = 0.6768… → 0.68.
    "EU: 21 % inside the price": Case(
        "LV", "EUR", [rate("VAT", "21", inclusive=True)], 3900, 1, 390, [("VAT", 677), ("VAT", 68)], 4290
    ),
    # Quebec. 2 × 19.99 = 39.98: GST 5 % = 1.999 → 2.00, QST 9.975 % of the same 39.98 = 3.988005 → 3.99.
    # Shipping 10.00: 0.50, and 0.9975 → 1.00. 39.98 + 10.00 + 2.00 + 3.99 + 0.50 + 1.00 = 57.47.
    "Canada: GST and QST beside each other": Case(
        "CA", "CAD", [GST, QST], 1999, 2, 1000, [("GST", 200), ("QST", 399), ("GST", 50), ("QST", 100)], 5747
    ),
    # British Columbia: 49.95 × 5 % = 2.4975 → 2.50, × 7 % = 3.4965 → 3.50; shipping with GST alone: 0.50.
    "Canada: GST and PST": Case(
        "CA",
        "CAD",
        [GST, rate("PST", "7", priority=2, shipping=False)],
        4995,
        1,
        1000,
        [("GST", 250), ("PST", 350), ("GST", 50)],
        6645,
    ),
    # Quebec as it was until 2012: QST 9.5 % of price and GST. 100.00: 5.00, and 105.00 × 9.5 % = 9.975 → 9.98.
    # Free shipping: its taxes are nothing.
    "Canada: QST on GST": Case(
        "CA",
        "CAD",
        [GST, rate("QST", "9.5", compound=True, priority=2)],
        10000,
        1,
        0,
        [("GST", 500), ("QST", 998), ("GST", 0), ("QST", 0)],
        11498,
    ),
    # Both inside 114.98: net × 1.05 × 1.095 = net × 1.14975. GST 114.98 × 0.05 / 1.14975 = 5.00021… → 5.00,
    # QST 114.98 × 0.09975 / 1.14975 = 9.97543… → 9.98. Net 100.00.
    "Canada: the same inside the price": Case(
        "CA",
        "CAD",
        [rate("GST", "5", inclusive=True), rate("QST", "9.5", compound=True, priority=2, inclusive=True)],
        11498,
        1,
        0,
        [("GST", 500), ("QST", 998), ("GST", 0), ("QST", 0)],
        11498,
    ),
    # Yen have no smaller coin: 333 × 10 / 110 = 30.27 → 30; shipping 550 × 10 / 110 = 50.
    "Japan: 10 % inside, no decimals": Case(
        "JP", "JPY", [rate("Consumption tax", "10", inclusive=True)], 333, 1, 550,
        [("Consumption tax", 30), ("Consumption tax", 50)], 883,
    ),
    # On top: 5 × 333 = 1665 × 10 % = 166.5 → 167 (half away from zero). 1665 + 167 + 550 + 55 = 2437.
    "Japan: 10 % on top": Case(
        "JP", "JPY", [rate("Consumption tax", "10")], 333, 5, 550,
        [("Consumption tax", 167), ("Consumption tax", 55)], 2437,
    ),
    # Kuwait counts in thousandths: 1.250 × 5 % = 0.0625 → 0.063; shipping 0.755 × 5 % = 0.03775 → 0.038.
    "Kuwait: 5 %, three decimals": Case(
        "KW", "KWD", [rate("VAT", "5")], 1250, 1, 755, [("VAT", 63), ("VAT", 38)], 2106
    ),
    # A rate of nothing is a tax all the same: the invoice names it.
    "zero-rated": Case("IE", "EUR", [rate("VAT", "0", inclusive=True)], 999, 1, 0, [("VAT", 0), ("VAT", 0)], 999),
}  # fmt: skip


def open_shop(home, currency, rates, shipping=0, **settings):
    """A shop with one category, taxed at home by these rates, and one way to send."""
    stage.open_shop(country=home, currency=currency, **settings)
    db.session.execute(text("DELETE FROM tax_rates"))
    db.session.execute(text("DELETE FROM service_levels"))
    db.session.execute(text("DELETE FROM shipping_regions"))
    category = db.session.scalars(select(TaxCategory).filter_by(code="standard")).one()
    place_rates(rates, countries=[home])
    world = ShippingRegion(name="World")
    db.session.add(world)
    db.session.flush()
    way = {"name": "Post", "params": {"amount_minor": shipping}, "currency": currency}
    db.session.add(ServiceLevel(region_id=world.id, tax_category_id=category.id, **way))


def place_rates(rates, category="standard", **bounds):
    """These rates for a place of their own."""
    region = ShippingRegion(name=f"Taxes of {bounds}", taxes_only=True, **bounds)
    category_id = db.session.scalars(select(TaxCategory.id).filter_by(code=category)).one()
    db.session.add(region)
    db.session.flush()
    for one in rates:
        facts = {name: getattr(one, name) for name in ("name", "rate_ppm", "inclusive", "compound", "priority")}
        more = {"applies_to_shipping": one.applies_to_shipping, "category_id": category_id}
        db.session.add(TaxRate(region_id=region.id, **facts, **more))
    db.session.flush()
    return region


def basket(lines, address=None, **custom):
    """A cart with so many of each SKU, in this order, on its way to an address."""
    with transaction():
        store = db.session.scalars(select(Store)).one()
        new = start(f"hash {clock.here().timestamp()} {lines}", store.currency)
        whole = {"name": "Alice", "line1": "1 Quay", "city": "Town", "country": store.country, **(address or {})}
        new.shipping_address_id, new.email = customers.save_address(whole).id, "alice@example.com"
        new.custom = custom
        for sku, qty in lines:
            cart.add(new, sku, qty)
        number = new.id
    return db.session.get(Cart, number)


@pytest.mark.parametrize("name", GOLDEN)
def test_golden_taxes(play, name):
    """PRM-12: each of these places takes exactly what was worked out by hand, from the coin up to the total. INV-09."""
    case = GOLDEN[name]
    with transaction():
        open_shop(case.home, case.currency, case.rates, case.shipping)
        stage.put_on_shelf("thing", 99, price=case.unit, currency=case.currency)
    quote = cart.quote(basket([("THING", case.qty)]))
    assert [(row["name"], row["tax_minor"]) for row in quote.tax_rows] == case.taxes
    assert quote.total_minor == case.total
    assert quote.tax_minor == sum(tax for _name, tax in case.taxes)
    line = quote.lines[0]
    assert line.tax_minor + quote.shipping_tax_minor == quote.tax_minor
    assert line.tax_rate_ppm == taxes.combined_ppm(case.rates)


# --- by another way of counting --------------------------------------------------------------------------------------

PERCENTS = st.integers(0, 1_000_000)
RATES = st.lists(st.tuples(PERCENTS, st.booleans()), max_size=5)
AMOUNTS = st.integers(0, 10**12)


def built(parts, inclusive):
    """Rates by (parts per million, compound), one priority after the other."""
    return [Rate(f"T{at}", ppm, inclusive, True, compound, at + 1) for at, (ppm, compound) in enumerate(parts)]


def by_fractions(amount, rates):
    """The same by going through the rates one by one, as people do: plain ones of the net, compound ones of all so far.

    Inside a price, the net is found by undoing the compound ones backwards.
    """
    plain = [one for one in rates if not one.compound]
    compound = [one for one in rates if one.compound]
    net = Fraction(amount)
    if rates and rates[0].inclusive:
        for one in reversed(compound):
            net /= 1 + Fraction(one.rate_ppm, money.PPM)
        net /= 1 + Fraction(sum(one.rate_ppm for one in plain), money.PPM)
    exact = {one: net * one.rate_ppm / money.PPM for one in plain}
    for one in compound:
        exact[one] = (net + sum(exact.values())) * one.rate_ppm / money.PPM
    return [int(exact[one] + Fraction(1, 2)) for one in rates]


@given(AMOUNTS, RATES, st.booleans())
def test_each_tax_is_its_exact_part_rounded_once(amount, parts, inclusive):
    """PRM-12: whatever the rates, each tax is what fractions say, rounded once; net and taxes are the price."""
    rates = built(parts, inclusive)
    charged = arithmetic.charges(amount, rates)
    assert [one.tax_minor for one in charged] == by_fractions(amount, rates)
    assert all(type(one.tax_minor) is int and one.base_minor == amount for one in charged)
    if inclusive:
        net = amount - sum(one.tax_minor for one in charged)
        exact = Fraction(amount) * money.PPM / (money.PPM + taxes.combined_ppm(rates)) if len(rates) == 1 else None
        assert exact is None or abs(net - exact) <= Fraction(1, 2)
        assert net >= -len(rates)


@given(AMOUNTS, RATES, RATES)
def test_a_price_keeps_its_net(amount, before, after):
    """PRM-12: a price with other taxes in it has the same net, to the coin; with the same ones it is the same price."""
    home, there = built(before, True), built(after, True)
    assert arithmetic.converted(amount, home, home) == amount
    net = arithmetic.converted(amount, home, ())
    share = Fraction(taxes.combined_ppm(home), money.PPM)
    assert abs(net * (1 + share) - amount) <= 1 + share + Fraction(amount, money.PPM)
    assert arithmetic.converted(amount, home, built(after, False)) == net
    assert arithmetic.converted(amount, (), there) >= amount


@given(st.lists(st.tuples(st.integers(0, 10**7), RATES), max_size=8), st.randoms())
def test_the_order_of_lines_changes_nothing(lines, random):
    """PRM-12, INV-09: the rows of a document add up to the whole, whichever line comes first."""
    made = [taxes.rows_of("X", 0, arithmetic.charges(total, built(parts, True))) for total, parts in lines]
    shuffled = random.sample(made, len(made))
    first, second = ([row for rows in some for row in rows] for some in (made, shuffled))
    assert dict(taxes_by_label(first)) == dict(taxes_by_label(second))
    assert sum(tax for _label, tax in taxes_by_label(first)) == sum(row["tax_minor"] for row in first)


def taxes_by_label(rows):
    """The sums by name and rate, without the words of a language."""
    sums = {}
    for row in rows:
        key = row["name"], row["rate_ppm"]
        sums[key] = sums.get(key, 0) + row["tax_minor"]
    return sorted(sums.items())


def test_a_quote_does_not_mind_the_order_of_its_lines(play):
    """INV-09: the same goods put in the other way round cost the same, tax by tax."""
    with transaction():
        open_shop("US", "USD", GOLDEN["US: state, and a county compound on it"].rates, 500)
        for name, price in (("a", 333), ("b", 1999), ("c", 7)):
            stage.put_on_shelf(name, 99, price=price, currency="USD")
    lines = [("A", 3), ("B", 1), ("C", 7)]
    one, other = cart.quote(basket(lines)), cart.quote(basket(lines[::-1]))
    assert one.taxes == other.taxes and one.total_minor == other.total_minor
    on_top = sum(row["tax_minor"] for row in one.tax_rows)
    assert (
        one.total_minor
        == 3 * 333 + 1999 + 49 + 500 + on_top
        == sum(line.total_minor + line.tax_minor for line in one.lines) + one.shipping_minor + one.shipping_tax_minor
    )


# --- which rate counts -----------------------------------------------------------------------------------------------


def found(**address):
    """The names of the rates that goods of the first category have at an address, in order."""
    category = db.session.scalar(select(TaxCategory.id).filter_by(code="standard"))
    return [one.name for one in lookup.rates_at(address)[0].get(category, ())]


@pytest.fixture
def places(play):
    """One priority for the whole of a country, and ever smaller places within it; a second for a state."""
    with transaction():
        open_shop("US", "USD", [])
        db.session.execute(text("DELETE FROM tax_rates"))
        place_rates([rate("World", "1")])
        place_rates([rate("Two countries", "2")], countries=["US", "CA"])
        place_rates([rate("US", "3")], countries=["US"])
        place_rates([rate("NY", "4"), rate("NY too", "1", priority=2)], countries=["US"], subdivisions=["NY"])
        place_rates([rate("Range", "5")], countries=["US"], subdivisions=["NY"], postcodes=["10000-10299"])
        place_rates([rate("One code", "6")], countries=["US"], postcodes=["10280"])
        place_rates([rate("Cities", "7")], countries=["US"], subdivisions=["NJ"], cities=["Jersey City", "Orange"])
    return play


@pytest.mark.parametrize(
    ("address", "names"),
    [
        ({"country": "DE"}, ["World"]),
        ({"country": "CA"}, ["Two countries"]),
        ({"country": "US"}, ["US"]),
        ({"country": "US", "subdivision": "CA"}, ["US"]),
        ({"country": "US", "subdivision": "NY", "postcode": "14201"}, ["NY", "NY too"]),
        ({"country": "US", "subdivision": "NY", "postcode": "10001"}, ["Range", "NY too"]),
        ({"country": "US", "subdivision": "NY", "postcode": "10001-1234"}, ["Range", "NY too"]),
        ({"country": "US", "subdivision": "PA", "postcode": "10280-0001"}, ["One code"]),
        ({"country": "US", "subdivision": "PA", "postcode": "10281"}, ["US"]),
        ({"country": "US", "subdivision": "NJ", "city": "  JERSEY   city "}, ["Cities"]),
        ({"country": "US", "subdivision": "NJ", "city": "Newark"}, ["US"]),
        ({"country": "US", "subdivision": "PA", "city": "Orange"}, ["US"]),
        ({"country": ""}, ["World"]),
    ],
)
def test_the_smaller_place_wins(places, address, names):
    """PRM-12: of the rates with one priority the one for the smaller place counts; those of others stand beside it."""
    assert found(**address) == names


def test_the_oldest_of_equals_wins(play):
    """Overlaps have a defined answer: of two rates for the very same place the older counts."""
    with transaction():
        open_shop("IE", "EUR", [rate("Old", "20"), rate("New", "23")])
    assert found(country="IE") == ["Old"]


def test_taxes_of_one_kind_of_goods_are_treated_alike(play):
    """Included and on top at once has a defined answer: all are like the one with the first priority."""
    with transaction():
        open_shop("IE", "EUR", [rate("Second", "5", inclusive=False, priority=2), rate("First", "20", inclusive=True)])
    (rates,) = lookup.rates_at({"country": "IE"})[0].values()
    assert [(one.name, one.inclusive) for one in rates] == [("First", True), ("Second", True)]


def test_a_rate_has_its_days(play):
    """Valid from and to: the rate before a day, the one from that moment on, and none after the last."""
    with transaction():
        open_shop("IE", "EUR", [rate("VAT", "20"), rate("VAT later", "23")])
        change = clock.now() + timedelta(days=10)
        old, new = db.session.scalars(select(TaxRate).order_by(TaxRate.id))
        old.valid_to = new.valid_from = change
        new.valid_to = change + timedelta(days=10)
    assert found(country="IE") == ["VAT"]
    play.wait(days=10, seconds=1)
    assert found(country="IE") == ["VAT later"]
    play.wait(days=10)
    assert found(country="IE") == []


def test_a_category_without_a_rate_is_not_taxed(play):
    """Holes have a defined answer: goods of a category that has no rate there are sold without tax."""
    with transaction():
        open_shop("IE", "EUR", [rate("VAT", "20", inclusive=True)])
        stage.put_on_shelf("book", 9, price=1000, tax_category="zero")
    quote = cart.quote(basket([("BOOK", 1)]))
    assert quote.tax_minor == 0 and quote.total_minor == 1000 and not quote.lines[0].charges


def test_a_region_that_is_changed_is_found_by_its_new_country(play):
    """The index follows the region, whoever changes it."""
    with transaction():
        open_shop("IE", "EUR", [rate("VAT", "20")])
        region = db.session.scalars(select(ShippingRegion).filter_by(taxes_only=True)).one()
        region.countries, region.subdivisions, region.postcodes = ["US"], ["US-NY"], ["10001"]
    assert (region.only_country, region.only_subdivision, region.only_postcode) == ("US", "ny", "10001")
    assert found(country="IE") == []
    assert found(country="US", subdivision="NY", postcode="10001") == ["VAT"]


def test_thousands_of_rates_are_looked_up_by_index(play):
    """PRM-12: with 3,000 places a quote asks as often as with one, by the index, and reads only what may count."""
    with transaction():
        open_shop("US", "USD", [rate("US", "1")])
        stage.put_on_shelf("thing", 9, price=1000, currency="USD")
    mine, before, after = basket([("THING", 1)], {"subdivision": "NY", "postcode": "10042"}).id, [], []
    asked(mine, before)
    data = "Country,State,ZIP,City,Rate,Name,Priority\n" + "".join(
        f"US,NY,{10000 + at},,4.5,Town {at},2\n" for at in range(3000)
    )
    with transaction():
        assert taxes.import_rates(taxes.read_file("ny.csv", data.encode()), actor="me").counts["new"] == 3000
    quote = asked(mine, after)
    assert len(tables(before)) == len(tables(after))
    assert [row["name"] for row in quote.tax_rows] == ["US", "Town 42"] * 2
    statement, values = next((sql, values) for sql, values in after if "tax_rates" in sql)
    assert len(db.session.connection().exec_driver_sql(statement, values).all()) == 2
    explain = "EXPLAIN " if db.engine.dialect.name == "postgresql" else "EXPLAIN QUERY PLAN "
    if db.engine.dialect.name == "postgresql":
        db.session.execute(text("ANALYZE shipping_regions, tax_rates"))
    plan = str(db.session.connection().exec_driver_sql(explain + statement, values).all())
    assert "ix_shipping_regions_only_country_only_subdivision_only_postcode" in plan, plan


def tables(seen):
    """Those of the statements that read tables: the clock is asked again after two seconds."""
    return [sql for sql, _values in seen if "FROM" in sql.upper()]


def asked(cart_id, seen):
    """A quote; `seen` gets the statements that it took."""

    def note(connection, cursor, statement, values, *rest):
        seen.append((statement, values))

    db.session.expire_all()
    mine = db.session.get(Cart, cart_id)
    event.listen(Engine, "before_cursor_execute", note)
    try:
        return cart.quote(mine)
    finally:
        event.remove(Engine, "before_cursor_execute", note)


# --- prices at places with other rates -------------------------------------------------------------------------------

# home 21 % inside 121.00; there 25 % inside, or on top, or none. What the goods cost there, and the tax.
ABROAD = {
    ("gross", "inside"): (12100, 2420, 12100),  # 121 × 25 / 125 = 24.20: the price stands
    ("gross", "on top"): (12100, 3025, 15125),
    ("gross", "none"): (12100, 0, 12100),
    ("net", "inside"): (12500, 2500, 12500),  # net 100 + 25
    ("net", "on top"): (10000, 2500, 12500),
    ("net", "none"): (10000, 0, 10000),  # exported without the tax of the shop's country
}


@pytest.mark.parametrize(("abroad", "how"), ABROAD)
def test_prices_abroad(play, abroad, how):
    """PRM-12: where another rate is taken the price stands, or its net does, as the shop has set; shipping likewise."""
    with transaction():
        open_shop("LV", "EUR", [rate("VAT", "21", inclusive=True)], 12100, tax_rules={"abroad": abroad})
        stage.put_on_shelf("thing", 99, price=12100)
        if how != "none":
            place_rates([rate("Moms", "25", inclusive=how == "inside")], countries=["SE"])
    price, tax, total = ABROAD[abroad, how]
    quote = cart.quote(basket([("THING", 2)], {"country": "SE"}))
    line = quote.lines[0]
    assert (line.unit_minor, line.tax_minor, line.listed_minor) == (price, 2 * tax, 12100)
    assert (quote.level.cost_minor, quote.shipping_tax_minor) == (price, tax)
    assert quote.total_minor == 3 * total and line.total_minor == line.unit_minor * 2
    at_home = cart.quote(basket([("THING", 2)]))
    assert at_home.lines[0].unit_minor == 12100 and at_home.tax_minor == 3 * 2100


def test_shipping_is_measured_by_the_prices_of_the_catalogue(play):
    """Free from a sum: a shopper whose prices are without the shop's tax gets it from the same goods on."""
    with transaction():
        open_shop("LV", "EUR", [rate("VAT", "21", inclusive=True)], 1210, tax_rules={"abroad": "net"})
        stage.put_on_shelf("thing", 99, price=6000)
        (level,) = db.session.scalars(select(ServiceLevel))
        level.params = {"amount_minor": 1210, "free_from_minor": 12000}
    assert cart.quote(basket([("THING", 1)], {"country": "SE"})).shipping_minor == 1000
    assert cart.quote(basket([("THING", 2)], {"country": "SE"})).shipping_minor == 0


# --- the document ----------------------------------------------------------------------------------------------------


def document(play):
    """The one tax document there is, as it stands now."""
    play.look_again()
    return db.session.scalars(select(TaxDocument)).one()


def test_an_order_keeps_its_old_rate(play):
    """PRM-12, INV-13: what was taxed stays as it was after the rate is changed, on the order and on its page."""
    play.shelves(mug=5)
    placed = play.paid_order(mug=1)
    with transaction():
        db.session.scalars(select(TaxRate)).one().rate_ppm = 250_000
    play.look_again()
    line, kept = placed.order.lines[0], taxes.of_order(placed.order.id)
    assert (line.tax_rate_ppm, line.tax_minor) == (200_000, 208)  # 12.50 × 20 / 120
    assert sum(tax for _name, tax in kept.included) == placed.order.tax_minor == 208 + 82
    page = placed.shopper.get(f"/orders/{placed.order.key}")
    assert page.has("VAT 20\u00a0% included €2.90") or page.has("VAT 20 % included €2.90"), page.text
    quote = cart.quote(basket([("MUG", 1)], {"country": "IE"}))
    assert (quote.lines[0].tax_rate_ppm, quote.tax_minor) == (250_000, 250 + 98)


def test_a_later_step_that_fails_leaves_the_document_voided(play):
    """PRM-13, ACT-17: committed with the order, voided when the gateway refuses to begin; paying again revives it."""
    play.shelves(mug=5)
    shopper = play.visitor("alice")
    play.fill_cart(shopper, mug=1)
    play.to_preview(shopper)
    gateway_down(True)
    assert shopper.press("Confirm and pay").status == 503
    order = play.last_order()
    assert (order.status, document(play).status) == ("FAILED", "VOIDED")
    assert [row["tax_minor"] for row in document(play).lines] == [208, 82]
    gateway_down(False)
    shopper.get(f"/orders/{order.key}")
    shopper.press("Pay now")
    assert (play.last_order().status, document(play).status) == ("HOLD", "COMMITTED")


def gateway_down(down):
    """The gateway refuses to begin anything, or does not."""
    with transaction():
        config = db.session.scalars(select(GatewayConfig).filter_by(name="sandbox")).one()
        config.properties = {**config.properties, "down": down}


def test_an_order_that_is_cancelled_has_no_taxes(play):
    """PRM-13: closing an order voids its document."""
    play.shelves(mug=5)
    placed = play.quick_order(mug=1)
    assert document(play).status == "COMMITTED"
    with transaction():
        orders.cancel_by_shopper(placed.order.id)
    assert document(play).status == "VOIDED"
