"""A live shop is opened from the command line: an empty house first, and no gateway that is for tests."""

import pytest

from storefront.catalog.models import Product
from storefront.kit.db import db

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
