"""Stripe's Checkout: a session asked for by API, a page of Stripe's, events in JSON under HMAC-SHA256.

A session is made by POST /v1/checkout/sessions under an Idempotency-Key, and the shopper is sent to its address
(docs.stripe.com/api/checkout/sessions). The way back proves nothing, so the session is asked for; the page stays open
for another card after a refusal. An event carries Stripe-Signature: t=seconds,v1=HMAC of "t.body" under the secret of
the endpoint (docs.stripe.com/webhooks/signature); the official library verifies it over the raw bytes, and its age is
counted to its arrival, so that a stored message reads the same for ever. There is no order among events, and several
speak of one payment: payment and event keys are those of the PaymentIntent. What a refund or a dispute is about is
looked up. Events name no account: the secret stands for it.
"""

import json
import logging
import re

from flask_babel import gettext as _, lazy_gettext as _l

from storefront.payments.errors import GatewayError
from storefront.payments.gateways import base, stripe_news as news
from storefront.payments.gateways.base import BillView, Hint, Message, OperationResult, Outcome, Reading, Redirect, Urls
from storefront.payments.gateways.properties import CHOICE, SECRET, Property
from storefront.payments.gateways.stripe_client import TOLERANCE, Missing, Refused, Stripe as Service, signed_at
from storefront.payments.gateways.stripe_session import asked
from storefront.payments.gateways.stripe_words import theirs

log = logging.getLogger(__name__)
SECRETS = r"whsec_[^\s,]+([\s,]+whsec_[^\s,]+)*"
SESSION = {
    "checkout.session.completed": news.of_session,
    "checkout.session.async_payment_succeeded": news.of_session,
    "checkout.session.async_payment_failed": news.failed_later,
    "checkout.session.expired": news.of_session,
    "payment_intent.amount_capturable_updated": news.of_intent,
    "payment_intent.canceled": news.of_intent,
    "payment_intent.processing": news.of_intent,
    "payment_intent.succeeded": news.of_intent,
}
LATER = ("charge.refunded", "charge.refund.updated", "refund.", "charge.dispute.")
REFUND = {
    "succeeded": base.DONE,
    "pending": base.ACCEPTED,
    "requires_action": base.ACCEPTED,
    "canceled": base.REFUSED,
    "failed": base.REFUSED,
}
CAPTURE = {"succeeded": base.DONE, "processing": base.ACCEPTED}
VOID = {"canceled": base.DONE}


class Stripe(base.Gateway):
    """Stripe Checkout."""

    label = "Stripe"
    properties = (
        Property(
            "secret_key", _l("Secret key"), SECRET, pattern=r"(sk|rk)_(test|live)_\w+", hint="sk_test_… / sk_live_…"
        ),
        Property("signing_secret", _l("Signing secret of the endpoint"), SECRET, pattern=SECRETS, hint="whsec_…"),
        Property(
            "older_signing_secrets",
            _l("Signing secrets that were in use before"),
            SECRET,
            required=False,
            pattern=SECRETS,
            hint="whsec_… whsec_…",
        ),
        Property(
            "capture",
            _l("Take the money"),
            CHOICE,
            required=False,
            choices=(("automatic", _l("at once")), ("manual", _l("later, when it is captured"))),
        ),
        Property(
            "shop",
            _l("Name of this shop, if others use the same Stripe account"),
            required=False,
            pattern=r"[A-Za-z0-9._-]{1,40}",
            hint=_l("letters, digits, dots and dashes"),
        ),
    )
    addresses = {"api": dict.fromkeys(("test", "live"), "https://api.stripe.com")}
    capabilities = base.Capabilities(
        can_query=True,
        can_close=True,
        can_refund=True,
        can_query_refund=True,
        can_capture=True,
        can_void=True,
        page_stays_open=True,
    )

    def check(self) -> list[str]:
        """What every gateway lacks, and a key of the other mode."""
        key = self.around.secrets.get("secret_key", "")
        other = re.match(r"(sk|rk)_(test|live)_", key)
        wrong = [] if not other or other[2] == self.around.mode else [_("The secret key is one of the other mode.")]
        return super().check() + wrong

    def begin(self, bill: BillView, urls: Urls) -> Redirect:
        """A session of this attempt, always the same one. Raises GatewayError."""
        amount = theirs(bill.amount_minor, bill.currency)
        if amount is None:
            raise GatewayError(_("The payment service does not take this sum."))
        try:
            wanted = asked(bill, urls, amount, self._known(bill), self.around.now())
            session = self._service.begin(wanted, f"begin-{bill.key}")
        except Refused as no:
            log.warning("Stripe does not begin %s: %s", bill.reference, no.words)
            raise
        name, url = session.get("id"), session.get("url")
        if not name or not isinstance(name, str) or not isinstance(url, str) or not re.match(r"https?://", url):
            raise GatewayError(_("The payment service gives no sensible answer."))
        return Redirect(url, reference=name)

    def identify(self, message: Message) -> str | None:
        """The reference that we wrote on the object of the event."""
        return news.metadata(_object(_json(message.body))).get("reference")

    def read_return(self, message: Message, bill: BillView) -> Hint:
        """The browser brings nothing that proves anything."""
        return Hint("return")

    def read_notification(self, message: Message) -> Reading:
        """An event proves itself by its signature; what it says of refunds and disputes is looked up."""
        if not self._is_signed(message):
            return Reading(base.FORGED)
        event = _json(message.body)
        try:
            return Reading(base.AUTHENTIC, self._news(str(event.get("type")), _object(event), event.get("created")))
        except Missing:
            return Reading(base.AUTHENTIC)  # it is about a payment that is not one of this account
        except GatewayError:
            return Reading(base.UNDECIDED)

    def query(self, bill: BillView) -> list[Outcome]:
        """Ask for the session. Nobody was led to one that we do not know, so nobody can have paid it."""
        if not bill.gateway_reference:
            return []
        session = self._service.session(bill.gateway_reference)
        intent = session.get("payment_intent")
        if news.metadata(session).get("reference") != bill.reference:
            raise GatewayError(_("The payment service gives no sensible answer."))
        if session.get("status") == "expired" or not isinstance(intent, dict):
            return news.of_session(session)
        told = news.of_ended(intent) if session.get("status") == "complete" else news.of_intent(intent)
        return told + self._later(intent)

    def close(self, bill: BillView) -> bool:
        """End the session; whether it is certain that nobody can pay it any more."""
        if not bill.gateway_reference:
            return True
        try:
            session = self._service.expire(bill.gateway_reference)
        except Refused:
            session = self._service.session(bill.gateway_reference)
        intent = session.get("payment_intent")
        state = intent.get("status") if isinstance(intent, dict) else ""
        ended = session.get("status") == "complete" and state in ("canceled", "requires_payment_method")
        return session.get("status") == "expired" or ended

    def refund(self, bill: BillView, amount_minor: int, key: str) -> OperationResult:
        """Send money back. Stripe answers the same key with the same refund."""

        wanted = {"amount": theirs(amount_minor, bill.currency), "metadata": {**self._known(bill), "request_key": key}}
        if wanted["amount"] is None:
            return OperationResult(base.REFUSED, reason=_("The payment service does not take this sum."))

        def call(intent):
            return self._service.refund({"payment_intent": intent, **wanted}, f"{intent}-{key}"[:255])

        return self._operate(bill, call, REFUND)

    def query_refund(self, bill: BillView, key: str) -> OperationResult:
        """The refund that carries our key."""
        for one in news.listed(self._service.refunds(self._intent(bill))):
            known = one.get("metadata")
            if isinstance(known, dict) and known.get("request_key") == key:
                return _result(one, REFUND)
        return OperationResult(base.NEVER_ARRIVED)

    def capture(self, bill: BillView, amount_minor: int, key: str) -> OperationResult:
        """Take what was authorized."""
        amount = theirs(amount_minor, bill.currency)
        if amount is None:
            return OperationResult(base.REFUSED, reason=_("The payment service does not take this sum."))
        return self._operate(bill, lambda name: self._service.capture(name, amount, f"{name}-{key}"[:255]), CAPTURE)

    def void(self, bill: BillView, key: str) -> OperationResult:
        """Give up what was authorized."""
        return self._operate(bill, lambda name: self._service.cancel(name, f"{name}-{key}"[:255]), VOID)

    def _known(self, bill):
        """What we write on everything, so that events about it find the bill."""
        later = self.settings.get("capture") == "manual"
        known = {"reference": bill.reference, "capture": "manual" if later else "automatic"}
        return {**known, "shop": self._shop} if self._shop else known

    def _is_signed(self, message):
        kept = [self.around.secrets.get(name, "") for name in ("signing_secret", "older_signing_secrets")]
        secrets = [secret for secret in re.split(r"[\s,]+", " ".join(kept)) if secret]
        at = signed_at(message.body, message.header("stripe-signature"), secrets)
        arrived = message.received_at or self.around.now()
        return at is not None and arrived.timestamp() - at <= TOLERANCE

    def _news(self, kind, thing, at):
        if kind in SESSION:
            return SESSION[kind](thing, at) if self._is_ours(thing) else []
        intent = thing.get("payment_intent")
        if not kind.startswith(LATER) or not isinstance(intent, str):
            return []
        payment = self._service.intent(intent)
        if not self._is_ours(payment):
            return []
        back = news.came_back(payment, thing, at) if thing.get("object") == "refund" and _has_failed(thing) else []
        return self._later(payment, disputed=kind.startswith("charge.dispute.")) + back

    def _later(self, intent, disputed=False):
        """What happened to the money after it was paid."""
        charge, name = intent.get("latest_charge"), str(intent.get("id"))
        if not isinstance(charge, dict):
            return []
        refunds = charge.get("refunds") if isinstance(charge.get("refunds"), dict) else {}
        if refunds.get("has_more") or (not refunds and charge.get("amount_refunded")):
            refunds = self._service.refunds(name)
        disputes = self._service.disputes(name) if disputed or charge.get("disputed") else {}
        return news.of_refunds(intent, news.listed(refunds)) + news.of_disputes(intent, news.listed(disputes))

    def _is_ours(self, thing):
        return bool(known := news.metadata(thing)) and known.get("shop", "") == self._shop

    def _intent(self, bill):
        """The payment's id; of one that is only reserved the session knows it."""
        if bill.transaction_id:
            return bill.transaction_id
        intent = self._service.session(bill.gateway_reference or bill.reference).get("payment_intent")
        name = intent.get("id") if isinstance(intent, dict) else intent
        if not isinstance(name, str):
            raise Refused("there is no payment")
        return name

    def _operate(self, bill, call, words):
        try:
            return _result(call(self._intent(bill)), words)
        except Refused as no:
            return OperationResult(base.REFUSED, reason=no.words)
        except GatewayError as error:
            return OperationResult(base.UNKNOWN, reason=error.message)

    @property
    def _shop(self):
        return self.settings.get("shop") or ""

    @property
    def _service(self):
        return Service(self.around.secrets.get("secret_key", ""), self.address("api"), self.around.send)


def _result(told, words):
    result = words.get(str(told.get("status")), base.UNKNOWN)
    return OperationResult(result, str(told.get("id") or ""), str(told.get("failure_reason") or "")[:200])


def _has_failed(refund):
    return refund.get("status") in ("failed", "canceled")


def _json(body):
    try:
        found = json.loads(body)
    except (ValueError, RecursionError):
        return {}
    return found if isinstance(found, dict) else {}


def _object(event):
    data = event.get("data")
    found = data.get("object") if isinstance(data, dict) else None
    return found if isinstance(found, dict) else {}
