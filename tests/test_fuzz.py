"""Whatever is sent to the addresses of a gateway raises nothing but the adapter's own error, and is not believed.

`make fuzz` does it for a minute for each adapter (FUZZ_SECONDS), `make test` for a few hundred messages.
"""

import inspect
import json
import os
import re
import time
from urllib.parse import urlencode

import pytest
from hypothesis import HealthCheck, Phase, given, seed, settings, strategies as st

from storefront.payments.errors import GatewayError
from storefront.payments.gateways import GATEWAYS, base
from storefront.payments.gateways.base import Hint, Message, Surroundings
from storefront.payments.gateways.properties import CERTIFICATE, SECRET
from storefront.payments.gateways.stand import NOW, OURS

SECONDS = float(os.environ.get("FUZZ_SECONDS") or 0)
HEADERS = ("stripe-signature", "quickpay-checksum-sha256", "x-signature", "authorization")


def away(*args, **how):
    """The service does not answer."""
    raise GatewayError("nobody is there")


def adapter_of(name):
    """The adapter with something in each of its properties."""
    kind = GATEWAYS[name]
    plain = {one.name: one.test or (one.choices[0][0] if one.choices else "1234567890") for one in kind.properties}
    secrets = {one.name: "0123456789abcdef" for one in kind.properties if one.kind == SECRET}
    files = {one.name for one in kind.properties if one.kind == CERTIFICATE}
    file = lambda name: b"no certificate" if name in files else b""  # noqa: E731
    return kind(Surroundings({**plain, "page": "https://gw.example"}, secrets, "test", lambda: NOW, away, file))


def messages_for(name):
    """Messages of bytes, forms, JSON and XML, made with the words that stand in the adapter's own source."""
    source = inspect.getsource(inspect.getmodule(GATEWAYS[name]))
    words = sorted({*re.findall(r'"([A-Za-z][A-Za-z0-9_.-]{1,30})"', source), "id", OURS.reference, OURS.key})
    word = st.sampled_from(words)
    leaf = word | st.text(max_size=12) | st.integers() | st.floats() | st.booleans() | st.none()
    tree = st.recursive(
        leaf, lambda inner: st.lists(inner, max_size=3) | st.dictionaries(word, inner, max_size=5), max_leaves=12
    )
    form = st.lists(st.tuples(word, word | st.text(max_size=20)), max_size=12).map(
        lambda p: urlencode(p, errors="replace")
    )
    xml = st.lists(st.tuples(word, st.text("abc<>&;1", max_size=9)), max_size=6).map(
        lambda pairs: "<r>" + "".join(f"<{tag} {tag}='1'>{text}</{tag}>" for tag, text in pairs) + "</r>"
    )
    body = (
        st.binary(max_size=200)
        | form.map(str.encode)
        | tree.map(lambda found: json.dumps(found).encode())
        | xml.map(lambda text: text.encode())
    )
    kinds = st.sampled_from(["application/x-www-form-urlencoded", "application/json", "text/xml", ""])
    headers = st.dictionaries(st.sampled_from(HEADERS), st.text(max_size=40) | st.just("t=1,v1=00"), max_size=2)
    return st.builds(
        lambda query, body, kind, more: Message("POST", query, body, {**more, "content-type": kind}),
        form | st.text(max_size=30),
        body,
        kinds,
        headers,
    )


def survives(adapter, message):
    """It reads the message in each way, and believes none of it."""
    for read in (adapter.identify, adapter.read_notification, lambda told: adapter.read_return(told, OURS)):
        try:
            said = read(message)
        except (GatewayError, NotImplementedError):
            continue
        if isinstance(said, base.Reading):
            assert said.verdict != base.AUTHENTIC or not said.outcomes
        assert said is None or isinstance(said, str | Hint | base.Reading), f"{message} is believed: {said}"


@pytest.mark.parametrize("name", GATEWAYS)
def test_nothing_that_is_sent_breaks_it(bare_app, name):
    """NOT-08, SEC-01: garbage of every kind, and forms, JSON and XML with the right words but no proof."""
    with bare_app.app_context():
        adapter, until, turn = adapter_of(name), time.monotonic() + SECONDS, 0
        while turn == 0 or time.monotonic() < until:

            @seed(turn)
            @settings(
                max_examples=2000 if SECONDS else 150,
                deadline=None,
                database=None,
                phases=[Phase.generate, Phase.shrink],
                suppress_health_check=list(HealthCheck),
            )
            @given(messages_for(name))
            def run(message):
                survives(adapter, message)

            run()
            turn += 1
