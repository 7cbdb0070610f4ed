"""A person with a browser of their own: pages, links, forms and buttons over real HTTP."""

from functools import cached_property
from urllib.parse import urljoin, urlsplit

import requests
from flask import has_app_context

from storefront.kit.db import db, in_transaction

from forms import Reader


class Page:
    """One answer of the shop; its HTML is read when somebody looks at it."""

    def __init__(self, answer: requests.Response):
        self.answer = answer
        self.status = answer.status_code
        self.headers = answer.headers
        self.url = answer.url
        self.path = urlsplit(answer.url).path
        self.html = answer.text if "html" in answer.headers.get("Content-Type", "") else ""

    @cached_property
    def seen(self) -> Reader:
        """What stands on the page."""
        return Reader(self.html)

    text = property(lambda self: self.seen.text)
    title = property(lambda self: self.seen.title)
    heading = property(lambda self: self.seen.heading)
    forms = property(lambda self: self.seen.forms)

    @property
    def steps(self) -> list[int]:
        """The statuses on the way here, the last one included: [303, 200]."""
        return [*(one.status_code for one in self.answer.history), self.status]

    def json(self):
        """The answer as data."""
        return self.answer.json()

    def has(self, words: str) -> bool:
        """Whether a visitor can read these words here, whatever the spaces."""
        return " ".join(words.split()) in self.text

    def form(self, button: str, nth: int = 0):
        """The form with this button, and the button. Raises KeyError."""
        found = [(form, one) for form in self.forms if (one := form.button(button))]
        if len(found) <= nth:
            known = [one.words for form in self.forms for one in form.buttons]
            raise KeyError(f"There is no button {button!r} on {self.path}, only {known}. {self.text[:300]}")
        return found[nth]

    def link(self, words: str) -> str:
        """The address behind a link. Raises KeyError."""
        for text, address in self.seen.links:
            if words.casefold() in text.casefold():
                return address
        raise KeyError(f"There is no link {words!r} on {self.path}.")


class Visitor:
    """Somebody at the shop. Keeps cookies, and the page that they look at (`page`)."""

    def __init__(self, url: str, name: str = "somebody"):
        self.url, self.name = url, name
        self.http = requests.Session()
        self.http.trust_env = False  # no proxy stands between these two
        self.page: Page | None = None
        self.broken_is_fine = False  # a test that breaks the shop on purpose says so

    def get(self, path: str, follow: bool = True, **options) -> Page:
        """Open a page by its path, or by a whole address."""
        return self._send("GET", path, follow, **options)

    def post(self, path: str, data=None, follow: bool = True, csrf: bool = True, **options) -> Page:
        """Send fields to an address as a program would; with the token of the page looked at."""
        if csrf and isinstance(data, dict | None):
            data = {"csrf_token": self.csrf_token(), **(data or {})}
        return self._send("POST", path, follow, data=data, **options)

    def press(self, button: str, answers: dict | None = None, nth: int = 0, follow: bool = True, **named) -> Page:
        """Fill in the form that has this button (fields by name or label) and press it."""
        form, pressed = self.page.form(button, nth)
        if pressed.disabled:
            raise KeyError(f"The button {button!r} cannot be pressed.")
        values = form.filled({**(answers or {}), **named})
        if pressed.name:
            values.append((pressed.name, pressed.value))
        address = urljoin(self.page.url, pressed.action or form.action or self.page.url)
        how = {"params": values} if form.method == "get" else {"data": values}
        return self._send(form.method.upper(), address, follow, **how)

    def click(self, words: str) -> Page:
        """Follow a link by its words."""
        return self.get(urljoin(self.page.url, self.page.link(words)))

    def leaves(self) -> Page:
        """Go on to the payment page: by the form that is posted there, or by the link of a service that gave one."""
        words = "Continue to payment page"
        return self.click(words) if any(words in text for text, _ in self.page.seen.links) else self.press(words)

    def again(self) -> Page:
        """Reload the page."""
        return self.get(self.page.url)

    def csrf_token(self) -> str:
        """The token of any form on the page, or of the sign-in page where there is none."""
        for page in (self.page, None):
            shown = page or Page(self.http.get(f"{self.url}/account/sign-in", timeout=30))
            for form in shown.forms:
                for one in form.controls:
                    if one.name == "csrf_token":
                        return one.value
        return ""

    def _send(self, method, path, follow, **options):
        _let_go()
        options.setdefault("timeout", 30)
        answer = self.http.request(method, urljoin(self.url, path), allow_redirects=follow, **options)
        _let_go()
        page = Page(answer)
        if page.status >= 500 and page.status != 503 and not self.broken_is_fine:
            raise AssertionError(f"{method} {path} answered {page.status}: {page.text[:500] or answer.text[:500]}")
        self.page = page
        return page


def _let_go():
    """The test's own session must neither hold SQLite's lock nor show what was true before."""
    if has_app_context() and not in_transaction():
        db.session.rollback()
        db.session.expire_all()
