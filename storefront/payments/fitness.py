"""Whether a gateway may be used here: what it lacks, and what a live shop refuses whoever asks for it."""

from collections.abc import Callable, Mapping
from dataclasses import dataclass, field, replace
from typing import Any

from flask import current_app
from flask_babel import gettext as _
from sqlalchemy import select

from storefront.kit.db import db
from storefront.kit.errors import Invalid, NotFound
from storefront.payments.configs import adapter, refused_in_live
from storefront.payments.gateways import base, conformance, kind_of, stand
from storefront.payments.gateways.base import Gateway, Surroundings
from storefront.payments.gateways.properties import wrong_with
from storefront.payments.models import GatewayConfig

STATIC = (  # what every adapter must hold, as far as it can be seen without a word of its service
    conformance.it_can_what_it_says,
    conformance.it_says_what_is_missing,
    conformance.it_survives_noise,
    conformance.it_survives_silence,
)


def problems(config: GatewayConfig) -> list[str]:
    """What keeps a gateway from being used here, in plain words; nothing if it may be."""
    wrong = _refusals(config)
    try:
        return wrong + adapter(config).check()
    except Invalid as problem:  # its secrets cannot be opened
        return [*wrong, problem.message]


def broken_rules(config: GatewayConfig) -> list[str]:
    """The rules of conformance.py that the adapter breaks with these settings, by their names; no secret is told."""
    try:
        around = adapter(config).around
    except Invalid:
        return []  # said by `problems`
    ours = _Ours(kind_of(config.type), around.settings, around.secrets, _says_nothing, around=around)
    return [
        _("It breaks the rule %(rule)s: %(sentence)s", rule=check.__name__, sentence=(check.__doc__ or "").strip())
        for check in STATIC
        if not (check is conformance.it_survives_noise and not ours.can().notifies) and not _holds(check, ours)
    ]


def switch(name: str, on: bool) -> None:
    """Switch a gateway, with every way to pay that leads to it. Raises NotFound; Invalid if it lacks something."""
    found = db.session.scalar(select(GatewayConfig).filter_by(name=name).with_for_update())
    if found is None:
        raise NotFound(_("There is no such payment service."))
    if on and (wrong := problems(found) or _broken_if_live(found)):
        raise Invalid(" ".join(wrong))
    found.active = on


def check_live(thoroughly: bool = False) -> None:
    """Raises Invalid when a live shop has a gateway switched on that is for tests; thoroughly: or breaks a rule.

    A certificate that is over or a key that is missing stops its gateway, never the shop.
    """
    active = list(db.session.scalars(select(GatewayConfig).filter_by(active=True).order_by(GatewayConfig.name)))
    if wrong := [config.name for config in active if refused_in_live(config)]:
        do = "switch it off, or set STORE_MODE=test and choose live as its mode in the admin"
        raise Invalid(f"A live shop must not use {', '.join(wrong)}, for tests or in test mode: {do}.")
    reasons = {config.name: _test_values(config) for config in active}
    if thoroughly:
        reasons = {config.name: reasons[config.name] or _broken_if_ready(config) for config in active}
    if told := [f"{name}: {' '.join(said)}" for name, said in reasons.items() if said]:
        raise Invalid(f"A live shop must not use what is for tests: switch it off, or mend it. {' '.join(told)}")


def _refusals(config):
    if not current_app.config["LIVE"]:
        return []
    if kind_of(config.type).for_test_only:
        return [_("It is for tests only, and this shop is live.")]
    return [_("It is in test mode, and this shop is live.")] if config.mode == "test" else []


def _test_values(config):
    """Sentences about the values of the service's test account; opens no secret that cannot have one."""
    kind = kind_of(config.type)
    around = adapter(config).around if current_app.config["LIVE"] and any(one.test for one in kind.properties) else None
    return wrong_with([one for one in kind.properties if _is_for_tests(one, around)], around) if around else []


def _is_for_tests(one, around):
    return one.test and one.test in (around.settings.get(one.name), around.secrets.get(one.name))


def _broken_if_ready(config):
    return [] if problems(config) else _broken_if_live(config)


def _broken_if_live(config):
    return broken_rules(config) if current_app.config["LIVE"] else []


@dataclass(frozen=True)
class _Ours(stand.Stand):
    """The configured gateway as it is, without its network."""

    around: Surroundings = field(kw_only=True)

    def told(self, bill: base.BillView) -> base.BillView:
        """As if it had begun: nobody answers here to a gateway that begins by a call."""
        return replace(bill, gateway_reference=bill.reference)

    def gateway(self, *, without: str = "", send: Callable[..., Any] | None = None) -> Gateway:
        """The adapter, perhaps without one of its settings, secrets or files."""

        def left(found: Mapping[str, Any]) -> dict[str, Any]:
            return {name: value for name, value in found.items() if name != without}

        real = self.around
        secrets = {name: value for name, value in left(real.secrets).items() if value}
        file = lambda name: b"" if name == without else real.file(name)  # noqa: E731 - a line of a record
        silent = send or stand.nobody_answers
        return self.kind(replace(real, settings=left(real.settings), secrets=secrets, file=file, send=silent))


def _says_nothing(*_about: Any) -> base.Message:
    return base.Message("POST", "", b"")


def _holds(check, ours):
    """A short secret stands in many a sentence by chance: then nobody can see whether it is told."""
    if check is conformance.it_says_what_is_missing:
        ours = replace(ours, secrets={name: one for name, one in ours.secrets.items() if len(one) > 7})
    try:
        check(ours)
    except Exception:  # whatever it raises, it breaks the rule
        return False
    return True
