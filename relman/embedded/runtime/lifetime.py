"""A process's life as its container's probes judge it: has it started, does it live, why is it over.

What it is not: a decision to start again (``keeping``).
"""

from __future__ import annotations

import asyncio
from collections.abc import Coroutine
from typing import Any

from google.protobuf.message import Message

from relman.embedded.runtime import probes
from relman.embedded.runtime.process import Process

LIFELESS = "The container failed its liveness probe and was killed; it is started again."


async def begins(process: Process, container: Message, port: int) -> bool:
    """Whether the startup probe is answered before the process ends and the probe's time is over."""
    probe, end = await _first(probes.started(container, port), process.ended())
    return end is None and bool(probe and probe.result())


async def ends(process: Process, container: Message, port: int) -> str:
    """Wait for the end of a process that serves, and bring it about when it no longer lives.

    Cloud Run kills a container whose liveness probe fails with SIGKILL. What the process leaves in
    its group ends too, so that the next one begins alone.
    Source: https://cloud.google.com/run/docs/configuring/healthchecks.

    Returns:
        Why it is over, for people.
    """
    watched = container.HasField("liveness_probe")
    watch = probes.dead(container, port) if watched else asyncio.Event().wait()
    _, end = await _first(watch, process.ended())
    await process.kill()
    return _farewell(end.result()) if end else LIFELESS


async def _first(*works: Coroutine[Any, Any, Any]) -> list[asyncio.Task[Any] | None]:
    """Do several things until one of them is done; each that is, else None."""
    tasks = [asyncio.create_task(work) for work in works]
    try:
        await asyncio.wait(tasks, return_when=asyncio.FIRST_COMPLETED)
        return [task if task.done() else None for task in tasks]
    finally:
        for task in tasks:
            task.cancel()
        await asyncio.wait(tasks)


def _farewell(code: int | None) -> str:
    how = "" if code is None else f" with {'signal' if code < 0 else 'exit code'} {abs(code)}"
    return f"The container's process ended{how}; it is started again."
