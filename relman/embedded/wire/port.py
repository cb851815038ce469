"""The platform's one port: the first bytes of a connection say which server it is for.

What it is not: one of them. HTTP/1.1 is answered here (``http``), also inside a tunnel (``tunnel``), HTTP/2
goes on to gRPC (``splice``), a request to a service by its host to that service (``hosts``). Only the
loopback interface is listened on.
"""

from __future__ import annotations

import asyncio
import contextlib
import errno
import logging
import ssl
from collections.abc import Iterable

from relman.embedded.wire.hosts import Front, host_in
from relman.embedded.wire.http import App, Connection, Intake
from relman.embedded.wire.splice import begins, splice
from relman.embedded.wire.tunnel import asks, tunnel

PARTING_S = 2.0
"""So long a client has to take what was written to it before the end."""
log = logging.getLogger(__name__)


class Opening(asyncio.Protocol):
    """A connection of which nothing is known yet.

    Args:
        port: Whose it is.
    """

    def __init__(self, port: Port) -> None:
        """Nothing has come in yet."""
        self._port = port
        self._first = b""
        self._joining: asyncio.Task[None] | None = None
        self._transport: asyncio.Transport

    def connection_made(self, transport: asyncio.BaseTransport) -> None:
        """A client has connected (asyncio)."""
        assert isinstance(transport, asyncio.Transport)  # noqa: S101 - what a TCP server gives
        self._transport = transport
        self._port.open.add(transport)
        self._port.deserted.clear()

    def connection_lost(self, _: Exception | None) -> None:
        """The client has gone before it was joined to anybody (asyncio)."""
        self._gone()
        if self._joining:
            self._joining.cancel()

    def data_received(self, data: bytes) -> None:
        """Bytes have come in: when they tell, whoever they are for takes the connection over (asyncio)."""
        self._first += data
        match begins(self._first):
            case True:
                self._transport.pause_reading()
                self._joining = asyncio.create_task(self._join(self._port.http2))
            case False:
                self._speak()

    def _speak(self) -> None:
        """HTTP/1.1: answered here, or by a tunnel that ends here."""
        match asks(self._first):
            case True:
                self._transport.pause_reading()
                self._joining = asyncio.create_task(self._secure())
            case False:
                self._route()

    def _route(self) -> None:
        """A request to a service by its host goes to that service's port; any other is for the APIs."""
        host = host_in(self._first)
        if host is None:
            return
        number = self._port.front(host) if host else 0
        if number:
            self._transport.pause_reading()
            self._joining = asyncio.create_task(self._join(number))
        else:
            self._answer(self._transport, self._first)

    def _answer(self, transport: asyncio.Transport, first: bytes) -> None:
        connection = Connection(self._port.app, self._port.intake, self._gone)
        transport.set_protocol(connection)
        connection.connection_made(transport)
        connection.data_received(first)

    async def _secure(self) -> None:
        try:
            await tunnel(self._transport, self._first, self._port.context, self._answer)
        except OSError as error:
            log.info("a tunnel came to nothing: %s", error)
            self._gone()

    async def _join(self, where: str | int) -> None:
        try:
            await splice(self._transport, where, self._first, self._gone)
        except OSError as error:
            log.warning("%s does not answer: %s", where, error)
            self._transport.abort()

    def _gone(self) -> None:
        self._port.open.discard(self._transport)
        if not self._port.open:
            self._port.deserted.set()


class Port:
    """The listening socket and its clients.

    Args:
        app: Answers one request of HTTP/1.1; must not raise.
        http2: The path of the unix socket where HTTP/2 is answered.
        intake: Says which bodies are taken in as they come.
        context: The certificate for those who ask over TLS.
        front: The port of the service that a host names, 0 if it names none.
    """

    def __init__(self, app: App, http2: str, intake: Intake, context: ssl.SSLContext, front: Front) -> None:
        """Nothing is listened on yet."""
        self.context = context
        self.front = front
        self.app = app
        self.intake = intake
        self.http2 = http2
        self.open: set[asyncio.Transport] = set()
        self.deserted = asyncio.Event()
        self.deserted.set()
        self._server: asyncio.Server

    async def start(self, host: str, numbers: Iterable[int]) -> int:
        """Listen on the first of these ports that nobody has; to look first would let two take the same.

        Returns:
            The port.

        Raises:
            OSError: All of them are taken.
        """
        loop, trouble = asyncio.get_running_loop(), OSError(errno.EADDRINUSE, "no port to listen on")
        for number in numbers:
            try:
                self._server = await loop.create_server(lambda: Opening(self), host, number)
            except OSError as error:
                trouble = error
            else:
                return number
        raise trouble

    async def stop(self) -> None:
        """Stop listening, and let go of every client."""
        self._server.close()
        for transport in list(self.open):
            transport.close()
        with contextlib.suppress(TimeoutError):
            async with asyncio.timeout(PARTING_S):
                await self.deserted.wait()
        for transport in list(self.open):
            transport.abort()
        await self._server.wait_closed()
