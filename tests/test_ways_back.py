"""Every step names where it leads: back to the review for one change, to signing in, out of where nothing fits."""

import pytest
from sqlalchemy import select, update

from storefront import stock
from storefront.kit.db import db, transaction
from storefront.payments.models import PaymentMethod
from storefront.shipping.models import ServiceLevel

from promoting import offer
from purchases import ADDRESS

STEPS = ("address", "shipping", "payment", "preview")


@pytest.fixture
def alice(play):
    """Alice, with a mug and a bowl in her cart."""
    play.shelves(mug=9, bowl=9)
    alice = play.visitor("alice")
    play.fill_cart(alice, mug=1, bowl=1)
    return alice


def leads_back(page):
    """Whether this is the cart, and its way on is back to the review."""
    return page.path.startswith("/cart") and page.link("Review order") == "/checkout/preview"


# --- back to the review


def test_the_items_are_changed_and_the_way_leads_back(play, alice):
    """CNF-04, CRT-01: from the review to the cart; whatever is pressed there, the way on is the review."""
    offer(code="TENOFF")
    page = play.to_preview(alice)
    assert leads_back(alice.get(page.link("Change the items")))
    assert leads_back(alice.press("Update", quantity="two")) and alice.page.status == 400
    assert leads_back(alice.press("Update", quantity="3"))
    assert leads_back(alice.press("Apply code", code="nothing")) and alice.page.status == 400
    assert leads_back(alice.press("Apply code", code="TENOFF")) and alice.page.has("TENOFF")
    assert leads_back(alice.press("Remove TENOFF"))
    assert leads_back(alice.press("Remove", nth=1))
    assert leads_back(alice.press("Put back"))
    page = alice.click("Review order")
    assert page.path == "/checkout/preview" and page.has("3 × Mug")


def test_what_there_is_is_taken_on_the_way_back(play, alice):
    """CNF-04, CRT-16: the one press that makes the cart fit keeps the way back to the review, too."""
    page = play.to_preview(alice)
    with transaction():
        stock.set_on_hand(play.variant("mug").id, 0, cause="adjust", actor="otto")
    alice.get(page.link("Change the items"))
    assert leads_back(alice.press("Take what there is"))


def test_without_coming_from_the_review_the_way_is_the_checkout(play, alice):
    """CNF-04: who only looks into the cart goes through the steps, and the address says where it leads."""
    play.to_preview(alice)
    page = alice.get("/cart")
    assert page.link("Go to checkout") == "/checkout/address"
    assert alice.press("Update", quantity="2").url.endswith("/cart")
    alice.click("Go to checkout")
    assert alice.page.form("Continue to shipping")


def test_a_step_that_is_changed_names_the_review(play, alice):
    """CNF-04: the button of a step that was opened by "Change" says that it leads to the review, and does."""
    page = play.to_preview(alice)
    for what in ("the address", "the shipping", "the way to pay"):
        alice.get(page.link(f"Change {what}"))
        assert not any(one.words.startswith("Continue") for form in alice.page.forms for one in form.buttons)
        page = alice.press("Review order")
        assert page.path == "/checkout/preview"


# --- an account is needed


@pytest.mark.parametrize("step", STEPS)
def test_every_step_asks_a_guest_to_sign_in(play, alice, step):
    """CNF-17, SEC-03: a guest who has an address already comes no further once the shop sells to accounts only."""
    play.to_preview(alice)
    play.shop(require_account=True)
    page = alice.get(f"/checkout/{step}")
    assert page.path == "/account/sign-in" and f"next=/checkout/{step}" in page.url.replace("%2F", "/")


def test_a_guest_cannot_confirm_where_an_account_is_needed(play, alice):
    """CNF-17, SEC-03: the open review of a guest orders nothing; signed in, the same cart is ordered."""
    play.to_preview(alice)
    tab = play.tab(alice)
    play.shop(require_account=True)
    assert alice.press("Confirm and pay").path == "/account/sign-in"
    assert play.orders() == []
    for step, fields in (("address", ADDRESS), ("shipping", {"choice": "1"}), ("payment", {"choice": "1"})):
        assert tab.post(f"/checkout/{step}", fields).path == "/account/sign-in"
    play.signed_in(shopper=alice)
    alice.get("/checkout/preview")
    assert play.confirm(alice).order.status == "HOLD"


# --- nothing fits


def test_where_no_way_to_pay_fits_there_are_ways_on(play, alice):
    """CNF-11: each way says why not, and there is no button that leads to an error, but links to what can change."""
    play.to_preview(alice)
    with transaction():
        db.session.execute(update(PaymentMethod).values(active=True, countries=[], max_minor=100))
    page = alice.get("/checkout/payment")
    assert page.status == 200 and page.has("There is no way to pay this online") and page.has("Card: Up to €1.00.")
    assert page.has("Nothing was charged.") and page.has("shop@example.com")
    assert 'type="radio"' not in page.html
    assert not any(one.words == "Review order" for form in page.forms for one in form.buttons)
    assert page.link("Change the address") == "/checkout/address"
    assert page.link("Change the shipping") == "/checkout/shipping" and page.link("Back to the cart") == "/cart"
    page = alice.post("/checkout/payment", {"choice": "1"})
    assert page.status == 409 and page.has("There is no way to pay this online")
    assert not page.has("Choose how you would like to pay.")


# --- what is chosen, and what is folded away


def test_the_cheapest_shipping_is_chosen_whatever_its_place(play, alice):
    """SHP-05, CNF-04: nobody pays for the faster way by pressing on; of equal ones the merchant's first is chosen."""
    with transaction():
        db.session.execute(update(ServiceLevel).filter_by(name="Express").values(position=-1))
    alice.get("/cart")
    alice.click("Go to checkout")
    page = alice.press("Continue to shipping", ADDRESS)
    assert [(one.label[:7], one.checked) for one in _levels(page)] == [("Express", False), ("Standar", True)]
    alice.press("Continue to payment")
    assert alice.press("Review order").has("Standard")
    standard = db.session.scalar(select(ServiceLevel).filter_by(name="Standard"))
    with transaction():
        db.session.execute(update(ServiceLevel).filter_by(name="Express").values(params=standard.params))
    bob = play.visitor("bob")
    play.fill_cart(bob, mug=1)
    assert play.to_preview(bob).has("Express")


def test_the_field_for_codes_is_folded_away(play, alice):
    """PRM-05: closed for most; open with an error in it, and where a code counts."""
    offer(code="TENOFF")
    closed, opened = '<details class="fold">', '<details class="fold" open>'
    assert _fold(alice.get("/cart")) == closed
    assert _fold(alice.press("Apply code", code="nothing")) == opened
    assert _fold(alice.press("Apply code", code="TENOFF")) == opened
    assert _fold(alice.press("Remove TENOFF")) == closed


def _levels(page):
    return [one for one in page.form("Continue to payment")[0].controls if one.name == "choice"]


def _fold(page):
    before = page.html.split("<summary>Coupon or gift certificate</summary>")[0]
    return before[before.rindex("<details") :].strip()
