"""A port that closes: whoever comes meanwhile is answered, and never left waiting or cut off."""

from __future__ import annotations

import asyncio
import socket
from collections.abc import Awaitable
from typing import TypeVar

import pytest

from relman.embedded.dataplane.listeners import Listeners
from relman.embedded.dataplane.plane import Plane
from relman.embedded.dataplane.table import Service

T = TypeVar("T")


@pytest.mark.parametrize(("coming", "closing"), [(0, late) for late in range(5)] + [(1, 0), (2, 0)])
def test_a_connection_that_comes_as_its_port_closes_is_not_forgotten(coming: int, closing: int) -> None:
    """At whichever step of being accepted it is: it is told that nothing is there, as it was before."""

    async def run() -> bytes:
        plane = Plane()
        listeners = Listeners(plane)
        (bound,) = await listeners.bind((Service("s", 0, "s", (), {}),))
        said, _ = await asyncio.gather(
            after(coming, asked(bound.port)), after(closing, listeners.keep(set()))
        )
        await plane.deserted.wait()
        return said

    assert asyncio.run(run()).startswith(b"HTTP/1.1 404 ")


async def after(steps: int, work: Awaitable[T]) -> T:
    """Do it so many steps of the event loop from now."""
    for _ in range(steps):
        await asyncio.sleep(0)
    return await work


async def asked(port: int) -> bytes:
    """What a client is answered that has connected and asked before the event loop sees either."""
    with socket.create_connection(("127.0.0.1", port)) as client:
        client.sendall(b"GET / HTTP/1.1\r\nhost: x\r\n\r\n")
        client.setblocking(False)  # noqa: FBT003 - the standard library's own parameter
        async with asyncio.timeout(10):
            return await asyncio.get_running_loop().sock_recv(client, 4096)
