"""Logs: one line for one happening, as JSON for programs and as plain words on a terminal, without secrets."""

import json
import logging
import re
import sys
import time
from datetime import UTC, datetime

from flask import Flask, Response, g, has_request_context, request

from storefront.kit.masking import masked

log = logging.getLogger("storefront.request")

QUIET = ("/static/", "/healthz", "/readyz", "/metrics")  # asked all day long: told at DEBUG
OPEN_PATHS = ("/products/", "/categories/", "/static/", "/media/", "/pages/")  # long names there are no keys
STANDARD = set(vars(logging.makeLogRecord({}))) | {"message", "asctime", "taskName"}


def init_app(app: Flask) -> None:
    """Log to standard error from here on, and tell of every request in one line."""
    write_to_stderr(logging.getLogger(), app.config["LOG_LEVEL"])
    logging.getLogger("apscheduler").setLevel(logging.WARNING)  # it would tell of every run
    logging.getLogger("alembic.runtime.plugins").setLevel(logging.WARNING)
    logging.getLogger("alembic.runtime.migration").addFilter(lambda told: told.getMessage().startswith("Running"))
    app.before_request(_note_the_time)
    app.after_request(_tell_of_the_request)


def write_to_stderr(logger: logging.Logger, level: int | str = "INFO") -> None:
    """Give a logger our one handler, once: words if a person watches, JSON lines if not."""
    if not any(isinstance(known, Stderr) for known in logger.handlers):
        logger.addHandler(Stderr())
    logger.setLevel(level)


def short_path(path: str) -> str:
    """The path with its keys cut short: enough to tell two apart, too little to open a page with."""
    if path.startswith(OPEN_PATHS):
        return path
    return re.sub(r"(?<=/)([^/]{4})[^/]{12,}(?=/|$)", r"\1…", path)


class Stderr(logging.StreamHandler):
    """Our handler: knows the request that it speaks of, and masks what it writes."""

    def __init__(self):
        super().__init__(sys.stderr)
        self.setFormatter(Words() if sys.stderr.isatty() else JsonLines())
        self.addFilter(_name_the_request)


def _name_the_request(record):
    if has_request_context():
        record.request = g.get("request_id", "")
        record.path = short_path(request.path)
    return True


class JsonLines(logging.Formatter):
    """One JSON object a line: time, level, logger, message, and whatever else the record knows."""

    def format(self, record: logging.LogRecord) -> str:
        facts = {
            "time": datetime.fromtimestamp(record.created, UTC).isoformat(timespec="milliseconds"),
            "level": record.levelname.lower(),
            "logger": record.name,
            "message": masked(record.getMessage()),
        }
        for name, value in vars(record).items():
            if name not in STANDARD and name not in facts:
                facts[name] = value if isinstance(value, int | float | None) else _masked_field(name, value)
        if record.exc_info:
            facts["trace"] = masked(self.formatException(record.exc_info))
        return json.dumps(facts, ensure_ascii=False, default=str)


def _masked_field(name, value):
    return masked(f"{name}={value}").removeprefix(f"{name}=")


class Words(logging.Formatter):
    """The same for a person at a terminal."""

    def __init__(self):
        super().__init__("%(asctime)s %(levelname)-7s %(name)s  %(message)s", "%H:%M:%S")

    def format(self, record: logging.LogRecord) -> str:
        return masked(super().format(record))


def _note_the_time():
    g.began = time.perf_counter()


def _tell_of_the_request(response: Response) -> Response:
    took = (time.perf_counter() - g.get("began", time.perf_counter())) * 1000
    level = logging.DEBUG if request.path.startswith(QUIET) else logging.INFO
    log.log(
        level,
        "%s %s %d %.0f ms",
        request.method,
        short_path(request.path),
        response.status_code,
        took,
        extra={"method": request.method, "status": response.status_code, "ms": round(took, 1)},
    )
    return response
