"""The one port: what begins as HTTP/2 is joined to another server, as if the client had come there itself."""

from __future__ import annotations

import asyncio
import contextlib
import ssl
import time
from collections.abc import AsyncIterator, Awaitable, Callable
from contextlib import asynccontextmanager
from pathlib import Path

import pytest

from relman.embedded import ports
from relman.embedded.wire.http import Answer, App, Request
from relman.embedded.wire.port import Port
from relman.embedded.wire.splice import PREFACE

Served = Callable[[asyncio.StreamReader, asyncio.StreamWriter], Awaitable[None]]
MOST = 16 * 2**20
"""Of what nobody reads, the buffers of two connections and two processes hold less than this."""


@pytest.fixture(autouse=True)
def beside_the_socket(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    """A socket's path may have 107 bytes: it goes by a short name."""
    monkeypatch.chdir(tmp_path)


def test_what_nobody_reads_is_not_taken_in() -> None:
    """A server that does not read stops its client, and so the other way round."""

    async def deaf(_: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        await until_stopped(writer)
        told.set()
        await over.wait()
        writer.transport.abort()

    async def run() -> None:
        async with joined(deaf) as (_, writer, _):
            await until_stopped(writer)
            await told.wait()
            over.set()

    told, over = asyncio.Event(), asyncio.Event()
    asyncio.run(run())


def test_a_client_that_has_said_all_is_answered() -> None:
    """The end of one direction passes, and leaves the other open; when both have ended nothing is left."""

    async def echo(reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        writer.write(await reader.read())
        writer.close()

    async def run() -> bytes:
        async with joined(echo) as (reader, writer, port):
            writer.write(sent)
            writer.write_eof()
            found = await reader.read()
            await asyncio.wait_for(port.deserted.wait(), 10)
            return found

    sent = bytes(range(256)) * 20_000
    assert asyncio.run(run()) == PREFACE + sent


def test_a_server_that_ends_ends_its_client() -> None:
    """What it said before still arrives."""

    async def brief(_: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        writer.write(b"bye")
        writer.close()

    async def run() -> bytes:
        async with joined(brief) as (reader, _, _):
            return await reader.read()

    assert asyncio.run(run()) == b"bye"


@pytest.mark.parametrize("goes", ["close", "abort"])
def test_a_client_that_goes_ends_its_server(goes: str) -> None:
    """In whatever way it goes: its server hears the end, and can say no more."""

    async def run() -> None:
        left = asyncio.Event()

        async def talkative(reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
            with contextlib.suppress(ConnectionError):
                await reader.read()
                while True:
                    writer.write(b"x")
                    await writer.drain()
                    await asyncio.sleep(0.001)
            left.set()
            writer.close()

        async with joined(talkative) as (_, writer, port):
            getattr(writer.transport, goes)()
            await asyncio.wait_for(left.wait(), 10)
            await asyncio.wait_for(port.deserted.wait(), 10)

    asyncio.run(run())


def test_where_grpc_is_away_its_client_is_let_go() -> None:
    """The client hears the end at once and may try again; HTTP/1 is answered meanwhile."""

    async def run() -> None:
        port, number = port_to("nobody"), ports.free()
        await port.start(ports.HOST, [number])
        reader, writer = await asyncio.open_connection(ports.HOST, number)
        writer.write(PREFACE)
        with contextlib.suppress(ConnectionError):
            assert await reader.read() == b""
        writer.close()
        reader, writer = await asyncio.open_connection(ports.HOST, number)
        writer.write(b"GET / HTTP/1.1\r\n\r\n")
        assert (await reader.readline()).startswith(b"HTTP/1.1 204 ")
        writer.close()
        await port.stop()

    asyncio.run(run())


def test_a_client_that_takes_nothing_does_not_hold_up_the_end() -> None:
    """It has two seconds for what was written to it; then it is let go."""

    async def run() -> float:
        port, number = port_to("nobody", answer=endless), ports.free()
        await port.start(ports.HOST, [number])
        _, writer = await asyncio.open_connection(ports.HOST, number, limit=1)
        writer.write(b"GET / HTTP/1.1\r\n\r\n")
        await asyncio.wait_for(written.wait(), 10)
        began = time.monotonic()
        await asyncio.wait_for(port.stop(), 10)
        await asyncio.wait_for(port.deserted.wait(), 10)
        writer.close()
        return time.monotonic() - began

    async def endless(_: Request) -> Answer:
        written.set()
        return Answer(200, bytes(MOST))

    written = asyncio.Event()
    assert asyncio.run(run()) < 5


def test_a_port_that_somebody_took_meanwhile_is_passed_over() -> None:
    """Two platforms may choose the same one at the same moment: who comes second takes the next."""

    async def run() -> None:
        first, second, number, other = port_to("nobody"), port_to("nobody"), ports.free(), ports.free()
        assert await first.start(ports.HOST, [number, other]) == number
        with pytest.raises(OSError, match="in use"):
            await second.start(ports.HOST, [number])
        assert await second.start(ports.HOST, [number, other]) == other
        for one in (first, second):
            await one.stop()

    asyncio.run(run())


@asynccontextmanager
async def joined(served: Served) -> AsyncIterator[tuple[asyncio.StreamReader, asyncio.StreamWriter, Port]]:
    """A client that began as HTTP/2, at a port that joins it to this server."""
    server = await asyncio.start_unix_server(served, "s")
    port, number = port_to("s"), ports.free()
    await port.start(ports.HOST, [number])
    reader, writer = await asyncio.open_connection(ports.HOST, number)
    try:
        writer.write(PREFACE)
        yield reader, writer, port
    finally:
        writer.transport.abort()
        await port.stop()
        server.close()
        assert port.deserted.is_set()


async def nothing(_: Request) -> Answer:
    """What HTTP/1 gets."""
    return Answer(204, b"")


def port_to(path: str, answer: App = nothing) -> Port:
    """A port that joins HTTP/2 to the server at this socket."""
    context = ssl.SSLContext(ssl.PROTOCOL_TLS_SERVER)
    return Port(answer, http2=path, intake=lambda *_: None, context=context, front=lambda _: 0)


async def until_stopped(writer: asyncio.StreamWriter) -> None:
    """Write until the other side takes no more, which must be soon."""
    sent = 0
    while True:
        writer.write(bytes(2**16))
        sent += 2**16
        assert sent < MOST
        try:
            await asyncio.wait_for(writer.drain(), 0.3)
        except TimeoutError:
            return
