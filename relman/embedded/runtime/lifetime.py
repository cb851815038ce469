"""A process's life as its container's probes judge it: has it started, does it live, why is it over.

What it is not: a decision to start again (``keeping``).
"""

from __future__ import annotations

import asyncio

from google.protobuf.message import Message

from relman.embedded.runtime import probes
from relman.embedded.runtime.probes import Probe
from relman.embedded.runtime.process import Process
from relman.embedded.runtime.race import first

LIFELESS = "The container failed its liveness probe and was killed; it is started again."


async def begins(process: Process, container: Message, port: int) -> bool:
    """Whether the startup probe is answered before the process ends and the probe's time is over."""
    probe = probe_of(container, "startup_probe", port)
    assert probe  # noqa: S101 - the container that gets the requests always has one
    answered, end = await first(probes.started(probe), process.ended())
    return end is None and bool(answered and answered.result())


async def ends(process: Process, container: Message, port: int) -> str:
    """Wait for the end of a process that serves, and bring it about when it no longer lives.

    Cloud Run kills a container whose liveness probe fails with SIGKILL. What the process leaves in
    its group ends too, so that the next one begins alone.
    Source: https://cloud.google.com/run/docs/configuring/healthchecks.

    Returns:
        Why it is over, for people.
    """
    probe = probe_of(container, "liveness_probe", port)
    _, end = await first(probes.dead(probe) if probe else asyncio.Event().wait(), process.ended())
    await process.kill()
    return _farewell(end.result()) if end else LIFELESS


def probe_of(container: Message, which: str, port: int) -> Probe | None:
    """A container's startup or liveness probe; None where it has none.

    Args:
        container: With defaults filled in.
        which: The field's name.
        port: Where the container really listens, which its own port in the template means.
    """
    if not container.HasField(which):
        return None
    probe = getattr(container, which)
    kind = probe.WhichOneof("probe_type")
    action, declared = getattr(probe, kind), {0, *(one.container_port for one in container.ports)}
    headers = [(one.name, one.value) for one in action.http_headers] if kind == "http_get" else []
    return Probe(
        kind,
        port=port if action.port in declared else action.port,
        path=action.path if kind == "http_get" else "",
        headers=tuple(headers),
        service=action.service if kind == "grpc" else "",
        delay=probe.initial_delay_seconds,
        period=probe.period_seconds,
        timeout=probe.timeout_seconds,
        threshold=probe.failure_threshold,
    )


def _farewell(code: int | None) -> str:
    how = "" if code is None else f" with {'signal' if code < 0 else 'exit code'} {abs(code)}"
    return f"The container's process ended{how}; it is started again."
