"""A proxy's tunnel that ends here: ``CONNECT`` to one of the platform's names, then TLS, then HTTP/1.1.

What it is not: a way out. Any other host is refused, as it is for plain requests (``forward``).

Source: RFC 9110 section 9.3.6.
"""

from __future__ import annotations

import asyncio
import ssl
from collections.abc import Callable

from relman.embedded.wire.certificate import STORAGE
from relman.embedded.wire.forward import is_own, refusal

VERB, END = b"CONNECT ", b"\r\n\r\n"
LONGEST = 8192
"""Bytes of a request's head."""


def asks(first: bytes) -> bool | None:
    """Whether a connection begins with a whole ``CONNECT``; None while that cannot be told."""
    if not first.startswith(VERB):
        return None if VERB.startswith(first) else False
    return True if END in first or len(first) > LONGEST else None


class Held(asyncio.Protocol):
    """Keeps what comes in while the handshake is just over and nobody is there yet."""

    def __init__(self) -> None:
        """Nothing has come in."""
        self.first = b""

    def data_received(self, data: bytes) -> None:
        """Bytes have come in (asyncio)."""
        self.first += data


async def tunnel(
    transport: asyncio.Transport,
    head: bytes,
    context: ssl.SSLContext,
    take: Callable[[asyncio.Transport, bytes], None],
) -> None:
    """Answer a ``CONNECT``, and hand the connection on when it is secure.

    Args:
        transport: The client's connection.
        head: What has come in: the whole request.
        context: Under which certificate.
        take: Takes the secure connection over, with the bytes that have come in on it.

    Raises:
        OSError: The client does not believe the certificate, or has gone.
    """
    host = _host(head)
    if host != STORAGE and not is_own(host):
        body = refusal(host)
        line = f"HTTP/1.1 421 Misdirected Request\r\ncontent-length: {len(body)}\r\nconnection: close\r\n\r\n"
        transport.write(line.encode("ascii") + body)
        transport.close()
        return
    transport.write(b"HTTP/1.1 200 Connection established\r\n\r\n")
    held, loop = Held(), asyncio.get_running_loop()
    secure = await loop.start_tls(transport, held, context, server_side=True)
    assert isinstance(secure, asyncio.Transport)  # noqa: S101 - what a secure TCP connection is
    take(secure, held.first)


def _host(head: bytes) -> str:
    """Whom a ``CONNECT`` asks for, empty where it does not say so."""
    target = head.partition(b"\r\n")[0].removeprefix(VERB).partition(b" ")[0] if END in head else b""
    return target.decode("latin-1").rpartition(":")[0]
