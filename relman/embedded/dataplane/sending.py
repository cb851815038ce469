"""A request on its way to a backend: the bytes that still wait, and those kept in case it has to go again.

What it is not: a whole body. What is sent is dropped, once it is too much to keep.
"""

from __future__ import annotations

from relman.embedded.dataplane.head import IDEMPOTENT, Framing, Request

REPLAYABLE = 1 << 16
"""Bytes of a request that are kept until its answer begins."""

LAST_CHUNK = b"0\r\n\r\n"


class Sending:
    """Head and body as the backend gets them."""

    __slots__ = ("_chunked", "_kept", "_pieces", "size", "waiting")

    def __init__(self, request: Request, peer: bytes) -> None:
        """Begin with the head."""
        head = request.head(peer)
        self.waiting = len(head)
        self._chunked = request.framing is Framing.CHUNKED
        self._pieces = [head]
        self._kept = [head] if request.method in IDEMPOTENT else None
        self.size = 0

    def add(self, data: bytes) -> None:
        """A piece of the body."""
        self._put(chunk(data) if self._chunked else data)

    def end(self) -> None:
        """The body's end."""
        if self._chunked:
            self._put(LAST_CHUNK)

    def take(self) -> bytes:
        """All that waits."""
        pieces, self._pieces, self.waiting = self._pieces, [], 0
        return pieces[0] if len(pieces) == 1 else b"".join(pieces)

    def rewind(self) -> bool:
        """Let all wait again, from the head on; False if that is not safe or not possible any more."""
        if self._kept is None:
            return False
        self._pieces = list(self._kept)
        self.waiting = sum(map(len, self._pieces))
        return True

    def forget(self) -> None:
        """An answer has begun: it will not go again."""
        self._kept = None

    def _put(self, data: bytes) -> None:
        self._pieces.append(data)
        self.waiting += len(data)
        self.size += len(data)
        if self._kept is not None:
            self._kept.append(data)
            if self.size > REPLAYABLE:
                self._kept = None


def chunk(data: bytes) -> bytes:
    """A piece of a body in the chunked coding (RFC 9112 §7.1); an empty one would be the end."""
    return b"%x\r\n%b\r\n" % (len(data), data) if data else b""
