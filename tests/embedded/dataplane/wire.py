"""What the tests of the data plane stand on: its process, real backends, clients that speak plain bytes."""

from __future__ import annotations

import contextlib
import json
import os
import socket
import subprocess
import sys
import threading
import time
from collections.abc import Callable, Iterator
from pathlib import Path
from typing import Any, Self

GET = b"GET / HTTP/1.1\r\nHost: x\r\n\r\n"
NAME = "projects/p/locations/l/services/shop"
PATIENCE = 10.0
"""Seconds after which something that should have happened has not."""

Heads = list[tuple[bytes, dict[bytes, bytes]]]


class Dataplane:
    """The process, and a control connection to it."""

    def __init__(self, folder: Path) -> None:
        """Start it and wait until it answers."""
        self.path = folder / "control"
        self.process = subprocess.Popen(
            [sys.executable, "-m", "relman.embedded.dataplane", "--socket", str(self.path)],
            stderr=subprocess.PIPE,
        )
        self.port = 0
        self._socket = socket.socket(socket.AF_UNIX)
        self._socket.settimeout(PATIENCE)
        eventually(self._connects)
        self._lines = self._socket.makefile("rb")

    def _connects(self) -> bool:
        return self._socket.connect_ex(str(self.path)) == 0

    def say(self, line: bytes) -> dict[str, Any]:
        """One line, one answer."""
        self._socket.sendall(line + b"\n")
        answer = json.loads(self._lines.readline())
        assert isinstance(answer, dict)
        return answer

    def ask(self, op: str, **words: object) -> dict[str, Any]:
        """One operation, which must succeed."""
        answer = self.say(json.dumps({"op": op, **words}).encode())
        assert answer["ok"], answer
        return answer

    def serve(self, split: dict[str, int], backends: dict[str, Any], **more: object) -> int:
        """Let one service be the whole table; its port, the same from call to call.

        A backend is a port, or what the table may say of the instances of a revision.
        """
        service = {"name": NAME, "port": self.port, "host": "shop", "split": list(split.items())}
        answer = self.ask("table", services=[service | {"backends": fleets(backends)} | more])
        self.port = answer["services"][NAME]["port"]
        return self.port

    def clear(self) -> None:
        """Serve nothing."""
        self.ask("table", services=[])
        self.port = 0

    def stats(self, revision: str) -> dict[str, Any]:
        """The counters of one revision."""
        found = self.ask("stats")["revisions"][revision]
        assert isinstance(found, dict)
        return found

    def close(self) -> str:
        """Have it quit, properly; what it wrote to standard error."""
        if self.process.poll() is None:
            with contextlib.suppress(OSError):
                self._socket.sendall(b'{"op":"quit"}\n')
        _, errors = self.process.communicate(timeout=PATIENCE + 10)
        self._lines.close()
        self._socket.close()
        return errors.decode()


@contextlib.contextmanager
def serving(folder: Path) -> Iterator[Dataplane]:
    """A data plane, which must have nothing to complain about when it ends."""
    dataplane = Dataplane(folder)
    try:
        yield dataplane
    finally:
        complaints = dataplane.close()
    assert complaints == ""
    assert dataplane.process.returncode == 0


def fleets(backends: dict[str, Any]) -> dict[str, Any]:
    """Backends as the table has them; a bare port is the only instance, without limits."""
    return {name: {"ports": [one]} if isinstance(one, int) else one for name, one in backends.items()}


class Backend:
    """A server of this process that hands each connection to ``talk`` in a thread of its own."""

    def __init__(self, talk: Callable[[Peer], None]) -> None:
        """Listen on a port of its own."""
        self._listener = socket.create_server(("127.0.0.1", 0))
        self.port: int = self._listener.getsockname()[1]
        self.peers: list[Peer] = []
        self._talk = talk
        self._thread = threading.Thread(target=self._accept)
        self._thread.start()

    def _accept(self) -> None:
        threads = []
        while True:
            try:
                connection, _ = self._listener.accept()
            except OSError:
                break
            peer = Peer(connection)
            self.peers.append(peer)
            threads.append(threading.Thread(target=self._converse, args=(peer,)))
            threads[-1].start()
        for thread in threads:
            thread.join(PATIENCE)

    def _converse(self, peer: Peer) -> None:
        with contextlib.suppress(OSError, EOFError), peer:
            self._talk(peer)

    def __enter__(self) -> Self:
        """For ``with``."""
        return self

    def __exit__(self, *_: object) -> None:
        """Close the listener and every connection."""
        with contextlib.suppress(OSError):
            self._listener.shutdown(socket.SHUT_RDWR)
        self._listener.close()
        for peer in self.peers:
            peer.close()
        self._thread.join(PATIENCE)


class Peer:
    """One end of a connection."""

    def __init__(self, connection: socket.socket) -> None:
        """Take it over."""
        connection.settimeout(PATIENCE)
        self.socket = connection
        self.buffer = bytearray()

    def send(self, data: bytes) -> None:
        """All of it."""
        self.socket.sendall(data)

    def more(self) -> bytes:
        """What comes next.

        Raises:
            EOFError: Nothing does.
        """
        data = self.socket.recv(1 << 16)
        if not data:
            raise EOFError
        self.buffer += data
        return data

    def until(self, end: bytes) -> bytes:
        """Everything up to and including ``end``."""
        while end not in self.buffer:
            self.more()
        return self.exactly(self.buffer.index(end) + len(end))

    def exactly(self, size: int) -> bytes:
        """So many bytes."""
        while len(self.buffer) < size:
            self.more()
        found = bytes(self.buffer[:size])
        del self.buffer[:size]
        return found

    def rest(self) -> bytes:
        """Everything up to the end."""
        with contextlib.suppress(EOFError):
            while True:
                self.more()
        return self.exactly(len(self.buffer))

    def head(self) -> tuple[bytes, dict[bytes, bytes]]:
        """The first line of a message, and its fields by name in lower case."""
        first, *lines = self.until(b"\r\n\r\n").split(b"\r\n")
        pairs = (line.partition(b": ") for line in lines if line)
        return first, {name.lower(): value for name, _, value in pairs}

    def response(self) -> tuple[int, bytes]:
        """Status and body of an answer that has a length or is chunked."""
        first, fields = self.head()
        if fields.get(b"transfer-encoding") == b"chunked":
            return int(first.split()[1]), self.chunked()
        return int(first.split()[1]), self.exactly(int(fields.get(b"content-length", 0)))

    def chunked(self) -> bytes:
        """The body of a chunked message."""
        body = b""
        while size := int(self.until(b"\r\n"), 16):
            body += self.exactly(size)
            self.exactly(2)
        self.until(b"\r\n")
        return body

    def close(self) -> None:
        """Hang up."""
        with contextlib.suppress(OSError):
            self.socket.shutdown(socket.SHUT_RDWR)
        self.socket.close()

    def __enter__(self) -> Self:
        """For ``with``."""
        return self

    def __exit__(self, *_: object) -> None:
        """Hang up."""
        self.close()


def dial(port: int) -> Peer:
    """A client's connection."""
    return Peer(socket.create_connection(("127.0.0.1", port), timeout=PATIENCE))


def get(port: int, *, host: str = "x", path: str = "/") -> tuple[int, bytes]:
    """One GET on a connection of its own."""
    with dial(port) as peer:
        peer.send(f"GET {path} HTTP/1.1\r\nHost: {host}\r\n\r\n".encode())
        return peer.response()


def saying(name: str) -> Callable[[Peer], None]:
    """A backend that reads any request with or without a length, and answers with its name and the body."""

    def talk(peer: Peer) -> None:
        while True:
            _, fields = peer.head()
            body = name.encode() + peer.exactly(int(fields.get(b"content-length", 0)))
            peer.send(b"HTTP/1.1 200 OK\r\nContent-Length: %d\r\n\r\n%b" % (len(body), body))

    return talk


@contextlib.contextmanager
def between(plane: Dataplane, talk: Callable[[Peer], None], **more: object) -> Iterator[Peer]:
    """A client's connection to a service whose backend talks like this."""
    with Backend(talk) as backend, dial(plane.serve({"r": 100}, {"r": backend.port}, **more)) as peer:
        yield peer


def answering(*answers: bytes) -> Callable[[Peer], None]:
    """A backend that reads a head and answers with these bytes, one after another, then closes."""

    def talk(peer: Peer) -> None:
        for answer in answers:
            peer.head()
            peer.send(answer)

    return talk


def recording(heads: Heads, answer: bytes) -> Callable[[Peer], None]:
    """A backend that keeps the heads it reads."""

    def talk(peer: Peer) -> None:
        while True:
            heads.append(peer.head())
            peer.send(answer)

    return talk


def eventually(true: Callable[[], bool]) -> None:
    """Wait until it is true."""
    deadline = time.monotonic() + PATIENCE
    while not true():
        assert time.monotonic() < deadline, "it never became true"
        time.sleep(0.005)


REVISION = """
import http.server, os, signal, sys, time
name = sys.argv[1].encode()
class Handler(http.server.BaseHTTPRequestHandler):
    protocol_version = "HTTP/1.1"
    disable_nagle_algorithm = True
    def do_GET(self):
        body = name + b" " + self.rfile.read(int(self.headers.get("Content-Length", 0)))
        time.sleep(0.005)
        self.send_response(200)
        self.send_header("Content-Length", str(len(body)))
        self.end_headers()
        self.wfile.write(body)
    do_POST = do_GET
    def log_message(self, *_): pass
server = http.server.ThreadingHTTPServer(("127.0.0.1", 0), Handler)
server.request_queue_size = 128
signal.signal(signal.SIGTERM, lambda *_: os._exit(0))
print(server.server_address[1], flush=True)
server.serve_forever()
"""


@contextlib.contextmanager
def revision(name: str) -> Iterator[tuple[int, Callable[[], None]]]:
    """A revision in a process of its own: its port, and how to end it, whatever is under way."""
    with subprocess.Popen([sys.executable, "-IS", "-c", REVISION, name], stdout=subprocess.PIPE) as process:
        assert process.stdout is not None
        try:
            yield int(process.stdout.readline()), process.terminate
        finally:
            process.kill()


def resident(process: int) -> int:
    """Bytes of memory that a process really uses."""
    pages = int(Path(f"/proc/{process}/statm").read_text().split()[1])
    return pages * os.sysconf("SC_PAGE_SIZE")
