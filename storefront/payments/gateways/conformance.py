"""What every gateway must hold, whoever writes it: the checks of `CHECKS`, to be run by pytest or by hand.

    @pytest.mark.parametrize("check", conformance.CHECKS, ids=lambda check: check.__name__)
    def test_the_gateway_conforms(check):
        check(conformance.Stand(MyGateway, SETTINGS, SECRETS, said))

`said(channel, word, bill, secrets)` makes what the service really sends: the message of the channel ("notify" or
"return") that says "paid" or "declined" of a bill, signed with these secrets. A check raises AssertionError with a
sentence. No check uses the network: `Stand.begins` answers to a gateway that begins by a call, `Stand.proves` to one
that asks whether a message is the service's; to any other question the service is down.
"""

from dataclasses import replace
from typing import Any
from urllib.parse import urlsplit

from storefront.payments.cards import CARDS
from storefront.payments.errors import GatewayError
from storefront.payments.gateways import base
from storefront.payments.gateways.base import BillView, CardWish, Form, Gateway, Hint, Message, Outcome, Redirect
from storefront.payments.gateways.stand import OTHER, OURS, SIZES, URLS, Stand, altered, doubled, nobody_answers

__all__ = ["CHECKS", "Stand"]

VERBS = {
    "can_query": "query",
    "can_close": "close",
    "can_refund": "refund",
    "can_query_refund": "query_refund",
    "can_capture": "capture",
    "can_void": "void",
}
NOISE = (
    b"",
    b"\0\0\0",
    b"\xff\xfe\xfa" * 40,
    b"{" * 5000,
    b"[" * 5000,
    b'{"amount": 1e999, "reference": ["x"], "signature": {}}',
    b"reference=K1001-1&amount=-1&amount=99999999999999999999&signature=%00%ff",
    "reference=K1001-1&signature=ſ½".encode(),
    b"&".join(b"a%d=1" % number for number in range(1000)),
    b"<?xml version='1.0'?><!DOCTYPE a [<!ENTITY b 'c'>]><a>&b;</a>",
)
ENDLESS = 300_000  # letters of one field


def it_can_what_it_says(stand: Stand) -> None:
    """Each capability has its verb, and each verb its capability."""
    for capability, verb in VERBS.items():
        says, has = (
            getattr(stand.kind.capabilities, capability),
            getattr(stand.kind, verb) is not getattr(Gateway, verb),
        )
        assert says == has, f"{capability} is {says}, but {verb} is {'there' if has else 'missing'}."


def it_says_what_is_missing(stand: Stand) -> None:
    """With its settings it may be used; without any one of them it says which, and no secret is told."""
    assert not stand.gateway().check(), f"With these settings it must be ready: {stand.gateway().check()}"
    for name in stand.kind.required():
        said = " ".join(stand.gateway(without=name).check())
        assert name in said, f"Without {name} it must say so."
        assert not any(secret in said for secret in stand.secrets.values()), f"It tells a secret: {said}"


def it_begins(stand: Stand) -> None:
    """A bill leads to a form or a link for this bill alone, over TLS, or is answered at once; no secret leaves."""
    gateway = stand.gateway(send=stand.begins)
    step, again, other = gateway.begin(OURS, URLS), gateway.begin(OURS, URLS), gateway.begin(OTHER, URLS)
    assert step == again, "The same bill must lead to the same place, however often it is begun."
    assert step != other, "Another bill must lead to another place."
    if isinstance(step, Outcome):
        assert step.reference == OURS.reference, "An outcome must carry the reference of its bill."
        return
    assert isinstance(step, Form | Redirect), f"begin gives {type(step).__name__}."
    assert urlsplit(_address(step)).scheme == "https", f"{_address(step)} is not https."
    if isinstance(step, Form):
        assert all(isinstance(part, str) for pair in step.fields for part in pair), "Fields are pairs of text."
    leaves = repr(step)
    assert not any(secret in leaves for secret in stand.secrets.values()), (
        "A secret leaves in what the browser carries."
    )


def it_tells_how_cards_are_asked_for(stand: Stand) -> None:
    """What its page can be told of cards it is told, each type of them; nothing else of the wish changes anything."""
    options, usual = stand.kind.card_options, _said_in_beginning(stand, CardWish())
    wishes = {
        "cvv": (CardWish(ask_cvv=False), options.cvv),
        "keep": (CardWish(tokenize=True), options.keep),
        **{f"the type {word}": (CardWish(types=[word]), word in options.types) for word in CARDS},
    }
    for name, (wish, able) in wishes.items():
        told = _said_in_beginning(stand, wish) != usual
        assert told == able, f"card_options has {name}: {able}; but its page is told: {told}."


def it_reads_what_was_paid(stand: Stand) -> None:
    """A genuine notification is a payment of this bill, this sum and this currency, and is answered with a 2xx.

    A service that notifies of nothing is not believed when it seems to.
    """
    if not stand.can().notifies:
        heard = stand.gateway().read_notification(stand.message("notify"))
        assert heard.verdict != base.AUTHENTIC, "It says that it is not notified, and believes a notification."
        return
    for bill, amount, currency in SIZES:
        if currency in stand.currencies:
            asked = stand.told(replace(bill, amount_minor=amount, currency=currency))
            message = stand.message("notify", "paid", asked)
            named = {asked.reference, asked.gateway_reference or asked.reference}
            assert stand.gateway().identify(message) in named, "identify must find the reference."
            reading = stand.gateway().read_notification(message)
            assert reading.verdict == base.AUTHENTIC, f"A genuine notification in {currency} is {reading.verdict}."
            assert reading.answer.status in range(200, 300), "A genuine notification is answered with a 2xx."
            _is_payment_of(asked, reading.outcomes)


def it_reads_what_was_refused(stand: Stand) -> None:
    """A genuine refusal is one, and another event than the payment; none where the page stays open for another try."""
    if not stand.can().notifies:
        return
    paid, refused = (stand.gateway().read_notification(stand.message("notify", word)) for word in ("paid", "declined"))
    if stand.can().page_stays_open:
        assert not refused.outcomes, "The page stays open after a refusal: it must be no news of the payment."
        return
    assert [outcome.type for outcome in refused.outcomes] == [base.DECLINED], "A refusal must be one outcome, declined."
    assert refused.outcomes[0].event_key != paid.outcomes[0].event_key, "Two events must have two event keys."


def it_refuses_what_is_forged(stand: Stand) -> None:
    """Whoever does not know the secrets changes nothing, by notification or by return."""
    reading = stand.gateway().read_notification(stand.message("notify", forged=True))
    assert reading.verdict != base.AUTHENTIC and not reading.outcomes, "A forged notification is believed."
    brought = stand.gateway().read_return(stand.message("return", forged=True), OURS)
    assert isinstance(brought, Hint), "A forged return is believed."


def it_refuses_what_is_altered(stand: Stand) -> None:
    """Whichever byte of a genuine message is another, it says the same or is not believed.

    A password proves only who speaks: what lies between is TLS, and the shop's own checks of reference and sum.
    """
    if not stand.sealed:
        return
    genuine = stand.message("notify")
    said = stand.gateway().read_notification(genuine).outcomes
    for message in altered(genuine):
        reading = stand.gateway().read_notification(message)
        believed = reading.verdict == base.AUTHENTIC and list(reading.outcomes) != list(said)
        assert not believed, f"An altered notification is believed: {message.query!r} {message.body!r}"


def it_refuses_doubled_fields(stand: Stand) -> None:
    """A field that stands there twice says what the genuine one says, or the message is not believed."""
    genuine = stand.message("notify")
    said = stand.gateway().read_notification(genuine).outcomes
    for message in doubled(genuine):
        reading = stand.gateway().read_notification(message)
        believed = reading.verdict == base.AUTHENTIC and list(reading.outcomes) != list(said)
        assert not believed, f"With a field twice it is believed: {message.query!r} {message.body!r}"


def it_knows_an_event_again(stand: Stand) -> None:
    """The same event has the same key, whenever it is told and by which channel."""
    if not stand.can().notifies:
        return
    keys = {stand.gateway().read_notification(stand.message("notify")).outcomes[0].event_key for _ in range(2)}
    brought = stand.gateway().read_return(stand.message("return"), OURS)
    if isinstance(brought, Outcome):
        keys.add(brought.event_key)
    assert len(keys) == 1 and "" not in keys, f"One event, told again, has the keys {sorted(keys)}."


def it_reads_a_return(stand: Stand) -> None:
    """A signed return says what a notification says, of its own bill only; an unsigned one proves nothing."""
    brought = stand.gateway().read_return(stand.message("return"), OURS)
    assert isinstance(brought, Outcome) == stand.can().return_is_signed, "return_is_signed is not true."
    if isinstance(brought, Outcome):
        _is_payment_of(stand.told(OURS), [brought])
        assert isinstance(stand.gateway().read_return(stand.message("return"), OTHER), Hint), (
            "The return of one bill proves that another is paid."
        )


def it_survives_noise(stand: Stand) -> None:
    """Whatever is sent to its addresses raises nothing and is not believed."""
    for body in (*NOISE, b"reference=" + b"x" * ENDLESS):
        for kind in ("application/x-www-form-urlencoded", "application/json", ""):
            for message in (
                Message("POST", "", body, {"content-type": kind}),
                Message("GET", body.decode("latin-1"), b""),
            ):
                stand.gateway().identify(message)
                assert stand.gateway().read_notification(message).verdict != base.AUTHENTIC, (
                    f"Noise is believed: {body!r}"
                )
                assert isinstance(stand.gateway().read_return(message, OURS), Hint), f"Noise is believed: {body!r}"


def it_survives_silence(stand: Stand) -> None:
    """When the service does not answer: a question raises GatewayError; money asked for is `unknown`, never done."""
    gateway, can, begun = stand.gateway(send=nobody_answers), stand.can(), stand.told(OURS)
    for verb in (("query",) if can.can_query else ()) + (("close",) if can.can_close else ()):
        try:
            getattr(gateway, verb)(begun)
        except GatewayError:
            continue
        raise AssertionError(f"{verb} must raise GatewayError when nobody answers.")
    asked = {"refund": (begun, 100, "key"), "capture": (begun, 100, "key"), "void": (begun, "key")}
    for verb, about in asked.items():
        if getattr(can, f"can_{verb}"):
            result = getattr(gateway, verb)(*about).result
            assert result == base.UNKNOWN, f"{verb} gives {result} when nobody answers."


CHECKS = (
    it_can_what_it_says,
    it_says_what_is_missing,
    it_begins,
    it_tells_how_cards_are_asked_for,
    it_reads_what_was_paid,
    it_reads_what_was_refused,
    it_refuses_what_is_forged,
    it_refuses_what_is_altered,
    it_refuses_doubled_fields,
    it_knows_an_event_again,
    it_reads_a_return,
    it_survives_noise,
    it_survives_silence,
)


def _address(step: Form | Redirect) -> str:
    return step.action if isinstance(step, Form) else step.url


def _said_in_beginning(stand: Stand, wish: CardWish) -> tuple[Any, list[Any]]:
    """Where a bill with this wish leads, and what the service was told by calls before."""
    called = []

    def send(method: str, url: str, data: Any = None, headers: Any = None, **how: Any) -> Any:
        called.append((method, url, data))
        return (stand.begins or nobody_answers)(method, url, data=data, headers=headers, **how)

    return stand.gateway(send=send).begin(replace(OURS, card=wish), URLS), called


def _is_payment_of(bill: BillView, outcomes: Any) -> None:
    assert len(outcomes) == 1, f"A payment must be one outcome, not {len(outcomes)}."
    told = outcomes[0]
    assert told.type == base.PAID, f"A payment is read as {told.type}."
    assert told.reference in (bill.reference, bill.gateway_reference), f"{bill.reference} is read as {told.reference}."
    expected = (bill.amount_minor, bill.currency)
    assert (told.amount_minor, told.currency) == expected, f"{expected} is read as {told}."
    assert told.event_key, "A payment has no event key."
