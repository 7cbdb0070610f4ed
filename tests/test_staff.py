"""Who works here: sign-in, one-time links, roles, guarded doors, the trail (ROL-03, ROL-04, SEC-03, AUD-05)."""

import re
import threading

import pytest
from sqlalchemy import text, update

from storefront import admin, customers, welcome
from storefront.admin import audit, permissions, staff
from storefront.admin.models import AuditEntry, StaffUser
from storefront.customers import passwords
from storefront.kit.db import db, transaction
from storefront.kit.errors import Conflict, Invalid

from counter import CLERK, OWNER, PASSWORD, comes_in, hire, trail


@pytest.fixture
def shop_open(play):
    """A shop that has opened."""
    play.shop()
    return play


def addresses(app):
    """Every address of the admin, with ids that exist nowhere, as (endpoint, method, path)."""
    for rule in app.url_map.iter_rules():
        if rule.endpoint.startswith("admin."):
            path = re.sub(r"<any\((\w+)[^)]*\):\w+>", r"\1", rule.rule)
            path = re.sub(r"<int:\w+>", "999999", re.sub(r"<(\w+)>", "nothing", path))
            for method in sorted(rule.methods & {"GET", "POST"}):
                yield rule.endpoint, method, path


def test_no_door_opens_without_signing_in(shop_open, app):
    """Every address of the admin but sign-in and invitations asks a stranger, and a customer, to sign in."""
    with transaction():
        customers.sign_up("anna@example.com", "nine old kettles", "Anna")
    anna = shop_open.visitor("anna")
    anna.get("/account/sign-in")
    anna.press("Sign in", {"Email": "anna@example.com", "Password": "nine old kettles"})
    assert anna.page.path == "/account/"
    token = anna.csrf_token()
    checked = 0
    for endpoint, method, path in addresses(app):
        if endpoint in permissions.OPEN:
            continue
        for visitor in (anna, shop_open.visitor()):
            data = {"csrf_token": token} if method == "POST" else None
            page = visitor._send(method, path, False, data=data)
            refused = page.status == 400 and method == "POST" and visitor is not anna  # no token, no session
            assert refused or (page.status == 303 and "/admin/sign-in" in page.headers["Location"]), (path, page.status)
        checked += 1
    assert checked > 40


def test_every_address_has_its_role(app):
    """What the table of permissions does not name is nobody's, so the table names every address."""
    endpoints = {endpoint for endpoint, _method, _path in addresses(app)}
    assert endpoints - set(permissions.OPEN) == set(permissions.NEEDS)


def test_roles(shop_open, app):
    """Staff meet 403 at the owner's doors and no menu entry that leads there; the owner passes every door."""
    owner, clerk = comes_in(shop_open), comes_in(shop_open, CLERK, "staff")
    tokens = {person: person.csrf_token() for person in (owner, clerk)}
    owners_only = {endpoint for endpoint, role in permissions.NEEDS.items() if role == "owner"}
    assert {"admin.methods", "admin.settings", "admin.staff_list"} <= owners_only
    for endpoint, method, path in addresses(app):
        if endpoint in permissions.OPEN or endpoint == "admin.sign_out":
            continue
        for person, token in tokens.items():
            data = {"csrf_token": token} if method == "POST" else None
            page = person._send(method, path, False, data=data)
            forbidden = person is clerk and endpoint in owners_only
            assert (page.status == 403) == forbidden, (endpoint, method, page.status)
            assert page.status != 303 or "/admin/sign-in" not in page.headers["Location"]
    page = clerk.get("/admin/payments")
    assert page.status == 403 and page.has("This page is for the owner of the shop")
    words = clerk.get("/admin/").text
    assert "Payment methods" not in words and "Settings" not in words and "Trail of changes" not in words
    assert owner.get("/admin/").has("Payment methods")


def test_the_menu_stands_in_groups(shop_open):
    """Each role sees the groups in which there is something for it, and where it is. ROL-03."""
    owner, clerk = comes_in(shop_open), comes_in(shop_open, CLERK, "staff")
    words = owner.get("/admin/taxes").html
    assert re.findall(r'class="group">([^<]+)<', words)[:5] == ["Sell", "Goods", "Money", "Shop", "Look up"]
    assert re.findall(r'aria-current="page">([^<]+)<', words)[:2] == ["Taxes", "Taxes"], "on a desk, and on a phone"
    links = re.findall(r'<li><a href="/admin/[^"]*"[^>]*>([^<]+)<', clerk.get("/admin/").html)
    assert links[:4] == ["Today", "Orders", "Parcels", "Customers"] and "Taxes" not in links


def test_a_wrong_password_and_a_stranger_get_the_same_answer(shop_open):
    """Nobody learns who works here."""
    hire()
    seen = []
    for login in (OWNER, "nobody@example.com"):
        visitor = shop_open.visitor()
        visitor.get("/admin/")
        page = visitor.press("Sign in", {"Email": login, "Password": "not this one at all"})
        seen.append((page.status, page.text.replace(login, "")))
    assert seen[0] == seen[1] and seen[0][0] == 400


def test_signing_in_renews_the_session_and_leads_on(shop_open):
    """What was in the session before is gone; a path outside of the admin is not followed; sign-out is a POST."""
    hire()
    visitor = shop_open.visitor()
    visitor.get("/admin/orders?view=ship")
    before = visitor.http.cookies["session"]
    page = visitor.press("Sign in", {"Email": OWNER, "Password": PASSWORD})
    assert page.path == "/admin/orders" and visitor.http.cookies["session"] != before
    assert page.headers["Cache-Control"] == "no-store"
    assert visitor.get("/admin/sign-out").status == 405
    visitor.get("/admin/")
    assert visitor.press("Sign out").path == "/admin/sign-in"
    for path in ("//evil.example/admin/", "/admin//evil.example", "https://evil.example/", "/admin/\\evil", "/cart"):
        visitor.get("/admin/sign-in", params={"next": path})
        assert visitor.press("Sign in", {"Email": OWNER, "Password": PASSWORD}).path == "/admin/"
        visitor.press("Sign out")


def test_ten_tries_a_minute(shop_open, rate_limits):
    """From one address, or at one login, the eleventh try of a minute is refused."""
    hire()
    visitor = shop_open.visitor()
    visitor.get("/admin/sign-in")
    tries = [visitor.post("/admin/sign-in", {"login": OWNER, "password": "wrong"}).status for _ in range(11)]
    assert tries[:10] == [400] * 10 and tries[10] == 429


def test_twelve_hours_of_silence_end_a_session(shop_open):
    """Who works goes on; who was away for 12 hours signs in again."""
    carol = comes_in(shop_open)
    shop_open.wait(hours=11)
    assert carol.get("/admin/").path == "/admin/"
    shop_open.wait(hours=11)
    assert carol.get("/admin/").path == "/admin/"
    shop_open.wait(hours=13)
    assert carol.get("/admin/").path == "/admin/sign-in"
    assert carol.page.has("signed out because nothing happened for 12 hours")


def test_who_is_shut_out_is_out_at_once(shop_open):
    """A disabled member's next page is the sign-in, and the password does not help; the last owner stays."""
    carol, henry = comes_in(shop_open), comes_in(shop_open, CLERK, "staff")
    carol.get("/admin/staff")
    page = carol.press("Shut out", nth=1)
    assert page.has(f"{CLERK} is shut out")
    assert henry.get("/admin/").path == "/admin/sign-in"
    assert henry.press("Sign in", {"Email": CLERK, "Password": PASSWORD}).status == 400
    carol.get("/admin/staff")
    page = carol.press("Shut out", nth=0)
    assert page.status == 409 and page.has("is the only owner")
    carol.press("Let in again")
    assert henry.press("Sign in", {"Email": CLERK, "Password": PASSWORD}).path == "/admin/"


def test_an_invitation_works_once(shop_open):
    """The owner invites and sees a link; it sets a password of 12 letters once, and only its hash is stored."""
    carol = comes_in(shop_open)
    carol.get("/admin/staff")
    page = carol.press("Invite", {"Email": "New@Example.com", "role": "staff"})
    link = re.search(r"http\S+/admin/invite/[\w-]+", page.text)[0]
    token = link.rsplit("/", 1)[1]
    stored = db.session.scalar(text("SELECT invite_hash FROM staff_users WHERE login = 'new@example.com'"))
    assert stored and token not in stored
    henry = shop_open.visitor("henry")
    henry.get(link)
    page = henry.press("Set password", {"New password": "eleven char"})
    assert page.status == 400 and page.title.startswith("Error:") and page.has("at least 12 characters")
    page = henry.press("Set password", {"New password": PASSWORD})
    assert page.path == "/admin/sign-in" and page.has("Your password is set")
    assert henry.press("Sign in", {"Email": "new@example.com", "Password": PASSWORD}).path == "/admin/"
    page = henry.get(link)
    assert page.status == 404 and page.has("This link was used already")
    assert carol.get("/admin/staff").status == 200
    page = carol.press("Invite", {"Email": "new@example.com", "role": "staff"})
    assert page.status == 409 and page.has("is a member of staff already")


def test_an_invitation_runs_out(shop_open):
    """After 48 hours a link opens nothing; a newer link takes the place of an older one."""
    with transaction():
        person = admin.add("new@example.com", "staff")
        first = admin.new_link(person)
        second = admin.new_link(person)
    visitor = shop_open.visitor()
    assert visitor.get(first).status == 404
    assert visitor.get(second).status == 200
    shop_open.wait(hours=49)
    assert visitor.get(second).status == 404


def test_of_two_who_use_a_link_one_sets_the_password(shop_open, app):
    """The link is used by one conditional update."""
    with transaction():
        token = admin.new_link(admin.add("new@example.com", "staff")).rsplit("/", 1)[1]
    won, start = [], threading.Barrier(2)

    def use(password):
        hashed = passwords.hashed(password)
        with app.app_context():
            start.wait()
            with transaction():
                won.append(staff.accept(token, hashed) is not None)

    threads = [threading.Thread(target=use, args=(f"{word} of these two",)) for word in ("this one", "that one")]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()
    assert sorted(won) == [False, True]


def test_another_password_ends_the_old_sessions(shop_open):
    """The session's id carries an epoch of the password."""
    carol = comes_in(shop_open)
    with transaction():
        link = admin.new_link(admin.by_login(OWNER))
    visitor = shop_open.visitor()
    visitor.get(link)
    visitor.press("Set password", {"New password": "quite another sentence"})
    assert carol.get("/admin/").path == "/admin/sign-in"


@pytest.mark.parametrize(
    ("login", "password", "error"),
    [
        ("new@example.com", "short", Invalid),
        ("new@example.com", "new@example.com", Invalid),
        ("nonsense", PASSWORD, Invalid),
        (OWNER, PASSWORD, Conflict),
    ],
)
def test_who_cannot_be_added(shop_open, login, password, error):
    """Short or plain passwords, addresses that are none, and people who are here already."""
    hire()
    with pytest.raises(error), transaction():
        admin.add(login, "staff", password)


def test_the_commands(shop_open, app):
    """flask staff: add with a password from standard input or with a link, list, link, disable; errors in words."""
    run = app.test_cli_runner().invoke
    said = run(args=["staff", "add", "Boss@example.com", "--role", "owner", "--password-stdin"], input=f"{PASSWORD}\n")
    assert said.exit_code == 0 and "boss@example.com is owner now." in said.output and "invite" not in said.output
    said = run(args=["staff", "add", "new@example.com"])
    assert re.search(r"http://127\.0\.0\.1:\d+/admin/invite/[\w-]{20,}", said.output)
    said = run(args=["staff", "add", "new@example.com"])
    assert said.exit_code == 1 and "is a member of staff already" in said.output
    assert run(args=["staff", "disable", "new@example.com"]).exit_code == 0
    listed = run(args=["staff", "list"]).output
    assert re.search(r"boss@example.com +owner +active", listed) and re.search(
        r"new@example.com +staff +shut out", listed
    )
    assert run(args=["staff", "link", "new@example.com"]).exit_code == 1
    said = run(args=["staff", "link", "boss@example.com"])
    assert said.exit_code == 0 and "/admin/invite/" in said.output
    assert run(args=["staff", "disable", "nobody@example.com"]).exit_code == 1


def test_the_trail_shows_who_did_what_and_cannot_be_bent(shop_open):
    """Entries carry actor, before and after in a hash chain; an altered or a removed one shows (AUD-05)."""
    carol = comes_in(shop_open)
    carol.get("/admin/settings/carts")
    carol.press("Save settings", {"max_lines": "20"})
    entry = audit.trail()[0]
    assert (entry.actor, entry.target, entry.before, entry.after) == (
        OWNER,
        "settings",
        {"max_lines": 50},
        {"max_lines": 20},
    )
    assert trail()[-2:] == [f"sign in: staff {OWNER}", "change carts: settings"]
    assert PASSWORD not in str([(one.before, one.after) for one in audit.trail()])
    assert audit.chain_is_whole() and carol.get("/admin/audit").has("change carts: settings")
    with transaction():
        db.session.execute(update(AuditEntry).where(AuditEntry.id == entry.id).values(after={"max_lines": 30}))
    assert not audit.chain_is_whole()
    assert carol.get("/admin/audit").has("The trail was altered")


def test_two_who_change_at_once_make_one_chain(shop_open, app):
    """Appending waits for the other: the chain does not fork."""
    start = threading.Barrier(4)

    def change(number):
        with app.app_context():
            start.wait()
            for turn in range(3):
                with transaction():
                    audit.record("try", f"thing {number}-{turn}")

    threads = [threading.Thread(target=change, args=(number,)) for number in range(4)]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()
    assert len(audit.trail()) == 12 and audit.chain_is_whole()


def test_a_staff_session_is_no_customer(shop_open):
    """The account pages ask a member of staff to sign in as a customer."""
    carol = comes_in(shop_open)
    assert carol.get("/account/").path == "/account/sign-in"
    assert carol.get("/cart").status == 200
    assert db.session.query(StaffUser).count() == 1


def test_a_new_test_shop_invites_its_owner(shop_open, app):
    """What the terminal says first leads to a password for the owner; once there is one it is not offered again."""
    link = re.search(r"http\S+/admin/invite/[\w-]+", welcome.text(app))[0]
    visitor = shop_open.visitor()
    visitor.get(link)
    visitor.press("Set password", {"New password": PASSWORD})
    page = visitor.press("Sign in", {"Email": "shop@example.com", "Password": PASSWORD})
    assert page.path == "/admin/" and page.has("owner")
    assert "/admin/invite/" not in welcome.text(app) and "/admin/" in welcome.text(app)
