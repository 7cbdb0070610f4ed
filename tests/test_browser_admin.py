"""The merchant at work in a browser: an order is sent and partly refunded, goods come in by a file and go out again.

Proves ADM-15, ADM-17 and SHS-04 as far as they are seen, and rules 53 to 66 of ux.md.
"""

import re

import pytest
from playwright.sync_api import expect

from clicking import button, heading, press
from counter import OWNER, PASSWORD, hire

pytestmark = pytest.mark.browser
GOODS = """Handle,Title,Vendor,Published,Option1 Name,Option1 Value,Variant SKU,Variant Grams,\
Variant Inventory Tracker,Variant Inventory Qty,Variant Price
jug,Jug,Kiln,true,Title,Default Title,JUG,700,shopify,4,24.00
bowl,Bowl,Kiln,true,Title,Default Title,BOWL,500,shopify,9,18.00
lamp,Lamp,Kiln,true,Title,Default Title,LAMP,500,shopify,9,much
mug,Mug,Kiln,true,Title,Default Title,MUG,300,shopify,5,13.50
"""


@pytest.fixture
def desk(browser, play):
    """A window in which the owner has signed in."""
    play.shelves(mug=5)
    hire()
    return sign_in(browser.window())


def sign_in(page):
    """The owner asks for today's work, is asked who it is, and gets there."""
    page.goto("/admin/orders")
    page.get_by_label("Email").fill(OWNER)
    page.get_by_label("Password", exact=True).fill(PASSWORD)
    press(page, "Sign in")
    heading(page, "Orders")
    return page


def test_an_order_is_sent_and_partly_refunded(desk, play):
    """From the orders to ship to the letters for the customer; a refund has a page to confirm, and happens once."""
    order = play.quickly_paid(mug=3).order
    page = desk
    page.get_by_role("link", name=re.compile("^To ship")).click()
    page.get_by_role("link", name=order.number).click()
    heading(page, order.number)
    page.get_by_label("Carrier").fill("An Post")
    page.get_by_label("Tracking number").fill("CE123456785IE")
    press(page, "Mark as sent")
    expect(page.get_by_text("tracking CE123456785IE").first).to_be_visible()
    expect(page.get_by_role("heading", level=1)).to_contain_text("Sent")

    page.get_by_role("link", name="Refund", exact=True).click()
    page.get_by_label("How many of Mug to pay back").fill("1")
    page.get_by_label("How many of Mug to put back in stock").fill("1")
    page.get_by_label("Reason for the customer").fill("One was cracked")
    press(page, "Look at the refund")
    heading(page, "Send back €12.50")
    expect(page.get_by_text("This cannot be undone.")).to_be_visible()
    expect(page.get_by_role("blockquote")).to_contain_text("One was cracked")
    button(page, "Send back €12.50").dblclick()
    expect(page.get_by_role("region", name="Refunds").get_by_text("One was cracked")).to_have_count(1)
    page.go_back()
    expect(page.get_by_role("alert")).to_contain_text("This refund was asked for already.")
    expect(button(page, "Send back €12.50")).to_have_count(0)

    play.run("send_refunds")
    play.run("deliver_events")
    page.goto(f"/admin/orders/{order.number}")
    expect(page.get_by_role("region", name="Refunds").get_by_text("One was cracked")).to_have_count(1)
    expect(page.get_by_text("Partly refunded").first).to_be_visible()
    play.both_books_agree()
    letters = [subject.removeprefix("The Test Shop: ") for subject in play.letters()]
    number = order.number
    assert letters == [f"order {number} paid", f"order {number} is on its way", f"refund for order {number}"]
    assert play.shelf("mug") == (3, 0)

    shopper = page.context.browser.new_page(base_url=play.url)
    shopper.goto(f"/orders/{order.key}")
    expect(shopper.get_by_text("CE123456785IE")).to_be_visible()
    expect(shopper.get_by_text("One was cracked")).to_be_visible()
    shopper.context.close()


def test_goods_come_in_by_a_file(desk, play):
    """The file is looked at first; what is wrong is named by its line; the import can be taken back."""
    page = desk
    page.get_by_role("link", name="Products").first.click()
    page.goto("/admin/import")
    page.get_by_label("Product file").set_input_files(
        {"name": "goods.csv", "mimeType": "text/csv", "buffer": GOODS.encode()}
    )
    press(page, "Look at the file")
    heading(page, "What goods.csv would change")
    expect(page.get_by_text("Jug")).to_be_visible()
    expect(page.get_by_text("LAMP").or_(page.get_by_text("much")).first).to_be_visible()
    page.get_by_label("Fetch pictures").uncheck()
    press(page, "Import 2 new and 1 changed")
    heading(page, "Import and export")
    shopper = play.visitor()
    assert shopper.get("/products/jug").has("€24.00") and shopper.get("/products/mug").has("€13.50")
    page.get_by_role("link", name="Undo import").click()
    press(page, "Undo import")
    expect(page.get_by_text("is undone: 2 products removed")).to_be_visible()
    assert shopper.get("/products/jug").status == 404 and shopper.get("/products/mug").has("€12.50")


def test_the_merchant_works_on_a_phone_without_scripts(browser, play):
    """Price and stock of a thing are changed in its row, and the shop shows it."""
    play.shelves(mug=5)
    hire()
    page = sign_in(browser.window("phone", scripts=False))
    page.goto("/admin/products")
    row = page.get_by_role("row").filter(has_text="MUG")
    row.get_by_label("Price of MUG").fill("14.25")
    row.get_by_label("On hand of MUG").fill("7")
    press(row, "Save")
    expect(page.get_by_role("alert")).to_contain_text("Say why the count changes")
    expect(row.get_by_label("On hand of MUG")).to_have_value("7")
    row.get_by_label("Reason for MUG").fill("counted")
    press(row, "Save")
    expect(page.get_by_role("status")).to_contain_text("Saved.")
    assert play.on_shelf("mug") == 7 and play.visitor().get("/products/mug").has("€14.25")
