"""A whole purchase with a real browser through services that sign little: their forms, their pages, and home again."""

import re

import pytest
from playwright.sync_api import expect

from rehearsing import rehearse

from clicking import SANDBOX, heading, press, to_review

pytestmark = pytest.mark.browser


@pytest.mark.parametrize(("kind", "size", "scripts"), [("paypal", "phone", True), ("worldpay", "desk", False)])
def test_a_purchase_by_an_unsigned_service(browser, play, kind, size, scripts):
    """RED-03, CNF-05, NOT-08, NOT-09: the form is posted by itself, or by hand, and the shopper comes home paid."""
    play.shelves(mug=5)
    rehearse(play, kind)
    page = browser.window(size, scripts=scripts)
    to_review(page, "mug")
    press(page, "Confirm and pay")
    if not scripts:
        expect(page).to_have_url(re.compile(r"/pay/[^/]+$"))
        press(page, "Continue to payment page")
    expect(page).to_have_url(SANDBOX)
    press(page, "Pay")
    heading(page, "Thank you")
    assert play.captured(play.last_order()) == 1740
