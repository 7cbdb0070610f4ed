"""Address forms and printed addresses follow the country; postcodes are put right by us (ADR-05, ADR-11)."""

import pytest
from flask import Flask
from flask_babel import Babel
from werkzeug.datastructures import MultiDict

from storefront import customers
from storefront.customers import addresses
from storefront.customers.postcodes import is_postcode

LINES = "name company line1 line2"
LAYOUTS = {
    "LV": (f"{LINES} city postcode", "line1 city postcode"),
    "GB": (f"{LINES} city postcode", "line1 city postcode"),
    "IE": (f"{LINES} city subdivision postcode", "line1 city"),
    "HK": (f"{LINES} city subdivision", "line1 subdivision"),
    "US": (f"{LINES} city subdivision postcode", "line1 city subdivision postcode"),
    "CA": (f"{LINES} city subdivision postcode", "line1 city subdivision postcode"),
    "AU": ("company name line1 line2 city subdivision postcode", "line1 city subdivision postcode"),
    "NL": ("company name line1 line2 postcode city", "line1 postcode city"),
    "SE": ("company name line1 line2 postcode city", "line1 postcode city"),
    "FR": ("company name line1 line2 postcode city", "line1 postcode city"),
    "PL": (f"{LINES} postcode city", "line1 postcode city"),
    "DE": (f"{LINES} postcode city", "line1 postcode city"),
    "IT": (f"{LINES} postcode city subdivision", "line1 postcode city subdivision"),
    "JP": (f"{LINES} subdivision postcode", "line1 subdivision postcode"),
    "SG": (f"{LINES} postcode", "line1 postcode"),
    "AE": (f"{LINES} subdivision", "line1 subdivision"),
}
POSTCODES = [
    ("LV", "LV1010", "LV-1010"),
    ("LV", " lv 1010 ", "LV-1010"),
    ("LV", "1010", "LV-1010"),
    ("GB", "sw1a1aa", "SW1A 1AA"),
    ("GB", "m2-5bq", "M2 5BQ"),
    ("NL", "1234ab", "1234 AB"),
    ("PL", "00950", "00-950"),
    ("CA", "h3z2y7", "H3Z 2Y7"),
    ("SE", "11455", "114 55"),
    ("SE", "SE-114 55", "114 55"),
    ("DE", "D-10115", "10115"),
    ("FR", "75 001", "75001"),
    ("US", "950141234", "95014-1234"),
    ("IE", "d02af30", "D02 AF30"),
    ("PT", "1000205", "1000-205"),
    ("CZ", "11000", "110 00"),
    ("BR", "40301110", "40301-110"),
    ("JP", "１５４００２３", "154-0023"),
]
ANNA = {
    "name": "Anna Berg",
    "line1": "Brīvības iela 1",
    "line2": "dz. 3",
    "city": "Rīga",
    "postcode": "LV-1010",
    "country": "LV",
}


@pytest.fixture(scope="module")
def words():
    """A request of no shop in particular: sentences need a language, forms need a request."""
    app = Flask(__name__)
    app.config.update(SECRET_KEY="words", WTF_CSRF_ENABLED=False)
    Babel(app)
    return app


@pytest.fixture
def submit(words):
    """Send an address form: what it says of each field, and the form."""

    def send(fields, **options):
        with words.test_request_context(method="POST", data=fields):
            form = customers.AddressForm(formdata=MultiDict(fields), **options)
            form.fine = form.validate_on_submit()
            return form

    return send


@pytest.mark.parametrize("country", LAYOUTS)
def test_fields_follow_the_country(country):
    """Country first and phone last; between them the country's own fields in its own order, and which are required."""
    fields, needed = LAYOUTS[country]
    found = customers.layout(country)
    assert found.fields == ("country", *fields.split(), "phone")
    assert found.required == {"country", "name", *needed.split()}


def test_every_country_has_a_form_and_its_own_postcodes_pass():
    """No country breaks the form, and every example of the library, typed carelessly, comes out as one."""
    for country in addresses.COUNTRIES:
        rules = addresses._rules(country)
        assert customers.layout(country).fields[0] == "country"
        for example in rules.postal_code_examples:
            typed = "".join(letter for letter in example if letter.isalnum()).lower()
            kept = customers.tidied({"country": country, "postcode": typed})["postcode"]
            assert is_postcode(kept, rules), (country, example, kept)
            assert kept == example or country == "SE"
        for key, name in customers.subdivisions(country):
            assert key and name and addresses._rules(country, key)


def test_a_country_in_its_own_language_has_its_own_order():
    """A Japanese page asks for the postcode first; regions are named in the language of the page."""
    assert customers.layout("JP", "ja").fields[:4] == ("country", "postcode", "subdivision", "line1")
    assert ("東京都", "Tokyo") in customers.subdivisions("JP")
    assert ("東京都", "東京都") in customers.subdivisions("JP", "ja")
    assert ("CA", "California") in customers.subdivisions("US")
    assert customers.subdivisions("DE") == ()


@pytest.mark.parametrize(("country", "typed", "kept"), POSTCODES)
def test_postcodes_are_put_right(country, typed, kept):
    """Spaces, hyphens, case, foreign digits and the country's letters are our work, not the customer's."""
    parts = customers.tidied({"country": country, "postcode": typed})
    assert parts["postcode"] == kept
    assert is_postcode(kept, addresses._rules(country))


@pytest.mark.parametrize(
    ("changes", "field", "sentence"),
    [
        ({"postcode": "12"}, "postcode", "Enter a postcode like LV-1010"),
        ({"postcode": ""}, "postcode", "Enter a postcode like LV-1010"),
        ({"country": "GB", "postcode": "GIR 0AA and more"}, "postcode", "Enter a postcode like EC1Y 8SY"),
        ({"country": "US", "subdivision": "CA", "postcode": "10001"}, "postcode", "in California, like 90000"),
        ({"country": "US", "subdivision": "Bavaria", "postcode": "10001"}, "subdivision", "Choose a state or region"),
        ({"country": "XX"}, "country", "Choose a country from the list"),
        ({"country": ""}, "country", "Choose a country from the list"),
        ({"name": " \t "}, "name", "Enter the full name"),
        ({"line1": ""}, "line1", "Enter the street and house number"),
        ({"city": ""}, "city", "Enter the city"),
        ({"city": "x" * 101}, "city", "Shorten this to 100 characters; it has 101"),
        ({"name": "x" * 201}, "name", "Shorten this to 200 characters; it has 201"),
        ({"phone": "call me"}, "phone", "Enter a phone number like"),
    ],
)
def test_errors_say_what_to_do(submit, changes, field, sentence):
    """One wrong field, one sentence at that field; what was typed stays on the page."""
    form = submit({**ANNA, **changes})
    assert not form.fine
    assert list(form.errors) == [field]
    assert sentence in form.errors[field][0]
    assert form["line2"].data == "dz. 3"


def test_a_postcode_is_optional_in_ireland_and_unknown_in_hong_kong(submit):
    """Where nobody has one, nobody is asked; where some have one, a wrong one is still told."""
    irish = {"name": "Aoife", "line1": "1 Quay St", "city": "Galway", "country": "IE"}
    assert submit(irish).fine
    assert "A65 F4E2" in submit({**irish, "postcode": "12"}).errors["postcode"][0]
    hong_kong = {**irish, "country": "HK", "subdivision": "Kowloon", "postcode": "999077"}
    form = submit(hong_kong)
    assert form.fine and form.values["postcode"] == "" and "postcode" not in form


def test_only_the_countries_of_the_caller_are_offered(submit):
    """The list is by name, and no other country passes."""
    form = submit(ANNA, countries=["LV", "AX", "DE"])
    assert form.fine and [name for _, name in form.country.choices] == ["Åland Islands", "Germany", "Latvia"]
    assert "country" in submit(ANNA, countries=["EE"]).errors
    assert len(customers.countries(None)) > 240


def test_another_country_without_a_script_keeps_what_was_typed_and_finds_no_fault(submit):
    """The button beside the list shows the new country's fields; nothing is validated, nothing is lost."""
    form = submit({**ANNA, "country": "US", "postcode": "", "change_country": "1"})
    assert not form.fine and not form.errors and form.changes_country
    assert form.layout.country == "US" and form.name.data == "Anna Berg"
    assert form.subdivision.choices[1] == ("AL", "Alabama")
    assert "AL" in form.subdivision() and "<select" in form.subdivision()


def test_two_addresses_on_one_page_do_not_mix(submit):
    """A prefix keeps shipping and billing apart."""
    form = submit({f"billing-{part}": text for part, text in ANNA.items()}, prefix="billing")
    assert form.fine and form.country.name == "billing-country" and form.values["city"] == "Rīga"


def test_a_phone_number_is_asked_for_only_by_setting(submit):
    """Optional by default, required when the caller says so."""
    assert submit(ANNA).fine and not submit(ANNA).phone.flags.required
    assert "phone" in submit(ANNA, phone_required=True).errors
    assert submit({**ANNA, "phone": "+371 (2) 612-34-56 ext. 7"}, phone_required=True).fine


def test_values_are_plain_lines(submit):
    """Trimmed, one line, composed, without control characters and hidden turns; HTML stays the text that it is."""
    typed = {**ANNA, "name": "  山田\t<b>太郎</b>\r\n ", "company": "A\u202eB\u0007C", "city": "Ri\u0304ga"}
    form = submit(typed)
    assert form.fine
    assert form.values["name"] == "山田 <b>太郎</b>"
    assert form.values["company"] == "AB C" and form.values["city"] == "Rīga"
    assert customers.plain_line("a\0b\ud800\u2028c") == "a b c"
    form = submit({**typed, "country": "DE", "postcode": "10115", "subdivision": "Riga"})
    assert form.values["subdivision"] == ""


@pytest.mark.parametrize(
    ("changes", "lines"),
    [
        ({}, ["Anna Berg", "Brīvības iela 1", "dz. 3", "Rīga, LV-1010", "Latvia"]),
        ({"country": "US", "subdivision": "CA", "postcode": "94016"}, [..., "Rīga, CA 94016", "United States"]),
        ({"country": "US", "postcode": "94016"}, [..., "Rīga 94016", "United States"]),
        ({"country": "SE", "postcode": "114 55"}, [..., "SE-114 55 Rīga", "Sweden"]),
        ({"country": "SG", "postcode": "546080"}, [..., "SINGAPORE 546080", "Singapore"]),
        ({"country": "DE", "company": "Kalm"}, ["Anna Berg", "Kalm", ..., "LV-1010 Rīga", "Germany"]),
        ({"country": "FR", "company": "Kalm"}, ["Kalm", "Anna Berg", ..., "LV-1010 Rīga", "France"]),
        ({"country": "AE", "subdivision": "عجمان"}, [..., "Ajman", "United Arab Emirates"]),
        ({"country": "ES", "postcode": "28801", "subdivision": "M"}, [..., "28801 Rīga (Madrid)", "Spain"]),
        ({"country": "ES", "postcode": "28013", "subdivision": "M", "city": "Madrid"}, [..., "28013 Madrid", "Spain"]),
        ({"country": "XX", "postcode": ""}, [..., "Rīga", "XX"]),
    ],
)
def test_an_address_is_printed_as_its_country_does(changes, lines):
    """Lines in the country's order, with its punctuation, nothing beside what is empty, and its name at the end."""
    shown = customers.lines({**ANNA, **changes})
    at = lines.index(...) if ... in lines else len(lines)
    assert shown[:at] == lines[:at]
    assert shown[len(shown) - len(lines[at + 1 :]) :] == lines[at + 1 :]


def test_an_address_in_its_own_letters_is_printed_in_its_own_order():
    """Japan begins with the postcode and ends with the name."""
    address = {"name": "山田", "line1": "中央1", "subdivision": "東京都", "postcode": "154-0023", "country": "JP"}
    assert customers.lines(address, "ja") == ["〒154-0023", "東京都", "中央1", "山田", "日本"]
    assert customers.lines({"name": "erased"}) == ["erased"]
