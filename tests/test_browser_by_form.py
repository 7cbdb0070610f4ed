"""A whole purchase with a real browser through services that are asked by a signed form, in their own charset."""

import re

import pytest
from playwright.sync_api import expect
from sqlalchemy import select

from rehearsing import rehearse
from storefront.kit.db import db
from storefront.payments.models import InboxMessage

from clicking import SANDBOX, heading, press, to_review

pytestmark = pytest.mark.browser


@pytest.mark.parametrize(
    ("kind", "size", "scripts", "settings"),
    [
        ("redsys", "phone", True, {}),
        ("redsys", "desk", False, {"signature": "HMAC_SHA256_V1"}),
        (
            "banklink",
            "desk",
            True,
            {"encoding": "ISO-8859-1", "service": "1011", "account": "EE1", "name": "Õie Mäger"},
        ),
        ("banklink", "phone", False, {"version": "008"}),
    ],
)
def test_a_purchase_by_a_form(browser, play, kind, size, scripts, settings):
    """RED-01, RED-03, RET-01: letters beyond ASCII arrive as they were signed, there and on the signed way back."""
    play.shelves(mug=5)
    rehearse(play, kind, **settings)
    page = browser.window(size, scripts=scripts)
    to_review(page, "mug")
    press(page, "Confirm and pay")
    if not scripts:
        expect(page).to_have_url(re.compile(r"/pay/[^/]+$"))
        press(page, "Continue to payment page")
    expect(page).to_have_url(SANDBOX)
    page.get_by_label("Scenario").select_option("after")
    press(page, "Pay")
    if page.get_by_role("button", name="Back to the shop").count():
        press(page, "Back to the shop")
    heading(page, "Thank you")
    play.look_again()
    brought = db.session.scalars(select(InboxMessage).filter_by(channel="return")).one()
    assert (brought.signature, brought.outcome) == ("ok", "APPLIED")
    assert play.captured(play.last_order()) == 1740


@pytest.mark.parametrize(("kind", "size", "scripts"), [("quickpay", "phone", True), ("opayo", "desk", False)])
def test_a_purchase_whose_return_proves_nothing(browser, play, kind, size, scripts):
    """RET-01, NOT-07: the service is asked, or says so itself; the page then says that it is paid."""
    play.shelves(mug=5)
    rehearse(play, kind)
    page = browser.window(size, scripts=scripts)
    to_review(page, "mug")
    press(page, "Confirm and pay")
    if not scripts:
        press(page, "Continue to payment page")
    expect(page).to_have_url(SANDBOX)
    press(page, "Pay")
    heading(page, "Thank you")
    play.look_again()
    assert play.captured(play.last_order()) == 1740
