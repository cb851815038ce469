"""The ports that the data plane listens on: opened all or none, closed when no longer in the table.

What it is not: routing. A listener only knows its port; the table says what that port is.
"""

from __future__ import annotations

import asyncio
import socket
from collections.abc import Iterator
from functools import partial
from typing import NamedTuple

from msgspec.structs import replace

from relman.embedded.dataplane.downstream import Downstream
from relman.embedded.dataplane.plane import Plane
from relman.embedded.dataplane.table import Service, Tag

BACKLOG = 1024
TURNS = 2
"""Of the event loop, until whoever was accepted has joined."""


class Listening(NamedTuple):
    """One port: the event loop's server, and its socket, which uvloop would not hand out whole."""

    server: asyncio.Server
    sock: socket.socket


class Listeners:
    """Listening sockets on 127.0.0.1, by port."""

    def __init__(self, plane: Plane) -> None:
        """Start with none."""
        self._plane = plane
        self._open: dict[int, Listening] = {}

    async def bind(self, services: tuple[Service, ...]) -> tuple[Service, ...]:
        """Open what is not open yet; the same services with every port known.

        Raises:
            OSError: A port cannot be bound; none was opened then.
        """
        opened: dict[int, Listening] = {}
        try:
            bound = [await self._service(service, opened) for service in services]
        except BaseException:
            for one in opened.values():
                one.server.close()
            raise
        self._open |= opened
        return tuple(bound)

    async def keep(self, ports: set[int]) -> None:
        """Close all but these. Connections that came in before go on, accepted yet or not."""
        gone = {port: self._open.pop(port) for port in self._open.keys() - ports}
        if gone:
            await self._close(gone)

    async def _close(self, gone: dict[int, Listening]) -> None:
        """1 Have asyncio take nothing more in, 2 take in who waits to be accepted, and close.

        Closed at once, a connection that asyncio had just accepted would be neither served nor ended: in
        Python 3.11 it fails to join the closed server, in silence
        (https://github.com/python/cpython/issues/109564). One that it had not accepted yet would be reset by
        the kernel, in the midst of its request. So is still who comes between the last accept and the close.
        """
        loop = asyncio.get_running_loop()
        for one in gone.values():
            loop.remove_reader(one.sock)
        for _ in range(TURNS):
            await asyncio.sleep(0)
        late: list[tuple[int, socket.socket]] = []
        for port, one in gone.items():
            late += ((port, sock) for sock in _waiting(one.sock))
            one.server.close()
        for port, sock in late:
            await loop.connect_accepted_socket(partial(Downstream, self._plane, port), sock)

    async def _service(self, service: Service, opened: dict[int, Listening]) -> Service:
        before = {
            (route.service.name, route.tag): port for port, route in self._plane.table.routes.items()
        }  # port 0 of what has a port already is that port
        port = await self._listen(service.port or before.get((service.name, None), 0), opened)
        tags: dict[str, Tag] = {}
        for name, tag in service.tags.items():
            wanted = tag.port or before.get((service.name, name), 0)
            tags[name] = replace(tag, port=await self._listen(wanted, opened))
        return replace(service, port=port, tags=tags)

    async def _listen(self, port: int, opened: dict[int, Listening]) -> int:
        if port in self._open or port in opened:
            return port
        sock = _socket(port)
        port = sock.getsockname()[1]
        make = partial(Downstream, self._plane, port)
        server = await asyncio.get_running_loop().create_server(make, sock=sock, backlog=BACKLOG)
        opened[port] = Listening(server, sock)
        return port


def _waiting(sock: socket.socket) -> Iterator[socket.socket]:
    """Who has connected and was not accepted yet."""
    while True:
        try:
            client, _ = sock.accept()
        except OSError:  # nobody, or no more files for them
            return
        client.settimeout(0)
        yield client


def _socket(port: int) -> socket.socket:
    """A bound socket on loopback; ``create_server`` could not tell the port that it chose beforehand."""
    # With the protocol said, asyncio knows that it is TCP and turns Nagle's algorithm off.
    sock = socket.socket(socket.AF_INET, socket.SOCK_STREAM, socket.IPPROTO_TCP)
    try:
        sock.setsockopt(socket.SOL_SOCKET, socket.SO_REUSEADDR, 1)
        sock.settimeout(0)
        sock.bind(("127.0.0.1", port))
    except OSError as error:
        sock.close()
        raise OSError(error.errno, f"port {port} cannot be bound: {error.strerror}") from error
    return sock
