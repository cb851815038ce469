"""A small HTTP/1.1 server's connection: keep-alive, one answer a request, in order.

What it is not: the proxy, an API, or the port (``port``). It hands a whole request to one function and
writes down what that answers. Only bodies that somebody asked to take in as they come are not kept whole.
"""

from __future__ import annotations

import asyncio
import contextlib
import logging
from collections import deque
from collections.abc import Awaitable, Callable, Mapping
from dataclasses import dataclass, field
from http import HTTPStatus
from typing import BinaryIO, Protocol

import httptools

from relman.embedded.resources.faults import ReplyLost

LARGEST_BODY = 32 * 1024 * 1024
LONGEST_HEAD = 64 * 1024
log = logging.getLogger(__name__)


class Sink(Protocol):
    """Takes a body in as it comes, however long it is. It must not raise, and keeps what went wrong."""

    def write(self, data: bytes) -> object:
        """The next part."""

    def close(self) -> None:
        """The body is whole, or its client has gone."""


@dataclass
class Request:
    """One request, as it comes in.

    Attributes:
        method: In capitals.
        target: Path and query, still encoded.
        headers: By lower-case name.
        body: The whole body, empty where a sink has it.
        sink: What has taken the body in, closed already.
    """

    method: str = ""
    target: bytes = b""
    headers: dict[str, str] = field(default_factory=dict)
    body: bytearray = field(default_factory=bytearray)
    sink: Sink | None = None


@dataclass(frozen=True)
class Stretch:
    """A part of an open file, sent without being read into memory; who sends it closes it."""

    file: BinaryIO
    begin: int
    size: int

    def __len__(self) -> int:
        """Its length in bytes."""
        return self.size


@dataclass(frozen=True)
class Answer:
    """What is written back.

    Attributes:
        status: The HTTP status.
        body: The whole body.
        kind: Its content type.
        headers: Any others.
    """

    status: int
    body: bytes | Stretch
    kind: str = "application/json; charset=UTF-8"
    headers: Mapping[str, str] = field(default_factory=dict)


App = Callable[[Request], Awaitable[Answer]]
Surface = Callable[[Request], Awaitable[Answer | None]]
"""One of several that share a port: None says that a request is not for it."""
Intake = Callable[[Request], Sink | None]
"""Asked by a request's head what takes its body in as it comes; None keeps it in the request."""


class Connection(asyncio.Protocol):
    """One client: its requests are answered one after the other, in the order they came."""

    def __init__(self, app: App, intake: Intake, gone: Callable[[], None]) -> None:
        """Nothing has come in yet; ``gone`` is told when the client has gone."""
        self._app = app
        self._intake = intake
        self._gone = gone
        self._parser = httptools.HttpRequestParser(self)
        self._waiting: deque[tuple[Request, bool]] = deque()
        self._work: asyncio.Task[None] | None = None
        self._request = Request()
        self._in_head, self._head = True, 0
        self._transport: asyncio.Transport

    def connection_made(self, transport: asyncio.BaseTransport) -> None:
        """A client has connected (asyncio)."""
        assert isinstance(transport, asyncio.Transport)  # noqa: S101 - what a TCP server gives
        self._transport = transport

    def connection_lost(self, _: Exception | None) -> None:
        """The client has gone: nobody waits for an answer any more (asyncio)."""
        self._gone()
        if self._request.sink:
            self._request.sink.close()
        if self._work:
            self._work.cancel()

    def data_received(self, data: bytes) -> None:
        """Bytes have come in (asyncio)."""
        while data:
            data = self._read(data)

    def _read(self, data: bytes) -> bytes:
        """Feed the parser; what another one is to read."""
        self._head += len(data) if self._in_head else 0
        try:
            self._parser.feed_data(data)
        except httptools.HttpParserUpgrade as upgrade:
            return self._declined() + data[upgrade.args[0] :]
        except httptools.HttpParserError as error:
            self._reject(HTTPStatus.BAD_REQUEST, str(error))
        if self._in_head and self._head > LONGEST_HEAD:
            self._reject(HTTPStatus.REQUEST_HEADER_FIELDS_TOO_LARGE, "the head is too large")
        return b""

    def _declined(self) -> bytes:
        """The head of a request to upgrade, as of one that does not ask for that: nobody is upgraded.

        The parser takes its body for another protocol; a fresh one does not (RFC 9110, section 7.8).
        """
        self._parser = httptools.HttpRequestParser(self)
        method = self._request.method.replace("CONNECT", "GET")  # a tunnel begins a connection, or is none
        fields = {name: text for name, text in self._request.headers.items() if name != "upgrade"}
        fields["connection"] = "close" if "close" in fields.get("connection", "") else "keep-alive"
        head = "".join(f"{name}: {text}\r\n" for name, text in fields.items())
        line = f"{method} ".encode() + self._request.target + b" HTTP/1.1\r\n"
        return line + f"{head}\r\n".encode("latin-1")

    def on_message_begin(self) -> None:
        """A request begins (httptools)."""
        self._request = Request()
        self._in_head, self._head = True, 0

    def on_url(self, url: bytes) -> None:
        """A part of the target (httptools)."""
        self._request.target += url

    def on_header(self, name: bytes, value: bytes) -> None:
        """One header (httptools)."""
        self._request.headers[name.decode("latin-1").lower()] = value.decode("latin-1")

    def on_headers_complete(self) -> None:
        """The body is next; a client that asks whether to send it is told yes (httptools)."""
        self._in_head = False
        self._request.method = self._parser.get_method().decode("ascii")
        if self._parser.should_upgrade():
            return
        if self._request.headers.get("expect", "").lower() == "100-continue":
            self._transport.write(b"HTTP/1.1 100 Continue\r\n\r\n")
        self._request.sink = self._intake(self._request)

    def on_body(self, body: bytes) -> None:
        """A part of the body (httptools)."""
        if self._request.sink:
            self._request.sink.write(body)
            return
        self._request.body += body
        if len(self._request.body) > LARGEST_BODY:
            self._reject(HTTPStatus.REQUEST_ENTITY_TOO_LARGE, "the body is too large")

    def on_message_complete(self) -> None:
        """The request is whole; one that asks for another protocol is read again (httptools)."""
        if self._parser.should_upgrade():
            return
        if self._request.sink:
            self._request.sink.close()
        self._waiting.append((self._request, self._parser.should_keep_alive()))
        if self._work is None or self._work.done():
            self._work = asyncio.create_task(self._answer_all())

    async def _answer_all(self) -> None:
        while self._waiting:
            request, keep = self._waiting.popleft()
            try:
                answer = await self._app(request)
            except ReplyLost:
                self._transport.abort()
                return
            await self._send(answer, keep=keep, silent=request.method == "HEAD")

    def _reject(self, status: HTTPStatus, reason: str) -> None:
        if not self._transport.is_closing():
            answer = Answer(status, reason.encode(), "text/plain; charset=utf-8")
            self._write(answer, reason.encode(), keep=False)

    async def _send(self, answer: Answer, *, keep: bool, silent: bool) -> None:
        if not isinstance(answer.body, Stretch):
            return self._write(answer, b"" if silent else answer.body, keep=keep)
        with answer.body.file as file, contextlib.suppress(ConnectionError):
            self._write(answer, b"", keep=True)
            if answer.body.size and not silent:
                send = asyncio.get_running_loop().sendfile
                await send(self._transport, file, answer.body.begin, answer.body.size)
        return None if keep else self._transport.close()

    def _write(self, answer: Answer, body: bytes, *, keep: bool) -> None:
        fields = {
            "content-type": answer.kind,
            "content-length": str(len(answer.body)),
            "connection": "keep-alive" if keep else "close",
            **answer.headers,
        }
        head = "".join(f"{name}: {value}\r\n" for name, value in fields.items())
        line = f"HTTP/1.1 {answer.status} {HTTPStatus(answer.status).phrase}\r\n"
        self._transport.write(f"{line}{head}\r\n".encode("latin-1") + body)
        if not keep:
            self._transport.close()
