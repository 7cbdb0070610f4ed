"""A gateway's keys, tried without its service: the player reads what the shop signs, the shop what the player signs.

Nothing is kept, and nothing leaves the machine. It shows that the keys which stand here can be used, and that no others
do; whether the service has the same ones only a message of its own shows.
"""

from collections.abc import Iterator
from dataclasses import replace
from typing import NamedTuple
from urllib.parse import urlencode, urlsplit

from storefront.kit import clock
from storefront.payments.configs import adapter, can
from storefront.payments.errors import GatewayError
from storefront.payments.gateways import base
from storefront.payments.gateways.base import Form, Gateway, Message
from storefront.payments.gateways.stand import OURS, URLS, nobody_answers
from storefront.payments.models import GatewayConfig
from storefront.sandbox.models import SandboxPayment
from storefront.sandbox.players import PLAYERS
from storefront.sandbox.players.base import Asked, Player
from storefront.sandbox.scenario import PAID

FORM = "application/x-www-form-urlencoded"


class Tried(NamedTuple):
    """Whether what is signed with the keys that stand here is believed, and with other keys is not.

    None where it cannot be tried. `asking`: a payment begins by a call, or its form is not signed. `telling`: the
    service says nothing, is asked whether a message is its own, or signs with a key that is not here.
    """

    asking: bool | None = None
    telling: bool | None = None


def try_keys(config: GatewayConfig) -> Tried:
    """Both ways with today's keys, of settings that are ready. Types that nobody plays cannot be tried."""
    kind = PLAYERS.get(config.type)
    if kind is None:
        return Tried()
    right, wrong = _gateways(adapter(config))
    ours, others = kind(config.name, right), kind(config.name, wrong)
    try:
        form = _form_of(right)
    except Exception:  # whatever it is, no form can be made with these keys
        return Tried(asking=False)
    asked = _read(ours, form) if form else _by_call()
    if asked is None:
        return Tried(asking=False)
    signed = form is not None and _read(others, form) is None
    return Tried(signed or None, _told(ours, asked, wrong) if can(config).notifies else None)


def _gateways(configured: Gateway) -> Iterator[Gateway]:
    """The adapter without its network: as it is, and with other keys. In test mode, as players are."""
    around = replace(configured.around, mode="test", send=nobody_answers)
    others = {name: ("B" if value[:1] == "A" else "A") + value[1:] for name, value in around.secrets.items()}
    yield type(configured)(around)
    yield type(configured)(replace(around, secrets=others, file=lambda _name: b""))


def _form_of(gateway: Gateway) -> Message | None:
    """What the browser would post for a bill of ours; None where a payment begins by a call, or nowhere."""
    try:
        step = gateway.begin(replace(OURS, expires_at=None), URLS)
    except GatewayError:
        return None
    if not isinstance(step, Form):
        return None
    body = urlencode(list(step.fields), encoding=step.charset, errors="xmlcharrefreplace")
    return Message("POST", "", body.encode(), {"content-type": FORM})


def _read(player: Player, message: Message) -> Asked | None:
    """What the service would understand; None if it would refuse the form."""
    try:
        return player.asked(message)
    except Exception:  # a form under another key may be anything
        return None


def _by_call():
    urls = {"ok_url": URLS.ok, "cancel_url": URLS.cancel, "error_url": URLS.error, "notify_url": URLS.notify}
    return Asked(
        OURS.reference, OURS.amount_minor, OURS.currency, kept={"metadata": {"reference": OURS.reference}}, **urls
    )


def _told(player, asked, wrong):
    """Whether the shop believes what the service would say of a payment, and with other keys does not."""
    try:
        call = player.notice(_paid(player, asked), PAID)
    except Exception:  # the service's own key is not here
        return None
    if call is None:
        return None
    headers = {name.lower(): value for name, value in call.headers.items()}
    message = Message("POST", urlsplit(call.url).query, call.body.encode(), headers, received_at=clock.here())
    verdict = _verdict(player.gateway, message)
    if verdict == base.UNDECIDED:
        return None
    return verdict == base.AUTHENTIC and _verdict(wrong, message) != base.AUTHENTIC


def _verdict(gateway, message):
    try:
        return gateway.read_notification(message).verdict
    except Exception:  # what breaks a gateway is not believed
        return base.FORGED


def _paid(player, asked):
    """A payment of the sandbox's books that is in none of them."""
    facts = player.facts_of(asked)
    return SandboxPayment(
        id=1,
        reference=facts["reference"],
        fields=facts,
        amount_minor=asked.amount_minor,
        currency=asked.currency,
        status=PAID,
        transaction="",
        reason="",
        scenario="",
        player=player.name,
        captured_minor=asked.amount_minor,
        refunded_minor=0,
        refunds={},
        chargebacks={},
        operations={},
        captured_at=clock.here(),
        created_at=clock.here(),
    )
