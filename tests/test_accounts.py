"""Accounts tell nobody who has one; a guest is one record; the book is its owner's (ROL-02, ADR-01..04, ACT-08)."""

import threading

import pytest
from argon2 import PasswordHasher
from sqlalchemy import func, select, update

from storefront import customers
from storefront.customers import passwords
from storefront.customers.models import Customer, CustomerAddress
from storefront.kit import events
from storefront.kit.db import db, transaction
from storefront.kit.errors import Conflict, Invalid, NotFound

from conftest import STRONG

PASSWORD = "nine old kettles"
ANNA = {"name": "Anna Berg", "line1": "1 Quay Street", "city": "Galway", "country": "IE"}


@pytest.fixture
def anna(play):
    """A customer, and the stage around her."""
    play.shop()
    with transaction():
        return customers.sign_up("Anna@Example.com", PASSWORD, "Anna Berg")


def signs_in(play, password=PASSWORD, email="anna@example.com"):
    """Somebody at the sign-in page."""
    visitor = play.visitor()
    visitor.get("/account/sign-in")
    visitor.press("Sign in", {"Email": email, "Password": password})
    return visitor


def test_somebody_makes_an_account_and_signs_in(play):
    """Sign up, sign in with the same words in another case, see the account, sign out, and be asked again."""
    play.shop()
    anna = play.visitor()
    anna.get("/account/create")
    page = anna.press(
        "Create account", {"Full name": "Anna <b>Berg</b>", "Email": "ANNA@bücher.example", "Password": PASSWORD}
    )
    assert page.steps == [303, 200] and page.path == "/account/sign-in"
    page = anna.press("Sign in", {"Email": "anna@bücher.example", "Password": PASSWORD})
    assert page.path == "/account/" and page.has("Anna <b>Berg</b>") and page.has("anna@bücher.example")
    assert page.headers["Cache-Control"] == "no-store"
    page = anna.press("Sign out")
    assert page.steps[0] == 303
    assert anna.get("/account/").path == "/account/sign-in"


def test_nobody_learns_who_has_an_account(play, anna):
    """Signing up with a known and a new e-mail answers the same; a wrong password and an unknown e-mail too."""
    seen = []
    for email in ("anna@example.com", "new@example.com"):
        visitor = play.visitor()
        visitor.get("/account/create")
        answers = {"Full name": "Mallory", "Email": email, "Password": "another password"}
        seen.append(visitor.press("Create account", answers))
    assert seen[0].steps == seen[1].steps and seen[0].text == seen[1].text and seen[0].url == seen[1].url
    wrong = [signs_in(play, "not the password", email).page for email in ("anna@example.com", "nobody@example.com")]
    assert wrong[0].status == wrong[1].status == 400 and wrong[0].text == wrong[1].text
    assert wrong[0].title.startswith("Error: ") and wrong[0].has("There is a problem")
    play.look_again()
    assert db.session.get(Customer, anna.id).name == "Anna Berg"
    assert customers.sign_in("anna@example.com", PASSWORD) and not customers.sign_in(
        "anna@example.com", "another password"
    )
    kinds = db.session.scalars(select(events.OrderEvent.type).order_by(events.OrderEvent.id)).all()
    assert kinds == ["CUSTOMER_SIGNED_UP", "CUSTOMER_SIGNED_UP_AGAIN", "CUSTOMER_SIGNED_UP"]


@pytest.mark.parametrize(
    ("fields", "sentence"),
    [
        ({"email": "anna"}, "Enter an email address like anna@example.com"),
        ({"email": ""}, "Enter your email address"),
        ({"name": "  "}, "Enter your full name"),
        ({"name": "x" * 201}, "Shorten this to 200 characters"),
        ({"password": "short"}, "Choose a password of 10 to 200 characters"),
        ({"password": "x" * 100 + "y" * 101}, "Choose a password of 10 to 200 characters"),
        ({"password": "Password123"}, "Choose another password"),
        ({"password": "Anna@example.com"}, "Choose a password that is not your email address"),
        ({"password": ""}, "Choose a password of at least 10 characters"),
    ],
)
def test_a_form_that_is_not_right_comes_back(play, fields, sentence):
    """Status 400, the sentence at the field and in the summary, what was typed still there, the password not."""
    play.shop()
    visitor = play.visitor()
    visitor.get("/account/create")
    answers = {"name": "Anna", "email": "anna@example.com", "password": PASSWORD, **fields}
    page = visitor.press("Create account", answers)
    assert page.status == 400 and page.text.count(sentence) == 2
    assert answers["password"] == "" or answers["password"] not in page.html.replace("anna@example.com", "")
    assert db.session.scalar(select(func.count(Customer.id))) == 0


@pytest.mark.parametrize("bad", ["a\0b@example.com", "x" * 300 + "@example.com", "<b>@example.com", "a@b@c", "ä@-.com"])
def test_strange_emails_are_refused_in_words(play, bad):
    """Never a 500, never an account."""
    play.shop()
    visitor = play.visitor()
    assert visitor.post("/account/create", {"name": "A", "email": bad, "password": PASSWORD}).status == 400
    assert visitor.post("/account/sign-in", {"email": bad, "password": PASSWORD}).status == 400


def test_one_record_a_guest(context):
    """A guest is written down once per e-mail however it is written; the name follows, and no account comes of it."""
    with transaction():
        first = customers.guest("Bob@Example.com", "Bob")
    with transaction():
        again = customers.guest("bob@example.COM", "Robert")
    assert first.id == again.id and again.name == "Robert" and not again.is_active
    assert customers.sign_in("bob@example.com", "") is None
    with pytest.raises(Invalid), transaction():
        customers.guest("bob")


def test_many_at_once_make_one_account(context):
    """Ten sign-ups of one e-mail at the same moment: one account, one password that works."""
    made, wrong = [], []

    def sign_up(number):
        try:
            with context.app_context(), transaction():
                if customers.sign_up("anna@example.com", f"{PASSWORD} {number}", "Anna"):
                    made.append(number)
        except Exception as error:
            wrong.append(error)

    threads = [threading.Thread(target=sign_up, args=(number,)) for number in range(10)]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()
    assert not wrong and len(made) == 1
    assert customers.sign_in("anna@example.com", f"{PASSWORD} {made[0]}")


def test_an_account_made_of_a_guest_shows_nothing_of_the_guest(context):
    """Whoever signs up has not yet shown that the e-mail is theirs: what the guest said is forgotten."""
    with transaction():
        guest = customers.guest("bob@example.com", "Bob Secret")
        guest.phone, guest.consent = "+353 1 234 5678", {"letters": True}
    with transaction():
        account = customers.sign_up("bob@example.com", PASSWORD, "Mallory")
    assert account.id == guest.id and account.verified_at is None
    assert (account.name, account.phone, account.consent) == ("Mallory", "", {})


def test_passwords_are_costly_to_guess():
    """Argon2id with 19 MiB and two passes, as OWASP's cheat sheet on storing passwords asks for."""
    assert STRONG.hash("ten new kettles").startswith("$argon2id$v=19$m=19456,t=2,p=1$")


def test_a_hash_with_old_parameters_is_renewed_at_sign_in(play, anna):
    """The password stays, its hash becomes today's."""
    with transaction():
        db.session.execute(update(Customer).values(password_hash=PasswordHasher(1, 1024, 1).hash(PASSWORD)))
    assert passwords.stale(db.session.get(Customer, anna.id).password_hash)
    visitor = signs_in(play)
    assert visitor.page.path == "/account/" and visitor.get("/account/").path == "/account/"
    play.look_again()
    assert not passwords.stale(db.session.get(Customer, anna.id).password_hash)


def test_another_password_ends_every_session(play, anna):
    """A session keeps a word of the password's hash; so do forged and broken ids lead nowhere."""
    visitor = signs_in(play)
    assert visitor.get("/account/").path == "/account/"
    with transaction():
        customers.renew_hash(db.session.get(Customer, anna.id), "ten new kettles")
    assert visitor.get("/account/").path == "/account/sign-in"
    for forged in (
        "customer:1:",
        "customer:x:y",
        "customer:²:y",
        "staff:1:abc",
        "",
        f"customer:{'9' * 30}:a",
        "customer:1:ä",
    ):
        assert customers.load_user(forged) is None


def test_a_new_session_at_sign_in(play, anna):
    """Nothing of the session before it is carried over, so nobody can prepare one."""
    visitor = play.visitor()
    visitor.get("/account/sign-in")
    before = visitor.csrf_token(), visitor.http.cookies["session"]
    page = visitor.press("Sign in", {"Email": "anna@example.com", "Password": PASSWORD})
    assert page.path == "/account/" and visitor.http.cookies["session"] != before[1]
    assert visitor.post("/account/sign-out", {"csrf_token": before[0]}, csrf=False).status == 400


@pytest.mark.parametrize(
    ("wanted", "reached"),
    [
        ("/cart?a=1", "/cart?a=1"),
        ("https://evil.example/", "/account/"),
        ("//evil.example/", "/account/"),
        ("/\\evil.example/", "/account/"),
        ("/\t/evil.example", "/account/"),
        ("javascript:alert(1)", "/account/"),
        ("/account/sign-in", "/account/"),
        ("", "/account/"),
    ],
)
def test_after_signing_in_only_own_pages_follow(play, anna, wanted, reached):
    """Another site, however it is written, is no place to go on to."""
    visitor = play.visitor()
    visitor.get("/account/sign-in", params={"next": wanted})
    page = visitor.press("Sign in", {"Email": "anna@example.com", "Password": PASSWORD}, follow=False)
    assert page.status == 303 and page.headers["Location"] == reached


def test_trying_passwords_is_slow(play, anna, rate_limits):
    """The eleventh try in a minute is refused, on one account and from one address, whatever the e-mail."""
    for number in range(10):
        assert signs_in(play, "wrong password", email=f"anna{number}@example.com").page.status == 400
    assert signs_in(play).page.status == 429


def test_forms_without_their_token_do_nothing(play, anna):
    """Signing in, out and the book all want the token of their page."""
    visitor = signs_in(play)
    for path in ("/account/sign-in", "/account/create", "/account/sign-out", "/account/addresses/new"):
        assert visitor.post(path, {"email": "a@example.com"}, csrf=False).status == 400
    assert visitor.get("/account/").path == "/account/"


def test_the_address_book(play, anna):
    """Add, change, choose as either default (one row for both), delete, put back; defaults go with the row."""
    visitor = signs_in(play)
    visitor.click("Add an address")
    page = visitor.press("Save address", {"Address": "1 Quay St", "City": "", "Postcode": "a65f4e2"})
    assert page.status == 400 and page.text.count("Enter the city") == 2 and 'value="A65 F4E2"' in page.html
    page = visitor.press("Save address", {"City": "Galway", "Phone": "+353 91 000 000"})
    assert page.path == "/account/" and page.has("Anna Berg 1 Quay St Galway A65 F4E2 Ireland")
    assert visitor.press("Use for shipping").has("Default for shipping")
    assert visitor.press("Use for billing").has("Default for billing")
    visitor.click("Change")
    assert visitor.press("Save address", {"Address": "2 Quay St"}).has("2 Quay St")
    kept = db.session.get(Customer, anna.id)
    assert kept.preferred_shipping_address_id == kept.preferred_billing_address_id != None  # noqa: E711
    page = visitor.press("Delete")
    assert page.has("2 Quay St is deleted") and db.session.scalar(select(func.count(CustomerAddress.id))) == 0
    kept = db.session.get(Customer, anna.id)
    assert kept.preferred_shipping_address_id is None and kept.preferred_billing_address_id is None
    assert visitor.press("Put back").has("2 Quay St Galway")


def test_a_second_default_replaces_the_first(play, anna):
    """Each use has one default; the book begins with it."""
    with transaction():
        first = customers.save_address(ANNA, anna.id)
        second = customers.save_address({**ANNA, "line1": "2 Quay Street"}, anna.id)
        customers.prefer_address(anna, first.id, "shipping")
        customers.prefer_address(anna, second.id, "shipping")
    assert anna.preferred_shipping_address_id == second.id
    assert [address.id for address in customers.addresses_of(anna)] == [second.id, first.id]
    with pytest.raises(Invalid), transaction():
        customers.prefer_address(anna, first.id, "password_hash")


def test_another_country_in_the_book_without_a_script(play, anna):
    """The form shows the fields of the other country at once, with what was typed and without errors."""
    visitor = signs_in(play)
    visitor.get("/account/addresses/new")
    page = visitor.press("Update the form", {"Country": "United States", "Address": "1 Main St"})
    assert page.status == 200 and not page.has("There is a problem") and 'value="1 Main St"' in page.html
    page = visitor.press("Save address", {"City": "Austin", "State or region": "Texas", "Postcode": "78701"})
    assert page.has("Austin, TX 78701 United States")


def test_other_peoples_addresses_are_not_there(play, anna):
    """Looking at, changing, choosing or deleting somebody else's address answers 404 and changes nothing."""
    with transaction():
        bob = customers.sign_up("bob@example.com", PASSWORD, "Bob")
        his = customers.save_address({**ANNA, "name": "Bob"}, bob.id).id
        lost = customers.save_address({**ANNA, "name": "Somebody's guest"}).id
    visitor = signs_in(play)
    for number in (his, lost, 10**17):
        for path in ("", "/delete", "/default"):
            assert visitor.post(f"/account/addresses/{number}{path}", {**ANNA, "use": "shipping"}).status == 404
        assert visitor.get(f"/account/addresses/{number}").status == 404
    play.look_again()
    assert {row.name for row in db.session.scalars(select(CustomerAddress))} == {"Bob", "Somebody's guest"}
    with pytest.raises(NotFound):
        customers.address_of(anna.id, his)


def test_a_book_has_an_end(context):
    """Fifty addresses; the next is refused with what to do."""
    with transaction():
        anna = customers.sign_up("anna@example.com", PASSWORD, "Anna")
        for _ in range(50):
            customers.save_address(ANNA, anna.id)
    with pytest.raises(Conflict, match="address book is full"), transaction():
        customers.save_address(ANNA, anna.id)


def test_guests_are_asked_to_sign_in_and_come_back(play, anna):
    """Every page of the account asks first and goes on to where one wanted to be."""
    visitor = play.visitor()
    page = visitor.get("/account/addresses/new")
    assert page.steps == [303, 200] and page.path == "/account/sign-in"
    assert (
        visitor.press("Sign in", {"Email": "anna@example.com", "Password": PASSWORD}).path == "/account/addresses/new"
    )
