"""Configured gateways and the ways to pay that they open."""

import threading
from collections.abc import Iterable, Iterator
from dataclasses import dataclass
from datetime import timedelta
from ipaddress import ip_address, ip_network
from typing import Any

from flask import current_app
from flask_babel import gettext as _
from sqlalchemy import select
from sqlalchemy.orm import joinedload

from storefront import store
from storefront.kit import clock, http, money, signing
from storefront.kit.db import db
from storefront.kit.errors import NotFound, Unavailable
from storefront.payments import certificates, keys
from storefront.payments.errors import GatewayError
from storefront.payments.gateways import kind_of
from storefront.payments.gateways.base import Capabilities, Gateway, Outcome, Surroundings
from storefront.payments.gateways.gone import Gone
from storefront.payments.models import Bill, GatewayConfig, PaymentMethod

MOST_CALLS = 2  # at once in one process: half of its threads go on serving pages
PATIENCE = timedelta(milliseconds=300)  # to wait for one of these lines to be free
_lines = threading.BoundedSemaphore(MOST_CALLS)


@dataclass(frozen=True)
class Choice:
    """A way to pay, and the sentence that says why it cannot be chosen ("" if it can)."""

    method: PaymentMethod
    why_not: str


def methods(due_minor: int, currency: str, country: str | None, *, ahead: bool = False) -> list[Choice]:
    """Every active way to pay, in the merchant's order, with what speaks against each; one query.

    `ahead`: something of it is money itself, and so is handed over only once it is paid.
    """
    found = db.session.scalars(
        select(PaymentMethod)
        .options(joinedload(PaymentMethod.config))
        .where(PaymentMethod.active)
        .order_by(PaymentMethod.position, PaymentMethod.id)
    )
    usable = [method for method in found if method.config.active and not _out_of_order(method.config)]
    return [Choice(method, _why_not(method, due_minor, currency, country, ahead)) for method in usable]


def current_method(method_id: int | None, choices: Iterable[Choice]) -> PaymentMethod | None:
    """The chosen way to pay if it is still possible, else the first that is."""
    possible = [choice.method for choice in choices if not choice.why_not]
    return next((method for method in possible if method.id == method_id), possible[0] if possible else None)


def config_by_name(name: str) -> GatewayConfig:
    """A configured gateway by its name in addresses. Raises NotFound."""
    found = db.session.scalar(select(GatewayConfig).filter_by(name=name))
    if found is None or refused_in_live(found):
        raise NotFound(_("There is no such payment service."))
    return found


def adapter(config: GatewayConfig) -> Gateway:
    """The translator for a configured gateway, with its secrets opened and one way out to the network."""
    return kind_of(config.type)(_around(config, config.secrets, config.certificates))


def readers(config: GatewayConfig) -> Iterator[Gateway]:
    """The translator with the keys of today; then with those that were replaced lately: for messages that came late."""
    yield adapter(config)
    for secrets, files in keys.older(config):
        yield kind_of(config.type)(_around(config, secrets, files))


def _around(config, secrets, files):
    return Surroundings(
        settings={name: filled(value) for name, value in config.properties.items()},
        secrets={name: signing.opened(sealed) for name, sealed in secrets.items()},
        mode=config.mode,
        now=clock.here,
        send=_send,
        file=certificates.reader(files),
    )


def may_come_from(config: GatewayConfig, address: str) -> bool:
    """Whether a notification from this address is read: from any, unless the merchant has said that only the networks
    count which the service publishes."""
    networks = kind_of(config.type).sources if config.only_sources else ()
    if not networks:
        return True
    try:
        return any(ip_address(address) in ip_network(network) for network in networks)
    except ValueError:
        return False


def can(config: GatewayConfig) -> Capabilities:
    """What a configured gateway can do: by its kind, and by what is filled in. Opens no secret."""
    filled = (*config.properties.items(), *config.secrets.items(), *config.certificates.items())
    return kind_of(config.type).can({name for name, value in filled if value})


def why_foreign(backend: str, outcome: Outcome) -> str:
    """Why money that a message speaks of is not ours: mode_mismatch or merchant_mismatch; "" if it is."""
    config = config_by_name(backend)
    if outcome.mode and outcome.mode != config.mode:
        return "mode_mismatch"
    ours = config.properties.get("merchant")
    return "merchant_mismatch" if ours and outcome.merchant and outcome.merchant != ours else ""


def pending_window(bill: Bill) -> timedelta:
    """How long goods are kept while a gateway says that money is on its way: the way to pay says it, or the shop."""
    method = db.session.get(PaymentMethod, bill.method_id) if bill.method_id else None
    hours = method.settings.get("pending_window_h") if method else None
    return timedelta(hours=hours or store.current().pending_window_h)


def may_pay_late(config: GatewayConfig) -> bool:
    """Whether money may come through it after an order was closed: it can be neither asked nor told when to stop."""
    able = can(config)
    return able.notifies and not able.can_query and not able.told_expiry


def configs() -> list[GatewayConfig]:
    """Every configured gateway, by name."""
    return list(db.session.scalars(select(GatewayConfig).order_by(GatewayConfig.name)))


def _out_of_order(config):
    return kind_of(config.type) is Gone or refused_in_live(config)


def refused_in_live(config: GatewayConfig) -> bool:
    """Whether this shop is live and the gateway is not."""
    return current_app.config["LIVE"] and (config.mode == "test" or kind_of(config.type).for_test_only)


def _why_not(method, due_minor, currency, country, ahead):
    if ahead and method.auto_approve:
        return _("Not for gift certificates: they are paid first.")
    if method.currencies and currency not in method.currencies:
        return _("Not for payments in %(currency)s.", currency=currency)
    if method.countries and country not in method.countries:
        return _("Not for addresses in this country.")
    if method.min_minor is not None and due_minor < method.min_minor:
        return _("From %(amount)s.", amount=money.here(method.min_minor, currency))
    if method.max_minor is not None and due_minor > method.max_minor:
        return _("Up to %(amount)s.", amount=money.here(method.max_minor, currency))
    return ""


def filled(value: Any) -> Any:
    """A setting may speak of the shop's own address as {public_url}."""
    return value.replace("{public_url}", current_app.config["PUBLIC_URL"]) if isinstance(value, str) else value


def _send(*args, **kwargs):
    """The way out for adapters: a gateway that is slow keeps half of a worker's threads at most."""
    if not _lines.acquire(timeout=PATIENCE.total_seconds()):
        raise GatewayError(_("The payment service is slow at the moment. Try again in a minute."))
    try:
        return http.send(*args, **kwargs)
    except Unavailable as error:
        raise GatewayError(error.message) from error
    finally:
        _lines.release()
