"""A connection to a backend: sends one request after another, reads the answers, tells the exchange.

What it is not: the one who decides about retries or answers; the exchange is.
"""

from __future__ import annotations

import asyncio
import select
from functools import partial
from http import HTTPStatus
from typing import TYPE_CHECKING, cast

import httptools

from relman.embedded.dataplane.head import OK, SWITCHING, BadMessage, Fields, Framing, Response, read_response
from relman.embedded.dataplane.heads import Heads, first_of

if TYPE_CHECKING:
    from relman.embedded.dataplane.exchange import Exchange
    from relman.embedded.dataplane.pool import Backend, Pool

MAX_HEAD = 1 << 18
"""Bytes of a response's head."""

HIGH_WATER = 1 << 18
"""Bytes that may wait to be written before the other side is asked to pause."""


class Upstream(asyncio.Protocol):
    """One connection; at most one exchange at a time."""

    def __init__(self, pool: Pool, answers: Heads[Response], backend: Backend) -> None:
        """Made by the dialling exchange."""
        self._answers = answers
        self.backend = backend
        self.idle_since = 0.0
        self.full = False
        self.used = self._held = False
        self._poll = select.poll()
        self._pool = pool
        self._transport: asyncio.Transport | None = None
        self._exchange: Exchange | None = None
        self._method = b""
        self._parser: httptools.HttpResponseParser | None = None
        self._tunnel, self._silent, self._done = False, True, False
        self._untouched, self._raw, self._missing = False, b"", 0
        self._begin_head()

    # -- what the exchange calls

    def attach(self, exchange: Exchange, method: bytes) -> None:
        """From now on tell this exchange, which sent a request with this method."""
        self._exchange, self._method = exchange, method
        self._parser = self._parser or httptools.HttpResponseParser(self)
        self._silent, self._done, self._head_size = True, False, 0
        self._untouched = method != b"HEAD"

    def send(self, data: bytes) -> None:
        """Write; ``full`` says afterwards whether to pause."""
        if self._transport is not None:
            self._transport.write(data)

    def hold(self, *, held: bool) -> None:
        """Pause or resume reading from the backend."""
        if self._transport is None or held is self._held:
            return
        self._held = held
        if held:
            self._transport.pause_reading()
        else:
            self._transport.resume_reading()

    def release(self, *, reusable: bool) -> None:
        """The exchange is done with this connection."""
        self._exchange = None
        if reusable and not self.closing():
            self.used = True
            if self._held:
                self.hold(held=False)
            self._pool.give(self)
        else:
            self.close()

    def end(self) -> None:
        """The client's side of a tunnel has ended."""
        if self._transport is not None and not self._transport.is_closing():
            self._transport.write_eof()

    def close(self) -> None:
        """Close after what is written."""
        self._exchange = None
        if self._transport is not None:
            self._transport.close()

    def abort(self) -> None:
        """Close at once."""
        self._exchange = None
        if self._transport is not None:
            self._transport.abort()

    def closing(self) -> bool:
        """It is closed, or about to be."""
        return self._transport is None or self._transport.is_closing()

    def ready(self) -> bool:
        """It is open, and no end and no stray byte has arrived that the event loop would tell next round.

        Asking costs half a microsecond; without it a request that must not be sent twice would be lost now
        and then to a server that has just ended.
        """
        return not self.closing() and not self._poll.poll(0)

    # -- what the event loop calls

    def connection_made(self, transport: asyncio.BaseTransport) -> None:
        """Connected."""
        self._transport = cast("asyncio.Transport", transport)
        self._transport.set_write_buffer_limits(high=HIGH_WATER)
        self._poll.register(transport.get_extra_info("socket").fileno(), select.POLLIN)

    def data_received(self, data: bytes) -> None:
        """Parse on."""
        exchange = self._exchange
        self._silent = False
        if exchange is None:  # a byte that nobody asked for
            self._pool.forget(self)
            self.close()
            return
        if self._tunnel:
            exchange.body(data)
        elif self._untouched:
            self._read(data, exchange)
        elif self._missing:
            self._count(data, exchange)
        else:
            self._parse(data, exchange)
        exchange.client.flush()

    def eof_received(self) -> bool:
        """The backend has ended; in a tunnel the client may still talk."""
        if self._tunnel and self._exchange is not None:
            self._exchange.backend_ended()
            return True
        return False

    def connection_lost(self, exc: Exception | None) -> None:
        """The end: for a body that ends with the connection it is the proper one."""
        self._pool.forget(self)
        exchange, self._exchange = self._exchange, None
        self._parser = None
        if exchange is None:
            return
        if self._framing is Framing.CLOSE and exc is None:
            exchange.complete(reusable=False)
            exchange.client.flush()
        else:
            exchange.lost("unanswered" if self._silent else "cut")

    def pause_writing(self) -> None:
        """The backend reads slower than the client sends."""
        self.full = True
        if self._exchange is not None:
            self._exchange.client.steer()

    def resume_writing(self) -> None:
        """The backend has caught up."""
        self.full = False
        if self._exchange is not None:
            self._exchange.client.steer()

    # -- what the parser calls

    def on_message_begin(self) -> None:
        """A new head, or bytes after the answer, which are nobody's."""
        if self._done:
            self._reusable = False
        else:
            self._begin_head()

    def on_status(self, reason: bytes) -> None:
        """A part of the reason phrase."""
        self._reason += reason

    def on_header(self, name: bytes, value: bytes) -> None:
        """A field; after the head it is a trailer, which a proxy may drop (RFC 9110 §6.5.1)."""
        if self._in_head:
            self._fields.append((name, value))

    def on_headers_complete(self) -> None:
        """The head is whole."""
        self._in_head = False
        if self._exchange is None or self._parser is None or self._done:
            return None
        parser = self._parser
        status, version = parser.get_status_code(), parser.get_http_version()
        response = read_response(self._method, status, self._reason, version, self._fields)
        self._interim = status < OK
        raw, self._raw = self._raw, b""  # once: what follows within the same bytes is another head
        if not self._interim:
            self._answers.learn(raw, response)
        if status == SWITCHING:
            return self._switching(response)
        if self._interim:
            return self._exchange.interim(response)
        self._framing, self._reusable = response.framing, response.keep_alive
        self._exchange.answered(response)
        if self._method == b"HEAD":  # the parser would wait for a body
            self._parser, self._done = None, True
        return None

    def on_body(self, data: bytes) -> None:
        """A piece of the body."""
        if self._done:
            self._reusable = False
        elif self._exchange is not None:
            self._exchange.body(data)

    def on_message_complete(self) -> None:
        """The whole message was read."""
        self._done = self._done or not self._interim

    # -- inside

    def _read(self, data: bytes, exchange: Exchange) -> None:
        """The first bytes of an answer: a head that was read before, else the parser's."""
        self._untouched = False
        raw = first_of(data)
        response = self._answers.recall(raw)
        if response is None:
            self._raw = raw
            return self._parse(data, exchange)
        self._framing, self._reusable = response.framing, response.keep_alive
        self._missing = response.length
        exchange.answered(response)
        if self._exchange is not None:
            self._count(data[len(raw) :], exchange)
        return None

    def _count(self, data: bytes, exchange: Exchange) -> None:
        """The body of an answer whose head was recalled ends where its length says."""
        piece = data[: self._missing]
        self._missing -= len(piece)
        if piece:
            exchange.body(piece)
        if not self._missing:
            whole = len(piece) == len(data)  # else there are bytes after the answer, which are nobody's
            exchange.complete(reusable=self._reusable and whole)

    def _begin_head(self) -> None:
        self._fields: Fields = []
        self._reason = b""
        self._in_head, self._interim = True, False
        self._framing, self._reusable, self._done = Framing.NONE, False, False
        self._head_size = 0

    def _parse(self, data: bytes, exchange: Exchange) -> None:
        parser = self._parser
        if parser is None:
            return None
        self._head_size += len(data)
        try:
            parser.feed_data(data)
        except httptools.HttpParserUpgrade as upgrade:
            self._tunnel = True
            exchange.switched(data[upgrade.args[0] :])
        except httptools.HttpParserError:
            self._reusable = False
            if not self._done:
                return self._malformed()
        # Only now, with no byte left over: the next request may go out on this connection within this call.
        if self._done:
            return exchange.complete(reusable=self._reusable)
        if self._in_head and self._head_size > MAX_HEAD:
            return self._malformed()
        return None

    def _switching(self, response: Response) -> None:
        if self._exchange is None or not (response.upgrade and self._exchange.request.upgrade):
            raise BadMessage(HTTPStatus.BAD_GATEWAY, "it switched to another protocol unasked")
        self._exchange.answered(response)

    def _malformed(self) -> None:
        exchange = self._exchange
        self.abort()
        if exchange is not None:
            exchange.lost("malformed")


async def dialled(pool: Pool, answers: Heads[Response], backend: Backend) -> Upstream:
    """A new connection.

    Raises:
        OSError: Nothing accepts it.
    """
    make = partial(Upstream, pool, answers, backend)
    _, upstream = await asyncio.get_running_loop().create_connection(make, "127.0.0.1", backend.port)
    return upstream
