"""Startup probes: when a container counts as started (row 43). What it is not: a liveness watch."""

from __future__ import annotations

import asyncio
from collections.abc import Awaitable, Callable

from google.protobuf.message import Message

FIRST_PAUSE_S, LONGEST_PAUSE_S = 0.01, 0.25
HOST = "127.0.0.1"


async def started(probe: Message, port: int) -> bool:
    """Ask until the container answers; False when the probe's whole time is over.

    The real platform asks once a period; here it is asked more often within the same time, so that
    a service is ready as soon as it is.

    Args:
        probe: The startup probe with defaults filled in.
        port: Where the container really listens.
    """
    await asyncio.sleep(probe.initial_delay_seconds)
    ask = _ask(probe, port)
    try:
        async with asyncio.timeout(
            max(probe.period_seconds * probe.failure_threshold, probe.timeout_seconds)
        ):
            await _until(ask)
    except TimeoutError:
        return False
    return True


async def _until(ask: Callable[[], Awaitable[bool]]) -> None:
    pause = FIRST_PAUSE_S
    while not await ask():
        await asyncio.sleep(pause)
        pause = min(pause * 1.5, LONGEST_PAUSE_S)


def _ask(probe: Message, port: int) -> Callable[[], Awaitable[bool]]:
    if probe.HasField("http_get"):
        return lambda: _answers(probe, port)
    return lambda: listens(port)


async def listens(port: int) -> bool:
    """Whether something accepts a connection on the port."""
    try:
        _, writer = await asyncio.open_connection(HOST, port)
    except OSError:
        return False
    writer.transport.abort()
    return True


async def _answers(probe: Message, port: int) -> bool:
    """Whether a GET is answered with a status from 200 to 399 within the probe's timeout."""
    fields = [f"{one.name}: {one.value}\r\n" for one in probe.http_get.http_headers]
    head = f"GET {probe.http_get.path} HTTP/1.1\r\nHost: {HOST}:{port}\r\nConnection: close\r\n"
    try:
        async with asyncio.timeout(probe.timeout_seconds):
            line = await _first_line(port, f"{head}{''.join(fields)}\r\n".encode())
    except (OSError, TimeoutError, ValueError):
        return False
    status = line.split(maxsplit=2)[1:2]
    return bool(status) and status[0].isdigit() and int(status[0]) in range(200, 400)


async def _first_line(port: int, request: bytes) -> bytes:
    reader, writer = await asyncio.open_connection(HOST, port)
    try:
        writer.write(request)
        return await reader.readline()
    finally:
        writer.transport.abort()
