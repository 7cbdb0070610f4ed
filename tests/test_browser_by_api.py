"""A whole purchase with a real browser through services that are asked by API: the page that leaves has a link."""

import re

import pytest
from playwright.sync_api import expect

from rehearsing import rehearse

from clicking import SANDBOX, heading, press, to_review

pytestmark = pytest.mark.browser


@pytest.mark.parametrize(("kind", "size", "scripts"), [("stripe", "phone", True), ("altapay", "desk", False)])
def test_a_purchase_by_a_link(browser, play, kind, size, scripts):
    """RED-03, CNF-05: the link is followed by itself, or by hand without scripts, and the shopper comes home paid."""
    play.shelves(mug=5)
    rehearse(play, kind)
    page = browser.window(size, scripts=scripts)
    to_review(page, "mug")
    press(page, "Confirm and pay")
    if not scripts:
        expect(page).to_have_url(re.compile(r"/pay/[^/]+$"))
        page.get_by_role("link", name="Continue to payment page").click()
    expect(page).to_have_url(SANDBOX)
    press(page, "Pay")
    if page.get_by_role("button", name="Back to the shop").count():
        press(page, "Back to the shop")
    heading(page, "Thank you")
    assert play.captured(play.last_order()) == 1740
