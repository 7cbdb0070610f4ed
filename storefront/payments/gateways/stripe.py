"""Stripe's Checkout: a session asked for by API, a page of Stripe's, events in JSON under HMAC-SHA256.

A session is made by POST /v1/checkout/sessions under an Idempotency-Key, and the shopper is sent to its address
(docs.stripe.com/api/checkout/sessions). The way back proves nothing, so the session is asked for; the page stays open
for another card after a refusal. An event carries Stripe-Signature: t=seconds,v1=HMAC of "t.body" under the secret of
the endpoint (docs.stripe.com/webhooks/signature); the official library verifies it over the raw bytes, and its age is
counted to its arrival, so that a stored message reads the same for ever. There is no order among events, and several
speak of one payment: transaction and event keys are those of the PaymentIntent. Shops that share an account hear of
each other's payments: the session's id, which each knows of its own only, names the bill, and what is said of a
payment, refund or dispute is asked of its session. Events name no account: the secret stands for it.
"""

import logging
import re

from flask_babel import gettext as _, lazy_gettext as _l

from storefront.payments.errors import GatewayError
from storefront.payments.gateways import base, stripe_news as news
from storefront.payments.gateways.base import BillView, Hint, Message, OperationResult, Outcome, Reading, Redirect, Urls
from storefront.payments.gateways.properties import CHOICE, SECRET, Property
from storefront.payments.gateways.stripe_client import TOLERANCE, Missing, Refused, Stripe as Service, signed_at
from storefront.payments.gateways.stripe_session import CARDS, asked
from storefront.payments.gateways.stripe_words import theirs

log = logging.getLogger(__name__)
SECRETS = r"whsec_[^\s,]+([\s,]+whsec_[^\s,]+)*"
SESSION = {
    "checkout.session.completed": news.of_session,
    "checkout.session.async_payment_succeeded": news.of_session,
    "checkout.session.async_payment_failed": news.failed_later,
    "checkout.session.expired": news.of_session,
}
RESERVED = ("payment_intent.amount_capturable_updated", "payment_intent.canceled", "payment_intent.succeeded")
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
        Property("secret_key", _l("Secret key"), SECRET, pattern=r"(sk|rk)_(test|live)_\w+", hint="sk_test_…"),
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
    card_options = CARDS

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
        found = news.metadata(news.event(message.body)[1]).get("reference")
        return found if isinstance(found, str) else None

    def read_return(self, message: Message, bill: BillView) -> Hint:
        """The browser brings nothing that proves anything."""
        return Hint("return")

    def read_notification(self, message: Message) -> Reading:
        """An event proves itself by its signature; what it says of refunds and disputes is looked up."""
        if not self._is_signed(message):
            return Reading(base.FORGED)
        try:
            return Reading(base.AUTHENTIC, self._news(*news.event(message.body)))
        except Missing:
            return Reading(base.AUTHENTIC)  # it is about a payment that is not one of this account
        except GatewayError:
            return Reading(base.UNDECIDED)

    def query(self, bill: BillView) -> list[Outcome]:
        """Ask for the session. Nobody was led to one that we do not know, so nobody can have paid it."""
        if not bill.gateway_reference:
            return []
        session = self._service.session(bill.gateway_reference)
        if session.get("id") != bill.gateway_reference:
            raise GatewayError(_("The payment service gives no sensible answer."))
        return news.of_session(session) + self._later(session)

    def close(self, bill: BillView) -> bool:
        """End the session; whether it is certain that nobody can pay it any more."""
        if not bill.gateway_reference:
            return True
        try:
            session = self._service.expire(bill.gateway_reference)
        except Refused:
            session = self._service.session(bill.gateway_reference)
        over = news.intent_of(session).get("status") in ("canceled", "requires_payment_method")
        return session.get("status") == "expired" or (session.get("status") == "complete" and over)

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
        return {"reference": bill.reference, "capture": "manual" if later else "automatic"}

    def _is_signed(self, message):
        kept = [self.around.secrets.get(name, "") for name in ("signing_secret", "older_signing_secrets")]
        secrets = [secret for secret in re.split(r"[\s,]+", " ".join(kept)) if secret]
        at = signed_at(message.body, message.header("stripe-signature"), secrets)
        arrived = message.received_at or self.around.now()
        return at is not None and arrived.timestamp() - at <= TOLERANCE

    def _news(self, kind, thing, at):
        """What an event says. What another object than a session says is asked of its session, which is ours or not."""
        if kind in SESSION:
            if news.waits_for_capture(thing):
                thing = self._service.session(str(thing.get("id")))
            return SESSION[kind](thing, at) if news.metadata(thing) else []
        intent = thing.get("id" if kind in RESERVED else "payment_intent")
        if not isinstance(intent, str) or not (kind.startswith(LATER) or (kind in RESERVED and news.reserves(thing))):
            return []
        session = self._service.session_of(intent)
        if not news.metadata(session):
            return []
        back = news.came_back(session, thing, at) if _came_back(thing) else []
        told = news.of_session(session, at) if kind in RESERVED else []
        return told + self._later(session, disputed=kind.startswith("charge.dispute.")) + back

    def _later(self, session, disputed=False):
        """What happened to the money after it was paid."""
        charge, name = news.intent_of(session).get("latest_charge"), news.payment_of(session)
        if not isinstance(charge, dict):
            return []
        refunds = charge.get("refunds")
        if not isinstance(refunds, dict) or refunds.get("has_more"):
            refunds = self._service.refunds(name) if charge.get("amount_refunded") else {}
        disputes = self._service.disputes(name) if disputed or charge.get("disputed") else {}
        return news.of_refunds(session, news.listed(refunds)) + news.of_disputes(session, news.listed(disputes))

    def _intent(self, bill):
        """The payment's id; of one that is only reserved the session knows it."""
        if bill.transaction_id:
            return bill.transaction_id
        name = news.payment_of(self._service.session(bill.gateway_reference or bill.reference))
        if not name.startswith("pi_"):
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
    def _service(self):
        return Service(self.around.secrets.get("secret_key", ""), self.address("api"), self.around.send)


def _result(told, words):
    result = words.get(str(told.get("status")), base.UNKNOWN)
    return OperationResult(result, str(told.get("id") or ""), str(told.get("failure_reason") or "")[:200])


def _came_back(thing):
    return thing.get("object") == "refund" and thing.get("status") in ("failed", "canceled")
