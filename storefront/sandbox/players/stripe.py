"""Stripe, played: its API makes sessions and moves money, its server sends signed events.

A card that is refused leaves the session open at Stripe; here its page is done, so that it can only be expired. A
session that the shopper left is open as well.
"""

import hashlib
import hmac
import json
from datetime import timedelta
from urllib.parse import parse_qsl

from storefront.kit import clock
from storefront.kit.errors import Invalid, NotFound
from storefront.kit.pages import public_url
from storefront.payments.gateways.base import Answer, Message
from storefront.payments.gateways.stripe_words import REASONS, ours, theirs
from storefront.sandbox import books
from storefront.sandbox.players.base import Asked, Call, Player
from storefront.sandbox.scenario import (
    AUTHORIZED,
    CANCELLED,
    CLOSED,
    DECLINED,
    EXPIRED,
    OPEN,
    PAID,
    PENDING,
    VOIDED,
)
from storefront.sandbox.scenarios import SCENARIOS

JSON = "application/json"
CODES = {ours: theirs for theirs, ours in reversed(REASONS.items())}
# By our state: the session's, that of its money, and the payment's.
STATES = {
    OPEN: ("open", "unpaid", ""),
    CANCELLED: ("open", "unpaid", ""),
    DECLINED: ("open", "unpaid", "requires_payment_method"),
    PENDING: ("complete", "unpaid", "processing"),
    AUTHORIZED: ("complete", "unpaid", "requires_capture"),
    PAID: ("complete", "paid", "succeeded"),
    VOIDED: ("complete", "unpaid", "canceled"),
    CLOSED: ("expired", "unpaid", ""),
    EXPIRED: ("expired", "unpaid", ""),
}
EVENTS = {
    PAID: "checkout.session.completed",
    PENDING: "checkout.session.completed",
    AUTHORIZED: "checkout.session.completed",
    CLOSED: "checkout.session.expired",
    EXPIRED: "checkout.session.expired",
    DECLINED: "payment_intent.payment_failed",
    VOIDED: "payment_intent.canceled",
}
DECIDED = {PAID: "checkout.session.async_payment_succeeded", DECLINED: "checkout.session.async_payment_failed"}
LONGEST = timedelta(days=7)  # Stripe signs when it sends; this is signed now and sent later, and only age is refused


class StripePlayer(Player):
    """The account is the one of the secret key."""

    def notice(self, payment: books.SandboxPayment, state: str) -> Call | None:
        """An event, signed; nothing of a session that was left."""
        kind = (DECIDED if payment.status == PENDING else EVENTS).get(state, EVENTS.get(state))
        if kind is None:
            return None
        thing = self._session(payment, state) if kind.startswith("checkout.") else self._intent(payment, state)
        told = {"id": f"evt_{payment.id}_{state}", "object": "event", "type": kind, "livemode": False}
        created = int(payment.created_at.timestamp())
        body = json.dumps({**told, "created": created, "data": {"object": _flat(thing)}})
        headers = {"Content-Type": JSON, "Stripe-Signature": self._signature(body)}
        return Call(str(payment.fields["notify_url"]), body, headers)

    def answer(self, path: str, message: Message) -> Answer:
        """The API: sessions, payments, refunds and disputes."""
        if message.header("authorization") != f"Bearer {self.gateway.around.secrets.get('secret_key', '')}":
            return _no(401, None, "Invalid API Key provided.")
        asked = dict(parse_qsl(message.query if message.method == "GET" else message.body.decode("utf-8", "replace")))
        try:
            return self._answer(message.method, path.removeprefix("v1/").split("/"), asked)
        except NotFound as error:
            return _no(404, "resource_missing", error.message)
        except Invalid as error:
            return _no(400, None, error.message)

    def _answer(self, method, parts, asked):
        if parts == ["checkout", "sessions"]:
            return self._begun(asked) if method == "POST" else _rows(self._session(self._paid(asked)))
        if parts[:2] == ["checkout", "sessions"] and len(parts) in (3, 4):
            return self._shown(self.payment(parts[2], lock=True), parts[3:])
        if parts == ["refunds"]:
            payment = self._paid(asked)
            return self._refunded(payment, asked) if method == "POST" else _rows(*_refunds(payment))
        if parts == ["disputes"]:
            return _rows(*_disputes(self._paid(asked)))
        if parts[:1] == ["payment_intents"] and len(parts) == 3 and parts[2] in ("capture", "cancel"):
            return self._operated(self._paid({"payment_intent": parts[1]}), parts[2])
        raise NotFound("Unrecognized request URL.")

    def _begun(self, asked):
        currency = asked.get("line_items[0][price_data][currency]", "").upper()
        text = asked.get("line_items[0][price_data][unit_amount]", "")
        amount = ours(int(text), currency) if text.isdecimal() and len(text) < 13 else None
        if not amount or asked.get("mode") != "payment":
            raise Invalid("This session is not one of a payment.")
        known = {name: asked.get(f"metadata[{name}]", "") for name in ("reference", "capture")}
        wanted = Asked(
            reference=f"cs_test_{asked.get('client_reference_id', '')}",
            amount_minor=amount,
            currency=currency,
            ok_url=asked.get("success_url", ""),
            cancel_url=asked.get("cancel_url", ""),
            error_url=asked.get("cancel_url", ""),
            notify_url=public_url("gateway.read_notification", gateway=self.name),  # as it is typed at Stripe
            later=asked.get("payment_intent_data[capture_method]") == "manual",
            kept={"metadata": known},
        )
        return _json(self._session(self.open(wanted)))

    def _shown(self, payment, verb):
        if payment.unreachable:
            return _no(503, None, "Something is wrong on our end.", "api_error")
        if verb == ["expire"]:
            scenario = SCENARIOS.get(payment.scenario)
            if STATES[books.state_of(payment)][0] != "open" or (scenario and not scenario.closes):
                raise Invalid("Only Checkout Sessions with a status in [open] can be expired.")
            payment.status = CLOSED
        return _json(self._session(payment))

    def _refunded(self, payment, asked):
        text, key = asked.get("amount", ""), asked.get("metadata[request_key]", "")
        amount = ours(int(text), payment.currency) if text.isdecimal() and len(text) < 13 else None
        done = books.refund(payment, amount or 0, key)
        if done["result"] != "done":
            return _no(400, "charge_already_refunded", done["reason"])
        return _json(next(row for row in _refunds(payment) if row["id"] == f"re_{done['id']}"))

    def _operated(self, payment, what):
        done = books.operate(payment, "capture" if what == "capture" else "void", what)
        if done["result"] != "done":
            return _no(400, "payment_intent_unexpected_state", done["reason"])
        return _json(self._intent(payment, books.state_of(payment)))

    def _paid(self, asked):
        number = asked.get("payment_intent", "").removeprefix("pi_")
        return books.session_by_id(int(number) if number.isdecimal() and len(number) < 16 else 0, self.name)

    def _session(self, payment, state=""):
        state = state or books.state_of(payment)
        status, money_is, intent = STATES[state]
        return {
            "id": payment.fields["theirs"],
            "object": "checkout.session",
            "url": self.page_of(payment) if status == "open" else None,
            "status": status,
            "payment_status": money_is,
            "payment_intent": self._intent(payment, state) if intent else None,
            "client_reference_id": payment.fields["metadata"]["reference"],
            "amount_total": theirs(payment.amount_minor, payment.currency),
            "currency": payment.currency.lower(),
            "livemode": False,
            "metadata": payment.fields["metadata"],
        }

    def _intent(self, payment, state):
        amount, status = theirs(payment.amount_minor, payment.currency), STATES[state][2]
        code = CODES.get(payment.reason, "generic_decline")
        error = {"code": "card_declined", "decline_code": code, "message": "Your card was declined."}
        refunds = {"object": "list", "data": _refunds(payment), "has_more": False}
        charge = {"id": f"ch_{payment.id}", "object": "charge", "created": int(payment.created_at.timestamp())}
        charge |= {"refunds": refunds, "disputed": bool(payment.chargebacks)}
        return {
            "id": f"pi_{payment.id}",
            "object": "payment_intent",
            "status": status,
            "amount": amount,
            "amount_received": amount if status == "succeeded" else 0,
            "amount_capturable": amount if status == "requires_capture" else 0,
            "currency": payment.currency.lower(),
            "latest_charge": charge if status in ("succeeded", "requires_capture", "canceled") else None,
            "last_payment_error": error if status == "requires_payment_method" else None,
            "livemode": False,
            "metadata": payment.fields["metadata"],
        }

    def _signature(self, body):
        secret, stamp = self.gateway.around.secrets.get("signing_secret", ""), clock.now() + LONGEST
        signed = f"{int(stamp.timestamp())}.{body}".encode()
        return f"t={int(stamp.timestamp())},v1={hmac.new(secret.encode(), signed, hashlib.sha256).hexdigest()}"


def _flat(thing):
    """In an event the objects inside stand by their ids only."""
    return {
        name: value["id"] if isinstance(value, dict) and "object" in value else value for name, value in thing.items()
    }


def _refunds(payment):
    shown = {"object": "refund", "currency": payment.currency.lower(), "status": "succeeded"}
    return [
        {
            **shown,
            "id": f"re_{done['id']}",
            "amount": theirs(done["amount"], payment.currency),
            "payment_intent": f"pi_{payment.id}",
            "metadata": {"request_key": key},
        }
        for key, done in payment.refunds.items()
    ]


def _disputes(payment):
    shown = {"object": "dispute", "currency": payment.currency.lower(), "payment_intent": f"pi_{payment.id}"}
    return [
        {
            **shown,
            "id": name,
            "amount": theirs(row["amount"], payment.currency),
            "status": "won" if row["won_at"] else "needs_response",
        }
        for name, row in payment.chargebacks.items()
    ]


def _rows(*rows):
    return _json({"object": "list", "data": list(rows), "has_more": False})


def _no(status, code, words, kind="invalid_request_error"):
    return _json({"error": {"type": kind, "code": code, "message": words}}, status)


def _json(found, status=200):
    return Answer(status, json.dumps(found), JSON)
