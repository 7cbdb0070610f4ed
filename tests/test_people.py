"""Customers at the counter, and who may do what there: found, noted, never without an owner (ROL-03, ROL-10)."""

import re

import pytest
from sqlalchemy import event as sql_event, select, update

from storefront import admin, customers
from storefront.admin import permissions
from storefront.admin.models import OWNER as OWNERS, StaffUser
from storefront.customers.models import Customer
from storefront.kit.db import db, transaction
from storefront.payments.models import PaymentMethod

from counter import CLERK, OWNER, comes_in, hire, trail
from purchases import at_once


@pytest.fixture
def carol(play):
    """The owner, signed in, in a shop with mugs."""
    play.shelves(mug=9)
    return comes_in(play)


def test_settings_of_gateways_are_the_owners(play, carol, app):
    """ROL-04: a clerk meets 403 at every page of ways to pay, settings, staff, tokens and webhooks; the owner does not.

    The whole matrix, address by address, is in test_staff.py (ROL-03).
    """
    clerk = comes_in(play, CLERK, "staff")
    guarded = re.compile(r"admin\.(method|token|webhook|settings|topic|staff|settlement)")
    assert {role for name, role in permissions.NEEDS.items() if guarded.match(name)} == {OWNERS}
    rules = [one for one in app.url_map.iter_rules() if guarded.match(one.endpoint) and not one.arguments]
    assert len(rules) >= 5
    for rule in rules:
        assert clerk.get(rule.rule).status == 403, rule
        assert carol.get(rule.rule).status == 200, rule


def test_a_choice_of_gateways_changes_what_shoppers_are_offered(play, carol):
    """ROL-10: the shop has its own ways to pay; one that is switched off is offered no more, and a clerk cannot."""
    alice = play.visitor("alice")
    play.fill_cart(alice, mug=1)
    play.to_preview(alice)
    label = db.session.scalars(select(PaymentMethod).filter_by(code="card")).one().label
    assert alice.get("/checkout/payment").has(label)
    with transaction():
        db.session.execute(update(PaymentMethod).where(PaymentMethod.code == "card").values(active=False))
    assert not alice.get("/checkout/payment").has(label)
    page = alice.get("/checkout/preview")
    assert page.path == "/checkout/payment" or not page.has(label)


def test_two_owners_who_shut_each_other_out_at_once_leave_one(play, carol):
    """The rows are locked in one order: the second finds out that it would leave nobody."""
    hire("dan@example.com", "owner")
    dan = comes_in(play, "dan@example.com", "owner")
    ids = {one.login: one.id for one in admin.everybody()}
    for visitor in (carol, dan):
        visitor.get("/admin/staff")
    pages = at_once(
        lambda: carol.post(f"/admin/staff/{ids['dan@example.com']}/switch", {"to": "out"}),
        lambda: dan.post(f"/admin/staff/{ids[OWNER]}/switch", {"to": "out"}),
    )
    play.look_again()
    left = db.session.scalars(select(StaffUser).filter_by(role=OWNERS, active=True)).all()
    assert len(left) == 1 and sorted(page.status for page in pages)[0] == 200
    shut = [line for line in trail() if line.startswith("disable")]
    assert len(shut) == 1


def test_customers_are_found_by_how_email_or_name_begins(play, carol):
    """Folded names, whole pages by key, guests and accounts; nothing typed is an operator."""
    with transaction():
        for number in range(60):
            customers.guest(f"guest{number:02}@example.com", f"Žofie Nr{number:02}")
        customers.sign_up("anna@example.com", "nine old kettles", "Änna Berg")
    page = carol.get("/admin/customers")
    assert (
        page.has("anna@example.com")
        and page.has("Email not confirmed")
        and len(set(re.findall(r"guest\d+@", page.text))) == 49
    )
    assert len(set(re.findall(r"guest\d+@", carol.click("Next").text))) == 11
    assert carol.get("/admin/customers?q=ÄNNA b").has("anna@example.com")
    assert carol.get("/admin/customers?q=zofie nr5").has("guest57@example.com")
    assert carol.get("/admin/customers?q=guest0").has("guest09@example.com")
    for nothing in ("%", "_", "'", "x" * 300, "\u202e"):
        assert carol.get("/admin/customers", params={"q": nothing}).has("No customer fits that")
    assert carol.get("/admin/customers?after=nonsense").status == 200


def test_a_customers_page_shows_orders_addresses_and_notes(play, carol):
    """Orders of the account and those of a guest with the same e-mail, the book, and notes that shoppers never see."""
    alice = play.signed_in()
    own = play.paid_order(alice, mug=1).order.number
    guest = play.quick_order(mug=1).order.number
    person = db.session.scalars(select(Customer.id).filter_by(email="alice@example.com")).one()
    page = carol.get(f"/admin/customers/{person}")
    assert page.has(own) and page.has(guest) and page.has("as a guest") and page.has("1 Quay Street")
    assert carol.press("Keep the note", {"Note": ""}).status == 400
    assert carol.press("Keep the note", {"Note": "<b>Knows the owner</b>"}).has("<b>Knows the owner</b>")
    assert trail()[-1] == f"note: customer {person}"
    assert "Knows the owner" not in alice.get("/account/").html
    assert carol.get("/admin/customers/999999").status == 404
    asked = []

    def note(connection, cursor, statement, *more):
        asked.append(statement)

    sql_event.listen(db.engine, "before_cursor_execute", note)
    try:
        carol.get(f"/admin/customers/{person}")
        few = len(asked)
        for _ in range(3):
            play.quick_order(mug=1)
        asked.clear()
        carol.get(f"/admin/customers/{person}")
    finally:
        sql_event.remove(db.engine, "before_cursor_execute", note)
    assert len(asked) <= few
