"""The served shop, started in a tenth of the time: forked from a process that has read the code already.

A server does all that it does when it starts (settings, application, workers); only the modules are read once for
many. For drills, which start it again and again; whoever measures memory or the start itself takes `Served`.
"""

import atexit
import multiprocessing
import os
import shutil
import signal
import subprocess
import sys
import tempfile
from functools import cache

from served import ROOT, Served

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
    assert "prometheus_client" not in sys.modules, "it reads where figures are kept when it is imported"
    sys.argv = ["gunicorn", *arguments]
    from gunicorn.app.wsgiapp import run

    run()


class Forked(Served):
    """Served by a fork; its templates are those that an earlier one has compiled."""

    def __init__(self, *arguments, **settings):
        super().__init__(*arguments, **settings)
        (self.folder / "templates").symlink_to(_compiled())

    def _launch(self):
        if "ORDER_STATES" in self.environment:
            return super()._launch()
        context = multiprocessing.get_context("forkserver")
        context.set_forkserver_preload(READ_BEFORE)
        arguments = (self.command[3:], self.environment, str(self.folder / "server.log"))
        process = context.Process(target=serve, args=arguments, daemon=True)
        process.start()
        return _Child(process)


@cache
def _compiled():
    """A folder for the templates of all servers of this process."""
    folder = tempfile.mkdtemp(prefix="shop-templates-")
    atexit.register(shutil.rmtree, folder, ignore_errors=True)
    return folder


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
        return self.process.exitcode

    def terminate(self):
        self.send_signal(signal.SIGTERM)

    def send_signal(self, number):
        if self.process.exitcode is None:
            os.kill(self.pid, number)
