"""Bodies pass as they come, and no faster than they are read."""

from __future__ import annotations

import threading
import time

from .wire import (
    GET,
    Dataplane,
    Peer,
    between,
    eventually,
    resident,
)

BIG = 48 << 20


def test_both_bodies_stream(plane: Dataplane) -> None:
    """Each piece arrives before the next one is sent, in both directions at the same time."""

    def echo(peer: Peer) -> None:
        peer.head()
        peer.send(b"HTTP/1.1 200 OK\r\nTransfer-Encoding: chunked\r\n\r\n")
        while size := int(peer.until(b"\r\n"), 16):
            data = peer.exactly(size)
            peer.exactly(2)
            peer.send(b"%x\r\n%b\r\n" % (size, data))
        peer.until(b"\r\n")
        peer.send(b"0\r\n\r\n")

    with between(plane, echo) as peer:
        peer.send(b"POST / HTTP/1.1\r\nHost: x\r\nTransfer-Encoding: chunked\r\n\r\n")
        peer.head()
        for word in (b"one", b"two", b"three"):
            peer.send(b"%x\r\n%b\r\n" % (len(word), word))
            assert peer.until(b"\r\n") + peer.until(b"\r\n") == b"%x\r\n%b\r\n" % (len(word), word)
        peer.send(b"0\r\n\r\n")
        assert peer.exactly(5) == b"0\r\n\r\n"


def test_a_slow_client_slows_the_backend(plane: Dataplane) -> None:
    """An answer that nobody reads is not gathered up in the proxy, and arrives whole in the end."""
    sent = []

    def generous(peer: Peer) -> None:
        peer.head()
        peer.send(b"HTTP/1.1 200 OK\r\nContent-Length: %d\r\n\r\n" % BIG)
        for _ in range(BIG >> 20):
            peer.send(b"x" * (1 << 20))
            sent.append(1 << 20)

    before = resident(plane.process.pid)
    with between(plane, generous, largest=BIG) as peer:
        peer.send(GET)
        peer.head()
        stalled(sent)
        assert resident(plane.process.pid) - before < BIG // 4
        assert len(peer.exactly(BIG)) == BIG


def test_a_slow_backend_slows_the_client(plane: Dataplane) -> None:
    """A request that nobody reads is not gathered up in the proxy, and arrives whole in the end."""
    reading, sent, got = threading.Event(), [], []

    def stubborn(peer: Peer) -> None:
        peer.head()
        reading.wait(10)
        got.append(len(peer.exactly(BIG)))
        peer.send(b"HTTP/1.1 204 No Content\r\n\r\n")

    def upload(peer: Peer) -> None:
        peer.send(b"POST / HTTP/1.1\r\nHost: x\r\nContent-Length: %d\r\n\r\n" % BIG)
        for _ in range(BIG >> 20):
            peer.send(b"x" * (1 << 20))
            sent.append(1 << 20)

    before = resident(plane.process.pid)
    with between(plane, stubborn, largest=BIG) as peer:
        thread = threading.Thread(target=upload, args=(peer,))
        thread.start()
        stalled(sent)
        assert resident(plane.process.pid) - before < BIG // 4
        reading.set()
        assert peer.response() == (204, b"")
        thread.join()
    assert got == [BIG]


def stalled(sent: list[int]) -> None:
    """Wait until the sender has stopped, before it was done."""
    seen = [-1]

    def still() -> bool:
        time.sleep(0.1)
        seen.append(len(sent))
        return seen[-1] == seen[-2]

    eventually(still)
    assert sum(sent) < BIG // 2
