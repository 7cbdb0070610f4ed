"""How the shop is served: a few processes with a few threads each. No database connection is opened before the fork."""

import contextlib
import gc
import logging
import os
import shutil
from pathlib import Path

DATA_DIR = Path(os.environ.get("DATA_DIR") or Path(__file__).resolve().parent / "var").resolve()
FIGURES = DATA_DIR / "metrics"
os.environ["PROMETHEUS_MULTIPROC_DIR"] = str(FIGURES)  # read when prometheus_client is imported

wsgi_app = "wsgi:app"
bind = f"127.0.0.1:{os.environ.get('PORT') or 8000}"
workers = int(os.environ.get("WEB_CONCURRENCY") or 2)
worker_class = "gthread"
threads = 4  # more of them only wait for the one interpreter: a page costs a third more CPU with eight
preload_app = False
timeout = 60
graceful_timeout = 30
keepalive = 5
accesslog = None  # the shop tells of each request itself
loglevel = "warning"
forwarded_allow_ips = ""  # whom to believe is TRUSTED_PROXIES, and only there
control_socket_disable = True


def on_starting(server):
    """Refuse a wrong environment once, begin with empty figures, and speak in the shop's own way."""
    from config import Config, ConfigError
    from storefront import logs

    try:
        Config()
    except ConfigError as refusal:  # said by a worker, it would be said again and again
        raise SystemExit(f"The shop does not start. {refusal}") from None
    shutil.rmtree(FIGURES, ignore_errors=True)
    FIGURES.mkdir(parents=True)
    server.log.error_log.handlers.clear()
    logs.write_to_stderr(server.log.error_log, logging.WARNING)


def post_worker_init(worker):
    """Start the scheduler's thread in each worker (one of them holds the lease); the first says hello.

    A live shop with a gateway for tests switched on does not start.
    """
    from sqlalchemy.exc import SQLAlchemyError

    from storefront import jobs, payments, welcome

    with worker.wsgi.app_context(), contextlib.suppress(SQLAlchemyError):  # no database yet: pages say so themselves
        payments.check_live()
    jobs.start(worker.wsgi)
    if worker.age == 1:
        print(welcome.text(worker.wsgi), flush=True)
    _search_less_for_garbage()


def _search_less_for_garbage():
    """What was imported stays, and is not looked through again; what a page leaves behind is mostly freed at once."""
    gc.collect()
    gc.freeze()
    gc.set_threshold(2_000, 10, 10)


def child_exit(server, worker):
    """Forget the figures that only a living process has."""
    from prometheus_client.multiprocess import mark_process_dead

    mark_process_dead(worker.pid)
