"""What a process's life and number, and its revision's scale, are judged by; without a platform."""

from __future__ import annotations

import asyncio
import os
from dataclasses import replace
from pathlib import Path

from relman.embedded.control.scaling import bounds
from relman.embedded.resources.messages import Revision, Service
from relman.embedded.runtime import probes
from relman.embedded.runtime.probes import Probe
from relman.embedded.runtime.process import spawn

STATUSES = (503, 200, 503, 200, 503, 503, 200)
"""Twice in a row only after the sixth."""


def test_row_43_only_failures_in_a_row_end_a_container() -> None:
    """One that is ill now and then lives; the second failure in a row is the end."""
    assert asyncio.run(_asked_until_dead()) == 6


async def _asked_until_dead() -> int:
    """How often a container was asked that may fail once."""
    asked: list[int] = []

    async def answer(reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        await reader.readuntil(b"\r\n\r\n")
        writer.write(b"HTTP/1.1 %d x\r\n\r\n" % STATUSES[len(asked)])
        asked.append(1)
        writer.close()

    server = await asyncio.start_server(answer, probes.HOST, 0)
    async with server:
        port = server.sockets[0].getsockname()[1]
        await probes.dead(Probe("http_get", port, period=0, threshold=2, timeout=5))
    return len(asked)


def test_a_number_that_somebody_else_has_now_is_left_alone(tmp_path: Path) -> None:
    """A process goes by its number and its beginning: one that began at another time is never signalled."""
    asyncio.run(_spared(tmp_path))


async def _spared(folder: Path) -> None:
    process = spawn(["sleep", "60"], env=dict(os.environ), cwd=folder, log=folder / "log")
    try:
        await replace(process, started=process.started - 1, child=None).stop()
        await asyncio.sleep(0.1)  # a signal would have come
        assert process.alive
    finally:
        await process.kill()


def test_row_44_a_tag_alone_may_have_one_instance_of_a_services_maximum() -> None:
    """No percent of it is none, and yet its requests are answered."""
    service = Service(scaling={"max_instance_count": 3})
    assert bounds(service, Revision(), 0, 4) == (0, 1)
    assert bounds(service, Revision(), 34, 4) == (0, 2)
