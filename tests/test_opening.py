"""A live shop is opened from the command line: an empty house first, and no gateway that is for tests."""

import re

import pytest

from storefront import store
from storefront.admin.unsaid import unsaid
from storefront.catalog.models import Product
from storefront.kit.db import db
from storefront.promotions.models import Coupon, Promotion

from conftest import Shop


@pytest.fixture
def house(database):
    """A new shop with nothing in it, as `flask db upgrade` leaves it."""
    shop = Shop(database.new())
    yield shop
    shop.stop()


def test_an_empty_shop_goes_live(house):
    """The sandbox keeps a live shop from opening until it is switched off, and cannot be switched on in one."""
    flask = house.app.test_cli_runner().invoke

    assert "empty" in flask(args=["demo", "--no-goods"]).output
    with house.app.app_context():
        assert db.session.query(Product).count() == 0
    house.app.config["LIVE"] = True
    refused = flask(args=["ready"])
    assert refused.exit_code == 1 and "must not use sandbox" in refused.output

    assert flask(args=["gateways", "switch", "sandbox", "off"]).exit_code == 0

    assert flask(args=["ready"]).exit_code == 0
    again = flask(args=["gateways", "switch", "sandbox", "on"])
    assert again.exit_code == 1 and "for tests only" in again.output
    configured, _, kinds = flask(args=["gateways", "list"]).output.partition("\nKinds:\n")
    assert [line.split()[3] for line in configured.splitlines()] == ["on", "off"]
    assert "sandbox" in kinds
    assert "no such" in flask(args=["gateways", "switch", "paypal", "on"]).output


def test_a_shop_without_the_demo_goods_offers_and_says_nothing_of_its_own(house):
    """No promotion, no code, nothing of the demo's seller, and a home page that greets with the shop's name. PRM-01."""
    assert house.app.test_cli_runner().invoke(args=["demo", "--no-goods"]).exit_code == 0
    with house.app.app_context():
        assert not db.session.query(Promotion).count() and not db.session.query(Coupon).count()
        assert store.greeting() == {}
        assert unsaid() == ["Name", "Legal name", "Address", "Email", "Terms", "Privacy", "Returns", "Contact"]
    page = house.app.test_client().get("/").text
    assert "Welcome to New shop" in page
    assert not re.search("kalm|riga|rīga", page, re.IGNORECASE)


def test_a_live_shop_gets_goods_to_try_without_their_offers(house):
    """Whoever loads the demo goods into a live shop gives nothing away by it; in a shop to try the code works."""
    house.app.config["LIVE"] = True
    assert house.app.test_cli_runner().invoke(args=["demo"]).exit_code == 0
    with house.app.app_context():
        assert db.session.query(Product).count()
        assert not db.session.query(Promotion).count() and not db.session.query(Coupon).count()


def test_a_shop_to_try_has_its_offers(house):
    """With the demo goods come a code that takes ten percent, and the words of the home page."""
    assert house.app.test_cli_runner().invoke(args=["demo"]).exit_code == 0
    with house.app.app_context():
        assert [one.active for one in db.session.query(Promotion).order_by(Promotion.id)] == [True, False]
    assert "Quiet things for every day" in house.app.test_client().get("/").text
