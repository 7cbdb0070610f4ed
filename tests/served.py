"""The shop behind gunicorn as it is really served, in processes of its own, and what it costs the machine."""

import os
import shutil
import signal
import socket
import subprocess
import sys
import tempfile
import time
from contextlib import suppress
from pathlib import Path

import psutil
import requests

ROOT = Path(__file__).resolve().parent.parent


class Served:
    """Two workers with a database and a folder of their own, from `with` until its end."""

    def __init__(
        self,
        database_url: str,
        application: str = "wsgi:app",
        config: str = "gunicorn.conf.py",
        workers: int = 2,
        **more: str,
    ):
        self.folder = Path(tempfile.mkdtemp(prefix="shop-bench-"))
        self.port = _free_port()
        self.url = f"http://127.0.0.1:{self.port}"
        self.command = [sys.executable, "-m", "gunicorn", "--config", config, application]
        settings = {
            "DATABASE_URL": database_url,
            "DATA_DIR": str(self.folder),
            "PORT": str(self.port),
            "PUBLIC_URL": self.url,
            "SECRET_KEY": "a key of tests and measurements",
            "RATELIMIT_ENABLED": "0",
            "LOG_LEVEL": "WARNING",
            "MALLOC_ARENA_MAX": "1",  # as the Makefile says
            "WEB_CONCURRENCY": str(workers),
            **more,
        }
        self.environment = {**os.environ, **settings}

    def run(self, *command: str) -> str:
        """Run a Python module beside the server, with its settings; gives what it prints. Raises RuntimeError."""
        done = subprocess.run(
            [sys.executable, "-m", *command],
            cwd=ROOT,
            env=self.environment,
            capture_output=True,
            text=True,
            check=False,
        )
        if done.returncode:
            raise RuntimeError(f"{' '.join(command)}: {done.stdout[-1000:]}{done.stderr[-3000:]}")
        return done.stdout

    def ready(self) -> "Served":
        """Make the tables and the demo shop."""
        self.run("flask", "ready")
        return self

    def start(self) -> None:
        """Start it, and wait until it answers. Raises RuntimeError with its log if it never does."""
        self.process = self._launch()
        until = time.monotonic() + 60
        while self.process.poll() is None and time.monotonic() < until:
            if _answers(f"{self.url}/healthz"):
                return
            time.sleep(0.05)
        self.kill()
        raise RuntimeError(f"The server did not start: {self.log()[-3000:]}")

    def _launch(self):
        with open(self.folder / "server.log", "a") as log:
            return subprocess.Popen(
                self.command, cwd=ROOT, env=self.environment, stdout=log, stderr=log, start_new_session=True
            )

    def reload(self) -> None:
        """Ask for new workers, as a deploy does."""
        self.process.send_signal(signal.SIGHUP)

    def kill(self) -> None:
        """kill -9, all of it at once."""
        with suppress(ProcessLookupError):
            os.killpg(self.process.pid, signal.SIGKILL)
        self.process.wait(20)

    def __enter__(self):
        self.start()
        return self

    def __exit__(self, *_):
        self.process.terminate()
        with suppress(subprocess.TimeoutExpired):
            self.process.wait(40)
        self.kill()
        shutil.rmtree(self.folder, ignore_errors=True)

    def log(self) -> str:
        """What the server said so far."""
        return (self.folder / "server.log").read_text()

    def workers(self) -> set[int]:
        """The process ids of its workers."""
        return {one.pid for one in self._workers()}

    def cpu_seconds(self) -> float:
        """What all its processes have used since they began."""
        return sum(sum(one.cpu_times()[:2]) for one in self._processes())

    def memory_mb(self) -> float:
        """The resident memory of the largest worker."""
        return max(one.memory_info().rss for one in self._workers()) / 1e6

    def _workers(self):
        return psutil.Process(self.process.pid).children(recursive=True)

    def _processes(self):
        return [psutil.Process(self.process.pid), *self._workers()]


def _answers(url):
    try:
        return requests.get(url, timeout=2).status_code < 500
    except requests.RequestException:
        return False


def _free_port():
    with socket.create_server(("127.0.0.1", 0)) as found:
        return found.getsockname()[1]
