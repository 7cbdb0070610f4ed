"""A shop moves from one kind of database to the other: nothing is lost, and it goes on where it was."""

import pytest
from sqlalchemy import func, select

from storefront import moving
from storefront.catalog.models import Category
from storefront.kit import events
from storefront.kit.db import db, transaction
from storefront.kit.errors import Conflict, NotFound
from storefront.orders.models import Order
from storefront.store.models import Store

import databases
from conftest import Shop
from play import Play


@pytest.fixture(scope="session")
def new_house(database):
    """A shop without a row, on a database of the other kind than the story's."""
    (other,) = set(databases.KINDS) - {database.kind}
    server = databases.start(other)
    shop = Shop(server.new())
    yield shop
    shop.stop()
    server.stop()


def rows_by_table():
    """How many rows stand in each table of the shop."""
    return {one.name: db.session.scalar(select(func.count()).select_from(one)) for one in db.metadata.sorted_tables}


def move(shop, address):
    """Run the copying in the shop that is moved into."""
    with shop.app.app_context(), transaction():
        return moving.copy_from(address)


def test_a_shop_moves_with_everything(play, shop, new_house):
    """Orders, money, goods and history arrive; links that point ahead do too; numbers go on; search finds."""
    play.shelves(mug=5, tea_towel=2)
    first, _bill, alice = play.held_order(mug=1)
    play.fill_cart(alice, mug=1)
    play.to_preview(alice)
    second, bill, _ = play.confirm(alice)
    play.gateway_says("paid", bill)
    with transaction():
        db.session.add(child := Category(slug="cups", path="cups", name="Cups"))
        db.session.flush()
        db.session.add(parent := Category(slug="kitchen", path="kitchen", name="Kitchen"))
        db.session.flush()
        child.parent_id = parent.id
    play.look_again()
    before, total = rows_by_table(), second.total_minor
    first_id, second_id = first.id, second.id

    counts = move(new_house, shop.app.config["SQLALCHEMY_DATABASE_URI"])

    assert counts == before
    assert before["orders"] == 2
    with new_house.app.app_context():
        assert rows_by_table() == before
        assert db.session.get_one(Order, first_id).superseded_by_order_id == second_id
        assert db.session.get_one(Order, second_id).paid_minor == total
        assert events.chain_is_whole(first_id) and events.chain_is_whole(second_id)
        there = Play(new_house.app, new_house.url)
        assert "Tea towel" in there.visitor().get("/search?q=towel").text
        third = there.held_order(tea_towel=1).order
        assert third.id > second_id
        there.end()
    with pytest.raises(Conflict, match="not empty"):
        move(new_house, shop.app.config["SQLALCHEMY_DATABASE_URI"])


def test_nothing_is_made_of_an_address_that_is_no_shop(context, tmp_path):
    """A mistyped file is said to be missing, and is not made; a database of something else is refused."""
    with pytest.raises(NotFound), transaction():
        moving.copy_from(f"sqlite:///{tmp_path / 'shop.db'}")
    assert not list(tmp_path.iterdir())
    (tmp_path / "other.db").touch()
    with pytest.raises(Conflict, match="versions"), transaction():
        moving.copy_from(f"sqlite:///{tmp_path / 'other.db'}")
    assert db.session.scalar(select(func.count()).select_from(Store)) == 0
