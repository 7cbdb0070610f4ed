"""Adflex, played: its API opens sessions, and the page with its form is this one. Its server says nothing."""

import hashlib
import hmac
import json
from base64 import urlsafe_b64decode, urlsafe_b64encode

from storefront.kit.errors import Invalid, NotFound
from storefront.payments.gateways.adflex import SUCCESS, token
from storefront.payments.gateways.base import Answer, Message
from storefront.sandbox.players.base import Asked, Player


class AdflexPlayer(Player):
    """A session is what was asked for, under a signature of the service: nothing has to be remembered."""

    def asked(self, message: Message) -> Asked:
        """The shopper arrives with a session, on what would be the merchant's own page."""
        told = message.once()
        content, _dot, signature = told.get("session", "").partition(".")
        if not hmac.compare_digest(signature.encode("utf-8", "replace"), self._signed(content).encode()):
            raise Invalid("Adflex does not know this session.")
        session = json.loads(urlsafe_b64decode(content))
        return Asked(
            reference=session["reference"],
            amount_minor=int(session["amount"]["value"]),
            currency=session["amount"]["currency"],
            ok_url=told.get("ok", ""),
            cancel_url=told.get("cancel", ""),
            error_url=told.get("error", ""),
        )

    def answer(self, path: str, message: Message) -> Answer:
        """A session for whoever has the keys of the account."""
        if path != "v2/ahpp/session":
            raise NotFound("Adflex has no such address.")
        if not self._has_keys(message):
            return _said({"subCode": 54001, "statusMessage": "Unauthorised", "responseObject": None}, 401)
        content = urlsafe_b64encode(message.body).decode()
        session = f"{content}.{self._signed(content)}"
        return _said({"subCode": SUCCESS, "statusMessage": "OK", "responseObject": {"sessionID": session}})

    def _has_keys(self, message):
        """The token is made again from its own claims: it must be the same under the secret key."""
        given = message.header("authorization").removeprefix("Bearer ")
        try:
            part = given.split(".")[1]
            claims = json.loads(urlsafe_b64decode(part + "=" * (-len(part) % 4)))
        except (ValueError, IndexError):
            return False
        secrets = self.gateway.around.secrets
        right = hmac.compare_digest(given.encode("utf-8", "replace"), token(claims, secrets["secret_key"]).encode())
        return right and message.header("x-request-accesskey") == secrets["access_key"]

    def _signed(self, content):
        key = f"the service's own, for {self.gateway.around.secrets['secret_key']}"
        return hmac.new(key.encode(), content.encode("utf-8", "replace"), hashlib.sha256).hexdigest()


def _said(found, status=200):
    return Answer(status, json.dumps(found), "application/json")
