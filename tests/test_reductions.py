"""A reduced price tells the lowest one of the 30 days before it, where the law asks for that."""

from dataclasses import replace
from datetime import timedelta

import pytest
from sqlalchemy import select

from storefront import catalog
from storefront.catalog.drafts import CategoryDraft, ProductDraft, SaleDraft, VariantDraft
from storefront.catalog.models import Price
from storefront.kit import clock
from storefront.kit.db import db, transaction

TELLS = "Lowest price of the 30 days before: "


@pytest.fixture
def fill(play):
    """Sell the mug in these variants from now on."""
    play.shop()

    def fill(*variants):
        draft = ProductDraft(slug="mug", title="Mug", variants=[*variants], categories=[CategoryDraft.named("Kitchen")])
        with transaction():
            (change,) = catalog.save([draft], actor="stage")
        assert change.kind != "refused", change.reason

    return fill


@pytest.fixture
def ask(fill):
    """Ask a price for the only variant from now on: `ask(800, was=1000)`."""

    def ask(price, *, was=None, sales=()):
        fill(VariantDraft(sku="MUG", price_minor=price, compare_at_minor=was, on_hand=9, sales=list(sales)))

    return ask


@pytest.fixture
def told(play):
    """What the page of the mug and its card both tell of the lowest price; "" if nothing."""
    anna = play.visitor("anna")

    def told():
        pages = [anna.get(address).text for address in ("/products/mug", "/categories/kitchen")]
        assert all("Mug" in page and "€" in page for page in pages)
        found = {page.partition(TELLS)[2].partition(" ")[0].partition("\n")[0] for page in pages}
        assert len(found) == 1, found
        return found.pop()

    return told


def test_a_price_that_was_raised_to_be_cut_is_seen_through(ask, told, play):
    """€7 a week ago, €10 for a week, "now €8": the page says €7."""
    ask(700)
    play.wait(days=1)
    ask(1000)
    play.wait(days=7)
    ask(800, was=1000)
    assert told() == "€7.00"


def test_a_price_that_was_asked_is_the_one_struck_through(ask, told, play):
    """Where the old price was the lowest one, it stands there already; and without a reduction nothing is told."""
    ask(1000)
    assert told() == ""
    play.wait(days=40)
    ask(800, was=1000)
    assert told() == ""


def test_thirty_days_are_looked_back_and_no_more(ask, told, play):
    """What ended 29 days before the reduction counts; what ended 31 days before does not, and is not kept."""
    for days, lowest in ((29, "€7.00"), (31, "")):
        ask(700)
        play.wait(days=1)
        ask(1000)
        play.wait(days=days)
        ask(800, was=1000)
        assert told() == lowest
        ask(1000)
        play.wait(days=60)


def test_it_does_not_move_while_the_reduction_lasts(ask, told, play, rows):
    """Weeks later, and after the stock, the old price or a sale to come were changed, it is the same reduction."""
    ask(700)
    play.wait(days=1)
    ask(1000)
    ask(800, was=1000)
    play.wait(days=45)
    assert told() == "€7.00"
    ask(800, was=1100)
    assert told() == "€7.00"
    begins = clock.now() + timedelta(days=1)
    ask(800, was=1100, sales=[SaleDraft(600, begins, begins + timedelta(days=1))])
    assert told() == "€7.00"
    assert rows("past_prices") == 1, "of what was asked more than 30 days ago nothing is kept"


def test_a_price_that_is_reduced_no_more_keeps_nothing(ask, told, play):
    """The old price is taken away, the price stays: there is no reduction whose lowest price could be kept."""
    ask(700)
    play.wait(days=1)
    ask(1000)
    ask(800, was=1000)
    assert told() == "€7.00"
    ask(800)
    assert told() == "" and db.session.scalar(select(Price.lowest_before_minor)) is None


def test_each_further_cut_tells_the_one_before(ask, told, play):
    """€10, €8, €6 within weeks: beside the €6 stands the €8."""
    ask(1000)
    play.wait(days=5)
    ask(800, was=1000)
    play.wait(days=5)
    ask(600, was=1000)
    assert told() == "€8.00"


def test_the_same_price_with_an_invented_old_one(ask, told, play):
    """An old price that nobody paid is put beside the one that was always asked: the page says so."""
    ask(800)
    play.wait(days=40)
    ask(800, was=1200)
    assert told() == "€8.00"


def test_a_sale_that_begins_by_itself_tells_what_was_asked_until_then(ask, told, play):
    """The 30 days before a sale of next week end when it begins."""
    ask(700)
    play.wait(days=1)
    begins = clock.now() + timedelta(days=10)
    ask(1000, sales=[SaleDraft(800, begins, begins + timedelta(days=3))])
    assert told() == ""
    play.wait(days=11)
    assert told() == "€7.00"
    play.wait(days=3)
    assert told() == ""


def sale(price, *, begins, days=3):
    """A sale that begins in so many days, or began so many days ago."""
    first = clock.now() + timedelta(days=begins)
    return SaleDraft(price, first, first + timedelta(days=days))


def test_a_sale_is_not_before_itself(ask, told, play):
    """One that is running already when it is typed in began just now: beside it stands what was asked till then."""
    ask(1000, sales=[sale(800, begins=-1)])
    assert told() == "", "of a new article nothing is known"
    play.wait(days=5)
    ask(900)
    play.wait(days=40)
    ask(1000, sales=[sale(800, begins=-1)])
    assert told() == "€9.00"


def test_a_sale_that_was_planned_early_counts_what_came_between(ask, told, play):
    """The price, lowered for two days after the sale was planned, or another sale before it, is told."""
    planned = sale(800, begins=20)
    ask(1000, sales=[planned])
    play.wait(days=1)
    ask(900, sales=[planned])
    play.wait(days=2)
    ask(1000, sales=[planned])
    play.wait(days=18)
    assert told() == "€9.00"
    later = sale(800, begins=60)
    ask(1000, sales=[later, sale(700, begins=40)])
    play.wait(days=61)
    assert told() == "€7.00"


def test_a_sale_far_ahead_looks_back_from_its_own_beginning(ask, told, play):
    """What was asked forty days before it, or in a sale that ended then, does not count."""
    ask(700)
    play.wait(days=1)
    ask(1000, sales=[sale(800, begins=45), sale(600, begins=5)])
    play.wait(days=46)
    assert told() == ""


def test_an_old_sale_that_is_opened_again_is_a_new_one(ask, told, play):
    """It ended two months ago; the price was cut and raised since."""
    old = sale(800, begins=1)
    ask(1000, sales=[old])
    play.wait(days=60)
    ask(900, sales=[old])
    play.wait(days=2)
    ask(1000, sales=[replace(old, ends=clock.now() + timedelta(days=7))])
    assert told() == "€9.00"


def test_a_sale_that_goes_on_is_the_same_one(ask, told, play):
    """Its beginning is put right while it runs, then it becomes the price of every day, as low as it was."""
    ask(900)
    play.wait(days=1)
    running = sale(800, begins=0)
    ask(1000, sales=[running])
    assert told() == "€9.00"
    play.wait(hours=1)
    ask(1000, sales=[replace(running, begins=running.begins + timedelta(seconds=1))])
    assert told() == "€9.00"
    ask(800, was=1000)
    assert told() == "€9.00"


def test_a_sale_that_is_over_counts_for_thirty_days(ask, told, play):
    """It ended by itself; the price is cut nine days later, and once more forty days later."""
    ask(1000, sales=[sale(600, begins=1)])
    for days, lowest in ((13, "€6.00"), (40, "")):
        play.wait(days=days)
        ask(800, was=1000)
        assert told() == lowest
        ask(1000)


def test_an_old_price_that_rises_is_not_believed(ask, told, play):
    """The article came reduced, so that nothing was known of it; now the shop knows what it asked for months."""
    ask(800, was=1000)
    play.wait(days=100)
    ask(800, was=1000)
    assert told() == ""
    ask(800, was=1500)
    assert told() == "€8.00"


def test_what_was_asked_before_the_shop_knew_the_article_is_not_invented(ask, told):
    """A new article that arrives reduced tells nothing beside the price that is struck through."""
    ask(800, was=1000)
    assert told() == ""


def test_outside_of_europe_nobody_asks_for_it(ask, told, play):
    """The line stands in shops of the European Economic Area."""
    ask(700)
    play.wait(days=1)
    ask(1000)
    ask(800, was=1000)
    assert told() == "€7.00"
    play.shop(country="US")
    assert told() == ""


def test_a_card_is_reduced_only_if_each_variant_is(fill, play):
    """One colour of two was cut to the price of the other: the card promises no old price for both."""
    anna = play.visitor("anna")
    red, blue = (VariantDraft(sku=f"M-{colour}", price_minor=800, options={"Colour": colour}) for colour in ("R", "B"))
    for was, struck in ((None, False), (900, True)):
        fill(replace(red, compare_at_minor=1000), replace(blue, compare_at_minor=was))
        assert ("Was €9.00" in anna.get("/categories/kitchen").text) is struck
        assert "Was €10.00" not in anna.page.text
        assert "Was €10.00" in anna.get("/products/mug?sku=M-R").text
