"""A payment service that is broken in a way of its own: a real server that somebody has to survive."""

import contextlib
import os
import socket
import threading
import time

OK = b"HTTP/1.1 200 OK\r\nContent-Type: application/json\r\n"


def _silent(line, stop):
    stop.wait(60)


def _dripping_headers(line, stop):
    line.sendall(b"HTTP/1.1 200 OK\r\n")
    while not stop.is_set():
        line.sendall(b"X-Slow: yes\r\n"[:1])
        time.sleep(0.2)


def _dripping_body(line, stop):
    line.sendall(OK + b"Content-Length: 100000\r\n\r\n")
    while not stop.is_set():
        line.sendall(b"x")
        time.sleep(0.2)


def _six_megabytes(line, stop):
    line.sendall(OK + b"Content-Length: 6000000\r\n\r\n")
    for _ in range(60):
        line.sendall(b'{"' + b"x" * 99_998)


def _noise(line, stop):
    line.sendall(os.urandom(5000))


def _unsigned(line, stop):
    body = b'{"kind": "answer", "status": "paid", "amount": "1"}'
    line.sendall(OK + b"Content-Length: %d\r\n\r\n%s" % (len(body), body))


def _html(line, stop):
    line.sendall(b"HTTP/1.1 502 Bad Gateway\r\nContent-Length: 11\r\n\r\n<h1>502</h1>"[:-1])


def _elsewhere(line, stop):
    line.sendall(b"HTTP/1.1 302 Found\r\nLocation: http://127.0.0.1:1/\r\nContent-Length: 0\r\n\r\n")


def _hanging_up(line, stop):
    pass


WAYS = {
    "silent": _silent,
    "dripping headers": _dripping_headers,
    "dripping body": _dripping_body,
    "six megabytes": _six_megabytes,
    "noise": _noise,
    "unsigned": _unsigned,
    "html": _html,
    "elsewhere": _elsewhere,
    "hanging up": _hanging_up,
    "away": None,
}


class BadGateway:
    """Answers every call in one way until the end of the `with`; counts how many wait at the same time."""

    def __init__(self, way: str):
        self.answer, self.stop = WAYS[way], threading.Event()
        self.waiting = self.most = self.calls = 0
        self._count = threading.Lock()

    def __enter__(self):
        self.socket = socket.create_server(("127.0.0.1", 0), backlog=100)
        self.url = f"http://127.0.0.1:{self.socket.getsockname()[1]}"
        if self.answer is None:
            self.socket.close()
        else:
            threading.Thread(target=self._serve, daemon=True).start()
        return self

    def __exit__(self, *_):
        self.stop.set()
        with contextlib.suppress(OSError):
            self.socket.shutdown(socket.SHUT_RDWR)
        self.socket.close()

    def _serve(self):
        with contextlib.suppress(OSError):
            while True:
                line, _ = self.socket.accept()
                threading.Thread(target=self._meet, args=(line,), daemon=True).start()

    def _meet(self, line):
        self._step(1)
        with contextlib.suppress(OSError), line:
            line.recv(65536)
            if self.answer is _silent:
                line.settimeout(60)
                line.recv(1)  # until the other side gives up
            else:
                self.answer(line, self.stop)
        self._step(-1)

    def _step(self, by):
        with self._count:
            self.waiting += by
            self.calls += by > 0
            self.most = max(self.most, self.waiting)
