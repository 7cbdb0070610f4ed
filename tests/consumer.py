"""Somebody else's system: a real HTTP server that takes signed messages, checks them, and remembers what it was told.

It knows the scheme from its specification (standardwebhooks.com) alone, not from the shop's code.
"""

import base64
import hashlib
import hmac
import json
import threading
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer


def fits(secret: str, headers, body: bytes) -> bool:
    """Whether one of the signatures is that of this secret over id, time and body."""
    key = base64.b64decode(secret.removeprefix("whsec_"))
    signed = f"{headers['webhook-id']}.{headers['webhook-timestamp']}.".encode() + body
    ours = "v1," + base64.b64encode(hmac.new(key, signed, hashlib.sha256).digest()).decode()
    return any(hmac.compare_digest(ours, theirs) for theirs in headers["webhook-signature"].split())


class Consumer:
    """Answers with the statuses in `says`, one a call, then with 200. `calls` holds (id, body, headers) of every call.

    `seen` holds what it has taken, each event once, in the order of arrival: a repeated id is known and left out.
    With `forget` it takes a message and answers 500, as a system that dies before its answer.
    """

    def __init__(self):
        self.says, self.calls, self.seen, self.secret = [], [], [], ""
        self.forget, self.bad, self._lock, self.server = False, 0, threading.Lock(), None

    def __enter__(self):
        if self.server is None:
            self.start()
        return self

    def start(self):
        """It listens, until the end of a `with`."""
        outer = self

        class Handler(BaseHTTPRequestHandler):
            def do_POST(self):
                body = self.rfile.read(int(self.headers["Content-Length"]))
                status = outer.take(self.headers, body)
                self.send_response(status)
                if 300 <= status < 400:
                    self.send_header("Location", f"{outer.url}elsewhere")
                self.send_header("Content-Length", "4")
                self.end_headers()
                self.wfile.write(b"fine")

            def log_message(self, *args):
                pass

        self.server = ThreadingHTTPServer(("127.0.0.1", 0), Handler)
        self.url = f"http://127.0.0.1:{self.server.server_port}/"
        threading.Thread(target=self.server.serve_forever, args=(0.02,), daemon=True).start()

    def __exit__(self, *_):
        self.server.shutdown()
        self.server.server_close()

    def take(self, headers, body) -> int:
        """One call: remembered, checked, taken."""
        with self._lock:
            told = json.loads(body)
            self.calls.append((headers["webhook-id"], told, dict(headers)))
            if self.secret and not fits(self.secret, headers, body):
                self.bad += 1
                return 401
            status = self.says.pop(0) if self.says else 200
            if (status < 300 or self.forget) and told["id"] not in [one["id"] for one in self.seen]:
                self.seen.append(told)
            return 500 if self.forget else status

    def types(self) -> list[str]:
        """What it has taken, by type."""
        return [told["type"] for told in self.seen]

    def of_order(self, number: str) -> list[int]:
        """The places of what it has taken of one order."""
        return [told["order"]["sequence"] for told in self.seen if told["order"] and told["order"]["number"] == number]
