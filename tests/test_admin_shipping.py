"""The owner says where goods go and what it costs, sees the cost before saving, and is told of overlaps and holes.

Proves ADM-13, SHP-01, SHP-02, SHP-05 and SHP-11.
"""

import pytest
from sqlalchemy import select

from storefront import shipping
from storefront.admin import audit
from storefront.kit.db import db, transaction
from storefront.shipping.models import ServiceLevel, ShippingRegion

from counter import CLERK, comes_in, trail

NEW_LEVEL = {"Name": "By weight", "Carrier": "DPD", "Days at least": "2", "Days at most": "3"}


@pytest.fixture
def carol(play):
    """The owner, signed in, of a shop with mugs and one region."""
    play.shelves(mug=50)
    return comes_in(play)


def region_named(name):
    """The region, as it is now."""
    db.session.expire_all()
    return db.session.scalar(select(ShippingRegion).filter_by(name=name))


def choose_way(visitor, way, **answers):
    """Choose how the cost is computed, so that its figures are there; nothing is saved yet."""
    return visitor.press("Show its figures", {"Cost": way, **answers})


def test_a_region_and_its_level_are_made_changed_and_used(play, carol):
    """From nothing to a level that shoppers are offered, and every change is in the trail. ADM-13, SHP-01, SHP-02."""
    carol.get("/admin/shipping")
    carol.click("New region")
    page = carol.press("Save region", {"Name": "Baltic", "countries": ["LV", "EE"]})
    assert page.steps == [303, 200] and page.heading == "Baltic" and page.has("Saved.")
    assert page.has("Nothing is sent by it")
    carol.click("New way of sending")
    page = choose_way(carol, "Basic price and price per unit of weight", **NEW_LEVEL)
    assert page.status == 200 and "By weight" in str(page.form("Save way of sending")[0].values())
    page = carol.press(
        "Save way of sending",
        {"Basic price (EUR)": "2.50", "Price of a unit of weight (EUR)": "1,20", "Free from": "60"},
    )
    assert page.steps == [303, 200] and not page.has("Nothing is sent by it")
    level = region_named("Baltic").levels[0]
    assert (level.method, level.carrier, level.days_max) == ("base_plus_weight", "DPD", 3)
    assert level.params == {"amount_minor": 250, "rate_minor": 120, "unit_g": 1000, "free_from_minor": 6000}
    page = carol.get(f"/admin/shipping/levels/{level.id}")
    assert page.has("goods €50.00") and page.has("10,000 kg €12,002.50") and page.has("0 g €2.50")
    carol.press("Save way of sending", {"Free from": "", "Weight from": "100"})
    level = region_named("Baltic").levels[0]
    assert (level.weight_min_g, "free_from_minor" in level.params) == (100, False)
    said = [line for line in trail() if "shipping" in line or "sending" in line]
    assert said == [
        "new region: shipping region Baltic",
        "new way of sending: way of sending Baltic, By weight",
        "change: way of sending Baltic, By weight",
    ]
    assert audit.trail()[0].before["weight_min_g"] is None and audit.trail()[0].after["weight_min_g"] == 100
    assert audit.chain_is_whole()
    options = shipping.levels_for({"country": "EE"}, shipping.Parcel(500, 100), "EUR")
    assert [(one.name, one.cost_minor) for one in options] == [("By weight", 310)]


def test_saving_what_is_the_same_changes_nothing(carol):
    """A form sent as it came leaves rows and trail alone. ADM-13."""
    region, before = region_named("Europe"), len(trail())
    carol.get(f"/admin/shipping/regions/{region.id}")
    assert carol.press("Save region").steps == [303, 200]
    level = region_named("Europe").levels[0]
    kept = {name: value for name, value in vars(level).items() if not name.startswith("_")}
    carol.get(f"/admin/shipping/levels/{level.id}")
    assert carol.press("Save way of sending").steps == [303, 200]
    level = region_named("Europe").levels[0]
    assert {name: getattr(level, name) for name in kept} == kept and len(trail()) == before


BAD = [
    ("Fixed price", {"Price": ""}, "This must not be empty"),
    ("Fixed price", {"Price": "-1"}, "This must not be below zero"),
    ("Fixed price", {"Price": "4.905"}, "EUR has only 2 decimals"),
    ("Fixed price", {"Price": "$4"}, "Enter an amount like 12.50"),
    ("Fixed price", {"Price": "4", "Free from": "-3"}, "This must not be below zero"),
    ("Fixed price", {"Price": "99999999999"}, "This is too much"),
    ("Price per unit of weight", {"Price of a unit": "1", "Unit of weight": "0"}, "This is too little"),
    ("Price per unit of weight", {"Price of a unit": "1", "Unit of weight": "1.5"}, "Enter a whole number"),
    ("Percentage of the order total", {"Percentage": "101"}, "Enter at most 100 %"),
    ("Percentage of the order total", {"Percentage": "-0.1"}, "This must not be below zero"),
    ("Percentage of the order total", {"Percentage": "five"}, "Enter a percentage like 8.5"),
    ("Percentage of the order total", {"Percentage": "8.00001"}, "A percentage has at most 4 decimals"),
]


@pytest.mark.parametrize("way, figures, sentence", BAD)
def test_bad_figures_are_said_at_their_fields(carol, rows, way, figures, sentence):
    """Missing, negative, over 100 %, no number: 400, the sentence, everything typed is kept, nothing saved. SHP-11."""
    before = rows("service_levels")
    carol.get(f"/admin/shipping/regions/{region_named('Europe').id}/levels/new")
    choose_way(carol, way, **NEW_LEVEL)
    page = carol.press("Save way of sending", figures)
    assert page.status == 400 and page.title.startswith("Error: ") and page.has("There is a problem")
    assert page.text.count(sentence) == 2  # at the top and at the field
    assert ("name", "By weight") in page.form("Save way of sending")[0].values()
    assert rows("service_levels") == before


def test_what_the_form_does_not_have_is_refused(carol, rows):
    """A way, a figure or a currency that nobody offers: 400 with a sentence, never a 500. SHP-11."""
    before, region = rows("service_levels"), region_named("Europe")
    fields = {"name": "X", "days_min": "1", "days_max": "2", "tax_category": "0", "method": "fixed_price"}
    fields |= {"amount_minor": "4", "currency": "EUR"}
    for change, sentence in (
        ({"method": "by_moonlight"}, "Choose how the cost is computed"),
        ({"amount_minr": "4"}, "There is no figure “amount_minr”."),
        ({"currency": "USD"}, "Costs are in the currency of the shop: EUR"),
        ({"days_min": "many"}, "Enter a whole number"),
        ({"carrier": "x" * 61}, "At most 60 letters"),
        ({"days_min": "-3"}, "Enter whole days, the fewer first"),
        ({"weight_max_g": "-1"}, "Enter whole grams"),
        ({"weight_min_g": "2000", "weight_max_g": "1000"}, "Enter a weight that is not below the other one"),
        ({"tax_category": "999"}, "There is a problem"),
        ({"name": ""}, "Enter a name"),
    ):
        page = carol.post(f"/admin/shipping/regions/{region.id}/levels/new", {**fields, **change})
        assert page.status == 400 and page.has(sentence), (change, page.text[:500])
    for path in ("regions/999999", "regions/999999/levels/new", "levels/999999"):
        assert carol.get(f"/admin/shipping/{path}").status == 404
    assert rows("service_levels") == before


def test_the_cost_is_shown_before_it_is_saved(carol, rows):
    """What the typed figures would cost, for weights from nothing to ten tonnes; nothing is kept. ADM-13."""
    before = rows("service_levels")
    carol.get(f"/admin/shipping/regions/{region_named('Europe').id}/levels/new")
    choose_way(carol, "Basic price and percentage of the order total", **NEW_LEVEL)
    page = carol.press("Show what it costs", {"Basic price": "2", "Percentage": "3.5"})
    assert page.status == 200 and page.has("10,000 kg €2.35 €3.75 €5.50 €19.50")
    page = carol.press("Show what it costs", {"Percentage": "350"})
    assert page.status == 400 and page.has("Enter at most 100 %") and rows("service_levels") == before


def test_the_preview_says_what_a_parcel_would_cost(carol):
    """A typed address, weight and total: which region decides, which levels and what they cost. ADM-13, SHP-12."""
    with transaction():
        for level in db.session.scalars(select(ServiceLevel)):
            level.weight_max_g = 5000 if level.name == "Express" else None
    carol.get("/admin/shipping")
    page = carol.press("Show costs", {"Country": "Ireland", "Weight in grams": "6000", "Goods after": "12.50"})
    assert page.status == 200 and page.has("The region “Europe” decides.")
    assert page.has("Standard Chosen at first An Post 2–4 €4.90")
    assert page.has("Express not offered: carries up to 5 kg")
    page = carol.press("Show costs", {"Country": "Japan", "Weight in grams": "6000"})
    assert page.has("Nothing can be sent there") and page.has("We do not send to this country.")
    assert carol.get("/admin/shipping?country=Atlantis&weight=300&total=").has("The region “Europe” decides.")
    page = carol.press("Show costs", {"Weight in grams": "heavy", "Goods after": "-5"})
    assert page.status == 400 and page.has("Enter a whole number from 0 to 100000000")
    assert page.text.count("Enter an amount like 12.50") == 2


def test_overlaps_and_holes_are_said_when_a_region_is_saved(carol):
    """Whoever makes an overlap or a hole reads so at once, and on the list. SHP-01, ADM-13."""
    carol.get("/admin/shipping/regions/new")
    carol.press("Save region", {"Name": "Islands", "countries": ["IE"]})
    carol.click("New way of sending")
    page = carol.press("Save way of sending", {**NEW_LEVEL, "Price": "9", "Weight up to": "2000"})
    overlap = "“Europe” and “Islands” both hold Ireland: “Europe” decides, because it is higher in the list."
    assert page.has(overlap) and page.has("Islands: Nothing carries more than 2 kg.")
    page = carol.get("/admin/shipping")
    assert page.has(overlap) and page.has("Islands: Nothing carries more than 2 kg.")
    page = carol.press("Up Islands")
    assert page.has("“Islands” and “Europe” both hold Ireland") and trail()[-1] == "move up: shipping region Islands"
    page = carol.get(f"/admin/shipping/regions/{region_named('Islands').id}")
    page = carol.press("Save region", {"Postcodes": "D0*\n!D04*\nT12"})
    assert page.status == 400 and page.has("‘T12’ is no whole postcode of Ireland: write T12* for all that begin so")
    page = carol.press("Save region", {"Postcodes": "D0*\n!D04*\nT12*"})
    assert page.steps == [303, 200] and not page.has("both hold")
    assert region_named("Islands").postcodes == ["D0*", "!D04*", "T12*"]


def test_states_are_chosen_after_the_country(carol):
    """The states of a country are there after one press, and nothing is saved by it. SHP-01."""
    before = carol.get("/admin/shipping/regions/new")
    assert not before.has("New York")
    page = carol.press("Show the states of the country", {"Name": "East", "countries": ["US"]})
    assert page.status == 200 and page.has("New York") and region_named("East") is None
    carol.press("Save region", {"subdivisions": ["NY", "NJ"]})
    assert (region_named("East").subdivisions, region_named("East").countries) == (["NJ", "NY"], ["US"])


def test_levels_are_put_in_order_switched_and_removed(play, carol):
    """They are offered in this order, the cheapest chosen at first; what is off is not offered, and only that can go.
    SHP-02, SHP-05.
    """
    carol.get(f"/admin/shipping/regions/{region_named('Europe').id}")
    carol.press("Up Express")
    alice = play.visitor("alice")
    play.fill_cart(alice, mug=1)
    assert play.to_preview(alice).has("€17.40")  # 12.50 + 4.90, without having chosen
    page = alice.get("/checkout/shipping")
    assert page.text.index("Express") < page.text.index("Standard")
    alice.press("Continue to payment", choice="Express")
    alice.press("Review order")
    assert alice.page.has("€22.30")  # 12.50 + 9.80
    express = region_named("Europe").levels[0].id
    assert carol.post(f"/admin/shipping/levels/{express}/remove").status == 409
    carol.get(f"/admin/shipping/regions/{region_named('Europe').id}")
    carol.press("Switch off Express")
    page = alice.get("/checkout/preview")
    assert page.has("The way of sending that you had chosen does not reach this address.") and page.has("€17.40")
    carol.press("Remove Express")
    assert [level.name for level in region_named("Europe").levels] == ["Standard"]
    assert trail()[-3:] == [
        "move up: way of sending Europe, Express",
        "switch off: way of sending Europe, Express",
        "remove: way of sending Europe, Express",
    ]
    assert alice.get("/checkout/preview").has("€17.40")


def test_goods_without_a_weight_are_said_where_the_cost_follows_it(carol, play):
    """Two articles of no weight would be sent for nothing: the owner is told how many there are. ADM-13."""
    with transaction():
        level = region_named("Europe").levels[0]
        play.variant("mug").weight_g = 0
        level.method, level.params = "per_weight", {"rate_minor": 100, "unit_g": 1000}
    assert carol.get("/admin/shipping").has("1 articles that travel have no weight: Standard count them as nothing.")


def test_a_level_in_another_currency_is_offered_to_nobody_until_it_is_typed_anew(carol, play):
    """Its figures mean other money: said in the admin, not carried over. SHP-02, ADM-13."""
    with transaction():
        region_named("Europe").levels[0].currency = "USD"
    assert [one.name for one in shipping.levels_for({"country": "IE"}, shipping.Parcel(1, 1), "EUR")] == ["Express"]
    assert carol.get("/admin/shipping").has("Europe: Standard is priced in USD: nobody is offered it.")
    page = carol.get(f"/admin/shipping/levels/{region_named('Europe').levels[0].id}")
    assert page.has("Priced in USD") and ("amount_minor", "") in page.form("Save way of sending")[0].values()
    carol.press("Save way of sending", {"Price": "5.50"})
    assert region_named("Europe").levels[0].currency == "EUR"
    offered = shipping.levels_for({"country": "IE"}, shipping.Parcel(1, 1), "EUR")
    assert [one.cost_minor for one in offered] == [550, 980]


def test_shipping_is_the_owners(play, carol):
    """A clerk has no such entry in the menu, and meets 403. ADM-13."""
    henry = comes_in(play, CLERK, "staff")
    assert not henry.get("/admin/").has("Shipping")
    for path in ("/admin/shipping", "/admin/shipping/regions/new"):
        assert henry.get(path).status == 403
    number = region_named("Europe").levels[0].id
    assert henry.post(f"/admin/shipping/levels/{number}/switch", {"on": "0"}).status == 403
    assert region_named("Europe").levels[0].active
