"""Asking for one page as often as it is answered, over connections that stay open."""

import socket
import statistics
import threading
import time
from dataclasses import asdict, dataclass
from itertools import cycle

from served import Served

APART = 0.03  # seconds between visitors: of all who come in the same instant, one worker may get every one


@dataclass
class Rate:
    """Requests per second, milliseconds of CPU that the server spent on each, and how long one waited."""

    per_second: float
    cpu_ms: float
    median_ms: float
    p99_ms: float

    as_dict = asdict


def rate(served: Served, paths: list[str], seconds: float, connections: int = 8) -> Rate:
    """Ask for the paths in turn, after a short warming up. Raises RuntimeError if anything but 200 comes."""
    _run(served, paths, 2.0, connections)  # a statement is prepared when it has come a few times
    before, began = served.cpu_seconds(), time.perf_counter()
    took = _run(served, paths, seconds, connections)
    lasted = time.perf_counter() - began
    cpu = served.cpu_seconds() - before
    slowest = statistics.quantiles(took, n=100)[98] if len(took) > 1 else took[0]
    return Rate(len(took) / lasted, cpu / len(took) * 1000, statistics.median(took) * 1000, slowest * 1000)


def _run(served, paths, seconds, connections):
    until, took, errors = time.perf_counter() + seconds, [], []

    def work(first):
        order = cycle(paths[first % len(paths) :] + paths[: first % len(paths)])
        try:
            with socket.create_connection(("127.0.0.1", served.port), timeout=30) as connection:
                stream = connection.makefile("rb")
                while time.perf_counter() < until:
                    began = time.perf_counter()
                    _ask(connection, stream, next(order))
                    took.append(time.perf_counter() - began)
        except (OSError, RuntimeError) as error:
            errors.append(error)

    threads = [threading.Thread(target=work, args=(number,)) for number in range(connections)]
    for thread in threads:
        thread.start()
        time.sleep(APART)
    for thread in threads:
        thread.join()
    if errors:
        raise RuntimeError(errors[0])
    return took


def _ask(connection, stream, path):
    connection.sendall(f"GET {path} HTTP/1.1\r\nHost: 127.0.0.1\r\nAccept: text/html\r\n\r\n".encode())
    status = stream.readline()
    if b" 200 " not in status:
        raise RuntimeError(f"{path}: {status.decode().strip() or 'the connection was closed'}")
    length = 0
    while (line := stream.readline()) not in (b"\r\n", b""):
        if line.lower().startswith(b"content-length:"):
            length = int(line.split(b":")[1])
    stream.read(length)
