"""Probes: how a container is asked whether it has started, and whether it still lives (row 43).

What it is not: a consequence; what follows from an answer is for others to say. Nor a message of
Google's: a process that watches over several containers imports none of them.
"""

from __future__ import annotations

import asyncio
from collections.abc import Awaitable, Callable
from dataclasses import dataclass

FIRST_PAUSE_S, LONGEST_PAUSE_S = 0.01, 0.25
HOST = "127.0.0.1"
GOOD = range(200, 400)
"""The statuses that an HTTP probe takes for a yes."""


@dataclass(frozen=True)
class Probe:
    """One probe with all its defaults.

    Attributes:
        kind: ``http_get``, ``tcp_socket`` or ``grpc``.
        port: Where the container really listens.
        path: What an HTTP probe asks for.
        headers: And with which headers.
        service: Whose health a gRPC probe asks for.
        delay: Seconds before the first question.
        period: Seconds from one to the next.
        timeout: Seconds that an answer may take.
        threshold: As many failures in a row are too many.
    """

    kind: str
    port: int
    path: str = "/"
    headers: tuple[tuple[str, str], ...] = ()
    service: str = ""
    delay: int = 0
    period: int = 10
    timeout: int = 1
    threshold: int = 3


async def started(probe: Probe) -> bool:
    """Ask until the container answers; False when the startup probe's whole time is over.

    The real platform asks once a period; here it is asked more often within the same time, so that
    a service is ready as soon as it is.
    """
    await asyncio.sleep(probe.delay)
    try:
        async with asyncio.timeout(max(probe.period * probe.threshold, probe.timeout)):
            await _until_answered(probe)
    except TimeoutError:
        return False
    return True


async def dead(probe: Probe) -> None:
    """Ask once a period; return when the liveness probe has failed as often in a row as it may."""
    failures, now = 0, asyncio.get_running_loop().time
    await asyncio.sleep(probe.delay)
    while True:
        begun = now()
        failures = 0 if await _answers(probe) else failures + 1
        if failures >= probe.threshold:
            return
        await asyncio.sleep(begun + probe.period - now())


async def _until_answered(probe: Probe) -> None:
    pause = FIRST_PAUSE_S
    while not await _answers(probe):
        await asyncio.sleep(pause)
        pause = min(pause * 1.5, LONGEST_PAUSE_S)


async def _answers(probe: Probe) -> bool:
    """Whether one question is answered with a yes within the probe's timeout."""
    try:
        async with asyncio.timeout(probe.timeout):
            return await _ASK[probe.kind](probe)
    except (OSError, TimeoutError, ValueError):
        return False


async def _listens(probe: Probe) -> bool:
    _, writer = await asyncio.open_connection(HOST, probe.port)
    writer.transport.abort()
    return True


async def _welcomes(probe: Probe) -> bool:
    """Whether a GET is answered with a good status; a header of the probe's goes before ours."""
    headers = [("Host", f"{HOST}:{probe.port}"), ("Connection", "close")]
    named = {name.lower() for name, _ in probe.headers}
    kept = [pair for pair in headers if pair[0].lower() not in named]
    lines = [f"{name}: {value}" for name, value in (*kept, *probe.headers)]
    head = "\r\n".join([f"GET {probe.path} HTTP/1.1", *lines, "", ""])
    status = (await _first_line(probe.port, head.encode())).split(maxsplit=2)[1:2]
    return bool(status) and status[0].isdigit() and int(status[0]) in GOOD


async def _first_line(port: int, request: bytes) -> bytes:
    reader, writer = await asyncio.open_connection(HOST, port)
    try:
        writer.write(request)
        return await reader.readline()
    finally:
        writer.transport.abort()


async def _serves(probe: Probe) -> bool:
    """Whether ``grpc.health.v1.Health/Check`` says SERVING for the service that the probe names.

    Both messages have a single field 1, a string and an enumeration, and so are on the wire what
    protobuf's own wrappers are. A channel of its own for each question: one that was refused would
    wait before it connects again.

    Source: https://github.com/grpc/grpc/blob/master/doc/health-checking.md.
    """
    import grpc
    from google.protobuf.wrappers_pb2 import Int32Value, StringValue

    alone = [("grpc.enable_http_proxy", 0), ("grpc.use_local_subchannel_pool", 1)]
    async with grpc.aio.insecure_channel(f"{HOST}:{probe.port}", options=alone) as channel:
        check = channel.unary_unary(
            "/grpc.health.v1.Health/Check", StringValue.SerializeToString, Int32Value.FromString
        )
        try:
            answer = await check(StringValue(value=probe.service))
        except grpc.aio.AioRpcError:
            return False
    serving = 1
    return bool(answer.value == serving)


_ASK: dict[str, Callable[[Probe], Awaitable[bool]]] = {
    "http_get": _welcomes,
    "tcp_socket": _listens,
    "grpc": _serves,
}
