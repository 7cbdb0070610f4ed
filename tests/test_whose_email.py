"""Whose e-mail an account has is shown by its letters; passwords are changed, forgotten and found again.

What a guest ordered joins an account only then, and never a thief's. Proves ROL-02, the account rows of ACT and CRT
(sign-in), and line 51 and 52 of the pages' bar.
"""

import re

import pytest
from sqlalchemy import select, update

from storefront import customers
from storefront.customers.models import Customer, CustomerAddress
from storefront.kit.db import db, transaction
from storefront.kit.events import OrderEvent
from storefront.orders.models import Order

from purchases import ADDRESS, PASSWORD, at_once

NEW = "ten other kettles"
ALICE, ELSE = "alice@example.com", "alice.new@example.com"


def post(play, to: str):
    """(subject, link or None) of the last letter to somebody."""
    play.run("deliver_events")
    mail = [one for one in play.mails() if one["To"] == to][-1]
    found = re.search(r"https?://\S+/account/\S+", mail.get_body(("plain",)).get_content())
    return mail["Subject"].removeprefix("The Test Shop: "), found and found[0]


def account(play, email: str = ALICE) -> Customer:
    """The customer's row as it is now."""
    play.look_again()
    return db.session.scalars(select(Customer).filter_by(email=email)).one()


def confirms(play, visitor, email: str = ALICE):
    """Opens the link of the last letter and presses its button."""
    visitor.get(post(play, email)[1])
    return visitor.press("Confirm email")


@pytest.fixture
def alice(play):
    """Somebody signed in, whose e-mail nobody has confirmed."""
    play.shelves(mug=9)
    return play.signed_in()


def test_an_email_is_confirmed_by_its_letter(play, alice):
    """Opening the link shows a page and changes nothing; its button confirms, and pressing it again is harmless."""
    assert alice.get("/account/").has("Your email is not confirmed yet")
    subject, link = post(play, ALICE)
    assert subject == "confirm your email"
    alice.get(link)
    assert account(play).verified_at is None
    assert alice.press("Confirm email").has("Your email is confirmed")
    first = account(play).verified_at
    alice.get(link)
    assert alice.press("Confirm email").steps == [303, 200] and account(play).verified_at == first
    assert not alice.get("/account/").has("not confirmed yet")


def test_the_letter_can_be_asked_for_again_and_runs_out(play, alice):
    """A link works for three days; the next one works again."""
    link = post(play, ALICE)[1]
    play.wait(days=4)
    alice.get(link)
    page = alice.press("Confirm email")
    assert page.status == 400 and page.has("Ask for another one")
    alice.get("/account/")
    alice.press("Send the letter again")
    assert confirms(play, alice).has("Your email is confirmed")


def test_orders_of_a_guest_join_once_the_email_is_confirmed(play):
    """ROL-02: placed without signing in, on any device, before the account or after it; found in the account's list."""
    play.shelves(mug=9)
    before = play.paid_order(play.visitor("guest"), mug=1).order.number
    alice = play.signed_in()
    assert not alice.get("/account/orders").has(before)
    assert confirms(play, alice).steps == [303, 200]
    assert alice.get("/account/orders").has(before)
    later = play.held_order(play.visitor("phone"), mug=1).order.number
    assert play.signed_in().get("/account/orders").has(later)


def test_a_guest_who_has_paid_makes_an_account_by_a_password(play):
    """One field on the paid page; whoever else has its address is not shown the e-mail, nor asked. ROL-02."""
    play.shelves(mug=5)
    guest = play.visitor("guest")
    placed = play.paid_order(guest, mug=1)
    page = guest.get(f"/orders/{placed.order.key}")
    assert page.has(f"Once you have confirmed {placed.order.email} by our letter")
    somebody = play.visitor("somebody").get(f"/orders/{placed.order.key}")
    assert not somebody.has("Choose a password") and placed.order.email not in somebody.html
    page = guest.press("Create account", Password="short")
    assert page.status == 400 and page.path == "/account/create"
    page = guest.press("Create account", Password=PASSWORD)
    assert page.path == "/account/sign-in" and page.has("Now sign in with your email and password.")
    page = guest.press("Sign in", {"Email": placed.order.email, "Password": PASSWORD})
    assert page.path == f"/orders/{placed.order.key}" and not page.has("Choose a password")


def test_a_thief_with_anothers_email_sees_nothing(play):
    """A stranger makes an account with Alice's e-mail: no order joins, and her press on the letter confirms nothing."""
    play.shelves(mug=9)
    number = play.paid_order(play.visitor("alice"), mug=1).order.number
    thief = play.signed_in()
    thief.get("/account/addresses/new")
    thief.press("Save address", {"Address": "9 Thief Lane", "City": "Galway", "Postcode": "H91 E2R8"})
    play.fill_cart(thief, mug=1)
    alice = play.visitor("alice")
    page = alice.get(post(play, ALICE)[1])
    assert page.path == "/account/sign-in" and account(play).verified_at is None
    assert not thief.get("/account/orders").has(number)

    alice.click("Forgotten your password?")
    alice.press("Send the link", {"Email": ALICE})
    alice.get(post(play, ALICE)[1])
    assert alice.press("Set password", {"New password": NEW}).has("Your password is set")
    assert thief.get("/account/").path == "/account/sign-in" and play.in_cart(thief) == {}
    alice.press("Sign in", {"Email": ALICE, "Password": NEW})
    assert alice.get("/account/orders").has(number) and not alice.get("/account/").has("Thief Lane")
    assert db.session.scalar(select(CustomerAddress.id).filter_by(customer_id=account(play).id)) is None


def test_a_link_of_another_account_confirms_nothing(play, alice):
    """Bob opens Alice's link while he is signed in; a bent link is refused in words."""
    link, bob = post(play, ALICE)[1], play.signed_in("bob@example.com")
    for path in (link, f"{link}x", "/account/confirm/nonsense", "/account/confirm/W10.x.y"):
        bob.get(path)
        assert bob.press("Confirm email").status == 400
    assert account(play).verified_at is None and account(play, "bob@example.com").verified_at is None


def test_a_forgotten_password(play, alice):
    """The link works once, for two hours, and ends every session; the old password does not work any more."""
    other = play.visitor()
    other.get("/account/forgotten")
    said = other.press("Send the link", {"Email": ALICE})
    assert said.path == "/account/sign-in" and said.has("If there is an account")
    link = post(play, ALICE)[1]
    other.get(link)
    assert other.press("Set password", {"New password": "short"}).status == 400
    assert other.press("Set password", {"New password": NEW}).path == "/account/sign-in"
    assert alice.get("/account/").path == "/account/sign-in"
    assert other.get(link).path == "/account/forgotten"
    assert customers.sign_in(ALICE, PASSWORD) is None and customers.sign_in(ALICE, NEW)
    assert post(play, ALICE)[0] == "your password was changed"
    other.get("/account/forgotten")
    other.press("Send the link", {"Email": ALICE})
    link = post(play, ALICE)[1]
    play.wait(hours=3)
    assert other.get(link).path == "/account/forgotten"


def test_a_link_that_went_to_an_old_email_sets_no_password(play, alice):
    """ROL-02: whoever still reads the old letters cannot take an account back after its e-mail has changed."""
    thief = play.visitor()
    thief.get("/account/forgotten")
    thief.press("Send the link", {"Email": ALICE})
    link = post(play, ALICE)[1]
    alice.get("/account/email")
    alice.press("Change email", {"New email": ELSE, "Your password": PASSWORD})
    confirms(play, alice, ELSE)
    assert thief.get(link).path == "/account/forgotten" and customers.sign_in(ELSE, PASSWORD)


def test_of_two_who_use_a_recovery_link_at_once_one_sets_the_password(play, alice):
    """The row's lock decides; the other is told that it was used."""
    visitors = [play.visitor(), play.visitor()]
    visitors[0].get("/account/forgotten")
    visitors[0].press("Send the link", {"Email": ALICE})
    link = post(play, ALICE)[1]
    for visitor in visitors:
        visitor.get(link)
    words = ["this one instead", "that one instead"]
    at_once(
        *(lambda v=v, w=w: v.press("Set password", {"New password": w}) for v, w in zip(visitors, words, strict=True))
    )
    play.look_again()
    assert [bool(customers.sign_in(ALICE, word)) for word in words].count(True) == 1
    changes = select(OrderEvent).filter_by(type="CUSTOMER_PASSWORD_CHANGED")
    assert len(db.session.scalars(changes).all()) == 1


def test_nobody_learns_who_has_an_account(play, alice):
    """Signing in, making an account and asking for a password answer alike for known and unknown e-mails."""
    pages = (
        ("/account/sign-in", "Sign in", {"Password": "not this one"}),
        ("/account/create", "Create account", {"Password": "not this one", "Full name": "A"}),
        ("/account/forgotten", "Send the link", {}),
    )
    for path, button, typed in pages:
        seen = []
        for email in (ALICE, f"{button[:4].lower()}@example.com"):
            visitor = play.visitor()
            visitor.get(path)
            page = visitor.press(button, {"Email": email, **typed})
            seen.append((page.steps, page.path, page.text.replace(email, "")))
        assert seen[0] == seen[1], path
    play.run("deliver_events")
    told = [(mail["To"], mail["Subject"].removeprefix("The Test Shop: ")) for mail in play.mails()]
    assert (ALICE, "you have an account already") in told and (ALICE, "a new password") in told
    assert [subject for to, subject in told if to != ALICE] == ["confirm your email"]  # of the account just made


def test_the_same_is_written_for_an_unknown_email_as_for_a_known_one(play, alice):
    """The same work is done for both, so that the time tells nothing either: one event, one delivery."""
    for email in (ALICE, "nobody@example.com"):
        with transaction():
            customers.forget_password(email)
    asked = db.session.scalars(
        select(OrderEvent).filter_by(type="CUSTOMER_PASSWORD_FORGOTTEN").order_by(OrderEvent.id)
    ).all()
    assert [bool(event.data["customer"]) for event in asked] == [True, False]
    before = len(play.mails())
    play.run("deliver_events")
    assert [mail["To"] for mail in play.mails()[before:]].count("nobody@example.com") == 0


def test_another_email_is_confirmed_at_the_new_address(play, alice):
    """The old one is told twice and stands until then; the new one signs in, and orders of it join."""
    number = play.paid_order(play.visitor("guest"), mug=1).order.number  # with the old e-mail
    with transaction():
        db.session.execute(update(Order).values(email=ELSE))
    alice.get("/account/email")
    wrong = alice.press("Change email", {"New email": ELSE, "Your password": "not this one"})
    assert wrong.status == 400 and wrong.has("This is not your password")
    assert alice.press("Change email", {"New email": "nonsense", "Your password": PASSWORD}).status == 400
    assert alice.press("Change email", {"New email": ALICE, "Your password": PASSWORD}).has("your email already")
    assert alice.press("Change email", {"New email": ELSE, "Your password": PASSWORD}).path == "/account/"
    assert post(play, ALICE)[0] == "your email is to be changed" and account(play).new_email == ELSE
    assert confirms(play, alice, ELSE).has(ELSE)
    assert post(play, ALICE)[0] == "your email was changed"
    assert (
        account(play, ELSE).verified_at and customers.sign_in(ELSE, PASSWORD) and not customers.sign_in(ALICE, PASSWORD)
    )
    assert alice.get("/account/orders").has(number)


def test_an_email_that_is_taken_meanwhile_stays_with_its_owner(play, alice):
    """The one who confirmed it has it; whoever wanted it is told, and keeps the old one. A guest's record makes way."""
    alice.get("/account/email")
    alice.press("Change email", {"New email": ELSE, "Your password": PASSWORD})
    link = post(play, ELSE)[1]
    with transaction():
        guest = customers.guest(ELSE, "Alice as a guest").id
    with transaction():
        customers.sign_up("zoe@example.com", PASSWORD, "Zoe")
        db.session.execute(update(Customer).where(Customer.email == "zoe@example.com").values(new_email=ELSE))
    zoe = play.signed_in("zoe@example.com")
    with play.app.test_request_context():
        hers = customers.confirm_token(account(play, "zoe@example.com"), ELSE)
    zoe.get(f"/account/confirm/{hers}")
    assert zoe.press("Confirm email").steps == [303, 200]
    assert db.session.get(Customer, guest).email == f"guest-{guest}@erased.invalid"
    alice.get(link)
    page = alice.press("Confirm email")
    assert page.status == 400 and page.has("There is an account with this email already")
    assert account(play, ALICE).new_email == ELSE


def test_a_new_password_stops_a_change_of_email(play, alice):
    """Somebody at an open session asked for another e-mail: the owner's new password ends that."""
    alice.get("/account/email")
    alice.press("Change email", {"New email": ELSE, "Your password": PASSWORD})
    alice.get("/account/password")
    assert alice.press("Change password", {"Your password": "wrong", "New password": NEW}).has("not your password")
    assert alice.press("Change password", {"Your password": PASSWORD, "New password": "short"}).status == 400
    page = alice.press("Change password", {"Your password": PASSWORD, "New password": NEW})
    assert page.path == "/account/" and page.has("Your password is changed")
    assert account(play).new_email == "" and customers.sign_in(ALICE, NEW)


def test_signing_out_everywhere(play, alice):
    """Every session ends, a new password keeps only the browser that set it, and no cookie finds the cart any more."""
    phone = play.signed_in()
    play.fill_cart(phone, mug=2)
    phone.get("/account/password")
    phone.press("Change password", {"Your password": PASSWORD, "New password": NEW})
    assert phone.get("/account/").path == "/account/" and play.in_cart(phone) == {"Mug": 2}
    assert alice.get("/account/").path == "/account/sign-in" and play.in_cart(alice) == {}
    alice.get("/account/sign-in")
    alice.press("Sign in", {"Email": ALICE, "Password": NEW})
    assert play.in_cart(alice) == {"Mug": 2}
    alice.get("/account/")
    assert alice.press("Sign out on every device").has("You are signed out on every device")
    for visitor in (alice, phone):
        assert visitor.get("/account/").path == "/account/sign-in" and play.in_cart(visitor) == {}


def test_letters_and_tries_have_limits(play, alice, rate_limits):
    """Five letters an hour to one address, ten tries of a password a minute."""
    visitor = play.visitor()
    for _ in range(6):
        visitor.get("/account/forgotten")
        page = visitor.press("Send the link", {"Email": ALICE})
    assert page.status == 429
    alice.get("/account/password")
    for _ in range(10):
        alice.press("Change password", {"Your password": "wrong", "New password": NEW})
        alice.get("/account/password")
    assert alice.press("Change password", {"Your password": PASSWORD, "New password": NEW}).status == 429


def test_pages_of_the_account_go_on_by_key(play, alice):
    """Twenty orders a page; the next begins after the last one shown, whatever came in between."""
    placed = [play.quick_order(mug=1).order for _ in range(2)]
    customer = account(play).id
    with transaction():
        first = db.session.get(Order, placed[0].id)
        facts = {c.name: getattr(first, c.name) for c in Order.__table__.columns if c.name != "id"}
        for n in range(22):
            more = {"number": f"X-{n}", "key": f"k{n}", "confirm_token": f"c{n}", "customer_id": customer}
            db.session.add(Order(**{**facts, **more, "shipping_address_id": None, "billing_address_id": None}))
    page = alice.get("/account/orders")
    shown = re.findall(r"X-\d+", page.text)
    assert len(set(shown)) == 20
    alice.click("Older orders")
    assert set(re.findall(r"X-\d+", alice.page.text)) == {f"X-{n}" for n in range(22)} - set(shown)
    assert alice.get(f"/account/orders?after={placed[1].number}").has(shown[0])
    assert play.signed_in("bob@example.com").get("/account/orders?after=X-3").has("nothing yet")


def test_everything_kept_of_somebody_can_be_taken_along(play, alice):
    """Account, book, cart, what is waited for and orders in one file, for its owner only."""
    play.paid_order(alice, mug=1)
    play.fill_cart(alice, mug=2)
    answer = alice.get("/account/data.json")
    facts = answer.json()
    assert "attachment" in answer.headers["Content-Disposition"]
    assert facts["account"]["email"] == ALICE and facts["addresses"][0]["line1"] == ADDRESS["Address"]
    assert [line["quantity"] for line in facts["cart"]] == [2]
    (order,) = facts["orders"]
    assert order["total"] == "17.40" and order["lines"][0]["sku"] == "MUG" and order["payments"][0]["state"] == "PAID"
    assert play.visitor().get("/account/data.json").path == "/account/sign-in"
