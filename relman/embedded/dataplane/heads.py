"""Heads that were read before: the same bytes mean the same, so they are not read again.

What it is not: a parser. It learns what httptools and ``head`` made of a head, and takes over nothing else.

Why that is sound. What a head means depends on its bytes alone: not on the connection, nor on what came
before, because one is looked up only where a message begins. Learnt is only what two parsers cannot read in
two ways (``whole``), what was not refused, and what leaves the parser where it was: a message without a body
or with Content-Length, whose end is found by counting. Chunks, upgrades and answers to HEAD go through the
parser each time, and so does a head that comes in pieces.

Clients and servers repeat themselves: most heads of a connection are the same but for the time of day.
"""

from __future__ import annotations

from collections.abc import Callable
from typing import Generic, TypeVar

from relman.embedded.dataplane.head import Framing, Request, Response

MOST = 1024
"""Heads that are kept; when there are more, all are forgotten, and those that matter soon learnt again."""

LONGEST = 2048
"""Bytes of a head that is kept; with ``MOST`` it bounds the memory to a few MiB."""

END = b"\r\n\r\n"
COUNTED = frozenset({Framing.NONE, Framing.LENGTH})

Head = TypeVar("Head", Request, Response)


class Heads(Generic[Head]):
    """What heads were found to mean, by their bytes: those of requests, or of answers to other than HEAD.

    Attributes:
        recall: The meaning of these bytes, or None.
    """

    def __init__(self) -> None:
        """Nothing is known."""
        self._known: dict[bytes, Head] = {}
        self._seen: set[int] = set()
        self.recall: Callable[[bytes], Head | None] = self._known.get

    def __len__(self) -> int:
        """How many are kept."""
        return len(self._known)

    def learn(self, raw: bytes, head: Head) -> None:
        """The parser has read these bytes as this head, and refused nothing: keep it if it came before."""
        mark = hash(raw)
        if mark not in self._seen:
            if len(self._seen) >= MOST:
                self._seen.clear()
            self._seen.add(mark)
        elif head.framing in COUNTED and not head.upgrade and whole(raw):
            if len(self._known) >= MOST:
                self._known.clear()
            self._known[raw] = head


def first_of(data: bytes) -> bytes:
    """The head that these bytes begin with, if it is all there; else nothing."""
    end = data.find(END)
    return data[: end + 4] if end >= 0 else b""


def whole(raw: bytes) -> bool:
    """Whether these bytes are one head of one message, to whoever reads them.

    Each line ends with CRLF, no other CR or LF is anywhere, the first line is not empty, and the only empty
    one is the last.
    """
    lines = raw.count(b"\r\n")
    return (
        len(raw) <= LONGEST
        and raw.find(END) == len(raw) - len(END) > 0
        and raw[:1] != b"\r"
        and lines == raw.count(b"\r") == raw.count(b"\n")
    )
