"""The shop in memory: the whole application over one SQLite database, with time standing still and chance counted."""

import itertools
import logging
import secrets
import sqlite3
import tempfile
from collections.abc import Callable, Iterator
from contextlib import ExitStack, contextmanager
from contextvars import Context, ContextVar
from datetime import UTC, datetime, timedelta
from typing import Any, NamedTuple
from unittest.mock import patch
from urllib.parse import urlsplit

from flask import Flask
from itsdangerous.timed import TimestampSigner
from sqlalchemy.pool import StaticPool

from config import Config
from storefront.kit import clock, crash, http
from storefront.kit.db import Base, db, release
from storefront.kit.errors import ShopError, Unavailable
from storefront.prover.recorder import AnotherWay, Connection

URL = "http://shop.example"
MORNING = datetime(2030, 1, 7, 9, 0, tzinfo=UTC)
_draws: ContextVar[Iterator[int] | None] = ContextVar("draws", default=None)
_gateway_down: ContextVar[bool] = ContextVar("gateway_down", default=False)


class Moment(NamedTuple):
    """What a run meets beside the database: minutes since the morning, where chance stands, and a silent gateway."""

    minutes: int = 0
    draws: int = 0
    down: bool = False


class Ending(NamedTuple):
    """How a run ended: "done" with what it gave, "refused" by an error of the shop's own, or "broken" by a bug."""

    word: str
    value: Any = None


class Stage:
    """One application, one database in memory, and a way to run the shop's code on them."""

    def __init__(self, create_app: Callable[..., Flask]):
        self.raw = sqlite3.connect(":memory:", isolation_level=None, check_same_thread=False, cached_statements=4096)
        self.raw.execute("PRAGMA foreign_keys=ON")
        self.connection = Connection(self.raw)
        with tempfile.TemporaryDirectory(prefix="prover-") as folder, _own_logging():
            self.app = create_app(self._config(folder), commands=False)
        self.app.jinja_env.bytecode_cache = None  # its folder is gone: what is compiled stays in memory
        with self.app.app_context():
            Base.metadata.create_all(db.engine)

    def _config(self, folder):
        settings = {"DATA_DIR": folder, "PUBLIC_URL": URL, "SECRET_KEY": "of-the-prover", "RATELIMIT_ENABLED": "0"}
        config = Config({**settings, "SCHEDULER": "off", "MAIL_URL": "console:"})
        config.SQLALCHEMY_DATABASE_URI = "sqlite://"
        config.SQLALCHEMY_ENGINE_OPTIONS = {"creator": lambda: self.connection, "poolclass": StaticPool}
        return config

    def empty(self) -> None:
        """No rows anywhere, for another world; what was learned of the code stays true."""
        self.raw.execute("PRAGMA foreign_keys=OFF")
        for table in Base.metadata.sorted_tables:
            self.raw.execute(f"DELETE FROM {table.name}")  # noqa: S608 - our own tables
        self.raw.execute("PRAGMA foreign_keys=ON")

    def run(self, deed: Callable[[], Any], moment: Moment) -> Ending:
        """Run the shop's code as a request of its own would, at this moment."""
        return Context().run(self._run, deed, moment)

    def _run(self, deed, moment):
        _draws.set(itertools.count(moment.draws))
        _gateway_down.set(moment.down)
        with clock.pinned(MORNING + timedelta(minutes=moment.minutes)), self.app.test_request_context(base_url=URL):
            try:
                return Ending("done", deed())
            except AnotherWay:
                raise
            except ShopError as error:
                return Ending("refused", (type(error).__name__, error.message))
            except Exception as error:
                return Ending("broken", (type(error).__name__, str(error)[:300]))
            finally:
                db.session.remove()

    def visit(self, method: str, path: str, **what) -> Any:
        """Somebody else's request while a run waits for it, in a context of its own; gives Flask's answer."""
        given = _draws.get(), _gateway_down.get(), clock.now()
        return Context().run(self._visit, given, method, path, what)

    def _visit(self, given, method, path, what):
        draws, down, now = given
        _draws.set(draws)
        _gateway_down.set(down)
        with clock.pinned(now):
            return self.app.test_client(use_cookies=False).open(path, method=method, base_url=URL, **what)

    @contextmanager
    def playing(self) -> Iterator[None]:
        """Inside, chance is counted, tokens carry the shop's time, and the network ends at the sandbox's own door."""
        with ExitStack() as changes:
            for target, name, instead in (
                (secrets, "token_hex", _counted(secrets.token_hex)),
                (secrets, "token_urlsafe", _counted(secrets.token_urlsafe)),
                (TimestampSigner, "get_timestamp", lambda signer: int(clock.here().timestamp())),
                (http, "send", self._send),
                (crash, "watcher", self._note_commit),
            ):
                changes.enter_context(patch.object(target, name, instead))
            changes.enter_context(_quiet())
            yield

    def _send(self, method, url, *, data=None, headers=None, **limits):
        release()
        if _gateway_down.get():
            raise Unavailable("The payment service does not answer.")
        answer = self.visit(method, urlsplit(url).path, data=data, headers=headers)
        return http.Answer(answer.status_code, {}, answer.get_data())

    def _note_commit(self, point):
        name, _, side = point.rpartition(".")
        self.connection.last_commit = name if side == "before" else ""


def _counted(true_one):
    """Chance that is counted in a run, so that the same run draws the same; true chance elsewhere."""

    def draw(size=None):
        draws = _draws.get()
        return true_one(size) if draws is None else f"{next(draws):0{22 if size == 16 else 2 * (size or 16)}d}"

    return draw


@contextmanager
def _own_logging():
    """An application sets up the log of its process; the one that makes a second application keeps its own."""
    root = logging.getLogger()
    handlers, level = list(root.handlers), root.level
    try:
        yield
    finally:
        root.handlers[:] = handlers
        root.setLevel(level)


@contextmanager
def _quiet():
    before = logging.root.manager.disable
    logging.disable(logging.CRITICAL)
    try:
        yield
    finally:
        logging.disable(before)
