"""The keys of a gateway: sealed, never shown, and kept for a while after they were replaced.

What was replaced stands in `GatewayConfig.rotation`, by the name of its property: {"since": when today's came, "old":
[{"value": sealed, or the name of a file, "until": how long it is kept}]}. So messages that a service signed before it
took the new key are still believed.
"""

from collections.abc import Iterator, Mapping
from datetime import datetime, timedelta
from itertools import islice, product
from typing import Any

from storefront.kit import clock, signing
from storefront.kit.errors import Invalid
from storefront.payments.models import GatewayConfig

KEPT = timedelta(hours=72)
MOST_OLD, MOST_TRIED = 3, 15  # of one key; of all that can be combined
TOLD = 12  # letters that a secret must have for its last two to be shown
Keys = Mapping[str, Any]


def put_secret(config: GatewayConfig, name: str, secret: str) -> bool:
    """Seal a secret, under today's SECRET_KEY; the one before is kept for a while. Whether it is another one."""
    before = config.secrets.get(name, "")
    config.secrets = {**config.secrets, name: signing.sealed(secret)}
    if _opened(before) == secret:
        return False
    _note(config, name, before)
    return True


def put_file(config: GatewayConfig, name: str, file: str) -> bool:
    """Name the file of a property; the one before is read for a while, too. Whether it is another one."""
    before = config.certificates.get(name)
    if (before or "") == file:
        return False
    config.certificates = {**config.certificates, name: file}
    _note(config, name, before)
    return True


def older(config: GatewayConfig) -> Iterator[tuple[Keys, Keys]]:
    """The secrets and files as they were: each key in turn the one that was replaced, alone and with others."""
    names = [name for name, noted in config.rotation.items() if noted.get("old")]
    if not names:
        return iter(())
    now = clock.now()
    choices = [[(name, None), *((name, one["value"]) for one in _kept(config, name, now))] for name in names]
    return (_as_it_was(config, chosen) for chosen in islice(product(*choices), 1, MOST_TRIED + 1))


def forget_old(config: GatewayConfig, name: str) -> bool:
    """From now on only today's key counts; whether there was an older one."""
    noted = config.rotation.get(name, {})
    if not noted.get("old"):
        return False
    config.rotation = {**config.rotation, name: {**noted, "old": []}}
    return True


def forget_what_is_over(config: GatewayConfig) -> bool:
    """Remove replaced keys whose time is over; whether there were any."""
    now, over = clock.now(), False
    for name, noted in config.rotation.items():
        kept = _kept(config, name, now)
        if len(kept) < len(noted.get("old", ())):
            config.rotation, over = {**config.rotation, name: {**noted, "old": kept}}, True
    return over


def remove_secret(config: GatewayConfig, name: str) -> bool:
    """A secret that is not needed any more is gone, and what it replaced; whether there was one."""
    there = name in config.secrets
    config.secrets = {known: sealed for known, sealed in config.secrets.items() if known != name}
    config.rotation = {known: noted for known, noted in config.rotation.items() if known != name}
    return there


def since(config: GatewayConfig, name: str) -> datetime | None:
    """When today's key came; None if nobody noted it."""
    text = config.rotation.get(name, {}).get("since")
    return datetime.fromisoformat(text) if text else None


def old_until(config: GatewayConfig, name: str) -> datetime | None:
    """How long the key before counts, too; None if there is none."""
    kept = _kept(config, name, clock.now()) if config.rotation.get(name, {}).get("old") else []
    return max((datetime.fromisoformat(one["until"]) for one in kept), default=None)


def ending_of(config: GatewayConfig, name: str) -> str:
    """The last two letters of a long secret; "" of any other, or of one that cannot be opened."""
    secret = _opened(config.secrets.get(name, "")) or ""
    return secret[-2:] if len(secret) >= TOLD else ""


def _note(config, name, before):
    now = clock.now()
    kept = _kept(config, name, now)
    if before:
        kept = [{"value": before, "until": (now + KEPT).isoformat()}, *kept][:MOST_OLD]
    config.rotation = {**config.rotation, name: {"since": now.isoformat(), "old": kept}}


def _kept(config, name, now):
    olds = config.rotation.get(name, {}).get("old", ())
    return [one for one in olds if datetime.fromisoformat(one["until"]) > now]


def _as_it_was(config, chosen):
    replaced = {name: value for name, value in chosen if value is not None}
    secrets = {name: replaced.get(name, value) for name, value in config.secrets.items()}
    return secrets, {name: replaced.get(name, value) for name, value in config.certificates.items()}


def _opened(sealed):
    try:
        return signing.opened(sealed) if sealed else None
    except Invalid:
        return None
