"""The only way out to the network: closed while a transaction is open, bounded in time, size and kind."""

import ipaddress
import socket
from dataclasses import dataclass
from urllib.parse import urlsplit

import requests

from storefront.kit.db import release
from storefront.kit.errors import Unavailable


@dataclass(frozen=True)
class Answer:
    """What came back: the status, the headers in lower case, and at most `limit` bytes of body."""

    status: int
    headers: dict[str, str]
    body: bytes


def send(method, url, *, data=None, headers=None, timeout=2.0, limit=1_000_000, public_only=False) -> Answer:
    """Make one call, without following redirects. `timeout` is in seconds, `limit` in bytes.

    Raises Unavailable when nothing sensible comes back: no answer, too slow, too long, or (with
    `public_only`) an address inside a private network.
    """
    release()
    if public_only:
        _refuse_private(url)
    try:
        with requests.request(
            method, url, data=data, headers=headers, timeout=timeout, stream=True, allow_redirects=False
        ) as answer:
            body = answer.raw.read(limit + 1, decode_content=True)
            if len(body) > limit:
                raise Unavailable(f"The answer of {urlsplit(url).hostname} is too long.")
            return Answer(answer.status_code, {k.lower(): v for k, v in answer.headers.items()}, body)
    except (requests.RequestException, OSError) as error:
        raise Unavailable(f"{urlsplit(url).hostname} does not answer ({type(error).__name__}).") from error


def _refuse_private(url):
    """Addresses typed in the admin or found in a file must not lead into the machine's own network."""
    parts = urlsplit(url)
    if parts.scheme not in ("http", "https") or not parts.hostname:
        raise Unavailable("Only http and https addresses are fetched.")
    try:
        found = socket.getaddrinfo(parts.hostname, parts.port or 80, proto=socket.IPPROTO_TCP)
    except (OSError, UnicodeError) as error:
        raise Unavailable(f"{parts.hostname} cannot be found.") from error
    if not all(ipaddress.ip_address(entry[4][0].split("%")[0]).is_global for entry in found):
        raise Unavailable(f"{parts.hostname} is inside a private network.")
