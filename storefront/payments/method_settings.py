"""The settings of a way to pay: a JSON object, held against a schema. Each kind of gateway may know more of them.

A schema is a part of JSON Schema: by name `type` (integer, string, boolean), `enum`, `minimum`, `maximum`, `maxLength`,
and a `description` for the merchant. What no schema knows is refused.
"""

import json
from collections.abc import Mapping
from typing import Any

from flask_babel import gettext as _, lazy_gettext as _l
from sqlalchemy import select

from storefront.kit.db import db
from storefront.kit.errors import Invalid
from storefront.payments.capturing import AT_RELEASE, BY_HAND, ON_SHIPMENT
from storefront.payments.gateways import kind_of
from storefront.payments.gateways.cards import CardOptions
from storefront.payments.models import GatewayConfig, PaymentMethod

Schema = Mapping[str, Mapping[str, Any]]
LARGEST = 10_000  # letters
TYPES: dict[str, type] = {"integer": int, "string": str, "boolean": bool}
COMMON: Schema = {
    "pending_window_h": {
        "type": "integer",
        "minimum": 1,
        "maximum": 720,
        "description": _l("Hours for which goods are kept while the money is on its way"),
    },
    "capture": {
        "type": "string",
        "enum": [BY_HAND, AT_RELEASE, ON_SHIPMENT],
        "description": _l("When money that is only reserved is taken"),
    },
}


def settings_schema(config: GatewayConfig) -> Schema:
    """What a way to pay through this gateway may be told."""
    return {**COMMON, **kind_of(config.type).method_settings}


def card_options(config: GatewayConfig) -> CardOptions:
    """What this gateway's page can be told of cards."""
    return kind_of(config.type).card_options


def settings_from(text: str, config: GatewayConfig) -> dict[str, Any]:
    """The settings that somebody has typed; nothing typed is no settings. Raises Invalid with a sentence."""
    try:
        found = json.loads(text[: LARGEST + 1]) if text.strip() else {}
    except (ValueError, RecursionError) as error:
        where = f" ({error.msg}, {error.lineno}:{error.colno})" if isinstance(error, json.JSONDecodeError) else ""
        raise Invalid(_("This is not JSON%(where)s.", where=where)) from None
    if not isinstance(found, dict):
        raise Invalid(_("Write an object: names and values in braces."))
    if wrong := why_not(found, config):
        raise Invalid(" ".join(wrong))
    return found


def why_not(settings: Mapping[str, Any], config: GatewayConfig) -> list[str]:
    """What is wrong with these settings, a sentence each."""
    schema = settings_schema(config)
    wrong = [_wrong(name, value, schema[name]) for name, value in settings.items() if name in schema]
    unknown = [name for name in settings if name not in schema]
    if unknown:
        names = {"unknown": ", ".join(_shown(name) for name in unknown), "known": ", ".join(schema)}
        wrong.append(_("There is no setting %(unknown)s: it knows %(known)s.", **names))
    return [sentence for sentence in wrong if sentence]


def problems_with_methods(config: GatewayConfig) -> list[str]:
    """What is wrong with the settings of the ways to pay that lead to a gateway."""
    found = select(PaymentMethod).filter_by(backend_config_id=config.id).order_by(PaymentMethod.id)
    return [
        f"{method.label}: {sentence}"
        for method in db.session.scalars(found)
        for sentence in why_not(method.settings, config)
    ]


def _shown(name: str) -> str:
    """A name that somebody typed, so that every page can show it."""
    return name[:40].encode("utf-8", "backslashreplace").decode()


def _wrong(name: str, value: Any, rule: Mapping[str, Any]) -> str:
    kind = TYPES[rule["type"]]
    if type(value) is not kind:
        words = {int: _("a whole number"), str: _("text"), bool: _("true or false")}
        return _("%(name)s must be %(what)s.", name=name, what=words[kind])
    if "enum" in rule and value not in rule["enum"]:
        return _("%(name)s must be one of %(words)s.", name=name, words=", ".join(rule["enum"]))
    if kind is int and value < rule.get("minimum", value):
        return _("%(name)s must be at least %(least)s.", name=name, least=rule["minimum"])
    if kind is int and value > rule.get("maximum", value):
        return _("%(name)s must be at most %(most)s.", name=name, most=rule["maximum"])
    if isinstance(value, str) and not value.isprintable():
        return _("%(name)s must be one line of text.", name=name)
    if isinstance(value, str) and len(value) > rule.get("maxLength", LARGEST):
        return _("%(name)s has more than %(count)s letters.", name=name, count=rule["maxLength"])
    return ""
