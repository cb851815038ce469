"""A port that closes: whoever comes meanwhile is answered or sent away, and never left waiting."""

from __future__ import annotations

import asyncio
import socket

import pytest

from relman.embedded.dataplane.listeners import Listeners
from relman.embedded.dataplane.plane import Plane
from relman.embedded.dataplane.table import Service


@pytest.mark.parametrize("late", range(5))
def test_a_connection_that_comes_as_its_port_closes_is_not_forgotten(late: int) -> None:
    """At whichever step of being accepted it is; a client would wait until its own patience ends."""

    async def run() -> bytes:
        plane = Plane()
        listeners = Listeners(plane)
        (bound,) = await listeners.bind((Service("s", 0, "s", (), {}),))
        with socket.create_connection(("127.0.0.1", bound.port)) as client:
            client.sendall(b"GET / HTTP/1.1\r\nhost: x\r\n\r\n")
            client.setblocking(False)  # noqa: FBT003 - the standard library's own parameter
            for _ in range(late):
                await asyncio.sleep(0)
            await listeners.keep(set())
            async with asyncio.timeout(10):
                said = await ended(client)
        await plane.deserted.wait()
        return said

    assert asyncio.run(run())[:9] in {b"", b"HTTP/1.1 "}


async def ended(client: socket.socket) -> bytes:
    """What is answered, empty where the connection is ended without."""
    try:
        return await asyncio.get_running_loop().sock_recv(client, 4096)
    except ConnectionError:
        return b""
