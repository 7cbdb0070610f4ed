"""Connecting a payment service: its name, its properties by the schema of its type, its keys, and ways to pay by it."""

import re
from collections.abc import Mapping
from dataclasses import dataclass, field, replace
from datetime import datetime
from typing import Any

from flask import current_app
from flask_babel import gettext as _
from sqlalchemy import func, select

from storefront.kit import clock, events
from storefront.kit.db import db
from storefront.kit.errors import Invalid, NotFound
from storefront.kit.events import OrderEvent
from storefront.payments import certificates, keys
from storefront.payments.configs import adapter, filled
from storefront.payments.fitness import problems
from storefront.payments.gateways import GATEWAYS, kind_of
from storefront.payments.gateways.base import Gateway, Surroundings
from storefront.payments.gateways.properties import ADDRESS, CERTIFICATE, Property, wrong_with
from storefront.payments.models import GatewayConfig, PaymentMethod

NAME = re.compile(r"[a-z][a-z0-9-]{1,29}")
TAKEN = ("new", "settlements", "services")  # words of our own addresses
ENDS = "GATEWAY_CERTIFICATE_ENDS"


@dataclass(frozen=True)
class Wish:
    """What a merchant typed for a gateway. Secrets and files only where they are to be others than today's."""

    label: str
    mode: str
    properties: Mapping[str, Any]
    secrets: Mapping[str, str] = field(default_factory=dict)
    files: Mapping[str, str] = field(default_factory=dict)
    only_sources: bool = False


@dataclass(frozen=True)
class Ending:
    """A certificate that is over, or will be within 30 days."""

    config: GatewayConfig
    file: str
    ends_at: datetime


def kinds() -> dict[str, Any]:
    """The types that may be connected here, with the names that merchants know."""
    live = current_app.config["LIVE"]
    return {name: kind.label or name for name, kind in GATEWAYS.items() if not (live and kind.for_test_only)}


def fields_of(kind: type[Gateway]) -> list[Property]:
    """What is typed to connect a service of this type: its properties, and an address of the merchant's own for each
    of its addresses."""
    named = {one.name for one in kind.properties}
    own = [
        Property(name, _("Own address for “%(name)s”", name=name), ADDRESS, required=False)
        for name in kind.addresses
        if name not in named
    ]
    return [*kind.properties, *own]


def connect(name: str, label: str, kind: str) -> GatewayConfig:
    """A new gateway, off, with nothing filled in. Raises Invalid, with the field."""
    if not NAME.fullmatch(name) or name in TAKEN:
        wrong = _("Use 2 to 30 small letters, digits and dashes, a letter first")
        raise Invalid(wrong, fields={"name": [wrong]})
    if db.session.scalar(select(GatewayConfig.id).filter_by(name=name)) is not None:
        wrong = _("There is a payment service of this name already")
        raise Invalid(wrong, fields={"name": [wrong]})
    if kind not in kinds():
        wrong = _("Choose one of the list")
        raise Invalid(wrong, fields={"kind": [wrong]})
    mode = "live" if current_app.config["LIVE"] else "test"
    config = GatewayConfig(name=name, label=label, type=kind, mode=mode, active=False, mode_since=clock.now())
    db.session.add(config)
    db.session.flush()
    return config


def config_to_change(name: str, *, lock: bool = False) -> GatewayConfig:
    """A configured gateway, whether it may be used here or not. Raises NotFound."""
    query = select(GatewayConfig).filter_by(name=name)
    found = db.session.scalar(query.with_for_update() if lock else query)
    if found is None:
        raise NotFound(_("There is no such payment service."))
    return found


def wrong_fields(config: GatewayConfig, wish: Wish) -> dict[str, str]:
    """What is wrong with what was typed, a sentence by the name of the field."""
    around = _as_wished(config, wish)
    said = {one.name: " ".join(wrong_with([one], around)) for one in fields_of(kind_of(config.type))}
    for one in kind_of(config.type).properties:
        file = wish.files.get(one.name, "")
        if one.kind == CERTIFICATE and file and (problem := certificates.about(file).problem):
            said[one.name] = problem
    return {name: sentence for name, sentence in said.items() if sentence}


def wrong_as_wished(config: GatewayConfig, wish: Wish) -> list[str]:
    """What the adapter itself would say of what was typed."""
    return kind_of(config.type)(_as_wished(config, wish)).check()


def change(config: GatewayConfig, wish: Wish) -> tuple[dict[str, Any], dict[str, Any]]:
    """Keep what was typed; gives what differs, before and after, without secrets. Raises Invalid when the gateway is on
    and could not be used like that.
    """
    before, was_ready = facts(config), not problems(config)
    if wish.mode != config.mode:
        config.mode, config.mode_since, config.checklist = wish.mode, clock.now(), {}
    config.label, config.properties, config.only_sources = wish.label, dict(wish.properties), wish.only_sources
    replaced = [name for name, value in wish.secrets.items() if value and keys.put_secret(config, name, value)]
    for name, file in wish.files.items():
        keys.put_file(config, name, file)
    keys.forget_what_is_over(config)
    if config.active and was_ready and (wrong := problems(config)):
        raise Invalid(_("It is on, and could not be used like this: %(reasons)s", reasons=" ".join(wrong)))
    after = facts(config)
    changed = [name for name in after if before[name] != after[name]]
    before, after = {name: before[name] for name in changed}, {name: after[name] for name in changed}
    return (before, {**after, "new secrets": replaced}) if replaced else (before, after)


def facts(config: GatewayConfig) -> dict[str, Any]:
    """What may be written into the trail: everything but secrets."""
    names = ("label", "mode", "active", "only_sources", "properties", "certificates")
    return {name: getattr(config, name) for name in names}


def open_method(config: GatewayConfig, label: str) -> PaymentMethod:
    """A new way to pay through a gateway, last in the list and not offered yet."""
    last = db.session.scalar(select(func.max(PaymentMethod.position)))
    known = set(db.session.scalars(select(PaymentMethod.code)))
    code = next(code for code in _codes(config.name) if code not in known)
    place = 0 if last is None else last + 1
    method = PaymentMethod(code=code, label=label, config=config, position=place, active=False)
    db.session.add(method)
    db.session.flush()
    return method


def endings() -> list[Ending]:
    """Certificates of gateways that are on, over or ending within 30 days; the first to end first."""
    active = db.session.scalars(select(GatewayConfig).filter_by(active=True).order_by(GatewayConfig.id))
    found = [ending for config in active for ending in endings_of(config)]
    return sorted(found, key=lambda ending: ending.ends_at)


def endings_of(config: GatewayConfig) -> list[Ending]:
    """The same, of one gateway."""
    known = [(file, certificates.about(file)) for file in sorted(set(config.certificates.values())) if file]
    return [Ending(config, file, said.ends_at) for file, said in known if said.ends_at and said.ends_soon]


def note_endings(config_id: int) -> bool:
    """Forget replaced keys whose time is over, and tell the owner, once, of each certificate that ends soon."""
    config = db.session.get_one(GatewayConfig, config_id, populate_existing=True, with_for_update=True)
    changed = keys.forget_what_is_over(config)
    for ending in endings_of(config) if config.active else ():
        told = {"gateway": config.name, "file": ending.file, "ends_at": ending.ends_at.isoformat()}
        since = OrderEvent.at > clock.now() - 2 * certificates.WARNED
        events_of_it = db.session.scalars(select(OrderEvent.data).where(OrderEvent.type == ENDS, since))
        if told not in events_of_it.all():
            events.record(ENDS, None, **told)
            changed = True
    return changed


def _as_wished(config, wish):
    """What the adapter would be handed; secrets that were not typed are those that are there."""
    try:
        around = adapter(config).around
    except Invalid:  # its secrets cannot be opened: only what is typed now counts
        around = Surroundings({}, {}, config.mode, clock.here, _no_way_out)
    files = {**config.certificates, **wish.files}
    return replace(
        around,
        settings={name: filled(value) for name, value in wish.properties.items()},
        secrets={**around.secrets, **{name: value for name, value in wish.secrets.items() if value}},
        mode=wish.mode,
        file=certificates.reader(files),
    )


def _no_way_out(*_args, **_how):
    raise NotImplementedError


def _codes(name):
    yield name
    yield from (f"{name}-{number}" for number in range(2, 1000))
