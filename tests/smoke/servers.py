"""Real servers for the smoke tests: the example service, and one that misbehaves as it is told."""

from __future__ import annotations

import json
import os
import socket
import subprocess
import sys
import threading
import time
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from pathlib import Path
from typing import Any

HELLO = Path(__file__).parents[2] / "examples" / "hello"
Reply = Callable[["Handler"], None]


class Handler(BaseHTTPRequestHandler):
    """Answers with what the test wrote for the path; it remembers every request."""

    protocol_version = "HTTP/1.1"
    server: Odd

    def answer(self) -> None:
        """Run the test's reply."""
        length = int(self.headers.get("Content-Length", 0))
        seen = {"method": self.command, "path": self.path, "headers": dict(self.headers)}
        self.server.seen.append(seen | {"body": self.rfile.read(length).decode()})
        self.server.replies[self.path.partition("?")[0]](self)

    do_GET = do_HEAD = do_POST = do_PUT = do_PATCH = do_DELETE = answer  # noqa: N815

    def send(self, status: int, body: bytes = b"", **headers: str) -> None:
        """A whole answer."""
        self.send_response(status)
        self.send_header("Content-Length", str(len(body)))
        for name, value in headers.items():
            self.send_header(name.replace("_", "-"), value)
        self.end_headers()
        if self.command != "HEAD":
            self.wfile.write(body)

    def log_message(self, *_: object) -> None:
        """Stay silent."""


class Odd(ThreadingHTTPServer):
    """A server of replies by path."""

    daemon_threads = True

    def __init__(self) -> None:
        """Listen on a free port of loopback."""
        super().__init__(("127.0.0.1", 0), Handler)
        self.replies: dict[str, Reply] = {}
        self.seen: list[dict[str, Any]] = []
        self.stopping = threading.Event()

    @property
    def url(self) -> str:
        """Where it listens."""
        return f"http://127.0.0.1:{self.server_address[1]}"

    def json(self, path: str, document: Any) -> None:
        """Answer 200 with a document."""
        self.replies[path] = lambda handler: handler.send(200, json.dumps(document).encode())

    def status(self, path: str, *statuses: int) -> None:
        """Answer with these statuses one after another; the last one stays."""
        left = list(statuses)
        self.replies[path] = lambda handler: handler.send(left.pop(0) if len(left) > 1 else left[0], b"so")


@contextmanager
def serving() -> Iterator[Odd]:
    """A server that runs in a thread until the end of the block."""
    with Odd() as server:
        thread = threading.Thread(target=server.serve_forever, args=(0.02,))
        thread.start()
        try:
            yield server
        finally:
            server.stopping.set()
            server.shutdown()
            thread.join()


def free_port() -> int:
    """A port that nobody listens on."""
    with socket.socket() as probe:
        probe.bind(("127.0.0.1", 0))
        return int(probe.getsockname()[1])


class Hello:
    """The example service as a process of its own, in a copy of its folder."""

    def __init__(self, folder: Path, revision: str) -> None:
        """Start it as its Procfile says, and wait until it listens."""
        self.port = free_port()
        self.url = f"http://127.0.0.1:{self.port}"
        env = os.environ | {"PORT": str(self.port), "K_REVISION": revision, "K_SERVICE": "hello"}
        began = time.monotonic()
        self.process = subprocess.Popen([sys.executable, "app.py"], cwd=folder, env=env)
        while not self._listens():
            assert time.monotonic() - began < 10, "the example did not start"
            time.sleep(0.005)
        self.seconds = time.monotonic() - began

    def _listens(self) -> bool:
        assert self.process.poll() is None, "the example ended at its start"
        with socket.socket() as probe:
            return probe.connect_ex(("127.0.0.1", self.port)) == 0

    def end(self) -> int:
        """Ask it to end; its exit code."""
        self.process.terminate()
        return self.process.wait(10)


def waits(handler: Handler) -> None:
    """200 after 200 ms."""
    handler.server.stopping.wait(0.2)
    handler.send(200)
