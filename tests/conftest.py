"""The rig: both databases, the shop behind a real server, a mail server, a browser, and the summary at the end."""

import gc
import logging
import os
import shutil
import signal
import socket
import tempfile
import threading
from collections import Counter, defaultdict
from importlib import import_module
from pathlib import Path

import pytest
from aiosmtpd.controller import Controller
from argon2 import PasswordHasher
from flask_migrate import upgrade
from sqlalchemy import create_engine, text
from werkzeug.serving import WSGIRequestHandler, make_server

from config import Config
from storefront import logs
from storefront.app import create_app
from storefront.customers import passwords
from storefront.jobs import runner
from storefront.kit import clock, crash
from storefront.kit.db import db
from storefront.kit.limits import limiter
from storefront.sandbox import delivery

import databases
from drill import stage_a_shop
from play import Play

ROOT = Path(__file__).resolve().parent.parent
STRONG = passwords._hasher
passwords._hasher = PasswordHasher(time_cost=1, memory_cost=8, parallelism=1)  # thousands sign in: no password is real
pytest_plugins = ["browser", "bookkeeping", "storefront.payments.gateways.kit"]
for found in sorted((ROOT / "storefront").glob("*/models.py")):
    import_module(f"storefront.{found.parent.name}.models")


def pytest_configure(config):
    """Told to stop, stop as if by Ctrl-C: servers that the tests started are stopped too."""
    signal.signal(signal.SIGTERM, signal.default_int_handler)


def pytest_addoption(parser):
    parser.addoption("--db", action="append", choices=databases.KINDS, help="only this database; may be repeated")
    parser.addoption("--everywhere", action="store_true", help="every case of a story on both databases")


def pytest_generate_tests(metafunc):
    if "database" in metafunc.fixturenames:
        chosen = metafunc.config.getoption("--db") or databases.KINDS
        if only := metafunc.definition.get_closest_marker("only_on"):
            chosen = [kind for kind in chosen if kind in only.args]
        browser = metafunc.definition.get_closest_marker("browser")
        if browser and not browser.kwargs.get("everywhere"):
            chosen = chosen[:1]  # what a browser shows is the same on both
        metafunc.parametrize("database", chosen, indirect=True, scope="session")


@pytest.fixture(scope="session")
def database(request):
    """One of the two database servers; `database.new()` gives the address of an empty database."""
    server = databases.start(request.param)
    yield server
    server.stop()


@pytest.fixture(scope="session")
def staged(database):
    """The address of a shop with five mugs and an owner, to be copied by whoever serves it."""
    url = database.new()
    stage_a_shop(url)
    return url


class Shop:
    """The shop as a process would run it: the application, and its address; with more settings if need be."""

    def __init__(self, database_url, **more):
        self.folder = Path(tempfile.mkdtemp(prefix="shop-data-"))
        self.socket = socket.create_server(("127.0.0.1", 0))
        self.url = f"http://127.0.0.1:{self.socket.getsockname()[1]}"
        self.app = create_app(self._config(database_url, more))
        limiter.enabled = False
        delivery.LONGEST_TIMER = 0  # what the gateway says later it says when the story runs its job
        logging.getLogger().handlers = [one for one in logging.getLogger().handlers if not isinstance(one, logs.Stderr)]
        with self.app.app_context():
            upgrade()
        self.server = make_server(
            "127.0.0.1", 0, self.app, threaded=True, request_handler=_Silent, fd=self.socket.fileno()
        )
        threading.Thread(target=self.server.serve_forever, args=(0.02,), daemon=True).start()

    def _config(self, database_url, more):
        settings = {
            "DATABASE_URL": database_url,
            "DATA_DIR": str(self.folder),
            "PUBLIC_URL": self.url,
            "SECRET_KEY": "the-second-key-of-the-tests,the-first-key-of-the-tests",
            "SCHEDULER": "off",
            "LOG_LEVEL": "WARNING",
        }
        return Config({**settings, **more})

    def stop(self):
        """Close the door, let go of the database and remove what was kept."""
        self.server.shutdown()
        self.server.server_close()
        self.socket.close()
        with self.app.app_context():
            db.engine.dispose()
        shutil.rmtree(self.folder, ignore_errors=True)


class _Silent(WSGIRequestHandler):
    """The shop writes its own log."""

    protocol_version = "HTTP/1.1"  # as gunicorn speaks it

    def log(self, *args, **kwargs):
        pass


@pytest.fixture(scope="session")
def shop(database):
    """The shop on an empty database, behind a real threaded HTTP server in this process."""
    shop = Shop(database.new())
    yield shop
    shop.stop()


@pytest.fixture
def app(shop):
    """The application with its rows, letters and pictures gone and the clock right; no context is pushed."""
    with shop.app.app_context():
        databases.empty(db.engine)
    for name in ("mail", "media", "certificates"):
        shutil.rmtree(shop.folder / name, ignore_errors=True)
    clock.reset()
    runner.CLOCKS.clear()
    yield shop.app
    clock.reset()


@pytest.fixture(scope="session")
def bare_app(tmp_path_factory):
    """An application of which nobody asks a database: for translators of protocols, which speak to people, too."""
    folder = tmp_path_factory.mktemp("bare")
    settings = {"DATABASE_URL": f"sqlite:///{folder}/none.db", "DATA_DIR": str(folder), "SECRET_KEY": "-"}
    return create_app(Config({**settings, "SCHEDULER": "off", "LOG_LEVEL": "WARNING"}))


@pytest.fixture
def context(app):
    """The application with a context of its own pushed, for tests that call verbs."""
    with app.app_context():
        yield app


@pytest.fixture
def play(context, shop):
    """The stage: see play.py."""
    play = Play(context, shop.url)
    yield play
    play.end()


@pytest.fixture
def between():
    """Do something when a commit of the shop is reached: `between("open_bill.before", deed)`, once."""

    def watch(point, deed):
        def reached(name):
            if name == point:
                crash.watcher = None
                deed()

        crash.watcher = reached

    yield watch
    crash.watcher = None


@pytest.fixture
def rate_limits():
    """Count tries in this test, from zero; other tests may try as often as they like."""
    limiter.reset()
    limiter.enabled = True
    yield limiter
    limiter.enabled = False


@pytest.fixture
def engine_beside(shop):
    """A second, plain connection pool to the same database, for looking at what was really committed."""
    engine = create_engine(shop.app.config["SQLALCHEMY_DATABASE_URI"])
    yield engine
    engine.dispose()


class _Letterbox:
    """An SMTP server's handler that keeps what it was given; `refuse` makes it say no for a while."""

    def __init__(self):
        self.letters, self.refuse = [], False

    async def handle_DATA(self, server, session, envelope):  # noqa: N802 - the name is aiosmtpd's
        if self.refuse:
            return "451 Try again later"
        self.letters.append(envelope)
        return "250 Taken"


@pytest.fixture
def smtp(app):
    """A real SMTP server that the shop uses in this test. `smtp.letters` holds envelopes, `smtp.refuse` says no."""
    box = _Letterbox()
    controller = Controller(box, hostname="127.0.0.1", port=_free_port())
    controller.start()
    before = app.config["MAIL_URL"]
    app.config["MAIL_URL"] = f"smtp://127.0.0.1:{controller.port}"
    yield box
    app.config["MAIL_URL"] = before
    controller.stop()


def _free_port():
    with socket.create_server(("127.0.0.1", 0)) as found:
        return found.getsockname()[1]


# --- what ran, and what did not ---------------------------------------------------------------------------------------


def pytest_collection_modifyitems(config, items):
    """Each test says of which kind it is. Of two processes one takes SQLite's stories and one PostgreSQL's, the long
    runs first; whoever is free goes on with the browser, the drill and the rest.
    """
    if not (config.getoption("--db") or config.getoption("--everywhere")):
        left_out = set(_other_turns(items))
        config.hook.pytest_deselected(items=left_out)
        items[:] = [item for item in items if item not in left_out]
    for item in items:
        item.user_properties.append(("kind", _kind(item)))
        if group := _group(item):
            item.add_marker(pytest.mark.xdist_group(group))
    items.sort(key=lambda item: GROUPS.index(_group(item)))


def pytest_collection_finish(session):
    """What is there before the first test stays: looking through it for garbage took an eighth of all time."""
    gc.collect()
    gc.freeze()
    gc.set_threshold(50_000, 20, 100)


def _other_turns(items):
    """Each story runs on both databases; of its cases the first does, the others take turns: these are not theirs.

    What is about races and money runs on both with every case.
    """
    stories = defaultdict(dict)
    for item in items:
        if item.module.__name__ in EVERY_CASE:
            continue
        if kind := getattr(item, "callspec", _None).params.get("database"):
            case = item.callspec.id.replace(kind, "", 1)
            stories[item.parent.nodeid, item.originalname].setdefault(case, {})[kind] = item
    for cases in stories.values():
        for place, found in enumerate(cases.values()):
            if place and len(found) == len(databases.KINDS):
                yield found[databases.KINDS[place % len(databases.KINDS)]]


EVERY_CASE = {
    *("test_at_once", "test_coming_back", "test_confirm", "test_exchanging", "test_notifications"),
    *("test_one_transaction", "test_overtime", "test_race_table", "test_scenarios", "test_set_apart", "test_two_tabs"),
    *("test_bills", "test_capturing", "test_certificates", "test_money_back", "test_promotion_limits", "test_refunds"),
}
GROUPS = ("sqlite", "postgresql", "browser", "apart", "")
APART = ("test_drill", "test_faults", "test_serving")  # servers of their own, killed and started again


def _group(item):
    if item.get_closest_marker("browser"):
        return "browser"
    if item.module.__name__ in APART:
        return "apart"
    database = getattr(item, "callspec", _None).params.get("database", "")
    return database if database in GROUPS else ""  # for a story of the other database alone there is none


def _kind(item):
    on = f" on {item.callspec.params['database']}" if "database" in getattr(item, "callspec", _None).params else ""
    if item.get_closest_marker("browser"):
        return f"browser{on}"
    return f"stories{on}" if on else "unit"


class _None:
    params: dict = {}


@pytest.hookimpl(wrapper=True, tryfirst=True)
def pytest_terminal_summary(terminalreporter):
    """The last lines: how many of each kind ran, and what was skipped, and why."""
    yield
    ran, skipped = Counter(), Counter()
    for outcome in ("passed", "failed", "error", "xfailed", "xpassed"):
        for report in terminalreporter.stats.get(outcome, ()):
            if outcome != "error" or report.when == "setup":
                ran[dict(report.user_properties).get("kind", "unit")] += 1
    for report in terminalreporter.stats.get("skipped", ()):
        skipped[_reason(report)] += 1
    terminalreporter.section("what ran")
    for kind, count in sorted(ran.items()):
        terminalreporter.write_line(f"{kind:<24}{count:>5}")
    for reason, count in sorted(skipped.items()):
        terminalreporter.write_line(f"{'skipped':<24}{count:>5}  {reason}")
    if not skipped:
        terminalreporter.write_line("nothing was skipped")
    elif os.environ.get("CI"):
        terminalreporter.write_line("CI is set: a skipped test counts as a failed one", red=True)


def _reason(report):
    return report.longrepr[2] if isinstance(report.longrepr, tuple) else str(report.longrepr)


def pytest_sessionfinish(session, exitstatus):
    """With CI set nothing may be skipped."""
    reporter = session.config.pluginmanager.get_plugin("terminalreporter")
    if os.environ.get("CI") and reporter and reporter.stats.get("skipped") and exitstatus == 0:
        session.exitstatus = pytest.ExitCode.TESTS_FAILED


@pytest.fixture
def rows(context):
    """Count the rows of a table by its name: `rows("orders")`."""
    return lambda table: db.session.scalar(text(f"SELECT count(*) FROM {table}"))
