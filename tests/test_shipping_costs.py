"""What shipping costs: five ways to compute it, one rounding, and figures that must be right before they are kept.

Proves SHP-02 to SHP-12, SHP-14 and the defined answers to weights of nothing and of ten tonnes.
"""

from fractions import Fraction

import pytest
from sqlalchemy import event, select
from sqlalchemy.engine import Engine

from storefront import shipping
from storefront.kit.db import db, transaction
from storefront.kit.errors import Invalid
from storefront.shipping import Figure, Method, Parcel
from storefront.shipping.costs import METHODS, cost_of
from storefront.shipping.figures import read
from storefront.shipping.models import ServiceLevel, ShippingRegion

import stage

TEN_TONNES = 10_000_000
CHEAP = {"amount_minor": 100}
KILO = {"rate_minor": 120, "unit_g": 1000}

# way, figures, grams, goods in cents: the cost in cents, worked out by hand
COSTS = [
    ("fixed_price", {"amount_minor": 390}, 0, 0, 390),
    ("fixed_price", {"amount_minor": 390}, TEN_TONNES, 10**9, 390),
    ("fixed_price", {"amount_minor": 390, "free_from_minor": 6000}, 500, 5999, 390),
    ("fixed_price", {"amount_minor": 390, "free_from_minor": 6000}, 500, 6000, 0),
    ("per_weight", KILO, 0, 5000, 0),  # 1.20 × 0 kg
    ("per_weight", KILO, 1000, 5000, 120),
    ("per_weight", KILO, 1500, 5000, 180),  # 1.20 × 1.5
    ("per_weight", KILO, 333, 5000, 40),  # 39.96
    ("per_weight", {"rate_minor": 1, "unit_g": 1000}, 500, 0, 1),  # half a cent goes up
    ("per_weight", {"rate_minor": 1, "unit_g": 1000}, 499, 0, 0),
    ("per_weight", {"rate_minor": 15, "unit_g": 100}, 250, 0, 38),  # 37.5
    ("per_weight", KILO, TEN_TONNES, 0, 1_200_000),  # 1.20 × 10,000 kg
    ("per_weight", {**KILO, "free_from_minor": 1}, TEN_TONNES, 1, 0),
    ("base_plus_weight", {"amount_minor": 250, **KILO}, 0, 0, 250),
    ("base_plus_weight", {"amount_minor": 250, **KILO}, 2300, 0, 526),  # 2.50 + 2.76
    ("base_plus_weight", {"amount_minor": 1, "rate_minor": 1, "unit_g": 3}, 1, 0, 1),  # 1.33, rounded once
    ("base_plus_weight", {"amount_minor": 1, "rate_minor": 1, "unit_g": 2}, 1, 0, 2),  # 1.5
    ("base_plus_weight", {"amount_minor": 250, **KILO}, TEN_TONNES, 0, 1_200_250),
    ("percent", {"rate_ppm": 50_000}, 700, 0, 0),
    ("percent", {"rate_ppm": 50_000}, 700, 1999, 100),  # 99.95
    ("percent", {"rate_ppm": 88_750}, 700, 10_001, 888),  # 887.58875
    ("percent", {"rate_ppm": 1_000_000}, 700, 1999, 1999),
    ("percent", {"rate_ppm": 50_000, "free_from_minor": 5000}, 0, 5000, 0),
    ("base_plus_percent", {"amount_minor": 200, "rate_ppm": 30_000}, 0, 0, 200),
    ("base_plus_percent", {"amount_minor": 200, "rate_ppm": 30_000}, 0, 4990, 350),  # 2.00 + 1.497
    ("base_plus_percent", {"amount_minor": 200, "rate_ppm": 30_000}, TEN_TONNES, 4983, 349),  # 2.00 + 1.4949
]


@pytest.mark.parametrize("way, figures, grams, goods, cost", COSTS)
def test_each_way_costs_exactly_this(way, figures, grams, goods, cost):
    """The five ways at the same parcels, rounded once, half away from zero. SHP-06, SHP-07, SHP-08, SHP-09, SHP-10."""
    assert cost_of(way, figures, Parcel(grams, goods)) == cost


def test_what_would_cost_more_than_all_bounds_is_not_offered():
    """A weight that nobody meant gives no absurd sum: the level is simply not there (SHP-06)."""
    assert cost_of("per_weight", {"rate_minor": 10**9, "unit_g": 1}, Parcel(TEN_TONNES, 0)) is None


def test_the_currency_says_how_many_decimals_a_typed_figure_has():
    """The same words are 4900 minor units of dinars, 490 of euros, and too fine for yen (SHP-11)."""
    figures = METHODS["fixed_price"].figures
    assert read(figures, {"amount_minor": "4.90"}, "EUR") == {"amount_minor": 490}
    assert read(figures, {"amount_minor": "4.90"}, "KWD") == {"amount_minor": 4900}
    assert read(figures, {"amount_minor": "490"}, "JPY") == {"amount_minor": 490}
    with pytest.raises(Invalid) as refused:
        read(figures, {"amount_minor": "4.90"}, "JPY")
    assert refused.value.fields == {"amount_minor": ["JPY has only 0 decimals"]}


# way, figures as a program sends them: the figures that are refused
BAD = [
    ("fixed_price", {}, {"amount_minor"}),
    ("fixed_price", {"amount_minor": -1}, {"amount_minor"}),
    ("fixed_price", {"amount_minor": "390"}, {"amount_minor"}),
    ("fixed_price", {"amount_minor": True}, {"amount_minor"}),
    ("fixed_price", {"amount_minor": 10**12}, {"amount_minor"}),
    ("fixed_price", {"amount_minor": 390, "colour": 3}, {"colour"}),
    ("fixed_price", {"amount_minor": 390, "free_from_minor": -5}, {"free_from_minor"}),
    ("per_weight", {"rate_minor": 1, "unit_g": 0}, {"unit_g"}),
    ("per_weight", {"unit_g": 1000}, {"rate_minor"}),
    ("percent", {"rate_ppm": 1_000_001}, {"rate_ppm"}),
    ("percent", {"rate_ppm": -1}, {"rate_ppm"}),
    ("base_plus_percent", {"rate_ppm": 10_000}, {"amount_minor"}),
    ("by_moonlight", {}, {"method"}),
]


@pytest.fixture
def region(play):
    """The region of the stage, which sends to Ireland and three others."""
    play.shelves(mug=50)
    return db.session.scalar(select(ShippingRegion).filter_by(name="Europe"))


def level(region, method="fixed_price", params=None, **more):
    """A level through the merchant's verb."""
    values = {"name": "New", "carrier": "", "days_min": 1, "days_max": 2, "active": True, "currency": "EUR", **more}
    with transaction():
        return shipping.save_level(None, region, method=method, params=CHEAP if params is None else params, **values)


@pytest.mark.parametrize("method, params, fields", BAD)
def test_figures_that_cannot_be_right_are_refused(region, rows, method, params, fields):
    """Missing, negative, over 100 %, unknown, or no number: refused with the field, nothing is kept. SHP-11."""
    before = rows("service_levels")
    with pytest.raises(Invalid) as refused:
        level(region, method, params)
    assert set(refused.value.fields) == fields
    assert rows("service_levels") == before


@pytest.mark.parametrize(
    "values, field",
    [
        ({"currency": "USD"}, "currency"),
        ({"name": "  "}, "name"),
        ({"days_min": 5}, "days_max"),
        ({"days_max": 1000}, "days_max"),
        ({"weight_min_g": -1}, "weight_min_g"),
        ({"weight_max_g": 10**12}, "weight_max_g"),
        ({"weight_min_g": 2000, "weight_max_g": 1000}, "weight_max_g"),
    ],
)
def test_a_level_that_cannot_be_right_is_refused(region, values, field):
    """Another currency than the shop's, no name, days or weights the wrong way round. SHP-02, SHP-11."""
    with pytest.raises(Invalid) as refused:
        level(region, **values)
    assert set(refused.value.fields) == {field}


def names(grams, goods=1000, country="IE"):
    """The names of the levels that are offered."""
    return [one.name for one in shipping.levels_for({"country": country}, Parcel(grams, goods), "EUR")]


def test_levels_carry_what_they_say(region):
    """A level takes weights from its least to its most, both included; what nothing takes has no level (SHP-03)."""
    with transaction():
        for one in region.levels:
            one.weight_max_g = 2000
    level(region, weight_min_g=2000, weight_max_g=30_000, name="Heavy")
    assert names(0) == ["Standard", "Express"]
    assert names(2000) == ["Standard", "Express", "Heavy"]
    assert names(2001) == names(30_000) == ["Heavy"]
    assert names(30_001) == []
    reach = shipping.reach({"country": "IE"}, Parcel(TEN_TONNES, 0), "EUR")
    assert reach.why_not == "Your goods weigh 10,000 kg together. To this address we can send at most 30 kg at once."
    assert [name for name, _why in reach.left_out] == ["Standard", "Express", "Heavy"]


def test_a_hole_between_two_weights_is_said(region):
    """Goods too heavy for one level and too light for the next: no level, and a sentence that says so (SHP-03)."""
    with transaction():
        for one in region.levels:
            one.weight_max_g = 1000
    level(region, weight_min_g=5000, name="Pallet")
    reach = shipping.reach({"country": "IE"}, Parcel(3000, 0), "EUR")
    assert reach.options == [] and reach.why_not.startswith("We have no way of sending 3 kg to this address.")


def test_the_first_is_chosen_and_the_merchant_says_which_it_is(region):
    """Levels come in the merchant's order, and those that are off are not there. SHP-02, SHP-03, SHP-04."""
    assert names(300) == ["Standard", "Express"]
    with transaction():
        express = db.session.scalar(select(ServiceLevel).filter_by(name="Express"))
        assert shipping.move_level(express, up=True) and not shipping.move_level(express, up=True)
    assert names(300) == ["Express", "Standard"]
    with transaction():
        assert shipping.switch_level(db.session.get_one(ServiceLevel, express.id), on=False)
    assert names(300) == ["Standard"]


def test_twenty_levels_cost_one_query(region):
    """Every level is priced in one pass: two levels or twenty, the database is asked once (SHP-12)."""

    def queries():
        seen = []

        def note(connection, cursor, statement, *rest):
            seen.append(statement)

        db.session.rollback()
        event.listen(Engine, "before_cursor_execute", note)
        options = shipping.levels_for({"country": "IE"}, Parcel(300, 1000), "EUR")
        event.remove(Engine, "before_cursor_execute", note)
        return len(options), len([one for one in seen if one.startswith("SELECT")])

    before = queries()
    for number in range(18):
        level(region, "base_plus_weight", {"amount_minor": number, "rate_minor": 5, "unit_g": 1}, name=f"Way {number}")
    assert (before, queries()) == ((2, 1), (20, 1))


@pytest.fixture
def by_the_moon():
    """A way that a package of the merchant's brings."""
    half = Method(
        "by_the_moon",
        "By the moon",
        "phase × weight",
        (Figure("phase", "Phase", "number", most=8),),
        lambda params, parcel: Fraction(params["phase"] * parcel.weight_g, 700),
    )
    shipping.register(half)
    yield half
    METHODS.pop("by_the_moon", None)


def test_a_way_from_elsewhere_prices_levels_like_the_others(region, by_the_moon):
    """A registered way is offered, checked, rounded and free from a sum on like the shop's own. SHP-14."""
    level(region, "by_the_moon", {"phase": 3, "free_from_minor": 5000}, name="Moon")
    with pytest.raises(Invalid):
        level(region, "by_the_moon", {"phase": 9}, name="Too much moon")
    options = {one.name: one.cost_minor for one in shipping.levels_for({"country": "IE"}, Parcel(300, 4999), "EUR")}
    assert options["Moon"] == 1  # 900 ÷ 700 = 1.29
    with pytest.raises(ValueError, match="by_the_moon already"):
        shipping.register(by_the_moon)
    with pytest.raises(ValueError, match="not a name"):
        shipping.register(Method("No name", "", "", (), lambda params, parcel: 0))


def test_a_way_that_is_gone_or_breaks_takes_only_itself_away(region, by_the_moon, caplog):
    """Its levels are not offered, the others are, the admin says why, and the shop stays open (SHP-14)."""
    level(region, "by_the_moon", {"phase": 3}, name="Moon")
    assert names(300) == ["Standard", "Express", "Moon"]
    METHODS["by_the_moon"] = Method("by_the_moon", "", "", (), lambda params, parcel: 1 // 0)
    assert names(300) == ["Standard", "Express"]
    del METHODS["by_the_moon"]
    assert names(300) == ["Standard", "Express"]
    assert any("Moon is offered to nobody" in finding.sentence for finding in shipping.findings())


def test_levels_of_the_older_shop_cost_what_they_did(region):
    """What was kept before there were five ways, {"amount_minor": 490} of fixed_price, costs the same. SHP-09."""
    kept = db.session.scalar(select(ServiceLevel).filter_by(name="Standard"))
    assert (kept.method, kept.params, kept.weight_min_g, kept.weight_max_g) == (
        "fixed_price",
        {"amount_minor": stage.SHIPPING},
        None,
        None,
    )
    assert [one.cost_minor for one in shipping.levels_for({"country": "IE"}, Parcel(1, 1), "EUR")] == [490, 980]


def test_the_choice_of_the_shopper_changes_the_total(play, region):
    """SHP-05, SHP-06, SHP-10: what was chosen is what is counted, by the weight and the sum of this very cart."""
    level(region, "per_weight", {"rate_minor": 500, "unit_g": 1000}, name="By weight")
    level(region, "percent", {"rate_ppm": 100_000}, name="By sum")
    alice = play.visitor("alice")
    play.fill_cart(alice, mug=3)  # 900 g, 37.50
    play.to_preview(alice)
    assert alice.page.has("€41.25")  # + 3.75, the cheapest
    for name, total in (("By weight", "€42.00"), ("Standard", "€42.40")):  # + 4.50, + 4.90
        alice.get("/checkout/shipping?change=1")
        page = alice.press("Review order", choice=name)
        assert page.path == "/checkout/preview" and page.has(total)
