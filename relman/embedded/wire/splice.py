"""A client's connection joined to another server's: bytes go both ways, as fast as the slower side allows.

What it is not: a reader of what passes. The platform's one port hands on this way what begins as HTTP/2.
"""

from __future__ import annotations

import asyncio
from collections.abc import Callable

from relman.embedded.ports import HOST

PREFACE = b"PRI * HTTP/2.0\r\n\r\nSM\r\n\r\n"
"""What an HTTP/2 connection without TLS begins with (RFC 9113, section 3.4)."""
KNOWN = 3
"""So many bytes of it tell it from every method of HTTP/1: ``PRI`` is reserved."""


def begins(data: bytes) -> bool | None:
    """Whether a connection begins as HTTP/2; None while too little has come to know."""
    if data[:KNOWN] == PREFACE[: min(len(data), KNOWN)]:
        return True if len(data) >= KNOWN else None
    return False


class Side(asyncio.Protocol):
    """One end: what it receives is written to the other one.

    Args:
        gone: Is told when this end is closed.
    """

    def __init__(self, gone: Callable[[], None]) -> None:
        """Nothing is connected yet."""
        self._gone = gone
        self.ended = False
        self.other: Side
        self.transport: asyncio.Transport

    def connection_made(self, transport: asyncio.BaseTransport) -> None:
        """Connected (asyncio)."""
        assert isinstance(transport, asyncio.Transport)  # noqa: S101 - what a stream socket gives
        self.transport = transport

    def data_received(self, data: bytes) -> None:
        """Bytes go on to the other end (asyncio)."""
        self.other.transport.write(data)

    def eof_received(self) -> bool:
        """This end has said all: the other is told, and may answer; when both have, both go (asyncio)."""
        self.ended = True
        self.other.transport.write_eof()
        return not self.other.ended

    def pause_writing(self) -> None:
        """This end takes no more for now, so the other is not read (asyncio)."""
        self.other.transport.pause_reading()

    def resume_writing(self) -> None:
        """This end takes more again (asyncio)."""
        self.other.transport.resume_reading()

    def connection_lost(self, error: Exception | None) -> None:
        """This end is gone; what it said before still reaches the other, unless it broke (asyncio)."""
        if error:
            self.other.transport.abort()
        else:
            self.other.transport.close()
        self._gone()


async def splice(client: asyncio.Transport, where: str | int, first: bytes, gone: Callable[[], None]) -> None:
    """Join a client's connection, which is not being read, to another server of this machine.

    Args:
        client: The connection.
        where: Its unix socket or its port.
        first: What was read from the client already.
        gone: Is told when the client's end is closed.

    Raises:
        OSError: Nobody listens there.
    """
    near, far = Side(gone), Side(lambda: None)
    near.other, far.other, near.transport = far, near, client
    loop = asyncio.get_running_loop()
    if isinstance(where, str):
        await loop.create_unix_connection(lambda: far, where)
    else:
        await loop.create_connection(lambda: far, HOST, where)
    client.set_protocol(near)
    far.transport.write(first)
    client.resume_reading()
