"""Probes: how a container is asked whether it has started, and whether it still lives (row 43).

What it is not: a consequence. What follows from an answer is ``lifetime``'s.
"""

from __future__ import annotations

import asyncio
from collections.abc import Awaitable, Callable

from google.protobuf.message import Message

FIRST_PAUSE_S, LONGEST_PAUSE_S = 0.01, 0.25
HOST = "127.0.0.1"
GOOD = range(200, 400)
"""The statuses that an HTTP probe takes for a yes."""


async def started(container: Message, port: int) -> bool:
    """Ask until the container answers; False when the startup probe's whole time is over.

    The real platform asks once a period; here it is asked more often within the same time, so that
    a service is ready as soon as it is.

    Args:
        container: With a startup probe, defaults filled in.
        port: Where the container really listens.
    """
    probe = container.startup_probe
    await asyncio.sleep(probe.initial_delay_seconds)
    seconds = max(probe.period_seconds * probe.failure_threshold, probe.timeout_seconds)
    try:
        async with asyncio.timeout(seconds):
            await _until_answered(probe, _where(probe, container, port))
    except TimeoutError:
        return False
    return True


async def dead(container: Message, port: int) -> None:
    """Ask once a period; return when the liveness probe has failed as often in a row as it may.

    Args:
        container: With a liveness probe, defaults filled in; its startup probe has passed.
        port: Where the container really listens.
    """
    probe, failures = container.liveness_probe, 0
    await asyncio.sleep(probe.initial_delay_seconds)
    while True:
        begun = asyncio.get_running_loop().time()
        failures = 0 if await _answers(probe, _where(probe, container, port)) else failures + 1
        if failures >= probe.failure_threshold:
            return
        await asyncio.sleep(begun + probe.period_seconds - asyncio.get_running_loop().time())


async def _until_answered(probe: Message, port: int) -> None:
    pause = FIRST_PAUSE_S
    while not await _answers(probe, port):
        await asyncio.sleep(pause)
        pause = min(pause * 1.5, LONGEST_PAUSE_S)


def _where(probe: Message, container: Message, port: int) -> int:
    """The probe's own port; that of the container means where it really listens."""
    declared = {0, *(one.container_port for one in container.ports)}
    asked = int(getattr(probe, _kind(probe)).port)
    return port if asked in declared else asked


def _kind(probe: Message) -> str:
    return next(kind for kind in _ASK if probe.HasField(kind))


async def _answers(probe: Message, port: int) -> bool:
    """Whether one question is answered with a yes within the probe's timeout."""
    kind = _kind(probe)
    try:
        async with asyncio.timeout(probe.timeout_seconds):
            return await _ASK[kind](getattr(probe, kind), port)
    except (OSError, TimeoutError, ValueError):
        return False


async def _listens(_: Message, port: int) -> bool:
    _, writer = await asyncio.open_connection(HOST, port)
    writer.transport.abort()
    return True


async def _welcomes(action: Message, port: int) -> bool:
    """Whether a GET is answered with a good status; a header of the probe's goes before ours."""
    headers = [("Host", f"{HOST}:{port}"), ("Connection", "close")]
    named = {one.name.lower() for one in action.http_headers}
    kept = [pair for pair in headers if pair[0].lower() not in named]
    lines = [f"{name}: {value}" for name, value in kept]
    lines += [f"{one.name}: {one.value}" for one in action.http_headers]
    head = "\r\n".join([f"GET {action.path} HTTP/1.1", *lines, "", ""])
    status = (await _first_line(port, head.encode())).split(maxsplit=2)[1:2]
    return bool(status) and status[0].isdigit() and int(status[0]) in GOOD


async def _first_line(port: int, request: bytes) -> bytes:
    reader, writer = await asyncio.open_connection(HOST, port)
    try:
        writer.write(request)
        return await reader.readline()
    finally:
        writer.transport.abort()


async def _serves(action: Message, port: int) -> bool:
    """Whether ``grpc.health.v1.Health/Check`` says SERVING for the service that the probe names.

    Both messages have a single field 1, a string and an enumeration, and so are on the wire what
    protobuf's own wrappers are. A channel of its own for each question: one that was refused would
    wait before it connects again.

    Source: https://github.com/grpc/grpc/blob/master/doc/health-checking.md.
    """
    import grpc
    from google.protobuf.wrappers_pb2 import Int32Value, StringValue

    alone = [("grpc.enable_http_proxy", 0), ("grpc.use_local_subchannel_pool", 1)]
    async with grpc.aio.insecure_channel(f"{HOST}:{port}", options=alone) as channel:
        check = channel.unary_unary(
            "/grpc.health.v1.Health/Check", StringValue.SerializeToString, Int32Value.FromString
        )
        try:
            answer = await check(StringValue(value=action.service))
        except grpc.aio.AioRpcError:
            return False
    serving = 1
    return bool(answer.value == serving)


_ASK: dict[str, Callable[[Message, int], Awaitable[bool]]] = {
    "http_get": _welcomes,
    "tcp_socket": _listens,
    "grpc": _serves,
}
