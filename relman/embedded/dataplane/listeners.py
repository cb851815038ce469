"""The ports that the data plane listens on: opened all or none, closed when no longer in the table.

What it is not: routing. A listener only knows its port; the table says what that port is.
"""

from __future__ import annotations

import asyncio
import socket
from collections.abc import Collection
from functools import partial

from msgspec.structs import replace

from relman.embedded.dataplane.downstream import Downstream
from relman.embedded.dataplane.plane import Plane
from relman.embedded.dataplane.table import Service, Tag

BACKLOG = 1024
TURNS = 2
"""Of the event loop, until whoever was accepted has joined."""


class Listeners:
    """Listening sockets on 127.0.0.1, by port."""

    def __init__(self, plane: Plane) -> None:
        """Start with none."""
        self._plane = plane
        self._servers: dict[int, asyncio.Server] = {}

    async def bind(self, services: tuple[Service, ...]) -> tuple[Service, ...]:
        """Open what is not open yet; the same services with every port known.

        Raises:
            OSError: A port cannot be bound; none was opened then.
        """
        opened: dict[int, asyncio.Server] = {}
        try:
            bound = [await self._service(service, opened) for service in services]
        except BaseException:
            for server in opened.values():
                server.close()
            raise
        self._servers |= opened
        return tuple(bound)

    async def keep(self, ports: set[int]) -> None:
        """Close all but these. Connections that came in before go on."""
        gone = [self._servers.pop(port) for port in self._servers.keys() - ports]
        if gone:
            await _close(gone)

    async def _service(self, service: Service, opened: dict[int, asyncio.Server]) -> Service:
        before = {
            (route.service.name, route.tag): port for port, route in self._plane.table.routes.items()
        }  # port 0 of what has a port already is that port
        port = await self._open(service.port or before.get((service.name, None), 0), opened)
        tags: dict[str, Tag] = {}
        for name, tag in service.tags.items():
            wanted = tag.port or before.get((service.name, name), 0)
            tags[name] = replace(tag, port=await self._open(wanted, opened))
        return replace(service, port=port, tags=tags)

    async def _open(self, port: int, opened: dict[int, asyncio.Server]) -> int:
        if port in self._servers or port in opened:
            return port
        sock = _socket(port)
        port = sock.getsockname()[1]
        make = partial(Downstream, self._plane, port)
        opened[port] = await asyncio.get_running_loop().create_server(make, sock=sock, backlog=BACKLOG)
        return port


async def _close(servers: Collection[asyncio.Server]) -> None:
    """Take nothing more in, then close.

    Closed at once, a connection that asyncio had just accepted would be neither served nor ended: in Python
    3.11 it fails to join the closed server, in silence (https://github.com/python/cpython/issues/109564).
    """
    loop = asyncio.get_running_loop()
    for server in servers:
        for sock in server.sockets:
            loop.remove_reader(sock)
    for _ in range(TURNS):
        await asyncio.sleep(0)
    for server in servers:
        server.close()


def _socket(port: int) -> socket.socket:
    """A bound socket on loopback; ``create_server`` could not tell the port that it chose beforehand."""
    # With the protocol said, asyncio knows that it is TCP and turns Nagle's algorithm off.
    sock = socket.socket(socket.AF_INET, socket.SOCK_STREAM, socket.IPPROTO_TCP)
    try:
        sock.setsockopt(socket.SOL_SOCKET, socket.SO_REUSEADDR, 1)
        sock.bind(("127.0.0.1", port))
    except OSError as error:
        sock.close()
        raise OSError(error.errno, f"port {port} cannot be bound: {error.strerror}") from error
    return sock
