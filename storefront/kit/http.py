"""The only way out to the network: closed while a transaction is open, bounded in time, size and kind."""

import contextlib
import functools
import ipaddress
import socket
from dataclasses import dataclass
from urllib.parse import urlsplit

from urllib3 import HTTPConnectionPool, HTTPSConnectionPool
from urllib3.connection import HTTPConnection, HTTPSConnection
from urllib3.exceptions import HTTPError

from storefront.kit.db import release
from storefront.kit.deadline import can_be_cut, within
from storefront.kit.errors import Unavailable
from storefront.kit.lean import without

with without("charset_normalizer"):  # 3 MB that guess how texts are encoded; we read bytes
    import requests
    from requests.adapters import HTTPAdapter


@dataclass(frozen=True)
class Answer:
    """What came back: the status, the headers in lower case, and at most `limit` bytes of body."""

    status: int
    headers: dict[str, str]
    body: bytes


def send(method, url, *, data=None, headers=None, timeout=2.0, limit=1_000_000, public_only=False) -> Answer:
    """Make one call, without following redirects. `timeout` is in seconds a step, `limit` in bytes.

    It is over after one and a half times that, whatever the other side does. Raises Unavailable when nothing
    sensible comes back: no answer, too slow, too long, or (with `public_only`) an address inside a private network.
    """
    release()
    how = {"data": data, "headers": headers, "timeout": timeout, "stream": True, "allow_redirects": False}

    def call():
        with requests.Session() as session:
            session.trust_env = not public_only  # a proxy would look the name up once more, for itself
            for scheme in ("http://", "https://"):
                session.mount(scheme, _PublicAdapter() if public_only else _WatchedAdapter())
            if public_only:
                _keep_public(url)
            with session.request(method, url, **how) as answer:
                body = _body(answer, limit)
                return Answer(answer.status_code, {k.lower(): v for k, v in answer.headers.items()}, body)

    try:
        return within(1.5 * timeout, call)
    except (requests.RequestException, HTTPError, OSError, ValueError) as error:
        raise Unavailable(f"{_host(url)} does not answer ({type(error).__name__}).") from error


def _body(answer, limit):
    body = b""
    while part := answer.raw.read1(65536, decode_content=True):
        body += part
        if len(body) > limit:
            raise Unavailable(f"The answer of {_host(answer.url)} is too long.")
    return body


def _host(url):
    try:
        return urlsplit(url).hostname or url[:80]
    except ValueError:
        return url[:80]


def _keep_public(url):
    """Addresses typed in the admin or found in a file must not lead into the machine's own network."""
    try:
        parts = urlsplit(url)
        usable = parts.scheme in ("http", "https") and parts.hostname and parts.port != 0
    except ValueError:
        usable = False
    if not usable:
        raise Unavailable("Only http and https addresses are fetched.")


def _public_addresses(host, port):
    """The addresses of a host, if all of them are public. Raises Unavailable."""
    try:
        found = socket.getaddrinfo(host, port, proto=socket.IPPROTO_TCP)
    except (OSError, UnicodeError) as error:
        raise Unavailable(f"{host} cannot be found.") from error
    addresses = [entry[4][0] for entry in found]
    if not all(_is_public(address) for address in addresses):
        raise Unavailable(f"{host} is inside a private network.")
    return addresses


def _is_public(address):
    """Global, and not a way to say another address: ::ffff:127.0.0.1, 64:ff9b::7f00:1 and 2002:7f00:1::."""
    ip = ipaddress.ip_address(address.split("%")[0])
    inner = [getattr(ip, "ipv4_mapped", None), getattr(ip, "sixtofour", None)]
    if ip.version == 6 and ip in ipaddress.ip_network("64:ff9b::/96"):
        inner.append(ipaddress.ip_address(int(ip) & 0xFFFFFFFF))
    return ip.is_global and not ip.is_multicast and all(one is None or one.is_global for one in inner)


class _Watched:
    """Tells how it is cut, so that a call that takes too long ends."""

    def connect(self):
        super().connect()  # type: ignore[misc]
        can_be_cut(functools.partial(self.sock.shutdown, socket.SHUT_RDWR))  # type: ignore[attr-defined]


class _Pinned(_Watched):
    """Connects to the very address that was checked: a name that changes its answer in between gains nothing."""

    host: str
    port: int
    timeout: float | None

    def _new_conn(self):
        *others, last = _public_addresses(self.host, self.port)
        for address in others:
            with contextlib.suppress(OSError):
                return socket.create_connection((address, self.port), self.timeout)
        return socket.create_connection((last, self.port), self.timeout)


class _HTTP(_Watched, HTTPConnection):
    """Plain HTTP."""


class _HTTPS(_Watched, HTTPSConnection):
    """TLS."""


class _PinnedHTTP(_Pinned, HTTPConnection):
    """Plain HTTP to a checked address."""


class _PinnedHTTPS(_Pinned, HTTPSConnection):
    """TLS to a checked address; the certificate must be the name's."""


def _pool(parent, connection):
    return type(f"_{connection.__name__}Pool", (parent,), {"ConnectionCls": connection})


class _WatchedAdapter(HTTPAdapter):
    """Sends over connections that can be cut off."""

    pools = {"http": _pool(HTTPConnectionPool, _HTTP), "https": _pool(HTTPSConnectionPool, _HTTPS)}

    def init_poolmanager(self, *args, **kwargs):
        super().init_poolmanager(*args, **kwargs)
        self.poolmanager.pool_classes_by_scheme = self.pools


class _PublicAdapter(_WatchedAdapter):
    """The same, to public addresses only."""

    pools = {"http": _pool(HTTPConnectionPool, _PinnedHTTP), "https": _pool(HTTPSConnectionPool, _PinnedHTTPS)}
