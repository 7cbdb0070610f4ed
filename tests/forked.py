"""The served shop, started in a tenth of the time: forked from a process that has read the code already.

A server does all that it does when it starts (settings, application, workers); only the modules are read once for
many. For drills, which start it again and again; whoever measures memory or the start itself takes `Served`.
"""

import multiprocessing
import os
import signal
import subprocess
import sys
import tempfile
from pathlib import Path

from served import ROOT, Served

COMPILED = Path(tempfile.gettempdir()) / f"shop-templates-{os.getuid()}"  # a stale one is known by its checksum


READ_BEFORE = ["gunicorn.app.wsgiapp", "gunicorn.workers.gthread", "storefront.app"] + [
    f"storefront.{file.parent.name}.{file.stem}" for file in sorted((ROOT / "storefront").glob("*/*views.py"))
]


def serve(arguments, environment, log):
    """Become the server, in a process and a session of its own."""
    os.setsid()
    told = os.open(log, os.O_WRONLY | os.O_CREAT | os.O_APPEND)
    os.dup2(told, 1)
    os.dup2(told, 2)
    os.environ.clear()
    os.environ.update(environment)
    os.chdir(ROOT)
    sys.argv = ["gunicorn", *arguments]
    from gunicorn.app.wsgiapp import run

    run()


class Forked(Served):
    """Served by a fork; its templates are those that an earlier one has compiled."""

    def __init__(self, *arguments, **settings):
        super().__init__(*arguments, **settings)
        COMPILED.mkdir(mode=0o700, exist_ok=True)
        (self.folder / "templates").symlink_to(COMPILED)

    def _launch(self):
        if "ORDER_STATES" in self.environment:
            return super()._launch()
        context = multiprocessing.get_context("forkserver")
        context.set_forkserver_preload(READ_BEFORE)
        arguments = (self.command[3:], self.environment, str(self.folder / "server.log"))
        process = context.Process(target=serve, args=arguments, daemon=True)
        process.start()
        return _Child(process)


class _Child:
    """A process of `multiprocessing` under the names that `subprocess` gives."""

    def __init__(self, process):
        self.process, self.pid = process, process.pid

    def poll(self):
        return self.process.exitcode

    def wait(self, timeout=None):
        self.process.join(timeout)
        if self.process.exitcode is None:
            raise subprocess.TimeoutExpired("the server", timeout)

    def terminate(self):
        if self.process.exitcode is None:
            os.kill(self.pid, signal.SIGTERM)

    def send_signal(self, number):
        os.kill(self.pid, number)
