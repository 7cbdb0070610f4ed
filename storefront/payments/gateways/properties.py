"""What a merchant types to connect a payment service: a schema, and what is wrong with what was typed."""

import re
from collections.abc import Sequence
from dataclasses import dataclass
from typing import TYPE_CHECKING, Any
from urllib.parse import urlsplit

if TYPE_CHECKING:
    from storefront.payments.gateways.base import Surroundings

REHEARSED = "/sandbox/as/"  # where the sandbox of a shop plays other services: see sandbox/rehearsal.py
TEXT, CHOICE, SECRET, CERTIFICATE, ADDRESS, FLAG = "text", "choice", "secret", "certificate", "address", "flag"


@dataclass(frozen=True)
class Property:
    """One field of the form. `kind` is one of the words above; a secret is sealed, a certificate is a file's name.

    `pattern` must match the whole value; `choices` are (value, label); `test` is the value of the service's published
    test account, if there is one: a live gateway must not have it.
    """

    name: str
    label: Any = ""
    kind: str = TEXT
    required: bool = True
    choices: Sequence[tuple[str, Any]] = ()
    pattern: str = ""
    hint: Any = ""
    test: str = ""


def required(properties: Sequence[Property]) -> list[str]:
    """The names of what must be there."""
    return [one.name for one in properties if one.required]


def wrong_with(properties: Sequence[Property], around: "Surroundings") -> list[str]:
    """What is wrong with the values, a sentence each, without telling a secret."""
    sentences = (_wrong(one, _value(one, around), around) for one in properties)
    return [sentence for sentence in sentences if sentence]


def _value(one, around):
    if one.kind == SECRET:
        return around.secrets.get(one.name, "")
    if one.kind == CERTIFICATE:
        return around.file(one.name)
    return around.settings.get(one.name, "")


def _wrong(one, value, around):
    called = f"{one.label} ({one.name})" if one.label else one.name
    if not value:
        missing = f"The secret {called} is missing." if one.kind == SECRET else f"{called} is missing."
        return missing if one.required else ""
    if one.kind == CERTIFICATE or one.kind == FLAG:
        return ""
    if one.choices and value not in [known for known, _ in one.choices]:
        return f"{called} is not one of its choices."
    if one.pattern and not re.fullmatch(one.pattern, value):
        return f"{called} does not look right: {one.hint or one.pattern}."
    if one.test and value == one.test and around.mode == "live":
        return f"{called} is the one of the test account: a live shop needs your own."
    return _wrong_address(called, value, around.mode) if one.kind == ADDRESS else ""


def _wrong_address(called, value, mode):
    try:
        parts = urlsplit(value)
        right = parts.scheme in ("https", "http") and bool(parts.hostname)
    except ValueError:
        right = False
    if not right:
        return f"{called} is not an address."
    if mode == "live" and parts.path.startswith(REHEARSED):
        return f"{called} is the one of the rehearsal: a live service is reached at its own, so empty it or enter that."
    return f"{called} must begin with https:// in a live shop." if mode == "live" and parts.scheme != "https" else ""
