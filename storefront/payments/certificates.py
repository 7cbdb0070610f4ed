"""Keys and certificates in files: all in one directory, which nobody leaves."""

import os
import re
import tempfile
from collections.abc import Callable, Mapping
from dataclasses import dataclass
from datetime import datetime, timedelta
from pathlib import Path

from flask import current_app
from flask_babel import gettext as _

from storefront.kit import clock
from storefront.kit.errors import Invalid

LARGEST = 64 * 1024  # bytes
WARNED = timedelta(days=30)  # so long before a certificate ends
_NAME = re.compile(r"[A-Za-z0-9][A-Za-z0-9._-]{0,79}")
_PART = re.compile(rb"-----BEGIN ([A-Z0-9 ]{1,40})-----.+?-----END \1-----", re.S)


@dataclass(frozen=True)
class Contents:
    """What a file holds: a private key, a certificate and when that ends, or a problem with it."""

    has_key: bool = False
    ends_at: datetime | None = None
    problem: str = ""

    @property
    def ends_soon(self) -> bool:
        """Whether its certificate is over, or will be within 30 days."""
        return self.ends_at is not None and self.ends_at < clock.here() + WARNED


def folder() -> Path:
    """Where they lie: DATA_DIR/certificates."""
    return Path(current_app.config["DATA_DIR"]).joinpath("certificates")


def path_of(name: str) -> Path:
    """The file of this name, relative to the directory. Raises Invalid for a name that leads out of it."""
    base = folder().resolve()
    try:
        found = base.joinpath(name).resolve()
    except (OSError, ValueError):
        found = base
    if not name or "\0" in name or base not in found.parents:
        raise Invalid(_("%(name)s is not a file in the folder of certificates.", name=repr(name[:80])))
    return found


def reader(files: Mapping[str, str]) -> Callable[[str], bytes]:
    """What reads the file of a property; b"" for one that is not there or lies elsewhere."""
    return lambda name: content_of(files.get(name, ""))


def content_of(file: str) -> bytes:
    """What stands in a file; b"" if it is not there or lies elsewhere."""
    try:
        with path_of(file).open("rb") as opened:
            return opened.read(LARGEST)
    except (OSError, Invalid, ValueError):
        return b""


def keep(name: str, content: bytes) -> str:
    """Write a file under this name, or under one like it where another file has it; gives the name.

    Raises Invalid for a name that is none, for more than 64 KB, and for what is no key and no certificate. What was
    there stays: it may be the key that is being replaced.
    """
    if not _NAME.fullmatch(name):
        raise Invalid(_("A file is called by letters, digits, dots and dashes."))
    if len(content) > LARGEST:
        raise Invalid(_("A key or a certificate has at most 64 KB."))
    if problem := contents(content).problem:
        raise Invalid(problem)
    stem, dot, kind = name.partition(".")
    for place in range(1, 1000):
        chosen = name if place == 1 else f"{stem}-{place}{dot}{kind}"
        if content_of(chosen) == content:
            return chosen
        if not path_of(chosen).exists():
            break
    _write(path_of(chosen), content)
    return chosen


def contents(content: bytes) -> Contents:
    """What a file holds; its first certificate counts. A key behind a password is a key, too."""
    parts = {kind: match for match in reversed(list(_PART.finditer(content))) for kind in [match[1].decode()]}
    keys = [match[0] for kind, match in parts.items() if kind.endswith("PRIVATE KEY")]
    if not parts:
        return Contents(problem=_("It is no PEM file: it must have a line that begins with -----BEGIN."))
    try:
        certificate = _certificate(parts["CERTIFICATE"][0]) if "CERTIFICATE" in parts else None
        key = _key(keys[0]) if keys else None
        _public(parts)
    except ValueError:
        return Contents(problem=_("The key or the certificate in it cannot be read."))
    if certificate and key and not _is_pair(certificate, key):
        return Contents(problem=_("The private key and the certificate in it do not belong together."))
    return Contents(bool(keys), certificate.not_valid_after_utc if certificate else None)


def about(file: str) -> Contents:
    """What the file of this name holds, or why it cannot be used."""
    content = content_of(file)
    return (
        contents(content)
        if content
        else Contents(problem=_("There is no file %(name)s in DATA_DIR/certificates.", name=file))
    )


def _write(path, content):
    """As a whole or not at all, for the shop's eyes only."""
    path.parent.mkdir(mode=0o700, parents=True, exist_ok=True)
    handle, part = tempfile.mkstemp(dir=path.parent, suffix=".part")
    with os.fdopen(handle, "wb") as file:
        file.write(content)
    os.replace(part, path)


def _certificate(part):
    from cryptography import x509  # as in kit/signing.py: a worker takes it only when it is needed

    return x509.load_pem_x509_certificate(part)


def _key(part):
    """The private key; None for one that a password guards."""
    from cryptography.exceptions import UnsupportedAlgorithm
    from cryptography.hazmat.primitives.serialization import load_pem_private_key

    try:
        return load_pem_private_key(part, None, unsafe_skip_rsa_key_validation=True)  # the merchant's own: only read
    except TypeError:
        return None
    except UnsupportedAlgorithm as error:
        raise ValueError(str(error)) from None


def _public(parts):
    """Raises ValueError when there is a public key that cannot be read."""
    from cryptography.hazmat.primitives.serialization import load_pem_public_key

    for kind, match in parts.items():
        if kind.endswith("PUBLIC KEY"):
            load_pem_public_key(match[0])


def _is_pair(certificate, key):
    return certificate.public_key() == key.public_key()
