"""The calls to DIBS: for a transaction by its order id, for its state, and for what is done to it."""

import hashlib
from base64 import b64encode
from collections.abc import Mapping
from typing import Any, NamedTuple
from urllib.parse import parse_qsl, urlencode

from flask_babel import gettext as _

from storefront.payments.errors import GatewayError
from storefront.payments.gateways import base, dibs_words as words
from storefront.payments.gateways.base import Surroundings

FORM = "application/x-www-form-urlencoded"


def double_md5(text: str, key1: str, key2: str) -> str:
    """What signs everything here, in hexadecimal digits."""
    inner = hashlib.md5((key1 + text).encode(), usedforsecurity=False).hexdigest()
    return hashlib.md5((key2 + inner).encode(), usedforsecurity=False).hexdigest()


class Found(NamedTuple):
    """What DIBS tells of an order id: its transaction ("" if it knows none), a word of transinfo.cgi, a reason."""

    transact: str = ""
    state: str = ""
    reason: str = ""


class DibsApi:
    """The addresses below one, with the keys and the API user of one merchant. Raises GatewayError for no answer."""

    def __init__(self, address: str, settings: Mapping[str, Any], around: Surroundings):
        self.address, self.settings, self.around = address, settings, around

    def found(self, reference: str, amount: str, currency: str) -> Found:
        """The transaction of an order id over this sum, as DIBS tells it itself."""
        asked = {"orderid": reference, "currency": words.NUMBERS.get(currency, currency), "amount": amount}
        text = self._post("cgi-bin/transinfo.cgi", asked)
        told = dict(parse_qsl(text))
        transact, state = told.get("transact", ""), told.get("status", "")
        known = transact.isascii() and transact.isdigit() and state in (*words.FOUND, words.REJECTED)
        if "<" in text or (transact and not known):
            raise GatewayError(_("The payment service gives no sensible answer."))
        return Found(transact, state, told.get("reason", "")) if transact else Found()

    def state(self, transact: str) -> str:
        """The number of a transaction's state, a key of STATES."""
        number = self._post("transstatus.pml", {"transact": transact})
        if number not in words.STATES:
            raise GatewayError(_("The payment service gives no sensible answer."))
        return number

    def original(self, transact: str) -> dict[str, str]:
        """The callback of a transaction as DIBS keeps it for the API user, `test` and all: callback.cgi.

        Nothing without an API user, or where DIBS only has a sentence to say, as of a transaction without one.
        """
        login = self._login()
        if login is None:
            return {}
        text = self._post("cgi-adm/callback.cgi", {"transact": transact}, login)
        told = dict(parse_qsl(text, encoding="latin-1"))
        return told if told.get("transact") == transact else {}

    def operate(self, path: str, fields: Mapping[str, str], more: Mapping[str, str]) -> tuple[str, str]:
        """What came of an operation, and what DIBS says of it; `more` is not signed. Refused without the API user."""
        login = self._login() if path.startswith("cgi-adm") else {}
        if login is None:
            return base.REFUSED, _("This needs an API user: do it in DIBS Administration.")
        key = self.key_of({"merchant": self.settings["merchant"], **fields})
        text = self._post(path, {**fields, "md5key": key, "textreply": "yes", **more}, login)
        return words.result_of(dict(parse_qsl(text)))

    def key_of(self, fields: Mapping[str, str]) -> str:
        """The double MD5 of the fields in their order, not percent-encoded."""
        return double_md5("&".join(f"{name}={value}" for name, value in fields.items()), *self._keys)

    @property
    def has_keys(self) -> bool:
        """Without both of them nothing is proven."""
        return all(self._keys)

    @property
    def _keys(self):
        """Copied from a page, often with blanks around them."""
        return tuple(self.around.secrets.get(name, "").strip() for name in ("key1", "key2"))

    def _post(self, path, fields, headers=None):
        """The text that DIBS answers."""
        account = {"account": self.settings["account"]} if self.settings.get("account") else {}
        asked = urlencode({"merchant": self.settings["merchant"], **fields, **account})
        sent = {"Content-Type": FORM, **(headers or {})}
        answer = self.around.send("POST", f"{self.address}/{path}", data=asked, headers=sent)
        if answer.status != 200:
            raise GatewayError(_("The payment service gives no sensible answer."))
        return answer.body[:10_000].decode("latin-1").strip()

    def _login(self):
        """What shows the API user; None if there is none."""
        user, password = self.settings.get("api_user"), self.around.secrets.get("api_password")
        if not user or not password:
            return None
        return {"Authorization": f"Basic {b64encode(f'{user}:{password}'.encode()).decode()}"}
