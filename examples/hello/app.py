"""A small shop, to be released by relman: one page, its items as JSON, and which revision answers.

What it is not: an example of a web framework. It needs nothing but Python, so that it builds and
starts at once; it keeps Cloud Run's container contract: it listens on PORT, and ends when told to.

Source: https://cloud.google.com/run/docs/container-contract
"""

from __future__ import annotations

import json
import os
import signal
import sys
import threading
import time
from html import escape
from http import HTTPStatus
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from pathlib import Path
from typing import Any

ITEMS = Path(__file__).with_name("items.json")
REVISION = os.environ.get("K_REVISION", "local")
SERVICE = os.environ.get("K_SERVICE", "hello")
GRACE_SECONDS = 8.0  # Cloud Run kills ten seconds after SIGTERM
PAGE = """<!doctype html>
<html lang="en">
<meta charset="utf-8">
<meta name="viewport" content="width=device-width, initial-scale=1">
<title>{service}</title>
<style>body {{ font: 1.1rem/1.6 system-ui; max-width: 32rem; margin: 4rem auto; padding: 0 1rem }}</style>
<h1>Hello from the shop</h1>
<ul>
{rows}
</ul>
<p>You were served by <code>{revision}</code>.</p>
</html>
"""


def items() -> list[dict[str, Any]]:
    """What is for sale, read anew for each request; a broken file is a server error."""
    found: list[dict[str, Any]] = json.loads(ITEMS.read_text(encoding="utf-8"))
    return [{"id": one["id"], "name": one["name"], "cents": int(one["cents"])} for one in found]


def page() -> str:
    """The shop window."""
    rows = "\n".join(f"<li>{escape(one['name'])}: {one['cents'] / 100:.2f} €</li>" for one in items())
    return PAGE.format(service=escape(SERVICE), revision=escape(REVISION), rows=rows)


ANSWERS: dict[str, Any] = {
    "/": page,
    "/healthz": lambda: {"status": "ok"},
    "/version": lambda: {"service": SERVICE, "revision": REVISION},
    "/v1/items": lambda: {"items": items()},
}


class Server(ThreadingHTTPServer):
    """One thread for each connection; ends only when the requests under way have been answered."""

    daemon_threads = True
    request_queue_size = 128
    ending = False

    def __init__(self, port: int) -> None:
        """Listen on every interface, as the container contract asks."""
        self._busy, self._lock = 0, threading.Lock()
        super().__init__(("0.0.0.0", port), Handler)  # noqa: S104 - the container contract asks for every interface

    def count(self, change: int) -> None:
        """One request more (1) or less (-1) under way."""
        with self._lock:
            self._busy += change

    def end(self, *_: object) -> None:
        """Take no new connection, and leave ``serve_forever``; called on a signal."""
        self.ending = True
        threading.Thread(target=self.shutdown).start()

    def drain(self) -> None:
        """Wait for the requests under way."""
        until = time.monotonic() + GRACE_SECONDS
        while self._busy and time.monotonic() < until:
            time.sleep(0.01)


class Handler(BaseHTTPRequestHandler):
    """Answers GET and HEAD."""

    protocol_version = "HTTP/1.1"
    disable_nagle_algorithm = True
    wbufsize = -1  # an answer leaves as one packet, and waits for no delayed acknowledgement
    server: Server

    def do_GET(self) -> None:
        """Look the path up and answer."""
        self.server.count(1)
        try:
            self._answer(self.path.partition("?")[0])
        finally:
            self.server.count(-1)

    do_HEAD = do_GET  # noqa: N815 - the names that http.server asks for

    def _answer(self, path: str) -> None:
        if path not in ANSWERS:
            self._send(HTTPStatus.NOT_FOUND, {"error": f"nothing at {path}"})
            return
        try:
            found = ANSWERS[path]()
        except Exception as error:  # noqa: BLE001 - whatever is wrong, the client gets an answer
            print(f"{path}: {error!r}", file=sys.stderr, flush=True)  # noqa: T201 - its log
            self._send(HTTPStatus.INTERNAL_SERVER_ERROR, {"error": "the items cannot be read"})
        else:
            self._send(HTTPStatus.OK, found)

    def _send(self, status: HTTPStatus, found: str | dict[str, Any]) -> None:
        html = isinstance(found, str)
        body = (found if isinstance(found, str) else json.dumps(found) + "\n").encode()
        self.send_response(status)
        self.send_header("Content-Type", f"{'text/html' if html else 'application/json'}; charset=utf-8")
        self.send_header("Content-Length", str(len(body)))
        self.send_header("X-Revision", REVISION)
        if self.server.ending:
            self.send_header("Connection", "close")
        self.end_headers()
        if self.command != "HEAD":
            self.wfile.write(body)

    def log_message(self, *_: object) -> None:
        """Stay silent: Cloud Run logs every request already."""


def main() -> None:
    """Serve until SIGTERM or Ctrl-C."""
    with Server(int(os.environ.get("PORT", "8080"))) as server:
        signal.signal(signal.SIGTERM, server.end)
        signal.signal(signal.SIGINT, server.end)
        server.serve_forever(poll_interval=0.05)
        server.drain()


if __name__ == "__main__":
    main()
