"""Behind the counter: members of staff, and how they come in."""

from storefront import admin
from storefront.admin import audit
from storefront.kit.db import transaction

PASSWORD = "four lamps and a ladder"
OWNER, CLERK = "carol@example.com", "henry@example.com"


def hire(login: str = OWNER, role: str = "owner") -> None:
    """A member of staff with a password."""
    with transaction():
        admin.add(login, role, PASSWORD)


def comes_in(play, login: str = OWNER, role: str = "owner"):
    """A member of staff, hired if need be, who has signed in and looks at today's work."""
    if not any(person.login == login for person in admin.everybody()):
        hire(login, role)
    visitor = play.visitor(login)
    visitor.get("/admin/")
    page = visitor.press("Sign in", {"Email": login, "Password": PASSWORD})
    assert page.path == "/admin/", page.text[:300]
    return visitor


def opens(visitor, order):
    """The page of an order."""
    return visitor.get(f"/admin/orders/{order.number}")


def takes(visitor, words: str = "Take the money"):
    """On an order's page what is reserved is taken, or given up, after the page that says what that does."""
    before = visitor.click(words)
    assert before.has("What happens"), before.text[:300]
    return visitor.press(words)


def trail() -> list[str]:
    """What staff did, oldest first: "ship: order K-1001"."""
    return [f"{entry.action}: {entry.target}" for entry in reversed(audit.trail())]
