"""A client's connection: reads requests one after another, and writes their answers in the same order.

What it is not: the way to a backend; an exchange is made for each request, and the first of the queue is on.

Bytes that cannot be understood are answered with 400, 431 or 501, after the answers that are due before.
"""

from __future__ import annotations

import asyncio
import socket
import struct
from collections import deque
from typing import TYPE_CHECKING, cast

from relman.embedded.dataplane.exchange import LINGER, Exchange
from relman.embedded.dataplane.head import BadMessage, Request, own_response
from relman.embedded.dataplane.reading import Reading
from relman.embedded.dataplane.upstream import HIGH_WATER

if TYPE_CHECKING:
    from relman.embedded.dataplane.plane import Plane

HELD = 1 << 16
"""Bytes that may wait for the answer to a request for another protocol."""


class Downstream(asyncio.Protocol):
    """One connection of a client, on one port of the table."""

    def __init__(self, plane: Plane, port: int) -> None:
        """Made by the listener of this port."""
        self.port, self.peer = port, b""
        self.full = self.deaf = self.retiring = self._paused = False
        self._plane = plane
        self._transport: asyncio.Transport | None = None
        self._reading = Reading(self, plane.requests)
        self._queue: deque[Exchange] = deque()
        self._out: list[bytes] = []
        self._held: bytes | None = None
        self._broken: BadMessage | None = None
        self._tunnel = self._advancing = False

    # -- what exchanges call

    def write(self, data: bytes) -> None:
        """Have it written with the next flush."""
        self._out.append(data)

    def flush(self) -> None:
        """Write what is there."""
        if self._out and self._transport is not None:
            out, self._out = self._out, []
            data = out[0] if len(out) == 1 else b"".join(out)
            if data and not self._transport.is_closing():
                self._transport.write(data)

    def finished(self, *, keep: bool) -> None:
        """The first exchange of the queue is over."""
        self.flush()
        if not self._queue:  # the client went first
            return
        self._queue.popleft()
        if not keep or self.retiring:
            self.close()
        elif self._held is not None:  # it did not become a tunnel: what follows is the next request
            data, self._held = self._held, None
            self._reading = Reading(self, self._plane.requests)
            self.data_received(data)
        else:
            self._advance()

    def tunnel(self) -> None:
        """From now on bytes pass as they are."""
        self._tunnel = True
        data, self._held = self._held or b"", None
        self._relay(data)

    def steer(self) -> None:
        """Read, or pause while there is enough to do."""
        if self._transport is None:
            return
        busy = len(self._queue) > 1 or len(self._held or b"") > HELD
        paused = busy or (bool(self._queue) and self._queue[0].clogged())
        if paused is self._paused:
            return
        self._paused = paused
        if paused:
            self._transport.pause_reading()
        else:
            self._transport.resume_reading()

    def retire(self) -> None:
        """Close as soon as nothing is under way."""
        self.retiring = True
        if not self._queue:
            self.close()

    def end(self) -> None:
        """In a tunnel: the backend has ended."""
        self.flush()
        if self._transport is not None and not self._transport.is_closing():
            self._transport.write_eof()

    def cut(self) -> None:
        """Break off an answer so that the client sees that it is not whole."""
        self.flush()
        self.abort()

    def close(self) -> None:
        """Close after what is written."""
        self.flush()
        self.deaf = True
        if self._transport is not None:
            self._transport.close()

    def reset(self) -> None:
        """Close at once and without the end that a proper close has: the client sees a reset."""
        if self._transport is not None:
            sock = self._transport.get_extra_info("socket")
            sock.setsockopt(socket.SOL_SOCKET, socket.SO_LINGER, struct.pack("ii", 1, 0))
        self.abort()

    def abort(self) -> None:
        """Close at once."""
        self.deaf = True
        if self._transport is not None:
            self._transport.abort()

    # -- what the event loop calls

    def connection_made(self, transport: asyncio.BaseTransport) -> None:
        """A client has come."""
        self._transport = cast("asyncio.Transport", transport)
        self._transport.set_write_buffer_limits(high=HIGH_WATER)
        self.peer = transport.get_extra_info("peername")[0].encode()
        self._plane.welcome(self)

    def data_received(self, data: bytes) -> None:
        """Parse on, then see to the first of the queue."""
        if self._tunnel:
            return self._relay(data)
        if self._held is not None:
            self._held += data
        else:
            while data and not self.deaf:
                data = self._reading.take(data)
        return self._advance()

    def eof_received(self) -> bool:
        """The client will not say more: outside of a tunnel it is gone."""
        if self._tunnel and self._queue:
            self._queue[0].client_ended()
            return True
        return False

    def connection_lost(self, exc: Exception | None) -> None:  # noqa: ARG002 - asyncio's signature
        """The client is gone."""
        self._plane.dismiss(self)
        self.deaf = True
        queue, self._queue = self._queue, deque()
        for exchange in queue:
            exchange.abandon()

    def pause_writing(self) -> None:
        """The client reads slower than the backend sends."""
        self._hold(held=True)

    def resume_writing(self) -> None:
        """The client has caught up."""
        self._hold(held=False)

    # -- what the reading calls

    def begin(self, request: Request) -> None:
        """A request's head is whole."""
        self._queue.append(Exchange(self._plane, self, request))

    def feed(self, data: bytes) -> None:
        """A piece of the last request's body."""
        self._queue[-1].feed(data)

    def complete(self) -> None:
        """The last request is whole."""
        exchange = self._queue[-1]
        self.deaf = not exchange.request.keep_alive
        exchange.end()

    def hold_back(self, data: bytes) -> None:
        """What follows the last request is another protocol, or not: its answer will tell."""
        self._held = data

    def spoil(self, bad: BadMessage) -> None:
        """Take no more in; what is wrong is said when it is its turn."""
        if self.deaf:
            return
        self.deaf = True
        last = self._queue[-1] if self._queue else None
        if last is None or last.ended:
            self._broken = bad
        elif last.started:
            last.spoil(bad)
        else:
            self._queue.pop()
            self._broken = bad

    # -- inside

    def _advance(self) -> None:
        """Start the first of the queue; one that is answered at once makes room for the next."""
        if self._advancing:
            return
        self._advancing = True
        while self._queue and not self._queue[0].started and not self._closing():
            self._queue[0].start()
        self._advancing = False
        if self._queue:
            self._queue[0].push()
        elif self._broken and not self._closing():
            self._say(self._broken)
        if self._queue or self._paused:
            self.steer()
        if self._out:
            self.flush()

    def _say(self, bad: BadMessage) -> None:
        """Answer, then read on for a while: closing on unread bytes would take the answer with it."""
        self._broken = None
        response, body = own_response(bad.status, bad.reason)
        self._out += [response.head(response.framing, b"close"), body]
        self.end()
        self._plane.loop.call_later(LINGER, self.abort)

    def _relay(self, data: bytes) -> None:
        if self._queue and data:
            self._queue[0].feed(data)
            self._queue[0].push()
            self.steer()

    def _hold(self, *, held: bool) -> None:
        self.full = held
        if self._queue:
            self._queue[0].hold(held=held)

    def _closing(self) -> bool:
        return self._transport is None or self._transport.is_closing()
