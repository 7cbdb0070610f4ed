"""Those who run the shop can see how it is: health, figures, and logs that explain much and betray nothing.

Proves SEC-06 and BIL-14 as far as logs go.
"""

import errno
import json
import logging
import sys
from datetime import timedelta

import pytest

from config import Config, ConfigError
from storefront import health, logs
from storefront.jobs import lease
from storefront.jobs.models import JobRun
from storefront.kit import clock
from storefront.kit.db import db, transaction

SECRET = "hunter2-hunter2"
TOKEN = "a long token of whoever watches"


def written(record_or_message, *args, **fields):
    """The JSON line that a message becomes."""
    record = logging.LogRecord("storefront.test", logging.INFO, __file__, 1, record_or_message, args, None)
    vars(record).update(fields)
    return json.loads(logs.JsonLines().format(record))


@pytest.mark.parametrize(
    "message",
    [
        "signature={}", "password: {}", '{{"password": "{}"}}', "Authorization: Bearer {}", "Authorization: Basic {}",
        "{{'Authorization': 'Bearer {}'}}", "token={}&next=/", "csrf_token={}", "{{'merchant_key': '{}'}}",
        "api-key: {}", "secret = {}", "?a=1&Ds_Signature={}", "postgresql://shop:{}@db/shop", "smtp://user:{}@mail:25",
        "Cookie: {}", "SECRET_KEY={}", "X-Hmac: {}", "hmac={}",
    ],
)  # fmt: skip
def test_logs_keep_no_secret(message):
    """Whatever the words around it, a secret does not reach the log."""
    line = written("%s", message.format(SECRET))
    assert SECRET not in json.dumps(line)
    assert "***" in line["message"]


@pytest.mark.parametrize(
    "number", ["4111111111111111", "4111 1111 1111 1111", "4111-1111-1111-1111", "378282246310005"]
)
def test_logs_keep_no_card_number(number):
    """Nor anything as long as one."""
    assert "1111" not in written("paid with %s", number)["message"]
    assert written("paid with %s", number)["message"] == "paid with [number]"


def test_logs_say_what_is_no_secret():
    """Order numbers, sums, times and names remain."""
    said = "order K-1042 of 42.90 EUR at 2026-11-22T10:15:00+00:00 is paid, monkey business, keyboard"
    assert written(said)["message"] == said
    line = written("done", rows=3, took=0.25, signature=SECRET, nothing=None)
    assert (line["rows"], line["took"], line["signature"], line["nothing"]) == (3, 0.25, "***", None)


def test_a_trace_is_masked_too():
    """An exception's text is as dangerous as a message."""
    try:
        raise ValueError(f"password={SECRET}")
    except ValueError:
        record = logging.LogRecord("x", logging.ERROR, __file__, 1, "oops", (), sys.exc_info())
    assert SECRET not in logs.JsonLines().format(record)
    assert SECRET not in logs.Words().format(record)
    assert "ValueError" in json.loads(logs.JsonLines().format(record))["trace"]


@pytest.mark.parametrize(
    ("path", "kept"),
    [
        ("/orders/abcdefghijklmnopqrstuv", "/orders/abcd…"),
        ("/orders/abcdefghijklmnopqrstuv/pay", "/orders/abcd…/pay"),
        ("/payments/sandbox/return/abcdefghijklmnopqrstuv/ok", "/payments/sandbox/return/abcd…/ok"),
        ("/checkout/preview", "/checkout/preview"),
        ("/products/a-very-long-name-of-a-tea-towel", "/products/a-very-long-name-of-a-tea-towel"),
    ],
)
def test_keys_in_paths_are_cut_short(path, kept):
    """Who reads the log cannot open a customer's order."""
    assert logs.short_path(path) == kept


def test_each_request_is_told_in_one_line(play, caplog):
    """With method, path, status and time, and the id that the visitor's error page shows."""
    caplog.set_level(logging.INFO, "storefront.request")
    page = play.visitor().get("/healthz?token=" + SECRET)
    play.visitor().get("/orders/abcdefghijklmnopqrstuv")
    (record,) = (record for record in caplog.records if record.name == "storefront.request")
    assert (record.method, record.status) == ("GET", 404)
    assert record.getMessage().startswith("GET /orders/abcd… 404 ")
    assert page.headers["X-Request-Id"]
    assert SECRET not in caplog.text


def test_the_last_resort_asks_nothing_of_the_database(play):
    """Even before the shop is set up, or without its database, a visitor reads a sentence and a number to quote."""
    page = play.visitor().get("/")
    assert (page.status, page.headers["Retry-After"]) == (503, "30")
    assert page.has("This shop is not set up yet")
    assert page.has(f"quote {page.headers['X-Request-Id']}")


def test_alive_needs_nothing(play):
    """The process answers although the shop is not set up."""
    assert play.visitor().get("/healthz").json() == {"status": "ok"}


def test_ready_when_the_scheduler_lately_ran(play, monkeypatch):
    """Ready after a run, and no longer two minutes later; the reason is said."""
    monkeypatch.setitem(play.app.config, "SCHEDULER", "embedded")
    visitor = play.visitor()
    answer = visitor.get("/readyz")
    assert (answer.status, answer.json()["reasons"]) == (503, ["The scheduler has never run."])
    assert answer.headers["Retry-After"]
    lease.take("scheduler", "a worker", timedelta(seconds=30))
    assert visitor.get("/readyz").json() == {"status": "ready", "reasons": [], "scheduler": "embedded"}
    play.wait(minutes=5)
    answer = visitor.get("/readyz")
    assert answer.status == 503
    assert "silent for" in answer.json()["reasons"][0]


def test_ready_says_that_the_scheduler_is_off(play):
    """Whoever switched it off here runs it elsewhere."""
    assert play.visitor().get("/readyz").json()["scheduler"] == "off"


def test_figures_can_be_read(play):
    """Requests are counted and timed, and the books are summed up, in the form that Prometheus reads."""
    play.shelves(mug=1)
    with transaction():
        db.session.add(JobRun(job="deliver_events", started=clock.now()))
    visitor = play.visitor()
    visitor.get("/healthz")
    answer = visitor.get("/metrics")
    assert answer.headers["Content-Type"].startswith("text/plain")
    text = answer.answer.text
    assert 'shop_requests_total{endpoint="health.alive",method="GET",status="200"}' in text
    assert 'shop_request_seconds_bucket{endpoint="health.alive",le="+Inf"}' in text
    assert 'shop_job_age_seconds{job="deliver_events"}' in text
    assert "# TYPE shop_orders gauge" in text


@pytest.mark.parametrize(
    ("peer", "headers", "status"),
    [
        ("127.0.0.1", {}, 200),
        ("::1", {}, 200),
        ("::ffff:127.0.0.1", {}, 200),
        ("127.0.0.1", {"X-Forwarded-For": "127.0.0.1"}, 200),
        ("192.0.2.7", {}, 404),
        ("", {}, 404),
        ("192.0.2.7", {"X-Forwarded-For": "127.0.0.1"}, 404),
        ("127.0.0.1", {"X-Forwarded-For": "192.0.2.7"}, 404),
        ("127.0.0.1", {"X-Forwarded-For": "127.0.0.1, 192.0.2.7"}, 404),
        ("127.0.0.1", {"X-Forwarded-For": "nonsense"}, 404),
        ("127.0.0.1", {"Forwarded": "for=192.0.2.7"}, 404),
        ("192.0.2.7", {"Authorization": f"Bearer {TOKEN}"}, 200),
        ("192.0.2.7", {"Authorization": "Bearer another"}, 404),
        ("192.0.2.7", {"Authorization": "Bearer \u00fc"}, 404),
        ("192.0.2.7", {"Authorization": TOKEN}, 404),
    ],
)
@pytest.mark.parametrize("proxies", [0, 1, 2])
def test_the_figures_are_not_for_everybody(play, monkeypatch, peer, headers, status, proxies):
    """SEC-05: read on this machine, or with the token; for whoever comes from elsewhere the page is not there, however
    many proxies are trusted and whatever they are told."""
    play.shop()
    monkeypatch.setitem(play.app.config, "METRICS_TOKEN", TOKEN)
    for name in ("x_for", "x_proto"):
        monkeypatch.setattr(play.app.wsgi_app, name, proxies)
    answer = play.app.test_client().get("/metrics", headers=headers, environ_overrides={"REMOTE_ADDR": peer})
    assert answer.status_code == status
    assert ("shop_orders" in answer.text) is (status == 200)


def test_without_a_token_nobody_has_it(play):
    """SEC-05: an empty setting lets nobody in from elsewhere; one that can be guessed is refused."""
    play.shop()
    for given in ("Bearer ", "Bearer", ""):
        asked = {"Authorization": given, "X-Forwarded-For": "192.0.2.7"}
        assert play.visitor().get("/metrics", headers=asked).status == 404
    with pytest.raises(ConfigError, match="METRICS_TOKEN"):
        Config({"METRICS_TOKEN": "short"})


def test_figures_without_room_cost_no_page(play, monkeypatch):
    """INV-27: where not even a figure can be written any more, pages are still answered."""

    def full(*labels):
        raise OSError(errno.ENOSPC, "No space left on device")

    monkeypatch.setattr(health.REQUESTS, "labels", full)
    assert play.visitor().get("/healthz").status == 200


@pytest.mark.parametrize("path", ["/healthz", "/readyz", "/metrics"])
def test_watching_leaves_no_cookie(play, path):
    """No session is begun for a machine."""
    visitor = play.visitor()
    assert "Set-Cookie" not in visitor.get(path).headers


def test_watching_too_often_is_refused(play, rate_limits):
    """The figures cost a few queries: nobody may ask for them all day long."""
    visitor = play.visitor()
    statuses = {visitor.get("/metrics").status for _ in range(125)}
    assert statuses == {200, 429}
