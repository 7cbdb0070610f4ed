"""What every gateway must hold: the shop's own adapters, one of a stranger, and each way in which one can be wrong."""

import sys
from dataclasses import replace
from types import SimpleNamespace
from urllib.parse import urlencode

import pytest

from config import ROOT
from storefront.kit import clock
from storefront.payments.gateways import base, conformance
from storefront.payments.gateways.base import Message, Outcome, Reading
from storefront.payments.gateways.cards import CardOptions
from storefront.payments.gateways.conformance import Stand
from storefront.payments.gateways.sandbox import Sandbox, sign
from storefront.payments.gateways.stand import NOW

sys.path.insert(0, str(ROOT / "tests" / "sample_extension"))
from gift_wrapping.village_pay import VillagePay, signature

sys.path.remove(str(ROOT / "tests" / "sample_extension"))


def posted(fields):
    """The fields as a form that a server or a browser posts."""
    return Message(
        "POST",
        "",
        urlencode(fields).encode(),
        {"Content-Type": "application/x-www-form-urlencoded", "X-Forwarded": "no"},
    )


def sandbox_says(channel, word, bill, secrets):
    """What the sandbox's page and server send."""
    fields = {
        "kind": channel,
        "reference": bill.reference,
        "status": word,
        "amount": str(bill.amount_minor),
        "currency": bill.currency,
        "transaction": f"tr-{bill.reference}",
        "event": f"tr-{bill.reference}-{word}",
        "reason": "card_declined" if word == "declined" else "",
        "at": NOW.isoformat(),
    }
    return posted({**fields, "signature": sign(fields, secrets["key"])})


def village_says(channel, word, bill, secrets):
    """What the village's book sends."""
    fields = {
        "reference": bill.reference,
        "amount": str(bill.amount_minor),
        "currency": bill.currency,
        "word": word,
        "event": f"e-{word}",
    }
    return posted({**fields, "signature": signature(fields, secrets["key"])})


SANDBOX = Stand(Sandbox, {"page": "https://gateway.example/pay"}, {"key": "a long secret"}, sandbox_says)
VILLAGE = Stand(VillagePay, {"page": "https://village.example/book"}, {"key": "a long secret"}, village_says)


@pytest.mark.parametrize("stand", [SANDBOX, VILLAGE], ids=lambda stand: stand.kind.__name__)
def test_a_gateway_conforms(bare_app, stand, gateway_check):
    """ROL-07, NOT-14, SEC-05: the sandbox, and a gateway that the shop has never heard of, hold every rule."""
    with bare_app.app_context():
        gateway_check(stand)


# --- and one that does not hold a rule is found


def wrong(**verbs):
    """The village's gateway with some of its verbs done wrongly."""
    return replace(VILLAGE, kind=type("Wrong", (VillagePay,), verbs))


def believes(self, message):
    """Whatever comes is a payment."""
    fields = message.fields
    amount = int(fields.get("amount") or 0)
    return Reading(base.AUTHENTIC, [Outcome(base.PAID, fields.get("reference", ""), "e", amount, "EUR")])


def forgets_the_amount(self, message):
    """The signature is checked over the reference only."""
    good = VillagePay.read_notification(self, message)
    fields = message.fields
    if good.verdict == base.FORGED and fields.get("event") == "e-paid" and len(fields.get("amount", "")) == 4:
        honest = VillagePay.read_notification(self, posted({**fields, "amount": "4290"}))
        if honest.outcomes and fields["amount"].isdigit():
            return Reading(base.AUTHENTIC, [replace(honest.outcomes[0], amount_minor=int(fields["amount"]))])
    return good


def signs_the_first(self, message):
    """Of a field that stands there twice the first is verified, and the last is read."""
    first = dict(reversed(message.pairs()))
    good = VillagePay.read_notification(self, posted(first))
    read = [replace(one, transaction=message.fields.get("event", "")) for one in good.outcomes]
    return Reading(good.verdict, read)


def counts(self, message):
    """Each message is another event."""
    self.around.settings["n"] = self.around.settings.get("n", 0) + 1
    told = VillagePay.read_notification(self, message)
    marked = [replace(one, event_key=f"{one.event_key}-{clock.here().timestamp()}") for one in told.outcomes]
    return Reading(told.verdict, marked)


def tells_the_secret(self, bill, urls):
    """The key travels with the browser."""
    step = VillagePay.begin(self, bill, urls)
    return replace(step, url=f"{step.url}&key={self.around.secrets['key']}")


def keeps_the_card(self, bill, urls):
    """The page is told to keep the card, though the merchant is not asked."""
    step = VillagePay.begin(self, bill, urls)
    return replace(step, url=f"{step.url}&keep=1") if bill.card.tokenize else step


def believes_any_return(self, message, bill):
    """Whoever comes back has paid."""
    return Outcome(base.PAID, bill.reference, "e", bill.amount_minor, bill.currency)


def is_done_without_an_answer(self, bill, amount_minor, key):
    """The refund is said to be done, whatever the network says."""
    return base.OperationResult(base.DONE)


def in_whole_coins(self, message):
    """Every currency has two decimals."""
    told = VillagePay.read_notification(self, message)
    return Reading(told.verdict, [replace(one, amount_minor=one.amount_minor // 100 * 100) for one in told.outcomes])


@pytest.mark.parametrize(
    ("check", "stand", "words"),
    [
        ("it_can_what_it_says", wrong(capabilities=base.Capabilities(can_refund=True)), "refund is missing"),
        ("it_says_what_is_missing", wrong(check=lambda self: []), "it must say so"),
        ("it_begins", wrong(begin=tells_the_secret), "A secret leaves"),
        ("it_refuses_doubled_fields", wrong(read_notification=signs_the_first), "twice"),
        ("it_begins", replace(VILLAGE, settings={"page": "http://village.example"}), "is not https"),
        ("it_tells_how_cards_are_asked_for", wrong(card_options=CardOptions(cvv=True)), "has cvv: True"),
        ("it_tells_how_cards_are_asked_for", wrong(card_options=CardOptions(types={"cb": ("CB",)})), "type cb: True"),
        ("it_tells_how_cards_are_asked_for", wrong(begin=keeps_the_card), "has keep: False"),
        ("it_reads_what_was_paid", wrong(read_notification=in_whole_coins), "is read as"),
        ("it_reads_what_was_paid", wrong(identify=lambda self, message: None), "identify"),
        ("it_reads_what_was_refused", wrong(read_notification=believes), "declined"),
        ("it_refuses_what_is_forged", wrong(read_notification=believes), "is believed"),
        ("it_refuses_what_is_forged", wrong(read_return=believes_any_return), "forged return is believed"),
        ("it_refuses_what_is_altered", wrong(read_notification=forgets_the_amount), "altered notification is believed"),
        ("it_knows_an_event_again", wrong(read_notification=counts), "has the keys"),
        ("it_reads_a_return", wrong(capabilities=base.Capabilities()), "return_is_signed"),
        ("it_reads_a_return", wrong(read_return=believes_any_return), "another is paid"),
        ("it_survives_noise", wrong(identify=lambda self, message: message.fields["reference"]), "reference"),
        (
            "it_survives_silence",
            wrong(refund=is_done_without_an_answer, capabilities=base.Capabilities(can_refund=True)),
            "refund gives done",
        ),
        (
            "it_survives_silence",
            wrong(query=lambda self, bill: [], capabilities=base.Capabilities(can_query=True)),
            "must raise GatewayError",
        ),
    ],
)
def test_a_gateway_that_is_wrong_is_found(bare_app, check, stand, words):
    """ROL-07: each check fails for an adapter that breaks its rule, with a sentence that says how."""
    with bare_app.app_context(), pytest.raises((AssertionError, KeyError), match=words):
        getattr(conformance, check)(stand)


def test_headers_that_the_shop_does_not_keep_are_not_there():
    """NOT-02: an adapter that reads another header would read it in a test, and never again from the inbox."""
    said = SimpleNamespace(seen=None)

    def remembers(channel, word, bill, secrets):
        message = village_says(channel, word, bill, secrets)
        return replace(message, headers={**message.headers, "X-Signature": "s", "Authorization": "secret"})

    said.seen = replace(VILLAGE, said=remembers).message("notify").headers
    assert set(said.seen) == {"content-type", "x-signature"}
