"""Stripe's own library, given our way to the network. It is large: only who calls Stripe loads it, and when he does."""

from collections.abc import Callable, Iterator
from contextlib import contextmanager
from functools import cache
from typing import Any

from flask_babel import gettext as _

from storefront.payments.errors import GatewayError

TOLERANCE = 300  # seconds between the signing of a message and its arrival


class Refused(GatewayError):
    """Stripe says no: nothing was done. Its words are for staff."""

    def __init__(self, words: str):
        super().__init__(_("The payment service does not accept this."))
        self.words = words[:200]


class Missing(Refused):
    """Stripe knows nothing of that name in this account."""


class Stripe:
    """The calls that the adapter makes. Each gives the object as plain values. Raises Refused or GatewayError."""

    def __init__(self, key: str, address: str, send: Callable[..., Any]):
        library = _library()
        self._api = library.StripeClient(
            key or "missing",  # without one the library asks nobody
            base_addresses={"api": address},
            http_client=_way_out()(send),
            max_network_retries=0,  # the shop asks again by itself, under the same key
        ).v1

    def begin(self, asked: dict[str, Any], key: str) -> dict[str, Any]:
        """A Checkout Session; the same one for the same key."""
        return _told(lambda: self._api.checkout.sessions.create(asked, {"idempotency_key": key}))

    def session(self, name: str) -> dict[str, Any]:
        """A session with its payment, and with what was sent back of it."""
        wanted = {"expand": ["payment_intent.latest_charge.refunds"]}
        return _told(lambda: self._api.checkout.sessions.retrieve(name, wanted))

    def expire(self, name: str) -> dict[str, Any]:
        """End a session that nobody has paid."""
        return _told(lambda: self._api.checkout.sessions.expire(name))

    def session_of(self, intent: str) -> dict[str, Any]:
        """The session of a payment, as `session` gives it; nothing for a payment that was not made on a page."""
        wanted = {"payment_intent": intent, "expand": ["data.payment_intent.latest_charge.refunds"]}
        found = _told(lambda: self._api.checkout.sessions.list(wanted)).get("data")
        return found[0] if isinstance(found, list) and found and isinstance(found[0], dict) else {}

    def refunds(self, intent: str) -> dict[str, Any]:
        """What was sent back of a payment: the newest hundred."""
        return _told(lambda: self._api.refunds.list({"payment_intent": intent, "limit": 100}))

    def disputes(self, intent: str) -> dict[str, Any]:
        """What banks have taken back of a payment."""
        return _told(lambda: self._api.disputes.list({"payment_intent": intent, "limit": 100}))

    def refund(self, asked: dict[str, Any], key: str) -> dict[str, Any]:
        """Send money back, once for the key."""
        return _told(lambda: self._api.refunds.create(asked, {"idempotency_key": key}))

    def capture(self, intent: str, amount: int, key: str) -> dict[str, Any]:
        """Take what was authorized, once for the key."""
        asked = {"amount_to_capture": amount}
        return _told(lambda: self._api.payment_intents.capture(intent, asked, {"idempotency_key": key}))

    def cancel(self, intent: str, key: str) -> dict[str, Any]:
        """Give up what was authorized, once for the key."""
        return _told(lambda: self._api.payment_intents.cancel(intent, {}, {"idempotency_key": key}))


def signed_at(body: bytes, header: str, secrets: list[str]) -> int | None:
    """When the message was signed, in Unix seconds, if one of these secrets did it; None if none did."""
    signature = _library().WebhookSignature
    for secret in filter(None, secrets):
        try:
            signature.verify_header(body, header, secret)
            return int(next(part[2:] for part in header.split(",") if part.startswith("t=")))
        except (_library().SignatureVerificationError, ValueError, TypeError, StopIteration):
            continue  # not by this one, or not in letters that a signature has
    return None


@cache
def _library():
    import stripe

    stripe.enable_telemetry = False  # else it writes a file to the home directory, and tells Stripe of this machine
    return stripe


@cache
def _way_out():
    class WayOut(_library().HTTPClient):  # type: ignore[misc]
        """The library's calls leave as every call of the shop does: bounded, and closed inside a transaction."""

        name = "storefront"

        def __init__(self, send):
            super().__init__()
            self.send = send

        def request(self, method, url, headers, post_data=None, *, _usage=None):
            answer = self.send(method.upper(), url, data=post_data, headers=dict(headers))
            return answer.body, answer.status, dict(answer.headers)

    return WayOut


def _told(call):
    """The object of an answer, as Stripe wrote it."""
    with _in_our_words():
        told = call().last_response.data
        if isinstance(told, dict):
            return told
    raise _nonsense()


@contextmanager
def _in_our_words() -> Iterator[None]:
    library = _library()
    no = (library.InvalidRequestError, library.CardError, library.PermissionError, library.AuthenticationError)
    try:
        yield
    except no as error:
        kind = Missing if error.code == "resource_missing" else Refused
        raise kind(f"{error.code or ''} {error.user_message or ''}".strip()) from error
    except (library.StripeError, ValueError, TypeError, AttributeError, LookupError, RecursionError) as error:
        raise _nonsense() from error


def _nonsense():
    return GatewayError(_("The payment service gives no sensible answer."))
