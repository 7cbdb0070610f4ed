"""A split shipment in a browser: bought with more than lies there, sent in two parcels, followed by its links.

Proves SHS-01, SHS-04, SHS-10 and ORD-14 as far as they are seen.
"""

import pytest
from playwright.sync_api import expect

from storefront.stock.models import BACKORDER
from test_browser_admin import sign_in

from clicking import button, heading, press, to_gateway
from counter import hire

pytestmark = pytest.mark.browser


def test_a_split_shipment(browser, play):
    """Alice orders what is only partly there; Carol sends what she has, counts in the rest, and sends that; one piece
    comes back. Alice sees each step on the page of her order.
    """
    play.shelves(mug=5)
    play.shelves(kettle=0, policy=BACKORDER)
    hire()
    alice = browser.window()
    to_gateway(alice, "mug", "kettle")
    press(alice, "Pay")
    heading(alice, "is paid")
    expect(alice.get_by_text("Waits for goods that are on order")).to_be_visible()
    order, page = play.last_order(), sign_in(browser.window())

    page.goto("/admin/parcels")
    expect(page.get_by_role("row", name="MUG")).to_be_visible()
    page.get_by_role("link", name="Packing slip").click()
    heading(page, f"Packing slip {order.number}")
    expect(page.get_by_text("Comes later: 1 × Kettle")).to_be_visible()

    page.goto(f"/admin/orders/{order.number}")
    page.get_by_label("Carrier").fill("An Post")
    page.get_by_label("Tracking number").fill("RR1")
    press(page, "Mark as sent")
    expect(page.get_by_role("heading", level=1)).to_contain_text("Partly sent")
    alice.reload()
    expect(alice.get_by_role("link", name="RR1")).to_have_attribute(
        "href", "https://www.anpost.com/Post-Parcels/Track/History?item=RR1"
    )

    page.goto("/admin/products?q=kettle")
    page.get_by_label("On hand of KETTLE").fill("3")
    page.get_by_label("Reason for KETTLE").fill("delivery")
    press(page, "Save")
    page.goto(f"/admin/orders/{order.number}")
    press(page, "Mark as sent")
    expect(page.get_by_role("heading", level=1)).to_contain_text("Sent")
    for _ in range(2):
        press(page, "Mark as delivered")
    expect(page.get_by_role("heading", level=1)).to_contain_text("Delivered")

    alice.reload()
    alice.get_by_role("link", name="Send something back").click()
    alice.get_by_label("How many of Mug").fill("1")
    press(alice, "Announce the return")
    expect(button(alice, "Keep it after all")).to_be_visible()
    page.reload()
    page.get_by_role("link", name="Return 1").click()
    press(page, "Receive it")
    press(page, "Send the money back")
    alice.reload()
    expect(alice.get_by_text("sent back on")).to_be_visible()
