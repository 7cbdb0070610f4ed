"""Where goods are sent: countries, states and postcodes as a merchant types them, and which region decides.

Proves SHP-01, SHP-02, SHP-03, ADR-07, CRT-16, and the defined answers to overlaps, holes and a postcode of two regions.
"""

import pytest
from sqlalchemy import select

from storefront import shipping
from storefront.kit.db import db, transaction
from storefront.kit.errors import Conflict, Invalid
from storefront.shipping import Parcel, postcodes
from storefront.shipping.models import ServiceLevel, ShippingRegion

PARCEL = Parcel(500, 2000)

# country, what was typed: postcodes inside, postcodes outside
PATTERNS = [
    ("NL", "1011*", ["1011 AB", "1011ZZ", "1011 zz"], ["1012 AB"]),
    ("NL", "1011 ab", ["1011 AB"], ["1011 AC"]),
    ("NL", "1000-1099", ["1000 AA", "1099 ZZ"], ["1100 AA", "0999 ZZ"]),
    ("NL", "1000 - 1099\n!1055*", ["1054 AA", "1056 AA"], ["1055 AA"]),
    ("LV", "1000-1999", ["LV-1010", "1010"], ["LV-2000"]),
    ("LV", "LV-1010", ["LV-1010", "lv 1010"], ["LV-1011"]),
    ("LV", "LV-1000-LV-1099", ["LV-1050"], ["LV-1100"]),
    ("LV", "!1099", ["LV-1098"], ["LV-1099"]),
    ("PL", "00-950", ["00-950", "00950"], ["00-951"]),
    ("PL", "00-001..00-999", ["00-950"], ["01-001"]),
    ("PT", "1000-1999", ["1500-123"], ["2000-123"]),
    ("US", "90210", ["90210", "90210-1234"], ["90211", "9021"]),
    ("US", "99500-99999", ["99501", "99999-0001"], ["99499"]),
    ("GB", "AB1*", ["AB1 0AA", "AB10 1AA"], ["AB2 0AA"]),
    ("GB", "AB1-AB9", ["AB1 0AA", "AB9 9ZZ"], ["AB10 1AA", "B1 1AA"]),
    ("GB", "IV1-IV28, KW*", ["IV21 2AA", "KW15 1AA"], ["IV30 1AA", "PA20 0AA"]),
    ("GB", "ec1a*", ["EC1A 1BB"], ["EC1V 1BB"]),
    ("CA", "M5V*", ["M5V 3L9", "m5v3l9"], ["M5W 3L9"]),
    ("CA", "M5A-M5X", ["M5V 3L9"], ["M6A 3L9", "M5Z 1A1"]),
    ("SE", "114 55", ["114 55", "11455"], ["114 56"]),
    ("DE", "１０１*", ["10115"], ["20115"]),
]


@pytest.mark.parametrize("country, typed, inside, outside", PATTERNS)
def test_a_postcode_fits_its_pattern(country, typed, inside, outside):
    """One, all that begin so, all between, and not this one; spaces, hyphens and case do not matter. SHP-01."""
    kept = postcodes.cleaned(typed, country)
    for texts in (typed.replace(",", "\n").split("\n"), kept):  # as typed, and as it is kept
        assert [code for code in inside if not postcodes.within(texts, code, country)] == []
        assert [code for code in outside if postcodes.within(texts, code, country)] == []
    assert postcodes.cleaned("\n".join(kept), country) == kept


@pytest.mark.parametrize(
    "country, typed, sentence",
    [
        ("NL", "1011", "‘1011’ is no whole postcode of Netherlands: write 1011* for all that begin so."),
        ("GB", "SW1A", "‘SW1A’ is no whole postcode of United Kingdom: write SW1A* for all that begin so."),
        ("NL", "*", "‘*’ is no pattern: write 1011, 1011*, 1000-1999 or !1099."),
        ("NL", "10*11", "‘10*11’ is no pattern: write 1011, 1011*, 1000-1999 or !1099."),
        ("NL", "!", "‘!’ is no pattern: write 1011, 1011*, 1000-1999 or !1099."),
        ("NL", "1011 <b>", "‘1011 <b>’ is no pattern: write 1011, 1011*, 1000-1999 or !1099."),
        ("NL", "1999-1000", "‘1999-1000’ is no range: both ends must be alike, the lower one first."),
        ("NL", "1000..19", "‘1000..19’ is no range: both ends must be alike, the lower one first."),
        ("GB", "AB10-CD12", "‘AB10-CD12’ is no range: both ends must be alike, the lower one first."),
        ("HK", "1011", "Hong Kong SAR China has no postcodes."),
        ("NL", "\n".join(f"{code}*" for code in range(1000, 1501)), "At most 500 patterns; there are 501."),
    ],
)
def test_a_pattern_that_means_nothing_is_refused(country, typed, sentence):
    """What would never fit, or could be read in two ways, is said when it is typed. SHP-01."""
    with pytest.raises(Invalid) as refused:
        postcodes.cleaned(typed, country)
    assert refused.value.message == sentence


@pytest.fixture
def shop(play):
    """A shop that sends nowhere yet."""
    play.shelves(mug=50)
    with transaction():
        for level in db.session.scalars(select(ServiceLevel)):
            db.session.delete(level)
        db.session.scalars(select(ShippingRegion)).one().taxes_only = True
    return play


def region(name, *countries, states=(), patterns="", levels=("Standard",), **more):
    """A region with levels of a euro each."""
    values = {"carrier": "", "days_min": 1, "days_max": 2, "active": True, "currency": "EUR", "method": "fixed_price"}
    with transaction():
        made = shipping.save_region(None, name=name, countries=countries, subdivisions=states, patterns=patterns)
        for level in levels:
            shipping.save_level(None, made, params={"amount_minor": 100}, **{"name": level, **values, **more})
        return made.id


def decides(country, postcode="", subdivision=""):
    """The region that decides about an address, "" if none."""
    address = {"country": country, "postcode": postcode, "subdivision": subdivision}
    return shipping.reach(address, PARCEL, "EUR").region


def told(kind):
    """The sentences of a kind that the admin says of the regions as they are."""
    return [finding.sentence for finding in shipping.findings() if finding.kind == kind]


def test_the_region_that_says_more_decides(shop):
    """Postcodes before states, states before countries, countries before the rest of the world. SHP-01, SHP-03."""
    for name, countries, parts in (
        ("World", (), {}),
        ("America", ("US", "CA"), {}),
        ("New York", ("US",), {"states": ["NY"]}),
        ("Manhattan", ("US",), {"patterns": "10001-10282"}),
    ):
        region(name, *countries, **parts)
    assert decides("JP") == "World"
    assert decides("CA", "M5V 3L9", "ON") == "America"
    assert decides("US", "12201", "NY") == "New York"
    assert decides("US", "10001", "NY") == "Manhattan"
    assert decides("US") == "America"
    assert told("overlap") == []


def test_only_one_region_decides_and_its_levels_alone_are_offered(shop):
    """An address in the city's region is not offered the country's levels, however cheap they are. SHP-02, SHP-03."""
    region("Latvia", "LV", levels=("Post", "Courier"))
    region("Riga", "LV", patterns="1000-1099", levels=("Bicycle",))
    assert [one.name for one in shipping.levels_for({"country": "LV", "postcode": "LV-1050"}, PARCEL, "EUR")] == [
        "Bicycle"
    ]
    assert [one.name for one in shipping.levels_for({"country": "LV", "postcode": "LV-3001"}, PARCEL, "EUR")] == [
        "Post",
        "Courier",
    ]


def test_a_postcode_of_two_regions_goes_to_the_higher_one(shop):
    """Both hold it and say as much: the merchant's list decides, and the admin says so while it is so. SHP-01."""
    region("Amsterdam", "NL", patterns="1000-1109")
    second = region("Randstad", "NL", patterns="1*, 2*, 3*\n!1100*")
    assert decides("NL", "1011 AB") == "Amsterdam"
    assert told("overlap") == [
        "“Amsterdam” and “Randstad” both hold 1000–1109: “Amsterdam” decides, because it is higher in the list."
    ]
    with transaction():
        assert shipping.move_region(db.session.get_one(ShippingRegion, second), up=True)
    assert decides("NL", "1011 AB") == "Randstad"
    assert decides("NL", "1100 AB") == "Amsterdam"  # the other one leaves it out
    assert told("overlap")[0].startswith("“Randstad” and “Amsterdam” both hold")


def test_regions_that_leave_each_other_out_do_not_overlap(shop):
    """What one of them excludes is no overlap: nothing is said. SHP-01."""
    region("City", "NL", patterns="1011*")
    region("Around", "NL", patterns="1000-1999\n!1011*")
    region("Rest", "NL", "IE")
    assert (told("overlap"), told("hole")) == ([], [])
    assert (decides("NL", "1011 AB"), decides("NL", "1012 AB"), decides("NL", "9711 AB")) == ("City", "Around", "Rest")


def test_two_regions_of_one_country_overlap(shop):
    """Two that both hold a whole country: the higher decides, and that is said. SHP-01, SHP-02."""
    region("Baltic", "LV", "LT", "EE", levels=("Post",))
    region("North", "EE", "FI", levels=("Ship",))
    assert decides("EE") == "Baltic"
    assert told("overlap") == [
        "“Baltic” and “North” both hold Estonia: “Baltic” decides, because it is higher in the list."
    ]


def test_a_region_without_a_level_decides_nothing(shop):
    """Its addresses go the way of the next wider region; both are said in the admin. SHP-03."""
    region("Latvia", "LV")
    city = region("Riga", "LV", patterns="1000-1099", active=False)
    assert decides("LV", "LV-1050") == "Latvia"
    assert "Riga: Nothing is sent by it: wider regions decide about its addresses." in told("hole")
    with transaction():
        level = db.session.get_one(ShippingRegion, city).levels[0]
        shipping.switch_level(level, on=True)
    assert decides("LV", "LV-1050") == "Riga"


def test_holes_are_said(shop):
    """Places and weights that nothing reaches, and a shop that does not reach its own country. SHP-01, SHP-03."""
    region("Delta", "NL", patterns="1000-1999\n3000-3999", weight_max_g=2000)
    region("Coasts", "US", states=["CA", "NY"], weight_min_g=100)
    region("France", "FR", patterns="!20*")
    holes = told("hole")
    assert "Of Netherlands only 1000–1999, 3000–3999 is covered; nothing is sent to other postcodes." in holes
    assert "Nothing is sent between 1999 and 3000 in Netherlands." in holes
    assert "Delta: Nothing carries more than 2 kg." in holes
    assert "Coasts: Nothing carries less than 100 g." in holes
    assert "Nothing is sent to 20* in France." in holes
    assert "Nothing is sent within Ireland, the country of the shop." in holes
    assert any(sentence.startswith("Nothing is sent to these in United States: Alabama") for sentence in holes)
    assert (decides("NL", "2500 AA"), decides("FR", "20000"), decides("IE")) == ("", "", "")
    region("World")
    assert [hole for hole in told("hole") if " is sent " in hole] == []
    assert decides("NL", "2500 AA") == decides("FR", "20000") == "World"


def test_the_shopper_is_told_which_part_of_the_address_is_not_reached(shop):
    """The sentence names the narrowest part that would have to be another. ADR-07."""
    region("Delta", "NL", patterns="1000-1999")
    region("New York", "US", states=["NY"])
    for address, part in (
        ({"country": "NL", "postcode": "2500 AA"}, "postcode"),
        ({"country": "US", "subdivision": "CA"}, "subdivision"),
        ({"country": "JP"}, "country"),
    ):
        found, sentence = shipping.uncovered(address, "EUR")
        assert found == part and sentence == shipping.reach(address, PARCEL, "EUR").why_not
    assert shipping.uncovered({"country": "NL"}, "EUR") == (
        "postcode",
        "Enter the postcode: we do not send to all of them.",
    )
    assert shipping.covers({"country": "NL", "postcode": "1500 AA"}, "EUR")
    assert shipping.destinations("EUR") == {"NL", "US"}


def test_the_usual_delivery_is_of_the_whole_country_or_of_a_part_of_it(shop):
    """What a product's page says: the country's cheapest level; or that of the postcodes reached. SHP-03."""
    assert shipping.usual_delivery(300, 1250) is None
    region("City", "IE", patterns="D0*", levels=("Bicycle",), days_max=9)
    assert shipping.usual_delivery(300, 1250).days_max == 9
    region("Ireland", "IE", levels=("Post",), days_max=4, weight_max_g=1000)
    assert shipping.usual_delivery(300, 1250).days_max == 4
    assert shipping.usual_delivery(3000, 1250) is None
    region("France", "FR")
    assert shipping.usual_delivery(300, 1250, "FR").country == "FR"


@pytest.mark.parametrize(
    "values, field",
    [
        ({"name": " "}, "name"),
        ({"countries": ["ZZ"]}, "countries"),
        ({"countries": ["US", "CA"], "subdivisions": ["NY"]}, "subdivisions"),
        ({"countries": ["US"], "subdivisions": ["Bavaria"]}, "subdivisions"),
        ({"countries": ["DE"], "subdivisions": ["BY"]}, "subdivisions"),  # nobody there types it
        ({"name": "x" * 61}, "name"),
        ({"countries": [], "patterns": "1000-1999"}, "postcodes"),
        ({"countries": ["NL"], "patterns": "what?"}, "postcodes"),
    ],
)
def test_a_region_that_cannot_be_right_is_refused(shop, rows, values, field):
    """No name, no such country or state, postcodes of several countries: refused with the field. SHP-01."""
    before = rows("shipping_regions")
    with pytest.raises(Invalid) as refused, transaction():
        shipping.save_region(None, **{"name": "Somewhere", "countries": ["NL"], **values})
    assert set(refused.value.fields) == {field} and rows("shipping_regions") == before


def test_what_is_used_stays(shop):
    """A level that is on, and a region with levels or with taxes, are not removed. SHP-02."""
    number = region("Latvia", "LV")
    with pytest.raises(Conflict), transaction():
        shipping.remove_region(db.session.get_one(ShippingRegion, number))
    with pytest.raises(Conflict), transaction():
        shipping.remove_level(db.session.get_one(ShippingRegion, number).levels[0])
    with pytest.raises(Conflict, match="Taxes"), transaction():
        shipping.remove_region(db.session.scalar(select(ShippingRegion).filter_by(name="Europe")))
    with transaction():
        made = db.session.get_one(ShippingRegion, number)
        shipping.switch_level(made.levels[0], on=False)
        shipping.remove_level(made.levels[0])
        db.session.expire(made)
        shipping.remove_region(made)
    assert decides("LV") == ""


def test_a_pattern_that_cannot_be_read_breaks_nothing(shop):
    """What stands in a row by hand and means nothing fits no postcode; the rest of the region does. SHP-01."""
    number = region("Latvia", "LV", patterns="1000-1099")
    with transaction():
        db.session.get_one(ShippingRegion, number).postcodes = ["???", "1000-1099", 5]
    assert (decides("LV", "LV-1050"), decides("LV", "LV-2000")) == ("Latvia", "")
